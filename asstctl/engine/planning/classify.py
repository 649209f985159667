"""Three-way classification of one object, field by field (ENGINE section 2).

M is the manifest, B the base digest in the mark, L the live value; M and L in canonical form.
Pure: the table in `three_way` is the rule, the rest gathers its arguments and results.
"""

from collections.abc import Container, Mapping
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


def three_way(
    manifest: Json | Absent, base: str | None, live: Json, *, as_based: bool = False
) -> tuple[FieldState, bool]:
    """The state of one field and whether its base is stale. `manifest` is ABSENT where it is not declared.

    `as_based`: the manifest says what the base says although its digest cannot show it (files without ids).
    """
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
    match as_based or digest(manifest) == request, digest(live) == response:
        case True, True:
            return FieldState.CLEAN, False  # the provider rewrote what we sent, and still holds that
        case False, True:
            return FieldState.OURS, False
        case True, False:
            return FieldState.DRIFT, False
    return FieldState.CONFLICT, False


def two_way(manifest: Json | Absent, live: Json) -> FieldState:
    """The state of one field where the base cannot be kept up: every difference is ours, nothing is ever reset."""
    if isinstance(manifest, Absent):
        return FieldState.CLEAN if live is None else FieldState.UNMANAGED
    return FieldState.CLEAN if same(manifest, live) else FieldState.OURS


def classify(
    kind: Kind,
    desired: Desired,
    live: Live,
    base: Mapping[str, str],
    *,
    as_based: Container[str] = (),
    trusts_base: bool = True,
) -> tuple[FieldVerdict, ...]:
    """Every field that the manifest declares, the base knows or the object bears, in the table's order.

    `as_based` names fields as in `three_way`; without `trusts_base` the comparison is two-way.
    """
    verdicts = []
    for name in _names(kind, desired, live, base):
        manifest, value = canonical_manifest(kind, desired, name), canonical_live(kind, name, live)
        if trusts_base:
            held = base.get(kind.field(name).code)
            state, stale = three_way(manifest, held, value, as_based=name in as_based)
        else:
            state, stale = two_way(manifest, value), False
        verdicts.append(FieldVerdict(name, state, manifest, value, stale))
    return tuple(verdicts)


def canonical_manifest(kind: Kind, desired: Desired, name: str) -> Json | Absent:
    """M: the declared value in canonical form, ABSENT where the field is not declared."""
    return kind.field(name).canonical(desired.fields[name]) if name in desired.fields else ABSENT


def canonical_live(kind: Kind, name: str, live: Live) -> Json:
    """L: the live value in canonical form. Our mark is no part of the user's metadata."""
    value = without_mark(live.metadata) if name == "metadata" else live.fields.get(name)
    return kind.field(name).canonical(value)


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
    # the files of a store can be ignored too, and are no field
    fields = (name for name in desired.ignored if name in kind.fields or name.startswith(EXTENSION))
    ignored = {kind.field(name).code for name in fields}
    return {
        code: value
        for code, value in base.items()
        if code in ignored or (code not in known and not is_extension_code(code))
    }
