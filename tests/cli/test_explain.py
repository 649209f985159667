"""`asstctl explain`, and what `show` says of files and tokens: edits on both sides, targets that do not answer."""

import json
import os
import subprocess
from typing import Any

import pytest

from asstctl.kinds.canonical import digest
from tests.cli.conftest import Project
from tests.cli.test_edits import Rewrite, edit_live, live

FAR = "version: 1\nproject: school\ntargets: {far: {provider: assistants, base_url: 'http://127.0.0.1:9/v1'}}\n"


def explained(project: Project, *words: str, code: int = 0) -> dict[str, Any]:
    result = project.run("explain", *words, "--format", "json")
    assert result.code == code, result
    document: dict[str, Any] = json.loads(result.out)
    assert document["schema"] == "asstctl/explain/v1"
    return document


def field(project: Project, name: str, *words: str) -> dict[str, Any]:
    (found,) = explained(project, f"tutor.{name}", *words)["fields"]
    value: dict[str, Any] = found
    return value


def commit(project: Project, subject: str) -> str:
    identity = ["-c", "user.name=n", "-c", "user.email=n@example.com", "-c", "commit.gpgsign=false"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", subject]):
        subprocess.run(["git", *identity, *words], cwd=project.root, check=True, capture_output=True, env=os.environ)
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=project.root, check=True, capture_output=True)
    return head.stdout.decode()[:7]


def test_a_value_before_during_and_after_an_edit_elsewhere(project: Project) -> None:
    """Created, drifted, overwritten: the field says each time how it stands and what comes next."""
    revision = commit(project, "First")
    one = field(project, "temperature")
    assert (one["value"], one["stands"]["state"], one["stands"]["next"]) == (0.2, None, "it is created")
    assert (one["from"]["where"]["path"], one["from"]["where"]["line"]) == ("assistants/tutor.yaml", 6)
    assert (one["since"]["revision"], one["since"]["subject"]) == (revision, "First")

    project.done("apply", "--yes")
    one = field(project, "temperature")
    assert (one["stands"]["live"], one["stands"]["state"], one["stands"]["ways"]) == (0.2, "clean", [])
    assert one["stands"]["applied"] == {"digest": digest(0.2), "revision": revision, "value": 0.2}

    edit_live(project, {"temperature": 0.9})
    one = field(project, "temperature")
    assert (one["stands"]["live"], one["stands"]["state"]) == (0.9, "drift")
    assert [way["command"] for way in one["stands"]["ways"]] == [
        "asstctl pull assistant.tutor.temperature",
        "asstctl apply --overwrite-drift assistant.tutor.temperature",
    ]
    assert field(project, "model")["stands"]["state"] == "clean"
    assert explained(project, "tutor")["next"]["block"]["code"] == "drift"

    project.done(*one["stands"]["ways"][1]["command"].split()[1:], "--yes")
    assert field(project, "temperature")["stands"]["state"] == "clean"
    assert project.run("plan", "--detailed-exitcode").code == 0


def test_an_edit_of_the_files_is_ours_and_both_are_a_conflict(project: Project, rewrite: Rewrite) -> None:
    project.done("apply", "--yes")
    rewrite("temperature: 0.2", "temperature: 0.4")
    assert field(project, "temperature")["stands"]["next"] == "it is sent"

    edit_live(project, {"temperature": 0.9})
    assert field(project, "temperature")["stands"]["state"] == "conflict"
    assert field(project, "temperature")["stands"]["next"] == "it is blocked, until you choose"


def test_the_text_says_the_answer_first(project: Project) -> None:
    project.done("apply", "--yes")
    edit_live(project, {"temperature": 0.9})
    lines = project.done("explain", "tutor.temperature").splitlines()

    assert lines[4] == "  temperature: 0.2"
    assert lines[5] == "    from          assistants/tutor.yaml:6"
    assert "    live          0.9   drift: it was changed outside of git" in lines
    assert max(map(len, lines)) <= 80


def test_what_nobody_declares_is_not_managed_and_what_is_live_is_said(project: Project) -> None:
    project.done("apply", "--yes")
    edit_live(project, {"top_p": 0.3})
    one = field(project, "top_p")

    assert (one["declared"], "value" in one, one["remark"]) == (False, False, "not declared here")
    assert (one["stands"]["live"], one["stands"]["state"]) == (0.3, "unmanaged")
    assert "top_p" in {one["name"] for one in explained(project, "tutor")["fields"]}


