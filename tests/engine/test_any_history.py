"""Whatever the files become, whatever others do and whatever the network loses: it ends in what the files say."""

import asyncio
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from asstctl.core.errors import AnswerLost, BadAnswer, ProviderError, RateLimited, ServerFault, Unreachable
from asstctl.core.mark import KEY_NAME
from asstctl.core.outcome import OutcomeStatus
from asstctl.core.resource import Desired
from asstctl.engine.planning.policy import Policy
from tests.engine.fakes import Fault, World, address, wanted

KEYS = ("a", "b", "c")
EVERYTHING = Policy(frozenset({"all"}), frozenset(address(key) for key in KEYS))

VALUES: dict[str, st.SearchStrategy[Any]] = {
    "name": st.sampled_from([None, "", "one", "two"]),
    "instructions": st.sampled_from(["Be kind.", "Be\r\nshort."]),
    "temperature": st.sampled_from([None, 0.2, 1, 2.0]),
    "metadata": st.sampled_from([None, {}, {"x": "1"}, {"x": "1", "y": "2"}]),
    "tools": st.sampled_from([[], [{"type": "code_interpreter"}], [{"type": "function", "function": {"name": "f"}}]]),
    "extensions.text": st.sampled_from([None, {"verbosity": "low"}, {"verbosity": "high"}]),
}
LIVE_VALUES = {
    **VALUES,
    "name": st.sampled_from([None, "theirs", "one"]),
    "temperature": st.sampled_from([0.2, 0.25, 1.0]),
    "tools": st.sampled_from([[], [{"type": "added_later"}]]),
}
LIVE_VALUES.pop("metadata")

MANIFESTS = st.dictionaries(
    st.sampled_from(KEYS),
    st.tuples(
        st.fixed_dictionaries({}, optional=VALUES),
        st.booleans(),
        st.frozensets(st.sampled_from(["name", "temperature"]), max_size=1),
    ),
    min_size=1,
)
EDITS = st.lists(
    st.one_of(
        st.tuples(st.just("delete"), st.sampled_from(KEYS)),
        st.tuples(st.just("pair"), st.sampled_from(KEYS)),
        st.tuples(st.just("foreign"), st.sampled_from(["one", "two"])),
        st.sampled_from(sorted(LIVE_VALUES)).flatmap(
            lambda name: st.tuples(st.just("edit"), st.sampled_from(KEYS), st.just(name), LIVE_VALUES[name])
        ),
    ),
    max_size=3,
)
ERRORS: list[ProviderError] = [
    AnswerLost("dropped"),
    ServerFault("500"),
    BadAnswer("not JSON"),
    Unreachable("refused"),
    RateLimited("slow down", retry_after=5),
]
FAULTS = st.lists(
    st.none()
    | st.builds(
        lambda e, a, late: Fault(e, a and e.ambiguous, late),
        st.sampled_from(ERRORS),
        st.booleans(),
        st.sampled_from([0.0, 30.0]),
    ),
    max_size=5,
)
STEPS = st.lists(
    st.tuples(MANIFESTS, EDITS, st.fixed_dictionaries(dict.fromkeys(("create", "update", "get"), FAULTS))),
    min_size=1,
    max_size=4,
)


def rounding(fields: dict[str, Any]) -> dict[str, Any]:
    return {**fields, "temperature": 0.25} if fields.get("temperature") == 0.2 else fields


def files(manifests: dict[str, Any]) -> list[Desired]:
    return [
        Desired(address(key), {"model": "gpt-4o", **fields}, protect=protect, ignored=ignored)
        for key, (fields, protect, ignored) in manifests.items()
    ]


def edit(world: World, what: tuple[Any, ...]) -> None:
    """What somebody else does to the account."""
    if what[0] == "foreign":
        world.store.put(name=what[1])
        return
    for live in world.store.bearing(f"assistant.{what[1]}"):
        match what:
            case ("delete", _):
                world.store.remove(live.id)
            case ("pair", _):
                world.store.edit_metadata(live.id, theirs="x")
            case ("edit", _, name, value):
                world.store.edit(live.id, **{name: value})


async def live_through(steps: list[Any], rewrites: bool) -> None:
    world = World()
    if rewrites:
        world.store.rewrite = rounding
    for manifests, edits, faults in steps:
        desired = files(manifests)
        for what in edits:
            edit(world, what)
        foreign = [live for live in world.store.lives if KEY_NAME not in live.metadata]
        for verb, queue in faults.items():
            world.store.faults[verb].extend(queue)
        for _ in range(8):
            report = await world.apply(*desired, policy=EVERYTHING)
            world.clock.time += 60  # what was lost has arrived by then, or never will
            if all(outcome.status is OutcomeStatus.APPLIED for outcome in report.outcomes):
                break
        assert [live for live in world.store.lives if KEY_NAME not in live.metadata] == foreign
        assert {one.address.key for one in desired} <= {key.key for key in owned(world)}
        await world.settled(*desired, objects=len(world.store.objects), writes=world.store.writes, policy=EVERYTHING)
        plan = await world.plan(*desired)  # and without any permission too
        assert plan.is_empty


def owned(world: World) -> list[Any]:
    return [
        address(live.metadata[KEY_NAME].partition(".")[2]) for live in world.store.lives if KEY_NAME in live.metadata
    ]


@settings(max_examples=150, deadline=None)
@given(STEPS, st.booleans())
def test_any_history_ends_in_what_the_files_say(steps: list[Any], rewrites: bool) -> None:
    """One object per address, foreign objects untouched, and an empty plan."""
    asyncio.run(live_through(steps, rewrites))


@settings(max_examples=50, deadline=None)
@given(MANIFESTS, FAULTS, st.integers(0, 12))
def test_an_apply_that_dies_anywhere_leaves_nothing_that_the_next_does_not_find(
    manifests: dict[str, Any], faults: list[Any], after: int
) -> None:
    """Killed at any request, before or after its effect."""

    async def die() -> None:
        world = World()
        world.store.faults["create"].extend(faults)
        running = asyncio.create_task(world.apply(*files(manifests), policy=EVERYTHING))

        def kill(verb: str, id: str | None) -> None:
            if len(world.store.requests) > after:
                running.cancel()

        world.store.before = kill
        await asyncio.gather(running, return_exceptions=True)
        world.store.before = lambda verb, id: None
        world.store.faults.clear()
        world.clock.time += 60
        await world.apply(*files(manifests), policy=EVERYTHING)
        await world.settled(*files(manifests), objects=len(manifests), writes=world.store.writes, policy=EVERYTHING)

    asyncio.run(die())


def test_a_manifest_of_this_kind_is_what_the_helpers_make() -> None:
    """The histories speak of the same objects as the other tests."""
    assert files({"a": ({}, False, frozenset())}) == [wanted("a")]
