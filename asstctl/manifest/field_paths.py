"""Paths of values in the words of an address: `tools.function.ask_database.parameters`, `metadata.team`.

Tools are named by type and name, as in plans; keys may hold dots, so that the longest that fits is taken.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from asstctl.core.change import Absent
from asstctl.core.json_types import Json
from asstctl.documents.edit_steps import value_at
from asstctl.documents.yaml import Path

TOOLS = "tools"


def descend(name: str, value: Json | Absent, rest: str) -> Path | None:
    """The steps from the value of a field, or of a key in one, to a path in dots below it; None where there is none."""
    if not rest:
        return ()
    for key, steps in sorted(children(name, value), key=lambda child: -len(child[0])):
        if rest == key or rest.startswith(f"{key}."):
            below = descend(str(steps[-1]), value_at(value, steps), rest[len(key) + 1 :])
            if below is not None:
                return (*steps, *below)
    return None


def children(name: str, value: Json | Absent) -> Iterator[tuple[str, Path]]:
    """What is directly inside a value, by its name in a path, and the steps to it."""
    if isinstance(value, Mapping):
        yield from ((str(key), (key,)) for key in value)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for number, item in enumerate(value):
            yield _tool(number, item) if name == TOOLS and isinstance(item, Mapping) else (str(number), (number,))


def _tool(number: int, tool: Mapping[str, Any]) -> tuple[str, Path]:
    kind = str(tool.get("type"))
    inner = tool.get(kind)
    if kind == "function" and isinstance(inner, Mapping):
        return f"function.{inner.get('name')}", (number, kind)
    name = f"mcp.{tool['server_label']}" if kind == "mcp" and "server_label" in tool else kind
    return name, (number, kind) if isinstance(inner, Mapping) else (number,)
