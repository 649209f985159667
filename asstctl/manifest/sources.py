"""Sources: what the files of a project say before it means anything on a target, for whoever writes into them.

`load` asks what manifests mean; here is where each value stands, and who else uses the file that it stands in.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from asstctl.core.address import Address
from asstctl.core.diagnostic import Where
from asstctl.core.json_types import Json
from asstctl.documents.paths import PathRefused, inside
from asstctl.documents.source import read_text
from asstctl.documents.templates import has_template
from asstctl.documents.yaml import Document
from asstctl.documents.yaml import Path as Place
from asstctl.manifest.discovery import discover
from asstctl.manifest.kinds import KINDS
from asstctl.manifest.layers import Layer, Layered
from asstctl.manifest.manifests import Manifest, Manifests, read_manifests
from asstctl.manifest.overlays import with_body
from asstctl.manifest.project import Project
from asstctl.manifest.resources import IDENTITY, merged_layers

_FILE_KEYS = ("file", "template")


@dataclass(frozen=True)
class Use:
    """One place of the files that names another file."""

    path: Path
    where: Where


@dataclass(frozen=True)
class Sources:
    """The manifests of a project, read once. The files are sound: whoever asks has loaded them."""

    project: Project
    manifests: Manifests

    @cached_property
    def by_address(self) -> Mapping[Address, Manifest]:
        return {manifest.address: manifest for manifest in reversed(self.manifests.every)}

    @cached_property
    def defaults(self) -> Mapping[str, Layer]:
        """The defaults of each kind, without what they cannot set."""
        document = self.project.document
        return {
            kind: Layer(
                {key: value for key, value in fields.items() if key not in IDENTITY},
                document,
                self.project.root,
                ("defaults", kind),
            )
            for kind, fields in self.project.defaults.items()
            if document is not None
        }

    def layered(self, manifest: Manifest, target: str) -> Layered:
        """A manifest's layers on a target, nothing of it rendered."""
        kind = KINDS[manifest.address.kind]
        if kind.read is None:
            defaults = self.defaults.get(kind.name)
            layers = [manifest.body, *([defaults] if defaults else [])]
            value = with_body(defaults.value if defaults else {}, manifest.body.value, kind.whole)
            return Layered(value, layers, manifest.body, kind.whole)
        return merged_layers(kind, manifest.body, self.defaults.get(kind.name), target)

    def function(self, key: str) -> Manifest:
        """The manifest of a function that somebody names."""
        return self.by_address[Address("function", key)]

    def users_of_function(self, key: str) -> tuple[Address, ...]:
        """The manifests that name a function by its key, on whatever target; a default counts as one of them."""
        named = [m.address for m in self.manifests.of_kind("assistant") if key in _functions_named(m.body.value)]
        defaults = self.defaults.get("assistant")
        if defaults is not None and key in _functions_named(defaults.value):
            named += [m.address for m in self.manifests.of_kind("assistant") if m.address not in named]
        return tuple(named)

    def users_of_file(self, path: Path) -> tuple[Where, ...]:
        """Every place that names a file, or may include it."""
        return (*self._named_at.get(path, ()), *self._included_by(path.name))

    @cached_property
    def _named_at(self) -> Mapping[Path, Sequence[Where]]:
        """Where each file is named."""
        places: dict[Path, list[Where]] = {}
        for use in self._uses:
            places.setdefault(use.path, []).append(use.where)
        return places

    @cached_property
    def _uses(self) -> tuple[Use, ...]:
        return tuple(
            use
            for document, base in self._documents
            for place, written in _files_named(document.value, ())
            if (use := _use(self.project.root, base, written, document, place)) is not None
        )

    @cached_property
    def _documents(self) -> tuple[tuple[Document, Path], ...]:
        found = [(manifest.body.document, manifest.body.base) for manifest in self.manifests.every]
        if self.project.document is not None:
            found.append((self.project.document, self.project.root))
        return tuple(found)

    def _included_by(self, name: str) -> Iterator[Where]:
        """Templates that speak of this name: what they include is known only once they are rendered."""
        names_it = re.compile(rf"(?<![\w.-]){re.escape(name)}(?![\w.-])")
        return (where for text, where in self._including if names_it.search(text))

    @cached_property
    def _including(self) -> tuple[tuple[str, Where], ...]:
        """Every template that includes something, in a manifest or in a file that one names, and where that is said."""
        texts = [
            (text, document.where(place))
            for document, _ in self._documents
            for place, text in _texts(document.value, ())
            if _includes(text)
        ]
        for use in self._uses:
            inner = read_text(use.path, use.path.name)
            if isinstance(inner, str) and _includes(inner):
                texts.append((inner, use.where))
        return tuple(texts)


def read_sources(project: Project) -> Sources:
    """Everything that a project's manifests say."""
    return Sources(project, read_manifests(project.root, discover(project).manifests, KINDS))


def _includes(text: str) -> bool:
    return has_template(text) and "include" in text


def _use(root: Path, base: Path, written: str, document: Document, place: Place) -> Use | None:
    try:
        return Use(inside(root, base, written), document.where(place))
    except PathRefused:
        return None  # a key of a schema that happens to be called so


def _files_named(value: Json, place: Place) -> Iterator[tuple[Place, str]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            if key in _FILE_KEYS and isinstance(item, str) and len(value) == 1:
                yield (*place, key), item
            yield from _files_named(item, (*place, key))
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for number, item in enumerate(value):
            yield from _files_named(item, (*place, number))


def _texts(value: Json, place: Place) -> Iterator[tuple[Place, str]]:
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _texts(item, (*place, key))
    elif isinstance(value, Sequence):
        for number, item in enumerate(value):
            yield from _texts(item, (*place, number))


def _functions_named(value: Json) -> frozenset[str]:
    """The keys of functions in the tools of a manifest, its overlays included."""
    found: set[str] = set()
    if isinstance(value, Mapping):
        overlays = value.get("targets")
        for scope in (value, *(overlays.values() if isinstance(overlays, Mapping) else ())):
            tools = scope.get("tools") if isinstance(scope, Mapping) else None
            for tool in tools if isinstance(tools, list) else ():
                name = tool.get("function") if isinstance(tool, Mapping) else None
                if isinstance(name, str):
                    found.add(name)
    return frozenset(found)
