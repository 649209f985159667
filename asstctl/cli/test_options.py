"""The options of `asstctl test`: which there are, which exclude each other, and the Testing that they come to."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click
from click.core import ParameterSource

from asstctl.cli import offers
from asstctl.core.comparison import DISTANCE
from asstctl.core.errors import WrongUsage

if TYPE_CHECKING:
    from asstctl.workspace.conversations.case_selection import Choice
    from asstctl.workspace.conversations.options import Mode, Testing

F = TypeVar("F", bound=Callable[..., Any])

SECTIONS = {
    "Which conversations": ("words", "tags", "failed", "affected", "since", "shard", "history"),
    "What they talk to": ("candidate", "live", "record", "replay", "auto", "offline", "allow_scripted", "no_code"),
    "How they are played": (
        "jobs",
        "repeat",
        "needed",
        "timeout",
        "max_time",
        "max_cost",
        "fail_fast",
        "keep_failed",
    ),
    "What they are compared with": ("compare", "distance", "fail_on_difference"),
    "What counts": ("strict", "no_skips", "coverage", "min_coverage"),
    "What is shown": ("listed", "checked", "form", "html", "junit", "jsonl"),
}

BARE = {"--fail-fast": "1"}
"""What options say that were typed without a value."""

_MODES = ("record", "replay", "auto")
_REPORT = click.Path(path_type=Path, dir_okay=False)


def _flag(option: str, *names: str, about: str, envvar: bool = True) -> Callable[[F], F]:
    variable = "ASSTCTL_" + option.removeprefix("--").upper().replace("-", "_") if envvar else None
    return click.option(option, *names, is_flag=True, envvar=variable, help=about)


_OPTIONS = (
    click.option(
        "-k",
        "words",
        metavar="EXPR",
        default="",
        envvar="ASSTCTL_K",
        help="By name: parts of ASSISTANT/ID, name or tag, with and, or, not and parentheses.",
    ),
    click.option(
        "--tag",
        "tags",
        metavar="TAG",
        multiple=True,
        envvar="ASSTCTL_TAG",
        help="By tag: `smoke`, `not slow`, any of `a,b`; all of them where it is repeated.",
        shell_complete=offers.tag,
    ),
    _flag("--failed", about="Those that did not pass the last time."),
    _flag("--affected", about="Those whose assistant changed: by plan, or since a git revision."),
    click.option("--since", metavar="REF", envvar="ASSTCTL_SINCE", help="The revision for --affected. Default: HEAD."),
    click.option("--shard", metavar="I/N", envvar="ASSTCTL_SHARD", help="The I-th of N parts."),
    click.option(
        "--history",
        metavar="FILE",
        type=click.Path(path_type=Path, dir_okay=False, exists=True),
        envvar="ASSTCTL_HISTORY",
        help="JSON Lines of an earlier run: shards of equal length.",
    ),
    _flag("--candidate", about="Copies of what the files say, removed afterwards."),
    _flag("--live", about="What is deployed, whatever the files say."),
    _flag("--record", about="The target, and onto tapes."),
    _flag("--replay", about="Tapes alone: no key, no network."),
    _flag("--auto", about="Tapes where they are fresh, else the target, and onto tapes."),
    _flag("--offline", about="As --replay, whatever else says where replies come from."),
    _flag("--allow-scripted", about="--affected may count on scripted replies.", envvar=False),
    _flag("--no-code", about="Skip conversations whose stubs run code."),
    click.option(
        "-j",
        "--jobs",
        type=click.IntRange(1, 256),
        metavar="N",
        default=8,
        show_default=True,
        envvar="ASSTCTL_JOBS",
        help="How many conversations run at once.",
    ),
    click.option(
        "--repeat",
        type=click.IntRange(1, 1000),
        metavar="N",
        envvar="ASSTCTL_REPEAT",
        help="Play each so often, until its verdict is certain.",
    ),
    click.option(
        "--pass",
        "needed",
        type=click.IntRange(1, 1000),
        metavar="M",
        envvar="ASSTCTL_PASS",
        help="So many of them must pass. Default: all.",
    ),
    click.option(
        "--timeout",
        type=click.FloatRange(0.1),
        default=120.0,
        show_default=True,
        metavar="SECONDS",
        envvar="ASSTCTL_TIMEOUT",
        help="How long one turn may take.",
    ),
    click.option(
        "--max-time",
        type=click.FloatRange(0, min_open=True),
        metavar="SECONDS",
        envvar="ASSTCTL_MAX_TIME",
        help="After so long nothing more is begun.",
    ),
    click.option(
        "--max-cost",
        type=click.FloatRange(0, min_open=True),
        metavar="USD",
        envvar="ASSTCTL_MAX_COST",
        help="After so much nothing more is begun; shards have equal shares.",
    ),
    click.option(
        "--fail-fast",
        type=click.IntRange(1),
        metavar="[=N]",
        envvar="ASSTCTL_FAIL_FAST",
        help="After N (1) that did not pass nothing more is begun.",
    ),
    _flag("--keep-failed", about="Leave the threads of those that did not pass."),
    click.option(
        "--compare",
        metavar="was|TARGET",
        default="",
        envvar="ASSTCTL_COMPARE",
        help="With the replies that files remember (`was:`), or with the same on another target.",
    ),
    click.option(
        "--compare-distance",
        "distance",
        type=click.FloatRange(0, 1),
        default=DISTANCE,
        show_default=True,
        metavar="0..1",
        envvar="ASSTCTL_COMPARE_DISTANCE",
        help="Replies no further apart are no difference: 0 is the same words, 1 none in common.",
    ),
    _flag("--fail-on-difference", about="Differences are failures too; without it they are only shown."),
    _flag("--strict", about="Warnings are errors."),
    _flag("--no-skips", about="A skipped conversation is a failure."),
    _flag("--coverage", about="Show what of the assistants nothing exercised."),
    click.option(
        "--min-coverage",
        type=click.FloatRange(0, 100),
        metavar="PERCENT",
        envvar="ASSTCTL_MIN_COVERAGE",
        help="Fail below this coverage.",
    ),
    _flag("--list", "listed", about="Show which would be played; play nothing."),
    _flag("--check", "checked", about="Check their files; play and send nothing."),
    click.option("--html", type=_REPORT, metavar="FILE", envvar="ASSTCTL_HTML", help="Write one HTML page of it all."),
    click.option("--junit", type=_REPORT, metavar="FILE", envvar="ASSTCTL_JUNIT", help="Write JUnit XML."),
    click.option(
        "--jsonl", type=_REPORT, metavar="FILE", envvar="ASSTCTL_JSONL", help="Write JSON Lines, as conversations end."
    ),
)

_CONTRADICTIONS = (
    ("live", "candidate", "the one tests what is deployed, the other what your files say"),
    ("replay", "candidate", "tapes hold what an assistant said; a copy has said nothing yet"),
    ("listed", "checked", "the one shows which conversations there are, the other what is wrong with them"),
    ("listed", "affected", "what a change concerns is known only once the target was read"),
)
_PLAYING = (
    *_MODES,
    "candidate",
    "live",
    "repeat",
    "fail_fast",
    "compare",
    "coverage",
    "min_coverage",
    "html",
    "junit",
    "jsonl",
)
"""Options that mean nothing where nothing is played."""


def test_options(function: F) -> F:
    """Add them all."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def check_options(values: Mapping[str, Any]) -> None:
    """Raises WrongUsage for options that exclude each other, or that say nothing without another.

    Of a mode in the environment and another that was typed, the typed one holds; see `mode_given`.
    """
    for one, other, why in _CONTRADICTIONS:
        if values[one] and values[other]:
            raise _either(one, other, why)
    if values["listed"] or values["checked"]:
        played = "checked" if values["checked"] else "listed"
        for name in _PLAYING:
            if values[name] and _is_typed(name):
                raise _either(played, name, f"{_spelled(played)} plays nothing")
    number = next((place for place in values["places"] if place.isdecimal() and not Path(place).exists()), "")
    if number and values["fail_fast"] == 1 and _is_typed("fail_fast"):
        raise WrongUsage(
            f"{number} is no conversation",
            detail="the number of --fail-fast stands behind a `=`, because it may be left out",
            hint=f"write --fail-fast={number}",
        )
    needs = (
        ("since", "affected", "it says what --affected compares with"),
        ("needed", "repeat", "it says how many of the repeats must pass"),
        ("history", "shard", "it makes shards of equal length"),
        ("allow_scripted", "affected", "it permits what --affected refuses"),
        ("distance", "compare", "it says which replies count as different"),
        ("fail_on_difference", "compare", "it makes failures of the differences that are found"),
    )
    for name, other, why in needs:
        if values[name] is not None and not values[other] and _is_typed(name):
            raise WrongUsage(f"{_spelled(name)} needs {_spelled(other)}", detail=why, hint=f"add {_spelled(other)}")
    if values["needed"] and values["repeat"] and values["needed"] > values["repeat"]:
        raise WrongUsage(
            f"{values['needed']} of {values['repeat']} cannot pass",
            hint=f"--pass takes at most what --repeat says: --pass {values['repeat']}",
        )


