"""Prospects: what another provider would make of assistants, field by field. Pure.

What it cannot hold is told by `manifest.unsupported`, as for a manifest whose target accepts no loss; what it takes and
means otherwise, and its limits, are in its capabilities too.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from asstctl.core.capabilities import Capabilities, Way
from asstctl.core.json_types import EMPTY, Json
from asstctl.core.migration import Fate, FieldFate
from asstctl.core.resource import EXTENSION, Live
from asstctl.kinds import KINDS
from asstctl.manifest.limits import excesses
from asstctl.manifest.unsupported import FORMAT, FUNCTION, RESOURCES, STAND_IN, Refusal, held_by

_GIVEN = {"file_search": "vector stores", "code_interpreter": "files"}
"""What tools are given by their resources."""


def fates_of(
    live: Live, target: str, capabilities: Capabilities, search: str, left: Mapping[str, str] = EMPTY
) -> tuple[FieldFate, ...]:
    """What becomes of each field that an assistant has; what stands at its default is nothing that could be lost.

    `search` is the name of the function that is to stand for `file_search`; `left` are the fields that its manifest
    leaves out, and why.
    """
    return tuple(_Teller(live, target, capabilities, search, left).fates())


def search_name(objects: Iterable[Live]) -> str:
    """A name that none of their functions has."""
    taken = {_function(tool).get("name") for live in objects for tool in _tools(live.fields)}
    number = 1
    while (name := STAND_IN if number == 1 else f"{STAND_IN}_{number}") in taken:
        number += 1
    return name


class _Teller:
    def __init__(
        self, live: Live, target: str, capabilities: Capabilities, search: str, left: Mapping[str, str]
    ) -> None:
        kind = KINDS[live.kind]
        self.live = live
        self.target = target
        self.search = search
        self.left = left
        self.held = capabilities.fields[live.kind]
        self.wire = capabilities.dialect
        self.changed = capabilities.changed
        said = {name: value for name, value in live.fields.items() if name in kind.fields and name not in left}
        self.fields = {
            name: said[name] for name in kind.fields if kind.field(name).canonical(said.get(name)) is not None
        }
        self.tools = _tools(self.fields)
        self.excesses = {str(one.path[0]): one for one in excesses(self.fields, capabilities.limits.get(live.kind, {}))}
        self.refused: dict[str, list[Refusal]] = {}
        for one in held_by(capabilities, live.kind, self.fields, {}).refusals:
            self.refused.setdefault(one.field.removeprefix(f"{live.kind}."), []).append(one)

    def fates(self) -> Iterator[FieldFate]:
        for name, value in self.fields.items():
            if name == "tools":
                yield from self._tools()
            elif name.startswith(f"{RESOURCES}."):
                yield self._resources(name)
            elif name == FORMAT and isinstance(value, Mapping):
                yield from self._format(str(value.get("type")))
            else:
                yield self._field(name)
        for name, reason in self.left.items():
            yield FieldFate(name, Fate.LOST, f"its manifest leaves it out: {reason}", "declare what takes its place")
        for name, value in sorted(self.live.fields.items()):
            if name.startswith(EXTENSION) and value is not None and name not in self.left:
                said = "no provider but that of its own wire reads it"
                yield FieldFate(name, Fate.LOST, said, "keep it for that provider, under `extensions`")

    def _field(self, name: str) -> FieldFate:
        if name in self.refused:
            return self._lost(name)
        if name not in self.held:
            return FieldFate(name, Fate.LOST, f"the {self.wire} has no {name}", "leave it out for this target")
        if excess := self.excesses.get(name):
            said = f"the {self.wire} takes {excess.taken}: {excess.summary}"
            return FieldFate(name, Fate.LOST, said, "shorten it for this target, under `targets:` of the manifest")
        return self._kept(name)

    def _kept(self, path: str) -> FieldFate:
        said = self.changed.get(self.live.kind, {}).get(path, "")
        return FieldFate(path, Fate.CHANGED if said else Fate.MAPS, said)

    def _lost(self, field: str) -> FieldFate:
        """A loss, as the table has it, accepted in the first of the ways that it takes."""
        first = self.refused[field][0]
        way = first.row.accepts[0]
        accepted: Json = {FUNCTION: self.search} if way is Way.FUNCTION else str(way)
        fate = Fate.MOVED if way is Way.SESSION else Fate.LOST
        said, on = f"the {self.wire} has {first.row.what}", first.row.way.replace("TARGET", self.target)
        names = _names(_function(self.tools[at]) for at in map(_number, self.refused[field]) if at is not None)
        return FieldFate(field, fate, said, on, first.field, accepted, names)

    def _tools(self) -> Iterator[FieldFate]:
        functions = [function for tool in self.tools if (function := _function(tool))]
        for name in dict.fromkeys(str(tool.get("type")) for tool in self.tools):
            path = f"tools.{name}"
            if path in self.refused:
                yield self._lost(path)
            elif name == FUNCTION:
                yield FieldFate(path, Fate.MAPS, names=_names(functions))
            else:
                yield FieldFate(path, Fate.MAPS)
        yield from (self._lost(field) for field in self.refused if field.startswith(f"{FUNCTION}."))
        for part, said in self.changed.get(FUNCTION, {}).items():
            if lacking := _names(one for one in functions if not one.get(part)):
                yield FieldFate(f"{FUNCTION}.{part}", Fate.CHANGED, said, names=lacking)

    def _resources(self, name: str) -> FieldFate:
        """What a tool is given goes where the tool goes, unless it has a row of its own."""
        tool = name.removeprefix(f"{RESOURCES}.")
        if name in self.refused or f"tools.{tool}" not in self.refused:
            return self._field(name)
        gone = self._lost(f"tools.{tool}")
        if isinstance(gone.accepted, Mapping):
            said = f"the {_GIVEN[tool]} stay where they are, and the function that stands for {tool} searches them"
            return FieldFate(name, Fate.MOVED, said, entry=gone.entry, accepted=gone.accepted)
        return FieldFate(name, Fate.LOST, gone.said, gone.way, gone.entry, gone.accepted)

    def _format(self, form: str) -> Iterator[FieldFate]:
        path = f"{FORMAT}.{form}"
        if path in self.refused:
            yield self._lost(path)
            return
        kept = self._kept(path)
        yield kept if kept.said and FORMAT in self.held else self._field(FORMAT)
        yield from (self._lost(field) for field in self.refused if field.startswith(f"{FORMAT}."))


def _number(refusal: Refusal) -> int | None:
    """Which of the tools is meant, where it is a part of a function."""
    match refusal.path:
        case ("tools", int(number), "function", _):
            return number
    return None


def _tools(fields: Mapping[str, Json]) -> list[Mapping[str, Any]]:
    tools: Any = fields.get("tools")
    return [tool for tool in tools or () if isinstance(tool, Mapping)]


def _function(tool: Mapping[str, Any]) -> Mapping[str, Any]:
    function = tool.get(FUNCTION)
    return function if tool.get("type") == FUNCTION and isinstance(function, Mapping) else {}


def _names(functions: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    return tuple(str(one.get("name")) for one in functions)
