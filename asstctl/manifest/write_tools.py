"""Writing tools back: each where it stands, found again by its type and its name.

The order of tools means nothing and is the user's. A function may stand inline, in a manifest of its own, or have
its parameters in a file; what several use is never changed on behalf of one.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from asstctl.core.change import ABSENT
from asstctl.core.json_types import Json
from asstctl.core.suggest import shortened
from asstctl.documents.paths import PathRefused, inside
from asstctl.documents.yaml import Path as Place
from asstctl.kinds.canonical import plain, same
from asstctl.kinds.canonical import tools as canonical
from asstctl.kinds.function import is_schema_file
from asstctl.manifest.edits import NotPlaced
from asstctl.manifest.layers import Layered
from asstctl.manifest.tool_words import Words, declared

if TYPE_CHECKING:
    from asstctl.manifest.write_back import FieldWriter


def write_tools(one: "FieldWriter") -> None:
    """Make the tools of a manifest those that are live. Raises NotPlaced."""
    _Tools(one).write()


class _Tools:
    def __init__(self, one: "FieldWriter") -> None:
        self.one = one
        self.made = one.made
        self.layered: Layered = one.layered
        self.raw: list[Any] = list(one.raw.get("tools") or ())
        self.live: Mapping[str, Any] = _canonical(one.live.value)
        self.mine: Mapping[str, Any] = _canonical(one.live.desired)
        self.wire = {name: tool for tool in _items(one.live.value) for name in _canonical([tool])}
        self.words: Words = self.made.words
        self.where = self.layered.where(("tools",), key=True)

    def write(self) -> None:
        if any(name.endswith("'") for name in (*self.live, *self.mine)):
            raise NotPlaced("several tools have one name", self.where)
        here, elsewhere = self._numbers()
        new = list(self.raw)
        for name, known in self.live.items():
            if name in self.mine and same(self.mine[name], known):
                continue
            if name in here:
                new[here[name]] = self._changed(here[name], name)
            elif name in elsewhere:
                new[elsewhere[name]] = self._let_in(elsewhere[name], name)
            else:
                new.append(self._new(name))
        gone = {here[name] for name in self.mine if name not in self.live and name in here}
        new = [tool for number, tool in enumerate(new) if number not in gone]
        if new != self.raw or self.made.in_overlay:
            path: Place = ("tools",)
            self.one.check(path, new)
            self.made.edit(self.one.layer_for(path), path, new)

    def _numbers(self) -> tuple[dict[str, int], dict[str, int]]:
        """The tools that this target gets, and the others, by name."""
        here: dict[str, int] = {}
        elsewhere: dict[str, int] = {}
        for number, tool in enumerate(self.raw):
            only, unless = tool.get("only"), tool.get("except")
            gets_it = (only is None or self.made.target in only) and (unless is None or self.made.target not in unless)
            (here if gets_it else elsewhere)[self._name(tool)] = number
        return here, elsewhere

    def _name(self, tool: Mapping[str, Any]) -> str:
        written = tool.get("function")
        if tool["type"] == "mcp":
            return f"mcp.{tool['server_label']}"
        if tool["type"] != "function":
            return str(tool["type"])
        if isinstance(written, Mapping):
            return f"function.{written.get('name')}"
        manifest = self._function(str(written))
        return f"function.{manifest.value.get('name') or written}"

    def _function(self, key: str) -> Layered:
        return self.made.sources.layered(self.made.sources.function(key), self.made.target)

    def _new(self, name: str) -> Json:
        if stood_for := next((loss for loss in self.one.losses if name == f"function.{loss.function}"), None):
            said = f"no file says what function {stood_for.function} is: it stands for {stood_for.tool}"
            raise NotPlaced(said, self.where)
        return self._declared(name)

    def _declared(self, name: str) -> Json:
        """What is live, as a manifest says it. Raises NotPlaced for what none can say."""
        tool = declared(self.wire[name], self.words)
        if tool is None:
            self._refuse_unnamed(self.wire[name])
            raise NotPlaced(f"a tool of type {self.wire[name].get('type')} cannot be declared", self.where)
        return tool

    def _refuse_unnamed(self, tool: Mapping[str, Any]) -> None:
        if id := self.words.unnamed(tool):
            hint = f"add `credentials: {{NAME: {shortened(id)}}}` under targets.{self.made.target}"
            raise NotPlaced(f"its credential {shortened(id)} has no name on {self.made.target}", self.where, hint)

    def _let_in(self, number: int, name: str) -> Json:
        """A tool that this target does not get, and has now: its `only` or `except` changes, nothing else may."""
        tool = self.raw[number]
        where = self.layered.where(("tools", number))
        meant = self._meant(tool)
        if meant is None or not same(meant, self.live[name]):
            raise NotPlaced("the files give this tool to other targets alone, and differently", where)
        if tool.get("only") is not None:
            return {**tool, "only": [*tool["only"], self.made.target]}
        rest = [target for target in tool["except"] if target != self.made.target]
        return {**{key: item for key, item in tool.items() if key != "except"}, **({"except": rest} if rest else {})}

    def _meant(self, tool: Mapping[str, Any]) -> Json:
        """What a tool that stands here in full means; None where it takes other files to know."""
        function = tool.get("function")
        if tool["type"] == "function":
            written = self._function(function).value if isinstance(function, str) else function
            if not isinstance(written, Mapping) or is_schema_file(written.get("parameters")):
                return None
            tool = {"type": "function", "function": {"name": function, **written}}
        (known,) = _canonical([tool]).values()
        return plain(known)

    def _changed(self, number: int, name: str) -> Json:
        tool = self.raw[number]
        if tool["type"] == "function":
            return self._changed_function(number, name)
        if tool["type"] != "file_search":
            return self._changed_flat(tool, name)
        settings = self._patched(tool.get("file_search") or {}, name)
        rest = {key: item for key, item in tool.items() if key != "file_search"}
        if not settings:
            return rest
        return {**tool, "file_search": settings}

    def _changed_flat(self, tool: Mapping[str, Any], name: str) -> Json:
        """A tool whose settings stand beside its type; of a credential its name is written."""
        self._declared(name)
        new = self._patched(tool, name)
        if "credential_id" in self._differences(name):
            id = new.pop("credential_id", None)
            new.pop("credential", None)
            new |= {"credential": self.words.credentials[str(id)]} if id else {}
        return new

    def _patched(self, written: Mapping[str, Any], name: str) -> dict[str, Json]:
        """What is written, with those keys changed whose meaning differs."""
        new = dict(written)
        for key, item in self._differences(name).items():
            if item is ABSENT:
                new.pop(key, None)
            else:
                new[key] = item
        return new

    def _differences(self, name: str) -> dict[str, Any]:
        mine, live = self.mine.get(name) or {}, self.live[name]
        keys = [*live, *(key for key in mine if key not in live)]
        return {
            key: live.get(key, ABSENT)
            for key in keys
            if key not in live or key not in mine or not same(mine[key], live[key])
        }

    def _changed_function(self, number: int, name: str) -> Json:
        tool = self.raw[number]
        written = tool["function"]
        if isinstance(written, str):
            self._change_shared(written, name, number)
            return plain(tool)
        if is_schema_file(written.get("parameters")) and "parameters" in self._differences(name):
            place: Place = ("tools", number, "function", "parameters", "file")
            self._change_schema(self.layered, place, written["parameters"]["file"], name)
            return {**tool, "function": self._patched(written, name) | {"parameters": written["parameters"]}}
        return {**tool, "function": self._patched(written, name)}

    def _change_shared(self, key: str, name: str, number: int) -> None:
        """A `kind: function`: at its own place, if nobody else uses it."""
        where = self.layered.where(("tools", number, "function"))
        users = self.made.sources.users_of_function(key)
        others = [str(address) for address in users if address != self.one.manifest.address]
        if others:
            hint = "write the function inline, or give it a manifest of its own"
            raise NotPlaced(f"function.{key} is used by {', '.join(others)} too", where, hint)
        if self.made.in_overlay:
            raise NotPlaced(f"function.{key} is the same on every target", where, "write it inline in an overlay")
        layered = self._function(key)
        for part, value in self._differences(name).items():
            old: Any = layered.value.get(part)
            if part == "parameters" and is_schema_file(old):
                self._change_schema(layered, ("parameters", "file"), old["file"], name)
            else:
                self.made.edit(layered.body, (part,), value)

    def _change_schema(self, layered: Layered, place: Place, written: str, name: str) -> None:
        where = layered.where(place)
        root = self.made.sources.project.root
        try:
            real: Path = inside(root, layered.owner(place).base, written)
        except PathRefused as refused:
            raise NotPlaced(refused.summary, where) from None
        self.one.refuse_shared_file(real, written, where)
        value = self.live[name].get("parameters", {"type": "object", "properties": {}})
        self.made.edit_document(real.relative_to(root.resolve()).as_posix(), (), value)


def _items(value: Json) -> list[Mapping[str, Any]]:
    tools = value if isinstance(value, Sequence) and not isinstance(value, str) else ()
    return [tool for tool in tools if isinstance(tool, Mapping) and tool.get("type")]


def _canonical(value: Json) -> Mapping[str, Any]:
    found = canonical(value)
    return found if isinstance(found, Mapping) else {}