def mode_given(values: Mapping[str, Any]) -> "Mode":
    """Where replies come from. Raises WrongUsage for two answers."""
    given = [name for name in _MODES if values[name]]
    typed = [name for name in given if _is_typed(name)]
    modes = typed or given
    if len(modes) > 1:
        raise _either(modes[0], modes[1], "replies come from one place")
    return cast("Mode", modes[0]) if modes else "live"


def choice_of(values: Mapping[str, Any]) -> "Choice":
    """Which conversations were meant."""
    from asstctl.workspace.conversations.case_selection import Choice
    from asstctl.workspace.conversations.merge import durations
    from asstctl.workspace.conversations.shards import Shard

    return Choice(
        values["places"],
        words=values["words"],
        tags=values["tags"],
        failed=values["failed"],
        shard=Shard.read(values["shard"]) if values["shard"] else None,
        seconds=durations(values["history"]) if values["history"] and values["shard"] else {},
    )


def testing_of(values: Mapping[str, Any], choice: "Choice", **how: Any) -> "Testing":
    """The Testing of these options; `how` is what of it no option says."""
    from asstctl.workspace.conversations.options import Testing

    given = {"since": values["since"]} if values["since"] else {}
    share = choice.shard.count if choice.shard else 1
    return Testing(
        choice.files,
        jobs=values["jobs"],
        turn_timeout=values["timeout"],
        allow_code=not values["no_code"],
        mode=mode_given(values),
        repeat=values["repeat"],
        needed=values["needed"] if values["repeat"] else None,
        max_cost=values["max_cost"] / share if values["max_cost"] else None,
        max_time=values["max_time"],
        coverage=values["coverage"] or values["min_coverage"] is not None,
        **{name: values[name] for name in _AS_THEY_ARE},
        **given,
        **how,
    )


_AS_THEY_ARE = (
    "strict",
    "offline",
    "live",
    "candidate",
    "affected",
    "allow_scripted",
    "no_skips",
    "fail_fast",
    "keep_failed",
    "min_coverage",
    "compare",
    "distance",
    "fail_on_difference",
)


def _is_typed(name: str) -> bool:
    """Whether it stands on the command line: what is in the environment is meant for other commands too."""
    return click.get_current_context().get_parameter_source(name) is ParameterSource.COMMANDLINE


def _spelled(name: str) -> str:
    option = next(option for option in click.get_current_context().command.params if option.name == name)
    return max(option.opts, key=len)


def _either(one: str, other: str, why: str) -> WrongUsage:
    first, second = _spelled(one), _spelled(other)
    return WrongUsage(f"{first} and {second} exclude each other", detail=why, hint=f"leave out {first} or {second}")


def reports_of(
    values: Mapping[str, Any], names: Iterable[str] = ("html", "junit", "jsonl")
) -> Mapping[str, Path | None]:
    """The files of the reports, by format."""
    return {name: values[name] for name in names}
