"""One assistant on one target: its layers merged, rendered, checked, and put into the fields of Desired.

The order is FORMAT section 3's: defaults, overlay, templates, types, references.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from asstctl.core.address import Address
from asstctl.core.diagnostic import Diagnostic, Where, error, has_errors, warning
from asstctl.core.json_types import Json
from asstctl.core.resource import EXTENSION, Desired
from asstctl.core.suggest import did_you_mean
from asstctl.documents.models import check_parts, without
from asstctl.documents.yaml import Path as Place
from asstctl.kinds.assistant import FIELD_NAMES, AssistantManifest
from asstctl.manifest.files import Files
from asstctl.manifest.functions import check_parameters
from asstctl.manifest.layers import WHOLE, Layer, Layered
from asstctl.manifest.manifests import Manifest
from asstctl.manifest.overlays import with_body, with_overlay
from asstctl.manifest.project_model import PROVIDERS
from asstctl.manifest.secrets import Secret, leaks
from asstctl.manifest.texts import Renderer
from asstctl.manifest.tools import ToolReader, Tools

RESOURCES = "tool_resources"
PLAIN_FIELDS = tuple(name for name in FIELD_NAMES if not name.startswith(RESOURCES) and name != "tools")
RESOURCE_KEYS = tuple(name.removeprefix(f"{RESOURCES}.") for name in FIELD_NAMES if name.startswith(RESOURCES))

EXTENSION_PROVIDERS = (*PROVIDERS, "openai")
"""Whose extensions a manifest may hold: also of providers that this version cannot be pointed at yet."""

_PARTED = ("metadata", "extensions", "tools")
"""Fields of which one bad entry does not spoil the others."""

IDENTITY = ("kind", "key", "targets")
"""What defaults and overlays may not set."""


@dataclass(frozen=True)
class Assistant:
    """One assistant on one target. `desired` is None when it has errors; `fields` are what limits look at.

    `extensions` says where each of those for this target's provider was written.
    """

    merged: Layered
    fields: Mapping[str, Json]
    tools: Tools | None
    desired: Desired | None
    extensions: Mapping[str, Where]
    diagnostics: tuple[Diagnostic, ...]

    def locate(self, path: Place, *, key: bool = False) -> Where:
        """Where a path in the fields was written."""
        if path[0] == "tools" and self.tools is not None:
            return self.tools.locate(self.merged, path, key=key)
        return self.merged.where(path, key=key)


@dataclass(frozen=True)
class AssistantReader:
    """Reads assistants for one target."""

    target: str
    provider: str
    own_all: bool
    targets: Sequence[str]
    defaults: Layer | None
    files: Files
    renderer: Renderer
    tools: ToolReader
    secrets: Sequence[Secret]

    def read(self, manifest: Manifest) -> Assistant:
        """The assistant that a manifest means. Raises texts.Skipped."""
        merged = self._merge(manifest.body)
        diagnostics = [*self._check_overlays(manifest.body), *_blank_fields(manifest.body)]
        value, found = self.renderer.fields(merged)
        merged = replace(merged, value=value)
        model, more, wrong_parts = check_parts(AssistantManifest, merged, what="an assistant")
        diagnostics += (*found, *more)
        # What is wrong in one field hides nothing of the others.
        merged = replace(merged, value=without(value, wrong_parts, lambda path: 2 if path[0] in _PARTED else 1))
        fields, places, tools, wrong = self._fields(merged, manifest.body)
        diagnostics += (*wrong, *self._check_response_format(merged), *self._check_secrets(fields, places))
        desired = None
        if model is not None and not has_errors(diagnostics) and (tools is None or tools.wire is not None):
            desired = _desired(manifest.address, fields, places, model, own_all=self.own_all)
        extensions = {name.removeprefix(EXTENSION): places[name] for name in fields if name.startswith(EXTENSION)}
        return Assistant(merged, fields, tools, desired, extensions, tuple(diagnostics))

    def _merge(self, body: Layer) -> Layered:
        whole = WHOLE["assistant"]
        value = with_body(self.defaults.value if self.defaults else {}, body.value, whole)
        layers = [body, *([self.defaults] if self.defaults else [])]
        overlays = body.value.get("targets")
        overlay = overlays.get(self.target) if isinstance(overlays, Mapping) else None
        if isinstance(overlay, Mapping):
            patch = {key: item for key, item in overlay.items() if key not in IDENTITY}
            value = with_overlay(value, patch, whole)
            layers.insert(0, Layer(patch, body.document, body.base, ("targets", self.target)))
        return Layered(value, layers, body, whole)

    def _check_overlays(self, body: Layer) -> Iterator[Diagnostic]:
        overlays = body.value.get("targets")
        for name, overlay in overlays.items() if isinstance(overlays, Mapping) else ():
            if name not in self.targets:
                where = body.where(("targets", name), key=True)
                hint = did_you_mean(name, self.targets)
                yield error("unknown-target", f"there is no target `{name}`", where, hint=hint)
            for key in IDENTITY:
                if isinstance(overlay, Mapping) and key in overlay:
                    where = body.where(("targets", name, key), key=True)
                    yield error("overlay-identity", f"an overlay cannot set `{key}`", where, hint="remove it")

    def _fields(
        self, merged: Layered, body: Layer
    ) -> tuple[dict[str, Json], dict[str, Where], Tools | None, list[Diagnostic]]:
        value: Mapping[str, Any] = merged.value
        diagnostics: list[Diagnostic] = []
        fields: dict[str, Json] = {name: value[name] for name in PLAIN_FIELDS if name in value}
        places = {"": body.where(())} | {name: merged.where((name,), key=True) for name in fields}
        if "instructions" in fields:
            text = self._instructions(fields["instructions"], merged)
            if isinstance(text, tuple):
                diagnostics += text
            fields["instructions"] = None if isinstance(text, tuple) else text
        tools: Tools | None = None
        if "tools" in value:
            tools = self.tools.read(value["tools"] or (), merged)
            diagnostics += tools.diagnostics
            fields["tools"] = None if value["tools"] is None else list(tools.wire or ())
            places["tools"] = merged.where(("tools",), key=True)
        for name, item, place in (*_resources(value, tools), *self._extensions(merged, diagnostics)):
            fields[name] = item
            places[name] = merged.where(place, key=True)
        return fields, places, tools, diagnostics

    def _instructions(self, value: Any, merged: Layered) -> str | tuple[Diagnostic, ...] | None:
        if not isinstance(value, Mapping):
            return None if value is None else str.__str__(value)
        kind, written = next((kind, value[kind]) for kind in ("file", "template") if kind in value)
        place: Place = ("instructions", kind)
        where = merged.where(place)
        path = self.files.find(merged.owner(place).base, written, where)
        if isinstance(path, Diagnostic):
            return (path,)
        text = self.files.text(path, written, where)
        if isinstance(text, Diagnostic):
            return (text,)
        return self.renderer.file(text, path) if kind == "template" else text

    def _extensions(self, merged: Layered, diagnostics: list[Diagnostic]) -> Iterator[tuple[str, Json, Place]]:
        for provider, entries in (merged.value.get("extensions") or {}).items():
            if provider not in EXTENSION_PROVIDERS:
                where = merged.where(("extensions", provider), key=True)
                hint = did_you_mean(provider, EXTENSION_PROVIDERS)
                diagnostics.append(error("unknown-provider", f"there is no provider `{provider}`", where, hint=hint))
            if provider == self.provider:
                for name, item in entries.items():
                    yield EXTENSION + name, item, ("extensions", provider, name)

    def _check_response_format(self, merged: Layered) -> tuple[Diagnostic, ...]:
        wanted = merged.value.get("response_format")
        named = wanted.get("json_schema") if isinstance(wanted, Mapping) else None
        if not isinstance(named, Mapping) or named.get("schema") is None:
            return ()
        place: Place = ("response_format", "json_schema", "schema")

        def locate(path: Place, key: bool) -> Where:
            return merged.where(place + path, key=key)

        return check_parameters(named["schema"], locate, strict=named.get("strict") is True)

    def _check_secrets(self, fields: Mapping[str, Json], places: Mapping[str, Where]) -> Iterator[Diagnostic]:
        for path, secret in leaks(fields, self.secrets):
            name = str(path[0])
            summary = f"`{name}` contains the value of the secret `{secret.env}`"
            yield error("secret-in-manifest", summary, places.get(name), hint="take it out, and change the secret")


def _resources(value: Mapping[str, Any], tools: Tools | None) -> Iterator[tuple[str, Json, Place]]:
    """Each key of tool_resources is a field; a null for all of them speaks of each."""
    if RESOURCES not in value:
        return
    written = value[RESOURCES]
    for key in RESOURCE_KEYS:
        if tools is not None and key in tools.absent:
            continue
        if written is None:
            yield f"{RESOURCES}.{key}", None, (RESOURCES,)
        elif key in written:
            yield f"{RESOURCES}.{key}", written[key], (RESOURCES, key)


def _blank_fields(body: Layer) -> Iterator[Diagnostic]:
    for name, value in body.value.items():
        if value is None and name in AssistantManifest.model_fields and body.document.is_blank((*body.at, name)):
            where = body.where((name,), key=True)
            hint = f"write `{name}: null` if that is meant, or remove the line"
            yield warning("empty-value", f"`{name}` is empty: it is kept at the provider's default", where, hint=hint)


def _desired(
    address: Address,
    fields: Mapping[str, Json],
    places: Mapping[str, Where],
    model: AssistantManifest,
    *,
    own_all: bool,
) -> Desired:
    ignored = {name for name in model.ignore_changes if name != RESOURCES}
    if RESOURCES in model.ignore_changes:
        ignored |= {f"{RESOURCES}.{key}" for key in RESOURCE_KEYS}
    if own_all:
        fields = {name: None for name in FIELD_NAMES if name != "model" and name not in ignored} | dict(fields)
    return Desired(address, fields, places, protect=model.protect, ignored=frozenset(ignored))
