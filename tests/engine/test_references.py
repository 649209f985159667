"""References in plans: ids where they are known, placeholders where they are not, and what follows for a field."""

from dataclasses import replace

import pytest

from asstctl.core.change import Action, BlockCode
from asstctl.core.reference import reference
from asstctl.engine.planning.policy import Policy
from tests.engine.paper import GUAGUA, HANDBOOK, Paper, assistant, done, states, store

SEARCH = "tool_resources.file_search"


def searched(paper: Paper) -> object:
    return paper.one(GUAGUA).fields[SEARCH]


def test_what_a_store_that_is_still_to_come_is_called_is_known_after_apply() -> None:
    """The field keeps the placeholder, is named late, and has no digest yet."""
    plan = Paper().plan(assistant(stores=["handbook"]), store())
    made, user = plan.changes

    assert (made.address, user.address) == (HANDBOOK, GUAGUA)
    assert user.late == {SEARCH}
    assert user.send[SEARCH] == {"vector_store_ids": [reference(HANDBOOK)]}
    assert [f.after for f in user.fields if f.name == SEARCH] == [{"vector_store_ids": [reference(HANDBOOK)]}]
    assert user.mark is not None
    assert "tf" not in user.mark.fields


def test_a_live_store_is_known_by_its_id() -> None:
    """Nothing is late, and a second plan is empty."""
    paper = Paper()
    paper.apply(store())
    plan = paper.apply(assistant(stores=["handbook"]), store())

    assert plan.changes[1].late == frozenset()
    assert searched(paper) == {"vector_store_ids": [paper.one(HANDBOOK).id]}
    paper.settled(assistant(stores=["handbook"]), store())


def test_stores_are_made_before_their_users_and_all_is_settled_afterwards() -> None:
    """One apply is enough."""
    paper = Paper()
    desired = (assistant(stores=["handbook", "vs_raw"]), store())
    paper.apply(*desired)

    assert searched(paper) == {"vector_store_ids": [paper.one(HANDBOOK).id, "vs_raw"]}
    paper.settled(*desired)
    assert paper.writes == 2


def test_a_store_that_somebody_deleted_is_made_again_and_its_user_is_ours_to_change() -> None:
    """The live assistant still names the id that is gone."""
    paper = Paper()
    desired = (assistant(stores=["handbook"]), store())
    paper.apply(*desired)
    del paper.lives[paper.one(HANDBOOK).id]
    plan = paper.apply(*desired)

    assert done(plan) == {"vector_store.handbook": "create", "assistant.guagua": "update"}
    assert states(plan) == {SEARCH: "ours"}
    paper.settled(*desired)


def test_a_list_of_stores_that_somebody_changed_is_drift() -> None:
    """Resolved ids are compared like any others."""
    paper = Paper()
    desired = (assistant(stores=["handbook"]), store())
    paper.apply(*desired)
    paper.edit(paper.one(GUAGUA).id, tool_resources__file_search={"vector_store_ids": ["vs_theirs"]})

    assert states(paper.plan(*desired)) == {SEARCH: "drift"}
    paper.apply(*desired, policy=Policy(overwrite_drift=frozenset({f"{GUAGUA}.{SEARCH}"})))
    paper.settled(*desired)


def test_a_user_of_a_blocked_store_is_blocked() -> None:
    """It would be told to use something that is not there."""
    paper = Paper()
    paper.put("vector_store", name="docs")
    plan = paper.plan(assistant(stores=["handbook"]), store(name="docs"))

    assert done(plan) == {"vector_store.handbook": "blocked:same-name", "assistant.guagua": "blocked:dependency"}


def test_room_is_kept_in_the_mark_for_what_is_known_after_apply() -> None:
    """So that apply never finds out that it does not fit."""
    paper = Paper()
    room = {f"extensions.e{number}": number for number in range(39)}
    with_search = assistant(stores=["handbook"])
    crowded = replace(with_search, fields={**with_search.fields, **room})
    plan = paper.plan(crowded, store())
    blocks = [change.block.code for change in plan.changes if change.block]

    if not blocks:  # pragma: no cover - the number of fields is chosen so that only the late one is too much
        pytest.fail("choose more fields")
    assert blocks in ([BlockCode.MARK_TOO_LONG], [BlockCode.CODE_CLASH])


def test_a_field_that_is_ignored_is_never_late() -> None:
    """It is sent with a create only."""
    paper = Paper()
    desired = (replace(assistant(stores=["handbook"]), ignored=frozenset({SEARCH})), store())
    paper.apply(assistant(), store())

    assert [change.action for change in paper.plan(*desired).changes] == [Action.KEEP, Action.KEEP]
