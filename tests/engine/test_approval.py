"""Approval: what a plan's digest is of, what of it may be left, and what stops an apply."""

from collections.abc import Callable
from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asstctl.core.approval import Altered, Approved, read_approved
from asstctl.core.change import Action
from asstctl.core.decisions import Decisions, Move
from asstctl.core.json_text import canonical, read_json
from asstctl.core.mark import Mark, read_mark
from asstctl.core.plan import Plan
from asstctl.core.resource import Desired
from asstctl.engine.planning.approval import approved_of, difference, digest
from asstctl.engine.planning.classify import canonical_live
from asstctl.engine.planning.policy import Policy
from asstctl.kinds import KINDS
from asstctl.kinds.canonical import digest as digest_of
from tests.engine.paper import GUAGUA, HANDBOOK, Paper, assistant, known, local, store

PRUNE = Policy(prune=True)


def whole() -> tuple[Desired, ...]:
    return (
        store(files=[known("a.md"), known("b.md")]),
        assistant(stores=["handbook"], code=[local("a.csv")], temperature=0.2),
        assistant("other", name="o"),
    )


def of(plan: Plan) -> str:
    return digest(approved_of(plan))


def test_a_digest_is_of_a_known_form() -> None:
    """A change of the form needs another format number; this is what approved plans out there say."""
    assert of(Paper().plan(*whole())) == ("sha256:83115135a065af9ee76b1cef577b2958996d9d70e2246297713cef8404c8471b")


def test_the_order_of_the_files_is_no_part_of_it() -> None:
    """Nor of anything that is put together."""
    assert len({of(Paper().plan(*order)) for order in permutations(whole())}) == 1


SAME: list[Any] = [
    pytest.param(lambda plan: replace(plan, revision="abcdef0"), id="the git revision"),
    pytest.param(lambda plan: replace(plan, notes=("x",)), id="notes"),
    pytest.param(lambda plan: replace(plan, target=replace(plan.target, default=True)), id="its default"),
    pytest.param(lambda plan: replace(plan, changes=plan.changes[::-1]), id="the order of changes"),
]


@pytest.mark.parametrize("change", SAME)
def test_what_writes_nothing_is_left_out(change: Callable[[Plan], Plan]) -> None:
    """Two plans that write the same are one to whoever approves them."""
    plan = Paper().plan(*whole())

    assert of(change(plan)) == of(plan)


def test_unchanged_objects_blocked_ones_and_refreshes_are_left_out() -> None:
    """They are no part of what is agreed to."""
    paper = Paper()
    paper.apply(assistant("same"), assistant("drifted", temperature=0.2), assistant("stale"))
    paper.edit(paper.one(replace(GUAGUA, key="drifted")).id, temperature=0.9)
    paper.edit(paper.one(replace(GUAGUA, key="stale")).id, temperature=0.5)
    plan = paper.plan(
        assistant("same"), assistant("drifted", temperature=0.2), assistant("stale", temperature=0.5), assistant()
    )

    assert (len(plan.blocked), len(plan.stale_marks)) == (1, 1)
    assert [*approved_of(plan).changes] == ["assistant.guagua"]


OTHER = [
    pytest.param(lambda plan: replace(plan, target=replace(plan.target, url="https://evil/v1")), id="the url"),
    pytest.param(lambda plan: replace(plan, target=replace(plan.target, name="b")), id="the target"),
    pytest.param(lambda plan: replace(plan, target=replace(plan.target, project="b")), id="the project"),
    pytest.param(lambda plan: replace(plan, target=replace(plan.target, provider="b")), id="the provider"),
    pytest.param(lambda plan: replace(plan, flags=("--prune",)), id="a permission"),
]


@pytest.mark.parametrize("change", OTHER)
def test_another_target_is_another_plan(change: Callable[[Plan], Plan]) -> None:
    """However alike the changes are; and it is said which word differs."""
    plan = Paper().plan(*whole())
    found = difference(approved_of(plan), approved_of(change(plan)))

    assert of(change(plan)) != of(plan)
    assert (len(found.settings), found.covered) == (1, False)


def test_whether_a_new_object_is_protected_is_approved() -> None:
    """It is written with it."""
    assert of(Paper().plan(assistant())) != of(Paper().plan(assistant(protect=True)))


def test_the_order_of_a_list_that_holds_no_ids_is_approved() -> None:
    """References stand beside it, and nothing of it is sorted."""
    one, two = ({"order": order} for order in (["a", "b"], ["b", "a"]))
    desired = [assistant(stores=["handbook"], extensions__x=value) for value in (one, two)]
    paper = Paper()
    paper.apply(store())

    assert of(paper.plan(desired[0], store())) != of(paper.plan(desired[1], store()))


