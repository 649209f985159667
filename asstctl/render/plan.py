"""A plan as a reviewer reads it: header, changes with their reasons and ways on, notes, one summary line."""

import shlex
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from asstctl.core.change import Action, BlockCode, Change, WayOn
from asstctl.core.plan import Plan, TargetInfo
from asstctl.render.escape import visible
from asstctl.render.fields import field_lines
from asstctl.render.files import file_lines, uploads
from asstctl.render.style import ACTION_STYLES, PLAIN, Look, Style
from asstctl.render.text import EMPTY, Line, Span, cells, line, padded, sentence, wrapped, written
from asstctl.render.values import counted, listed, place, short_id, spoken_kind

_HEADINGS = {
    Action.CREATE: "will be created",
    Action.UPDATE: "will be updated in-place",
    Action.REPLACE: "will be replaced",
    Action.DELETE: "will be deleted",
    Action.ADOPT: "will be adopted",
    Action.MOVE: "will be moved",
    Action.FORGET: "will be forgotten, and left as it is",
    Action.KEEP: "stays as it is",
}
_BLOCKED_HEADINGS = {
    BlockCode.DRIFT: "was changed outside of git",
    BlockCode.SAME_NAME: "is not created: the name is taken",
    BlockCode.DAMAGED_MARK: "bears a damaged mark",
    BlockCode.NEWER_MARK: "was last applied by a newer asstctl",
    BlockCode.PROTECTED: "is protected",
    BlockCode.MAX_DELETES: "is not deleted: too many deletes at once",
    BlockCode.NO_RESET: "has a field that cannot be reset",
    BlockCode.MARK_TOO_LONG: "would bear a mark that is too long",
    BlockCode.CODE_CLASH: "has two fields with one code in the mark",
    BlockCode.DEPENDENCY: "depends on something that is blocked",
    BlockCode.ADOPT: "cannot be adopted",
    BlockCode.MOVE: "cannot be moved",
    BlockCode.CAPABILITY: "asks for what the target cannot do",
    BlockCode.LOST_MARK: "may have lost its mark",
    BlockCode.CHANGED_SINCE: "was changed since that run",
}
_BLOCKED_BY = {
    BlockCode.DRIFT: "drift",
    BlockCode.SAME_NAME: "a taken name",
    BlockCode.DAMAGED_MARK: "a damaged mark",
    BlockCode.NEWER_MARK: "a newer mark",
    BlockCode.PROTECTED: "protection",
    BlockCode.MAX_DELETES: "max_deletes",
    BlockCode.NO_RESET: "a field without a reset",
    BlockCode.MARK_TOO_LONG: "a mark that is too long",
    BlockCode.CODE_CLASH: "a clash of codes",
    BlockCode.DEPENDENCY: "a dependency",
    BlockCode.ADOPT: "an adoption",
    BlockCode.MOVE: "a move",
    BlockCode.CAPABILITY: "what the target cannot do",
    BlockCode.LOST_MARK: "a lost mark",
    BlockCode.CHANGED_SINCE: "a change since the run",
}
_FARTHEST_PLACE = 52
"""The last column at which the places of changes may be aligned."""


def plan_text(plan: Plan, look: Look = PLAIN) -> str:
    """The whole plan. Its last line is never broken: people and scripts look for it."""
    changes = [change for change in plan.changes if change.pending or change.block]
    lines: list[Line] = []
    if changes:
        lines += [*header_lines(plan.target, look, plan.promoted_from), EMPTY, *change_lines(changes, look)]
    if look.full and plan.digest:
        lines += [digest_line(plan), EMPTY]
    return written([*lines, *note_lines(plan.notes, look), line(plan_summary(plan))], look)


def change_lines(changes: Sequence[Change], look: Look) -> list[Line]:
    """All changes, the places of their headings aligned, an empty line after each."""
    column = max(min(cells(_heading(change)), _FARTHEST_PLACE - 3) for change in changes) + 3
    return [text for change in changes for text in (*_change_lines(change, column, look), EMPTY)]


