"""An account in memory and a world around it: a clock that nobody waits for, faults on demand, other writers.

`FakeStore` keeps the promises of `core.ports.ResourceStore`: the contract suite runs over it too, and
`test_fakes.py` has what only a fake can do.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

from asstctl.core.address import Address
from asstctl.core.capabilities import Capabilities, WireField
from asstctl.core.decisions import NONE, Decisions
from asstctl.core.errors import IncompleteListing, NotFound, Refused, Rejected
from asstctl.core.json_types import Json
from asstctl.core.knowledge import KnowledgeFile, LocalFile
from asstctl.core.mark import KEY_NAME, without_mark
from asstctl.core.outcome import ApplyReport, OutcomeStatus
from asstctl.core.plan import Plan, TargetInfo
from asstctl.core.reference import file_reference, reference
from asstctl.core.resource import EXTENSION, Desired, Listing, Live
from asstctl.engine.applying.apply import Run, apply
from asstctl.engine.applying.requests import Pace
from asstctl.engine.planning.destroy import make_destroy_plan
from asstctl.engine.planning.plan import decide
from asstctl.engine.planning.policy import CAUTIOUS, Policy
from asstctl.engine.read import Interest, Reading, read
from tests.engine.fake_files import FakeFiles
from tests.engine.fake_wire import EPOCH as EPOCH
from tests.engine.fake_wire import Clock as Clock
from tests.engine.fake_wire import Fault as Fault
from tests.engine.fake_wire import Wire

KIND = "assistant"
STORE = "vector_store"
TARGET = TargetInfo("local", "local", "assistants-v2", "memory", "agiclass", local=True, default=True)

DEFAULTS: Mapping[str, Mapping[str, Json]] = {
    KIND: {
        "name": None,
        "description": None,
        "instructions": None,
        "tools": [],
        "temperature": 1.0,
        "top_p": 1.0,
        "reasoning_effort": None,
        "response_format": "auto",
        "metadata": {},
    },
    STORE: {"name": None, "expires_after": None, "metadata": {}},
}
RESOURCES = {"code_interpreter": {"file_ids": []}, "file_search": {"vector_store_ids": []}}
CAPABILITIES = Capabilities(
    wire="assistants-v2",
    fields={
        KIND: {
            "model": WireField(("model",), resettable=False),
            **{
                name: WireField((name,))
                for name in (*DEFAULTS[KIND], *(f"tool_resources.{tool}" for tool in RESOURCES))
            },
        },
        STORE: {name: WireField((name,)) for name in DEFAULTS[STORE]},
    },
    trusted=True,
)


@dataclass
class Stored:
    """One object as the server holds it."""

    id: str
    created_at: int
    visible_at: float
    fields: dict[str, Any]
    updated_at: int | None = None
    kind: str = KIND

    def live(self) -> Live:
        resources = {
            f"tool_resources.{tool['type']}": RESOURCES[tool["type"]]
            for tool in self.fields.get("tools", ())
            if isinstance(tool, dict) and tool.get("type") in RESOURCES
        }
        fields = {**resources, **self.fields}
        raw = {"id": self.id, **fields}
        return Live(self.kind, self.id, self.created_at, fields, fields["metadata"], raw, self.updated_at)


class FakeStore(Wire):
    """One account. What tests look at: `requests` (verb, id), `objects`, `most_in_flight`; `files` is its other half.

    `rewrite` is what the server makes of the fields it is given. Objects of a kind are seen by that kind alone.
    """

    writing = frozenset({"create", "update", "delete"})

    def __init__(self, clock: Clock | None = None, capabilities: Capabilities = CAPABILITIES) -> None:
        super().__init__(clock or Clock(), [])
        self.capabilities = capabilities
        self.objects: dict[str, Stored] = {}
        self.rewrite: Callable[[dict[str, Any]], dict[str, Any]] = lambda fields: fields
        self.looping = False
        self.ids = (f"asst_{number}" for number in count(1))
        self.store_ids = (f"vs_{number}" for number in count(1))
        self.files = FakeFiles(self.clock, self.log, lambda id: id in self.objects)

    @property
    def lives(self) -> list[Live]:
        """What is on the server, oldest first."""
        return [stored.live() for stored in self.objects.values()]

    def bearing(self, address: str) -> list[Live]:
        """The objects whose mark says this address."""
        return [live for live in self.lives if live.metadata.get(KEY_NAME) == address]

    def one(self, address: str) -> Live:
        (live,) = self.bearing(address)
        return live

    # What another writer does, beside the requests.
    def put(self, kind: str = KIND, **fields: Any) -> Live:
        """An object made by somebody else."""
        model = {"model": "gpt-4o"} if kind == KIND else {}
        return self._make(kind, {**model, "metadata": {}, **fields}).live()

    def edit(self, id: str, **fields: Any) -> None:
        """Fields changed by somebody else; extensions are written with two underscores for the dot."""
        self.objects[id].fields.update({name.replace("__", "."): value for name, value in fields.items()})

    def edit_metadata(self, id: str, **pairs: str | None) -> None:
        merged = {**self.objects[id].fields["metadata"], **pairs}
        self.objects[id].fields["metadata"] = {key: value for key, value in merged.items() if value is not None}

    def remove(self, id: str) -> None:
        del self.objects[id]
        self.files.forget_store(id)

    # The port.
    async def list(self, kind: str) -> Listing:
        def effect() -> Listing:
            if self.looping:
                raise IncompleteListing("the list goes in circles")
            seen = [s for s in self.objects.values() if s.kind == kind and s.visible_at <= self.clock.time]
            if not self.capabilities.ties_in_creation_order:
                seen.reverse()
                seen.sort(key=lambda stored: stored.created_at)
            return Listing(kind, tuple(stored.live() for stored in seen))

        return await self._request("list", None, effect)

    async def get(self, kind: str, id: str) -> Live:
        return await self._request("get", id, lambda: self._stored(kind, id).live())

    async def create(self, kind: str, fields: Mapping[str, Json]) -> Live:
        def effect() -> Live:
            if kind == KIND and not fields.get("model"):
                raise Rejected("Missing required parameter: 'model'.")
            given = {name: value for name, value in fields.items() if value is not None}
            return self._make(kind, self.rewrite(_stored_form(given))).live()

        def delay(answer: Live, late: float) -> None:
            self.objects[answer.id].visible_at += late

        return await self._request("create", None, effect, delay)

    async def update(self, kind: str, id: str, fields: Mapping[str, Json]) -> Live:
        def effect() -> Live:
            stored = self._stored(kind, id)
            for name, value in self.rewrite(_stored_form(dict(fields))).items():
                if value is None and name == "model":
                    raise Refused("model cannot be reset")
                if value is None and name.startswith((EXTENSION, "tool_resources.")):
                    stored.fields.pop(name, None)
                else:
                    stored.fields[name] = _fresh(kind)[name] if value is None else value
            return stored.live()

        return await self._request("update", id, effect)

    async def delete(self, kind: str, id: str) -> str:
        return await self._request("delete", id, lambda: self.remove(self._stored(kind, id).id))

    def _make(self, kind: str, fields: dict[str, Any]) -> Stored:
        id = next(self.ids if kind == KIND else self.store_ids)
        visible_at = self.clock.time + self.lag
        stored = Stored(id, self.clock.now, visible_at, {**_fresh(kind), **fields}, kind=kind)
        self.objects[id] = stored
        return stored

    def _stored(self, kind: str, id: str) -> Stored:
        if id not in self.objects or self.objects[id].kind != kind:
            raise NotFound(f"No {kind.replace('_', ' ')} found with id '{id}'.")
        return self.objects[id]


def _fresh(kind: str) -> dict[str, Any]:
    defaults = DEFAULTS[kind].items()
    return {name: value.copy() if isinstance(value, list | dict) else value for name, value in defaults}


def _stored_form(fields: dict[str, Any]) -> dict[str, Any]:
    """How the real service stores what it is given: tools expanded (wire facts, A3 and A4)."""
    if isinstance(fields.get("tools"), list):
        fields = {**fields, "tools": [_expanded(tool) for tool in fields["tools"]]}
    return fields


def _expanded(tool: Any) -> Any:
    match tool:
        case {"type": "function", "function": {**function}}:
            defaults = {"description": None, "parameters": {"type": "object", "properties": {}}, "strict": False}
            return {"type": "function", "function": {**defaults, **function}}
        case {"type": "file_search", **rest}:
            ranking = {"ranker": "default_2024_08_21", "score_threshold": 0.0, "hybrid_search": None}
            return {"type": "file_search", "file_search": {"ranking_options": ranking, **rest.get("file_search", {})}}
    return tool


def address(key: str) -> Address:
    return Address(KIND, key)


def store_address(key: str) -> Address:
    return Address(STORE, key)


def wanted_store(
    key: str = "handbook", *, files: Iterable[KnowledgeFile] | None = None, protect: bool = False, **fields: Any
) -> Desired:
    """A desired vector store; `files=None` says nothing of files."""
    held = None if files is None else tuple(files)
    return Desired(store_address(key), fields, protect=protect, files=held)


def wanted(
    key: str = "guagua",
    *,
    protect: bool = False,
    ignored: Iterable[str] = (),
    needs: Iterable[str] = (),
    stores: Iterable[str] = (),
    code: Iterable[LocalFile | str] = (),
    **fields: Any,
) -> Desired:
    """A desired assistant; `extensions__text` is the field `extensions.text`. It searches `stores`, by key, and its
    code may read `code`: files, and uploads by their id."""
    named = {name.replace("__", "."): value for name, value in fields.items()}
    searched = tuple(store_address(key) for key in stores)
    if searched:
        named["tool_resources.file_search"] = {"vector_store_ids": [reference(address) for address in searched]}
    if files := [file if isinstance(file, str) else file_reference(file) for file in code]:
        named["tool_resources.code_interpreter"] = {"file_ids": files}
    return Desired(
        address(key),
        {"model": "gpt-4o", **named},
        protect=protect,
        ignored=frozenset(ignored),
        depends_on=(*(address(other) for other in needs), *searched),
    )


@dataclass
class World:
    """One project, one account, one clock; and the commands as tests need them.

    `kinds` are those that a plan looks at; worlds with knowledge look at two.
    """

    store: FakeStore = field(default_factory=FakeStore)
    target: TargetInfo = TARGET
    revision: str | None = "1a2b3c4"
    concurrency: int = 8
    kinds: tuple[str, ...] = (KIND,)

    @property
    def files(self) -> FakeFiles:
        return self.store.files

    @property
    def clock(self) -> Clock:
        return self.store.clock

    @property
    def pace(self) -> Pace:
        return Pace(concurrency=self.concurrency, clock=self.clock, sleep=self.clock.sleep)

    async def read(self, decisions: Decisions = NONE) -> Reading:
        adopted = frozenset(adoption.id for adoption in decisions.adopt)
        interest = Interest(project=self.target.project, addresses=None, ids=adopted)
        return await read(self.store, self.kinds, clock=self.clock, files=self.files, interest=interest)

    def decide(
        self, reading: Reading, *desired: Desired, policy: Policy = CAUTIOUS, decisions: Decisions = NONE
    ) -> Plan:
        return decide(
            desired,
            reading.objects,
            target=self.target,
            capabilities=self.store.capabilities,
            policy=policy,
            revision=self.revision,
            decisions=decisions,
            files=reading.files,
        ).plan

    async def plan(self, *desired: Desired, policy: Policy = CAUTIOUS, decisions: Decisions = NONE) -> Plan:
        return self.decide(await self.read(decisions), *desired, policy=policy, decisions=decisions)

    async def apply(
        self, *desired: Desired, policy: Policy = CAUTIOUS, decisions: Decisions = NONE, **run: Any
    ) -> ApplyReport:
        reading = await self.read(decisions)
        plan = self.decide(reading, *desired, policy=policy, decisions=decisions)
        return await self.carry_out(plan, reading, **run)

    async def carry_out(self, plan: Plan, reading: Reading, **run: Any) -> ApplyReport:
        return await apply(plan, self.store, reading, replace(Run(self.pace), **run), files=self.files)

    async def plan_destroy(self, *desired: Desired, policy: Policy = CAUTIOUS) -> tuple[Plan, Reading]:
        reading = await self.read()
        plan = make_destroy_plan(
            desired,
            reading.objects,
            target=self.target,
            capabilities=self.store.capabilities,
            policy=policy,
            files=reading.files,
        )
        return plan, reading

    async def destroy(self, *desired: Desired, policy: Policy = CAUTIOUS) -> ApplyReport:
        return await self.carry_out(*await self.plan_destroy(*desired, policy=policy))

    async def settled(
        self,
        *desired: Desired,
        objects: int,
        writes: int,
        uploads: int = 0,
        policy: Policy = CAUTIOUS,
        decisions: Decisions = NONE,
    ) -> None:
        """Planning again finds nothing, applying again writes nothing, and the server counts what is expected."""
        sent = self.files.writes
        assert len(self.files.uploaded) == uploads
        assert len(self.store.objects) == objects
        assert self.store.writes == writes
        plan = await self.plan(*desired, policy=policy, decisions=decisions)
        assert (plan.pending, plan.blocked, plan.stale_marks) == ((), (), ())
        report = await self.apply(*desired, policy=policy, decisions=decisions)
        assert report.outcomes == ()
        assert (self.store.writes, self.files.writes) == (writes, sent)
        addresses = Counter(live.metadata[KEY_NAME] for live in self.store.lives if KEY_NAME in live.metadata)
        assert set(addresses.values()) <= {1}


def knowing(store: FakeStore | None = None, **world: Any) -> World:
    """A world whose plans look at vector stores too."""
    return World(store or FakeStore(), kinds=(STORE, KIND), **world)


def statuses(report: ApplyReport) -> dict[str, OutcomeStatus]:
    return {outcome.address.key: outcome.status for outcome in report.outcomes}


def user_pairs(live: Live) -> dict[str, str]:
    return without_mark(live.metadata)
