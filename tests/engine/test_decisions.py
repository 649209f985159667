"""Decisions of `kind: changes`: what each means on what is live, and that done ones are harmless."""

from collections.abc import Callable
from typing import Any

import pytest

from asstctl.core.address import Address
from asstctl.core.change import Action, BlockCode, Change
from asstctl.core.decisions import Acceptance, Adoption, Decisions, Move, Removal
from asstctl.core.diagnostic import Where
from asstctl.core.mark import read_mark, without_mark
from asstctl.core.plan import Plan
from asstctl.engine.planning.policy import Policy
from tests.engine.paper import GUAGUA, HANDBOOK, Paper, assistant, done, known, states, store

GUA, OLD = Address("assistant", "gua"), Address("assistant", "old")
AT = Where("assistants/changes.yaml", 3)


def adopt(id: str, to: Address = GUAGUA) -> Decisions:
    return Decisions(adopt=(Adoption(to, id, AT),))


def move(*pairs: tuple[Address, Address]) -> Decisions:
    return Decisions(moved=tuple(Move(source, to, AT) for source, to in pairs))


def remove(address: Address, *, delete: bool) -> Decisions:
    return Decisions(removed=(Removal(address, delete, AT),))


def only_change(plan: Plan) -> Change:
    (change,) = plan.changes
    return change


def test_an_adopted_object_gets_the_mark_and_what_differs_in_one_write() -> None:
    """Differences show as ours, the pairs of its owner stay."""
    paper = Paper()
    live = paper.put(name="theirs", temperature=0.7, metadata={"team": "x"})
    decisions = adopt(live.id)
    plan = paper.apply(assistant(temperature=0.2, name="theirs"), decisions=decisions)

    assert (done(plan), states(plan)) == ({"assistant.guagua": "adopt"}, {"temperature": "ours"})
    assert (paper.writes, paper.one(GUAGUA).id) == (1, live.id)
    assert without_mark(paper.one(GUAGUA).metadata) == {"team": "x"}
    paper.settled(assistant(temperature=0.2, name="theirs"), decisions=decisions)
    paper.settled(assistant(temperature=0.2, name="theirs"))


def test_an_object_that_is_what_the_files_say_is_adopted_by_its_mark_alone() -> None:
    """No field is sent; protection, which stands in the mark, is shown."""
    paper = Paper()
    live = paper.put(name="a")
    change = only_change(paper.apply(assistant(name="a", protect=True), decisions=adopt(live.id)))

    assert (change.send, change.writes_object) == ({}, True)
    assert [(one.name, one.before, one.after) for one in change.fields] == [("protect", False, True)]
    assert change.protect
    paper.settled(assistant(name="a", protect=True), decisions=adopt(live.id))


def test_an_adopted_store_keeps_its_foreign_files_and_gets_ours() -> None:
    """And its users know its id at once."""
    paper = Paper()
    live = paper.put("vector_store", name="docs")
    decisions = adopt(live.id, HANDBOOK)
    desired = (assistant(stores=["handbook"]), store(name="docs", files=[known("a.md")]))
    plan = paper.plan(*desired, decisions=decisions)

    assert done(plan) == {"vector_store.handbook": "adopt", "assistant.guagua": "create"}
    assert plan.changes[1].late == frozenset()
    paper.apply(*desired, decisions=decisions)
    paper.settled(*desired, decisions=decisions)


def of_ours(paper: Paper) -> str:
    paper.apply(assistant("old"))
    return paper.one(OLD).id


def of_another_project(paper: Paper) -> str:
    id = of_ours(paper)
    paper.edit(id, metadata={**paper.lives[id].metadata, "asstctl_project": "other"})
    return id


def damaged(paper: Paper) -> str:
    return paper.put(metadata={"asstctl_project": "p", "asstctl_key": "assistant.x", "asstctl_base": "0;"}).id


def of_another_kind(paper: Paper) -> str:
    return paper.put("vector_store").id