def note_lines(notes: Sequence[str], look: Look) -> list[Line]:
    """Every note, and an empty line below them."""
    lines = [text for note in notes for text in sentence(f"Note: {note}", look.width, rest="  ")]
    return [*lines, EMPTY] if lines else []


def saved_text(plan: Plan, path: str, look: Look = PLAIN) -> str:
    """What is said once a plan has been written to a file: its digest, and how to make exactly these changes."""
    said = f"Saved to {path}. To make exactly these changes:"
    # the file names its target
    command = Span(replace(plan.target, default=True).command(f"apply {shlex.quote(path)}"), Style.STRONG)
    whole = line(said, " ", command)
    told = [whole] if cells(whole) <= look.width else [line(said), line("  ", command)]
    return written([*told, digest_line(plan)], look)


def digest_line(plan: Plan) -> Line:
    """What `apply --expect` takes, on a line that 80 columns hold."""
    return line(f"Digest: {plan.digest}")


def apply_question(plan: Plan) -> str:
    """What `apply` asks on a terminal, without a newline at the end."""
    number, target = len(plan.pending), plan.target.name
    gone = sum(change.action is Action.DELETE for change in plan.pending)
    what = f"Delete {counted(number, 'object')} from {target}" if plan.deletes else ""
    deleting = f" ({counted(gone, 'delete')})" if gone else ""
    what = what or f"Apply {counted(number, 'change')}{deleting} to {target}"
    if plan.stale_marks:
        what += f" and refresh {counted(len(plan.stale_marks), 'mark')}"
    return f"{visible(what)}? Only 'yes' is accepted: "


def target_place(target: TargetInfo) -> str:
    """`assistants at 127.0.0.1:8000 (full wire)`, `embedded server at .asstctl/local.db`."""
    if target.local:
        return f"embedded server at {target.place}"
    return f"{target.provider} at {target.place}" + (f" ({target.dialect})" if target.dialect else "")


def header_words(target: TargetInfo, promoted_from: str = "") -> list[str]:
    """Which target, where it is, whose objects, and where they were tried out."""
    promoted = [f"promoted from {promoted_from}"] if promoted_from else []
    return [f"Target {target.name}", target_place(target), f"project {target.project}", *promoted]


def header_lines(target: TargetInfo, look: Look, promoted_from: str = "") -> list[Line]:
    """Which target, where it is, and whose objects: on one line, or on two; below it what holds of all differences."""
    dot = f" {look.glyphs.dot} "
    first, where, *projects = header_words(target, promoted_from)
    project = dot.join(projects)
    whole = line(Span(first, Style.STRONG), dot, where, dot, project)
    terms = wrapped(target.terms, look.width, "  ", "  ") if target.terms else []
    if cells(whole) <= look.width:
        return [whole, *terms]
    return [
        line(Span(first, Style.STRONG), dot, project),
        *wrapped(where, look.width, "  ", "  "),
        *terms,
    ]


def what_happens(change: Change) -> str:
    """`will be created`, or what is in the way of it."""
    code = change.block.code if change.block else None
    since = f" since r={change.revision}" if code is BlockCode.DRIFT and change.revision else ""
    return f"{_BLOCKED_HEADINGS[code] if code else _HEADINGS[change.action]}{since}"


def symbol_of(change: Change) -> str:
    """The sign in front of it."""
    return "!" if change.block else change.action.symbol


def _heading(change: Change) -> str:
    return f"  # {change.address} {what_happens(change)}"


def _change_lines(change: Change, column: int, look: Look) -> list[Line]:
    lines = _title(change, column, look)
    if reason := reason_words(change):
        lines += wrapped(Span(f"({reason})", Style.FAINT), look.width, "  # ", "  #  ")
    lines.append(_symbol_line(change, look))
    lines += [*field_lines(change, look), *file_lines(change, look), *_hidden(change)]
    if change.block:
        lines += way_lines(change.block.ways, look)
    return lines


def reason_words(change: Change) -> str:
    """Why, where heading and fields do not tell already: drift, creates and updates explain themselves."""
    if change.block:
        return "" if change.block.code is BlockCode.DRIFT else change.block.reason
    if change.decided and change.decided != change.where:
        return f"as {place(change.decided)} says"
    return "" if change.action in {Action.CREATE, Action.UPDATE, Action.MOVE} else change.reason


