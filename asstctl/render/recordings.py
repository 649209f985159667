"""Conversations whose tapes are stale or missing: those for one and the same reason as one block, and how many in all.

One changed instruction makes every tape of an assistant stale, and one sentence says it. The block of a single one is
for `failure`.
"""

import re
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from asstctl.core.conversation import CaseResult, Failure, Status
from asstctl.core.suite import SuiteResult
from asstctl.core.tape import RECORD_IT
from asstctl.render.style import Look, Style
from asstctl.render.text import Line, Span, cells, clipped, line, padded, sentence, wrapped
from asstctl.render.values import counted, place

_MOST_BLOCKS = 3
"""So many for one reason have blocks of their own."""
_MOST_NAMES = 10
_LABEL = 11
_HEADINGS = {Status.STALE: "STALE", Status.MISSING: "MISSING"}
_REPEAT = re.compile(r" --repeat \d+")


@dataclass(frozen=True, slots=True)
class Group:
    """Conversations whose tapes are of no use for one and the same reason."""

    status: Status
    reason: str
    cases: tuple[CaseResult, ...]


def groups_of(cases: Iterable[CaseResult]) -> tuple[Group, ...]:
    """Those that are too many for a block each."""
    found: dict[tuple[Status, str], list[CaseResult]] = {}
    for case in cases:
        if failure := _unplayed(case):
            found.setdefault((case.status, _reason(case.status, failure.message)), []).append(case)
    return tuple(
        Group(status, reason, tuple(those)) for (status, reason), those in found.items() if len(those) > _MOST_BLOCKS
    )


def group_lines(group: Group, suite: SuiteResult, look: Look) -> list[Line]:
    """The block of all of them."""
    many = counted(len(group.cases), "conversation")
    head = line(Span(_HEADINGS[group.status], Style.WARN), " ", Span(many, Style.STRONG))
    blank = " " * (2 + _LABEL)
    lines = [head, *wrapped(group.reason, look.width, line("  ", padded(str(group.status), _LABEL)), blank)]
    for case in group.cases[:_MOST_NAMES]:
        name = clipped(f"{case.assistant}/{case.id}", look.width - 4, look.glyphs.ellipsis)
        where = Span(place(case.where), Style.FAINT)
        beside = line("    ", name, "   ", where)
        lines += [beside] if cells(beside) <= look.width else [line("    ", name), line("      ", where)]
    if len(group.cases) > _MOST_NAMES:
        lines.append(line(f"    and {len(group.cases) - _MOST_NAMES:,} more"))
    command = _recording(group, suite)
    beside = line("  ", padded("record", _LABEL), command)
    return [*lines, *([beside] if cells(beside) <= look.width else [line("  record"), line("    ", command)])]


def need_lines(suite: SuiteResult, look: Look) -> list[Line]:
    """`3 of 40 conversations need a new recording: asstctl test --auto`; nothing where one block has said it."""
    number = sum(_unplayed(case) is not None for case in suite.cases)
    if number < 2:
        return []
    said = f"{number:,} of {counted(len(suite.cases), 'conversation')} need a new recording: "
    return sentence(said + suite.target.command("test --auto"), look.width, "", "  ")


def _unplayed(case: CaseResult) -> Failure | None:
    """Why it was not played at all, where that is its tape."""
    return case.failure if case.status in _HEADINGS else None


def _reason(status: Status, message: str) -> str:
    """Without the command that records this one; and of a tape that is not there without its path."""
    said = message.partition(f"; {RECORD_IT}")[0]
    return said.partition(": ")[0] if status is Status.MISSING else said


def _recording(group: Group, suite: SuiteResult) -> str:
    failure = group.cases[0].failure
    often = _REPEAT.search(failure.message) if failure else None
    repeated = often.group() if often else ""
    names = _names(group.cases, suite)
    if len(names) > _MOST_NAMES:
        return suite.target.command(f"test --auto{repeated}")  # it records what has no fresh tape, and nothing else
    return suite.target.command(" ".join([f"test --record{repeated}", *map(shlex.quote, names)]))


def _names(cases: Sequence[CaseResult], suite: SuiteResult) -> tuple[str, ...]:
    """The fewest names that mean these alone: none for all of them, files, else conversations."""
    if suite.everything and len(cases) == len(suite.cases):
        return ()
    if suite.selection:
        return tuple(case.node for case in cases)
    mixed = {case.where.path for case in suite.cases if case not in cases}
    return tuple(dict.fromkeys(case.node if case.where.path in mixed else case.where.path for case in cases))
