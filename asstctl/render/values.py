"""Values as text, short where they are long; JSON is written by `core`. Nothing here knows what a field means."""

from collections.abc import Mapping, Sequence

from asstctl.core.address import Address
from asstctl.core.diagnostic import Where
from asstctl.core.json_text import json_text
from asstctl.core.json_types import Json
from asstctl.core.reference import address_of, is_known, path_of
from asstctl.render.style import Glyphs, Look
from asstctl.render.text import cells, clipped


def is_long_text(value: object, room: int) -> bool:
    """Whether a text is to be summarised or compared line by line rather than quoted whole."""
    return isinstance(value, str) and ("\n" in value or cells(json_text(value[: 4 * room])) > room)


def summary(value: Json, room: int, look: Look, *, there: bool = False) -> str:
    """In at most `room` columns. A long text is its first line and how long it is in all."""
    if isinstance(value, str) and is_long_text(value, room):
        lines = value.splitlines() or [""]
        size = f" ({counted(len(lines), 'line') + ', ' if len(lines) > 1 else ''}{counted(len(value), 'character')})"
        mark = look.glyphs.ellipsis
        first = clipped(lines[0], max(12, room - len(size) - 2 - cells(mark)), "")
        return f'"{first}{mark}"{size}'
    return clipped(value_text(value, there=there), room, look.glyphs.ellipsis)


def value_text(value: Json, *, there: bool = False) -> str:
    """JSON on one line; what stands for an id that is not known is told in words, without quotes. `there`: a file has
    been uploaded, and only its id is not known."""
    if is_known(value):
        return json_text(value)
    if address := address_of(value):
        return f"{address} (known after apply)"
    assert not isinstance(value, str)
    if isinstance(value, Mapping):
        if path := path_of(value):
            return f"{path} ({size(value['bytes'])}{'' if there else ', to be uploaded'})"
        items = (f"{json_text(key)}: {value_text(item, there=there)}" for key, item in value.items())
        return "{" + ", ".join(items) + "}"
    assert isinstance(value, Sequence)
    return "[" + ", ".join(value_text(item, there=there) for item in value) + "]"


def size(number: int) -> str:
    """`812 bytes`, `1.2 KB`, `34 MB`: two digits are enough to know what an upload takes."""
    amount = float(number)
    if amount < 1000:
        return counted(number, "byte")
    for unit in ("KB", "MB", "GB", "TB"):
        amount /= 1000
        if amount < 999.5 or unit == "TB":
            break
    return f"{amount:,.1f} {unit}" if amount < 9.95 else f"{amount:,.0f} {unit}"


def dollars(cost: float) -> str:
    """`$0.03`, `$1,204.50`; below a cent `$0.0009`, for a turn costs little."""
    if cost >= 0.01 or not cost:
        return f"${cost:,.2f}"
    return f"${cost:.4f}" if cost >= 0.0001 else "less than $0.0001"


def tool_names(value: Json) -> list[str]:
    """What a list of tools holds, as `code_interpreter` or `function.NAME`; both shapes are read.

    Live and manifest values come either as the wire lists tools or keyed by those names.
    """
    if isinstance(value, Mapping):
        return [str(name) for name in value]
    if not isinstance(value, Sequence) or isinstance(value, str):
        return []
    names = []
    for tool in value:
        kind = str(tool.get("type", "?")) if isinstance(tool, Mapping) else str(tool)
        function = tool.get("function") if isinstance(tool, Mapping) else None
        names.append(f"{kind}.{function.get('name', '?')}" if isinstance(function, Mapping) else kind)
    return names


def short_id(id: str, glyphs: Glyphs) -> str:
    """`asst_xi4K…dmzk`: the prefix, four characters and the last four."""
    prefix, bar, rest = id.rpartition("_")
    return f"{prefix}{bar}{rest[:4]}{glyphs.ellipsis}{rest[-4:]}" if len(rest) > 10 else id


def place(where: Where | None) -> str:
    """`assistants/guagua.md:3`, as an editor opens it."""
    return f"{where.path}:{where.line}" if where else ""


def counted(number: int, noun: str) -> str:
    """`1 error`, `2 errors`, `1,200 assistants`; only plurals in -s."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def listed(words: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def spoken_kind(address: Address) -> str:
    """`vector store` for `vector_store`."""
    return address.kind.replace("_", " ")
