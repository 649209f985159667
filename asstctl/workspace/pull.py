"""Use case: bring what was changed on the target into the files, as the smallest edit of each.

Looks, decides (`manifest.write_back` says what can be placed), shows, and writes all files or none. Then it plans
again with the new files, and says what remains.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from asstctl.core.address import Address
from asstctl.core.capabilities import Capabilities, Metadata
from asstctl.core.change import Action, Change, FieldChange, FieldState
from asstctl.core.errors import WrongUsage
from asstctl.core.json_types import Json
from asstctl.core.mark import Mark, read_mark, without_mark
from asstctl.core.plan import Plan
from asstctl.core.ports import Provider
from asstctl.core.pull import Conflict, Left, Pulled, Taken
from asstctl.core.resource import Desired, Live
from asstctl.engine.planning.classify import canonical_live
from asstctl.engine.planning.outside import OUTSIDE
from asstctl.engine.planning.ownership import Owned
from asstctl.engine.planning.policy import EVERYTHING
from asstctl.kinds import KINDS
from asstctl.manifest.edits import Edits, NotPlaced
from asstctl.manifest.sources import read_sources
from asstctl.manifest.tool_words import Words
from asstctl.manifest.write_back import LiveField, take
from asstctl.workspace.base import History, base_of
from asstctl.workspace.plan import ownership_of, plan_on
from asstctl.workspace.selection import select_fields
from asstctl.workspace.workspace import Workspace
from asstctl.workspace.written_files import Watching, write_watched


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to come in: `addresses` as they were typed, none for all. `side` wins where both changed."""

    addresses: tuple[str, ...] = ()
    side: str | None = None  # "ours" or "theirs"
    in_overlay: bool = False


async def pull(workspace: Workspace, wanted: Wanted, watching: Watching) -> Pulled:
    """Bring live values into the files. What cannot be placed is among the result's `left`."""
    declared = {one.address for one in workspace.desired()}
    chosen = select_fields(wanted.addresses, declared, "pull")
    async with workspace.open() as provider:
        plan, reading = await plan_on(workspace, provider)
        owned = ownership_of(workspace, provider, reading).owned
        found = _Puller(workspace, provider.store.capabilities, plan, reading.objects, owned, chosen, wanted).pulled()
        return await write_watched(workspace, found, watching, lambda fresh: _what_remains(fresh, provider, found))


async def _what_remains(workspace: Workspace, provider: Provider, found: Pulled) -> tuple[Taken, ...]:
    """Which of the fields that were taken differ still."""
    plan, _ = await plan_on(workspace, provider)
    return tuple(
        Taken(change.address, field.name)
        for change in plan.changes
        for field in change.fields
        if Taken(change.address, field.name) in found.taken
    )


