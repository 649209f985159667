"""One object on one target: its layers merged, rendered, checked, and put into the fields of Desired.

The order is FORMAT section 3's: defaults, overlay, templates, types, references. It is the same for every kind that
lives on a provider; what is particular to one is read by the function in its row (`Kind.read`).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from asstctl.core.address import Address
from asstctl.core.capabilities import Capabilities
from asstctl.core.diagnostic import Diagnostic, Where, error, has_errors, warning
from asstctl.core.json_types import Json, JsonObject
from asstctl.core.knowledge import Attribute, KnowledgeFile, LocalFile
from asstctl.core.loss import Accepted
from asstctl.core.resource import EXTENSION, Desired
from asstctl.core.suggest import did_you_mean
from asstctl.documents.models import check_parts, without
from asstctl.documents.yaml import Path as Place
from asstctl.kinds import KINDS as LIVE_KINDS
from asstctl.manifest.files import Files
from asstctl.manifest.functions import Function
from asstctl.manifest.kind import Kind
from asstctl.manifest.layers import Layer, Layered, Spot
from asstctl.manifest.local_files import LocalFiles
from asstctl.manifest.manifests import Manifest, Manifests
from asstctl.manifest.overlays import with_body, with_overlay
from asstctl.manifest.secrets import Secret, leaks
from asstctl.manifest.texts import Renderer
from asstctl.manifest.unsupported import Held, held_by

IDENTITY = ("kind", "key", "targets")
"""What defaults and overlays may not set."""

FILES = "files"


@dataclass(frozen=True)
class Context:
    """One target, and all that manifests on it may speak of. `functions` holds None for one that has errors.

    `extension_providers` are those whose extensions a manifest may hold. `capabilities` are what the target can hold,
    None where that is not known; `accepts` are the losses that it takes, `credentials` ids by their names there.
    """

    target: str
    provider: str
    own_all: bool
    targets: Sequence[str]
    extension_providers: Sequence[str]
    manifests: Manifests
    functions: Mapping[str, Function | None]
    files: Files
    local_files: LocalFiles
    renderer: Renderer
    defaults: Mapping[str, Layer]
    secrets: Sequence[Secret]
    capabilities: Capabilities | None = None
    accepts: Mapping[str, Accepted | None] = field(default_factory=dict)
    credentials: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Upload:
    """A file that is to be sent, and the entry that names it."""

    file: LocalFile
    entry: Place


@dataclass
class Parts:
    """What the function of a kind found: `fields` with the path of each where it was written, and what is wrong.

    `complete` is False where something cannot be had of which is spoken elsewhere. `uploads` are what limits look
    at, `knowledge` is what a store is to hold, `attributes` those that its entries write. `returns` are the schemas of
    what functions answer, by their names. `locate` finds places that the layers do not know.
    """

    fields: dict[str, Json] = field(default_factory=dict)
    written: dict[str, Place] = field(default_factory=dict)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    complete: bool = True
    depends_on: tuple[Address, ...] = ()
    uploads: tuple[Upload, ...] = ()
    knowledge: tuple[KnowledgeFile, ...] | None = None
    attributes: dict[Place, Mapping[str, Attribute]] = field(default_factory=dict)
    returns: Mapping[str, JsonObject] = field(default_factory=dict)
    locate: Callable[[Place, bool], Spot | None] = lambda path, key: None

    def declare(self, name: str, value: Json, place: Place | None = None) -> None:
        """Note a field; `place` is its path in the layers, where that is not its name."""
        self.fields[name] = value
        self.written[name] = (name,) if place is None else place


@dataclass(frozen=True)
class Resource:
    """One object on one target. `desired` is None when it has errors; `parts` are what limits look at, `held` is what
    the target holds of it."""

    kind: Kind
    merged: Layered
    parts: Parts
    held: Held
    desired: Desired | None
    diagnostics: tuple[Diagnostic, ...]

    def locate(self, path: Place, *, key: bool = False) -> Where:
        """Where a path in the fields was written."""
        return self.spot(path, key=key).where

    def spot(self, path: Place, *, key: bool = False) -> Spot:
        """What a path in the fields was written in, and where in it."""
        return self.parts.locate(path, key) or Spot(self.merged, path, key)

    @property
    def extensions(self) -> Iterator[tuple[str, Json]]:
        """Those for this target's provider."""
        for name, value in self.parts.fields.items():
            if name.startswith(EXTENSION):
                yield name.removeprefix(EXTENSION), value

    def extension_place(self, name: str, path: Place = ()) -> Where:
        """Where a path in one of them was written."""
        return self.merged.where((*self.parts.written[EXTENSION + name], *path), key=True)


