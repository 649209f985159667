"""`list` and `show`: what is on a target, as aligned columns, as fields, or as lines for a .env file."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from asstctl.core.address import Address
from asstctl.core.errors import Refused
from asstctl.core.json_types import Json
from asstctl.core.resource import EMPTY as NOTHING
from asstctl.render.escape import visible
from asstctl.render.style import PLAIN, Look, Style
from asstctl.render.text import Line, Part, Span, cells, clipped, line, padded, wrapped, written
from asstctl.render.values import counted, json_lines, json_text, short_id

_WIDEST, _NARROWEST = 32, 12
_GAP = " " * 3


@dataclass(frozen=True, slots=True)
class ListedRow:
    """One object of a target. `address` is empty for one that is not ours, `status` says where it stands."""

    address: Address | None
    name: str
    id: str
    model: str = ""
    status: str = ""
    created_at: int | None = None


@dataclass(frozen=True, slots=True)
class ShownResource:
    """One object in full: its fields as the provider reports them, our mark left out of the metadata.

    `id` is empty for one that is declared and not made yet; its fields are then those of the files.
    """

    address: Address
    id: str
    target: str
    status: str = ""
    created_at: int | None = None
    fields: Mapping[str, Json] = field(default_factory=lambda: NOTHING)


def list_text(rows: Sequence[ListedRow], target: str, look: Look = PLAIN) -> str:
    """A table with a heading; an empty one is said in words."""
    if not rows:
        return written([line(f"Nothing on {target}.")], look)
    shown: list[tuple[str, ...]] = [("ADDRESS", "NAME", "ID", "MODEL", "STATUS"), *(_cells(row, look) for row in rows)]
    if (excess := _width(shown) - look.width) > 0:
        # names can be cut, for addresses say the same; where that is not enough the model goes
        room = max(_NARROWEST, max(cells(row[1]) for row in shown) - excess)
        shown = [(row[0], clipped(row[1], room, look.glyphs.ellipsis), *row[2:]) for row in shown]
    if _width(shown) > look.width:
        shown = [(*row[:3], row[4]) for row in shown]
    return table(shown, look)


def ids_text(rows: Sequence[ListedRow], look: Look = PLAIN) -> str:
    """Addresses and whole ids, for people."""
    return table([(str(row.address), row.id) for row in rows if row.address], look, heading=False)


def ids_env(rows: Sequence[ListedRow]) -> str:
    """`ASSTCTL_GUAGUA_ID=asst_…`, one a line, as shells and .env readers take it.

    Other kinds than assistants carry theirs in the name. Two keys that make one name (`a-b` and `a_b`) are
    refused, because the second would silently win.
    """
    names: dict[str, ListedRow] = {}
    for row in rows:
        if row.address is None:
            continue
        name = env_name(row.address)
        if name in names:
            raise Refused(
                f"two ids would both be {name}",
                detail=f"{names[name].address} and {row.address}",
                hint="Take the ids as JSON instead: asstctl list --ids --format json",
            )
        names[name] = row
    return "".join(f"{name}={shlex.quote(visible(row.id))}\n" for name, row in names.items())


def env_name(address: Address) -> str:
    """The name of the environment variable that holds an object's id."""
    kind = "" if address.kind == "assistant" else f"{address.kind}_"
    return f"ASSTCTL_{kind}{address.key}_ID".replace("-", "_").upper()


def show_text(shown: ShownResource, look: Look = PLAIN) -> str:
    """Every field; texts of several lines in full, below their name."""
    facts = "".join(f"   {fact}" for fact in (shown.id, f"on {shown.target}", shown.status) if fact)
    lines = [line(Span(str(shown.address), Style.STRONG), facts)]
    if shown.created_at is not None:
        lines.append(line(f"  created {moment(shown.created_at)}"))
    column = max((cells(name) for name in shown.fields), default=0) + 2
    for name, value in shown.fields.items():
        lines += _field(line("  ", padded(f"{name}:", column)), value, look)
    return written(lines, look)


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


def _cells(row: ListedRow, look: Look) -> tuple[str, ...]:
    mark = look.glyphs.ellipsis
    address = str(row.address) if row.address else "-"
    return address, clipped(row.name, _WIDEST, mark), short_id(row.id, look.glyphs), row.model, row.status


def _field(head: Line, value: Json, look: Look) -> list[Line]:
    if isinstance(value, str) and "\n" in value:
        rows = value.splitlines()
        below = [part for row in rows for part in wrapped(row, look.width, "    | ", "    | ")]
        return [line(head, counted(len(rows), "line")), *below]
    short = json_text(value)
    if cells(head) + cells(short) <= look.width or not isinstance(value, (Mapping, list, tuple)):
        return wrapped(short, look.width, head, " " * cells(head))
    return [head, *(line("    ", row) for row in json_lines(value))]