def test_an_approved_plan_comes_back_from_its_text() -> None:
    """The saved form loses nothing."""
    approved = approved_of(Paper().plan(*whole(), policy=Policy(allow_same_name=frozenset({GUAGUA}))))

    assert read_approved(read_json(canonical(approved.as_json()))) == approved


BAD = [
    lambda value: [],
    lambda value: {**value, "more": 1},
    lambda value: {**value, "format": 2},
    lambda value: {**value, "format": True},
    lambda value: {**value, "flags": "x"},
    lambda value: {**value, "url": None},
    lambda value: {**value, "changes": {"a": {}}},
    lambda value: {**value, "changes": {"a": {**value["changes"]["assistant.other"], "action": "explode"}}},
    lambda value: {**value, "changes": {"a": {**value["changes"]["assistant.other"], "protect": 0}}},
    lambda value: {**value, "changes": {"a": {**value["changes"]["assistant.other"], "fields": {"name": ["x"]}}}},
]


@pytest.mark.parametrize("spoil", BAD)
def test_another_text_is_no_approved_plan(spoil: Callable[[Any], Any]) -> None:
    """Whoever made it."""
    value = read_json(canonical(approved_of(Paper().plan(*whole())).as_json()))

    with pytest.raises(ValueError, match=r"."):
        read_approved(spoil(value))


@pytest.mark.parametrize("reached", [(), (HANDBOOK,), (HANDBOOK, GUAGUA), (replace(GUAGUA, key="other"),)])
def test_what_is_left_after_a_part_was_carried_out_is_covered(reached: tuple[Any, ...]) -> None:
    """Ids that came in the place of references alter nothing."""
    paper = Paper()
    plan = paper.plan(*whole())
    paper.carry_out(plan, only=reached)
    left = approved_of(paper.plan(*whole()))

    assert difference(approved_of(plan), left).covered
    assert len(left.changes) == 3 - len(reached)
    assert difference(left, approved_of(plan)).covered is (not reached)


def test_files_that_are_left_of_a_store_are_covered() -> None:
    """The store was made, and then the run was killed."""
    paper = Paper()
    plan = paper.plan(*whole())
    paper.carry_out(plan)
    id = paper.one(HANDBOOK).id
    paper.files[id] = paper.files[id][:1]

    assert difference(approved_of(plan), approved_of(paper.plan(*whole()))).covered


def test_an_interrupted_replacement_is_covered() -> None:
    """The new file is there, the old one is still to go."""
    paper = Paper()
    paper.apply(store(files=[known("a.md")]))
    id, desired = paper.one(HANDBOOK).id, store(files=[known("a.md", "b")])
    old = paper.files[id]
    plan = paper.plan(desired)
    paper.carry_out(plan)
    paper.files[id] = (*old, *paper.files[id])
    left = paper.plan(desired)

    assert [one.action.value for one in left.changes[0].files] == ["remove"]
    assert difference(approved_of(plan), approved_of(left)).covered


def test_a_file_that_is_no_longer_declared_is_not_covered_by_its_replacement() -> None:
    """Nobody agreed to its end."""
    paper = Paper()
    paper.apply(store(files=[known("a.md")]))
    approved = approved_of(paper.plan(store(files=[known("a.md", "b")])))
    found = difference(approved, approved_of(paper.plan(store(files=[]))))

    assert found.altered == (Altered("vector_store.handbook", files=("a.md",)),)


def test_what_was_not_approved_is_named_by_address_and_field() -> None:
    """What is no longer to be done stops nobody."""
    paper = Paper()
    paper.apply(assistant(temperature=0.2, name="a"))
    approved = approved_of(paper.plan(assistant(temperature=0.5, name="b"), assistant("gone")))
    paper.edit(paper.one(GUAGUA).id, name="b")
    present = approved_of(paper.plan(assistant(temperature=0.6, name="b"), assistant("new")))
    found = difference(approved, present)

    assert (found.only_approved, found.only_present) == (("assistant.gone",), ("assistant.new",))
    assert found.altered == (Altered("assistant.guagua", fields=("temperature",)),)
    assert not found.covered


def test_an_edit_under_an_approved_change_alters_it() -> None:
    """What would be overwritten is not what was seen."""
    paper = Paper()
    policy = Policy(overwrite_drift=frozenset({"all"}))
    paper.apply(assistant(temperature=0.2))
    approved = approved_of(paper.plan(assistant(temperature=0.5), policy=policy))
    paper.edit(paper.one(GUAGUA).id, temperature=0.9)

    found = difference(approved, approved_of(paper.plan(assistant(temperature=0.5), policy=policy)))
    assert found.altered == (Altered("assistant.guagua", fields=("temperature",)),)


