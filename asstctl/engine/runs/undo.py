"""Planning the way back: what a run did, and what is live now, to a Plan. Pure.

    created   -> deleted, if it is the object of that create and nobody changed it since
    updated   -> the fields that were sent go back, each only where live is still what the run left
    deleted   -> created anew, with a new id
    adopted, moved, forgotten -> forgotten, moved back, adopted back

The base of what is restored is the restored value: what the files still say then shows as `ours`, and the next
plan tells the truth. Bytes that were deleted on the provider are not there any more; git has them.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from asstctl.core.address import Address
from asstctl.core.capabilities import Capabilities
from asstctl.core.change import (
    ABSENT,
    Absent,
    Action,
    Block,
    BlockCode,
    Change,
    FieldChange,
    FieldState,
    WayOn,
)
from asstctl.core.journal import Record, Step
from asstctl.core.json_types import EMPTY, Json
from asstctl.core.knowledge import StoreFile
from asstctl.core.mark import Mark, read_mark, without_mark
from asstctl.core.plan import UNDO, Plan, TargetInfo
from asstctl.core.reference import reference
from asstctl.core.resource import EXTENSION, Live
from asstctl.engine.planning.blocks import PROTECT, no_reset
from asstctl.engine.planning.changes import possible
from asstctl.engine.planning.classify import canonical_live
from asstctl.engine.planning.deletes import Doomed, guard_stores, make_deletes, stores_of
from asstctl.engine.planning.explain import explain
from asstctl.engine.planning.notes import staying_uploads
from asstctl.engine.planning.order import in_order
from asstctl.engine.planning.ownership import Owned, sort_out
from asstctl.engine.planning.policy import MAX_DELETES
from asstctl.engine.planning.resolve import CODE_FILES, CODE_KEY, HOLDS_IDS, STORES, STORES_KEY, held_files, items_of
from asstctl.engine.read import STORE
from asstctl.engine.runs.history import History, Touched, history, pairs_of
from asstctl.engine.runs.restoring import is_left, mark_back, same_owner, seen_of, value_of, way_back
from asstctl.engine.runs.undo_files import with_files
from asstctl.kinds import KINDS
from asstctl.kinds.canonical import same
from asstctl.kinds.field import Kind


def make_undo_plan(
    record: Record,
    objects: Iterable[Live],
    *,
    target: TargetInfo,
    capabilities: Capabilities,
    files: Mapping[str, tuple[StoreFile, ...]] = EMPTY,
    max_deletes: int = MAX_DELETES,
    named: str = "",
) -> Plan:
    """The plan that takes a run back, as far as nobody has changed since what it left. `named` is what `undo` was given
    where that was not the run."""
    lives = tuple(objects)
    done = history(record, lives)
    owned = sort_out(lives, target.project, ties_in_creation_order=capabilities.ties_in_creation_order).owned
    undoing = _Undoing(
        record.header.run,
        done,
        target,
        {live.id: live for live in lives},
        owned,
        {one.id: one.address for one in done.objects if one.deleted and one.id and not one.created},
        capabilities,
    )
    run = named or record.header.run
    changes = undoing.changes()
    changes += undoing.deletes(files, max_deletes, lambda count: target.command(f"undo {run} --max-deletes {count}"))
    changes, lost = with_files(changes, record.header.run, done.files, undoing.live, files)
    changes = guard_stores(changes, undoing.users(changes))
    changes = [possible(change, capabilities) for change in changes]
    notes = tuple(dict.fromkeys([*undoing.notes, *lost, *staying_uploads(changes, files)]))
    limit = [] if max_deletes == MAX_DELETES else [f"--max-deletes {max_deletes}"]
    return Plan(target, in_order(changes), notes, flags=(*limit, f"{UNDO}{record.header.run}"))


@dataclass(frozen=True, slots=True)
class _Back:
    """How the fields of one object go back: what differs, what to send, and what somebody changed since."""

    fields: tuple[FieldChange, ...]
    send: Mapping[str, Any]
    stuck: tuple[FieldChange, ...] = ()
    late: frozenset[str] = frozenset()
    depends_on: tuple[Address, ...] = ()


class _Undoing:
    """One run on its way back. `notes` are sentences about what cannot be brought back."""

    def __init__(
        self,
        run: str,
        done: History,
        target: TargetInfo,
        live: Mapping[str, Live],
        owned: Mapping[Address, Owned],
        reborn: Mapping[str, Address],
        capabilities: Capabilities,
    ) -> None:
        self.notes: list[str] = []
        self._run = run
        self._done = done
        self._target = target
        self.live = live
        self._owned = owned
        # what the run deleted and this plan makes again, by the id that is gone
        self._reborn = {id: address for id, address in reborn.items() if id not in live}
        self._capabilities = capabilities

    def changes(self) -> list[Change]:
        """Everything but the deletes of what the run created."""
        found: list[Change] = []
        for one in self._done.objects:
            if one.created:
                continue
            live = self.live.get(one.id or "")
            if live is not None:
                found.append(self._restore(one, live))
            elif one.deleted:
                found += self._again(one)
            else:
                self.notes.append(f"{one.address}: {one.id} was deleted since; there is nothing to take back.")
        return found

    def deletes(
        self, files: Mapping[str, tuple[StoreFile, ...]], max_deletes: int, command: Callable[[int], str]
    ) -> list[Change]:
        """Deletes of what the run created: only an object that bears the nonce of that very create."""
        doomed: dict[Address, Doomed] = {}
        blocks: dict[Address, Block] = {}
        stuck: dict[Address, tuple[FieldChange, ...]] = {}
        for one in self._done.objects:
            if not one.created or one.deleted:
                continue
            live = self.live.get(one.id or "")
            if live is None:
                what = f"{one.id} is gone already" if one.id else f"nothing with nonce {one.nonce} is there"
                self.notes.append(f"{one.address}: {what}.")
                continue
            mark = read_mark(live.metadata)
            if not isinstance(mark, Mark) or (mark.nonce, mark.project) != (one.nonce, self._target.project):
                self.notes.append(
                    f"{one.address}: {live.id} no longer bears the mark of that create; it is left alone."
                )
                continue
            address = mark.address
            doomed[address] = Doomed(Owned(live, mark))
            kind = KINDS[live.kind]
            left = [name for name, value in one.sent.items() if name != "metadata" and value is not None]
            changed = [name for name in left if not is_left(kind, name, one.sent[name], live, mark)]
            all_the_same = WayOn("delete it all the same", self._target.command(f"destroy --only {address}"))
            if address != one.address:
                blocks[address] = self._changed(address, f"its address, then {one.address},", all_the_same)
            elif changed:
                blocks[address] = self._changed(address, ", ".join(changed), all_the_same)
                stuck[address] = tuple(_since(kind, name, live, one.sent[name], ABSENT) for name in changed)
        # what is left alone anyway is not counted
        going = {address: one for address, one in doomed.items() if address not in blocks}
        staying = {address: one for address, one in doomed.items() if address in blocks}
        made = make_deletes(
            going, self._owned, files, target=self._target, max_deletes=max_deletes, command=command
        ) + make_deletes(staying, self._owned, files, target=self._target, max_deletes=len(staying), command=command)
        return [
            replace(
                change,
                fields=stuck.get(change.address, ()),
                reason=f"run {self._run} created it",
                block=change.block or blocks.get(change.address),
            )
            for change in made
        ]

    def users(self, changes: Iterable[Change]) -> Mapping[Address, Owned]:
        """Who uses which store: everything of ours that is live, under the address that it has in this plan."""
        by_id = {change.remote_id: change.address for change in changes}
        return {by_id.get(one.live.id, address): one for address, one in self._owned.items()}

    def _restore(self, one: Touched, live: Live) -> Change:
        before = one.before or {}
        was, now = read_mark(pairs_of(before)), read_mark(live.metadata)
        left = read_mark(pairs_of(one.sent)) if "metadata" in one.sent else was
        kind = KINDS[live.kind]
        plain = Change(one.address, Action.KEEP, name=live.name, remote_id=live.id)
        if not self._is_ours(live, was, left):
            self.notes.append(f"{one.address}: {live.id} was not this project's in that run; it is left alone.")
            return plain
        if not same_owner(now, left) and same_owner(now, was):
            return plain  # it is back already
        if not same_owner(now, left):
            block = self._changed(one.address, "its mark")
            return replace(plain, action=Action.UPDATE, reason="its mark changed", block=block)
        owned = Owned(live, now if isinstance(now, Mark) else Mark(self._target.project, one.address))
        back = self._fields_back(kind, one, live, owned.mark)
        fields = back.fields
        action = way_back(was, now)
        mark = None
        if isinstance(was, Mark):
            mark = mark_back(kind, now if isinstance(now, Mark) else was, was, fields)
            if isinstance(left, Mark) and isinstance(now, Mark):
                if was.protect is not left.protect and now.protect is left.protect:
                    fields += (FieldChange(PROTECT, FieldState.OURS, left.protect, was.protect),)
                else:
                    mark = replace(mark, protect=now.protect)
        if action is Action.UPDATE and not fields and not back.stuck:
            return plain
        address = mark.address if mark else one.address
        held = held_files(owned) or {}
        return Change(
            address,
            action,
            fields=fields + back.stuck,
            reason=_REASONS[action].format(run=self._run),
            name=live.name,
            remote_id=live.id,
            block=self._stuck(address, back)
            or self._taken(address, live, action)
            or no_reset(kind, back.send, self._capabilities),
            send=back.send,
            mark=mark,
            revision=owned.mark.revision,
            seen=seen_of(kind, owned, [change.name for change in back.fields]),
            depends_on=tuple(sorted({*back.depends_on, *self._used(live)})),
            late=back.late,
            code_files=held if action is not Action.FORGET else EMPTY,
            previous=one.address if action is Action.MOVE else None,
        )

    def _fields_back(self, kind: Kind, one: Touched, live: Live, mark: Mark) -> _Back:
        fields: list[FieldChange] = []
        stuck: list[FieldChange] = []
        send: dict[str, Any] = {}
        before = one.before or {}
        for name in sorted(one.sent):
            rule = kind.field(name).canonical
            then = without_mark(pairs_of(before)) if name == "metadata" else before.get(name)
            sent = without_mark(pairs_of(one.sent)) if name == "metadata" else one.sent[name]
            was, now = rule(then), canonical_live(kind, name, live)
            if same(was, now) or (name == "metadata" and same(was, rule(sent))):
                continue
            if name == CODE_FILES and (lost := self._lost(was)):
                self.notes.append(f"{one.address}: what was deleted of its code files ({lost}) cannot be brought back.")
                continue
            live_now, then_was = value_of(now), value_of(was)
            details = explain(live_now, then_was, ids=HOLDS_IDS.get(name, ""))
            change = FieldChange(name, FieldState.OURS, live_now, then_was, details=details)
            if is_left(kind, name, sent, live, mark):
                fields.append(change)
                send[name] = then if was is not None else None
            else:
                stuck.append(_since(kind, name, live, sent, then_was))
        late = self._refer(send)
        return _Back(tuple(fields), send, tuple(stuck), *late)

    def _again(self, one: Touched) -> list[Change]:
        """What the run deleted, made anew of what it was."""
        before, was = one.before or {}, read_mark(pairs_of(one.before or {}))
        if not isinstance(was, Mark) or was.project != self._target.project:
            self.notes.append(f"{one.address}: what it was is not in the journal; it cannot be made again.")
            return []
        if holder := self._owned.get(was.address):
            self.notes.append(f"{was.address}: {holder.live.id} bears it by now; it is not made again.")
            return []
        kind = KINDS[was.address.kind]
        send: dict[str, Any] = {}
        for name, value in before.items():
            known = not name.startswith(EXTENSION) or kind.field(name).code in was.fields
            if known and name != "metadata" and kind.field(name).canonical(value) is not None:
                send[name] = value
        if pairs := without_mark(pairs_of(before)):
            send["metadata"] = pairs
        if lost := self._lost(send.get(CODE_FILES)):
            del send[CODE_FILES]
            self.notes.append(f"{was.address}: what was deleted of its code files ({lost}) cannot be brought back.")
        files = sum(step.step is Step.DELETE and step.address == one.address for step in self._done.files)
        if files and was.address.kind == STORE:
            self.notes.append(f"{was.address}: its files ({files}) are gone from the provider; git has them.")
        late, depends_on = self._refer(send)
        codes = {kind.field(name).code: name for name in send}
        fields = {code: held for code, held in was.fields.items() if codes.get(code) not in {None, *late}}
        return [
            Change(
                was.address,
                Action.CREATE,
                fields=tuple(
                    FieldChange(name, FieldState.OURS, ABSENT, kind.field(name).canonical(value))
                    for name, value in sorted(send.items())
                ),
                reason=f"run {self._run} deleted it; it gets a new id",
                name=str(send.get("name") or ""),
                send=send,
                mark=replace(was, nonce="", fields=fields, files=was.files if CODE_FILES in send else ""),
                depends_on=depends_on,
                late=late,
            )
        ]

    def _lost(self, value: Json) -> int:
        """How many of these code files were deleted by the run."""
        return sum(id in self._done.gone for id in items_of(value, CODE_KEY))

    def _refer(self, send: dict[str, Any]) -> tuple[frozenset[str], tuple[Address, ...]]:
        """References in the place of ids of stores that this plan makes again; which fields hold them, and whose."""
        ids = items_of(send.get(STORES), STORES_KEY)
        needed = tuple(sorted({self._reborn[id] for id in ids if isinstance(id, str) and id in self._reborn}))
        if not needed:
            return frozenset(), ()
        send[STORES] = {STORES_KEY: [reference(self._reborn[id]) if id in self._reborn else id for id in ids]}
        return frozenset({STORES}), needed

    def _is_ours(self, live: Live, *marks: object) -> bool:
        """Whether it was this project's before or after; a journal may name any object."""
        said = [mark for mark in marks if mark is not None]
        return bool(said) and all(
            isinstance(mark, Mark) and (mark.project, mark.address.kind) == (self._target.project, live.kind)
            for mark in said
        )

    def _used(self, live: Live) -> Iterable[Address]:
        ids = {*stores_of(live)}
        return (address for address, one in self._owned.items() if one.live.id in ids and one.live.kind == STORE)

    def _stuck(self, address: Address, back: _Back) -> Block | None:
        if not back.stuck:
            return None
        names = ", ".join(change.name for change in back.stuck)
        keep = WayOn("keep what is there now", self._target.command(f"pull {address}"))
        overwrite = self._target.command(f"apply --overwrite-drift {address}")
        back_anyway = WayOn("go back all the same", f"set the files back with git and run {overwrite}")
        return self._changed(address, names, keep, back_anyway)

    def _changed(self, address: Address, what: str, *ways: WayOn) -> Block:
        reason = f"{what} changed on {self._target.name} since run {self._run}"
        see = WayOn("see what is there now", self._target.command(f"show {address}"))
        return Block(BlockCode.CHANGED_SINCE, reason, (see, *ways))

    def _taken(self, address: Address, live: Live, action: Action) -> Block | None:
        """Another object bears the address that this one is to have."""
        holder = self._owned.get(address)
        if action not in (Action.ADOPT, Action.MOVE) or holder is None or holder.live.id == live.id:
            return None
        code = BlockCode.ADOPT if action is Action.ADOPT else BlockCode.MOVE
        return Block(code, f"{holder.live.id} on {self._target.name} is {address} now")


def _since(kind: Kind, name: str, live: Live, sent: Json, before: Json | Absent) -> FieldChange:
    """A field that is no longer what the run left."""
    left = value_of(kind.field(name).canonical(sent))
    return FieldChange(name, FieldState.SINCE, value_of(canonical_live(kind, name, live)), before, left=left)


_REASONS = {
    Action.UPDATE: "run {run} changed it",
    Action.FORGET: "run {run} adopted it",
    Action.MOVE: "run {run} moved it",
    Action.ADOPT: "run {run} forgot it",
}