UNADOPTABLE = [
    pytest.param(lambda paper: "asst_none", "there is no assistant asst_none on prod", id="nobody"),
    pytest.param(of_another_kind, "there is no assistant vs_0001 on prod", id="another kind"),
    pytest.param(of_ours, "asst_0001 is assistant.old of this project", id="another address of ours"),
    pytest.param(of_another_project, "asst_0001 is assistant.old of project other", id="another project's"),
    pytest.param(damaged, "asst_0001 bears a mark that cannot be used", id="damaged"),
]


@pytest.mark.parametrize("prepare, reason", UNADOPTABLE)
def test_what_is_somebody_elses_is_not_adopted(prepare: Callable[[Paper], str], reason: str) -> None:
    """The block says whose it is and names the entry, or what to write instead."""
    paper = Paper()
    id = prepare(paper)
    block = only_change(paper.plan(assistant(), decisions=adopt(id))).block

    assert block is not None
    assert (block.code, block.reason.startswith(reason)) == (BlockCode.ADOPT, True)
    assert block.ways


def test_an_address_that_somebody_has_is_not_given_to_another_object() -> None:
    """Two objects would bear it."""
    paper = Paper()
    paper.apply(assistant())
    block = only_change(paper.plan(assistant(), decisions=adopt(paper.put().id))).block

    assert block is not None
    assert block.reason == "asst_0001 on prod is assistant.guagua already; asst_0002 cannot be it too"
    assert block.ways[0].command == "remove the entry of `adopt` at assistants/changes.yaml:3"


@pytest.mark.parametrize(
    ("prepare", "command"),
    [
        (lambda paper: "asst_9999", "asstctl adopt --target prod assistant.guagua"),
        (lambda paper: [paper.apply(assistant()), paper.put().id][1], "asstctl show --target prod assistant.guagua"),
        (
            lambda paper: [paper.apply(assistant("gua")), "asst_0001"][1],
            "write `moved: [{from: assistant.gua, to: assistant.guagua}]` in a `kind: changes` file",
        ),
    ],
)
def test_an_adoption_of_a_command_speaks_of_no_entry(prepare: Callable[[Paper], str], command: str) -> None:
    """It stands in no file."""
    paper = Paper()
    decisions = Decisions(adopt=(Adoption(GUAGUA, prepare(paper)),))
    block = only_change(paper.plan(assistant(), decisions=decisions)).block

    assert block is not None
    assert [way.command for way in block.ways] == [command]


def test_a_change_says_where_it_was_decided() -> None:
    """An adoption, and drift that may be overwritten."""
    paper = Paper()
    live = paper.put(temperature=0.9)
    adopted = only_change(paper.plan(assistant(), decisions=adopt(live.id)))
    paper.apply(assistant(temperature=0.5), decisions=adopt(live.id))
    paper.edit(live.id, temperature=0.9)
    accepted = Decisions(accepted=(Acceptance("assistant.guagua.temperature", AT),))
    (field,) = only_change(paper.plan(assistant(temperature=0.5), decisions=accepted)).fields

    assert (adopted.decided, field.overwritten, field.decided) == (AT, True, AT)


def test_one_object_is_adopted_once() -> None:
    """The first entry has it."""
    paper = Paper()
    id = paper.put().id
    both = Decisions(adopt=(Adoption(GUAGUA, id), Adoption(GUA, id)))

    assert done(paper.plan(assistant(), assistant("gua"), decisions=both)) == {
        "assistant.gua": "blocked:adopt",
        "assistant.guagua": "adopt",
    }


def test_an_object_that_is_adopted_blocks_no_create_by_its_name() -> None:
    """It is about to be ours."""
    paper = Paper()
    id = paper.put(name="瓜瓜").id
    plan = paper.plan(assistant(name="瓜瓜"), assistant("gua", name="瓜瓜"), decisions=adopt(id))

    assert done(plan) == {"assistant.gua": "create", "assistant.guagua": "adopt"}


