"""Writing back: a live value into the files, as the smallest edit of the place that it comes from.

A value is written only where exactly that field on this target would change its meaning as intended: what a
template, a shared file or a shared function produces is refused with its place.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from asstctl.core.change import ABSENT, Absent
from asstctl.core.diagnostic import Where, has_errors
from asstctl.core.json_text import json_text
from asstctl.core.json_types import Json
from asstctl.core.loss import Loss
from asstctl.core.resource import EXTENSION, Desired
from asstctl.core.suggest import shortened
from asstctl.documents.edit_steps import value_at
from asstctl.documents.models import check_parts
from asstctl.documents.paths import PathRefused, inside
from asstctl.documents.templates import TemplateFault, has_template, render
from asstctl.documents.yaml import Path as Place
from asstctl.documents.yaml_writing import has_form
from asstctl.kinds import KINDS as LIVE_KINDS
from asstctl.kinds.canonical import plain, same
from asstctl.manifest.edits import Edits, NotPlaced
from asstctl.manifest.kinds import KINDS
from asstctl.manifest.layers import Layer, Layered
from asstctl.manifest.manifests import Manifest, Verbatim
from asstctl.manifest.secrets import leaks
from asstctl.manifest.write_tools import write_tools


@dataclass(frozen=True)
class LiveField:
    """A field as it is live (`value`, as the wire gave it) and as the files mean it now."""

    name: str
    value: Json
    desired: Json


def take(made: Edits, desired: Desired, live: LiveField) -> None:
    """Make the files say a live value. Raises NotPlaced, with no edit made."""
    secrets = made.sources.project.secrets
    if secret := next((secret for _, secret in leaks(live.value, secrets)), None):
        raise NotPlaced(f"it holds the value of the secret {secret.env}", desired.places.get(live.name))
    if not has_form(live.value):
        raise NotPlaced(NO_FORM, desired.places.get(live.name))
    manifest = made.sources.by_address[desired.address]
    one = FieldWriter(made, manifest, made.sources.layered(manifest, made.target), live, desired.losses)
    with made.undone_by_refusal():
        one.write()


OTHERWISE = "change the template or its variables, or pull it with --overlay, for this target alone"
"""The way on where a template stands in the way."""

NULLS = "it holds nulls, which take keys away in a manifest"


NO_FORM = "it holds half a surrogate pair, which no file can hold"


def has_nulls(value: Json) -> bool:
    """Whether merging would take something out of a value: a null below its top, lists aside."""
    return isinstance(value, Mapping) and any(item is None or has_nulls(item) for item in value.values())


def response_format(value: Json) -> Json:
    """A response format without the nulls that the wire adds; those inside the schema are the schema's own."""
    inner = value.get("json_schema") if isinstance(value, Mapping) else None
    if isinstance(value, Mapping) and isinstance(inner, Mapping):
        return {**value, "json_schema": {key: item for key, item in inner.items() if item is not None}}
    return value


def _schema_of(value: Any) -> Mapping[str, Json]:
    """The schema of a response format, with its name; nothing where it has none."""
    inner = value.get("json_schema") if isinstance(value, Mapping) else None
    return inner if isinstance(inner, Mapping) else {}


def as_expression(text: str) -> str | None:
    """A template that gives a text with braces in it; None where there is none."""
    written = f"{{{{ {json_text(text)} }}}}"
    try:
        return written if render(written, {}) == text else None
    except TemplateFault:
        return None


@dataclass(frozen=True)
class _Trial:
    """A value to be checked as if it stood in a manifest already."""

    value: Json
    layered: Layered

    def where(self, path: Place = (), *, key: bool = False) -> Where:
        return self.layered.where(path, key=key)


