"""What a saved plan is written as and read with: for its owner alone, whole, and believed only where it must be."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Project
from tests.cli.test_cases import writes
from tests.cli.test_edits import live


def saved(project: Project, *options: str) -> Path:
    """A plan of one create, saved."""
    project.done("plan", "--out", "plan.json", *options)
    return project.root / "plan.json"


def changed(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    document = json.loads(path.read_text("utf-8"))
    change(document)
    path.write_text(json.dumps(document), "utf-8")


def test_a_saved_plan_is_for_its_owner_alone(project: Project) -> None:
    """0600 from its first moment, and nothing else is left beside it."""
    before = set(project.root.iterdir())
    path = saved(project)

    assert path.stat().st_mode & 0o777 == 0o600
    assert set(project.root.iterdir()) - before - {project.root / ".asstctl"} == {path}


def test_a_saved_plan_replaces_one_that_others_could_read(project: Project) -> None:
    saved(project).chmod(0o644)

    assert saved(project).stat().st_mode & 0o777 == 0o600


def test_a_plan_is_written_over_nothing_else(project: Project) -> None:
    """A slip of the keyboard costs no manifest."""
    path = project.root / "assistants/tutor.yaml"
    before = path.read_bytes()

    refused = project.run("plan", "--out", "assistants/tutor.yaml")

    assert (refused.code, path.read_bytes()) == (1, before)
    assert "assistants/tutor.yaml is there already, and is not a plan" in refused.err


@pytest.mark.parametrize("make", [lambda path, other: path.symlink_to(other), lambda path, other: os.mkfifo(path)])
def test_a_plan_is_written_through_no_link_and_into_no_pipe(
    project: Project, make: Callable[[Path, Path], None]
) -> None:
    other = project.write("other.txt", "mine\n")
    make(project.root / "plan.json", other)

    refused = project.run("plan", "--out", "plan.json")

    assert refused.code == 1
    assert "plan.json is not a plain file" in refused.err
    assert other.read_text("utf-8") == "mine\n"


def test_a_plan_in_a_folder_that_is_not_there_is_refused(project: Project) -> None:
    assert "cannot write nowhere/plan.json" in project.run("plan", "--out", "nowhere/plan.json").err


def test_a_saved_plan_is_the_printed_one_and_what_was_approved(project: Project) -> None:
    printed = json.loads(project.done("plan", "--format", "json"))
    result = project.run("plan", "--format", "json", "--out", "plan.json")

    document = json.loads((project.root / "plan.json").read_text("utf-8"))

    assert json.loads(result.out) == printed
    assert "Saved to plan.json" in result.err
    assert {**printed, "approved": document["approved"]} == document


@pytest.mark.parametrize(
    "edit",
    [
        lambda change: change["fields"][0].update(after="Harmless"),
        lambda change: change["fields"][0].update(before="Harmless"),
        lambda change: change["fields"].pop(),
        lambda change: change.update(action="update"),
        lambda change: change.update(remote_id="asst_another"),
        lambda change: change.update(pending=False),
    ],
    ids=["a value", "the value before", "a field", "the action", "the id", "the whole change"],
)
def test_a_saved_plan_that_shows_something_else_is_refused(
    project: Project, edit: Callable[[dict[str, Any]], None]
) -> None:
    """Whoever reviews the file approves what it shows, and the digest is of what is done."""
    path = saved(project)
    changed(path, lambda plan: edit(plan["changes"][0]))

    refused = project.run("apply", "plan.json")

    assert refused.code == 1
    assert "what it shows is not what its digest stands for" in refused.err
    assert live(project) == []


def test_a_saved_plan_that_would_be_sent_elsewhere_is_refused(project: Project) -> None:
    """Its URL is compared and never used."""
    path = saved(project)
    changed(path, lambda plan: plan["target"].update(place="evil.example.com", local=False))

    assert "embedded server at .asstctl/local.db" in project.done("apply", "plan.json")


def _approve(**words: Any) -> Callable[[dict[str, Any]], None]:
    return lambda plan: plan["approved"].update(words)


@pytest.mark.parametrize(
    "change, reason",
    [
        (lambda plan: plan.pop("schema"), "its schema is not asstctl/plan/v1"),
        (lambda plan: plan.update(schema="asstctl/plan/v9"), "its schema is not asstctl/plan/v1"),
        (lambda plan: plan.pop("approved"), "printed and not saved"),
        (_approve(format=2), "it has format 2, this program reads 1"),
        (_approve(format=True), "it has format True"),
        (_approve(extra=1), "expected format"),
        (_approve(changes=[]), "not an object"),
        (_approve(changes={"assistant.tutor": {}}), "expected action"),
        (_approve(project="other"), "it was edited"),
        (_approve(flags=["--prune"]), "it was edited"),
        (lambda plan: plan.update(digest="sha256:" + "0" * 64), "it was edited"),
        (lambda plan: plan.update(digest=None), "it was edited"),
    ],
)
def test_what_is_not_a_saved_plan_is_refused(
    project: Project, change: Callable[[dict[str, Any]], None], reason: str
) -> None:
    path = saved(project)
    changed(path, change)

    refused = project.run("apply", "plan.json", "-v")

    assert refused.code == 1
    assert "plan.json is not a plan that can be applied" in refused.err
    assert reason in refused.err
    assert writes(refused) == {}
    assert "asstctl plan --out plan.json" in refused.err


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "[" * 200_000, '{"schema": NaN}', "\udc80"])
def test_what_is_not_json_is_refused(project: Project, text: str) -> None:
    (project.root / "plan.json").write_bytes(text.encode("utf-8", "surrogateescape"))

    refused = project.run("apply", "plan.json")

    assert refused.code == 1
    assert "error[refused]" in refused.err


def test_a_plan_of_endless_size_is_not_read_to_its_end(project: Project) -> None:
    with (project.root / "plan.json").open("wb") as file:
        file.truncate(10_000_000_000)

    assert "larger than 64 MiB" in project.run("apply", "plan.json").err


def test_a_plan_is_read_from_no_pipe(project: Project) -> None:
    os.mkfifo(project.root / "plan.json")

    assert "not a plain file" in project.run("apply", "plan.json").err


def _with(path: Path, **words: object) -> None:
    """A plan in which these stand, its digest put right."""
    from asstctl.core.approval import read_approved
    from asstctl.engine.planning.approval import digest

    document = json.loads(path.read_text("utf-8"))
    document["approved"].update(words)
    document["digest"] = digest(read_approved(document["approved"]))
    path.write_text(json.dumps(document), "utf-8")


@pytest.mark.parametrize(
    "flag", ["--yes", "--target prod", "--prune now", "--only", "--max-deletes many", "--max-deletes ²", "-C /", ""]
)
def test_a_choice_that_no_plan_is_made_with_is_refused(project: Project, flag: str) -> None:
    """Whoever can write the file can put its digest right, and gains nothing."""
    path = saved(project)
    _with(path, flags=[flag])

    refused = project.run("apply", "plan.json", "-v")

    assert (refused.code, writes(refused)) == (1, {})


def test_the_choices_of_a_saved_plan_are_held_against_the_files(project: Project) -> None:
    path = saved(project)
    _with(path, flags=["--only assistant.nobody"])

    assert project.run("apply", "plan.json").code == 64
    assert live(project) == []


def test_a_saved_plan_is_for_its_target_alone(project: Project) -> None:
    project.write(
        "asstctl.yaml",
        "version: 1\nproject: school\ntargets: {local: {provider: local}, prod: {provider: local}}\n",
    )
    saved(project, "--target", "prod")

    refused = project.run("apply", "plan.json", "-v", "--target", "local")

    assert (refused.code, writes(refused)) == (1, {})
    assert "plan.json is a plan for another target" in refused.err
    assert "leave --target out: asstctl apply plan.json" in refused.err
    assert "Applied 1 to prod" in project.done("apply", "plan.json")
    assert "No changes." in project.done("plan", "--target", "prod")


def test_a_plan_for_a_server_that_has_moved_is_refused_before_anything_is_sent(project: Project) -> None:
    """Its URL is compared with the project file's and never used."""
    path = saved(project)
    _with(path, url="https://evil.example.com/v1", provider="local")

    refused = project.run("apply", "plan.json", "-v")

    assert refused.code == 1
    assert "plan.json is a plan for another url" in refused.err
    assert "GET" not in refused.err