def _title(change: Change, column: int, look: Look) -> list[Line]:
    heading, where = Span(_heading(change), Style.STRONG), Span(place(change.where), Style.FAINT)
    if not where.text:
        return [line(heading)]
    for width in (column, cells(heading) + 2):
        if max(width, cells(heading) + 2) + cells(where) <= look.width:
            return [line(padded(heading, max(width, cells(heading) + 2)), where)]
    return [line(heading), line("  #   ", where)]


def _symbol_line(change: Change, look: Look) -> Line:
    style, symbol = ACTION_STYLES[change.action], symbol_of(change)
    if change.block:
        style = Style.DRIFT if change.block.code is BlockCode.DRIFT else Style.BAD
    id = f"  {short_id(change.remote_id, look.glyphs)}" if change.remote_id else ""
    was = f"  (was {change.previous})" if change.previous else ""
    text = line("  ", Span(symbol, style), f' {change.address.kind} "{change.address.key}"{id}{was}')
    if not change.block:
        sent = str(uploads([change])) if change.pending else ""
        return line(text, f"     {sent}") if sent else text
    return line(padded(text, look.width - len("blocked")), " " * (cells(text) > look.width - 9), Span("blocked", style))


def hidden_words(change: Change) -> str:
    """How much of the object the change leaves alone."""
    if change.action is Action.CREATE:
        return ""
    parts = ((change.unchanged, "unchanged attribute"), (change.files_unchanged, "unchanged file"))
    hidden = [counted(number, noun) for number, noun in parts if number]
    return f"({listed(hidden)} hidden)" if hidden else ""


def _hidden(change: Change) -> list[Line]:
    said = hidden_words(change)
    return [line("      ", Span(said, Style.FAINT))] if said else []


def way_lines(ways: Sequence[WayOn], look: Look) -> list[Line]:
    """The ways on, one a line with the commands aligned, or each on two lines where one would be too long."""
    if not ways:
        return []
    column = max(cells(way.text) for way in ways) + 4
    if all(4 + column + cells(way.command) <= look.width for way in ways):
        return [line("    ", padded(f"{way.text}:", column), Span(way.command, Style.STRONG)) for way in ways]
    return [
        text for way in ways for text in (line(f"    {way.text}:"), line("      ", Span(way.command, Style.STRONG)))
    ]


def plan_summary(plan: Plan) -> str:
    """The last line: each object counted once, what is not zero alone."""
    stale = counted(len(plan.stale_marks), "mark")
    marks = f" {stale} to refresh." if plan.stale_marks else ""
    if plan.is_empty:
        if plan.deletes:
            return f"Nothing to delete: nothing on {plan.target.name} bears the mark of project {plan.target.project}."
        if plan.undoes:
            return f"No changes. Nothing that run {plan.undoes} did is left to be taken back."
        return f"No changes. {_matching(plan.changes, plan.target.name)}{marks}"
    sent = str(uploads(plan.pending))
    return f"Plan: {counts_words(plan.counts)}.{f' {sent}.' if sent else ''}{marks}"


def counts_words(counts: Mapping[str, int]) -> str:
    """`1 to create, 2 blocked by drift, 3 unchanged`, in words of `Plan.counts`."""
    parts = [f"{counts[action]:,} to {action}" for action in Action if counts.get(action)]
    parts += [f"{n:,} blocked by {_BLOCKED_BY[code]}" for code in BlockCode if (n := counts.get(f"blocked:{code}", 0))]
    if unchanged := counts.get("unchanged"):
        parts.append(f"{unchanged:,} unchanged")
    return ", ".join(parts)


def _matching(changes: Iterable[Change], target: str) -> str:
    kinds = Counter(spoken_kind(change.address) for change in changes)
    if not kinds:
        return f"Nothing is declared for {target}."
    verb = "matches" if kinds.total() == 1 else "match"
    return f"{listed([counted(number, kind) for kind, number in kinds.items()])} on {target} {verb} your files."
