"""Several targets: what one of them cannot answer is said, and hides no answer of the others."""

import json

import pytest

from tests.cli.conftest import Project
from tests.cli.test_edits import edit_live, live

TARGETS = """
version: 1
project: school
targets:
  local: {provider: local}
  other: {provider: local}
  gone: {provider: assistants, base_url: "http://127.0.0.1:9/v1"}
  locked: {provider: assistants, base_url: "http://127.0.0.1:9/v1", api_key: {env: SCHOOL_KEY}}
"""


@pytest.fixture
def several(project: Project) -> Project:
    project.write("asstctl.yaml", TARGETS)
    return project


def test_a_target_that_cannot_be_reached_hides_no_other(several: Project) -> None:
    result = several.run("plan", "--target", "local", "--target", "gone", "--target", "locked", "--detailed-exitcode")

    assert result.code == 1  # a key that is not set is for its user to mend; a server that is away would be 3
    assert "local   Plan: 1 to create." in result.out
    assert "gone    error[unreachable]" in result.out
    assert "locked  error[refused]: SCHOOL_KEY is not set" in result.out
    assert "export SCHOOL_KEY=..." in result.out


def test_every_target_is_in_the_json(several: Project) -> None:
    document = json.loads(several.run("plan", "--all-targets", "--format", "json").out)

    assert (document["schema"], document["exit_code"], document["empty"]) == ("asstctl/plans/v1", 1, False)
    found = [(one["name"], "plan" in one, one.get("error", {}).get("code")) for one in document["targets"]]
    assert found == [
        ("local", True, None),
        ("other", True, None),
        ("gone", False, "unreachable"),
        ("locked", False, "refused"),
    ]


@pytest.mark.parametrize("options", [(), ("--drift-only",)])
def test_a_target_that_gives_no_answer_is_exit_3(several: Project, options: tuple[str, ...]) -> None:
    result = several.run("plan", "--target", "local", "--target", "gone", "--detailed-exitcode", *options)

    assert result.code == 3
    assert "gone   error[unreachable]" in result.out


def test_files_that_are_wrong_on_one_target_are_exit_1(several: Project) -> None:
    several.write(
        "assistants/tutor.yaml",
        "kind: assistant\nkey: tutor\nmodel: gpt-4o\ntargets: {other: {temperature: 9}}\n",
    )

    result = several.run("plan", "--target", "local", "--target", "other")

    assert result.code == 1
    assert "local  Plan: 1 to create." in result.out
    assert "other  error[invalid-input]" in result.out


def test_a_target_named_twice_is_asked_once_and_shown_as_ever(several: Project) -> None:
    assert several.done("plan", "--target", "other", "--target", "other") == several.done("plan", "--target", "other")


@pytest.mark.parametrize(
    "words",
    [
        ("apply", "--yes", "--target", "local", "--target", "other"),
        ("destroy", "--yes", "--target", "other", "--target", "local"),
        ("--target", "local", "--target", "other", "apply", "--yes"),
    ],
)
def test_a_command_for_one_target_does_not_take_the_last_of_two(several: Project, words: tuple[str, ...]) -> None:
    result = several.run(*words)

    assert (result.code, result.out) == (64, "")
    assert "--target takes one name here" in result.err
    assert "Plan: 1 to create." in several.done("plan", "--target", "other")


def test_a_command_for_one_target_takes_it_twice(several: Project) -> None:
    assert "Applied 1 to other" in several.done("apply", "--yes", "--target", "other", "--target", "other")


def test_a_target_can_come_before_the_command(several: Project) -> None:
    assert "Target other" in several.done("--target", "other", "plan")


