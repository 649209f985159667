"""What others did since the last apply: to what is declared, to what no longer is, and to marks."""

from dataclasses import replace
from typing import Any

import pytest

from asstctl.core.address import Address
from asstctl.core.capabilities import Metadata
from asstctl.core.decisions import Decisions, Removal
from asstctl.core.errors import Refused
from asstctl.core.mark import only_mark
from asstctl.core.plans import Drift
from asstctl.core.resource import Desired
from asstctl.engine.planning.outside import check_drift_can_be_told, drift_of
from asstctl.engine.planning.ownership import sort_out
from asstctl.engine.planning.policy import CAUTIOUS, Policy
from asstctl.render.drift import drift_text
from tests.engine.paper import CAPABILITIES, GUAGUA, TARGET, Paper, assistant, local, store

OLD = Address("assistant", "old")


def drift(paper: Paper, *desired: Desired, policy: Policy = CAUTIOUS, **options: Any) -> Drift:
    plan = paper.plan(*desired, policy=policy, **options)
    ownership = sort_out(paper.lives.values(), TARGET.project, ties_in_creation_order=True)
    return drift_of(plan, ownership, policy)


def told(found: Drift) -> str:
    return " ".join(drift_text(found).split())


def blocks(found: Drift) -> dict[str, str]:
    return {str(change.address): str(change.block.code) for change in found.changes if change.block}


@pytest.fixture
def paper() -> Paper:
    """Two assistants and a store were applied; one of them is no longer declared."""
    made = Paper()
    made.apply(assistant(temperature=0.2), assistant("old", temperature=0.2, extensions__x=1), store())
    return made


LEFT = [
    pytest.param({"temperature": 0.9}, ["temperature"], id="edited"),
    pytest.param({"temperature": None}, ["temperature"], id="reset"),
    pytest.param({"model": "n", "temperature": 0.9}, ["model", "temperature"], id="two"),
    pytest.param({"extensions__x": 2}, ["extensions.x"], id="an extension"),
    pytest.param({"extensions__x": None}, ["extensions.x"], id="an extension taken away"),
    pytest.param({"top_p": 0.5}, [], id="what was never applied"),
    pytest.param({}, [], id="nothing"),
]


@pytest.mark.parametrize("edit, names", LEFT)
def test_what_is_no_longer_declared_is_held_against_its_own_base(
    paper: Paper, edit: dict[str, Any], names: list[str]
) -> None:
    """Every field that was applied."""
    paper.edit(paper.one(OLD).id, **edit)
    found = drift(paper, assistant(temperature=0.2), store())

    assert [field.name for change in found.changes for field in change.fields] == names
    assert blocks(found) == ({str(OLD): "drift"} if names else {})
    assert found.checked == 3
    assert found.is_empty is not bool(names)


def test_an_extension_that_is_gone_from_the_object_is_drift(paper: Paper) -> None:
    """Its name is gone with it."""
    live = paper.one(OLD)
    fields = {name: value for name, value in live.fields.items() if name != "extensions.x"}
    paper.lives[live.id] = replace(live, fields=fields)

    assert [f.name for c in drift(paper, assistant(temperature=0.2), store()).changes for f in c.fields] == [
        "extensions"
    ]


def test_drift_of_what_is_no_longer_declared_reads_as_what_is_known(paper: Paper) -> None:
    """A digest is known of what was applied, and no value."""
    paper.edit(paper.one(OLD).id, temperature=0.9)
    text = told(drift(paper, assistant(temperature=0.2), store()))

    assert "! temperature: live 0.9, last applied something else" in text
    assert "assistant.old was changed outside of git" in text
    assert "asstctl apply --target prod --prune --only assistant.old" in text
    assert "Drift on prod: 1 of 3 objects changed outside of git." in text


@pytest.mark.parametrize("delete", [True, False])
def test_what_the_files_say_is_to_go_is_compared_too(paper: Paper, delete: bool) -> None:
    """Somebody may still need what was done to it."""
    paper.edit(paper.one(OLD).id, temperature=0.9)
    decisions = Decisions(removed=(Removal(OLD, delete=delete),))

    assert blocks(drift(paper, assistant(temperature=0.2), store(), decisions=decisions)) == {str(OLD): "drift"}


def test_only_what_is_meant_is_compared_and_counted(paper: Paper) -> None:
    paper.edit(paper.one(OLD).id, temperature=0.9)
    found = drift(paper, assistant(temperature=0.2), store(), policy=Policy(only=frozenset({GUAGUA})))

    assert (found.changes, found.checked) == ((), 1)


def test_an_object_whose_mark_was_wiped_may_have_lost_it() -> None:
    """Its address has no object, and something unmarked bears its name."""
    paper = Paper()
    paper.apply(assistant(name="Guagua"))
    live = paper.one(GUAGUA)
    assert only_mark(live.metadata)
    paper.edit(live.id, metadata={})
    found = drift(paper, assistant(name="Guagua"))

    assert blocks(found) == {str(GUAGUA): "lost-mark"}
    assert (found.changes[0].remote_id, found.is_empty, found.checked) == (live.id, False, 1)
    assert "assistant.guagua may have lost its mark" in told(found)
    assert f"asstctl adopt --target prod assistant.guagua {live.id}" in told(found)


def test_what_was_never_applied_has_not_drifted() -> None:
    """A create is no drift."""
    found = drift(Paper(), assistant(name="Guagua"))

    assert (found.is_empty, found.checked) == (True, 0)


def test_where_marks_are_written_once_drift_cannot_be_told() -> None:
    """ "No drift" would be a guess: refused, with the reason of the dialect."""
    once = replace(CAPABILITIES, metadata=Metadata.WRITE_ONCE, terms="metadata is kept as it was")
    with pytest.raises(Refused, match="drift cannot be told on prod: metadata is kept as it was"):
        check_drift_can_be_told(TARGET, once)
    check_drift_can_be_told(TARGET, CAPABILITIES)


def test_drift_of_code_files_does_not_say_that_they_are_to_be_uploaded_where_they_were() -> None:
    """Of what was last applied only the ids are not known; the manifest's are to be uploaded."""
    paper = Paper()
    desired = assistant(code=[local("x.csv"), local("y.csv")])
    paper.apply(desired)
    live = paper.one(GUAGUA)
    paper.edit(live.id, updated={"tool_resources.code_interpreter": {"file_ids": ["file-a", "file-b"]}})
    text = told(drift(paper, desired))

    assert "x.csv (1 byte)" in text.partition("manifest")[0]
    assert "to be uploaded" not in text.partition("manifest")[0]