def read_resource(kind: Kind, manifest: Manifest, context: Context) -> Resource:
    """The object that a manifest means. Raises texts.Skipped."""
    assert kind.read is not None
    merged = merged_layers(kind, manifest.body, context.defaults.get(kind.name), context.target)
    diagnostics = [*_check_overlays(manifest.body, context.targets), *_blank_fields(kind, manifest.body)]
    value, found = context.renderer.fields(merged, kind.rendered)
    merged = replace(merged, value=value)
    model, more, wrong = check_parts(kind.model, merged, what=kind.what)
    diagnostics += (*found, *more)
    # What is wrong in one field hides nothing of the others.
    merged = replace(merged, value=without(value, wrong, lambda path: 2 if path[0] in kind.parted else 1))
    parts = kind.read(merged, context)
    if kind.named_by_key and "name" not in merged.value:
        parts.declare("name", manifest.address.key, ())
    places = {"": manifest.where} | {name: merged.where(path, key=True) for name, path in parts.written.items()}
    diagnostics += (*parts.diagnostics, *_check_secrets(parts, places, context.secrets))
    held = held_by(context.capabilities, kind.name, parts.fields, context.accepts, context.credentials)
    desired = None
    if model is not None and not has_errors(diagnostics) and parts.complete:
        desired = _desired(kind, manifest.address, merged, parts, held, places, context)
    return Resource(kind, merged, parts, held, desired, tuple(diagnostics))


def merged_layers(kind: Kind, body: Layer, defaults: Layer | None, target: str) -> Layered:
    """Defaults, body and overlay of a manifest on a target, made one; nothing is rendered yet."""
    value = with_body(defaults.value if defaults else {}, body.value, kind.whole)
    layers = [body, *([defaults] if defaults else [])]
    overlays = body.value.get("targets")
    overlay = overlays.get(target) if isinstance(overlays, Mapping) else None
    if isinstance(overlay, Mapping):
        patch = {key: item for key, item in overlay.items() if key not in IDENTITY}
        value = with_overlay(value, patch, kind.whole)
        layers.insert(0, Layer(patch, body.document, body.base, ("targets", target)))
    return Layered(value, layers, body, kind.whole)


def _check_overlays(body: Layer, targets: Sequence[str]) -> Iterator[Diagnostic]:
    overlays = body.value.get("targets")
    for name, overlay in overlays.items() if isinstance(overlays, Mapping) else ():
        if name not in targets:
            where = body.where(("targets", name), key=True)
            yield error("unknown-target", f"there is no target `{name}`", where, hint=did_you_mean(name, targets))
        for key in IDENTITY:
            if isinstance(overlay, Mapping) and key in overlay:
                where = body.where(("targets", name, key), key=True)
                yield error("overlay-identity", f"an overlay cannot set `{key}`", where, hint="remove it")


def _blank_fields(kind: Kind, body: Layer) -> Iterator[Diagnostic]:
    for name, value in body.value.items():
        if value is None and name in kind.model.model_fields and body.document.is_blank((*body.at, name)):
            where = body.where((name,), key=True)
            nothing, said = "null", "it is kept at the provider's default"
            if name == FILES:
                nothing, said = "[]", "the store is to hold no file of the project"
            hint = f"write `{name}: {nothing}` if that is meant, or remove the line"
            yield warning("empty-value", f"`{name}` is empty: {said}", where, hint=hint)


def _check_secrets(parts: Parts, places: Mapping[str, Where], secrets: Sequence[Secret]) -> Iterator[Diagnostic]:
    values: dict[str, Any] = dict(parts.fields)
    if parts.attributes:
        values[FILES] = list(parts.attributes.values())
    for path, secret in leaks(values, secrets):
        name = str(path[0])
        summary = f"`{name}` contains the value of the secret `{secret.env}`"
        hint = "take it out, and change the secret"
        yield error("secret-in-manifest", summary, places.get(name, places[""]), hint=hint)


def _desired(
    kind: Kind,
    address: Address,
    merged: Layered,
    parts: Parts,
    held: Held,
    places: Mapping[str, Where],
    context: Context,
) -> Desired:
    known = _on_wire(kind, context.capabilities)
    named = frozenset(merged.value.get("ignore_changes") or ())
    ignored = frozenset(_ignored(known, named)) if named else named
    fields: Mapping[str, Json] = held.fields
    if context.own_all:
        computed = context.capabilities.computed if context.capabilities else ()
        owned = [name for name in known if (kind.name, name) not in computed and name not in kind.required]
        extensions = context.capabilities.extensions.get(kind.name, ()) if context.capabilities else ()
        owned += [EXTENSION + name for name in sorted(extensions)]
        fields = {name: None for name in owned if name not in ignored} | held.fields
    return Desired(
        address,
        fields,
        places,
        protect=merged.value.get("protect") is True,
        ignored=ignored,
        depends_on=parts.depends_on,
        files=parts.knowledge,
        losses=tuple(loss for _, loss in sorted(held.losses.items())),
        searched=held.searched,
    )


def _on_wire(kind: Kind, capabilities: Capabilities | None) -> Sequence[str]:
    """The fields of a kind that the target has, in the order of their table."""
    on_wire = capabilities.fields.get(kind.name) if capabilities else None
    return [name for name in LIVE_KINDS[kind.name].fields if on_wire is None or name in on_wire]


def _ignored(known: Iterable[str], named: frozenset[str]) -> Iterator[str]:
    """The fields that a manifest ignores; the name of several, such as `tool_resources`, means each of them."""
    yield from (name for name in known if name in named or name.partition(".")[0] in named)
    yield from (name for name in named if name == FILES or name.startswith(EXTENSION))
