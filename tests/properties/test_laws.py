"""Laws of planning and applying, whatever the files say."""

import asyncio
from collections.abc import Mapping
from typing import Any

from deepdiff import DeepDiff
from hypothesis import given, settings
from hypothesis import strategies as st

from asstctl.core.change import Absent, Action
from asstctl.core.resource import EXTENSION, Desired
from asstctl.engine.planning.classify import canonical_live, canonical_manifest
from asstctl.engine.planning.ownership import sort_out
from asstctl.engine.planning.policy import Policy
from asstctl.kinds import KINDS
from tests.engine.fakes import World
from tests.properties.manifests import KEYS, MANIFESTS, VALUES, desired, other, spelled

OVERWRITING = Policy(overwrite_drift=frozenset({"all"}))

LIVE_EDITS = st.lists(
    st.sampled_from(sorted(VALUES.keys() - {"metadata"})).flatmap(
        lambda name: st.tuples(st.sampled_from(KEYS), st.just(name), VALUES[name])
    ),
    max_size=3,
)


async def applied(*manifests: Mapping[str, Mapping[str, Any]]) -> World:
    """A world in which these were applied one after the other."""
    world = World()
    for one in manifests:
        report = await world.apply(*desired(one))
        assert report.exit_code == 0, report
    return world


def edit(world: World, edits: list[tuple[str, str, Any]]) -> None:
    """Changes made outside of git."""
    for key, name, value in edits:
        for live in world.store.bearing(f"assistant.{key}"):
            world.store.edit(live.id, **{name: value})


@settings(max_examples=150)
@given(st.lists(MANIFESTS, min_size=1, max_size=3))
def test_an_apply_leaves_nothing_to_plan(history: list[Any]) -> None:
    """Whatever was removed, set to null, put into another order or added since."""

    async def check() -> None:
        world = await applied(*history)
        declared = {key: None for manifests in history for key in manifests}
        writes = world.store.writes
        await world.settled(*desired(history[-1]), objects=len(declared), writes=writes)

    asyncio.run(check())


@settings(max_examples=150)
@given(MANIFESTS, st.data())
def test_another_spelling_of_the_same_files_changes_nothing(manifests: Any, data: st.DataObject) -> None:
    """1 for 1.0, CRLF for LF, tools and keys in another order, a default written out or left out."""
    respelled = {key: data.draw(spelled(fields), label=key) for key, fields in manifests.items()}

    async def check() -> None:
        world = await applied(manifests)
        plan = await world.plan(*desired(respelled))
        assert (plan.pending, plan.blocked, plan.stale_marks) == ((), (), ())

    asyncio.run(check())


TOLD_APART = st.sampled_from([True, False, 1, 0, "x", [1, 2], [True], {"k": 1}, {"k": [{"l": False}]}])


def function(default: Any) -> list[Any]:
    parameters = {"type": "object", "properties": {"x": {"default": default}}}
    return [{"type": "function", "function": {"name": "f", "parameters": parameters}}]


NEAR = st.one_of(
    TOLD_APART.map(lambda value: ("extensions.text", value, other(value))),
    TOLD_APART.map(lambda value: ("tools", function(value), function(other(value)))),
    st.sampled_from(["instructions", "name", "description"]).map(lambda name: (name, "x", other("x"))),
)


@settings(max_examples=100)
@given(MANIFESTS, NEAR)
def test_another_value_is_a_change_of_that_field_alone(manifests: Any, near: tuple[str, Any, Any]) -> None:
    """True is not 1, a final newline counts, and lists inside values have an order."""
    name, value, changed = near
    key = min(manifests)

    async def check() -> None:
        world = await applied({**manifests, key: {**manifests[key], name: value}})
        plan = await world.plan(*desired({**manifests, key: {**manifests[key], name: changed}}))
        (change,) = plan.pending
        assert (str(change.address), [field.name for field in change.fields]) == (f"assistant.{key}", [name])

    asyncio.run(check())


@settings(max_examples=100)
@given(MANIFESTS, MANIFESTS, LIVE_EDITS, st.randoms(use_true_random=False))
def test_a_plan_is_a_pure_function(before: Any, after: Any, edits: Any, chance: Any) -> None:
    """The same files and the same objects give an equal plan, in whatever order the files are read."""

    async def check() -> None:
        world = await applied(before)
        edit(world, edits)
        reading = await world.read()
        shuffled = desired(after)
        chance.shuffle(shuffled)
        first, second, third = (world.decide(reading, *one) for one in (desired(after), desired(after), shuffled))
        assert first == second == third
        assert first.digest == third.digest

    asyncio.run(check())


@settings(max_examples=150)
@given(MANIFESTS, MANIFESTS, LIVE_EDITS, st.booleans())
def test_a_plan_has_a_change_exactly_where_managed_values_differ(
    before: Any, after: Any, edits: Any, overwriting: bool
) -> None:
    """Seen by another program: DeepDiff of the canonical values of what is declared, and of what was."""

    async def check() -> None:
        world = await applied(before)
        edit(world, edits)
        plan = await world.plan(*desired(after), policy=OVERWRITING if overwriting else Policy())
        for one in desired(after):
            (change,) = (c for c in plan.changes if c.address == one.address)
            owned = sort_out(world.store.lives, "agiclass", ties_in_creation_order=True).owned.get(one.address)
            if change.block:
                assert not overwriting
                continue
            if owned is None:
                assert change.action is Action.CREATE
                continue
            left, right = managed(one, owned.live, owned.mark.fields)
            assert (change.action is Action.UPDATE) is bool(DeepDiff(left, right))

    asyncio.run(check())


