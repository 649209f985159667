"""What commands say beside their results: warnings, ways on, reruns, and the same facts as JSON."""

import json
from pathlib import Path

import pytest

from asstctl.workspace.workspace import Workspace
from tests.cli.conftest import Project
from tests.cli.test_edits import create_live, edit_live, live

GREETS = "assistant: tutor\nturns:\n  - user: Hi\n    expect: {contains: Hi}\n"


def test_warnings_about_the_files_are_said_by_every_command_that_plans(project: Project) -> None:
    project.write("assistants/f.yaml", "kind: function\nkey: unused\nparameters: {type: object, properties: {}}\n")

    for command in (("plan",), ("apply", "--yes"), ("plan", "--format", "json")):
        assert "unused-function" in project.run(*command).err


def test_quiet_leaves_warnings_out(project: Project) -> None:
    project.write("assistants/f.yaml", "kind: function\nkey: unused\nparameters: {type: object, properties: {}}\n")

    assert project.run("plan", "-q").err == ""


def test_a_variable_can_come_from_the_environment(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.write("asstctl.yaml", "version: 1\nproject: school\nvars: {m: gpt-4o}\n")
    project.write("assistants/tutor.yaml", "kind: assistant\nkey: tutor\nname: T\nmodel: '{{ vars.m }}'\n")
    monkeypatch.setenv("ASSTCTL_VAR", "m=gpt-4.1")

    assert '"gpt-4.1"' in project.done("plan")


def test_an_apply_as_json_tells_the_plan_too(project: Project) -> None:
    document = json.loads(project.done("apply", "--yes", "--format", "json"))

    assert document["schema"] == "asstctl/apply/v1"
    assert document["approved"] is True
    assert [c["address"] for c in document["plan"]["changes"]] == ["assistant.tutor"]
    assert [o["status"] for o in document["outcomes"]] == ["applied"]


def test_show_of_a_blocked_assistant_shows_what_is_live(project: Project) -> None:
    project.done("apply", "--yes")
    (one,) = live(project)
    edit_live(project, {"metadata": {**one["metadata"], "asstctl_base": "broken"}, "temperature": 0.9})

    text = project.done("show", "tutor")

    assert one["id"] in text
    assert "blocked: damaged-mark" in text
    assert "0.9" in text


def test_a_blocked_assistant_holds_up_no_test_of_another(project: Project) -> None:
    project.write("assistants/hi.convo.yaml", GREETS)
    project.write("assistants/b.yaml", "kind: assistant\nkey: b\nname: B\nmodel: gpt-4o\n")
    project.done("list")
    create_live(project, {"model": "gpt-4", "name": "B"})

    tested = project.done("test")

    assert "1 passed" in tested
    assert "assistant.b cannot be brought to what your files say" in tested


def test_a_blocked_assistant_is_not_tested_itself(project: Project) -> None:
    project.write("assistants/hi.convo.yaml", GREETS)
    project.done("list")
    create_live(project, {"model": "gpt-4", "name": "Tutor"})

    refused = project.run("test")

    assert refused.code == 1
    assert "--allow-same-name assistant.tutor" in refused.err


def test_drift_on_local_is_overwritten_before_a_test_and_said(project: Project) -> None:
    project.write("assistants/hi.convo.yaml", GREETS)
    project.done("apply", "--yes")
    edit_live(project, {"temperature": 0.9})

    tested = project.done("test")

    assert "assistant.tutor: temperature was changed outside of git and was overwritten" in " ".join(tested.split())
    assert live(project)[0]["temperature"] == 0.2


def test_a_rerun_command_works_from_a_folder_of_the_project(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.write("assistants/hi.convo.yaml", GREETS.replace("contains: Hi", "contains: Bonjour"))
    monkeypatch.chdir(project.root / "assistants")

    failed = project.run("test")
    (again,) = [line.split("asstctl ", 1)[1] for line in failed.out.splitlines() if "rerun" in line]

    assert project.run(*again.split()).code == 1


def test_a_command_to_type_names_the_folder_that_was_named(project: Project) -> None:
    project.write("my place/asstctl.yaml", "version: 1\nproject: school\n")
    project.write("my place/assistants/tutor.yaml", "kind: assistant\nkey: tutor\nname: T\nmodel: gpt-4o\n")
    project.write("my place/assistants/hi.convo.yaml", GREETS.replace("contains: Hi", "contains: Bonjour"))

    failed = project.run("-C", "my place", "test")

    assert "asstctl -C 'my place' test assistants/hi.convo.yaml" in failed.out


def test_a_warning_is_an_error_to_a_strict_test(project: Project) -> None:
    project.write("assistants/hi.convo.yaml", "assistant: tutor\nturns:\n  - user: Hi\n")

    result = project.run("test", "--strict")

    assert result.code == 1
    assert "error[no-expectation]" in result.err


@pytest.mark.parametrize("typed", ["pl\n::error::x", "pl\x1b[31m", "##[error]x"])
def test_what_was_typed_starts_no_workflow_command_and_colours_nothing(project: Project, typed: str) -> None:
    result = project.run(typed)

    assert result.code == 64
    assert "\x1b" not in result.err
    assert not any(line.lstrip().startswith(("::", "##[")) for line in result.err.splitlines())


def test_a_file_name_starts_no_workflow_command(project: Project) -> None:
    Path(project.root / "assistants/z\n::error::b\x1b[31m.convo.yaml").write_text(
        "assistant: tutor\nturns:\n  - user: Hi\n", "utf-8"
    )

    result = project.run("test")

    assert "\x1b" not in result.out + result.err
    assert not any(line.lstrip().startswith("::") for line in (result.out + result.err).splitlines())


def test_a_folder_without_a_project_is_pointed_to_init(empty: Project) -> None:
    for command in ("plan", "validate", "test", "list"):
        result = empty.run(command)
        assert (result.code, result.out) == (1, "")
        assert "asstctl init" in result.err
    assert list(empty.root.iterdir()) == []


def test_a_broken_replies_file_is_found_by_validate(project: Project) -> None:
    project.write(
        "asstctl.yaml",
        "version: 1\nproject: school\ntargets: {local: {provider: local, replies: {script: r.replies.yaml}}}\n",
    )
    project.write("r.replies.yaml", "rulez:\n  - say: Hi\n")

    result = project.run("validate")

    assert result.code == 1
    assert "r.replies.yaml:1" in result.out


def test_a_project_made_by_init_validates_applies_and_tests(empty: Project) -> None:
    assert "asstctl.yaml" in empty.done("init")
    empty.done("validate", "--strict")
    empty.done("apply", "--yes")
    assert "No changes." in empty.done("plan", "--detailed-exitcode")
    assert "1 passed" in empty.done("test")
    again = empty.run("init")
    assert again.code == 1
    assert "asstctl.yaml" in again.err


def test_a_target_says_how_long_its_listings_lag(project: Project) -> None:
    project.write(
        "asstctl.yaml",
        "version: 1\nproject: school\ndefault_target: far\n"
        "targets: {far: {provider: assistants, base_url: 'http://127.0.0.1:9/v1', list_lag: 2.5}}\n",
    )

    with_lag = Workspace(project.root).open()

    assert with_lag.store.capabilities.list_lag == 2.5
