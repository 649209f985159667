"""Provenance: where each value of what was loaded comes from.

Nothing is merged or rendered again: the layers, the places and the variables are those that loading made its values
of, so that a place named here is the one that a diagnostic would point to.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path as FilePath
from typing import Any

from asstctl.core.address import Address
from asstctl.core.change import ABSENT, Absent
from asstctl.core.diagnostic import Where
from asstctl.core.explanation import Explained, Said, Variable
from asstctl.core.json_types import Json
from asstctl.core.origin import Origin, Source
from asstctl.core.resource import EXTENSION
from asstctl.documents.edit_steps import value_at
from asstctl.documents.paths import PathRefused, inside, shown
from asstctl.documents.source import lines_of, read_text
from asstctl.documents.templates import Includes, files_included, has_template, names_used
from asstctl.documents.yaml import Document
from asstctl.documents.yaml import Path as Place
from asstctl.kinds import KINDS as LIVE_KINDS
from asstctl.manifest.field_paths import TOOLS, children, descend
from asstctl.manifest.functions import FUNCTION, Function
from asstctl.manifest.kind import Rendered
from asstctl.manifest.layers import Layered, Spot
from asstctl.manifest.load import Loaded
from asstctl.manifest.manifests import Verbatim
from asstctl.manifest.project import Project
from asstctl.manifest.resources import FILES, Resource
from asstctl.manifest.secrets import leaks
from asstctl.manifest.tools import is_for_target
from asstctl.manifest.variables import Saying

SETTINGS = ("protect", "ignore_changes")
"""What a manifest says to this program alone, and no wire has as a field."""

_EXTENSIONS = EXTENSION.rstrip(".")
_PARAMETERS = ("parameters", "returns")


@dataclass(frozen=True)
class Subject:
    """What can be explained: a tree of values whose first keys are fields, and where each path in it was written.

    `raw` are its layers, in the words of its manifest; `undeclared` are fields that it could have as well.
    """

    address: Address
    value: Mapping[str, Json]
    find: Callable[[Place], Spot]
    rendered: Rendered
    raw: Layered
    undeclared: tuple[str, ...]

    @property
    def where(self) -> Where:
        return self.raw.where((), key=True)


@dataclass(frozen=True)
class Provenance:
    """Answers for all that is declared on one target."""

    project: Project
    loaded: Loaded
    target: str
    provider: str

    def subject(self, address: Address) -> Subject | None:
        """What is declared at an address; None where nothing is."""
        if address.kind == FUNCTION.name:
            function = self.loaded.functions.get(address.key)
            return _of_function(address, function) if function else None
        for one in self.loaded.resources:
            if one.desired is not None and one.desired.address == address:
                return _of_resource(one)
        return None

    def field(self, subject: Subject, name: str, rest: str = "") -> Explained | None:
        """A field, or a path in dots below it; None for what is neither there nor written anywhere."""
        label = f"{name}.{rest}" if rest else name
        if name in subject.value:
            steps = descend(name, subject.value[name], rest)
            if steps is not None:
                return self._explained(subject, (name, *steps), label)
        path = self._as_written(subject, name)
        if name == TOOLS and (number := self._elsewhere(subject, rest)) is not None:
            return self._undeclared(subject, (TOOLS, number), label)
        written = value_at(subject.raw.value, path)
        if isinstance(written, Absent) and (elsewhere := self._of_another_provider(subject, name, rest)) is not None:
            return self._undeclared(subject, elsewhere, label)
        steps = descend(name, [*map(_by_name, written)] if name == TOOLS and written else written, rest)
        if steps is not None and rest:
            return self._explained_raw(subject, (*path, *steps), label)
        if rest and not any(said.value is None for said in self._said(subject.raw, (*path, *rest.split(".")))):
            return None
        return self._undeclared(subject, (*path, *(rest.split(".") if rest else ())), label)

    def _elsewhere(self, subject: Subject, rest: str) -> int | None:
        """The number, in the manifest, of a tool that it has for other targets alone, and that a path begins with."""
        for number, tool in enumerate(subject.raw.value.get(TOOLS) or ()):
            if is_for_target(tool, self.target):
                continue
            name = next(name for name, _ in children(TOOLS, [_by_name(tool)]))
            if rest == name or rest.startswith(f"{name}."):
                return number
        return None

    def _of_another_provider(self, subject: Subject, name: str, rest: str) -> Place | None:
        """The path, in the manifest, of an extension that is for another provider alone."""
        other = name.removeprefix(EXTENSION)
        path = (_EXTENSIONS, other)
        if name == other or isinstance(written := value_at(subject.raw.value, path), Absent):
            return None
        steps = descend(other, written, rest)
        return None if steps is None else (*path, *steps)

    def _as_written(self, subject: Subject, name: str) -> Place:
        if name.startswith(EXTENSION):
            return _EXTENSIONS, self.provider, name.removeprefix(EXTENSION)
        return tuple(name.split("."))

    def _explained(self, subject: Subject, path: Place, label: str) -> Explained:
        spot = subject.find(path)
        if path[-1] in _PARAMETERS and isinstance((below := subject.find((*path, ""))).source, Document):
            spot = replace(below, path=(), key=False)  # a file that is the whole schema
        value = value_at(subject.value, path)
        inner = spot.source
        if isinstance(inner, Layered):
            said = self._said(inner, spot.path, spot)
            raw = value_at(inner.owner(spot.path).value, spot.path) if spot.path else ABSENT
        else:
            said, raw = (self._as_said(spot.origin, value),), ABSENT
        one = Explained(label, value, declared=True, said=said, via=self._via(subject, path, spot))
        if isinstance(inner, Layered):
            one = self._with_texts(one, subject, inner, spot.path, raw)
        return replace(one, parts=tuple(self._parts(subject, path, spot, label)))

    def _explained_raw(self, subject: Subject, path: Place, label: str) -> Explained:
        """What only the manifest has words for: the name of a file, the keys of stores."""
        value = value_at(subject.raw.value, path)
        return Explained(label, value, declared=True, said=self._said(subject.raw, path))

    def _undeclared(self, subject: Subject, path: Place, label: str) -> Explained:
        said = self._said(subject.raw, path)
        remark = "not declared here"
        if said and said[0].value is None:
            remark = f"`null` takes it out on {self.target}"
        elif said and path[0] == _EXTENSIONS:
            remark = f"it is for provider {path[1]}, and {self.target} is of provider {self.provider}"
        elif said:
            remark = f"its tool is not for {self.target}"
        return Explained(label, ABSENT, declared=False, said=said, remark=remark)

    def _said(self, layered: Layered, path: Place, spot: Spot | None = None) -> tuple[Said, ...]:
        """The layer that has the last word, then those below it that say something else."""
        strongest = layered.owner(path) if path else layered.body
        first = spot or Spot(layered, path, key=True)
        written = value_at(strongest.value, path) if path else ABSENT
        if spot is None and isinstance(written, Absent):
            return ()
        found = [self._as_said(first.origin, written)]
        order = [*layered.layers]
        weaker = order[order.index(strongest) + 1 :] if path else []
        for layer in weaker:
            value = value_at(layer.value, path)
            joined = isinstance(value, Mapping) and isinstance(written, Mapping) and path[0] not in layered.whole
            if not isinstance(value, Absent) and not joined:
                where = layer.where(path, key=True)
                found.append(self._as_said(Origin(*layer.source(path), where, layer.last_line(path)), value))
        return tuple(found)

    def _as_said(self, origin: Origin, value: Any) -> Said:
        if not isinstance(value, Absent) and next(leaks(value, self.project.secrets), None):
            return Said(origin, is_secret=True)
        return Said(origin, str.__str__(value) if isinstance(value, Verbatim) else value)

    def _via(self, subject: Subject, path: Place, spot: Spot) -> tuple[Origin, ...]:
        """What leads from a manifest to what it does not say itself: the file of a schema, a function by its key."""
        found = []
        if isinstance(spot.source, Document):
            depth = next(number for number, step in enumerate(path) if step in _PARAMETERS)
            found.append(replace(subject.find(path[:depth]), path=(*subject.find(path[:depth]).path, path[depth])))
        if path[0] == TOOLS and len(path) > 2 and path[2] == "function":
            naming = subject.find(path[:2])
            if isinstance(value_at(subject.raw.value, (*naming.path, "function")), str):
                found.append(replace(naming, path=(*naming.path, "function")))
        return tuple(one.origin for one in found)

    def _with_texts(self, one: Explained, subject: Subject, layered: Layered, path: Place, raw: Any) -> Explained:
        """With the file that a text is in, what it takes in, and the variables that it names."""
        base = layered.owner(path).base if path else layered.body.base
        if path == ("instructions",) and isinstance(raw, Mapping):
            kind = next(iter(raw))
            return self._with_file(one, base, kind, str(raw[kind]))
        if isinstance(raw, str) and not isinstance(raw, Verbatim) and subject.rendered.takes(path):
            return self._with_template(one, raw, base)
        return one

    def _with_file(self, one: Explained, base: FilePath, kind: str, written: str) -> Explained:
        root = self.project.root
        try:
            file = inside(root, base, written)
        except PathRefused:
            return one
        text = read_text(file, written)
        if not isinstance(text, str):
            return one
        name = shown(root.resolve(), file)
        source = Source.TEMPLATE if kind == "template" else Source.FILE
        origin = Origin(source, name, Where(name), max(1, len(lines_of(text))))
        above, *others = one.said
        one = replace(one, said=(self._as_said(origin, text), *others), via=(above.origin, *one.via))
        return self._with_template(one, text, file.parent) if kind == "template" else one

    def _with_template(self, one: Explained, text: str, base: FilePath) -> Explained:
        if not has_template(text):
            return one
        names, includes = set(names_used(text)), []
        for file in files_included(text, Includes(self.project.root, base)):
            inner = read_text(self.project.root / file, file)
            if isinstance(inner, str):
                names |= names_used(inner)
                lines = max(1, len(lines_of(inner)))
                includes.append(Origin(Source.INCLUDE, file, Where(file), lines))
        variables = tuple(self._variable(name) for name in sorted(names))
        return replace(one, includes=tuple(includes), variables=variables)

    def _variable(self, name: str) -> Variable:
        every = [one for one in self.loaded.variables.sayings if name in one.values]
        said = [self._given(one, name) for one in every]
        if said and name in self.loaded.variables.values and not said[0].is_secret:
            # a text that was typed may have been read as a number
            said[0] = self._as_said(said[0].origin, self.loaded.variables.values[name])
        return Variable(name, tuple(said))

    def _given(self, saying: Saying, name: str) -> Said:
        value, where = saying.values[name], saying.place(name)
        env = value.get("env") if isinstance(value, Mapping) else None
        if saying.source not in (Source.TARGET, Source.PROJECT) or not isinstance(env, str):
            return self._as_said(Origin(saying.source, saying.name, where), value)
        origin = Origin(Source.ENVIRONMENT, env, where)
        if env in self.project.secret_names:
            return Said(origin, is_secret=True)
        return self._as_said(origin, self.project.environment.get(env, ABSENT))

    def _parts(self, subject: Subject, path: Place, spot: Spot, label: str) -> Iterator[Explained]:
        """The values inside a value, where not all of them come from one place."""
        if path[0] in (FILES, *SETTINGS):
            return
        inner = [(name, (*path, *steps)) for name, steps in children(str(path[-1]), value_at(subject.value, path))]
        writers = {_writer(subject.find(one)) for _, one in inner} | {_writer(spot)}
        if len(writers) > 1:
            for name, one in inner:
                yield self._explained(subject, one, f"{label}.{name}")


def _by_name(tool: Mapping[str, Any]) -> Mapping[str, Any]:
    """A tool as it is where functions stand in full, named as paths name it."""
    function = tool.get("function")
    return {**tool, "function": {"name": function}} if isinstance(function, str) else tool


def _writer(spot: Spot) -> tuple[int, int]:
    """What tells two writers apart: what holds the places, and the layer in it."""
    if not isinstance(spot.source, Layered):
        return id(spot.source), 0
    return 0, id((spot.source.owner(spot.path) if spot.path else spot.source.body).value)


def _of_resource(one: Resource) -> Subject:
    assert one.desired is not None
    parts, merged = one.parts, one.merged
    value: dict[str, Json] = dict(parts.fields)
    if parts.knowledge is not None:
        value[FILES] = [file.file.path for file in parts.knowledge]
    value |= {name: merged.value[name] for name in SETTINGS if name in merged.value}
    entries = {upload.file.path: upload.entry for upload in parts.uploads}

    def find(path: Place) -> Spot:
        name, steps = str(path[0]), path[1:]
        if name == TOOLS and len(steps) == 2 and steps[1] == "function":
            inside_it = one.spot((TOOLS, steps[0], "function", "name"), key=True)
            return replace(inside_it, path=inside_it.path[:-1])
        if name == FILES and steps:
            return Spot(merged, entries[str(value_at(value, path))], key=True)
        return _unless_named_by_key(one.spot((*(parts.written.get(name) or (name,)), *steps), key=True))

    fields = LIVE_KINDS[one.desired.address.kind].fields
    return Subject(
        one.desired.address,
        value,
        find,
        one.kind.rendered,
        merged,
        tuple(name for name in fields if name not in value),
    )


def _unless_named_by_key(spot: Spot) -> Spot:
    """Where the name stands: one that nobody writes is the key."""
    is_written = spot.path != ("name",) or not isinstance(spot.source, Layered) or "name" in spot.source.value
    return spot if is_written else replace(spot, path=("key",))


def _of_function(address: Address, function: Function) -> Subject | None:
    layered = function.locate((), False).source
    if not isinstance(layered, Layered):
        return None
    value: dict[str, Json] = dict(function.wire)
    if function.returns is not None:
        value["returns"] = function.returns
    every = ("description", "parameters", "strict", "returns")
    return Subject(
        address,
        value,
        lambda path: _unless_named_by_key(function.locate(path, True)),
        Rendered(),
        layered,
        tuple(name for name in every if name not in value),
    )


def names_of(subject: Subject) -> Sequence[str]:
    """Every field that can be asked for, those that are declared first."""
    return (*subject.value, *subject.undeclared)
