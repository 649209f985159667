"""Plans: what is decided for each address, and that the decision shows."""

from typing import Any

import pytest

from asstctl.core.change import ABSENT, Action, BlockCode, FieldState
from asstctl.core.errors import IncompleteListing
from asstctl.core.resource import Desired
from asstctl.engine.plan import make_plan
from asstctl.engine.policy import Policy
from asstctl.kinds.canonical import digest
from asstctl.kinds.field import extension_code
from tests.engine.fakes import CAPABILITIES, KIND, TARGET, World, address, wanted

pytestmark = pytest.mark.anyio

GUAGUA = "assistant.guagua"
ASK = {"type": "function", "function": {"name": "ask", "parameters": {"type": "object", "properties": {}}}}


def field_states(plan: Any, key: str = "guagua") -> dict[str, str]:
    (change,) = (c for c in plan.changes if c.address == address(key))
    return {field.name: field.state.value for field in change.fields}


def next_fields(plan: Any) -> dict[str, str]:
    """The digests that the mark of the plan's one object will hold."""
    (change,) = plan.changes
    return dict(change.mark.fields)


def mark_of(world: World, **pairs: str | None) -> None:
    world.store.edit_metadata(world.store.one(GUAGUA).id, **pairs)


async def applied(*desired: Desired, **world: Any) -> World:
    """A world in which this was applied."""
    made = World(**world)
    report = await made.apply(*desired)
    assert [outcome.status.value for outcome in report.outcomes] == ["applied"] * len(desired)
    return made


async def test_what_is_not_there_is_created() -> None:
    """With every declared field that is not at its default."""
    plan = await World().plan(wanted(temperature=0.2, top_p=1, name="瓜瓜"))
    (change,) = plan.changes

    assert (change.action, change.reason, change.remote_id) == (Action.CREATE, "not on local yet", None)
    assert [(f.name, f.before, f.after) for f in change.fields] == [
        ("name", ABSENT, "瓜瓜"),
        ("model", ABSENT, "gpt-4o"),
        ("temperature", ABSENT, 0.2),
    ]
    assert plan.counts == {"create": 1}


async def test_what_matches_is_kept() -> None:
    """Nothing is pending, and nothing is prepared."""
    world = await applied(wanted(temperature=0.2, tools=[ASK]))
    plan = await world.plan(wanted(temperature=0.2, tools=[ASK]))
    (change,) = plan.changes

    assert (change.action, change.pending, change.refresh, change.unchanged) == (Action.KEEP, False, False, 3)
    assert plan.is_empty
    assert plan.counts == {"unchanged": 1}


async def test_an_edit_of_the_file_is_ours_and_changes_that_field_alone() -> None:
    """The other fields are counted as unchanged."""
    world = await applied(wanted(temperature=0.2, instructions="Be kind."))
    (change,) = (await world.plan(wanted(temperature=0.2, instructions="Be short."))).changes

    assert (change.action, change.unchanged, change.reason) == (Action.UPDATE, 2, "instructions differ")
    assert [(f.name, f.state, f.before, f.after) for f in change.fields] == [
        ("instructions", FieldState.OURS, "Be kind.", "Be short.")
    ]
    assert dict(change.send) == {"instructions": "Be short."}


async def test_differences_inside_a_field_are_explained() -> None:
    """By their paths below it, a key with two underscores among them."""
    before = {**ASK["function"], "parameters": {"type": "object", "properties": {"__x": {"type": "string"}, "y": {}}}}
    after = {**ASK["function"], "parameters": {"type": "object", "properties": {"__x": {"type": "number"}, "z": {}}}}
    world = await applied(wanted(tools=[{"type": "function", "function": before}]))
    (change,) = (await world.plan(wanted(tools=[{"type": "function", "function": after}]))).changes

    properties = "function.ask.parameters.properties"
    assert [(d.path, d.before, d.after) for d in change.fields[0].details] == [
        (f"{properties}.__x.type", "string", "number"),
        (f"{properties}.y", {}, ABSENT),
        (f"{properties}.z", ABSENT, {}),
    ]


async def test_a_field_taken_out_of_the_file_is_reset() -> None:
    """It was ours, so it goes back to the default."""
    world = await applied(wanted(temperature=0.2))
    (change,) = (await world.plan(wanted())).changes

    assert [(f.name, f.state, f.before, f.after) for f in change.fields] == [
        ("temperature", FieldState.OURS, 0.2, ABSENT)
    ]
    assert dict(change.send) == {"temperature": None}


