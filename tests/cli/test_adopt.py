"""`asstctl adopt` on the embedded server: an object that nobody owns becomes ours, now or by a reviewed entry."""

import pytest

from tests.cli.conftest import Project
from tests.cli.test_edits import create_live, live, plan_of, writes
from tests.cli.test_pull import settled


@pytest.fixture
def foreign(project: Project) -> tuple[Project, str]:
    """A project, and an assistant of its name that somebody else made."""
    (project.root / ".asstctl").mkdir(mode=0o700)
    create_live(project, {"name": "Tutor", "model": "gpt-4o", "temperature": 0.9})
    return project, live(project)[0]["id"]


def test_an_object_is_adopted_in_one_write(foreign: tuple[Project, str]) -> None:
    """The same object bears the mark and the file's values, and no other one is made."""
    project, id = foreign
    adopted = project.run("adopt", "tutor", id, "--yes", "-v")
    assert adopted.code == 0, adopted
    assert len(writes(adopted.err)) == 1
    (there,) = live(project)
    assert (there["id"], there["temperature"], there["metadata"]["asstctl_key"]) == (id, 0.2, "assistant.tutor")
    settled(project)


def test_adopting_again_is_harmless(foreign: tuple[Project, str]) -> None:
    """What is ours under that address already is left alone."""
    project, id = foreign
    project.done("adopt", "tutor", id, "--yes")
    again = project.run("adopt", "tutor", id, "--yes", "-v")
    assert (again.code, writes(again.err)) == (0, [])
    settled(project)


def test_without_an_id_the_candidates_are_listed(foreign: tuple[Project, str]) -> None:
    """The objects of that name are shown with the command that takes one over."""
    project, id = foreign
    result = project.run("adopt", "assistant.tutor")
    assert result.code == 0
    assert id[:9] in result.out
    assert f"  asstctl adopt assistant.tutor {id}\n" in result.err
    assert len(live(project)) == 1


def test_an_adoption_can_be_recorded_for_review(foreign: tuple[Project, str]) -> None:
    """--record writes the entry, and the next apply makes it."""
    project, id = foreign
    project.write("assistants/changes.yaml", "# decided\nkind: changes\nmoved: []   # none\n")
    project.done("adopt", "tutor", id, "--record", "--yes")
    text = (project.root / "assistants/changes.yaml").read_text()
    assert text == (
        "# decided\nkind: changes\nmoved: []   # none\nadopt:\n"
        f"  - to: assistant.tutor\n    target: local\n    id: {id}\n"
    )
    assert [change["action"] for change in plan_of(project)["changes"]] == ["adopt"]
    project.done("apply", "--yes")
    settled(project)


def test_an_entry_that_has_no_place_is_said(foreign: tuple[Project, str]) -> None:
    """A list that other places use by an anchor is not changed on behalf of one of them."""
    project, id = foreign
    text = "kind: changes\nadopt: &none []\nmoved: *none\n"
    path = project.write("assistants/changes.yaml", text)
    result = project.run("adopt", "tutor", id, "--record", "--yes")
    assert (result.code, path.read_text()) == (1, text)
    assert "the entry cannot be written into assistants/changes.yaml" in result.err
    assert "assistants/changes.yaml:2: other places use it by the anchor `&none`" in result.err
    assert f"asstctl adopt assistant.tutor {id} --record FILE" in result.err
    project.done("adopt", "tutor", id, "--record", "assistants/more.yaml", "--yes")
    assert [change["action"] for change in plan_of(project)["changes"]] == ["adopt"]


def test_what_cannot_be_adopted_is_said(foreign: tuple[Project, str]) -> None:
    """An id that is not there, and an address that is taken, end with exit 1 and without a write."""
    project, id = foreign
    missing = project.run("adopt", "tutor", "asst_missing", "--yes", "-v")
    assert (missing.code, writes(missing.err)) == (1, [])
    project.done("adopt", "tutor", id, "--yes")
    create_live(project, {"name": "Other", "model": "gpt-4o"})
    other = next(one["id"] for one in live(project) if one["name"] == "Other")
    taken = project.run("adopt", "tutor", other, "--yes", "-v")
    assert (taken.code, writes(taken.err)) == (1, [])
    assert len(live(project)) == 2
    settled(project)


def test_nobody_is_asked_where_nobody_is(foreign: tuple[Project, str]) -> None:
    """Without a terminal --yes is needed, and the hint is the command to type."""
    project, id = foreign
    refused = project.run("adopt", "tutor", id)
    assert refused.code == 64
    assert f"asstctl adopt assistant.tutor {id} --yes" in refused.err
    recorded = project.run("adopt", "tutor", id, "--record", "assistants/my changes.yaml")
    assert recorded.code == 64
    assert f"asstctl adopt assistant.tutor {id} --record 'assistants/my changes.yaml' --yes" in recorded.err


def test_live_values_come_in_before_the_adoption(foreign: tuple[Project, str]) -> None:
    """A field that is named is taken from an object that is to be adopted, and the adoption then changes nothing."""
    project, id = foreign
    project.done("adopt", "tutor", id, "--record", "--yes")
    assert project.done("pull", "--yes").startswith("Nothing to pull")
    project.done("pull", "tutor.temperature", "tutor.instructions", "--yes")
    (change,) = plan_of(project)["changes"]
    assert (change["action"], change["fields"]) == ("adopt", [])
    project.done("apply", "--yes")
    assert live(project)[0]["temperature"] == 0.9
    settled(project)
