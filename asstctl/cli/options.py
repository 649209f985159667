"""Options: the ones that every command takes, before and after its name, and a few that several share.

Each has an environment variable ASSTCTL_NAME, except those that permit something (`--yes`, `--prune`,
`--overwrite-drift`, `--allow-...`): a permission is given in the command that uses it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from asstctl.cli import offers
from asstctl.cli.talk import FORMATS, JSON, OPTION, VARIABLE, Talk
from asstctl.core.errors import AsstctlError
from asstctl.core.exit_codes import ExitCode
from asstctl.render import TEXT, formats

F = TypeVar("F", bound=Callable[..., Any])

COLOURS = ("auto", "always", "never")

TALK = "asstctl.talk"
"""Where click's context keeps the Talk of the run."""


@dataclass(frozen=True, slots=True)
class Shared:
    """The options of every command. None and empty mean not given."""

    directory: Path | None = None
    target: str | None = None
    variables: tuple[str, ...] = ()
    var_files: tuple[Path, ...] = ()
    color: str | None = None
    quiet: bool = False
    verbose: bool = False
    log_format: str | None = None

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> "Shared":
        """From click's parameters. Two targets are wrong usage: nobody means the last one alone."""
        targets = (*dict.fromkeys(values.get("target", ())),)
        if len(targets) > 1:
            raise click.UsageError(f"--target takes one name here, and has {len(targets)}: {', '.join(targets)}.")
        given = {**values, "target": next(iter(targets), None)}
        return cls(**{name: given[name] for name in cls.__slots__ if given.get(name) is not None})

    @classmethod
    def typed(cls, ctx: click.Context, values: Mapping[str, Any]) -> "Shared":
        """What was typed before the command's name: the environment is read by the command, and typed words win."""
        return cls.of({name: values[name] for name in cls.__slots__ if not _from_environment(ctx, name)})

    def under(self, later: "Shared") -> "Shared":
        """These, overridden by what was given after the command's name; variables add up."""
        return Shared(
            later.directory or self.directory,
            later.target or self.target,
            self.variables + later.variables,
            self.var_files + later.var_files,
            later.color or self.color,
            self.quiet or later.quiet,
            self.verbose or later.verbose,
            later.log_format or self.log_format,
        )


def _from_environment(ctx: click.Context, name: str) -> bool:
    return ctx.get_parameter_source(name) is ParameterSource.ENVIRONMENT


_SHARED = (
    click.option(
        "-C",
        "--directory",
        type=click.Path(path_type=Path, file_okay=False, exists=True),
        envvar="ASSTCTL_DIRECTORY",
        help="Run as if started in this folder.",
    ),
    click.option(
        "--target",
        metavar="NAME",
        multiple=True,
        envvar="ASSTCTL_TARGET",
        help="A target of the project file.",
        shell_complete=offers.target,
    ),
    click.option(
        "--var",
        "variables",
        metavar="K=V",
        multiple=True,
        envvar="ASSTCTL_VAR",
        help="Set a variable; may be repeated.",
    ),
    click.option(
        "--var-file",
        "var_files",
        type=click.Path(path_type=Path, dir_okay=False, exists=True),
        multiple=True,
        envvar="ASSTCTL_VAR_FILE",
        help="Read variables from a YAML file; may be repeated.",
    ),
    click.option("--color", type=click.Choice(COLOURS), envvar="ASSTCTL_COLOR", help="Default: auto."),
    click.option("-q", "--quiet", is_flag=True, envvar="ASSTCTL_QUIET", help="Say only what was asked for and errors."),
    click.option(
        "-v",
        "--verbose",
        is_flag=True,
        envvar="ASSTCTL_VERBOSE",
        help="Fold nothing, and show every request on stderr.",
    ),
    click.option(
        OPTION,
        "log_format",
        type=click.Choice(FORMATS),
        envvar=VARIABLE,
        help="What is said on stderr: text, or JSON lines for programs. Default: text.",
    ),
)


def shared_options(function: F) -> F:
    """Add the options that every command takes."""
    for option in reversed(_SHARED):
        function = option(function)
    return function


