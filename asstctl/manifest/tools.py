"""Tools of an assistant: which of them a target gets, and the functions they speak of.

A tool that a target does not get takes its tool_resources with it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from asstctl.core.diagnostic import Diagnostic, error
from asstctl.core.json_types import Json, JsonObject
from asstctl.core.suggest import did_you_mean
from asstctl.documents.yaml import Path as Place
from asstctl.manifest.files import Files
from asstctl.manifest.functions import Function, make_function
from asstctl.manifest.layers import Layered, Spot
from asstctl.manifest.manifests import Manifests


@dataclass(frozen=True)
class Tools:
    """What one target gets: tools in the wire's shape, where each was written, and types that stay away.

    `wire` is None where a function cannot be had; why is said elsewhere.
    """

    wire: tuple[JsonObject, ...] | None
    places: tuple[int, ...]
    functions: Mapping[int, Function]
    absent: frozenset[str]
    diagnostics: tuple[Diagnostic, ...]

    def locate(self, merged: Layered, path: Place, *, key: bool) -> Spot:
        """Where a path that begins with `tools` was written; functions may be in files of their own."""
        if len(path) < 2 or not isinstance(path[1], int):
            return Spot(merged, path, key)
        function = self.functions.get(path[1])
        if function is not None and len(path) > 3 and path[2] == "function":
            return function.locate(path[3:], key)
        return Spot(merged, ("tools", self.places[path[1]], *path[2:]), key)


@dataclass(frozen=True)
class ToolReader:
    """Reads the tools of any assistant for one target. `functions` holds None for one that has errors."""

    target: str
    targets: Sequence[str]
    manifests: Manifests
    functions: Mapping[str, Function | None]
    files: Files

    def read(self, tools: Sequence[Mapping[str, Any] | None], merged: Layered) -> Tools:
        """The tools of a checked manifest; None stands for one that has errors."""
        diagnostics: list[Diagnostic] = []
        wire: list[JsonObject] | None = []
        places: list[int] = []
        functions: dict[int, Function] = {}
        seen: dict[tuple[str, str], int] = {}
        for number, tool in enumerate(tools):
            if tool is None:
                wire = None
                continue
            place: Place = ("tools", number)
            self._check_targets(tool, place, merged, diagnostics)
            function: Function | None = None
            if tool["type"] == "function":
                function = self._function(tool["function"], (*place, "function"), merged, diagnostics)
            if not is_for_target(tool, self.target):
                continue
            if tool["type"] == "function" and function is None:
                wire = None
                continue
            name = str(function.wire["name"] if function else tool.get("server_label", ""))
            if (tool["type"], name) in seen:
                summary = f"the tool `{name or tool['type']}` is given twice"
                diagnostics.append(error("duplicate-tool", summary, merged.where(place), hint="remove one of them"))
                continue
            seen[tool["type"], name] = number
            if function is not None:
                functions[len(places)] = function
            places.append(number)
            if wire is not None:
                wire.append(_wire(tool, function))
        kept = {kind for kind, _ in seen}
        absent = frozenset(str(tool["type"]) for tool in tools if tool is not None) - kept
        return Tools(None if wire is None else tuple(wire), tuple(places), functions, absent, tuple(diagnostics))

    def _check_targets(
        self, tool: Mapping[str, Any], place: Place, merged: Layered, diagnostics: list[Diagnostic]
    ) -> None:
        for key in ("only", "except"):
            for number, name in enumerate(tool.get(key) or ()):
                if name not in self.targets:
                    where = merged.where((*place, key, number))
                    hint = did_you_mean(name, self.targets)
                    diagnostics.append(error("unknown-target", f"there is no target `{name}`", where, hint=hint))

    def _function(
        self, written: str | Mapping[str, Json], place: Place, merged: Layered, diagnostics: list[Diagnostic]
    ) -> Function | None:
        if isinstance(written, Mapping):
            function, found = make_function(written, merged, place, self.files)
            diagnostics += found
            return function
        if written in self.functions:
            return self.functions[written]
        if not self.manifests.may_hold(written):
            hint = did_you_mean(written, self.functions, otherwise="declare it: `kind: function`")
            summary = f"there is no function `{written}`"
            where = merged.where(place)
            diagnostics.append(error("bad-reference", summary, where, hint=hint or "declare it: `kind: function`"))
        return None


def is_for_target(tool: Mapping[str, Any], target: str) -> bool:
    """Whether a tool of a manifest is one of those on a target."""
    only, unless = tool.get("only"), tool.get("except")
    return (only is None or target in only) and (unless is None or target not in unless)


def _wire(tool: Mapping[str, Any], function: Function | None) -> JsonObject:
    wire = {key: value for key, value in tool.items() if key not in {"only", "except"} and value is not None}
    return wire if function is None else {**wire, "function": function.wire}
