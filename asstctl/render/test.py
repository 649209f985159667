"""Conversations as they ended: a line for each, a block for each that did not pass, and one summary.

The block reads in the order of the conversation: what was said up to the failing turn, each failure beside
the call or reply it speaks of. Verdicts were reached by the runner.
"""

import shlex
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from asstctl.core.conversation import (
    CallMade,
    CaseResult,
    Failure,
    FailureKind,
    Mismatch,
    Status,
    TurnResult,
)
from asstctl.core.json_text import json_text
from asstctl.core.plan import TargetInfo
from asstctl.core.suite import SuiteResult
from asstctl.render.style import PLAIN, Look, Style
from asstctl.render.text import EMPTY, Line, Span, cells, clipped, line, padded, wrapped, written
from asstctl.render.values import counted, listed, place

_STYLES = {
    Status.PASSED: Style.GOOD,
    Status.SKIPPED: Style.WARN,
    Status.NOT_RUN: Style.FAINT,
    Status.STALE: Style.WARN,
    Status.MISSING: Style.WARN,
    Status.FAILED: Style.BAD,
    Status.ERROR: Style.BAD,
}
_LABEL = 11
_WITHIN = " " * (2 + _LABEL + 2)
_LONGEST_TEXT = 1200
"""Characters of one message that are shown; a person wants the beginning, and the JSON has it all."""
_LONGEST_BEFORE = 300
"""The same for the turns before the failing one, which are there for the context."""
_WIDEST_ASSISTANT, _WIDEST_ID = 18, 28


@dataclass(frozen=True, slots=True)
class Columns:
    """How wide the names in the result lines are."""

    assistant: int = 0
    id: int = 0


def columns_for(names: Iterable[tuple[str, str]]) -> Columns:
    """For the assistants and ids that are going to run, known before the first of them ends.

    Names too long for a column are left out of the count: they move their own line alone.
    """
    pairs = tuple(names)
    return Columns(
        max((width for assistant, _ in pairs if (width := cells(assistant)) <= _WIDEST_ASSISTANT), default=0),
        max((width for _, id in pairs if (width := cells(id)) <= _WIDEST_ID), default=0),
    )


def case_text(case: CaseResult, columns: Columns, look: Look = PLAIN) -> str:
    """The line said when a conversation has ended."""
    sign = line("  ", Span(_sign(case.status, look), _STYLES[case.status]), " ")
    end = _ending(case)
    for one, other in ((columns.assistant, columns.id), (0, 0)):
        names = line(padded(case.assistant, one), "   ", padded(case.id, other), "   ")
        if cells(sign) + cells(names) + cells(end) <= look.width:
            return written([line(sign, names, end)], look)
    return written([line(sign, f"{case.assistant}   {case.id}"), *wrapped(end, look.width, "      ", "      ")], look)


def closing_text(suite: SuiteResult, look: Look = PLAIN) -> str:
    """What is said after the last conversation."""
    lines: list[Line] = []
    for case in suite.cases:
        if case.status in {Status.FAILED, Status.ERROR}:
            lines += [EMPTY, *_failure_block(case, suite.target, look)]
    if suite.cases:
        lines.append(EMPTY)
    for reason, number in Counter(case.skipped for case in suite.cases if case.skipped).items():
        lines += wrapped(f"Skipped {number:,}: {reason}", look.width, rest="  ")
    for warning in suite.warnings:
        lines += wrapped(line(Span("warning", Style.WARN), f": {warning}"), look.width, rest="  ")
    if suite.left_behind:
        threads = f"{counted(len(suite.left_behind), 'thread')} could not be deleted: {', '.join(suite.left_behind)}"
        lines += wrapped(line(Span("Left behind", Style.WARN), f": {threads}"), look.width, rest="  ")
    lines.append(line(_summary(suite)))
    return written(lines, look)


