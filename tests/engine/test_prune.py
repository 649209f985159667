"""Prune: what is ours and no longer declared goes, bounded, never protected, and stores after what uses them."""

from dataclasses import replace
from typing import Any

import pytest

from asstctl.core.address import Address
from asstctl.core.change import BlockCode
from asstctl.core.decisions import Decisions, Removal
from asstctl.core.errors import Refused
from asstctl.core.knowledge import StoreFile
from asstctl.engine.planning.destroy import make_destroy_plan
from asstctl.engine.planning.policy import Policy
from tests.engine.paper import (
    CAPABILITIES,
    GUAGUA,
    HANDBOOK,
    TARGET,
    Paper,
    assistant,
    done,
    known,
    local,
    store,
)

PRUNE = Policy(prune=True)


def test_what_is_no_longer_declared_is_deleted() -> None:
    """And nothing else: not what is foreign, not what is another project's."""
    paper = Paper()
    paper.apply(assistant(), assistant("old"))
    paper.put(name="theirs")
    plan = paper.apply(assistant(), policy=PRUNE)

    assert done(plan) == {"assistant.old": "delete"}
    assert plan.changes[-1].reason == "no longer declared"
    assert len(paper.lives) == 2
    paper.settled(assistant(), policy=PRUNE)


def test_without_a_prune_it_is_a_note() -> None:
    """No pending change, and both ways are named."""
    paper = Paper()
    paper.apply(assistant(), assistant("old"), store())
    plan = paper.plan(assistant())

    assert plan.is_empty
    assert plan.notes == (
        (
            "2 objects are no longer declared: assistant.old, vector_store.handbook "
            "(use --prune, or `removed` in a kind: changes file)."
        ),
    )


def test_files_that_declare_nothing_prune_nothing() -> None:
    """A wrong folder must not empty an account."""
    with pytest.raises(Refused, match="declare nothing"):
        Paper().plan(policy=PRUNE)


@pytest.mark.parametrize("limit, blocked", [(2, True), (3, False)])
def test_more_deletes_than_allowed_delete_nothing(limit: int, blocked: bool) -> None:
    """The way on names the number; what is protected is not counted."""
    paper = Paper()
    olds = [assistant(f"old{number}") for number in range(3)]
    paper.apply(assistant(), *olds, assistant("kept", protect=True))
    plan = paper.plan(assistant(), policy=Policy(prune=True, max_deletes=limit))
    blocks = [change.block for change in plan.changes if change.block]

    assert len(plan.pending) == (0 if blocked else 3)
    assert [block.code for block in blocks] == [BlockCode.PROTECTED] + [BlockCode.MAX_DELETES] * (3 if blocked else 0)
    if blocked:
        assert blocks[-1].ways[0].command == "asstctl apply --target prod --prune --max-deletes 3"


def test_a_flag_that_is_dropped_with_its_file_protects_all_the_same() -> None:
    """Protect stands on the object."""
    paper = Paper()
    paper.apply(assistant(), assistant("old", protect=True))

    assert done(paper.plan(assistant(), policy=PRUNE)) == {"assistant.old": "blocked:protected"}
    paper.apply(assistant(), assistant("old"), policy=PRUNE)
    assert done(paper.apply(assistant(), policy=PRUNE)) == {"assistant.old": "delete"}


def test_taking_the_protection_off_is_an_update_and_goes_before_deletes() -> None:
    """It is seen in the plan."""
    paper = Paper()
    paper.apply(assistant(protect=True), assistant("a-old"))
    plan = paper.plan(assistant(), policy=PRUNE)

    assert [(c.address.key, c.action.value) for c in plan.changes] == [("guagua", "update"), ("a-old", "delete")]
    assert [field.name for field in plan.changes[0].fields] == ["protect"]


def test_an_assistant_goes_before_the_store_that_it_uses() -> None:
    """The order is told from what is live; a user that stays blocked keeps its store."""
    paper = Paper()
    paper.apply(assistant(), assistant("old", stores=["handbook"]), store(files=[known("a.md")]))
    plan = paper.plan(assistant(), policy=PRUNE)

    assert [str(change.address) for change in plan.pending] == ["assistant.old", "vector_store.handbook"]
    assert [one.action.value for one in plan.changes[-1].files] == ["remove"]
    protected = Paper()
    protected.apply(assistant(), assistant("old", stores=["handbook"], protect=True), store())
    assert done(protected.plan(assistant(), policy=PRUNE)) == {
        "assistant.old": "blocked:protected",
        "vector_store.handbook": "blocked:dependency",
    }


