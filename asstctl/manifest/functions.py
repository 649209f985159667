"""Functions: from what a user writes to the wire's `{name, description, parameters, strict}`.

The same for a `kind: function`, for one written inline among an assistant's tools, and for its schema of a
response. Names, descriptions and parameters are never rendered. A function knows where each part of it was
written, because what is wrong with it is found by its users.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from asstctl.core.diagnostic import Diagnostic, Where, error, has_errors
from asstctl.core.json_types import Json, JsonObject
from asstctl.documents.models import check_parts, without
from asstctl.documents.schemas import Finding, check_schema
from asstctl.documents.strict_schema import check_strict
from asstctl.documents.yaml import Document
from asstctl.documents.yaml import Path as Place
from asstctl.kinds.function import FunctionManifest, is_schema_file
from asstctl.manifest.files import Files
from asstctl.manifest.kind import Kind
from asstctl.manifest.layers import Layer, Layered, Spot
from asstctl.manifest.manifests import Manifest
from asstctl.manifest.overlays import with_body

Locate = Callable[[Place, bool], Spot]
Point = Callable[[Place, bool], Where]

FUNCTION = Kind("function", "a function", FunctionManifest, whole=frozenset({"parameters", "returns"}))


@dataclass(frozen=True)
class Function:
    """A function as the wire has it, and where a path inside it was written (the flag: its key).

    `returns` is the schema of its answers, where it is declared; no wire has it.
    """

    wire: JsonObject
    locate: Locate
    returns: JsonObject | None = None


def read_function(
    manifest: Manifest, defaults: Layer | None, files: Files
) -> tuple[Function | None, tuple[Diagnostic, ...]]:
    """A `kind: function`; None when it has errors."""
    inherited = defaults.value if defaults else {}
    layers = [manifest.body, *([defaults] if defaults else [])]
    whole = FUNCTION.whole
    merged = Layered(with_body(inherited, manifest.body.value, whole), layers, manifest.body, whole)
    model, diagnostics, wrong = check_parts(FUNCTION.model, merged, what=FUNCTION.what)
    sound = without(merged.value, wrong, lambda _: 1)
    written = {"name": manifest.address.key, **{k: v for k, v in sound.items() if v is not None}}
    function, found = make_function(written, merged, (), files)
    return (None if model is None else function), diagnostics + found


def make_function(
    written: Mapping[str, Any], merged: Layered, at: Place, files: Files
) -> tuple[Function | None, tuple[Diagnostic, ...]]:
    """A function from checked values at `at` of a merged manifest."""
    wire = {
        key: written[key] for key in ("name", "description", "parameters", "strict") if written.get(key) is not None
    }
    locate = _locator(merged, at)
    schemas: dict[str, Locate] = {}
    diagnostics: tuple[Diagnostic, ...] = ()
    returns: Json = None
    if wire.get("parameters") is not None:
        strict = wire.get("strict") is True
        place = (*at, "parameters")
        wire["parameters"], schemas["parameters"], diagnostics = _schema(
            wire["parameters"], merged, place, files, strict
        )
    if written.get("returns") is not None:
        returns, schemas["returns"], found = _schema(written["returns"], merged, (*at, "returns"), files, strict=False)
        diagnostics += found

    def locate_parts(path: Place, key: bool) -> Spot:
        inner = schemas.get(str(path[0])) if len(path) > 1 else None
        return inner(path[1:], key) if inner else locate(path, key)

    answers = returns if isinstance(returns, Mapping) else None
    return (None if has_errors(diagnostics) else Function(wire, locate_parts, answers)), diagnostics


def _schema(
    written: JsonObject, merged: Layered, place: Place, files: Files, strict: bool
) -> tuple[Json, Locate, tuple[Diagnostic, ...]]:
    """A schema that stands at a place, or in the file that is named there; where it is; and what is wrong with it."""
    at_schema = _locator(merged, place)
    schema: Json = written
    if is_schema_file(written):
        where = merged.where((*place, "file"))
        path = files.find(merged.owner(place).base, written["file"], where)
        if isinstance(path, Diagnostic):
            return None, at_schema, (path,)
        document, diagnostics = files.document(path, written["file"], where)
        if document is None:
            return None, at_schema, diagnostics
        schema, at_schema = document.value, _locator(document)
    return schema, at_schema, check_parameters(schema, lambda path, key: at_schema(path, key).where, strict=strict)


def _locator(source: Layered | Document, at: Place = ()) -> Locate:
    def locate(path: Place, key: bool) -> Spot:
        return Spot(source, at + path, key)

    return locate


def check_parameters(schema: Json, point: Point, *, strict: bool) -> tuple[Diagnostic, ...]:
    """What is wrong with a schema, at its places: the strict rules only for one that is a schema."""
    findings = check_schema(schema)
    if not findings and strict:
        findings = check_strict(schema)
    return tuple(_diagnostic(finding, point) for finding in findings)


def _diagnostic(finding: Finding, point: Point) -> Diagnostic:
    where = point(finding.path, finding.of_key)
    return error(finding.code, finding.summary, where, hint=finding.hint)
