"""What a wire cannot hold of what is declared for it: refused, or left out where the target accepts the loss. Pure.

The table is the wire's own (`Capabilities.unsupported`), the answers are those of the target (`on_unsupported`). This
module knows how to walk to what a row means, what goes with it, and what each answer makes of it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from asstctl.core.capabilities import Capabilities, Unsupported, Way
from asstctl.core.json_types import EMPTY, Json, JsonObject
from asstctl.core.loss import Accepted, Loss
from asstctl.core.resource import EXTENSION
from asstctl.documents.yaml import Path
from asstctl.kinds import KINDS
from asstctl.kinds.canonical import same

RESOURCES = "tool_resources"
FORMAT = "response_format"
FUNCTION = "function"

STAND_IN = "search_files"
"""What hints call a function that stands for `file_search`."""

_QUERY: JsonObject = {"type": "object", "properties": {"query": {"type": "string"}}, "required": ["query"]}


@dataclass(frozen=True)
class Refusal:
    """Something that the wire lacks and whose loss the target does not accept. `field` is in the words of
    `on_unsupported`, `path` in those of the fields; `of_key`: the key there is meant."""

    field: str
    row: Unsupported
    path: Path
    of_key: bool = False


@dataclass
class Held:
    """What is left of an object's fields, what is lost, and what is in the way.

    `searched` are the stores of a function that stands for `file_search`. `clashes` are paths of functions whose name
    such a function is to have, `uncredited` names of credentials that the target does not know, by their paths.
    """

    fields: dict[str, Json]
    losses: dict[str, Loss] = field(default_factory=dict)
    searched: tuple[Json, ...] = ()
    refusals: list[Refusal] = field(default_factory=list)
    clashes: list[Path] = field(default_factory=list)
    uncredited: dict[Path, str] = field(default_factory=dict)


def held_by(
    known: Capabilities | None,
    kind: str,
    fields: Mapping[str, Json],
    accepts: Mapping[str, Accepted | None],
    credentials: Mapping[str, str] = EMPTY,
) -> Held:
    """What a wire holds of an object; all of it where nothing is known of the wire."""
    sieve = _Sieve(known or Capabilities("", {}), kind, accepts, Held(dict(fields)))
    sieve.sift(credentials)
    return sieve.held


def entry_for(refusal: Refusal) -> str:
    """The entry of `on_unsupported` that accepts a loss, in the first of its ways."""
    way = refusal.row.accepts[0]
    return f"{refusal.field}: {f'{{function: {STAND_IN}}}' if way is Way.FUNCTION else way}"


def rows_of(known: Capabilities) -> Iterator[tuple[str, Unsupported]]:
    """Every row of a wire's table, by the words of `on_unsupported`."""
    yield from ((f"{kind}.{path}", row) for kind, rows in known.unsupported.items() for path, row in rows.items())


def lacking_tools(known: Capabilities) -> frozenset[str]:
    """The types of tools that a wire has none of."""
    rows = known.unsupported.get("assistant", {})
    return frozenset(path.removeprefix("tools.") for path in rows if path.startswith("tools."))