class _Puller:
    """From a plan to the edits that would make its drift go away."""

    def __init__(
        self,
        workspace: Workspace,
        capabilities: Capabilities,
        plan: Plan,
        objects: tuple[Live, ...],
        owned: Mapping[Address, Owned],
        chosen: frozenset[str],
        wanted: Wanted,
    ) -> None:
        self._workspace = workspace
        self._capabilities = capabilities
        self._plan = plan
        self._chosen = chosen
        self._wanted = wanted
        self._live = {(one.kind, one.id): one for one in objects}
        self._desired: Mapping[Address, Desired] = {one.address: one for one in workspace.desired()}
        stores = {one.live.id: address for address, one in owned.items() if address.kind == "vector_store"}
        self._edits = Edits(
            read_sources(workspace.project),
            workspace.target.name,
            workspace.target.provider,
            stores,
            in_overlay=wanted.in_overlay,
            words=Words.of(capabilities, workspace.target),
        )

    def pulled(self) -> Pulled:
        taken: list[Taken] = []
        left: list[Left] = []
        conflicts: list[Conflict] = []
        for change, field in self._fields():
            desired, live = self._desired[change.address], self._live[change.address.kind, change.remote_id or ""]
            if field.state is FieldState.CONFLICT and self._wanted.side != "theirs":
                conflicts.append(self._conflict(change, field, desired, live))
                continue
            value = _value(live, field.name)
            try:
                take(self._edits, desired, LiveField(field.name, value, desired.fields.get(field.name)))
            except NotPlaced as refused:
                where = refused.where or desired.places.get(field.name) or desired.where
                left.append(Left(change.address, field.name, refused.reason, where, refused.hint))
            else:
                taken.append(Taken(change.address, field.name))
        both = tuple(conflicts)
        kept = self._wanted.side == "ours"
        return Pulled(
            self._plan.target,
            self._edits.edits,
            tuple(taken),
            tuple(left),
            conflicts=() if kept else both,
            kept=both if kept else (),
            notes=tuple(self._notes(bool(taken))),
        )

    def _notes(self, found: bool) -> Iterator[str]:
        if not self._desired:
            command = self._plan.target.command("pull --all")
            yield f"the files declare nothing; to begin with what {self._plan.target.name} holds: {command}"
        if self._capabilities.metadata is Metadata.WRITE_ONCE and not found:
            command = self._plan.target.command("pull ADDRESS.FIELD")
            yield f"this server cannot tell an edit of yours from somebody else's; name what to take: {command}"

    def _fields(self) -> Iterator[tuple[Change, FieldChange]]:
        """What was changed outside of the files, and what is named although the files say nothing of it."""
        for change in self._plan.changes:
            if change.remote_id is None or (change.address.kind, change.remote_id) not in self._live:
                continue
            if change.address not in self._desired:
                continue
            for field in change.fields:
                if self._is_chosen(change, field):
                    yield change, field
            yield from ((change, field) for field in self._undeclared(change))

    def _is_chosen(self, change: Change, field: FieldChange) -> bool:
        """Whether a field is to come in: drift, as it was asked for; where no base tells drift from an edit of the
        files (an adoption, a server that keeps the first mark for ever), what was named field by field."""
        address = str(change.address)
        if field.state in OUTSIDE:
            return not self._chosen or not self._chosen.isdisjoint({EVERYTHING, address, f"{address}.{field.name}"})
        has_no_base = change.action is Action.ADOPT or self._capabilities.metadata is Metadata.WRITE_ONCE
        return has_no_base and f"{address}.{field.name}" in self._chosen

    def _undeclared(self, change: Change) -> Iterator[FieldChange]:
        """Fields that were named one by one and that the files leave to others."""
        desired, live = self._desired[change.address], self._live[change.address.kind, change.remote_id or ""]
        said = {field.name for field in change.fields}
        for text in sorted(self._chosen):
            name = text.removeprefix(f"{change.address}.")
            if name == text or name in said or name in desired.fields:
                continue
            value = canonical_live(KINDS[change.address.kind], name, live)
            if value is not None:
                yield FieldChange(name, FieldState.UNMANAGED, value, value)

    def _conflict(self, change: Change, field: FieldChange, desired: Desired, live: Live) -> Conflict:
        mark = read_mark(live.metadata)
        where = desired.places.get(field.name) or desired.where
        code = KINDS[change.address.kind].field(field.name).code
        noted = mark.fields.get(code, "") if isinstance(mark, Mark) else ""
        file, target = where.path if where else "", self._workspace.target
        history = History(self._workspace.project.root, change.revision, file, target.name, target.provider)
        base = base_of(history, change.address, field.name, noted)
        return Conflict(change.address, field.name, field.after, field.before, base, change.revision, where)


def _value(live: Live, name: str) -> Json:
    return without_mark(live.metadata) if name == "metadata" else live.fields.get(name)


def check_sides(*, ours: bool, theirs: bool) -> str | None:
    """The side that wins. Raises WrongUsage for both."""
    if ours and theirs:
        raise WrongUsage("--ours and --theirs exclude each other", hint="keep the files, or take what is live")
    return "ours" if ours else "theirs" if theirs else None