def test_a_part_that_only_the_target_has_is_said(project: Project) -> None:
    project.done("apply", "--yes")
    edit_live(project, {"metadata": {**live(project)[0]["metadata"], "team": "night"}})
    one = field(project, "metadata.team")
    assert (one["declared"], one["stands"]["live"], one["stands"]["state"]) == (False, "night", "unmanaged")


def test_what_is_ignored_is_left_alone(project: Project, rewrite: Rewrite) -> None:
    project.done("apply", "--yes")
    rewrite("temperature: 0.2", "temperature: 0.2\nignore_changes: [temperature]")
    edit_live(project, {"temperature": 0.9})
    one = field(project, "temperature")
    assert (one["stands"]["state"], one["stands"]["next"]) == ("unmanaged", "nothing: `ignore_changes` names it")


def test_what_is_no_longer_declared_is_explained_by_its_mark(project: Project) -> None:
    project.write("assistants/other.yaml", "kind: assistant\nmodel: m\n")
    project.done("apply", "--yes")
    (project.root / "assistants/tutor.yaml").unlink()

    document = explained(project, "assistant.tutor")
    assert {one["declared"] for one in document["fields"]} == {False}
    assert document["remarks"] == ["No file declares it. To delete it: asstctl apply --prune"]
    assert "there is no assistant.tutor" in project.run("explain", "assistant.tutor", "--offline").err


def test_offline_sends_nothing(project: Project) -> None:
    project.write("asstctl.yaml", FAR)
    result = project.run("explain", "tutor", "--target", "far", "--offline", "-v")
    assert (result.code, result.err) == (0, "")
    assert "Nothing was asked of far" in result.out
    assert explained(project, "tutor", "--target", "far", "--offline")["looked"] is False


def test_a_target_that_does_not_answer_leaves_what_the_files_say(project: Project) -> None:
    project.write("asstctl.yaml", FAR)
    document = explained(project, "tutor.temperature", "--target", "far", code=3)
    assert (document["fields"][0]["value"], document["looked"]) == (0.2, False)
    assert document["unseen"]["code"] == "unreachable"
    assert "What is live was not seen:" in project.run("explain", "tutor", "--target", "far").out


def test_a_key_that_is_not_set_is_a_target_that_was_not_seen(project: Project) -> None:
    target = "{provider: assistants, base_url: 'https://far.example.com/v1', api_key: {env: SCHOOL_KEY}}"
    project.write("asstctl.yaml", f"version: 1\nproject: school\ntargets: {{far: {target}}}\n")
    document = explained(project, "tutor", "--target", "far", code=3)
    assert document["unseen"]["summary"] == "SCHOOL_KEY is not set"


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("tutr", "did you mean `tutor`?"),
        ("assistant.tutr.model", "did you mean `assistant.tutor`?"),
        ("tutor.temprature", "did you mean `temperature`?"),
        ("tutor.metadata.team", "did you mean `metadata`?"),
    ],
)
def test_what_is_unknown_is_refused_with_the_nearest(project: Project, asked: str, said: str) -> None:
    result = project.run("explain", asked, "--offline")
    assert result.code == 1
    assert result.err.startswith("error[refused]: ")
    assert said in result.err


def test_a_function_explains_itself_and_who_uses_it(project: Project, rewrite: Rewrite) -> None:
    project.write("assistants/ask.yaml", "kind: function\nkey: ask\ndescription: Ask.\n")
    rewrite("temperature: 0.2", "tools: [{type: function, function: ask}]")
    document = explained(project, "function.ask")

    assert [(one["name"], one["from"]["where"]["line"]) for one in document["fields"]] == [
        ("name", 2),
        ("description", 3),
    ]
    assert document["users"] == ["assistant.tutor"]
    assert project.done("explain", "ask").endswith("Used by assistant.tutor; changes of it show there.\n")


def test_the_files_of_a_store_are_held_against_those_that_are_there(project: Project) -> None:
    project.write("docs/a.md", "A\n")
    project.write("assistants/books.yaml", "kind: vector_store\nfiles: [/docs/*.md]\n")
    project.done("apply", "--yes")
    project.write("docs/b.md", "B\n")
    (one,) = explained(project, "books.files")["fields"]

    assert (one["value"], one["stands"]["live"]) == (["docs/a.md", "docs/b.md"], ["docs/a.md"])
    assert (one["stands"]["state"], one["stands"]["next"]) == ("ours", "1 of them changes")