@dataclass
class FieldWriter:
    """One field of one manifest, on its way back. `losses` are what the files say beyond what the target holds."""

    made: Edits
    manifest: Manifest
    layered: Layered
    live: LiveField
    losses: tuple[Loss, ...] = ()

    @property
    def raw(self) -> Mapping[str, Any]:
        return self.layered.value

    def write(self) -> None:
        """Write the field. Raises NotPlaced, perhaps with edits made already."""
        name, kind = self.live.name, self.manifest.address.kind
        rule = LIVE_KINDS[kind].field(name).canonical
        if kind == "assistant" and name in _WRITERS:
            _WRITERS[name](self)
        elif name == "metadata":
            self._metadata()
        elif name.startswith(EXTENSION):
            place: Place = ("extensions", self.made.provider, name.removeprefix(EXTENSION))
            if has_nulls(self.live.value) and self.live.value is not None:
                raise NotPlaced(NULLS, self.layered.where(place))
            self.put(place, ABSENT if self.live.value is None else plain(self.live.value))
        else:
            value = plain(self.live.value)
            self.put((name,), None if rule(self.live.value) is None and value in (None, "") else value)

    # --- where a value goes

    def layer_for(self, path: Place) -> Layer:
        """The layer that a value is written into: the one that says it, and never the defaults, which others share."""
        body = self.layered.body
        if self.made.in_overlay:
            return Layer({}, body.document, body.base, ("targets", self.made.target))
        owner = self.layered.owner(path)
        return body if owner.at[:1] == ("defaults",) else owner

    def put(self, path: Place, value: Json | Absent) -> None:
        """Make the merged value at a path this one: what differs inside a map is written key by key."""
        old = value_at(self.raw, path)
        if not isinstance(old, Absent) and not isinstance(value, Absent) and same(plain(old), plain(value)):
            return
        is_map = isinstance(old, Mapping) and isinstance(value, Mapping) and bool(old) and path[0] not in self._whole
        if is_map:
            assert isinstance(old, Mapping)
            assert isinstance(value, Mapping)
            for key in [*value, *(key for key in old if key not in value)]:
                self.put((*path, key), value.get(key, ABSENT))
            return
        self._refuse_template(path, old)
        if isinstance(value, Absent):
            self._take_out(path)
            return
        written = self._as_written(path, value)
        self.check(path, written)
        layer = self.layer_for(path)
        self.made.edit(layer, path, written, order=_ORDER.get(self.manifest.address.kind, ()) if not layer.at else ())

    def _take_out(self, path: Place) -> None:
        layer = self.layer_for(path)
        below = self.layered.layers[self.layered.layers.index(layer) + 1 :] if layer in self.layered.layers else ()
        inherited = any(not isinstance(value_at(one.value, path), Absent) for one in below)
        if inherited or self.made.in_overlay:
            self.made.edit(layer, path, None)
        else:
            self.made.edit(layer, path, ABSENT)

    @property
    def _whole(self) -> frozenset[str]:
        return self.layered.whole

    def _is_rendered(self, path: Place) -> bool:
        return KINDS[self.manifest.address.kind].rendered.takes(path)

    def _refuse_template(self, path: Place, old: Json | Absent) -> None:
        """Refuse to write over a template; in an overlay that one of the manifest itself stays."""
        if self.made.in_overlay and self.layered.owner(path).at[:1] != ("targets",):
            return
        if isinstance(old, str) and not isinstance(old, Verbatim) and has_template(old) and self._is_rendered(path):
            reason = f"the template `{shortened(old.splitlines()[0], 60)}` makes it"
            raise NotPlaced(reason, self.layered.where(path), OTHERWISE)

    def _as_written(self, path: Place, value: Json) -> Json:
        """Braces in a text that is rendered are written as an expression that gives them."""
        if path == ("metadata",) and isinstance(value, Mapping):
            return {key: self._as_written((*path, key), item) for key, item in value.items()}
        if not (isinstance(value, str) and has_template(value) and self._is_rendered(path)):
            return value
        written = as_expression(value)
        if written is None:
            raise NotPlaced("it holds braces, which would be a template here", self.layered.where(path))
        return written

    def check(self, path: Place, written: Json) -> None:
        """Refuse what no manifest can say: a word or a shape that the kind does not know."""
        kind = KINDS[self.manifest.address.kind]
        value: dict[str, Any] = {"kind": kind.name, **dict.fromkeys(kind.required, "x")}
        inner = value
        for step in path[:-1]:
            if isinstance(step, int):
                return
            inner = inner.setdefault(step, {})
        inner[str(path[-1])] = written
        _, diagnostics, _ = check_parts(kind.model, _Trial(value, self.layered), what=kind.what)
        if has_errors(diagnostics):
            raise NotPlaced(diagnostics[0].summary, self.layered.where(path), diagnostics[0].hint)

    # --- fields with ways of their own

    def _metadata(self) -> None:
        live: Any = plain(self.live.value) or {}
        mine: Any = self.live.desired or {}
        written = value_at(self.raw, ("metadata",))
        if isinstance(written, Absent) or not written:
            self.put(("metadata",), live)
            return
        for key in [*live, *(key for key in mine if key not in live)]:
            if live.get(key) != mine.get(key):
                self.put(("metadata", key), live.get(key, ABSENT))

    def _instructions(self) -> None:
        value = self.live.value
        text = value if isinstance(value, str) else ""
        raw = value_at(self.raw, ("instructions",))
        where = self.layered.where(("instructions",))
        if self.made.in_overlay:
            self._own_text(text)
        elif isinstance(raw, Verbatim):
            self.made.set_body(self.layered.body, text)
            if not text:
                self.made.edit(self.layered.body, ("instructions",), None)
        elif isinstance(raw, Mapping) and "template" in raw:
            where = self.layered.where(("instructions", "template"))
            raise NotPlaced(f"the template `{raw['template']}` makes it", where, OTHERWISE)
        elif isinstance(raw, Mapping) and text:
            self._file(("instructions", "file"), raw["file"], lambda path: self.made.replace(path, text))
        else:
            self._refuse_template(("instructions",), raw)
            self._own_text(text)

    def _own_text(self, text: str) -> None:
        """Instructions that no file holds yet: on the spot, or in a new file where braces would make a template."""
        layer = self.layer_for(("instructions",))
        if not text:
            self.made.edit(layer, ("instructions",), None, order=_ORDER["assistant"])
            return
        if has_template(text):
            self._new_file(layer, text)
            return
        self.made.edit(layer, ("instructions",), text, order=_ORDER["assistant"])

    def _new_file(self, layer: Layer, text: str) -> None:
        stem = self.manifest.address.key + (f".{self.made.target}" if layer.at else "")
        name = self.made.create(layer.base, f"{stem}.prompt.txt", text)
        self.made.edit(layer, ("instructions",), {"file": name}, order=_ORDER["assistant"])

    def _file(self, place: Place, written: str, change: Callable[[str], None]) -> None:
        """Change a file that a manifest names, if nothing else does."""
        root = self.made.sources.project.root
        where = self.layered.where(place)
        try:
            real = inside(root, self.layered.owner(place).base, written)
        except PathRefused as refused:
            raise NotPlaced(refused.summary, where) from None
        self.refuse_shared_file(real, written, where)
        change(real.relative_to(root.resolve()).as_posix())

    def refuse_shared_file(self, real: Path, written: str, where: Where) -> None:
        users = self.made.sources.users_of_file(real)
        if len(users) > 1:
            others = ", ".join(f"{user.path}:{user.line}" for user in users if user != where)
            hint = "give it a file of its own, or pull it with --overlay, for this target alone"
            raise NotPlaced(f"`{written}` is used by others too: {others}", where, hint)

    def _vector_stores(self) -> None:
        live = self.live.value
        ids: list[str] = list(live.get("vector_store_ids") or ()) if isinstance(live, Mapping) else []
        written = value_at(self.raw, ("tool_resources", "file_search"))
        old: Mapping[str, Any] = written if isinstance(written, Mapping) else {}
        declared = self.made.sources.by_address
        ours = {id: self.made.stores[id].key for id in ids if self.made.stores.get(id) in declared}
        keys = [key for key in old.get("vector_stores") or () if key in ours.values()]
        keys += [key for key in ours.values() if key not in keys]
        raw_ids = [id for id in old.get("vector_store_ids") or () if id in ids]
        raw_ids += [id for id in ids if id not in ours and id not in raw_ids]
        new: dict[str, Json] = {}
        if keys or "vector_stores" in old:
            new["vector_stores"] = keys
        if raw_ids or "vector_store_ids" in old:
            new["vector_store_ids"] = raw_ids
        self.put(("tool_resources", "file_search"), new)

    def _code_files(self) -> None:
        live = self.live.value
        ids = list(live.get("file_ids") or ()) if isinstance(live, Mapping) else []
        place: Place = ("tool_resources", "code_interpreter")
        written = value_at(self.raw, place)
        old: Mapping[str, Any] = written if isinstance(written, Mapping) else {}
        if old.get("files"):
            reason = "the files that are attached now are known by their ids alone, and not which of yours they are"
            hint = "write their ids under `file_ids`, or upload yours again with apply --overwrite-drift"
            raise NotPlaced(reason, self.layered.where((*place, "files")), hint)
        kept = [id for id in old.get("file_ids") or () if id in ids]
        new = [*kept, *(id for id in ids if id not in kept)]
        self.put((*place, "file_ids"), new)

    def _response_format(self) -> None:
        """What a target cannot hold of a schema is the same on both sides there, and stays as it is written."""
        value: Any = response_format(plain(self.live.value))
        live, mine, written = (_schema_of(one) for one in (value, self.live.desired, self.raw.get("response_format")))
        if live and mine and written:
            keys = [*written, *(key for key in live if key not in written)]
            sources = {key: written if same(mine.get(key), live.get(key)) else live for key in keys}
            value = {**value, "json_schema": {key: of[key] for key, of in sources.items() if key in of}}
        self.put(("response_format",), value)


_WRITERS: Mapping[str, Callable[[FieldWriter], None]] = {
    "instructions": FieldWriter._instructions,
    "tools": write_tools,
    "response_format": FieldWriter._response_format,
    "tool_resources.file_search": FieldWriter._vector_stores,
    "tool_resources.code_interpreter": FieldWriter._code_files,
}
"""Fields of an assistant that are not simply written where they stand."""

_ORDER: Mapping[str, tuple[str, ...]] = {name: tuple(kind.model.model_fields) for name, kind in KINDS.items()}