def shared_command(
    name: str, *, several_targets: bool = False, cls: type[click.Command] = click.Command, **settings: Any
) -> Callable[[Callable[..., Any]], click.Command]:
    """A command that takes the shared options and is called with a Session and its own options. `cls` is what it is.

    `several_targets`: its `--target` may be repeated, and all of them are given to it as `targets`.
    """

    def decorate(function: Callable[..., Any]) -> click.Command:
        def call(ctx: click.Context, /, **values: Any) -> Any:
            from asstctl.cli.session import Session

            before: Shared = ctx.obj or Shared()
            environment_of = {
                one.opts[-1]: str(one.envvar)
                for one in ctx.command.params
                if one.name and _from_environment(ctx, one.name) and not getattr(before, one.name, None)
            }
            shared = {key: values.pop(key) for key in Shared.__slots__}
            shared = {
                key: value
                for key, value in shared.items()
                if not (_from_environment(ctx, key) and getattr(before, key))
            }
            if several_targets:
                values["targets"] = shared.get("target", ())
                shared["target"] = values["targets"][:1]
            given = before.under(Shared.of(shared))
            talk: Talk = ctx.meta.get(TALK) or Talk()
            talk.as_json = given.log_format == JSON
            session = Session(given, talk, environment_of)
            try:
                with session.traced(name) as ending:
                    code = ending(function(session, **values))
            except AsstctlError as error:
                code = session.failed(error, form=values.get("form", TEXT))
            except KeyboardInterrupt:
                if talk.as_json:
                    raise click.Abort from None  # before click says an empty line, which is no JSON
                raise
            finally:
                session.close()
            return code or ExitCode.FAILED if session.unheard else code

        # click keeps a function's parameters last first: this puts the command's own before the shared ones
        parameters = [*vars(shared_options(call))["__click_params__"], *vars(function).get("__click_params__", ())]
        if several_targets:
            parameters = [_several(one) if one.name == "target" else one for one in parameters]
        callback = click.pass_context(call)
        return cls(name, callback=callback, params=parameters[::-1], help=function.__doc__, **settings)

    return decorate


def _several(option: click.Parameter) -> click.Option:
    """The shared `--target`, to be repeated."""
    return click.Option(
        ["--target"],
        metavar="NAME",
        multiple=True,
        envvar=option.envvar,
        help="A target of the project file; may be repeated.",
        shell_complete=offers.target,
    )


def format_option(*results: str, of: Callable[..., tuple[str, ...]] = formats) -> Callable[[F], F]:
    """`--format`, with the formats that `render.VIEWS` has for these results: those of any of them, or `of` all."""
    return click.option(
        "--format",
        "form",
        type=click.Choice(of(*results)),
        default=TEXT,
        show_default=True,
        envvar="ASSTCTL_FORMAT",
        help="How to print the result.",
    )


only_option = click.option(
    "--only",
    metavar="ADDRESS",
    multiple=True,
    envvar="ASSTCTL_ONLY",
    help="Restrict to this address; may be repeated.",
    shell_complete=offers.address,
)
detailed_exitcode_option = click.option(
    "--detailed-exitcode",
    is_flag=True,
    envvar="ASSTCTL_DETAILED_EXITCODE",
    help="Exit 2 when changes or drift are pending.",
)
overwrite_drift_option = click.option(
    "--overwrite-drift",
    metavar="ADDRESS[.FIELD]",
    multiple=True,
    help="Write over what was changed outside of git; `all` for everything; may be repeated.",
    shell_complete=offers.address_or_all,
)
allow_same_name_option = click.option(
    "--allow-same-name",
    metavar="ADDRESS",
    multiple=True,
    help="Create it although an object that is not ours has its name; may be repeated.",
    shell_complete=offers.address,
)
prune_option = click.option("--prune", is_flag=True, help="Delete what is ours on the target and no longer declared.")
max_deletes_option = click.option(
    "--max-deletes",
    type=click.IntRange(1),
    metavar="N",
    envvar="ASSTCTL_MAX_DELETES",
    help="Allow this many deletes. Default: the target's limit, or 3.",
)
yes_option = click.option("--yes", is_flag=True, help="Do not ask.")

expect_option = click.option(
    "--expect",
    metavar="DIGEST",
    envvar="ASSTCTL_EXPECT",
    help="Go on only if the plan has this digest, `sha256:...`, and do not ask.",
)

gate_option = click.option(
    "--gate",
    metavar="TAG",
    multiple=True,
    envvar="ASSTCTL_GATE",
    help="Go on only if the affected conversations with this tag pass on copies; may be repeated.",
    shell_complete=offers.tag,
)
allow_scripted_option = click.option(
    "--allow-scripted",
    is_flag=True,
    help="Let a change of instructions alone pass on replies that come from no model.",
)


def gate_options(function: F) -> F:
    """What lets an apply pass only after conversations."""
    return gate_option(allow_scripted_option(function))


def choice_options(function: F) -> F:
    """All that `workspace.choices.Choices` holds."""
    for option in (max_deletes_option, prune_option, allow_same_name_option, overwrite_drift_option, only_option):
        function = option(function)
    return function


def conduct_options(function: F) -> F:
    """How an apply is carried out: what `applying.run_apply` takes beside its use case."""
    for option in reversed(
        (
            click.option(
                "--parallelism",
                type=click.IntRange(1, 64),
                metavar="N",
                default=8,
                show_default=True,
                envvar="ASSTCTL_PARALLELISM",
                help="How many changes are made at once.",
            ),
            click.option(
                "--on-error",
                type=click.Choice(("continue", "stop")),
                default="continue",
                show_default=True,
                envvar="ASSTCTL_ON_ERROR",
                help="After a failure: make the changes that do not depend on it, or start nothing more.",
            ),
            click.option(
                "--object-timeout",
                type=click.FloatRange(0, min_open=True),
                metavar="SECONDS",
                default=300,
                show_default=True,
                envvar="ASSTCTL_OBJECT_TIMEOUT",
                help="After so long nothing more is begun for one change, its files included.",
            ),
        )
    ):
        function = option(function)
    return function