DRIFTED = [
    pytest.param(wanted(temperature=0.2), {"temperature": 0.9}, {"temperature": "drift"}, id="drift"),
    pytest.param(wanted(temperature=0.5), {"temperature": 0.9}, {"temperature": "conflict"}, id="conflict"),
    pytest.param(wanted(), {"temperature": 0.9}, {"temperature": "conflict"}, id="removed here, edited there"),
    pytest.param(
        wanted(temperature=0.2, name="new"),
        {"temperature": 0.9},
        {"name": "ours", "temperature": "drift"},
        id="one field of ours waits for one that drifted",
    ),
    pytest.param(wanted(temperature=0.2), {"temperature": 1}, {"temperature": "drift"}, id="reset there"),
    pytest.param(
        wanted(temperature=0.2, tools=[ASK]),
        {"tools": [{"type": "added_later"}]},
        {"tools": "conflict"},
        id="an unknown tool beside a change of ours",
    ),
]


@pytest.mark.parametrize("desired, edit, expected", DRIFTED)
async def test_drift_and_conflict_block_their_object(
    desired: Desired, edit: dict[str, Any], expected: dict[str, str]
) -> None:
    """With both ways on."""
    world = await applied(wanted(temperature=0.2, tools=[]))
    world.store.edit(world.store.one(GUAGUA).id, **edit)
    plan = await world.plan(Desired(desired.address, {"tools": [], **desired.fields}))
    (change,) = plan.changes

    assert field_states(plan) == expected
    assert change.block is not None
    assert change.block.code is BlockCode.DRIFT
    assert [way.command for way in change.block.ways] == [
        "write it in its file",
        "asstctl apply --overwrite-drift assistant.guagua",
    ]
    assert (plan.pending, plan.counts) == ((), {"blocked:drift": 1})


async def test_an_unknown_tool_inside_our_tools_is_drift() -> None:
    """It is taken away by an explicit overwrite alone."""
    world = await applied(wanted(tools=[ASK]))
    world.store.edit(world.store.one(GUAGUA).id, tools=[ASK, {"type": "added_later"}])
    plan = await world.plan(wanted(tools=[ASK]))

    assert field_states(plan) == {"tools": "drift"}
    assert [d.path for d in plan.changes[0].fields[0].details] == ["added_later"]


@pytest.mark.parametrize(
    "named, pending",
    [
        ("all", True),
        ("assistant.guagua", True),
        ("assistant.guagua.temperature", False),
        ("assistant.guagua.top_p", False),
        ("assistant.other", False),
        ("assistant", False),
    ],
)
async def test_drift_is_overwritten_only_where_it_is_named(named: str, pending: bool) -> None:
    """By address, by field or all; naming one field leaves the other in the way."""
    world = await applied(wanted(temperature=0.2, top_p=0.2))
    world.store.edit(world.store.one(GUAGUA).id, temperature=0.9, top_p=0.9)
    policy = Policy(overwrite_drift=frozenset({named}))
    plan = await world.plan(wanted(temperature=0.2, top_p=0.2), policy=policy)

    assert bool(plan.pending) is pending
    expected = [policy.overwrites(address("guagua"), name) for name in ("temperature", "top_p")]
    assert [field.overwritten for field in plan.changes[0].fields] == expected


async def test_both_fields_named_one_by_one_are_overwritten() -> None:
    """The option is repeatable."""
    world = await applied(wanted(temperature=0.2, top_p=0.2))
    world.store.edit(world.store.one(GUAGUA).id, temperature=0.9, top_p=0.9)
    policy = Policy(overwrite_drift=frozenset({f"{GUAGUA}.temperature", f"{GUAGUA}.top_p"}))

    assert (await world.plan(wanted(temperature=0.2, top_p=0.2), policy=policy)).counts == {"update": 1}


async def test_the_same_edit_on_both_sides_is_clean_and_its_mark_stale() -> None:
    """A refresh is no pending change."""
    world = await applied(wanted(temperature=0.2))
    world.store.edit(world.store.one(GUAGUA).id, temperature=0.5)
    plan = await world.plan(wanted(temperature=0.5))

    assert (plan.is_empty, len(plan.stale_marks), plan.counts) == (True, 1, {"unchanged": 1})