def test_a_moved_object_gets_another_key_in_one_write() -> None:
    """With the field changes that come with it, and keeps its id, nonce and base."""
    paper = Paper()
    paper.apply(assistant("gua", temperature=0.2, name="a"))
    id = paper.one(GUA).id
    plan = paper.apply(assistant(temperature=0.5, name="a"), decisions=move((GUA, GUAGUA)))
    change = only_change(plan)

    assert (change.action, change.previous, states(plan)) == (Action.MOVE, GUA, {"temperature": "ours"})
    assert (paper.one(GUAGUA).id, paper.bearing(GUA)) == (id, [])
    assert paper.writes == 2
    paper.settled(assistant(temperature=0.5, name="a"), decisions=move((GUA, GUAGUA)))


def test_drift_of_a_moved_object_blocks_it() -> None:
    """A move is a write like any other."""
    paper = Paper()
    paper.apply(assistant("gua", temperature=0.2))
    paper.edit(paper.one(GUA).id, temperature=0.9)

    assert done(paper.plan(assistant(temperature=0.2), decisions=move((GUA, GUAGUA)))) == {
        "assistant.guagua": "blocked:drift"
    }


def test_a_chain_of_moves_frees_an_address_before_it_is_given_anew() -> None:
    """Never do two objects bear one address."""
    paper = Paper()
    paper.apply(assistant("old", name="o"), assistant("gua", name="g"))
    ids = paper.one(OLD).id, paper.one(GUA).id
    desired = (assistant("old", name="n"), assistant("gua", name="o"), assistant(name="g"))
    decisions = move((OLD, GUA), (GUA, GUAGUA))
    plan = paper.plan(*desired, decisions=decisions)

    assert [(str(c.address), c.action.value) for c in plan.changes] == [
        ("assistant.guagua", "move"),
        ("assistant.gua", "move"),
        ("assistant.old", "create"),
    ]
    paper.carry_out(plan)
    assert (paper.one(GUA).id, paper.one(GUAGUA).id) == ids
    paper.settled(*desired)


def test_a_move_to_an_address_that_is_taken_is_harmless() -> None:
    """It was done, or was never needed; what bears the old address is said to be left over."""
    paper = Paper()
    paper.apply(assistant("gua"), assistant())
    plan = paper.plan(assistant(), decisions=move((GUA, GUAGUA)))

    assert plan.is_empty
    assert "assistant.gua" in plan.notes[0]


def test_a_chain_stops_where_its_end_is_taken() -> None:
    """What stays keeps its address."""
    paper = Paper()
    paper.apply(assistant("old"), assistant("gua"), assistant())

    assert paper.plan(assistant("gua"), assistant(), decisions=move((OLD, GUA), (GUA, GUAGUA))).is_empty


def test_two_objects_cannot_become_one() -> None:
    """Both are named."""
    paper = Paper()
    paper.apply(assistant("old"), assistant("gua"))
    plan = paper.plan(assistant(), decisions=move((OLD, GUAGUA), (GUA, GUAGUA)))
    block = only_change(plan).block

    assert block is not None
    assert block.code is BlockCode.MOVE
    assert {"asst_0001", "asst_0002"} <= set(block.reason.replace("(", " ").split())


@pytest.mark.parametrize(
    "decisions", [move((OLD, GUAGUA), (GUA, GUAGUA)), Decisions(adopt=(Adoption(GUAGUA, "asst_0001"),))]
)
def test_what_a_refused_decision_is_about_is_not_pruned(decisions: Decisions) -> None:
    """Somebody meant to keep it."""
    paper = Paper()
    paper.apply(assistant("gua"), assistant("old"))
    plan = paper.plan(assistant(), policy=Policy(prune=True), decisions=decisions)
    about = {"asst_0001", "asst_0002"} if decisions.moved else {"asst_0001"}

    assert not about & {change.remote_id for change in plan.pending}
    assert plan.blocked


