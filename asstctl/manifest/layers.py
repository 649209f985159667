"""Layers: where each part of a merged manifest was written.

A merged value has no text of its own. Its parts come from the overlay, the body or the defaults; a place in
it is the place in the strongest layer that says something about it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from asstctl.core.diagnostic import Where
from asstctl.core.json_types import Json, JsonObject
from asstctl.core.origin import Origin, Source
from asstctl.documents.source import lines_of
from asstctl.documents.yaml import Document
from asstctl.documents.yaml import Path as Place


@dataclass(frozen=True)
class Layer:
    """One writer of a manifest: the map at `at` of a document, in a file of the folder `base`.

    `extra` holds the places of values that are not in the document (the body of a Markdown file).
    """

    value: JsonObject
    document: Document
    base: Path
    at: Place = ()
    extra: Mapping[Place, Where] = field(default_factory=dict)

    def where(self, path: Place, *, key: bool = False) -> Where:
        return self.extra.get(path) or self.document.where(self.at + path, key=key)

    def find(self, path: Place, needle: str) -> Where:
        return self.extra.get(path) or self.document.find(self.at + path, needle)

    def last_line(self, path: Place) -> int:
        if path in self.extra:
            return self.extra[path].line + max(0, len(lines_of(str(self.value[str(path[0])]))) - 1)
        return self.document.last_line(self.at + path)

    def source(self, path: Place) -> tuple[Source, str]:
        """What writes the value at a path, in the words of an origin: what it is, and whose."""
        if self.at:
            return (Source.DEFAULTS if self.at[0] == "defaults" else Source.OVERLAY), str(self.at[-1])
        if path in self.extra:
            return Source.MARKDOWN, ""
        if self.value.get("kind") == "function":
            return Source.FUNCTION, str(self.value.get("key", PurePosixPath(self.document.path).stem))
        return (Source.FRONT_MATTER if self.document.path.endswith(".md") else Source.BODY), ""

    def reach(self, path: Place) -> tuple[int, bool]:
        """How many steps of a path this layer has, and whether it has the last word on the rest."""
        value: Json = self.value
        for number, step in enumerate(path):
            if isinstance(value, Mapping):
                if step not in value:
                    return number, False
                value = value[str(step)]
            elif isinstance(value, Sequence) and not isinstance(value, str):
                if not isinstance(step, int) or step >= len(value):
                    return number, True
                value = value[step]
            else:
                return number, value is not None or number == 0
        return len(path), True


@dataclass(frozen=True)
class Layered:
    """A merged value and its layers, the strongest first. Placed, as `documents.models` wants it.

    `whole` are the fields that are replaced and never merged.
    """

    value: JsonObject
    layers: Sequence[Layer]
    body: Layer
    whole: frozenset[str]

    def owner(self, path: Place) -> Layer:
        """The layer that wrote the value at a path, or the nearest thing to it."""
        best, longest = self.body, self.body.reach(path)[0]
        for layer in self.layers:
            steps, final = layer.reach(path)
            if final or (steps and path[0] in self.whole):
                return layer
            if steps > longest:
                best, longest = layer, steps
        return best

    def where(self, path: Place = (), *, key: bool = False) -> Where:
        if not path:
            return self.body.where((), key=key)
        return self.owner(path).where(path, key=key)

    def find(self, path: Place, needle: str) -> Where:
        return self.owner(path).find(path, needle)


@dataclass(frozen=True)
class Spot:
    """A path in what it was written in: where a diagnostic points to, and where `explain` says that a value comes
    from. `key`: its key is meant."""

    source: Layered | Document
    path: Place
    key: bool = False

    @property
    def where(self) -> Where:
        return self.source.where(self.path, key=self.key)

    @property
    def origin(self) -> Origin:
        """The same as an origin, with the last line of the value."""
        where = self.where
        if isinstance(self.source, Document):
            return Origin(Source.FILE, self.source.path, where, self.source.last_line(self.path))
        layer = self.source.owner(self.path) if self.path else self.source.body
        return Origin(*layer.source(self.path), where, layer.last_line(self.path))