def test_explaining_writes_nothing(project: Project) -> None:
    project.done("apply", "--yes")
    before = live(project)
    said = project.run("explain", "tutor", "-v").err
    assert "POST" not in said
    assert live(project) == before


def test_show_says_where_live_instructions_differ_from_the_files(project: Project, rewrite: Rewrite) -> None:
    project.done("apply", "--yes")
    assert "The files say other" not in project.done("show", "tutor")

    rewrite("beginners", "experts")
    said = project.done("show", "tutor")
    assert "    | You teach mathematics to [-beginners-]{+experts+}.\n" in said
    assert "(an estimate, not a count)" in " ".join(said.split())

    document = json.loads(project.done("show", "tutor", "--format", "json"))
    assert document["declared"]["differs"] is True
    assert document["declared"]["instructions"] == "You teach mathematics to experts."
    assert document["fields"]["instructions"] == "You teach mathematics to beginners."
    assert document["tokens"]["prompt"] == document["tokens"]["instructions"] == 7


@pytest.mark.parametrize(
    ("address", "summary", "hint"),
    [
        ("tutor.name", "tutor.name names a field of assistant.tutor", "asstctl explain tutor.name"),
        ("function.ask", "function.ask is no object of its own", "asstctl explain function.ask"),
        ("tuto", "there is no tuto", "did you mean `tutor`?"),
    ],
)
def test_show_says_what_shows_what_it_does_not(project: Project, address: str, summary: str, hint: str) -> None:
    project.write("assistants/ask.yaml", "kind: function\nkey: ask\ndescription: d\nparameters: {type: object}\n")
    result = project.run("show", address, "--offline")
    assert (result.code, summary in result.err, hint in result.err) == (1, True, True)
    if hint.startswith("asstctl"):
        project.done(*hint.split()[1:])


@pytest.mark.parametrize("before", [(), ("--var", "town=Rome")])
def test_a_variable_names_the_variable_of_the_environment_that_gave_it(
    project: Project, rewrite: Rewrite, monkeypatch: pytest.MonkeyPatch, before: tuple[str, ...]
) -> None:
    """Typed words win, wherever they stand."""
    project.write("given.yaml", "town: Oslo\n")
    rewrite("name: Tutor", 'name: "{{ vars.town }}"')
    monkeypatch.setenv("ASSTCTL_VAR", "town=Bern")
    monkeypatch.setenv("ASSTCTL_VAR_FILE", str(project.root / "given.yaml"))
    result = project.run(*before, "explain", "tutor.name", "--offline", "--format", "json")
    (one,) = json.loads(result.out)["fields"]

    (variable,) = one["variables"]
    assert [(said["source"], said["name"], said["value"]) for said in (variable["from"], *variable["overrides"])] == [
        ("flag", "--var", "Rome") if before else ("environment", "ASSTCTL_VAR", "Bern"),
        ("environment", "ASSTCTL_VAR_FILE", "Oslo"),
    ]


def test_show_works_without_a_provider(project: Project) -> None:
    project.write("asstctl.yaml", FAR)
    result = project.run("show", "tutor", "--target", "far", "--offline", "--format", "json", "-v")
    document = json.loads(result.out)
    assert (result.code, result.err) == (0, "")
    assert (document["offline"], document["id"]) == (True, "")
    assert document["fields"]["instructions"] == "You teach mathematics to beginners."
    assert project.run("show", "nobody", "--offline").code == 1


@pytest.mark.parametrize("command", ["explain", "show"])
@pytest.mark.parametrize("form", ["text", "json"])
def test_a_live_value_that_holds_a_secret_is_not_shown(
    project: Project, monkeypatch: pytest.MonkeyPatch, command: str, form: str
) -> None:
    """Somebody may have put one there by hand."""
    far = "far: {provider: assistants, base_url: 'https://far.example.com/v1', api_key: {env: SCHOOL_KEY}}"
    project.write("asstctl.yaml", f"version: 1\nproject: school\ntargets: {{local: {{provider: local}}, {far}}}\n")
    project.done("apply", "--yes")
    edit_live(project, {"description": "Ask with sk-school-canary."})
    monkeypatch.setenv("SCHOOL_KEY", "sk-school-canary")
    said = project.done(command, "tutor", "--format", form)

    assert "description" in said
    assert "(a secret)" in said
    assert "canary" not in said