@dataclass
class _Sieve:
    known: Capabilities
    kind: str
    accepts: Mapping[str, Accepted | None]
    held: Held

    def __post_init__(self) -> None:
        self.rows = self.known.unsupported.get(self.kind, {})
        self.function_rows = self.known.unsupported.get(FUNCTION, {})
        self.ways: dict[str, Way | None] = {}  # what becomes of each type of tool that the wire lacks; None: refused

    def sift(self, credentials: Mapping[str, str]) -> None:
        fields = self.held.fields
        if isinstance(fields.get(FORMAT), Mapping):
            self._response_format()
        if isinstance(fields.get("tools"), Sequence):
            self._tools(credentials)
        on_wire = self.known.fields.get(self.kind)
        for name in [*fields]:
            lacks = name in self.rows or (on_wire is not None and name not in on_wire)
            if lacks and not name.startswith(EXTENSION) and self._goes(name):
                del fields[name]

    def _goes(self, name: str) -> bool:
        """Whether a field that the wire lacks is left out; one at its default is nothing that could be lost."""
        value = self.held.fields[name]
        if KINDS[self.kind].field(name).canonical(value) is None:
            return True
        first, _, tool = name.partition(".")
        if first == RESOURCES:
            return self._resources_go(name, tool)
        row = self.rows.get(name)
        return row is not None and (not _means(row, value) or self._answer(name, row, (name,), of_key=True) is not None)

    def _resources_go(self, name: str, tool: str) -> bool:
        """What a tool is given goes with it, unless there is a row for it and threads get the tool."""
        if self.ways.get(tool) is Way.DROP:
            return True
        if name in self.rows:
            return self._answer(name, self.rows[name], (RESOURCES, tool), of_key=True) is not None
        if tool in self.ways:
            return True
        row = self.rows.get(f"tools.{tool}")
        if row is None or self._answer(f"tools.{tool}", row, (RESOURCES, tool), of_key=True) is None:
            return False
        # there is no such tool that anything could stand for
        words = f"{self.kind}.tools.{tool}"
        self.held.losses |= {words: Loss(words, Way.DROP, row.what)} if words in self.held.losses else {}
        return True

    def _response_format(self) -> None:
        value: Any = self.held.fields[FORMAT]
        kind = str(value.get("type"))
        if row := self.rows.get(f"{FORMAT}.{kind}"):
            if self._answer(f"{FORMAT}.{kind}", row, (FORMAT, "type")) is not None:
                del self.held.fields[FORMAT]
            return
        inner = value.get(kind)
        if isinstance(inner, Mapping):
            gone = self._parts(inner, self.rows, self.kind, (FORMAT, kind), f"{FORMAT}.")
            self.held.fields[FORMAT] = {**value, kind: _less(inner, gone)}

    def _tools(self, credentials: Mapping[str, str]) -> None:
        tools: Any = self.held.fields["tools"]
        left: list[Json] = []
        for number, tool in enumerate(tools):
            kind, place = str(tool.get("type")), ("tools", number)
            if row := self.rows.get(f"tools.{kind}"):
                answer = self._answer(f"tools.{kind}", row, (*place, "type"))
                self.ways[kind] = answer.way if answer else None
                if answer and answer.way is Way.FUNCTION:
                    left.append(self._stand_in(answer.function, tools))
                continue
            if kind == FUNCTION:
                gone = self._parts(tool[FUNCTION], self.function_rows, FUNCTION, (*place, FUNCTION))
                tool = {**tool, FUNCTION: _less(tool[FUNCTION], gone)} if gone else tool
            elif "credential" in tool:
                tool = self._credited(tool, (*place, "credential"), credentials)
            left.append(tool)
        self.held.fields["tools"] = left

    def _parts(
        self, value: Mapping[str, Json], rows: Mapping[str, Unsupported], kind: str, at: Path, before: str = ""
    ) -> set[str]:
        """The keys of a map that are left out: those that have a row and mean nothing, or whose loss is accepted."""
        return {
            part
            for part, item in value.items()
            if (row := rows.get(before + part))
            and (not item or not _means(row, item) or self._answer(before + part, row, (*at, part), kind, of_key=True))
        }

    def _stand_in(self, name: str, tools: Sequence[Mapping[str, Any]]) -> JsonObject:
        """The function that is called instead of searching files; the stores become those that it searches."""
        resources = self.held.fields.get(f"{RESOURCES}.file_search")
        if isinstance(resources, Mapping):
            self.held.searched = tuple(resources.get("vector_store_ids") or ())
        for number, tool in enumerate(tools):
            if tool.get("type") == FUNCTION and tool[FUNCTION].get("name") == name:
                self.held.clashes.append(("tools", number, FUNCTION, "name"))
        said = "Search the files for passages that bear on a query."
        return {"type": FUNCTION, FUNCTION: {"name": name, "description": said, "parameters": _QUERY}}

    def _credited(self, tool: Mapping[str, Any], path: Path, credentials: Mapping[str, str]) -> JsonObject:
        if tool["credential"] not in credentials:
            self.held.uncredited[path] = tool["credential"]
            return tool
        return {**_less(tool, {"credential"}), "credential_id": credentials[tool["credential"]]}

    def _answer(
        self, name: str, row: Unsupported, path: Path, kind: str = "", *, of_key: bool = False
    ) -> Accepted | None:
        """How the target takes a loss, which is then noted; None where it does not."""
        words = f"{kind or self.kind}.{name}"
        accepted = self.accepts.get(words)
        if accepted is None:
            self.held.refusals.append(Refusal(words, row, path, of_key))
        elif accepted.way in row.accepts:
            self.held.losses[words] = Loss(words, accepted.way, row.what, accepted.function)
        return accepted  # of a way that does not go here, the project file's own diagnostic speaks


def _means(row: Unsupported, value: Json) -> bool:
    """Whether a value is one that the wire lacks."""
    return row.values is None or any(same(value, meant) for meant in row.values)


def _less(value: Mapping[str, Json], gone: set[str]) -> dict[str, Json]:
    return {key: item for key, item in value.items() if key not in gone}
