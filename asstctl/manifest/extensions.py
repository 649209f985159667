"""Extensions that would write a field of the wire past its compare rule. Pure.

Where a wire object holds a field and extensions under one key (`Capabilities.composite`), it is the part that is the
field which no extension may name.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from asstctl.core.capabilities import Capabilities
from asstctl.core.json_types import Json
from asstctl.core.resource import FILLED_BY_SERVER
from asstctl.core.suggest import did_you_mean, shortened
from asstctl.documents.yaml import Path as Place
from asstctl.kinds.assistant_fields import TOOL_TYPES

TOOLS = "tools"


@dataclass(frozen=True)
class Reserved:
    """What is wrong with an extension, at a path in it."""

    summary: str
    hint: str
    path: Place = ()


def reserved(name: str, value: Json, kind: str, known: Capabilities) -> Iterator[Reserved]:
    """Why an extension of an object of this kind may not be what it is."""
    fields = known.fields.get(kind, {})
    if name in FILLED_BY_SERVER:
        yield Reserved(f"`{name}` is filled in by the server", "remove it")
    elif name == TOOLS and TOOLS in known.composite:
        yield from _tools(value, known)
    elif name in known.composite:
        if value is not None and not isinstance(value, Mapping):
            yield Reserved(f"`{name}` must be a map", f"write what it holds by name: `{name}: {{NAME: VALUE}}`")
        for field, one in fields.items():
            if one.path[0] == name and isinstance(value, Mapping) and one.path[-1] in value:
                summary = f"`{'.'.join(one.path)}` is the field `{field}`, and no part of an extension"
                yield Reserved(summary, _outside(field), one.path[1:])
    elif name in {one.path[0] for one in fields.values()}:
        yield Reserved(f"`{name}` is a field of its own, and not an extension", _outside(name))


def _tools(value: Json, known: Capabilities) -> Iterator[Reserved]:
    """Entries that are tools in the words of a manifest, or of no type that the wire takes."""
    if value is None:
        return
    if not isinstance(value, Sequence) or isinstance(value, str):
        yield Reserved("`tools` must be a list", "write each tool as an entry: `- type: ...`")
        return
    for number, tool in enumerate(value):
        kind = tool.get("type") if isinstance(tool, Mapping) else None
        name = kind if isinstance(kind, str) else ""
        if name in known.extension_tools:
            continue
        named = f"`{shortened(name)}`" if name else "this"
        hint = did_you_mean(name, sorted(known.extension_tools))
        if name in TOOL_TYPES:
            hint = f"write it in `{TOOLS}:` outside of `extensions`"
        yield Reserved(f"{named} is no tool that only the {known.api} has", hint, (number,))


def _outside(name: str) -> str:
    return f"write `{name}:` outside of `extensions`; `targets:` sets it for one target"