STALE = [
    pytest.param(wanted(top_p=0.3), {"top_p": 0.3}, id="declared newly, and live already"),
    pytest.param(wanted(), {"temperature": 1.0}, id="removed here, and reset there"),
    pytest.param(wanted(temperature=0.5), {"temperature": 0.5}, id="equal edits"),
]


@pytest.mark.parametrize("desired, edit", STALE)
async def test_a_base_that_does_not_say_what_both_sides_say_is_stale(desired: Desired, edit: dict[str, Any]) -> None:
    """It is written again by apply."""
    world = await applied(wanted(temperature=0.2) if "temperature" in edit else wanted())
    world.store.edit(world.store.one(GUAGUA).id, **edit)
    plan = await world.plan(desired)

    assert (plan.pending, len(plan.stale_marks)) == ((), 1)


async def test_what_an_object_ignores_is_neither_compared_nor_reset() -> None:
    """Its digest stays in the mark as it is."""
    world = await applied(wanted(name="a", temperature=0.2))
    world.store.edit(world.store.one(GUAGUA).id, name="b")
    plan = await world.plan(wanted(name="a", temperature=0.5, ignored=["name"]))
    (change,) = plan.changes

    assert field_states(plan) == {"temperature": "ours"}
    assert change.mark is not None
    assert change.mark.fields["na"] == digest("a")
    assert change.seen is not None
    assert "name" not in change.seen.digests


async def test_an_ignored_field_that_was_never_applied_gets_no_base() -> None:
    """The mark would say that we applied it."""
    world = await applied(wanted(temperature=0.2))
    (change,) = (await world.plan(wanted(name="a", temperature=0.5, ignored=["name"]))).changes

    assert change.mark is not None
    assert "na" not in change.mark.fields


async def test_an_undeclared_value_is_a_note() -> None:
    """Said once per field, and nothing is pending."""
    world = await applied(wanted())
    world.store.edit(world.store.one(GUAGUA).id, top_p=0.3, tools=[{"type": "code_interpreter"}])
    plan = await world.plan(wanted())

    assert plan.is_empty
    assert plan.notes == (
        'assistant.guagua: tools is {"code_interpreter": {}} on local and not declared here.',
        "assistant.guagua: top_p is 0.3 on local and not declared here.",
    )


async def test_protect_on_and_off_is_a_visible_change() -> None:
    """It stands on the object."""
    world = await applied(wanted())
    on = await world.plan(wanted(protect=True))
    await world.apply(wanted(protect=True))
    off = await world.plan(wanted())

    assert [(f.name, f.before, f.after) for f in on.changes[0].fields] == [("protect", False, True)]
    assert [(f.name, f.before, f.after) for f in off.changes[0].fields] == [("protect", True, False)]
    assert (on.counts, off.counts) == ({"update": 1}, {"update": 1})


EXTENSION = {"verbosity": "low"}


@pytest.mark.parametrize(
    "before, after, expected",
    [
        pytest.param(wanted(), wanted(extensions__text=EXTENSION), {"extensions.text": "ours"}, id="added"),
        pytest.param(
            wanted(extensions__text=EXTENSION),
            wanted(extensions__text={"verbosity": "high"}),
            {"extensions.text": "ours"},
            id="changed",
        ),
        pytest.param(wanted(extensions__text=EXTENSION), wanted(), {"extensions.text": "ours"}, id="removed"),
        pytest.param(wanted(extensions__text=EXTENSION), wanted(extensions__text=EXTENSION), {}, id="kept"),
    ],
)
async def test_an_extension_is_a_field_of_its_own(before: Desired, after: Desired, expected: dict[str, str]) -> None:
    """Compared and reset like any other."""
    assert field_states(await (await applied(before)).plan(after)) == expected


async def test_an_unknown_live_key_is_nobodys() -> None:
    """It is neither drift nor a note until somebody declares it."""
    world = await applied(wanted())
    world.store.edit(world.store.one(GUAGUA).id, extensions__added_later=1)
    plan = await world.plan(wanted())

    assert (plan.is_empty, plan.stale_marks, plan.notes) == (True, (), ())


async def test_an_extension_that_is_gone_on_both_sides_leaves_the_mark() -> None:
    """Else it would be a conflict if somebody set it later."""
    world = await applied(wanted(extensions__text=EXTENSION))
    del world.store.objects["asst_1"].fields["extensions.text"]
    plan = await world.plan(wanted())

    assert len(plan.stale_marks) == 1
    assert next_fields(plan) == {"mo": digest("gpt-4o")}