@pytest.mark.parametrize("decide", [lambda id: move((GUA, GUAGUA)), adopt], ids=["move", "adopt"])
def test_a_damaged_mark_keeps_its_address(decide: Callable[[str], Decisions]) -> None:
    """Nothing is moved or adopted beside it."""
    paper = Paper()
    paper.apply(assistant("gua"), assistant())
    broken = paper.one(GUAGUA)
    paper.edit(broken.id, metadata={**broken.metadata, "asstctl_base": "broken"})
    plan = paper.plan(assistant(), assistant("gua"), decisions=decide(paper.put().id))

    assert done(plan)["assistant.guagua"] == "blocked:damaged-mark"
    assert plan.pending == ()


def test_a_move_of_nothing_is_a_create() -> None:
    """On a target that never had it."""
    assert done(Paper().plan(assistant(), decisions=move((GUA, GUAGUA)))) == {"assistant.guagua": "create"}


def test_an_address_is_not_given_anew_while_its_move_is_left_out() -> None:
    """Two objects would bear it until the next apply."""
    paper = Paper()
    paper.apply(assistant("gua"))
    policy = Policy(only=frozenset({GUA}))

    assert done(paper.plan(assistant("gua"), assistant(), decisions=move((GUA, GUAGUA)), policy=policy)) == {
        "assistant.gua": "blocked:move"
    }


def test_a_removed_object_is_deleted_without_a_prune_and_uncounted() -> None:
    """It is named in a file that was reviewed."""
    paper = Paper()
    paper.apply(assistant(), assistant("old"))
    decisions = remove(OLD, delete=True)
    plan = paper.apply(assistant(), policy=Policy(max_deletes=0), decisions=decisions)

    assert done(plan) == {"assistant.old": "delete"}
    assert (plan.changes[-1].named, plan.changes[-1].where) == (True, AT)
    paper.settled(assistant(), decisions=decisions)
    assert plan.notes == ()


def test_a_protected_object_is_not_removed() -> None:
    """Not even by name."""
    paper = Paper()
    paper.apply(assistant(), assistant("old", protect=True))

    assert done(paper.plan(assistant(), decisions=remove(OLD, delete=True))) == {"assistant.old": "blocked:protected"}


def test_a_forgotten_object_loses_our_mark_and_nothing_else() -> None:
    """It is foreign from then on."""
    paper = Paper()
    paper.apply(assistant(), assistant("old", name="o", metadata={"team": "x"}))
    id = paper.one(OLD).id
    plan = paper.apply(assistant(), decisions=remove(OLD, delete=False))
    live = paper.lives[id]

    assert done(plan) == {"assistant.old": "forget"}
    assert (live.fields["name"], live.metadata, read_mark(live.metadata)) == ("o", {"team": "x"}, None)
    paper.settled(assistant(), decisions=remove(OLD, delete=False))


def test_what_is_declared_is_not_removed() -> None:
    """The manifest is the nearer word."""
    paper = Paper()
    paper.apply(assistant())

    assert paper.plan(assistant(), decisions=remove(GUAGUA, delete=True)).is_empty


@pytest.mark.parametrize("field, expected", [("temperature", "update"), ("top_p", "blocked:drift")])
def test_drift_that_the_files_accept_is_overwritten_and_shown(field: str, expected: str) -> None:
    """By field, as with the option, and beside what the option names."""
    paper = Paper()
    paper.apply(assistant(temperature=0.2))
    paper.edit(paper.one(GUAGUA).id, temperature=0.9)
    decisions = Decisions(accepted=(Acceptance(f"assistant.guagua.{field}", AT),))
    plan = paper.plan(assistant(temperature=0.2), decisions=decisions)
    change = only_change(plan)

    assert done(plan) == {"assistant.guagua": expected}
    assert [(f.state.value, f.overwritten) for f in change.fields] == [("drift", expected == "update")]
    assert plan.flags == ()


def test_decisions_of_other_targets_are_not_here() -> None:
    """An empty value decides nothing."""
    paper: Any = Paper()
    paper.put(name="a")

    assert done(paper.plan(assistant(), decisions=Decisions())) == {"assistant.guagua": "create"}