def test_a_plan_for_a_target_that_is_not_there_is_wrong_usage(project: Project) -> None:
    _with(saved(project), target="nowhere")

    assert project.run("apply", "plan.json").code == 64


def test_a_plan_for_another_project_is_refused(project: Project) -> None:
    saved(project)
    project.write("asstctl.yaml", "version: 1\nproject: other\n")

    assert "a plan for another project" in project.run("apply", "plan.json").err


def test_choices_beside_a_saved_plan_are_wrong_usage(project: Project) -> None:
    saved(project)

    assert project.run("apply", "plan.json", "--prune").code == 64


def test_a_digest_beside_a_saved_plan_must_be_its_own(project: Project) -> None:
    digest = json.loads(saved(project).read_text("utf-8"))["digest"]

    refused = project.run("apply", "plan.json", "--expect", "sha256:" + "0" * 64)
    assert refused.code == 1
    assert "is not the plan that was approved" in refused.err

    project.done("apply", "plan.json", "--expect", digest)
    assert "No changes." in project.done("plan")


@pytest.mark.parametrize("digest", ["sha256:", "0" * 64, "sha256:" + "G" * 64, "md5:abc"])
def test_what_is_no_digest_is_wrong_usage(project: Project, digest: str) -> None:
    assert project.run("apply", "--expect", digest).code == 64


def test_a_hostile_plan_acts_on_no_terminal(project: Project, rewrite: Callable[[str, str], None]) -> None:
    """What it says was approved is shown beside what is to be done now, and is the text of others."""
    hostile = r'"\x1b[2J\n::error::x\u202e"'
    rewrite("gpt-4o", hostile)
    saved(project)
    rewrite(hostile, "gpt-4.1")

    refused = project.run("apply", "plan.json")

    assert refused.code == 1
    assert "error[plan-changed]" in refused.err
    assert "\x1b" not in refused.err
    assert "\u202e" not in refused.err
    assert not any(line.lstrip().startswith("::") for line in refused.err.splitlines())
