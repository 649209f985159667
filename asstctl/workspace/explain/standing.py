"""How the fields of a resource stand on the target: what is live, what was last applied, and what comes next.

The verdicts are those of the plan that the next apply would begin with.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from asstctl.core.address import Address
from asstctl.core.change import ABSENT, Absent, Action, BlockCode, Change, FieldState, WayOn
from asstctl.core.errors import AsstctlError
from asstctl.core.explanation import Explained, LastApplied, Next, Stands
from asstctl.core.json_types import Json
from asstctl.core.knowledge import StoreFile
from asstctl.core.mark import without_mark
from asstctl.core.plan import TargetInfo
from asstctl.core.resource import EXTENSION, Desired, Live
from asstctl.documents.edit_steps import value_at
from asstctl.engine.planning.blocks import PROTECT
from asstctl.engine.planning.classify import FieldVerdict
from asstctl.engine.planning.ownership import Owned
from asstctl.engine.planning.plan import Decided
from asstctl.engine.planning.policy import Policy
from asstctl.kinds import KINDS
from asstctl.manifest.field_paths import descend
from asstctl.manifest.resources import FILES
from asstctl.workspace.base import History, base_of
from asstctl.workspace.plan import decided, look
from asstctl.workspace.workspace import Workspace


@dataclass(frozen=True)
class Sight:
    """What was seen of one address on the target."""

    workspace: Workspace
    address: Address
    desired: Desired | None
    change: Change | None
    owned: Owned | None
    verdicts: Mapping[str, FieldVerdict]
    files: Sequence[StoreFile]

    @property
    def target(self) -> TargetInfo:
        return self.workspace.info

    @property
    def next(self) -> Next | None:
        """What the next apply does with the object; None where it has nothing to do with it."""
        return Next(self.change.action, self.change.reason, self.change.block) if self.change else None

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields that the live object bears at something else than their default, or that its mark knows."""
        if self.owned is None:
            return ()
        kind, live = KINDS[self.address.kind], _fields(self.owned.live)
        own = [name for name in kind.fields if kind.field(name).canonical(live.get(name)) is not None]
        return (*own, *sorted(name for name in live if name.startswith(EXTENSION)))

    def holds(self, path: str) -> bool:
        """Whether anything is live at a path."""
        name = self._field_of(path) if self.owned else ""
        return bool(name) and not isinstance(self._live(name, path[len(name) + 1 :]), Absent)

    def stand(self, one: Explained) -> Explained:
        """The same, held against the target; a part of a field stands as the whole field does."""
        stands = self._stands(one)
        return replace(one, stands=stands, parts=tuple(self.stand(part) for part in one.parts)) if stands else one

    def _stands(self, one: Explained) -> Stands | None:
        if self.owned is None:
            action = self.change.action if self.change else Action.KEEP
            return Stands(ABSENT, None, next="it is created" if action is Action.CREATE and one.declared else "")
        if one.name in (PROTECT, FILES):
            return self._protect(self.owned) if one.name == PROTECT else self._of_files()
        name = self._field_of(one.name)
        if not name:
            return None
        live = self._live(name, one.name[len(name) + 1 :])
        verdict = self.verdicts.get(name)
        if verdict is None:
            state = FieldState.UNMANAGED
        else:
            state = verdict.state
            if isinstance(verdict.manifest, Absent) and state is FieldState.CLEAN:
                state = FieldState.UNMANAGED
        applied = self._applied(name) if name == one.name else None
        return Stands(live, state, applied, self._next(name, state), tuple(self._ways(name, state)))

    def _field_of(self, path: str) -> str:
        """The unit of ownership that a path belongs to."""
        names = (*KINDS[self.address.kind].fields, *self.verdicts, *self.fields)
        fitting = [name for name in names if path == name or path.startswith(f"{name}.")]
        return max(fitting, key=len, default="")

    def _live(self, name: str, rest: str) -> Json | Absent:
        assert self.owned is not None
        value = _fields(self.owned.live).get(name)
        if not rest and KINDS[self.address.kind].field(name).canonical(value) is None:
            return ABSENT
        steps = descend(name, value, rest)
        found: Json | Absent = ABSENT if steps is None else value_at(value, steps)
        return ABSENT if found is None else found

    def _applied(self, name: str) -> LastApplied | None:
        assert self.owned is not None
        mark = self.owned.mark
        noted = mark.fields.get(KINDS[self.address.kind].field(name).code, "")
        if not noted:
            return None
        where = (self.desired.places.get(name) or self.desired.where) if self.desired else None
        project, target = self.workspace.project, self.workspace.target
        history = History(project.root, mark.revision, where.path if where else "", target.name, target.provider)
        return LastApplied(noted, mark.revision, base_of(history, self.address, name, noted))

    def _next(self, name: str, state: FieldState) -> str:
        if self.desired is not None and name in self.desired.ignored:
            return "nothing: `ignore_changes` names it"
        change = self.change
        match state:
            case FieldState.CLEAN:
                return "nothing"
            case FieldState.UNMANAGED:
                return "nothing: no file speaks of it"
        blocked = change is not None and change.block is not None
        if state is FieldState.OURS:
            return "it waits for what blocks its object" if blocked else self._sent(name)
        accepted = change is not None and any(one.overwritten for one in change.fields if one.name == name)
        return self._sent(name) if accepted else "it is blocked, until you choose"

    def _sent(self, name: str) -> str:
        is_declared = self.desired is not None and name in self.desired.fields
        return "it is sent" if is_declared else "it is set back to its default"

    def _ways(self, name: str, state: FieldState) -> Iterator[WayOn]:
        block = self.change.block if self.change else None
        if block is None or (state is FieldState.OURS and block.code is BlockCode.DRIFT):
            return
        if block.code is not BlockCode.DRIFT:
            yield from block.ways
        elif state in (FieldState.DRIFT, FieldState.CONFLICT):
            field = f"{self.address}.{name}"
            yield WayOn("keep the live value", self.target.command(f"pull {field}"))
            yield WayOn("restore the manifest", self.target.command(f"apply --overwrite-drift {field}"))

    def _protect(self, owned: Owned) -> Stands:
        wanted = self.desired is not None and self.desired.protect
        is_same = owned.mark.protect is wanted
        state = FieldState.CLEAN if is_same else FieldState.OURS
        return Stands(owned.mark.protect, state, next="nothing" if is_same else "it is written into the mark")

    def _of_files(self) -> Stands:
        changes = self.change.files if self.change else ()
        live: Json = sorted(one.path or one.id for one in self.files)
        said = f"{len(changes)} of them {'changes' if len(changes) == 1 else 'change'}" if changes else "nothing"
        return Stands(live, FieldState.OURS if changes else FieldState.CLEAN, next=said)


def _fields(live: Live) -> Mapping[str, Json]:
    return {**live.fields, "metadata": without_mark(live.metadata) or None}


async def seen(workspace: Workspace, address: Address) -> Sight | AsstctlError:
    """What the target has of an address; or what kept it from answering. Sends only GETs."""
    try:
        async with workspace.open() as provider:
            policy = Policy(only=frozenset({address}))
            reading = await look(workspace, provider, policy)
            found = decided(workspace, provider, reading, policy)
    except AsstctlError as trouble:
        return trouble
    return sight(workspace, address, found, reading.files)


def sight(workspace: Workspace, address: Address, found: Decided, files: Mapping[str, tuple[StoreFile, ...]]) -> Sight:
    """What a plan and what it rests on say of an address."""
    owned = found.owned.get(address)
    return Sight(
        workspace,
        address,
        next((one for one in workspace.desired() if one.address == address), None),
        next((one for one in found.plan.changes if one.address == address), None),
        owned,
        {one.name: one for one in found.verdicts.get(address, ())},
        files.get(owned.live.id, ()) if owned else (),
    )
