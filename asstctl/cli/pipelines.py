"""What `ci` commands share: their options, what is around them, and whom they tell what came of them.

What is decided is in `workspace.ci`; without a forge's runner the same files are left, and nobody is told anything.
"""

import os
import sys
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

import click

from asstctl.cli.session import Session
from asstctl.core.errors import AsstctlError, InvalidInput
from asstctl.core.pipeline import Place
from asstctl.documents.paths import OUR_FOLDER
from asstctl.render import TEXT, view

if TYPE_CHECKING:
    from asstctl.core.diagnostic import Diagnostic
    from asstctl.core.forge import ToRunner
    from asstctl.core.ports import Forge
    from asstctl.workspace.ci.out_folder import OutFolder

F = TypeVar("F", bound=Callable[..., Any])

label_option = click.option(
    "--label",
    metavar="NAME",
    envvar="ASSTCTL_LABEL",
    help="Tells apart what several runs for one pull request say and leave. Default: the target's name.",
)
out_option = click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    envvar="ASSTCTL_OUT",
    help="Leave the files here. Default: a folder in .asstctl/ci.",
)
comment_option = click.option(
    "--comment",
    "policy",
    type=click.Choice(("always", "changes", "never")),
    default="always",
    show_default=True,
    envvar="ASSTCTL_COMMENT",
    help="When the pull request gets a comment; an earlier one is edited in place.",
)


def place_options(function: F) -> F:
    """Where the files of a run go, and what tells them apart."""
    return label_option(out_option(function))


class InPipeline:
    """One `ci` command: a context, at whose end the runner is told what came of it, be that an error.

    From its beginning on files read nothing of the environment that ASSTCTL_ALLOW_ENV does not name.
    """

    def __init__(
        self,
        session: Session,
        word: str,
        *,
        label: str | None,
        out: Path | None,
        form: str = TEXT,
        policy: str = "never",
    ) -> None:
        """`word` is the command's. Raises Refused where nothing may be done in such a run."""
        from asstctl.workspace.ci.comments import Policy
        from asstctl.workspace.ci.surroundings import folder_in_repository, readable_in, surroundings_of

        workspace = session.workspace
        self.here = surroundings_of(os.environ, Path.cwd(), observer=workspace.observer, tracer=workspace.tracer)
        session.workspace = replace(workspace, environ=readable_in(os.environ, self.here.mode))
        self._session, self._word, self._form, self._policy = session, word, form, Policy(policy)
        self.label, self.place, self.folder = "", Place(), folder_in_repository(Path.cwd())
        self._out: OutFolder | None = None
        self._outputs: dict[str, str] = {}
        self._diagnostics: list[Diagnostic] = []
        self._commented = False
        try:
            self._settle(label or session.shared.target, out)
        except AsstctlError as error:
            self._end(error)
            raise

    def _settle(self, label: str | None, out: Path | None) -> None:
        """What a run is told apart by, and where it leaves its files."""
        from asstctl.workspace.ci.out_folder import OutFolder
        from asstctl.workspace.ci.surroundings import check_label, folder_in_repository, kept_as

        # files with errors have a label and a folder too
        workspace = replace(self._session.workspace, tolerant=True)
        self.label = check_label(label or workspace.target.name)
        self.place = self.here.place(self.label, self._word)
        kept, root = kept_as(self._word, self.label), workspace.project.root
        self.folder = folder_in_repository(root)
        self._out = OutFolder(out or root / OUR_FOLDER / "ci" / kept.removeprefix("asstctl-"), root)
        self._outputs = {"artifact": kept, "folder": str(self._out.path)}

    @property
    def out(self) -> "OutFolder":
        """The folder that it leaves its files in."""
        assert self._out is not None
        return self._out

    @property
    def run(self) -> str:
        """The run's id, or nothing."""
        return self.here.pipeline.run if self.here.pipeline else ""

    @property
    def is_fork(self) -> bool:
        """Whether nothing of what is checked out is trusted."""
        from asstctl.workspace.ci.modes import Mode

        return self.here.mode is Mode.FORK

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end(error)

    def outputs(self, values: Mapping[str, str]) -> None:
        """Values for later steps."""
        self._outputs |= values

    def annotate(self, diagnostics: "Iterable[Diagnostic]") -> None:
        """Diagnostics to be shown at their lines."""
        self._diagnostics += diagnostics

    def warn(self, warnings: Iterable[str]) -> None:
        """Say what could not be done and changes nothing of the result."""
        from asstctl.core.diagnostic import warning

        for said in warnings:
            self._session.warn(said)
            self.annotate([warning("ci", said)])

    def summary(self, whole: str, fitting: str = "") -> None:
        """Show a text on the page of the run; `fitting` in its place, where it is too long."""
        self._tell(self.here.summary(whole, fitting or whole))

    def comment(self, text: str, *, worth_it: bool = True) -> None:
        """Have the pull request show a text, whose first line is our marker; trouble with that is only a warning."""
        from asstctl.workspace.ci.modes import Mode
        from asstctl.workspace.ci.posting import post

        self._commented = True
        pull = self.here.pull_request
        if pull is not None and self.here.mode is Mode.PROPOSED:
            self.ask_forge(
                lambda forge: post(forge, pull, text, self._policy, worth_it=worth_it),
                "the pull request has no comment on this",
            )

    def ask_forge(self, ask: "Callable[[Forge], Awaitable[object]]", otherwise: str) -> None:
        """Have something said that the result does not depend on; nothing where no comment is wanted."""
        import asyncio

        from asstctl.workspace.ci.comments import Policy

        async def asked() -> None:
            async with self.here.open() as forge:
                await ask(forge)

        if self._policy is Policy.NEVER or self.here.pipeline is None:
            return
        try:
            asyncio.run(asked())
        except AsstctlError as error:
            self.warn([f"{otherwise}: {error}"])

    def _end(self, error: BaseException | None) -> None:
        from asstctl.workspace.ci.annotations import in_repository, readable

        if isinstance(error, AsstctlError):
            self._failed(error)
        elif error is not None:
            self.outputs({"failure-reason": "bug" if isinstance(error, Exception) else "interrupted"})
        self._tell(self.here.outputs(self._outputs))
        self._tell(self.here.annotations(readable(in_repository(self._diagnostics, self.folder))))

    def _failed(self, error: AsstctlError) -> None:
        """Tell everybody why there is no result."""
        from asstctl.core.diagnostic import Diagnostic, Severity
        from asstctl.workspace.ci.status import no_result

        own = Diagnostic(Severity.ERROR, error.code, error.summary, None, error.hint, error.detail)
        self.outputs({"failure-reason": error.code})
        self.annotate(error.diagnostics if isinstance(error, InvalidInput) else [own])
        self.summary(view(error, "markdown")(error))
        if self.label and not self._commented:
            # what an earlier commit came to must not be taken for this one's
            self.comment(no_result(self._word, error, self.place), worth_it=False)

    def _tell(self, told: "ToRunner") -> None:
        from asstctl.workspace.ci.telling import tell

        for untold in tell(told, self._out):
            self._session.warn(untold)
        for note in told.notes:
            self._session.remark(note)
        for line in told.lines:
            # as it is: it is for the runner, which reads both streams
            click.echo(line, file=sys.stdout if self._form == TEXT else self._session.talk.stream)