def suite_text(suite: SuiteResult, look: Look = PLAIN) -> str:
    """The whole run at once, for a caller that showed nothing while it ran."""
    columns = columns_for((case.assistant, case.id) for case in suite.cases)
    cases = "".join(case_text(case, columns, look) for case in suite.cases)
    return cases + closing_text(suite, look)


def _sign(status: Status, look: Look) -> str:
    match status:
        case Status.PASSED:
            return look.glyphs.passed
        case Status.FAILED:
            return look.glyphs.failed
        case Status.ERROR:
            return "!"
        case Status.STALE | Status.MISSING:
            return "?"
        case Status.SKIPPED | Status.NOT_RUN:
            return "-"


def _ending(case: CaseResult) -> str:
    if case.skipped:
        return "skipped"  # the reasons are counted at the end
    time = f"{case.seconds:.1f} s"
    if kind := _kind(case):
        turn = f"{_turn_of(case)}   " if case.first_bad_turn else ""
        return f"{turn}{kind}   {time}"
    return f"{counted(len(case.turns), 'turn'):<7}   {time}"


def _kind(case: CaseResult) -> FailureKind | None:
    bad = case.first_bad_turn
    failures = bad.failures if bad else ()
    failure = case.failure or (failures[0] if failures else None)
    return failure.kind if failure else None


def _turn_of(case: CaseResult) -> str:
    bad = case.first_bad_turn
    return f"turn {bad.number} of {len(case.turns)}" if bad else ""


def _failure_block(case: CaseResult, target: TargetInfo, look: Look) -> list[Line]:
    writer = _Transcript(look)
    lines = _block_heading(case, look)
    bad = case.first_bad_turn
    for turn in case.turns:
        if turn.status is not Status.NOT_RUN and (bad is None or turn.number <= bad.number):
            lines += writer.turn(turn, _LONGEST_TEXT if turn is bad else _LONGEST_BEFORE)
    if case.failure:
        lines += writer.row("error" if case.failure.kind.is_error else "failed", case.failure.message)
        lines += writer.sides(case.failure, "")
    if missed := [turn.number for turn in case.turns if turn.status is Status.NOT_RUN]:
        lines += writer.row("not run", _turns(missed))
    again = target.command(f"test {shlex.quote(case.where.path)}")
    lines.append(line("  ", padded("rerun", _LABEL), again))
    return lines


def _block_heading(case: CaseResult, look: Look) -> list[Line]:
    label = "ERROR" if case.status is Status.ERROR else "FAIL"
    what = f" {look.glyphs.dot} ".join(str(part) for part in (_turn_of(case), _kind(case)) if part)
    name = line(Span(label, _STYLES[case.status]), " ", Span(f"{case.assistant}/{case.id}", Style.STRONG))
    bad = case.first_bad_turn
    where = place(bad.where if bad and bad.where else case.where)
    whole = line(name, f"   {where}   {what}")
    if cells(whole) <= look.width:
        return [whole]
    if cells(name) + 3 + cells(what) <= look.width:
        return [line(name, f"   {what}"), line(f"  at {where}")]
    return [name, line(f"  at {where}"), line(f"  {what}")]


def _turns(numbers: Sequence[int]) -> str:
    if len(numbers) < 3:
        return ("turn " if len(numbers) == 1 else "turns ") + listed([str(number) for number in numbers])
    return f"turns {numbers[0]} to {numbers[-1]}"