def _clashing() -> tuple[str, str]:
    seen: dict[str, str] = {}
    for number in range(10_000):
        name = f"extensions.x{number}"
        if (other := seen.setdefault(extension_code(name), name)) and other != name:
            return other, name
    raise AssertionError


FIRST, SECOND = _clashing()


async def test_two_extensions_with_one_code_are_refused() -> None:
    """The mark could not tell them apart."""
    (change,) = (await World().plan(wanted(**{FIRST: 1, SECOND: 2}))).changes

    assert change.block is not None
    assert change.block.code is BlockCode.CODE_CLASH


async def test_an_unknown_live_key_with_the_code_of_our_extension_stays_nobodys() -> None:
    """The digest in the mark speaks of the declared one."""
    world = await applied(wanted(**{FIRST: 1}))
    world.store.edit("asst_1", **{SECOND: 5})

    assert field_states(await world.plan(wanted(**{FIRST: 1}))) == {}
    assert field_states(await world.plan(wanted(**{FIRST: 1}, ignored=[FIRST]))) == {}


async def test_fields_of_a_later_program_stay_in_the_mark() -> None:
    """Their codes are unknown here, and their digests are kept."""
    world = await applied(wanted())
    base = world.store.one(GUAGUA).metadata["asstctl_base"]
    mark_of(world, asstctl_base=f"{base},zzAAAAAAAA")
    plan = await world.plan(wanted(temperature=0.2))

    assert next_fields(plan) == {"mo": digest("gpt-4o"), "te": digest(0.2), "zz": "AAAAAAAA"}
    assert (await world.plan(wanted())).stale_marks == ()


async def test_declared_metadata_is_owned_whole() -> None:
    """A pair that somebody adds is drift."""
    world = await applied(wanted(metadata={"a": "1"}))
    mark_of(world, theirs="x")

    assert field_states(await world.plan(wanted(metadata={"a": "1"}))) == {"metadata": "drift"}


async def test_metadata_that_is_not_declared_is_a_note() -> None:
    """Our own pairs are not part of it."""
    world = await applied(wanted())
    assert (await world.plan(wanted())).notes == ()
    mark_of(world, theirs="x")

    assert (await world.plan(wanted())).notes == (
        'assistant.guagua: metadata is {"theirs": "x"} on local and not declared here.',
    )


async def test_a_foreign_object_of_the_same_name_blocks_the_create() -> None:
    """Both ways on are printed."""
    world = World()
    foreign = world.store.put(name="瓜瓜")
    (change,) = (await world.plan(wanted(name="瓜瓜"))).changes

    assert change.block is not None
    assert (change.action, change.block.code) == (Action.CREATE, BlockCode.SAME_NAME)
    assert foreign.id in change.block.reason
    assert [way.command for way in change.block.ways] == [
        "edit `name` in its file",
        "asstctl apply --allow-same-name assistant.guagua",
    ]


@pytest.mark.parametrize(
    "name, policy, counts",
    [
        ("瓜瓜", Policy(allow_same_name=frozenset({address("guagua")})), {"create": 1}),
        ("瓜瓜", Policy(allow_same_name=frozenset({address("other")})), {"blocked:same-name": 1}),
        ("", Policy(), {"create": 1}),
        (None, Policy(), {"create": 1}),
        ("other", Policy(), {"create": 1}),
    ],
)
async def test_only_the_same_name_that_nobody_allowed_blocks(
    name: str | None, policy: Policy, counts: dict[str, int]
) -> None:
    """Two objects without a name have nothing in common."""
    world = World()
    world.store.put(name="瓜瓜")
    world.store.put(name=None)

    assert (await world.plan(wanted(name=name), policy=policy)).counts == counts


async def test_an_object_of_another_project_with_the_same_name_is_a_note() -> None:
    """It blocks nothing."""
    world = await applied(wanted(name="瓜瓜"))
    mark_of(world, asstctl_project="other")
    plan = await world.plan(wanted(name="瓜瓜"))

    assert plan.counts == {"create": 1}
    assert plan.notes == ("assistant.guagua: asst_1 on local has the same name and belongs to project other.",)