def test_another_object_is_another_change() -> None:
    """Action and id are part of it."""
    paper = Paper()
    paper.apply(assistant("gua", name="a"))
    gua = replace(GUAGUA, key="gua")
    moved = approved_of(paper.plan(assistant(name="a"), decisions=Decisions(moved=(Move(gua, GUAGUA),))))
    created = approved_of(paper.plan(assistant(name="a")))
    (found,) = difference(moved, created).altered

    assert found.action == (Action.MOVE, Action.CREATE)
    assert found.remote_id == ("asst_0001", None)
    assert (found.fields, found.attributes) == (("model", "name"), ("previous",))


def test_a_replaced_store_is_not_covered_by_the_approval_of_another() -> None:
    """Nor are deletes of it."""
    paper = Paper()
    paper.apply(assistant(), assistant("old"))
    approved = approved_of(paper.plan(assistant(), policy=PRUNE))
    paper.lives.popitem()
    paper.carry_out(paper.plan(assistant(), assistant("old")))

    assert not difference(approved, approved_of(paper.plan(assistant(), policy=PRUNE))).covered


FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "name": st.sampled_from(["a", "b", "", None]),
        "temperature": st.sampled_from([0, 0.5, 1, 1.0, None]),
        "metadata": st.sampled_from([{}, {"a": "1"}, {"a": "2"}]),
        "tools": st.sampled_from([[], [{"type": "code_interpreter"}], [{"type": "file_search"}]]),
        "instructions": st.sampled_from(["x\r\ny", "x\ny", None]),
    },
)
PROJECTS = st.dictionaries(st.sampled_from(["a", "b", "c"]), FIELDS, max_size=3)


def declared(project: dict[str, dict[str, Any]]) -> tuple[Desired, ...]:
    return (store(), *(assistant(key, stores=["handbook"], **fields) for key, fields in project.items()))


def content(paper: Paper) -> Any:
    """What is live, as far as it means something: canonical fields, under each object's id and address."""
    found = {}
    for live in paper.lives.values():
        kind, mark = KINDS[live.kind], read_mark(live.metadata)
        assert isinstance(mark, Mark)
        found[live.id, mark.address] = {name: digest_of(canonical_live(kind, name, live)) for name in kind.fields}
    return found


@given(PROJECTS, PROJECTS, PROJECTS)
def test_a_digest_changes_exactly_where_something_else_would_be_written(
    first: dict[str, Any], one: dict[str, Any], two: dict[str, Any]
) -> None:
    """Carried out on one account, plans of one digest give one result, and others another."""
    results, approvals = [], []
    for project in (one, two):
        paper = Paper()
        paper.apply(*declared(first))
        plan = paper.plan(*declared(project), policy=replace(PRUNE, max_deletes=9))
        paper.carry_out(plan)
        results.append(content(paper))
        approvals.append(of(plan))
    assert (approvals[0] == approvals[1]) is (results[0] == results[1])


@given(PROJECTS, PROJECTS, st.sets(st.sampled_from(["a", "b", "c"])))
def test_what_is_left_is_always_a_part_of_what_was_approved(
    first: dict[str, Any], project: dict[str, Any], reached: set[str]
) -> None:
    """Wherever a run was interrupted; and a plan is a part of itself."""
    paper = Paper()
    paper.apply(*declared(first))
    policy = replace(PRUNE, max_deletes=9)
    plan = paper.plan(*declared(project), policy=policy)
    approved = approved_of(plan)
    paper.carry_out(plan, only={replace(GUAGUA, key=key) for key in reached})
    left = approved_of(paper.plan(*declared(project), policy=policy))

    assert difference(approved, approved).covered
    assert difference(approved, left).covered


@given(PROJECTS, st.lists(st.sets(st.sampled_from(["a", "b", "c"])), min_size=3, max_size=3))
def test_a_part_of_a_part_is_a_part(project: dict[str, Any], kept: list[set[str]]) -> None:
    """So an apply may be interrupted any number of times."""
    whole = approved_of(Paper().plan(*declared(project)))
    parts: list[Approved] = [whole]
    for keys in kept:
        names = {f"assistant.{key}" for key in keys}
        parts.append(replace(parts[-1], changes={a: c for a, c in parts[-1].changes.items() if a in names}))
    assert all(difference(early, late).covered for i, early in enumerate(parts) for late in parts[i:])