def managed(one: Desired, live: Any, base: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Both sides of what is managed: declared now, or declared when it was last applied."""
    kind = KINDS["assistant"]
    extensions = {name for name in (*live.fields, *one.fields) if name.startswith(EXTENSION)}
    names = [n for n in (*kind.fields, *sorted(extensions)) if n in one.fields or kind.field(n).code in base]
    left = {name: canonical_manifest(kind, one, name) for name in names}
    right = {name: canonical_live(kind, name, live) for name in names}
    return {name: None if isinstance(value, Absent) else value for name, value in left.items()}, right


# What a provider knows beyond us.

UNKNOWN = st.sampled_from([1, True, "x", None, {"deep": [1, {"er": True}]}, []])


@settings(max_examples=100)
@given(MANIFESTS, UNKNOWN, st.sampled_from(["top", "tool", "function", "format", "pair", "resources"]))
def test_unknown_fields_are_nobodys_and_stay(manifests: Any, value: Any, level: str) -> None:
    """At each level of a live object: the plan is empty, and an update of another field keeps them."""

    async def check() -> None:
        tools = [{"type": "code_interpreter"}, {"type": "function", "function": {"name": "f"}}]
        schema = {"type": "json_schema", "json_schema": {"name": "s", "schema": {"type": "object"}}}
        files = {
            key: {name: given for name, given in fields.items() if name not in ("extensions.surprise", "metadata")}
            | {"tools": tools, "response_format": schema}
            for key, fields in manifests.items()
        }
        world = await applied(files)
        for live in world.store.lives:
            inject(world, live.id, level, value)
        plan = await world.plan(*desired(files))
        assert (plan.pending, plan.blocked, plan.stale_marks) == ((), (), ())

        before = {live.id: seen(live, level) for live in world.store.lives}
        renamed = {key: {**fields, "name": "another"} for key, fields in files.items()}
        assert (await world.apply(*desired(renamed))).exit_code == 0
        assert {live.id: seen(live, level) for live in world.store.lives} == before
        await world.settled(*desired(renamed), objects=len(files), writes=world.store.writes)

    asyncio.run(check())


def inject(world: World, id: str, level: str, value: Any) -> None:
    """The provider shows something that this program does not know."""
    fields = world.store.objects[id].fields
    match level:
        case "top":
            world.store.edit(id, extensions__surprise=value)
        case "tool":
            world.store.edit(id, tools=[{**tool, "surprise": value} for tool in fields["tools"]])
        case "function":
            world.store.edit(
                id,
                tools=[
                    {**tool, "function": {**tool["function"], "surprise": value}} if "function" in tool else tool
                    for tool in fields["tools"]
                ],
            )
        case "format":
            inner = {**fields["response_format"]["json_schema"], "surprise": value}
            world.store.edit(id, response_format={**fields["response_format"], "json_schema": inner, "surprise": value})
        case "pair":
            world.store.edit_metadata(id, surprise="x")
        case "resources":
            world.store.edit(id, tool_resources__code_interpreter={"file_ids": [], "surprise": value})


def seen(live: Any, level: str) -> Any:
    """What stands at the level now."""
    names = {
        "top": "extensions.surprise",
        "tool": "tools",
        "function": "tools",
        "format": "response_format",
        "resources": "tool_resources.code_interpreter",
    }
    return live.metadata.get("surprise") if level == "pair" else live.fields[names[level]]


@settings(max_examples=60)
@given(MANIFESTS, st.booleans(), UNKNOWN)
def test_an_unknown_tool_is_drift_where_tools_are_declared_and_nobodys_where_they_are_not(
    manifests: Any, declared: bool, value: Any
) -> None:
    """Declared, it blocks; not declared, it stays through an update of another field."""

    async def check() -> None:
        files = {key: {k: v for k, v in fields.items() if k != "tools"} for key, fields in manifests.items()}
        if declared:
            files = {key: {**fields, "tools": [{"type": "code_interpreter"}]} for key, fields in files.items()}
        world = await applied(files)
        for live in world.store.lives:
            world.store.edit(live.id, tools=[*live.fields["tools"], {"type": "telepathy", "surprise": value}])
        plan = await world.plan(*desired(files))
        if declared:
            assert {change.block.code for change in plan.blocked if change.block} == {"drift"}
            assert len(plan.blocked) == len(files)
            return
        assert plan.is_empty
        renamed = {key: {**fields, "name": "another"} for key, fields in files.items()}
        assert (await world.apply(*desired(renamed))).exit_code == 0
        for live in world.store.lives:
            assert live.fields["tools"] == [{"type": "telepathy", "surprise": value}]
        await world.settled(*desired(renamed), objects=len(files), writes=world.store.writes)

    asyncio.run(check())
