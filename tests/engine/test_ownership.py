"""Ownership: which live object is which address."""

from dataclasses import replace
from typing import Any

import pytest

from asstctl.core.change import Action, BlockCode
from asstctl.core.resource import Desired, Live
from asstctl.engine.planning.destroy import make_destroy_plan
from asstctl.engine.planning.ownership import sort_out
from asstctl.engine.planning.plan import decide
from asstctl.engine.planning.policy import Policy
from tests.engine.fakes import CAPABILITIES, TARGET, address

GUAGUA = address("guagua")


def live(id: str, created_at: int = 1, *, kind: str = "assistant", name: str = "", **mark: str) -> Live:
    metadata = {"asstctl_project": "p", "asstctl_key": "assistant.guagua", "asstctl_base": "1;;", "team": "t"}
    metadata.update({f"asstctl_{key}": value for key, value in mark.items()})
    return Live(kind, id, created_at, {"name": name}, metadata, {})


def foreign(id: str) -> Live:
    return Live("assistant", id, 1, {}, {"team": "t"}, {})


def sorted_out(*objects: Live, ties: bool = True) -> dict[str, Any]:
    found = sort_out(objects, "p", ties_in_creation_order=ties)
    return {
        "owned": {str(a): (o.live.id, [copy.id for copy in o.copies]) for a, o in found.owned.items()},
        "damaged": [one.id for one, _ in found.damaged],
        "foreign": [one.id for one in found.foreign],
        "others": [(one.id, project) for one, project in found.others],
    }


NOTHING: dict[str, Any] = {"owned": {}, "damaged": [], "foreign": [], "others": []}


@pytest.mark.parametrize(
    "one, expected",
    [
        pytest.param(live("a"), {"owned": {"assistant.guagua": ("a", [])}}, id="ours"),
        pytest.param(foreign("a"), {"foreign": ["a"]}, id="no mark: foreign"),
        pytest.param(live("a", project="q"), {"others": [("a", "q")]}, id="another project's"),
        pytest.param(live("a", project="q", base="2;;"), {"others": [("a", "q")]}, id="another project's, newer"),
        pytest.param(live("a", base="broken"), {"damaged": ["a"]}, id="damaged"),
        pytest.param(live("a", base="2;;"), {"damaged": ["a"]}, id="newer"),
        pytest.param(live("a", project=""), {"damaged": ["a"]}, id="an empty project is damage, not another project"),
        pytest.param(live("a", kind="vector_store"), {"damaged": ["a"]}, id="a mark of another kind"),
        pytest.param(live("a", key="assistant.guagua~r1"), {}, id="a candidate is nobody's"),
        pytest.param(live("a", key="assistant.guagua~r1", project="q"), {}, id="a candidate of another project too"),
    ],
)
def test_one_object_is_what_its_mark_says(one: Live, expected: dict[str, Any]) -> None:
    """Each object is sorted into one heap or none."""
    assert sorted_out(one) == {**NOTHING, **expected}


@pytest.mark.parametrize(
    "ties, objects, keeper, copies",
    [
        pytest.param(True, [("b", 1), ("a", 1)], "b", ["a"], id="ties listed in creation order: the first"),
        pytest.param(False, [("b", 1), ("a", 1)], "a", ["b"], id="ties in no order: the lower id"),
        pytest.param(False, [("a", 2), ("b", 1)], "b", ["a"], id="no ties: the earlier"),
        pytest.param(True, [("c", 1), ("b", 2), ("a", 3)], "c", ["b", "a"], id="several copies, by age"),
    ],
)
def test_of_two_objects_with_one_address_the_oldest_keeps_it(
    ties: bool, objects: list[tuple[str, int]], keeper: str, copies: list[str]
) -> None:
    """The others are its copies."""
    found = sorted_out(*(live(id, at) for id, at in objects), ties=ties)

    assert found == {**NOTHING, "owned": {"assistant.guagua": (keeper, copies)}}


@pytest.mark.parametrize("base", ["2;whatever", "broken"])
@pytest.mark.parametrize("ties", [True, False])
def test_a_younger_copy_does_not_take_the_place_of_an_object_whose_mark_is_damaged(base: str, ties: bool) -> None:
    """To let it would treat the damaged mark as absent; both are left alone."""
    objects = (live("a", 1, base=base), live("b", 2))

    assert sorted_out(*objects, ties=ties) == {**NOTHING, "damaged": ["a", "b"]}


def test_a_younger_copy_whose_mark_is_damaged_takes_nothing_from_the_oldest() -> None:
    """It is reported, and the oldest keeps its address."""
    objects = (live("a", 1), live("b", 2, base="broken"), live("c", 3))

    assert sorted_out(*objects) == {**NOTHING, "owned": {"assistant.guagua": ("a", ["c"])}, "damaged": ["b"]}


def test_an_address_whose_oldest_object_is_damaged_is_blocked_and_never_deleted() -> None:
    """Plan and destroy name the damaged object; the younger one is left alone."""
    objects = (live("a", 1, base="2;whatever"), live("b", 2))
    policy = Policy(overwrite_drift=frozenset({"all"}), max_deletes=9)
    wanted = Desired(GUAGUA, {"model": "gpt-4o"})

    plan = decide([wanted], objects, target=replace(TARGET, project="p"), capabilities=CAPABILITIES, policy=policy).plan
    (change,) = plan.changes
    assert change.block is not None
    assert (change.block.code, change.remote_id) == (BlockCode.NEWER_MARK, "a")
    gone = make_destroy_plan(
        [wanted], objects, target=replace(TARGET, project="p"), capabilities=CAPABILITIES, policy=policy
    )
    (change,) = gone.changes
    assert change.block is not None
    assert (change.action, change.block.code, change.remote_id) == (Action.DELETE, BlockCode.NEWER_MARK, "a")
    assert [note.partition(":")[0] for note in gone.notes] == ["b"]
