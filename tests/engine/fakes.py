"""An account in memory and a world around it: a clock that nobody waits for, faults on demand, other writers.

`FakeStore` keeps the promises of `core.ports.ResourceStore`: the contract suite runs over it too, and
`test_fakes.py` has what only a fake can do.
"""

import asyncio
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

from asstctl.core.address import Address
from asstctl.core.capabilities import Capabilities, WireField
from asstctl.core.errors import IncompleteListing, NotFound, ProviderError, Refused, Rejected
from asstctl.core.json_types import Json
from asstctl.core.mark import KEY_NAME, without_mark
from asstctl.core.outcome import ApplyReport, OutcomeStatus
from asstctl.core.plan import Plan, TargetInfo
from asstctl.core.resource import EXTENSION, Desired, Listing, Live
from asstctl.engine.apply import Run, apply
from asstctl.engine.destroy import make_destroy_plan
from asstctl.engine.plan import make_plan
from asstctl.engine.policy import CAUTIOUS, Policy
from asstctl.engine.read import Reading, read
from asstctl.engine.requests import Pace

KIND = "assistant"
EPOCH = 1_800_000_000
TARGET = TargetInfo("local", "local", "assistants-v2", "memory", "agiclass", local=True, default=True)

DEFAULTS: Mapping[str, Json] = {
    "name": None,
    "description": None,
    "instructions": None,
    "tools": [],
    "temperature": 1.0,
    "top_p": 1.0,
    "reasoning_effort": None,
    "response_format": "auto",
    "metadata": {},
}
RESOURCES = {"code_interpreter": {"file_ids": []}, "file_search": {"vector_store_ids": []}}
CAPABILITIES = Capabilities(
    wire="assistants-v2",
    fields={
        KIND: {
            "model": WireField(("model",), resettable=False),
            **{name: WireField((name,)) for name in (*DEFAULTS, *(f"tool_resources.{tool}" for tool in RESOURCES))},
        }
    },
)


class Clock:
    """Time that passes when somebody sleeps."""

    def __init__(self) -> None:
        self.time = 0.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds
        await asyncio.sleep(0)


@dataclass(frozen=True)
class Fault:
    """An error instead of an answer; `after`: the request has taken effect all the same, `late` seconds later."""

    error: ProviderError
    after: bool = False
    late: float = 0.0


@dataclass
class Stored:
    """One object as the server holds it."""

    id: str
    created_at: int
    visible_at: float
    fields: dict[str, Any]
    updated_at: int | None = None

    def live(self) -> Live:
        resources = {
            f"tool_resources.{tool['type']}": RESOURCES[tool["type"]]
            for tool in self.fields["tools"]
            if isinstance(tool, dict) and tool.get("type") in RESOURCES
        }
        fields = {**resources, **self.fields}
        raw = {"id": self.id, **fields}
        return Live(KIND, self.id, self.created_at, fields, fields["metadata"], raw, self.updated_at)


class FakeStore:
    """One account. What tests look at: `requests` (verb, id), `objects`, `most_in_flight`.

    `faults[verb]` is used up one by one, None meaning no fault; `always[verb]` is for every call after them.
    `rewrite` is what the server makes of the fields it is given; `before` is called first in each request and
    may act as another writer; `lag` is how long a new object is missing from listings.
    """

    def __init__(self, clock: Clock | None = None, capabilities: Capabilities = CAPABILITIES) -> None:
        self.clock = clock or Clock()
        self.capabilities = capabilities
        self.objects: dict[str, Stored] = {}
        self.requests: list[tuple[str, str | None]] = []
        self.faults: dict[str, deque[Fault | None]] = defaultdict(deque)
        self.always: dict[str, Fault] = {}
        self.rewrite: Callable[[dict[str, Any]], dict[str, Any]] = lambda fields: fields
        self.before: Callable[[str, str | None], None] = lambda verb, id: None
        self.lag = 0.0
        self.looping = False
        self.latency = 0.0
        self.ids = (f"asst_{number}" for number in count(1))
        self.most_in_flight = 0
        self._in_flight = 0

    @property
    def writes(self) -> int:
        """How many requests were no GET."""
        return sum(verb in {"create", "update", "delete"} for verb, _ in self.requests)

    def count(self, verb: str) -> int:
        return sum(verb == asked for asked, _ in self.requests)

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
    def put(self, **fields: Any) -> Live:
        """An object made by somebody else."""
        metadata = {"metadata": {}, **fields}
        stored = Stored(
            next(self.ids),
            EPOCH + int(self.clock.time),
            self.clock.time + self.lag,
            {**_fresh(), "model": "gpt-4o", **metadata},
        )
        self.objects[stored.id] = stored
        return stored.live()

    def edit(self, id: str, **fields: Any) -> None:
        """Fields changed by somebody else; extensions are written with two underscores for the dot."""
        self.objects[id].fields.update({name.replace("__", "."): value for name, value in fields.items()})

    def edit_metadata(self, id: str, **pairs: str | None) -> None:
        merged = {**self.objects[id].fields["metadata"], **pairs}
        self.objects[id].fields["metadata"] = {key: value for key, value in merged.items() if value is not None}

    def remove(self, id: str) -> None:
        del self.objects[id]

    # The port.
    async def list(self, kind: str) -> Listing:
        async def effect() -> Listing:
            if self.looping:
                raise IncompleteListing("the list goes in circles")
            seen = [stored for stored in self.objects.values() if stored.visible_at <= self.clock.time]
            if not self.capabilities.ties_in_creation_order:
                seen.reverse()
                seen.sort(key=lambda stored: stored.created_at)
            return Listing(kind, tuple(stored.live() for stored in seen))

        return await self._request("list", None, effect)

    async def get(self, kind: str, id: str) -> Live:
        async def effect() -> Live:
            return self._stored(id).live()

        return await self._request("get", id, effect)

    async def create(self, kind: str, fields: Mapping[str, Json]) -> Live:
        async def effect() -> Live:
            if not fields.get("model"):
                raise Rejected("Missing required parameter: 'model'.")
            given = {name: value for name, value in fields.items() if value is not None}
            stored = Stored(
                next(self.ids),
                EPOCH + int(self.clock.time),
                self.clock.time + self.lag,
                {**_fresh(), **self.rewrite(_stored_form(given))},
            )
            self.objects[stored.id] = stored
            return stored.live()

        return await self._request("create", None, effect)

    async def update(self, kind: str, id: str, fields: Mapping[str, Json]) -> Live:
        async def effect() -> Live:
            stored = self._stored(id)
            for name, value in self.rewrite(_stored_form(dict(fields))).items():
                if value is None and name == "model":
                    raise Refused("model cannot be reset")
                if value is None and name.startswith((EXTENSION, "tool_resources.")):
                    stored.fields.pop(name, None)
                else:
                    stored.fields[name] = _fresh()[name] if value is None else value
            return stored.live()

        return await self._request("update", id, effect)

    async def delete(self, kind: str, id: str) -> None:
        async def effect() -> None:
            del self.objects[self._stored(id).id]

        await self._request("delete", id, effect)

    def _stored(self, id: str) -> Stored:
        if id not in self.objects:
            raise NotFound(f"No assistant found with id '{id}'.")
        return self.objects[id]

    async def _request(self, verb: str, id: str | None, effect: Callable[[], Any]) -> Any:
        self.requests.append((verb, id))
        self._in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self._in_flight)
        try:
            await asyncio.sleep(0)
            self.clock.time += self.latency
            self.before(verb, id)
            fault = self.faults[verb].popleft() if self.faults[verb] else self.always.get(verb)
            if fault is None:
                return await effect()
            if fault.after:
                answer = await effect()
                if fault.late and isinstance(answer, Live):
                    self.objects[answer.id].visible_at += fault.late
            raise fault.error
        finally:
            self._in_flight -= 1


