"""`list` and `show`: what is on a target, as aligned columns or as fields."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from asstctl.core.capabilities import Way
from asstctl.core.inventory import HeldFile, Ids, Inventory, Resource, Shown
from asstctl.core.json_text import json_lines, json_text
from asstctl.core.json_types import Json
from asstctl.core.loss import Loss
from asstctl.core.tokens import Tokens
from asstctl.render.differences import diff_lines
from asstctl.render.style import PLAIN, Look, Style
from asstctl.render.text import Line, Part, Span, cells, clipped, line, padded, wrapped, written
from asstctl.render.values import counted, short_id, size
from asstctl.render.words import diff_texts

_WIDEST, _NARROWEST = 32, 12
_GAP = " " * 3


def list_text(inventory: Inventory, look: Look = PLAIN) -> str:
    """A table with a heading; an empty one is said in words."""
    if not inventory.resources:
        return written([line(f"Nothing on {inventory.target.name}.")], look)
    heading = ("ADDRESS", "NAME", "ID", "MODEL", "FILES", "STATUS")
    shown: list[tuple[str, ...]] = [heading, *(_cells(resource, look) for resource in inventory.resources)]
    if (excess := _width(shown) - look.width) > 0:
        # names can be cut, for addresses say the same; where that is not enough the model goes, then the files
        room = max(_NARROWEST, max(cells(row[1]) for row in shown) - excess)
        shown = [(row[0], clipped(row[1], room, look.glyphs.ellipsis), *row[2:]) for row in shown]
    for _ in range(2):
        if _width(shown) > look.width:
            shown = [(*row[:3], *row[4:]) for row in shown]
    return table(shown, look)


def ids_text(ids: Ids, look: Look = PLAIN) -> str:
    """Addresses and whole ids, for people."""
    return table([(str(address), id) for address, id in ids.ids.items()], look, heading=False)


def show_text(shown: Shown, look: Look = PLAIN) -> str:
    """Every field; texts of several lines in full, below their name. Then what the files say otherwise, and about how
    many tokens it is."""
    one = shown.resource
    facts = "".join(f"   {fact}" for fact in (one.id, f"on {shown.target.name}", one.status) if fact)
    lines = [line(Span(str(one.address), Style.STRONG), facts)]
    if one.created_at is not None:
        lines.append(line(f"  created {moment(one.created_at)}"))
    column = max((cells(name) for name in one.fields), default=0) + 2
    for name, value in one.fields.items():
        lines += _field(line("  ", padded(f"{name}:", column)), value, look)
    lines += [line(f"  {_lost(loss)}") for loss in one.losses]
    lines += _declared_lines(shown, look)
    lines += _token_lines(shown, look)
    files = "" if one.files is None else _files(one.files, look)
    return written(lines, look) + files


def _declared_lines(shown: Shown, look: Look) -> list[Line]:
    """The word diff from the instructions that are live to those of the files, where there is one."""
    declared = shown.declared
    if declared is None or not declared.differs or not shown.resource.id:
        return []
    live = shown.resource.fields.get("instructions")
    diff = diff_texts(live if isinstance(live, str) else "", declared.instructions)
    head = (
        f"  The files say other instructions, {diff.changed:,} of {counted(diff.total, 'line')}, [-live-]{{+files+}}:"
    )
    return [*wrapped(head.lstrip(), look.width, "  ", "  "), *diff_lines(diff, look, "    ")]


def _token_lines(shown: Shown, look: Look) -> list[Line]:
    """Estimates, and said to be that."""
    tokens, declared = shown.tokens, shown.declared
    if tokens is None:
        return []
    said = _estimated(tokens)
    if declared and declared.differs and shown.resource.id:
        said += f"; as the files say it {_estimated(declared.tokens)}"
    return wrapped(f"{said} (an estimate, not a count)", look.width, "  ", "  ")


def _estimated(tokens: Tokens) -> str:
    whole = f"about {counted(tokens.prompt, 'token')} before anybody speaks"
    return f"{whole}: instructions {tokens.instructions:,}, tools {tokens.tools:,}"


def _lost(loss: Loss) -> str:
    """`without temperature`: what the files say and the target accepts to be without."""
    match loss.way:
        case Way.SESSION:
            return f"without {loss.path}: conversations open a hosted environment"
        case Way.FUNCTION:
            return f"without {loss.path}: function {loss.function} stands for it"
    return f"without {loss.path}"


def _files(files: Sequence[HeldFile], look: Look) -> str:
    """A table below the fields: those of other people have an id only."""
    if not files:
        return written([line("  no files")], look)
    rows = [("  FILE", "SIZE")]
    rows += [(f"  {one.path or f'{one.id} (not of this project)'}", size(one.bytes)) for one in files]
    room = max(_NARROWEST, look.width - _width(rows) - len(_GAP))
    said = [f"{one.status}: {one.error}" if one.error else one.status for one in files]
    status = ["STATUS", *(clipped(text, room, look.glyphs.ellipsis) for text in said)]
    return table([(*row, text) for row, text in zip(rows, status, strict=True)], look)


def moment(seconds: int) -> str:
    """`2026-11-22 10:40:00 UTC`."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} UTC"


def table(rows: Sequence[Sequence[Part]], look: Look = PLAIN, *, heading: bool = True) -> str:
    """Columns aligned by cell width, three blanks apart; columns that are empty in every row are left out."""
    kept = [n for n in range(len(rows[0])) if any(cells(row[n]) for row in rows[heading:])] if rows else []
    widths = {n: max(cells(row[n]) for row in rows) for n in kept}
    lines: list[Line] = []
    for number, row in enumerate(rows):
        parts: list[Part] = [padded(row[n], widths[n]) if n != kept[-1] else row[n] for n in kept]
        spaced = line(*(p for part in parts for p in (part, _GAP)))[:-1]
        lines.append(tuple(Span(s.text, Style.FAINT) for s in spaced) if heading and number == 0 else spaced)
    return written(lines, look)


def _width(rows: Sequence[Sequence[Part]]) -> int:
    columns = [max(cells(row[n]) for row in rows) for n in range(len(rows[0]))]
    return sum(columns) + len(_GAP) * (len(columns) - 1)


def _cells(one: Resource, look: Look) -> tuple[str, ...]:
    name = clipped(one.name, _WIDEST, look.glyphs.ellipsis)
    files = "" if one.files is None else f"{len(one.files):,}"
    return str(one.address), name, short_id(one.id, look.glyphs), one.model, files, one.status


def _field(head: Line, value: Json, look: Look) -> list[Line]:
    if isinstance(value, str) and "\n" in value:
        rows = value.splitlines()
        below = [part for row in rows for part in wrapped(row, look.width, "    | ", "    | ")]
        return [line(head, counted(len(rows), "line")), *below]
    short = json_text(value)
    if cells(head) + cells(short) <= look.width or not isinstance(value, (Mapping, list, tuple)):
        return wrapped(short, look.width, head, " " * cells(head))
    return [head, *(line("    ", row) for row in json_lines(value))]
