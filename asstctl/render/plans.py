"""Plans of several targets side by side: a row per address that something is to be done about, a column per
target that answered, then each target's last line, or why there is none; with `full` each whole plan below.
"""

from asstctl.core.change import Action, BlockCode, Change
from asstctl.core.plan import Plan
from asstctl.core.plans import Drift, Plans, TargetPlan
from asstctl.render.drift import drift_summary, drift_text
from asstctl.render.plan import plan_summary, plan_text
from asstctl.render.style import ACTION_STYLES, PLAIN, Look, Style
from asstctl.render.tables import table
from asstctl.render.text import EMPTY, Line, Part, Span, cells, clipped, line, padded, sentence, wrapped, written
from asstctl.render.values import counted

_WIDEST_ADDRESS = 32
_NARROWEST = 9
_GAP = 3


def plans_text(plans: Plans, look: Look = PLAIN) -> str:
    """The table, the last line of each target, and in full every plan."""
    parts = [_table(plans, look), _summaries(plans, look)]
    if look.full:
        parts += [_whole(found, look) for one in plans.targets if (found := one.found) is not None]
    return "\n".join(part for part in parts if part)


def _table(plans: Plans, look: Look) -> str:
    answered = [(one.name, one.found) for one in plans.targets if one.found is not None]
    found = [{change.address: change for change in one.changes} for _, one in answered]
    everywhere = sorted({address for changes in found for address in changes})
    different = [a for a in everywhere if any(differs(changes.get(a)) for changes in found)]
    if not different:
        return ""
    names = max(cells(str(address)) for address in different)
    room = max(_NARROWEST, (look.width - min(names, _WIDEST_ADDRESS)) // len(found) - _GAP)
    ellipsis = look.glyphs.ellipsis
    rows: list[list[Part]] = [["ADDRESS", *(clipped(name, room, ellipsis) for name, _ in answered)]]
    for address in different:
        label = clipped(str(address), _WIDEST_ADDRESS, ellipsis)
        rows.append([label, *(_cell(changes.get(address), room, look) for changes in found)])
    unchanged = len(everywhere) - len(different)
    more = written([line(Span(f"({unchanged:,} unchanged everywhere)", Style.FAINT))], look) if unchanged else ""
    return table(rows, look) + more


def differs(change: Change | None) -> bool:
    """Whether something is to be done about it, or stands in the way of that."""
    return change is not None and (change.pending or change.block is not None)


def _cell(change: Change | None, room: int, look: Look) -> Line:
    """Sign and fields; `=` where nothing is to be done, nothing where the target does not know the address."""
    if change is None:
        return EMPTY
    if not differs(change):
        return line(Span("=", Style.FAINT))
    if change.block:
        style = Style.DRIFT if change.block.code is BlockCode.DRIFT else Style.BAD
        return line(Span("!", style), " ", _what(change, room, look))
    return line(Span(change.action.symbol, ACTION_STYLES[change.action]), " ", _what(change, room, look))


def what_words(change: Change) -> str:
    """What of an object is concerned: why it is blocked, else its fields and how many files."""
    if change.block and change.block.code is not BlockCode.DRIFT:
        return str(change.block.code)
    # an object that comes or goes has all of its fields, which says nothing
    fields = [] if change.action in (Action.CREATE, Action.DELETE, Action.FORGET) else change.fields
    files = [counted(len(change.files), "file")] if change.files else []
    return ", ".join([*(field.name for field in fields), *files])


def _what(change: Change, room: int, look: Look) -> str:
    return clipped(what_words(change), room - 2, look.glyphs.ellipsis)


def _summaries(plans: Plans, look: Look) -> str:
    column = max((cells(one.name) for one in plans.targets), default=0) + 2
    lines: list[Line] = []
    for one in plans.targets:
        head = line(padded(Span(one.name, Style.STRONG), column))
        lines += wrapped(_said(one), look.width, head, " " * column)
        if one.error is not None and one.error.hint:
            lines += [
                part for row in one.error.hint.splitlines() for part in sentence(row, look.width, *[" " * column] * 2)
            ]
    return written(lines, look)


def _said(one: TargetPlan) -> Line:
    match one.found:
        case Plan() as plan:
            return line(plan_summary(plan))
        case Drift() as drift:
            return line(drift_summary(drift))
    assert one.error is not None
    detail = f": {one.error.detail.splitlines()[0]}" if one.error.detail else ""
    return line(Span(f"error[{one.error.code}]", Style.BAD), f": {one.error.summary}{detail}")


def _whole(found: Plan | Drift, look: Look) -> str:
    return plan_text(found, look) if isinstance(found, Plan) else drift_text(found, look)
