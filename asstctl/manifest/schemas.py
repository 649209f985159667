"""The schemas of the project file and of manifests, for editors: what the models say, and what is between them.

A manifest is checked after defaults, body and overlay were made one, so that each of them alone may leave out what
another gives: nothing that `defaults` can give is required, and below the fields that are replaced whole anything is.
Whether a target of some name or a function of some key is declared, `validate` says.
"""

from collections.abc import Callable, Mapping
from functools import partial

from asstctl.core.address import KEY
from asstctl.documents.attribute_docs import docs_of
from asstctl.documents.json_schema import (
    Maker,
    Mode,
    Schema,
    closed,
    described,
    keys_of,
    nullable,
    one_of_kinds,
    or_expression,
    or_template,
    required_of,
)
from asstctl.manifest.kind import Kind
from asstctl.manifest.kinds import DECLARING, KINDS
from asstctl.manifest.project_model import EVERY_TARGET, PROVIDERS, ProjectModel, TargetModel
from asstctl.manifest.resources import IDENTITY


def project_schema() -> Schema:
    """The schema of `asstctl.yaml`."""
    maker = Maker({"ProjectModel.targets": _targets, "ProjectModel.defaults": _defaults})
    return maker.document("project", "asstctl.yaml", maker.object_of(ProjectModel))


def manifest_schema() -> Schema:
    """The schema of a manifest. A file may hold several, each a document of its own."""
    maker = Maker()
    kinds = {name: maker.define(f"Kind-{name}", partial(_body, maker, kind)) for name, kind in KINDS.items()}
    said = "\n".join(f"- `{name}`: {docs_of(kind.model).attributes['kind']}" for name, kind in KINDS.items())
    return maker.document("manifest", "A manifest of asstctl", one_of_kinds("kind", kinds, said))


def _targets(maker: Maker, mode: Mode) -> Schema:
    names = maker.of(ProjectModel.model_fields["targets"].annotation, mode)["propertyNames"]
    providers = {name: maker.define(f"Target-{name}", partial(_target, maker, name)) for name in PROVIDERS}
    said = docs_of(TargetModel).attributes["provider"]
    target = {"title": "target", **one_of_kinds("provider", providers, said)}
    return {"type": "object", "propertyNames": names, "additionalProperties": target}


def _target(maker: Maker, provider: str) -> Schema:
    """A target of a provider: the settings that it takes, and those that it needs."""
    settings = PROVIDERS[provider]
    taken = (*EVERY_TARGET, *settings.takes)
    properties = {key: maker.property_of(TargetModel, key) for key in keys_of(TargetModel) if key in taken}
    properties |= {key: {**properties[key], "type": "string"} for key in settings.needs}
    schema = closed(properties, [*required_of(TargetModel), *settings.needs])
    if settings.key_env:
        schema |= {"if": {"not": {"required": ["base_url"]}}, "then": {"required": ["api_key"]}}
    return schema


def _defaults(maker: Maker, mode: Mode) -> Schema:
    said = {
        name: {"description": f"What every `kind: {name}` says unless it says something else."} for name in DECLARING
    }
    return closed({name: described(_overlay(maker, KINDS[name]), said[name]) for name in DECLARING})


def _overlay(maker: Maker, kind: Kind) -> Schema:
    """Part of a manifest: any of its fields but its identity; null means not declared."""

    def make() -> Schema:
        fields = {key: _field(maker, kind, key) for key in keys_of(kind.model) if key not in IDENTITY}
        return closed({key: nullable(maker, schema) for key, schema in fields.items()})

    return maker.define(f"Part-of-{kind.name}", make)


def _body(maker: Maker, kind: Kind) -> Schema:
    fields = {key: _field(maker, kind, key) for key in keys_of(kind.model)}
    return closed(fields, ["kind"])


def _field(maker: Maker, kind: Kind, key: str) -> Schema:
    """A field of a manifest, as far as it is known before anything is merged and rendered."""
    merged = kind.has_key and key not in kind.whole
    schema = maker.property_of(kind.model, key, Mode(partial=merged))
    if key in _SAID_HERE:
        return {**schema, **_SAID_HERE[key](maker, kind)}
    if key in kind.rendered.closed:
        return or_template(maker, schema)
    return or_expression(maker, schema) if key in kind.rendered.numbers else schema


def _overlays(maker: Maker, kind: Kind) -> Schema:
    return {"additionalProperties": nullable(maker, _overlay(maker, kind))}


_SAID_HERE: Mapping[str, Callable[[Maker, Kind], Schema]] = {
    "key": lambda maker, kind: {"pattern": f"^{KEY.pattern}$"},
    "targets": _overlays,
    "extensions": lambda maker, kind: {"propertyNames": {"enum": list(PROVIDERS)}},
}
"""What the manifest's own code checks of a field, whatever its kind."""
