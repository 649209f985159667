"""The block for a conversation that did not pass: the same in the terminal, in JUnit and under pytest.

It reads in the order of the conversation: what was said up to the failing turn, each failure beside the call or reply
it speaks of, then what concerns the whole, and last the command that plays it again.
"""

import shlex
from collections.abc import Sequence

from asstctl.core.conversation import CallMade, CaseResult, Failure, FailureKind, Mismatch, Rate, Status, TurnResult
from asstctl.core.json_text import json_text
from asstctl.core.plan import TargetInfo
from asstctl.core.suite import SuiteResult
from asstctl.render.style import PLAIN, Look, Style
from asstctl.render.text import EMPTY, Line, Span, cells, clipped, line, padded, sentence, wrapped, written
from asstctl.render.values import counted, dollars, listed, place

BAD = frozenset({Status.FAILED, Status.ERROR, Status.STALE, Status.MISSING})
"""How a conversation ends that has a block."""

_HEADINGS = {
    Status.FAILED: Span("FAIL", Style.BAD),
    Status.ERROR: Span("ERROR", Style.BAD),
    Status.STALE: Span("STALE", Style.WARN),
    Status.MISSING: Span("MISSING", Style.WARN),
}
_SUFFIX = ".convo.yaml"
_LABEL = 11
_WITHIN = " " * (2 + _LABEL + 2)
_LONGEST_TEXT = 1200
"""Characters of one message that are shown; a person wants the beginning, and the JSON has it all."""
_LONGEST_BEFORE = 300
"""The same for the turns before the failing one, which are there for the context."""
_OF_THE_REPLY = frozenset(
    {
        FailureKind.TEXT,
        FailureKind.JSON,
        FailureKind.JUDGE_NO,
        FailureKind.RETRIEVAL,
        FailureKind.CODE,
        FailureKind.SAVE,
        FailureKind.LATENCY,
        FailureKind.BUDGET,
    }
)
"""Kinds whose failures stand below the reply that they speak of."""


def failure_text(case: CaseResult, target: TargetInfo, flags: Sequence[str] = (), look: Look = PLAIN) -> str:
    """The block. `flags` are the options with which it is played again."""
    return written(failure_lines(case, target, flags, look), look)


def failure_lines(case: CaseResult, target: TargetInfo, flags: Sequence[str], look: Look) -> list[Line]:
    """The lines of the block."""
    writer = _Transcript(look)
    lines = _heading(case, look)
    bad = case.first_bad_turn
    for turn in case.turns:
        if turn.status is not Status.NOT_RUN and (bad is None or turn.number <= bad.number):
            lines += writer.turn(turn, _LONGEST_TEXT if turn is bad else _LONGEST_BEFORE)
    for failure in case.closing:
        lines += writer.whole(failure, "finally")
    if case.failure:
        lines += writer.whole(case.failure)
    if missed := [turn.number for turn in case.turns if turn.status is Status.NOT_RUN]:
        lines += writer.row("not run", _turns(missed))
    if case.rate:
        lines += writer.row("rate", rate_words(case.rate))
    if case.tape:
        lines += writer.row("tape", case.tape)
    if case.kept and case.thread:
        lines += writer.row("thread", f"{case.thread} (kept)")
        lines.append(line("  ", padded("to remove", _LABEL), removing(target)))
    if case.status in {Status.STALE, Status.MISSING}:
        return lines  # to play it again changes nothing, and the failure says how to record it
    again = line("  ", padded("rerun", _LABEL), rerun(case, target, flags))
    wide = cells(again) > look.width
    return [*lines, *([line("  rerun"), line("    ", rerun(case, target, flags))] if wide else [again])]


def removing(target: TargetInfo) -> str:
    """The command that removes what was kept on purpose."""
    return target.command("test gc --all", named=2)


def rerun(case: CaseResult, target: TargetInfo, flags: Sequence[str]) -> str:
    """The command that plays it again: by its file where that holds nothing else, as its id says."""
    alone = case.where.path.rpartition("/")[2] == f"{case.id}{_SUFFIX}"
    words = ["test", *flags, shlex.quote(case.where.path if alone else case.node)]
    return target.command(" ".join(words))


def flags_of(suite: SuiteResult) -> tuple[str, ...]:
    """The options of a run without which its conversations would be played otherwise."""
    mode = () if suite.mode == "live" else (f"--{suite.mode}",)
    talked_to = {"--candidate": suite.candidate, "--live": suite.deployed}
    return (*mode, *(option for option, given in talked_to.items() if given))