def _fresh() -> dict[str, Any]:
    return {name: value.copy() if isinstance(value, list | dict) else value for name, value in DEFAULTS.items()}


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


def wanted(
    key: str = "guagua", *, protect: bool = False, ignored: Iterable[str] = (), needs: Iterable[str] = (), **fields: Any
) -> Desired:
    """A desired assistant; `extensions__text` is the field `extensions.text`."""
    named = {name.replace("__", "."): value for name, value in fields.items()}
    return Desired(
        address(key),
        {"model": "gpt-4o", **named},
        protect=protect,
        ignored=frozenset(ignored),
        depends_on=tuple(address(other) for other in needs),
    )


@dataclass
class World:
    """One project, one account, one clock; and the commands as tests need them."""

    store: FakeStore = field(default_factory=FakeStore)
    target: TargetInfo = TARGET
    revision: str | None = "1a2b3c4"
    concurrency: int = 8

    @property
    def clock(self) -> Clock:
        return self.store.clock

    @property
    def pace(self) -> Pace:
        return Pace(concurrency=self.concurrency, clock=self.clock, sleep=self.clock.sleep)

    async def read(self) -> Reading:
        return await read(self.store, [KIND], clock=self.clock)

    def decide(self, reading: Reading, *desired: Desired, policy: Policy = CAUTIOUS) -> Plan:
        return make_plan(
            desired,
            reading.objects,
            target=self.target,
            capabilities=self.store.capabilities,
            policy=policy,
            revision=self.revision,
        )

    async def plan(self, *desired: Desired, policy: Policy = CAUTIOUS) -> Plan:
        return self.decide(await self.read(), *desired, policy=policy)

    async def apply(self, *desired: Desired, policy: Policy = CAUTIOUS, **run: Any) -> ApplyReport:
        reading = await self.read()
        return await self.carry_out(self.decide(reading, *desired, policy=policy), reading, **run)

    async def carry_out(self, plan: Plan, reading: Reading, **run: Any) -> ApplyReport:
        return await apply(plan, self.store, reading, replace(Run(self.pace), **run))

    async def plan_destroy(self, *desired: Desired, policy: Policy = CAUTIOUS) -> tuple[Plan, Reading]:
        reading = await self.read()
        plan = make_destroy_plan(
            desired, reading.objects, target=self.target, capabilities=self.store.capabilities, policy=policy
        )
        return plan, reading

    async def destroy(self, *desired: Desired, policy: Policy = CAUTIOUS) -> ApplyReport:
        return await self.carry_out(*await self.plan_destroy(*desired, policy=policy))

    async def settled(self, *desired: Desired, objects: int, writes: int, policy: Policy = CAUTIOUS) -> None:
        """Planning again finds nothing, applying again writes nothing, and the server counts what is expected."""
        assert len(self.store.objects) == objects
        assert self.store.writes == writes
        plan = await self.plan(*desired, policy=policy)
        assert (plan.pending, plan.blocked, plan.stale_marks) == ((), (), ())
        report = await self.apply(*desired, policy=policy)
        assert report.outcomes == ()
        assert self.store.writes == writes
        addresses = Counter(live.metadata[KEY_NAME] for live in self.store.lives if KEY_NAME in live.metadata)
        assert set(addresses.values()) <= {1}


def statuses(report: ApplyReport) -> dict[str, OutcomeStatus]:
    return {outcome.address.key: outcome.status for outcome in report.outcomes}


def user_pairs(live: Live) -> dict[str, str]:
    return without_mark(live.metadata)