async def test_what_is_ours_already_is_not_compared_with_other_projects() -> None:
    """The note is for those who are about to create a second one."""
    world = await applied(wanted(name="瓜瓜"))
    world.store.put(**{**world.store.one(GUAGUA).fields, "metadata": {"asstctl_project": "other"}})

    assert (await world.plan(wanted(name="瓜瓜"))).notes == ()


async def test_an_update_of_an_object_without_a_nonce_needs_no_room_for_one() -> None:
    """It is drawn per create alone."""
    world = await applied(wanted())
    mark_of(world, asstctl_base=f"1;;mo{digest('gpt-4o')}")

    assert (await world.plan(wanted(**many(45)))).counts == {"update": 1}


@pytest.mark.parametrize(
    "pairs, code",
    [
        ({"asstctl_base": "2;;"}, BlockCode.NEWER_MARK),
        ({"asstctl_base": "1;;broken"}, BlockCode.DAMAGED_MARK),
        ({"asstctl_base": None}, BlockCode.DAMAGED_MARK),
        ({"asstctl_project": None}, BlockCode.DAMAGED_MARK),
        ({"asstctl_project": ""}, BlockCode.DAMAGED_MARK),
        ({"asstctl_key": None}, BlockCode.DAMAGED_MARK),
        ({"asstctl_key": "nonsense"}, BlockCode.DAMAGED_MARK),
    ],
)
async def test_a_mark_that_cannot_be_used_blocks_and_is_never_taken_for_none(
    pairs: dict[str, str | None], code: BlockCode
) -> None:
    """No second object is made, and the first is not written."""
    world = await applied(wanted(name="瓜瓜"))
    mark_of(world, **pairs)
    policy = Policy(overwrite_drift=frozenset({"all"}), allow_same_name=frozenset({address("guagua")}))
    plan = await world.plan(wanted(name="瓜瓜"), policy=policy)
    (change,) = plan.changes

    assert (plan.pending, plan.stale_marks) == ((), ())
    assert change.block is not None
    assert (change.remote_id, change.block.code) == ("asst_1", code)
    assert plan.notes == ()
    assert len(change.block.ways) == 1


async def test_a_damaged_copy_of_a_sound_object_is_said_and_blocks_nothing() -> None:
    """The sound one has the address."""
    world = await applied(wanted())
    copy = world.store.put(metadata={**world.store.one(GUAGUA).metadata, "asstctl_base": "broken"})
    plan = await world.plan(wanted(temperature=0.2))

    assert [c.remote_id for c in plan.pending] == ["asst_1"]
    assert [note.partition(":")[0] for note in plan.notes] == [copy.id]


async def test_a_damaged_object_of_nobody_declared_is_said() -> None:
    """It blocks nothing."""
    world = await applied(wanted(name="瓜瓜"))
    mark_of(world, asstctl_base="broken")
    plan = await world.plan(wanted("other"))

    assert plan.counts == {"create": 1}
    reason = "asstctl_base has version 'broken', this program writes 1"
    assert plan.notes == (f"asst_1: its mark cannot be used ({reason}); it is left alone.",)


async def test_a_copy_is_reported_with_ids_and_times_and_blocks_nothing() -> None:
    """The oldest keeps the address."""
    world = await applied(wanted(temperature=0.2))
    first = world.store.one(GUAGUA)
    world.store.put(**first.fields)
    plan = await world.plan(wanted(temperature=0.5))

    assert [(c.action, c.remote_id) for c in plan.pending] == [(Action.UPDATE, first.id)]
    assert plan.notes == (
        (
            "assistant.guagua: asst_1 (2027-01-15 08:00:00Z) keeps this address; "
            "asst_2 (2027-01-15 08:00:00Z) bears it too and is left alone."
        ),
    )


async def test_what_is_no_longer_declared_is_a_note_and_no_change() -> None:
    """Each object is counted once, orphans not at all."""
    world = await applied(wanted("a"), wanted("b"), wanted("c"))
    plan = await world.plan(wanted("a"))

    assert plan.is_empty
    assert plan.counts == {"unchanged": 1}
    assert plan.notes == (
        (
            "2 objects are no longer declared: assistant.b, assistant.c "
            "(to delete: asstctl destroy --only assistant.b --only assistant.c)."
        ),
    )


