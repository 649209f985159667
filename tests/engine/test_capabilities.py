"""What a target cannot do: said when a plan is made, in the words of its capabilities, and never half done."""

from dataclasses import replace

import pytest

from asstctl.core.capabilities import Capabilities, Metadata
from asstctl.core.change import BlockCode
from asstctl.core.decisions import Adoption, Decisions, Move, Removal
from asstctl.core.plan import Plan
from asstctl.engine.planning.policy import Policy
from tests.engine.paper import CAPABILITIES, GUAGUA, Paper, assistant, done, known, local, states, store

WRITE_ONCE = replace(CAPABILITIES, dialect="hybrid", metadata=Metadata.WRITE_ONCE)
GUA = replace(GUAGUA, key="gua")


def on(paper: Paper, capabilities: Capabilities) -> Paper:
    """The same account with other abilities."""
    paper.capabilities = capabilities
    return paper


def reasons(plan: Plan) -> list[str]:
    assert {change.block.code for change in plan.blocked if change.block} == {BlockCode.CAPABILITY}
    return [change.block.reason for change in plan.blocked if change.block]


def lacking(name: str) -> Capabilities:
    return replace(CAPABILITIES, missing={name: f"{name} is not there; set passthrough_url"})


def test_a_kind_that_the_wire_lacks_blocks_what_is_declared_of_it() -> None:
    """And what needs it; the rest goes on."""
    lacks = replace(CAPABILITIES, fields={"assistant": CAPABILITIES.fields["assistant"]}, dialect="native")
    plan = on(Paper(), lacks).plan(assistant(), assistant("user", stores=["handbook"]), store())

    assert done(plan) == {
        "assistant.guagua": "create",
        "vector_store.handbook": "blocked:capability",
        "assistant.user": "blocked:dependency",
    }
    assert plan.blocked[0].block is not None
    assert plan.blocked[0].block.reason == "there are no objects of kind vector_store here (native)"


@pytest.mark.parametrize("name", ["get", "update"])
def test_an_update_that_the_server_has_not_is_blocked_in_its_words(name: str) -> None:
    """A create is not, and neither is what needs nothing."""
    paper = Paper()
    paper.apply(assistant(temperature=0.2), assistant("same"))
    plan = on(paper, lacking(name)).plan(assistant(temperature=0.5), assistant("same"), assistant("new"))

    assert done(plan) == {"assistant.guagua": "blocked:capability", "assistant.new": "create"}
    assert reasons(plan) == [f"{name} is not there; set passthrough_url"]


@pytest.mark.parametrize("name, expected", [("get", "blocked:capability"), ("update", "delete")])
def test_a_delete_needs_a_read_before_it(name: str, expected: str) -> None:
    """And no update."""
    paper = Paper()
    paper.apply(assistant(), assistant("old"))

    plan = on(paper, lacking(name)).plan(assistant(), policy=Policy(prune=True))
    assert done(plan) == {"assistant.old": expected}


def test_a_stale_mark_is_not_refreshed_where_nothing_can_be_updated() -> None:
    """It is no pending change and cannot become one."""
    paper = Paper()
    paper.apply(assistant())
    paper.edit(paper.one(GUAGUA).id, temperature=0.5)

    on(paper, lacking("update")).settled(assistant(temperature=0.5))


def test_files_that_the_server_cannot_take_are_blocked() -> None:
    """Of stores and of assistants; a store without files is made."""
    plan = on(Paper(), lacking("files")).plan(
        store("empty"), store("full", files=[known("a.md")]), assistant(code=[local("a.csv")])
    )

    assert done(plan) == {
        "vector_store.empty": "create",
        "vector_store.full": "blocked:capability",
        "assistant.guagua": "blocked:capability",
    }


