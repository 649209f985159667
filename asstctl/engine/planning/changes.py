"""One change: what becomes of one address, decided alone. Pure.

A desired resource with nothing live is created; one that lives, or that is adopted or moved, is compared field
by field (`classify`) with its references resolved (`resolve`) and its files diffed (`files`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from asstctl.core.address import Address
from asstctl.core.capabilities import Capabilities, Metadata
from asstctl.core.change import ABSENT, Absent, Action, Block, BlockCode, Change, FieldChange, FieldState, Seen
from asstctl.core.json_types import EMPTY, Json
from asstctl.core.knowledge import StoreFile
from asstctl.core.mark import NONCE_LENGTH, Damaged, Mark, MarkTooLong, next_mark, only_mark
from asstctl.core.plan import TargetInfo
from asstctl.core.reference import is_known
from asstctl.core.resource import EXTENSION, Desired, Live, sharing
from asstctl.engine.planning.blocks import PROTECT, clash, drift, incapable, no_reset, unlisted, unusable_mark
from asstctl.engine.planning.classify import FieldVerdict, canonical_live, classify, kept_codes
from asstctl.engine.planning.explain import explain
from asstctl.engine.planning.files import FILES, FileDiff, diff_files
from asstctl.engine.planning.ownership import Owned
from asstctl.engine.planning.policy import Policy
from asstctl.engine.planning.resolve import CODE_FILES, CODE_KEY, HOLDS_IDS, Resolved, files_in_mark, items_of, resolve
from asstctl.kinds import KINDS
from asstctl.kinds.canonical import DIGEST_LENGTH, digest
from asstctl.kinds.field import Kind

_WRITTEN = (FieldState.OURS, FieldState.DRIFT, FieldState.CONFLICT)


@dataclass(frozen=True, slots=True)
class Terms:
    """What every change of one plan is made under. `stores` gives the ids of live stores of ours, `files` what
    they hold by id."""

    target: TargetInfo
    capabilities: Capabilities
    policy: Policy
    revision: str | None
    stores: Mapping[Address, str]
    files: Mapping[str, tuple[StoreFile, ...]]

    @property
    def keeps_marks(self) -> bool:
        """Whether what an update writes into metadata is there afterwards."""
        return self.capabilities.metadata is not Metadata.WRITE_ONCE


def create(desired: Desired, terms: Terms, block: Block | None) -> Change:
    """Nothing bears the address yet."""
    kind, target = KINDS[desired.address.kind], terms.target
    found = resolve(desired, None, terms.stores)
    fields = found.desired.fields
    canonical = {name: kind.field(name).canonical(fields[name]) for name in _in_order(kind, fields)}
    known = {name: value for name, value in canonical.items() if name not in found.late}
    mark = next_mark(
        Mark(target.project, desired.address),
        desired.address,
        protect=desired.protect,
        fields={kind.field(name).code: digest(value) for name, value in known.items()},
        files=_files_of_mark(found),
        revision=terms.revision,
    )
    # what is ignored is given to a create like everything else: nobody can have changed it yet
    diff = diff_files(desired.files or (), ())
    return Change(
        desired.address,
        Action.CREATE,
        fields=tuple(
            FieldChange(name, FieldState.OURS, ABSENT, value, where=desired.places.get(name))
            for name, value in canonical.items()
            if value is not None
        )
        + ((FieldChange(PROTECT, FieldState.OURS, ABSENT, True),) if desired.protect else ()),
        reason=f"not on {target.name} yet",
        name=desired.name,
        where=desired.where,
        block=clash(kind, desired) or block,
        send=dict(fields),
        mark=mark,
        depends_on=desired.depends_on,
        late=found.late,
        code_files=found.code_files,
        references=found.references,
        files=diff.changes,
        files_unchanged=diff.unchanged,
    )


def update(
    desired: Desired, owned: Owned, terms: Terms, *, adopted: bool = False, previous: Address | None = None
) -> tuple[Change, Sequence[FieldVerdict]]:
    """Something bears the address, or is to: `adopted` it bears no mark yet, `previous` it bears another one."""
    address, mark, kind = desired.address, owned.mark, KINDS[desired.address.kind]
    found = resolve(desired, owned, terms.stores)
    verdicts = classify(
        kind, found.desired, owned.live, mark.fields, as_based=found.as_based, trusts_base=terms.keeps_marks
    )
    overwrites = partial(terms.policy.overwrites, address)
    fields = tuple(_field_change(v, desired, overwritten=overwrites(v.name)) for v in verdicts if v.state in _WRITTEN)
    if desired.protect is not mark.protect:
        fields += (FieldChange(PROTECT, FieldState.OURS, mark.protect, desired.protect),)
    send = {change.name: found.desired.fields.get(change.name) for change in fields if change.name != PROTECT}
    if "metadata" in desired.fields and "metadata" not in desired.ignored:
        send["metadata"] = desired.fields["metadata"]
    # what the files say of the other half of a key goes with one half: it would be taken from the live object else
    for name in sharing(send, kind.name, terms.capabilities) & desired.fields.keys() - desired.ignored:
        send.setdefault(name, found.desired.fields[name])
    late = found.late.intersection(send)
    base = _base(kind, desired, mark.fields, verdicts)
    keeps = CODE_FILES in desired.ignored or _stands(verdicts)
    code_files = mark.files if keeps else _files_of_mark(found)
    diff = _diff(desired, owned.live, terms)
    identity = Action.ADOPT if adopted else Action.MOVE if previous else None
    action = identity or (Action.UPDATE if fields or diff.changes else Action.KEEP)
    stale = terms.keeps_marks and not fields and (base != mark.fields or code_files != mark.files)
    following = (
        next_mark(mark, address, protect=desired.protect, fields=base, files=code_files, revision=terms.revision)
        if terms.keeps_marks
        else mark
    )
    change = Change(
        address,
        action,
        fields=fields,
        unchanged=sum(v.state is FieldState.CLEAN and not isinstance(v.manifest, Absent) for v in verdicts),
        reason=_reason(fields, diff, adopted=adopted, previous=previous),
        name=desired.name or owned.live.name,
        remote_id=owned.live.id,
        where=desired.where,
        block=_block(fields, send, desired, owned.live, terms),
        refresh=stale and action in (Action.UPDATE, Action.KEEP) and "update" not in terms.capabilities.missing,
        send=send,
        mark=following,
        revision=mark.revision,
        seen=what_is_seen(kind, desired, owned) if action is not Action.KEEP or stale else None,
        depends_on=desired.depends_on,
        late=late,
        code_files=found.code_files,
        references=found.references,
        files=diff.changes,
        files_unchanged=diff.unchanged,
        previous=previous,
    )
    return change, verdicts


def blocked_by_mark(desired: Desired, live: Live, damaged: Damaged) -> Change:
    """Where the address should be stands an object whose mark is damaged or newer."""
    return Change(
        desired.address,
        Action.UPDATE,
        name=desired.name,
        remote_id=live.id,
        where=desired.where,
        reason="its mark cannot be trusted",
        block=unusable_mark(live, damaged),
        depends_on=desired.depends_on,
    )


def refused(desired: Desired, action: Action, block: Block, ids: Sequence[str]) -> Change:
    """A decision about the address that cannot be carried out; `ids` are of the objects that it is about."""
    return Change(
        desired.address,
        action,
        name=desired.name,
        remote_id=ids[0] if len(ids) == 1 else None,
        where=desired.where,
        block=block,
        depends_on=desired.depends_on,
    )


def possible(change: Change, capabilities: Capabilities) -> Change:
    """The same change, blocked where the target cannot hold it, or its mark would not fit."""
    if change.pending and (block := incapable(change, capabilities)):
        return replace(change, block=block)
    if change.block or change.mark is None or not (change.pending or change.refresh):
        return change
    # what is known after apply takes its room already
    kind, unknown = KINDS[change.address.kind], "0" * DIGEST_LENGTH
    nonce = "0" * NONCE_LENGTH if change.action is Action.CREATE else change.mark.nonce
    fields = {**change.mark.fields, **{kind.field(name).code: unknown for name in change.late}}
    files = change.mark.files
    if CODE_FILES in change.late:
        files = unknown * len(items_of(change.send.get(CODE_FILES), CODE_KEY))
    try:
        replace(change.mark, nonce=nonce, fields=fields, files=files).metadata()
    except MarkTooLong as too_long:
        return replace(change, block=Block(BlockCode.MARK_TOO_LONG, f"{too_long}; declare fewer fields"))
    return change


def what_is_seen(kind: Kind, desired: Desired | None, owned: Owned) -> Seen:
    """What a later read must still show before the object is written: managed digests, mark, updated_at."""
    live, base = owned.live, owned.mark.fields
    declared, ignored = (desired.fields, desired.ignored) if desired else (EMPTY, frozenset())
    extensions = (name for name in live.fields if name.startswith(EXTENSION))
    based = (name for name in (*kind.fields, *extensions) if kind.field(name).code in base)
    names = sorted({*declared, *based} - ignored)
    digests = {name: digest(canonical_live(kind, name, live)) for name in names}
    return Seen(digests, only_mark(live.metadata), live.updated_at)


def _field_change(verdict: FieldVerdict, desired: Desired, *, overwritten: bool) -> FieldChange:
    before: Json | Absent = ABSENT if verdict.live is None else verdict.live
    after: Json | Absent = ABSENT if verdict.manifest is None else verdict.manifest
    return FieldChange(
        verdict.name,
        verdict.state,
        before,
        after,
        details=explain(before, after, ids=HOLDS_IDS.get(verdict.name, "")),
        where=desired.places.get(verdict.name),
        overwritten=overwritten and verdict.state is not FieldState.OURS,
    )


def _base(
    kind: Kind, desired: Desired, previous: Mapping[str, str], verdicts: Sequence[FieldVerdict]
) -> dict[str, str]:
    """The digests of the next mark, by field code: of all that is declared, and what stays from before.

    That of a value which is known after apply is left out.
    """
    base = kept_codes(kind, desired, previous)
    for verdict in verdicts:
        if isinstance(verdict.manifest, Absent) or not is_known(verdict.manifest):
            continue
        code = kind.field(verdict.name).code
        held = previous.get(code, "")
        if verdict.state is FieldState.CLEAN and not verdict.stale:
            base[code] = held
            continue
        request = digest(verdict.manifest)
        # what the provider made of the same request is still known, unless it holds the request itself now
        keeps = held[:DIGEST_LENGTH] == request and verdict.state is not FieldState.CLEAN
        base[code] = held if keeps else request
    return base


def _files_of_mark(found: Resolved) -> str:
    """The digests of code files in the next mark; apply completes them where ids are still to come."""
    if CODE_FILES in found.late:
        return ""
    return files_in_mark(found.desired.fields.get(CODE_FILES), found.code_files)


def _stands(verdicts: Iterable[FieldVerdict]) -> bool:
    """Whether the live code files are those of the mark although they are not those that were sent."""
    return any(
        v.name == CODE_FILES and v.state is FieldState.CLEAN and not v.stale and v.manifest != v.live for v in verdicts
    )


def _diff(desired: Desired, live: Live, terms: Terms) -> FileDiff:
    if desired.files is None or FILES in desired.ignored or live.id not in terms.files:
        return FileDiff()
    return diff_files(desired.files, terms.files[live.id])


def _block(
    fields: Iterable[FieldChange], send: Mapping[str, Any], desired: Desired, live: Live, terms: Terms
) -> Block | None:
    """Why an object that is there cannot be made what the files say."""
    kind = KINDS[desired.address.kind]
    stuck = [one for one in fields if one.state is not FieldState.OURS and not one.overwritten]
    return (
        clash(kind, desired)
        or drift(desired, stuck, terms.target)
        or no_reset(kind, send, terms.capabilities)
        or (unlisted(live, terms.capabilities) if _is_unlisted(desired, live, terms) else None)
    )


def _is_unlisted(desired: Desired, live: Live, terms: Terms) -> bool:
    """Whether nobody looked at files that are declared: to take them for absent would send all of them again."""
    return bool(desired.files) and FILES not in desired.ignored and live.id not in terms.files


def _in_order(kind: Kind, names: Iterable[str]) -> list[str]:
    rank = {name: i for i, name in enumerate(kind.fields)}
    return sorted(names, key=lambda name: (rank.get(name, len(rank)), name))


def _reason(fields: Sequence[FieldChange], diff: FileDiff, *, adopted: bool, previous: Address | None) -> str:
    names = [change.name for change in fields] + ([FILES] if diff.changes else [])
    listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else ""
    differs = f"{listed} {'differs' if len(names) == 1 and not listed.endswith('s') else 'differ'}" if names else ""
    identity = "it bears no mark yet" if adopted else f"it was {previous}" if previous else ""
    return "; ".join(part for part in (identity, differs) if part)
