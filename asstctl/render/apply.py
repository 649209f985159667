"""What became of a plan: one line per change while it runs, then what went wrong, and one closing line."""

from collections.abc import Iterable

from asstctl.core.change import Action
from asstctl.core.outcome import Applied, ApplyReport, Outcome, OutcomeStatus
from asstctl.core.plan import Plan
from asstctl.render.errors import indented
from asstctl.render.style import ACTION_STYLES, PLAIN, Look, Style
from asstctl.render.text import EMPTY, Line, Span, cells, line, padded, sentence, written
from asstctl.render.values import counted, short_id

DONE = {
    Action.CREATE: "created",
    Action.UPDATE: "updated",
    Action.REPLACE: "replaced",
    Action.DELETE: "deleted",
    Action.ADOPT: "adopted",
    Action.MOVE: "moved",
    Action.FORGET: "forgotten",
    Action.KEEP: "refreshed",
}
"""What has been done, in a word."""

_STATUS_STYLES = {
    OutcomeStatus.APPLIED: Style.PLAIN,
    OutcomeStatus.FAILED: Style.BAD,
    OutcomeStatus.SKIPPED: Style.WARN,
    OutcomeStatus.UNKNOWN: Style.WARN,
}
TROUBLE = (OutcomeStatus.FAILED, OutcomeStatus.UNKNOWN, OutcomeStatus.SKIPPED)
"""How a change ends that has to be explained, the worst first."""

_WIDEST_ADDRESS = 40
_MOST_ROWS = 12
"""Rows of one explanation that are shown: a store may tell of thousands of files."""


def address_column(plan: Plan) -> int:
    """How wide the addresses of the lines of `outcome_text` are, known before the first of them."""
    widths = [min(cells(str(c.address)), _WIDEST_ADDRESS) for c in plan.changes if c.pending or c.refresh]
    return max(widths, default=0)


def outcome_text(outcome: Outcome, column: int = 0, look: Look = PLAIN, *, files: int = 0) -> str:
    """The line said when a change has ended. What went wrong is explained once, in `applied_text`.

    `files` is how many of a store's files were changed with it. In full the id of the request follows.
    """
    done = outcome.status is OutcomeStatus.APPLIED
    style = ACTION_STYLES[outcome.action] if done else _STATUS_STYLES[outcome.status]
    word = end_word(outcome)
    symbol = sign_of(outcome, look)
    id = short_id(outcome.remote_id, look.glyphs) if outcome.remote_id else ""
    head = line("  ", Span(symbol, style), " ", padded(str(outcome.address), column), "   ", padded(word, 9))
    if outcome.status is OutcomeStatus.SKIPPED:
        return written([head], look)  # nothing was sent, so there is no id and no time to tell
    taken = f"   {outcome.seconds:.1f} s" + (f"   {counted(files, 'file')}" if files and done else "")
    tail = line("   ", padded(id, 14), taken)
    if cells(head) + cells(tail) > look.width:
        tail = line("   ", id, taken)
    request = [line(f"    request {outcome.request_id}")] if look.full and done and outcome.request_id else []
    return written([line(head, tail), *request], look)


def end_word(outcome: Outcome) -> str:
    """How it ended, in a word."""
    return DONE[outcome.action] if outcome.status is OutcomeStatus.APPLIED else str(outcome.status)


def applied_text(applied: Applied, look: Look = PLAIN) -> str:
    """What is said after the last outcome: warnings, everything that is not applied and why, the closing line.

    The warnings alone where nothing was to be done: the plan has said that.
    """
    report = applied.report
    if report is None:
        return ""
    lines: list[Line] = [EMPTY] if report.warnings else []
    for warning in report.warnings:
        lines += sentence(warning, look.width, line(Span("warning", Style.WARN), ": "), "  ")
    if not report.outcomes:
        return written(lines, look) if lines else ""
    for status in TROUBLE:
        for outcome in (o for o in report.outcomes if o.status is status):
            lines += [EMPTY, *_trouble(outcome, look)]
    if lines:
        lines.append(EMPTY)
    lines.append(line(closing_words(report, applied.plan)))
    return written(lines, look)


def sign_of(outcome: Outcome, look: Look = PLAIN) -> str:
    """The sign in front of it."""
    match outcome.status:
        case OutcomeStatus.APPLIED:
            return "~" if outcome.refresh else outcome.action.symbol
        case OutcomeStatus.FAILED:
            return look.glyphs.failed
        case OutcomeStatus.UNKNOWN:
            return "?"
        case OutcomeStatus.SKIPPED:
            return "!"  # a minus would read as a delete


def _trouble(outcome: Outcome, look: Look) -> list[Line]:
    what = "mark refresh" if outcome.refresh else str(outcome.action)
    label = Span(str(outcome.status).upper(), _STATUS_STYLES[outcome.status])
    id = f"   {outcome.remote_id}" if outcome.remote_id else ""
    lines = [line(label, " ", Span(str(outcome.address), Style.STRONG), f"   {what}{id}")]
    rows = outcome.detail.splitlines()
    shown = rows if look.full or len(rows) <= _MOST_ROWS else rows[: _MOST_ROWS - 1]
    lines += indented("\n".join(shown), look)
    if more := len(rows) - len(shown):
        lines.append(line("  ", Span(f"({more:,} more)", Style.FAINT)))
    if outcome.request_id:
        lines.append(line(f"  request {outcome.request_id}"))
    return lines + indented(outcome.hint, look)


def closing_words(report: ApplyReport, plan: Plan) -> str:
    """The closing line."""
    target = plan.target
    applied = len(report.with_status(OutcomeStatus.APPLIED))
    troubles = [f"{number:,} {status}" for status in TROUBLE if (number := _count(report.outcomes, status))]
    place = f"{target.place}; nothing was sent anywhere" if target.local else f"{target.provider} at {target.place}"
    refreshed = f"{counted(report.refreshed, 'mark')} refreshed" if report.refreshed else ""
    if refreshed and not (applied or troubles):
        said, refreshed = f"{refreshed} on {target.name} ({place}).", ""
    else:
        done = f"Deleted {applied:,} from" if plan.deletes else f"Applied {applied:,} to"
        said = f"{done} {target.name} ({place})."
    if troubles:
        said += f" {', '.join(troubles)}."
    if refreshed:
        said += f" {refreshed}."
    return f"Interrupted. {said}" if report.interrupted else said


def _count(outcomes: Iterable[Outcome], status: OutcomeStatus) -> int:
    return sum(o.status is status for o in outcomes)