def test_a_store_goes_after_the_update_that_lets_go_of_it() -> None:
    """And not at all where that update is blocked."""
    paper = Paper()
    paper.apply(assistant(temperature=0.2, stores=["handbook"]), store())
    plan = paper.plan(assistant(temperature=0.2), policy=PRUNE)

    assert [str(change.address) for change in plan.pending] == ["assistant.guagua", "vector_store.handbook"]
    assert plan.changes[-1].after == (GUAGUA,)
    paper.edit(paper.one(GUAGUA).id, temperature=0.9)
    assert done(paper.plan(assistant(temperature=0.2), policy=PRUNE)) == {
        "assistant.guagua": "blocked:drift",
        "vector_store.handbook": "blocked:dependency",
    }


def test_a_store_that_is_used_by_its_id_stays() -> None:
    """Whoever wrote the id meant that store."""
    paper = Paper()
    paper.apply(store())
    id = paper.one(HANDBOOK).id
    paper.apply(assistant(stores=[id]), store())
    (_, change) = paper.plan(assistant(stores=[id]), policy=PRUNE).changes

    assert change.block is not None
    assert change.block.reason == f"assistant.guagua still uses {id}"


def test_a_deleted_assistant_names_its_code_files() -> None:
    """Apply deletes those of ours."""
    paper = Paper()
    paper.apply(assistant(), assistant("old", code=[local("a.csv"), "file-raw"]))
    change = paper.plan(assistant(), policy=PRUNE).pending[0]

    assert len(change.code_files) == 2


def test_only_restricts_a_prune() -> None:
    """To what it names."""
    paper = Paper()
    paper.apply(assistant(), assistant("old"), assistant("older"))
    policy = replace(PRUNE, only=frozenset({Address("assistant", "old")}))

    assert done(paper.plan(assistant(), policy=policy)) == {"assistant.old": "delete"}


def test_destroy_leaves_a_store_to_an_assistant_that_stays() -> None:
    """With it, both go in order."""
    paper = Paper()
    paper.apply(assistant(stores=["handbook"]), store(files=[known("a.md")]))

    def planned(*only: Address) -> list[tuple[str, bool]]:
        plan = make_destroy_plan(
            [],
            paper.lives.values(),
            target=TARGET,
            capabilities=CAPABILITIES,
            policy=Policy(only=frozenset(only) or None),
            files=paper.files,
        )
        return [(str(change.address), change.pending) for change in plan.changes]

    assert planned(HANDBOOK) == [("vector_store.handbook", False)]
    assert planned() == [("assistant.guagua", True), ("vector_store.handbook", True)]


BROKEN = {"asstctl_base": "1;garbage"}


@pytest.mark.parametrize(
    "options, expected",
    [
        ({"policy": PRUNE}, {"assistant.old": "blocked:damaged-mark"}),
        (
            {"decisions": Decisions(removed=(Removal(Address("assistant", "old"), delete=True),))},
            {"assistant.old": "blocked:damaged-mark"},
        ),
        (
            {"decisions": Decisions(removed=(Removal(Address("assistant", "old"), delete=False),))},
            {"assistant.old": "blocked:damaged-mark"},
        ),
        ({}, {}),
        ({"policy": Policy(prune=True, only=frozenset({GUAGUA}))}, {}),
    ],
    ids=["prune", "removed", "forgotten", "neither", "left out"],
)
def test_what_bears_a_damaged_mark_is_a_blocked_delete_and_not_passed_over(
    options: dict[str, Any], expected: dict[str, str]
) -> None:
    """As far as the files or the prune mean its address."""
    paper = Paper()
    paper.apply(assistant(), assistant("old"))
    old = paper.one(Address("assistant", "old"))
    paper.edit(old.id, metadata={**old.metadata, **BROKEN})
    plan = paper.plan(assistant(), **options)

    assert done(plan) == expected
    assert [change.remote_id for change in plan.blocked] == [old.id] * len(expected)


@pytest.mark.parametrize("foreign, said", [(0, None), (1, "1 file that is not ours is"), (2, "2 files that are not")])
def test_files_of_others_in_a_store_that_goes_are_said(foreign: int, said: str | None) -> None:
    """They stay uploaded."""
    paper = Paper()
    paper.apply(assistant(), store(files=[known("a.md")]))
    id = paper.one(HANDBOOK).id
    paper.files[id] += tuple(StoreFile(f"f{number}", 0, "completed") for number in range(foreign))
    pruned = paper.plan(assistant(), policy=PRUNE)
    destroyed = make_destroy_plan(
        [assistant()], paper.lives.values(), target=TARGET, capabilities=CAPABILITIES, files=paper.files
    )

    for plan in (pruned, destroyed):
        assert [said in note and "uploaded" in note for note in plan.notes] == ([True] if said else [])  # type: ignore[operator]