def test_a_target_that_was_typed_before_the_command_wins_over_the_environment(
    several: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSTCTL_TARGET", "gone")

    assert "Target other" in several.done("--target", "other", "plan")
    assert "Applied 1 to other" in several.done("--target", "other", "apply", "--yes")


def test_a_command_for_one_target_takes_one_from_the_environment(
    several: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSTCTL_TARGET", "local other")

    assert several.run("apply", "--yes").code == 64


def test_targets_can_come_from_the_environment(several: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSTCTL_TARGET", "local other")

    assert "local  Plan: 1 to create." in several.done("plan")


@pytest.mark.parametrize(
    "options",
    [
        ("--target", "local", "--target", "nowhere"),
        ("--target", "local", "--target", "other", "--out", "plan.json"),
        ("--all-targets", "--out", "plan.json"),
        ("--drift-only", "--out", "plan.json"),
        ("--drift-only", "--overwrite-drift", "all"),
        ("--all-targets", "--only", "assistant.nobody"),
    ],
)
def test_what_makes_no_sense_is_wrong_usage(several: Project, options: tuple[str, ...]) -> None:
    assert several.run("plan", *options).code == 64
    assert not (several.root / "plan.json").exists()


def test_drift_of_several_targets(several: Project) -> None:
    several.done("apply", "--yes")

    result = several.run("plan", "--target", "local", "--target", "other", "--drift-only", "--detailed-exitcode")

    assert result.code == 0
    assert "local  No drift. 1 object on local is as it was last applied." in result.out
    assert "other  No drift. Nothing of project school is on other." in result.out
    assert several.run("plan", "--detailed-exitcode").code == 0


@pytest.mark.parametrize("option", [("--from", "local"), ("--to", "other"), ("--from", "a", "--to", "other")])
def test_promote_needs_two_targets_of_the_project(several: Project, option: tuple[str, ...]) -> None:
    assert several.run("promote", "--yes", *option).code == 64


def test_promote_takes_no_target(several: Project) -> None:
    assert several.run("promote", "--from", "local", "--to", "other", "--target", "gone", "--yes").code == 64


def test_promote_tells_where_it_came_from_as_json(several: Project) -> None:
    several.done("apply", "--yes")

    document = json.loads(several.done("promote", "--from", "local", "--to", "other", "--yes", "--format", "json"))

    assert document["plan"]["promoted_from"] == "local"
    assert [one["status"] for one in document["outcomes"]] == ["applied"]
    assert "No changes." in several.done("promote", "--from", "local", "--to", "other", "--yes")


def test_an_orphan_that_somebody_edited_is_drift(project: Project) -> None:
    """It is not as it was last applied."""
    project.write("assistants/other.yaml", "kind: assistant\nkey: other\nname: Other\nmodel: gpt-4o\n")
    project.done("apply", "--yes")
    (project.root / "assistants/other.yaml").unlink()
    assert "No drift. 2 objects on local are as they were last applied." in project.done("plan", "--drift-only")
    edit_live(project, {"model": "gpt-5"}, "Other")

    result = project.run("plan", "--drift-only", "--detailed-exitcode")

    assert result.code == 2
    assert 'live "gpt-5", last applied something else' in result.out
    assert "asstctl apply --prune --only assistant.other" in result.out
    assert project.run("apply", "--prune", "--only", "assistant.other", "--yes").code == 0
    assert "No drift. 1 object" in project.done("plan", "--drift-only")


def test_a_wiped_mark_is_told_by_a_nightly_check(project: Project) -> None:
    project.done("apply", "--yes")
    edit_live(project, {"metadata": {}})

    result = project.run("plan", "--drift-only", "--detailed-exitcode")

    assert result.code == 2
    assert "assistant.tutor may have lost its mark" in result.out


@pytest.mark.parametrize(
    "command",
    [
        ("destroy", "--only", "assistant.other"),
        ("destroy",),
        ("apply", "--prune"),
        ("apply", "--prune", "--only", "assistant.other"),
    ],
)
@pytest.mark.parametrize("declared", [True, False])
def test_what_bears_a_mark_that_cannot_be_used_is_not_said_to_be_gone(
    project: Project, command: tuple[str, ...], declared: bool
) -> None:
    """Exit 1, and it is there still."""
    project.write("assistants/other.yaml", "kind: assistant\nkey: other\nname: Other\nmodel: gpt-4o\n")
    project.done("apply", "--yes")
    (mark,) = [one["metadata"] for one in live(project) if one["name"] == "Other"]
    edit_live(project, {"metadata": {**mark, "asstctl_base": "2;;"}}, "Other")
    if not declared:
        (project.root / "assistants/other.yaml").unlink()

    result = project.run(*command, "--yes")

    assert result.code == 1, result
    assert "# assistant.other was last applied by a newer asstctl" in result.out
    assert "Nothing to delete" not in result.out
    assert "Other" in {one["name"] for one in live(project)}


@pytest.mark.parametrize("declared", [True, False])
def test_a_damaged_mark_is_drift(project: Project, declared: bool) -> None:
    """Of what is declared as a change with its way on, of anything else as a sentence."""
    project.write("assistants/other.yaml", "kind: assistant\nkey: other\nname: Other\nmodel: gpt-4o\n")
    project.done("apply", "--yes")
    (mark,) = [one["metadata"] for one in live(project) if one["name"] == "Other"]
    edit_live(project, {"metadata": {**mark, "asstctl_base": "broken"}}, "Other")
    if not declared:
        (project.root / "assistants/other.yaml").unlink()

    result = project.run("plan", "--drift-only", "--detailed-exitcode")

    assert result.code == 2
    assert ("# assistant.other bears a damaged mark" in result.out) is declared
    assert ("its mark cannot be used" in " ".join(result.out.split())) is not declared