def rate_words(rate: Rate, *, early: bool = True) -> str:
    """`4 of 5 passed, 4 needed`; `early`: and that it stopped before all were played."""
    needed = "" if rate.needed == rate.planned == rate.ran else f", {rate.needed} needed"
    ended = f" (certain after {rate.ran} of {rate.planned})" if early and rate.ran < rate.planned else ""
    return f"{rate.passed} of {rate.ran} passed{needed}{ended}"


def took(case: CaseResult) -> str:
    """How long it took, or had taken when it was recorded."""
    return f"{case.seconds:.1f} s" + (" recorded" if case.recorded else "")


def turn_of(case: CaseResult) -> str:
    """The turn that did not pass."""
    bad = case.first_bad_turn
    return f"turn {bad.number} of {len(case.turns)}" if bad else ""


def _heading(case: CaseResult, look: Look) -> list[Line]:
    usage, cost = case.usage, case.cost
    tokens = counted(usage.total_tokens, "token") if usage else ""
    facts = (turn_of(case), case.kind, took(case), tokens, dollars(cost) if cost else "")
    what = f" {look.glyphs.dot} ".join(str(fact) for fact in facts if fact)
    name = line(_HEADINGS[case.status], " ", Span(f"{case.assistant}/{case.id}", Style.STRONG))
    bad = case.first_bad_turn
    where = place(bad.where if bad and bad.where else case.where)
    said = [line(f"  {case.name}")] if case.name else []
    whole = line(name, f"   {where}   {what}")
    if cells(whole) <= look.width:
        return [whole, *said]
    if cells(name) + 3 + cells(what) <= look.width:
        return [line(name, f"   {what}"), line(f"  at {where}"), *said]
    return [name, line(f"  at {where}"), line(f"  {what}"), *said]


def _turns(numbers: Sequence[int]) -> str:
    if len(numbers) < 3:
        return ("turn " if len(numbers) == 1 else "turns ") + listed([str(number) for number in numbers])
    return f"turns {numbers[0]} to {numbers[-1]}"


def _label_of(failure: Failure) -> str:
    return str(failure.kind.status)


class _Transcript:
    """The rows of a block: a label, and a text beside it."""

    def __init__(self, look: Look) -> None:
        self._look = look

    def turn(self, turn: TurnResult, longest: int) -> list[Line]:
        """What was said and called, each failure below what it speaks of, the rest of them last."""
        lines = self.row("user", turn.user if turn.user is not None else "(waits for the assistant)", longest)
        if turn.files:
            lines += self.row("files", ", ".join(turn.files))
        for number, call in enumerate(turn.calls):
            about = [f for f in turn.failures if f.call == number]
            lines += self._call(call, longest, matched=call.matched and not about)
            lines += [text for failure in about for text in self._failure(failure)]
            lines += self._answer(call)
        rest = [f for f in turn.failures if f.call is None]
        of_the_reply = [f for f in rest if f.kind in _OF_THE_REPLY]
        if turn.reply or of_the_reply:
            lines += self.row("assistant", turn.reply or "(said nothing)", longest)
        lines += [text for failure in of_the_reply for text in self._failure(failure, turn.reply)]
        for failure in rest:
            if failure.kind not in _OF_THE_REPLY:
                lines += self.whole(failure, reply=turn.reply)
        return lines

    def whole(self, failure: Failure, label: str = "", reply: str = "") -> list[Line]:
        """A failure in a row of its own."""
        rows: list[Line] = []
        head, rest = line("  ", padded(label or _label_of(failure), _LABEL)), " " * (2 + _LABEL)
        for source in failure.message.splitlines() or [""]:
            rows += sentence(source, self._look.width, head if not rows else rest, rest)
        return rows + self.sides(failure, reply)

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
        message = [] if told else failure.message.splitlines()
        lines = [text for source in message for text in wrapped(source, self._look.width, _WITHIN, _WITHIN)]
        return lines + self.sides(failure, reply)

    def _call(self, call: CallMade, longest: int, *, matched: bool) -> list[Line]:
        lines = self.row("call", f"{call.name} {call.arguments}", longest)
        if matched:
            said = Span("matched", Style.GOOD)
            beside = line(lines[-1], "   ", said)
            lines = [*lines[:-1], beside] if cells(beside) <= self._look.width else [*lines, line(_WITHIN, said)]
        return lines

    def _answer(self, call: CallMade) -> list[Line]:
        if call.output is None:
            return []
        answer = clipped(call.output.strip() or '""', self._look.width - 2 - _LABEL, self._look.glyphs.ellipsis)
        return [line("  ", padded("answer", _LABEL), Span(answer, Style.FAINT))]

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
