"""Conversations as they ended: a line for each, a block for each that did not pass, and one summary.

How a block looks is in `failure`, what a candidate says otherwise in `replies`, what comparing found in `comparison`.
Verdicts were reached by the runner.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from asstctl.core.conversation import CaseResult, Status
from asstctl.core.suite import Spend, SuiteResult
from asstctl.render.comparison import closing_lines, comparison_lines
from asstctl.render.coverage import coverage_lines
from asstctl.render.failure import BAD, failure_lines, flags_of, rate_words, took, turn_of
from asstctl.render.recordings import group_lines, groups_of, need_lines
from asstctl.render.replies import reply_lines
from asstctl.render.style import PLAIN, Look, Style
from asstctl.render.text import EMPTY, Line, Span, cells, line, padded, wrapped, written
from asstctl.render.values import counted, dollars

_STYLES = {
    Status.PASSED: Style.GOOD,
    Status.SKIPPED: Style.WARN,
    Status.NOT_RUN: Style.FAINT,
    Status.STALE: Style.WARN,
    Status.MISSING: Style.WARN,
    Status.FAILED: Style.BAD,
    Status.ERROR: Style.BAD,
}
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
    """The line said when a conversation has ended; nothing of one that passed, for a look that is brief."""
    if look.brief and case.status is Status.PASSED:
        return ""
    sign = line("  ", Span(case_sign(case.status, look), _STYLES[case.status]), " ")
    end = _ending(case)
    for one, other in ((columns.assistant, columns.id), (0, 0)):
        names = line(padded(case.assistant, one), "   ", padded(case.id, other), "   ")
        if cells(sign) + cells(names) + cells(end) <= look.width:
            return written([line(sign, names, end)], look)
    return written([line(sign, f"{case.assistant}   {case.id}"), *wrapped(end, look.width, "      ", "      ")], look)


def closing_text(suite: SuiteResult, look: Look = PLAIN) -> str:
    """Everything after the lines: blocks of failures, what the candidate said otherwise, remarks, and the summary."""
    lines: list[Line] = []
    if any(case.status is not Status.PASSED or not look.brief for case in suite.cases):
        lines.append(EMPTY)  # after the lines of those that ended
    flags = flags_of(suite)
    groups = {id(case): group for group in groups_of(suite.cases) for case in group.cases}
    for case in suite.cases:
        group = groups.get(id(case))
        if group and case is group.cases[0]:
            lines += [*group_lines(group, suite, look), EMPTY]
        elif case.status in BAD and not group:
            lines += [*failure_lines(case, suite.target, flags, look), EMPTY]
    if differing := reply_lines(suite.cases, look):
        lines += [*differing, EMPTY]
    if compared := comparison_lines(suite, look):
        lines += [*compared, EMPTY]
    if suite.coverage:
        lines += [*coverage_lines(suite.coverage, look), EMPTY]
    lines += [*_remarks(suite, look), *need_lines(suite, look)]
    lines += closing_lines(suite, look)
    lines += wrapped(summary_words(suite), look.width, rest="  ")
    return written(lines, look)


def suite_text(suite: SuiteResult, look: Look = PLAIN) -> str:
    """The whole run at once, for a caller that showed nothing while it ran."""
    columns = columns_for((case.assistant, case.id) for case in suite.cases)
    cases = "".join(case_text(case, columns, look) for case in suite.cases)
    return cases + closing_text(suite, look)


def spend_words(spend: Spend) -> str:
    """`12,400 tokens, at least $0.03; judges 900 tokens, cost unknown`; empty where nobody counted."""
    said = [_spent(spend.tokens, spend.cost, spend.known_cost)] if spend.tokens else []
    if spend.judge_tokens:
        said.append(f"judges {_spent(spend.judge_tokens, spend.judge_cost, spend.judge_known_cost)}")
    return "; ".join(said)


def counts_words(suite: SuiteResult) -> str:
    """How many conversations ended how; what is zero is not named, `passed` aside."""
    counts = [f"{suite.count(Status.PASSED):,} passed"]
    if failed := suite.count(Status.FAILED):
        counts.append(f"{failed:,} failed")
    if errors := suite.count(Status.ERROR):
        counts.append(counted(errors, "error"))
    rest = (Status.STALE, Status.MISSING, Status.SKIPPED, Status.NOT_RUN)
    counts += [f"{number:,} {status.replace('_', ' ')}" for status in rest if (number := suite.count(status))]
    return ", ".join(counts)


def skips_words(suite: SuiteResult) -> str:
    """Said of a run in which skips are failures, and that has some."""
    return "Skips count as failures here (--no-skips)" if suite.no_skips and suite.count(Status.SKIPPED) else ""


def origin_words(suite: SuiteResult) -> str:
    """With what the conversations were had: `on local, replies echoed: instructions were NOT exercised.`"""
    said = f"on {suite.target.name}, " + ("candidate copies, " if suite.candidate else "")
    mode = "replay-nothing" if suite.mode == "replay" and not suite.replies.startswith("recorded") else suite.mode
    said += f"replies {_MODES.get(mode, '{}').format(suite.replies)}"
    return said + ("." if suite.instructions_exercised else ": instructions were NOT exercised.")


@dataclass(frozen=True, slots=True)
class Remark:
    """What concerns a run as a whole, and the word in front of it."""

    word: str
    said: str
    style: Style = Style.PLAIN
    brief: bool = True


def remarks(suite: SuiteResult) -> Iterator[Remark]:
    """All of them; those that are not `brief` tell how it was rather than what to do."""
    for reason, number in Counter(case.skipped for case in suite.cases if case.skipped).items():
        yield Remark(f"Skipped {number:,}", reason)
    not_run = Counter(_not_run(case) for case in suite.cases if case.status is Status.NOT_RUN)
    for reason, number in not_run.items():
        yield Remark(f"Not run {number:,}", reason)
    for warning in suite.warnings:
        yield Remark("warning", warning, Style.WARN)
    if suite.left_behind:
        many = f"{len(suite.left_behind):,} could not be deleted: {', '.join(suite.left_behind)}"
        yield Remark("Left behind", many, Style.WARN)
    if suite.stopped and suite.stopped not in not_run:
        yield Remark("Stopped", suite.stopped, Style.WARN)
    if skips_words(suite):
        yield Remark("", f"{skips_words(suite)}.", Style.BAD)
    if suite.selection and suite.cases:
        yield Remark("Chosen", suite.selection, brief=False)
    # what a script says costs nothing: its tokens are for nobody to know
    if (suite.instructions_exercised or suite.spend.judge_tokens) and (spent := spend_words(suite.spend)):
        yield Remark("Used", spent, brief=False)


def _remarks(suite: SuiteResult, look: Look) -> list[Line]:
    lines: list[Line] = []
    for one in remarks(suite):
        if one.brief or not look.brief:
            head = line(Span(one.word, one.style), f": {one.said}") if one.word else line(Span(one.said, one.style))
            lines += wrapped(head, look.width, rest="  ")
    return lines


def _not_run(case: CaseResult) -> str:
    return case.not_run or "it was not begun"


def _spent(tokens: int, cost: float | None, known: float) -> str:
    least = f"at least {dollars(known)}" if known else "cost unknown"
    return f"{counted(tokens, 'token')}, {least if cost is None else dollars(cost)}"


def case_sign(status: Status, look: Look) -> str:
    """The sign in front of its line."""
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
    if case.status in {Status.SKIPPED, Status.NOT_RUN}:
        return case.status.replace("_", " ")  # the reasons are counted at the end
    rate = f"{rate_words(case.rate, early=False)}   " if case.rate else ""
    retries = f"   {case.retries} {'retry' if case.retries == 1 else 'retries'}" if case.retries else ""
    time = f"{rate}{took(case)}{retries}"
    if case.status in BAD and (kind := case.kind):
        turn = f"{turn_of(case)}   " if case.first_bad_turn else ""
        return f"{turn}{kind}   {time}"
    return f"{counted(len(case.turns), 'turn'):<7}   {time}"


_MODES = {
    "record": "{}, recorded on tapes",
    "replay": "from tapes ({})",
    "replay-nothing": "from tapes",
    "auto": "{}, replayed from tapes where they are fresh",
}


def summary_words(suite: SuiteResult) -> str:
    """The last line: how many ended how, and with what the conversations were had."""
    if not suite.cases:
        if suite.interrupted:
            return "Interrupted."
        if suite.empty_is_fine:
            return f"Nothing to test: {suite.selection or 'no conversation is concerned'}."
        return "Nothing to test: no conversation was found (*.convo.yaml)."
    said = f"{counts_words(suite)} in {suite.seconds:.1f} s {origin_words(suite)}"
    return f"Interrupted. {said}" if suite.interrupted else said