async def test_only_restricts_the_plan() -> None:
    """Nothing is said of the others, and nobody is called an orphan."""
    world = await applied(wanted("a"), wanted("b"))
    policy = Policy(only=frozenset({address("a")}))
    plan = await world.plan(wanted("a", temperature=0.2), wanted("b", temperature=0.2), wanted("c"), policy=policy)

    assert [str(c.address) for c in plan.changes] == ["assistant.a"]
    assert plan.notes == ()


async def test_a_field_without_a_way_back_cannot_be_reset() -> None:
    """The wire has no default model."""
    world = await applied(wanted())
    (change,) = (await world.plan(Desired(address("guagua"), {"name": "x"}))).changes

    assert change.block is not None
    assert change.block.code is BlockCode.NO_RESET
    assert "model cannot be set back to a default on assistants-v2" in change.block.reason


def many(count: int) -> dict[str, int]:
    names: dict[str, str] = {}
    for number in range(10_000):
        names.setdefault(extension_code(f"extensions.e{number}"), f"extensions.e{number}")
    return dict.fromkeys(sorted(names.values())[:count], 1)


@pytest.mark.parametrize("count, blocked", [(44, False), (45, True)])
async def test_a_mark_that_cannot_hold_all_fields_blocks_at_plan_time(count: int, blocked: bool) -> None:
    """Without the revision 45 fields fit, and nothing is truncated."""
    plan = await World().plan(wanted(**many(count)))

    assert plan.counts == ({"blocked:mark-too-long": 1} if blocked else {"create": 1})


async def test_what_needs_something_blocked_is_blocked() -> None:
    """And what does not, goes on."""
    world = World()
    world.store.put(name="taken")
    plan = await world.plan(wanted("a", name="taken"), wanted("b", needs=["a"]), wanted("c", needs=["b"]), wanted("d"))

    assert plan.counts == {"blocked:same-name": 1, "blocked:dependency": 2, "create": 1}
    assert [c.block.reason for c in plan.blocked if c.block][1:] == [
        "assistant.a, which it needs, is blocked",
        "assistant.b, which it needs, is blocked",
    ]


async def test_changes_come_in_waves_and_by_address() -> None:
    """What is needed comes first."""
    plan = await World().plan(wanted("a", needs=["z"]), wanted("z"), wanted("b"))

    assert [c.address.key for c in plan.changes] == ["b", "z", "a"]


async def test_each_object_is_counted_once() -> None:
    """Whatever becomes of it."""
    world = await applied(wanted("a", temperature=0.2), wanted("b", temperature=0.2), wanted("c"))
    world.store.edit(world.store.one("assistant.b").id, temperature=0.9)
    plan = await world.plan(wanted("a", temperature=0.5), wanted("b", temperature=0.5), wanted("c"), wanted("d"))

    assert plan.counts == {"update": 1, "blocked:drift": 1, "unchanged": 1, "create": 1}


async def test_a_plan_sends_one_listing_per_kind_and_nothing_else() -> None:
    """Deciding sends nothing."""
    world = await applied(wanted())
    world.store.requests.clear()
    await world.plan(wanted(temperature=0.2))

    assert world.store.requests == [("list", None)]


async def test_a_listing_that_goes_in_circles_is_an_error() -> None:
    """Never an absence: no plan is made of it, and nothing is written."""
    world = await applied(wanted())
    world.store.looping = True

    with pytest.raises(IncompleteListing):
        await world.plan(wanted())
    with pytest.raises(IncompleteListing):
        await world.plan_destroy(wanted())
    assert world.store.writes == 1


async def test_a_plan_is_a_pure_function() -> None:
    """Of files, listing and policy, whatever the order of the files."""
    world = await applied(wanted("a"), wanted("b"))
    reading = await world.read()
    one, two = wanted("a", temperature=0.2), wanted("b", temperature=0.2)

    assert world.decide(reading, one, two) == world.decide(reading, two, one)


async def test_a_wrong_revision_is_found_before_anything_is_written() -> None:
    """It would make every mark unreadable."""
    with pytest.raises(ValueError, match="not a mark"):
        make_plan([wanted()], [], target=TARGET, capabilities=CAPABILITIES, revision="1a2b3c4-dirty")


async def test_two_listings_are_asked_for_at_once() -> None:
    """Reading waits for the slowest kind, not for their sum."""
    from asstctl.engine.read import read

    world = World()
    await read(world.store, [KIND, KIND], clock=world.clock)

    assert world.store.most_in_flight == 2
