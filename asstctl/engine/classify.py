"""Three-way classification of one object, field by field (ENGINE section 2).

M is the manifest, B the base digest in the mark, L the live value; M and L in canonical form.
Pure: the table in `three_way` is the rule, the rest gathers its arguments and results.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from asstctl.core.change import ABSENT, Absent, FieldState
from asstctl.core.json_types import Json
from asstctl.core.mark import without_mark
from asstctl.core.resource import EXTENSION, Desired, Live
from asstctl.kinds.canonical import DIGEST_LENGTH, digest, same
from asstctl.kinds.field import Kind, extension_code, is_extension_code


@dataclass(frozen=True, slots=True)
class FieldVerdict:
    """Where one field stands. `stale`: clean, and the base in the mark does not say so."""

    name: str
    state: FieldState
    manifest: Json | Absent
    live: Json
    stale: bool = False


def three_way(manifest: Json | Absent, base: str | None, live: Json) -> tuple[FieldState, bool]:
    """The state of one field and whether its base is stale. `manifest` is ABSENT where it is not declared."""
    request, response = (base[:DIGEST_LENGTH], base[-DIGEST_LENGTH:]) if base else (None, None)
    if isinstance(manifest, Absent):
        if live is None:
            return FieldState.CLEAN, base is not None
        if base is None:
            return FieldState.UNMANAGED, False
        return (FieldState.OURS if digest(live) == response else FieldState.CONFLICT), False
    if same(manifest, live):
        return FieldState.CLEAN, base != digest(manifest)
    if base is None:
        return FieldState.OURS, False
    match digest(manifest) == request, digest(live) == response:
        case True, True:
            return FieldState.CLEAN, False  # the provider rewrote what we sent, and still holds that
        case False, True:
            return FieldState.OURS, False
        case True, False:
            return FieldState.DRIFT, False
    return FieldState.CONFLICT, False


def classify(kind: Kind, desired: Desired, live: Live, base: Mapping[str, str]) -> tuple[FieldVerdict, ...]:
    """Every field that the manifest declares, the base knows or the object bears, in the table's order."""
    return tuple(_verdict(kind, name, desired, live, base) for name in _names(kind, desired, live, base))


def canonical_manifest(kind: Kind, desired: Desired, name: str) -> Json | Absent:
    """M: the declared value in canonical form, ABSENT where the field is not declared."""
    return kind.field(name).canonical(desired.fields[name]) if name in desired.fields else ABSENT


def canonical_live(kind: Kind, name: str, live: Live) -> Json:
    """L: the live value in canonical form. Our mark is no part of the user's metadata."""
    value = without_mark(live.metadata) if name == "metadata" else live.fields.get(name)
    return kind.field(name).canonical(value)


def _verdict(kind: Kind, name: str, desired: Desired, live: Live, base: Mapping[str, str]) -> FieldVerdict:
    manifest, value = canonical_manifest(kind, desired, name), canonical_live(kind, name, live)
    state, stale = three_way(manifest, base.get(kind.field(name).code), value)
    return FieldVerdict(name, state, manifest, value, stale)


def _names(kind: Kind, desired: Desired, live: Live, base: Mapping[str, str]) -> list[str]:
    names = [name for name in kind.fields if name not in desired.ignored]
    spoken_of = {name for name in (*desired.fields, *desired.ignored) if name.startswith(EXTENSION)}
    taken = {extension_code(name) for name in spoken_of}
    # a removed extension is known by its code alone; unknown live keys are nobody's until they are declared
    removed = {
        name
        for name in live.fields
        if name.startswith(EXTENSION) and (code := extension_code(name)) in base and code not in taken
    }
    return names + sorted((spoken_of - desired.ignored) | removed)


def kept_codes(kind: Kind, desired: Desired, base: Mapping[str, str]) -> dict[str, str]:
    """Digests that stay in the mark as they are: of ignored fields, and of fields a newer program knows."""
    known = {field.code for field in kind.fields.values()}
    ignored = {kind.field(name).code for name in desired.ignored}
    return {
        code: value
        for code, value in base.items()
        if code in ignored or (code not in known and not is_extension_code(code))
    }
