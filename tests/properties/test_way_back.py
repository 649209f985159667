"""Laws of undo: whatever a run did to assistants and stores, the way back leads to where it began."""

import asyncio
from collections.abc import Mapping
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from asstctl.core.address import Address
from asstctl.core.change import Action
from asstctl.core.journal import Begun, Ended, Header, Record
from asstctl.core.json_types import EMPTY, Json
from asstctl.core.mark import Mark, read_mark
from asstctl.core.outcome import OutcomeStatus
from asstctl.core.resource import Desired
from asstctl.engine.planning.classify import canonical_live
from asstctl.engine.planning.policy import Policy
from asstctl.engine.runs.undo import make_undo_plan
from asstctl.kinds import KINDS
from tests.engine.fake_files import knowledge
from tests.engine.fakes import World, knowing, wanted_store
from tests.properties.manifests import MANIFESTS, desired

PRUNE = Policy(prune=True, max_deletes=9)

FILES = st.dictionaries(
    st.sampled_from(["a.md", "b.md", "docs/a.md"]),
    st.tuples(st.sampled_from(["one", "two"]), st.sampled_from([{}, {"team": "x"}, {"year": 2.0}])),
)


class Memory:
    """A Recorder that keeps its record here."""

    def __init__(self) -> None:
        self.begun: list[Begun] = []
        self.ended: dict[int, Ended] = {}

    async def begin(
        self,
        address: Address,
        action: Action,
        *,
        remote_id: str | None = None,
        before: Mapping[str, Json] | None = None,
        sent: Mapping[str, Json] = EMPTY,
        nonce: str = "",
        file: Mapping[str, Any] | None = None,
    ) -> int:
        number = len(self.begun) + 1
        self.begun.append(Begun(number, address, action, remote_id, before, dict(sent), nonce, file))
        return number

    async def end(
        self,
        number: int,
        status: OutcomeStatus,
        *,
        remote_id: str | None = None,
        detail: str = "",
        request_id: str | None = None,
    ) -> None:
        self.ended[number] = Ended(number, status, remote_id, detail, request_id)

    @property
    def record(self) -> Record:
        header = Header("r", "apply", "local", "agiclass", "local", "memory", None, "2026-11-22", "0")
        return Record(header, tuple(self.begun), self.ended)


async def undo(world: World, record: Record) -> None:
    """All of it, which must work."""
    reading = await world.read()
    plan = make_undo_plan(
        record,
        reading.objects,
        target=world.target,
        capabilities=world.store.capabilities,
        files=reading.files,
    )
    report = await world.carry_out(plan, reading)
    assert report.exit_code == 0, report


def shown(world: World) -> dict[str, Any]:
    """The values of everything that is ours, by address; ids are new after a delete."""
    return {
        str(mark.address): {
            name: value for name in live.fields if (value := canonical_live(KINDS[live.kind], name, live)) is not None
        }
        for live in world.store.lives
        if isinstance(mark := read_mark(live.metadata), Mark)
    }


@settings(max_examples=120)
@given(MANIFESTS, MANIFESTS)
def test_a_run_that_is_taken_back_leaves_what_was_there_before(before: Any, after: Any) -> None:
    """Created, updated and deleted assistants alike: the files of before find nothing to do."""

    async def check() -> None:
        world, memory = World(), Memory()
        await world.apply(*desired(before))
        was = shown(world)
        await world.apply(*desired(after), policy=PRUNE, recorder=memory)
        await undo(world, memory.record)

        assert shown(world) == was
        plan = await world.plan(*desired(before))
        assert (plan.pending, plan.blocked) == ((), ())
        # what a run declared beyond values is a stale mark at most
        assert (await world.apply(*desired(before))).with_status(OutcomeStatus.APPLIED) == ()
        await world.settled(*desired(before), objects=len(before), writes=world.store.writes)

    asyncio.run(check())


def stores(files: Mapping[str, tuple[str, Mapping[str, Any]]]) -> list[Desired]:
    return [wanted_store(files=[knowledge(path, text, **pairs) for path, (text, pairs) in files.items()])]


@settings(max_examples=80)
@given(st.lists(FILES, min_size=1, max_size=3))
def test_an_apply_of_knowledge_leaves_nothing_to_plan_and_sends_no_content_twice(history: list[Any]) -> None:
    """Whatever files came, went, changed or were labelled anew."""

    async def check() -> None:
        world = knowing()
        for files in history:
            held = {} if not world.store.lives else world.files.held(world.store.lives[0].id)
            sent = world.files.count("upload")
            assert (await world.apply(*stores(files))).exit_code == 0
            fresh = [path for path in files if path not in held or contents.get(path) != files[path][0]]
            assert world.files.count("upload") - sent == len(fresh)
            contents.clear()
            contents.update({path: text for path, (text, _) in files.items()})
            await world.settled(*stores(files), objects=1, writes=world.store.writes, uploads=len(files))

    contents: dict[str, str] = {}
    asyncio.run(check())


@settings(max_examples=80)
@given(FILES, FILES)
def test_a_run_of_knowledge_that_is_taken_back_leaves_no_file_that_was_new(before: Any, after: Any) -> None:
    """What was there all the time stays; what the run deleted is with git."""

    async def check() -> None:
        world, memory = knowing(), Memory()
        await world.apply(*stores(before))
        await world.apply(*stores(after), recorder=memory)
        await undo(world, memory.record)

        (store,) = world.store.lives
        assert set(world.files.held(store.id)) == before.keys() & after.keys()

    asyncio.run(check())
