"""An account on paper: plans are made against it and carried out on it as values, with no request and no loop.

What `engine.applying` does with requests is tested elsewhere; here stands what a plan means, so that laws about
planning can be checked fast and without it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any

from asstctl.core.address import Address
from asstctl.core.capabilities import Capabilities, WireField
from asstctl.core.change import Action, Change, FileAction, FileChange
from asstctl.core.decisions import NONE, Decisions
from asstctl.core.json_types import Json
from asstctl.core.knowledge import KnowledgeFile, LocalFile, StoreFile
from asstctl.core.mark import Mark, read_mark, without_mark
from asstctl.core.plan import Plan, TargetInfo
from asstctl.core.reference import REF, file_reference, reference
from asstctl.core.resource import Desired, Live
from asstctl.engine.planning.plan import decide
from asstctl.engine.planning.policy import CAUTIOUS, Policy
from asstctl.engine.planning.resolve import CODE_FILES, CODE_KEY, identity
from asstctl.kinds import KINDS
from asstctl.kinds.canonical import digest

ASSISTANT, STORE = "assistant", "vector_store"
TARGET = TargetInfo("prod", "assistants", "assistants-v2", "host", "p", url="https://host/v1")
CAPABILITIES = Capabilities(
    wire="assistants-v2",
    fields={kind.name: {name: WireField((name,)) for name in kind.fields} for kind in KINDS.values()},
)
GUAGUA, HANDBOOK = Address(ASSISTANT, "guagua"), Address(STORE, "handbook")


def assistant(key: str = "guagua", *, code: Iterable[Any] = (), stores: Iterable[str] = (), **given: Any) -> Desired:
    """An assistant that searches `stores` (keys, or ids that begin with vs_) and computes with `code` files."""
    known = {name: given.pop(name) for name in ("protect", "ignored", "places") if name in given}
    fields = {"model": "m", **{name.replace("__", "."): value for name, value in given.items()}}
    uses = tuple(Address(STORE, one) for one in stores if not one.startswith("vs_"))
    if stores := tuple(stores):
        ids = [one if one.startswith("vs_") else reference(Address(STORE, one)) for one in stores]
        fields["tool_resources.file_search"] = {"vector_store_ids": ids}
    if code := tuple(code):
        ids = [file_reference(one) if isinstance(one, LocalFile) else one for one in code]
        fields[CODE_FILES] = {CODE_KEY: ids}
    return Desired(Address(ASSISTANT, key), fields, depends_on=uses, **known)


def store(key: str = "handbook", *, files: Iterable[KnowledgeFile] | None = (), **given: Any) -> Desired:
    """A vector store; `files=None` says nothing of files."""
    known = {name: given.pop(name) for name in ("protect", "ignored") if name in given}
    return Desired(Address(STORE, key), given, files=None if files is None else tuple(files), **known)


def local(path: str, content: str = "a") -> LocalFile:
    """A file of the project; its content is its hash."""
    return LocalFile(path, len(content), content * 8, Path("/nowhere"))


def known(path: str, content: str = "a", *, chunking: Json = None, **attributes: Any) -> KnowledgeFile:
    """A declared file of a store."""
    return KnowledgeFile(local(path, content), attributes, chunking)


@dataclass
class Paper:
    """Live objects oldest first, the files of stores, and the uploads that code files are."""

    capabilities: Capabilities = CAPABILITIES
    lives: dict[str, Live] = field(default_factory=dict)
    files: dict[str, tuple[StoreFile, ...]] = field(default_factory=dict)
    uploads: dict[str, str] = field(default_factory=dict)
    writes: int = 0
    numbers: Any = field(default_factory=lambda: count(1))

    def plan(self, *desired: Desired, policy: Policy = CAUTIOUS, decisions: Decisions = NONE, **options: Any) -> Plan:
        return decide(
            desired,
            self.lives.values(),
            target=TARGET,
            capabilities=self.capabilities,
            policy=policy,
            decisions=decisions,
            files=self.files,
            **options,
        ).plan

    def apply(self, *desired: Desired, **options: Any) -> Plan:
        """Plan, carry out, and see that nothing is left; returns what was done."""
        plan = self.plan(*desired, **options)
        self.carry_out(plan)
        return plan

    def settled(self, *desired: Desired, **options: Any) -> None:
        """Nothing is left to do."""
        plan = self.plan(*desired, **options)
        assert (plan.pending, plan.blocked, plan.stale_marks) == ((), (), ())

    def carry_out(self, plan: Plan, *, only: Iterable[Address] | None = None) -> None:
        """Everything of it, or what was reached of it before it was interrupted."""
        reached = None if only is None else set(only)
        for change in (*plan.pending, *plan.stale_marks):
            if reached is None or change.address in reached:
                self._do(change)

    def put(self, kind: str = ASSISTANT, **fields: Any) -> Live:
        """An object made by somebody else."""
        return self._put(kind, {"model": "m", **fields} if kind == ASSISTANT else fields, fields.pop("metadata", {}))

    def edit(self, id: str, *, updated: Mapping[str, Json] | None = None, **fields: Any) -> None:
        """Fields changed by somebody else; two underscores stand for the dot."""
        given = {name.replace("__", "."): value for name, value in {**fields, **(updated or {})}.items()}
        live = self.lives[id]
        self.lives[id] = replace(live, fields={**live.fields, **given}, metadata=given.get("metadata", live.metadata))

    def one(self, address: Address) -> Live:
        """What bears an address."""
        (live,) = self.bearing(address)
        return live

    def bearing(self, address: Address) -> list[Live]:
        marks = ((live, read_mark(live.metadata)) for live in self.lives.values())
        return [live for live, mark in marks if isinstance(mark, Mark) and mark.address == address]

    def new_id(self, prefix: str) -> str:
        return f"{prefix}_{next(self.numbers):04}"

    def _put(self, kind: str, fields: Mapping[str, Json], metadata: Mapping[str, str]) -> Live:
        id = self.new_id({ASSISTANT: "asst", STORE: "vs"}[kind])
        held = {**fields, "metadata": metadata}
        self.lives[id] = Live(kind, id, len(self.lives), held, metadata, {})
        if kind == STORE:
            self.files[id] = ()
        return self.lives[id]

    def _do(self, change: Change) -> None:
        self.writes += 1
        id = change.remote_id
        if change.action is Action.DELETE:
            assert id is not None
            del self.lives[id]
            self.files.pop(id, None)
            return
        late = {name: self._known(change.send[name]) for name in change.late}
        send = {**change.send, **late}
        if change.action is Action.CREATE:
            id = self._put(change.address.kind, {k: v for k, v in send.items() if v is not None}, {}).id
        assert id is not None
        live = self.lives[id]
        if change.writes_object:
            fields = {name: value for name, value in {**live.fields, **send}.items() if value is not None}
            pairs = without_mark((send["metadata"] or {}) if "metadata" in send else live.metadata)
            mark = self._mark(change, late)
            metadata = {**pairs, **(mark.metadata() if mark else {})}
            fields["metadata"] = metadata
            self.lives[id] = replace(live, fields=fields, metadata=metadata)
        for one in change.files:
            self._file(id, one)

    def _known(self, value: Any) -> Any:
        return {key: [self._id(item) for item in items] for key, items in value.items()}

    def _id(self, item: Any) -> str:
        if isinstance(item, str):
            return item
        if REF in item:
            return self.one(Address.parse(item[REF])).id
        id = self.new_id("file")
        self.uploads[id] = identity(item)
        return id

    def _mark(self, change: Change, late: Mapping[str, Any]) -> Mark | None:
        if change.mark is None:
            return None
        kind, mark = KINDS[change.address.kind], change.mark
        digests = {kind.field(name).code: digest(kind.field(name).canonical(value)) for name, value in late.items()}
        mark = replace(mark, fields={**mark.fields, **digests})
        if CODE_FILES in late:
            held = {**change.code_files, **self.uploads}
            mark = replace(mark, files="".join(held[id] for id in sorted(late[CODE_FILES][CODE_KEY])))
        return mark

    def _file(self, store: str, change: FileChange) -> None:
        held = {file.id: file for file in self.files[store] if file.id not in change.goes}
        if change.action in (FileAction.ADD, FileAction.REPLACE):
            id = self.new_id("file")
            held[id] = StoreFile(id, next(self.numbers), "completed", change.attributes, change.chunking)
        elif change.action is not FileAction.REMOVE:
            (id,) = change.ids
            status = "completed" if change.action is FileAction.REATTACH else held[id].status
            held[id] = replace(held[id], status=status, attributes=change.attributes, chunking=change.chunking)
        self.files[store] = tuple(held.values())


def states(plan: Plan, address: Address = GUAGUA) -> dict[str, str]:
    """The state of each field that differs."""
    (change,) = (change for change in plan.changes if change.address == address)
    return {one.name: one.state.value for one in change.fields}


def done(plan: Plan) -> dict[str, str]:
    """What is done to each address that something is done to; a block in its place."""
    return {
        str(change.address): f"blocked:{change.block.code}" if change.block else change.action.value
        for change in plan.changes
        if change.block or change.action is not Action.KEEP
    }