class _Transcript:
    """The rows of a block: a label, and a text beside it."""

    def __init__(self, look: Look) -> None:
        self._look = look

    def turn(self, turn: TurnResult, longest: int) -> list[Line]:
        """What was said and called, each failure below what it speaks of, the rest of them last."""
        lines = self.row("user", turn.user if turn.user is not None else "(waits for the assistant)", longest)
        for number, call in enumerate(turn.calls):
            about = [f for f in turn.failures if f.call == number]
            lines += self._call(call, longest)
            lines += [text for failure in about for text in self._failure(failure)]
        text_failures = [f for f in turn.failures if f.call is None and f.kind is FailureKind.TEXT]
        others = [f for f in turn.failures if f.call is None and f.kind is not FailureKind.TEXT]
        if turn.reply or text_failures:
            lines += self.row("assistant", turn.reply or "(said nothing)", longest)
        lines += [text for failure in text_failures for text in self._failure(failure, turn.reply)]
        for failure in others:
            lines += self.row("error" if failure.kind.is_error else "failed", failure.message)
            lines += self.sides(failure, turn.reply)
        return lines

    def row(self, label: str, text: str, longest: int = _LONGEST_TEXT) -> list[Line]:
        """A label and a text of any number of lines, cut where it grows too long."""
        cut = len(text) - longest
        if cut > 0:
            text = f"{text[:longest]} {self._look.glyphs.ellipsis}(+{counted(cut, 'character')})"
        head, rest = line("  ", padded(label, _LABEL)), " " * (2 + _LABEL)
        lines: list[Line] = []
        for source in text.splitlines() or [""]:
            lines += wrapped(source, self._look.width, head if not lines else rest, rest)
        return lines

    def sides(self, failure: Failure, reply: str) -> list[Line]:
        """Expected and actual of each mismatch, beside each other where there is room, and the line that said so.

        One whose actual side is the reply itself is left out: reply and sentence stand just above.
        """
        known = {reply, json_text(reply)}
        shown = [m for m in failure.mismatches if m.actual not in known]
        column = max((cells(m.path) for m in shown), default=0)
        lines = [text for m in shown for text in self._mismatch(m, column)]
        if failure.where:
            lines.append(line(_WITHIN, Span(f"at {place(failure.where)}", Style.FAINT)))
        return lines

    def _failure(self, failure: Failure, reply: str = "") -> list[Line]:
        # both sides of an argument say more than the sentence that announces them
        told = failure.kind is FailureKind.CALL_ARGS and failure.mismatches
        message = [] if told else wrapped(failure.message, self._look.width, _WITHIN, _WITHIN)
        return message + self.sides(failure, reply)

    def _call(self, call: CallMade, longest: int) -> list[Line]:
        lines = self.row("call", f"{call.name} {call.arguments}", longest)
        if call.output is None:
            return lines
        room = self._look.width - 2 - _LABEL
        answer = clipped(call.output.strip() or '""', room, self._look.glyphs.ellipsis)
        return [*lines, line("  ", padded("answer", _LABEL), Span(answer, Style.FAINT))]

    def _mismatch(self, mismatch: Mismatch, column: int) -> list[Line]:
        path = line(padded(mismatch.path, column), "   ") if column else EMPTY
        head = line(_WITHIN, path)
        expected = line(Span("expected", Style.GOOD), f" {mismatch.expected}")
        got = line(Span("got", Style.BAD), f" {mismatch.actual}")
        whole = line(head, expected, "    ", got)
        if cells(whole) <= self._look.width:
            return [whole]
        below = " " * cells(head)
        aligned = line(padded(Span("got", Style.BAD), len("expected")), " ", mismatch.actual)
        hanging = below + " " * (len("expected") + 1)
        return [
            *wrapped(expected, self._look.width, head, hanging),
            *wrapped(aligned, self._look.width, below, hanging),
        ]


def _summary(suite: SuiteResult) -> str:
    if not suite.cases:
        return "Interrupted." if suite.interrupted else "Nothing to test: no conversation was found (*.convo.yaml)."
    counts = [f"{suite.count(Status.PASSED):,} passed"]
    if failed := suite.count(Status.FAILED):
        counts.append(f"{failed:,} failed")
    if errors := suite.count(Status.ERROR):
        counts.append(counted(errors, "error"))
    if skipped := suite.count(Status.SKIPPED):
        counts.append(f"{skipped:,} skipped")
    said = f"{', '.join(counts)} in {suite.seconds:.1f} s on {suite.target.name}, replies {suite.replies}"
    said += "." if suite.instructions_exercised else ": instructions were NOT exercised."
    return f"Interrupted. {said}" if suite.interrupted else said
