"""The daily work on `local`: edit a file, plan, apply, plan again."""

import asyncio
import json
import sqlite3
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from asstctl.emulator import open_emulator
from tests.cli.conftest import Project

Rewrite = Callable[[str, str], None]


def plan_of(project: Project, *options: str) -> dict[str, Any]:
    result = project.run("plan", "--format", "json", *options)
    assert result.code == 0, result
    loaded: dict[str, Any] = json.loads(result.out)
    return loaded


def call_live(project: Project, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """One request to the project's embedded server, behind the program's back."""

    async def call() -> dict[str, Any]:
        emulator = open_emulator(project.root / ".asstctl/local.db")
        transport = httpx2.ASGITransport(app=emulator.app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://local/v1") as client:
            answer = await client.request(method, path, json=body)
        await emulator.aclose()
        assert answer.status_code == 200, answer.text
        value: dict[str, Any] = answer.json()
        return value

    return asyncio.run(call())


def live(project: Project) -> list[dict[str, Any]]:
    """Everything on the server, newest first."""
    found: list[dict[str, Any]] = call_live(project, "GET", "/assistants?limit=100")["data"]
    return found


def edit_live(project: Project, changes: dict[str, Any], name: str = "Tutor") -> None:
    """What somebody does in a dashboard."""
    (found,) = [one for one in live(project) if one["name"] == name]
    call_live(project, "POST", f"/assistants/{found['id']}", changes)


def create_live(project: Project, body: dict[str, Any]) -> None:
    call_live(project, "POST", "/assistants", body)


def writes(stderr: str) -> list[str]:
    """The requests of a -v run that are not reads."""
    return [line for line in stderr.splitlines() if line.startswith(("POST ", "DELETE "))]


def test_one_changed_word_is_one_update_of_one_field_and_one_write(project: Project, rewrite: Rewrite) -> None:
    project.done("apply", "--yes")
    rewrite("beginners", "experts")

    text = project.done("plan")
    assert "[-beginners-]{+experts+}" in text
    assert "Plan: 1 to update." in text

    (change,) = [c for c in plan_of(project)["changes"] if c["action"] != "keep"]
    assert [field["name"] for field in change["fields"]] == ["instructions"]

    applied = project.run("apply", "--yes", "-v")
    assert applied.code == 0
    assert len(writes(applied.err)) == 1
    assert "No changes." in project.done("plan")


def test_a_field_taken_out_of_a_manifest_is_reset(project: Project, rewrite: Rewrite) -> None:
    project.done("apply", "--yes")
    rewrite("temperature: 0.2\n", "")

    text = project.done("plan")
    assert "temperature" in text
    assert "0.2" in text

    project.done("apply", "--yes")
    assert live(project)[0]["temperature"] == 1.0
    assert "No changes." in project.done("plan")


def test_drift_is_shown_and_not_overwritten(project: Project) -> None:
    project.done("apply", "--yes")
    edit_live(project, {"temperature": 0.9})

    text = project.done("plan")
    assert "changed" in text
    assert "0.9" in text
    assert "Plan: 1 blocked by drift." in text
    assert project.run("plan", "--detailed-exitcode").code == 2

    refused = project.run("apply", "--yes", "-v")
    assert refused.code == 1
    assert writes(refused.err) == []
    assert live(project)[0]["temperature"] == 0.9

    project.done("apply", "--yes", "--overwrite-drift", "assistant.tutor")
    assert live(project)[0]["temperature"] == 0.2
    assert "No changes." in project.done("plan")


def test_an_edit_of_somebody_else_to_an_undeclared_field_is_a_note(project: Project) -> None:
    project.done("apply", "--yes")
    edit_live(project, {"top_p": 0.3})

    text = project.done("plan")
    assert "Note: assistant.tutor: top_p is 0.3 on local and not declared here." in text
    assert "No changes." in text


def test_an_assistant_of_the_same_name_made_by_somebody_else_blocks_the_create(project: Project) -> None:
    project.done("list")
    create_live(project, {"model": "gpt-4", "name": "Tutor"})

    blocked = project.run("apply", "--yes", "-v")
    assert blocked.code == 1
    assert writes(blocked.err) == []
    assert "--allow-same-name assistant.tutor" in blocked.out

    (untouched,) = live(project)
    assert untouched["model"] == "gpt-4"
    assert untouched["metadata"] == {}

    project.done("apply", "--yes", "--allow-same-name", "assistant.tutor")
    assert len(live(project)) == 2
    assert "No changes." in project.done("plan")


def test_metadata_of_somebody_else_survives_an_apply_that_does_not_declare_it(
    project: Project, rewrite: Rewrite
) -> None:
    project.done("apply", "--yes")
    mark = live(project)[0]["metadata"]
    edit_live(project, {"metadata": {**mark, "team": "ops"}})
    rewrite("beginners", "experts")

    project.done("apply", "--yes")

    assert live(project)[0]["metadata"]["team"] == "ops"
    assert "No changes." in project.done("plan")


def test_destroy_deletes_what_is_ours_and_nothing_else(project: Project) -> None:
    project.done("apply", "--yes")
    create_live(project, {"model": "gpt-4", "name": "Somebody else's"})

    text = project.done("destroy", "--yes")

    assert "assistant.tutor" in text
    assert [one["name"] for one in live(project)] == ["Somebody else's"]
    assert "Plan: 1 to create." in project.done("plan")


def test_destroy_leaves_a_protected_assistant_whatever_the_file_says_now(project: Project, rewrite: Rewrite) -> None:
    rewrite("model: gpt-4o\n", "model: gpt-4o\nprotect: true\n")
    project.done("apply", "--yes")
    rewrite("protect: true\n", "")

    refused = project.run("destroy", "--yes")

    assert refused.code == 1
    assert len(live(project)) == 1
    project.done("apply", "--yes")
    project.done("destroy", "--yes")
    assert live(project) == []


def test_destroy_stops_at_the_allowed_number_of_deletes(project: Project) -> None:
    for n in range(4):
        project.write(f"assistants/a{n}.yaml", f"kind: assistant\nkey: a{n}\nname: A{n}\nmodel: gpt-4o\n")
    project.done("apply", "--yes")

    refused = project.run("destroy", "--yes")
    assert refused.code == 1
    assert len(live(project)) == 5
    assert "--max-deletes 5" in refused.out

    project.done("destroy", "--yes", "--max-deletes", "5")
    assert live(project) == []


def test_an_orphan_is_a_line_in_the_plan_and_can_be_destroyed_alone(project: Project) -> None:
    project.write("assistants/old.yaml", "kind: assistant\nkey: old-bot\nname: Old\nmodel: gpt-4o\n")
    project.done("apply", "--yes")
    (project.root / "assistants/old.yaml").unlink()

    text = project.done("plan")
    assert "1 object is no longer declared: assistant.old-bot" in text
    assert "No changes." in text

    project.done("destroy", "--yes", "--only", "assistant.old-bot")
    assert [one["name"] for one in live(project)] == ["Tutor"]


def test_only_restricts_an_apply(project: Project) -> None:
    project.write("assistants/b.yaml", "kind: assistant\nkey: b\nname: B\nmodel: gpt-4o\n")

    project.done("apply", "--yes", "--only", "assistant.b")

    assert [one["name"] for one in live(project)] == ["B"]


def test_an_apply_that_nobody_can_be_asked_about_needs_yes(project: Project) -> None:
    result = project.run("apply")

    assert result.code == 64
    assert "--yes" in result.err
    assert live(project) == []


def test_ids_are_printed_for_applications(project: Project) -> None:
    project.done("apply", "--yes")

    assert project.done("list", "--ids", "--format", "env") == f"ASSTCTL_TUTOR_ID={live(project)[0]['id']}\n"


def test_ids_of_one_variable_are_refused_and_stand_in_the_json(project: Project, rewrite: Rewrite) -> None:
    """The files cannot hold two such keys; one that is no longer declared can still be there."""
    rewrite("key: tutor", "key: a-b")
    project.done("apply", "--yes")
    rewrite("key: a-b", "key: a_b")
    project.done("apply", "--yes")

    refused = project.run("list", "--ids", "--format", "env")

    assert (refused.code, refused.out) == (1, "")
    assert "two ids would both be ASSTCTL_A_B_ID" in refused.err
    assert "assistant.a-b and assistant.a_b" in refused.err
    assert "asstctl list --ids --format json" in refused.err
    ids = json.loads(project.done("list", "--ids", "--format", "json"))["ids"]
    assert sorted(ids) == ["assistant.a-b", "assistant.a_b"]


def test_ids_that_are_not_there_yet_are_named(project: Project) -> None:
    result = project.run("list", "--ids")

    assert (result.code, result.out) == (0, "")
    assert "not on local yet: assistant.tutor (asstctl apply)" in result.err


def test_every_document_of_a_target_says_the_same_of_it(project: Project) -> None:
    """Name, provider, wire, place, project and whether it is here; the same where nothing was to be tested."""
    project.done("apply", "--yes")
    commands = ("plan", "apply --yes", "list", "list --ids", "show tutor", "test", "destroy --yes")

    targets = [json.loads(project.run(*words.split(), "--format", "json").out)["target"] for words in commands]

    assert targets == [
        {
            "name": "local",
            "provider": "local",
            "wire": "assistants-v2",
            "dialect": "",
            "place": ".asstctl/local.db",
            "project": "school",
            "local": True,
        }
    ] * len(commands)


def test_show_prints_the_live_fields_without_our_mark(project: Project) -> None:
    project.done("apply", "--yes")

    text = project.done("show", "tutor")

    assert "You teach mathematics to beginners." in text
    assert "asstctl_base" not in text


def test_the_database_is_private_to_the_project_folder(project: Project) -> None:
    project.done("apply", "--yes")

    folder = project.root / ".asstctl"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / ".gitignore").read_text().strip() == "*"
    with sqlite3.connect(folder / "local.db") as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    database.close()


@pytest.mark.parametrize("command", ["plan", "apply", "destroy", "list", "test"])
def test_no_command_sends_anything_while_the_files_have_errors(project: Project, command: str) -> None:
    project.write("assistants/bad.yaml", "kind: assistant\nkey: bad\nmodel: gpt-4o\nnmae: Bad\n")

    result = project.run(command, "-v", *(["--yes"] if command in ("apply", "destroy") else []))

    assert result.code == 1
    assert "unknown-key" in result.err
    assert not any(line.startswith(("GET ", "POST ")) for line in result.err.splitlines())


def test_a_limit_of_no_deletes_is_kept(project: Project) -> None:
    project.done("apply", "--yes")
    project.write(
        "asstctl.yaml", "version: 1\nproject: school\ntargets: {local: {provider: local, limits: {max_deletes: 0}}}\n"
    )

    assert project.run("destroy", "--yes").code == 1
    assert len(live(project)) == 1


@pytest.mark.parametrize("options", [("plan", "--only", "tutor"), ("apply", "--yes", "--only", "tutor")])
def test_a_key_alone_names_an_address(project: Project, options: tuple[str, ...]) -> None:
    assert "assistant.tutor" in project.done(*options)


def test_a_key_alone_names_an_address_to_destroy(project: Project) -> None:
    project.done("apply", "--yes")

    project.done("destroy", "--yes", "--only", "tutor")

    assert live(project) == []


@pytest.mark.parametrize(
    ("options", "hint"),
    [
        (("plan", "--only", "assistant.tutr"), "did you mean `assistant.tutor`?"),
        (("apply", "--overwrite-drift", "assistant.tutor.temprature"), "did you mean `temperature`?"),
        (("apply", "--allow-same-name", "tutors"), "did you mean `tutor`?"),
        (("destroy", "--only", "zzz", "--yes"), "asstctl list"),
        (("plan", "--target", "locl"), "did you mean `local`?"),
        (("aply",), "Did you mean `apply`?"),
    ],
)
def test_a_name_that_is_not_known_is_wrong_usage(project: Project, options: tuple[str, ...], hint: str) -> None:
    result = project.run(*options)

    assert result.code == 64
    assert hint in result.err


def test_a_field_alone_can_be_overwritten(project: Project) -> None:
    project.done("apply", "--yes")
    edit_live(project, {"temperature": 0.9})

    project.done("apply", "--yes", "--overwrite-drift", "tutor.temperature")

    assert live(project)[0]["temperature"] == 0.2


def test_a_destroy_with_nothing_to_delete_says_so(project: Project) -> None:
    assert "Nothing to delete" in project.done("destroy", "--yes")


def test_destroy_works_from_files_that_declare_something_only(project: Project) -> None:
    project.done("apply", "--yes")
    (project.root / "assistants/tutor.yaml").unlink()

    refused = project.run("destroy", "--yes")

    assert refused.code == 1
    assert "the files declare nothing" in refused.err
    assert len(live(project)) == 1