def test_files_that_could_not_be_listed_are_not_sent_again() -> None:
    """Nobody knows what the store holds; one that declares none is none the worse."""
    paper = Paper()
    paper.apply(store(files=[known("a.md")]), store("other", files=None))
    paper.files.clear()
    plan = paper.plan(store(files=[known("a.md")]), store("other", files=None))

    assert done(plan) == {"vector_store.handbook": "blocked:capability"}
    assert reasons(plan) == ["the files of vs_0001 cannot be listed here (full wire)"]


def test_what_a_target_says_of_itself_is_a_note_of_every_plan() -> None:
    """First of all."""
    plan = on(Paper(), replace(CAPABILITIES, notes=("metadata is write-once here",))).plan(assistant())

    assert plan.notes == ("metadata is write-once here",)


def written_once() -> Paper:
    paper = on(Paper(), WRITE_ONCE)
    paper.apply(assistant(temperature=0.2, name="a"))
    return paper


def test_where_metadata_is_written_once_every_difference_is_ours() -> None:
    """Two-way: nothing is drift, and the mark stays the one of the create."""
    paper = written_once()
    mark = paper.one(GUAGUA).metadata
    paper.edit(paper.one(GUAGUA).id, temperature=0.9)
    desired = assistant(temperature=0.2, name="b")

    assert states(paper.plan(desired)) == {"name": "ours", "temperature": "ours"}
    paper.apply(desired)
    assert paper.one(GUAGUA).metadata == mark
    paper.settled(desired)


def test_where_metadata_is_written_once_a_removed_field_is_not_reset() -> None:
    """The base cannot be kept up, so nobody knows whose value it is; it is said."""
    plan = written_once().plan(assistant(name="a"))

    assert plan.is_empty
    assert plan.notes == ("assistant.guagua: temperature is 0.2 on prod and not declared here.",)


def test_where_metadata_is_written_once_no_mark_is_stale() -> None:
    """An equal edit on both sides is nothing to write."""
    paper = written_once()
    paper.edit(paper.one(GUAGUA).id, temperature=0.9)

    paper.settled(assistant(temperature=0.9, name="a"))


MARKED = [
    pytest.param(assistant(temperature=0.2, name="a", protect=True), Decisions(), "protect stands in the mark"),
    pytest.param(assistant(temperature=0.2, name="a", metadata={"x": "1"}), Decisions(), "metadata differs"),
    pytest.param(
        assistant("gua", temperature=0.2, name="a"),
        Decisions(moved=(Move(GUAGUA, GUA),)),
        "to move asst_0001 is to write its mark",
    ),
    pytest.param(
        assistant("other"),
        Decisions(removed=(Removal(GUAGUA, False),)),
        "to forget asst_0001 is to write its mark",
    ),
]


@pytest.mark.parametrize("desired, decisions, reason", MARKED)
def test_where_metadata_is_written_once_what_stands_in_it_is_blocked(
    desired: object, decisions: Decisions, reason: str
) -> None:
    """With a sentence that names why."""
    plan = written_once().plan(desired, decisions=decisions)  # type: ignore[arg-type]

    assert reasons(plan) == [f"{reason}, and an update keeps the old metadata here (hybrid)"]


def test_where_metadata_is_written_once_nothing_is_adopted() -> None:
    """It would stay foreign."""
    paper = on(Paper(), WRITE_ONCE)
    id = paper.put().id
    plan = paper.plan(assistant(), decisions=Decisions(adopt=(Adoption(GUAGUA, id),)))

    assert reasons(plan) == [f"to adopt {id} is to write its mark, and an update keeps the old metadata here (hybrid)"]


def test_where_metadata_is_written_once_code_files_are_those_of_the_create() -> None:
    """Which is which could not be noted after another upload."""
    paper = on(Paper(), WRITE_ONCE)
    paper.apply(assistant(code=[local("a.csv")]))
    paper.settled(assistant(code=[local("a.csv")]))
    plan = paper.plan(assistant(code=[local("a.csv", "b")]))

    assert reasons(plan)[0].startswith("which code file is which stands in the mark")
