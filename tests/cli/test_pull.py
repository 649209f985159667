"""`asstctl pull` on the embedded server: what somebody changed comes into the files, and the next plan is empty."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Project, Result
from tests.cli.test_edits import create_live, edit_live, live, plan_of, writes

GUAGUA = """
# The assistant of the school.
kind: assistant
key: guagua
name: 'AGIClass Demo'      # what people see
model: gpt-4o
instructions: |
  你叫瓜瓜。
  你只回答跟AI大模型有关的问题。
temperature: 0.2
metadata:
  lang: zh   # of its users
tools:
  # counts
  - type: code_interpreter
  - type: function
    function: ask
---
kind: function
key: ask
description: Ask the database.   # shown to the model
parameters: {type: object, properties: {query: {type: string}}}
"""

NEXT = "Next: asstctl plan\n  The marks there still tell of the old values, until apply refreshes them.\n"

HOSTILE = (
    "\x1b[2J\x1b]0;owned\x07 bell",
    "{{ vars.secret }} {% raw %} {# not a comment #}",
    "---\nkind: assistant\n---\n",
    "# not a comment\n\t tab\n trailing  \n",
    "a\r\nb\rc",
    "no",
    "1e3",
    "null",
    "~",
    "0x1F",
    "2026-11-22",
    "- a\n- b: &x *y",
    " leading and trailing ",
    "\u2028\u2029\x85\ufeff\u202e",
    "'single' \"double\" \\back",
    "::error::no\n##[group]",
    "长" * 5000,
    "line\n" * 2000,
)


@pytest.fixture
def school(project: Project) -> Project:
    """Two assistants and a function, applied."""
    project.write("assistants/guagua.yaml", GUAGUA)
    project.done("apply", "--yes")
    return project


def pulled(project: Project, *options: str) -> dict[str, Any]:
    """What a pull with --yes says as JSON."""
    result = project.run("pull", "--yes", "--format", "json", *options)
    loaded: dict[str, Any] = json.loads(result.out)
    return loaded


def settled(project: Project) -> Result:
    """The end of every case: apply refreshes marks, and after it plan finds nothing and apply writes nothing."""
    plan = plan_of(project)
    assert [change for change in plan["changes"] if change["action"] != "keep" or change["block"]] == [], plan
    before = len(live(project))
    project.done("apply", "--yes")
    again = project.run("apply", "--yes", "-v")
    assert again.code == 0
    assert writes(again.err) == []
    assert len(live(project)) == before
    return again


def test_drift_comes_into_the_files_and_comments_stay(school: Project) -> None:
    """Values are changed where they stand, and every other line is as it was."""
    tools = [
        {"type": "code_interpreter"},
        {
            "type": "function",
            "function": {
                "name": "ask",
                "description": "Ask, with SQL.",
                "parameters": {"type": "object", "properties": {"query": {"type": "string"}}},
            },
        },
    ]
    changes = {"name": "瓜瓜", "temperature": 0.9, "instructions": "你叫瓜瓜。\n用中文。\n", "tools": tools}
    edit_live(school, changes, "AGIClass Demo")
    result = school.run("pull", "--yes")
    assert result.code == 0, result
    assert result.out.endswith(f"Wrote 1 file (4 fields from local).\n{NEXT}")
    expected = (
        GUAGUA.lstrip("\n")
        .replace("'AGIClass Demo'", "'瓜瓜'")
        .replace("  你只回答跟AI大模型有关的问题。\n", "  用中文。\n")
        .replace("temperature: 0.2", "temperature: 0.9")
        .replace("Ask the database.", "Ask, with SQL.")
    )
    assert (school.root / "assistants/guagua.yaml").read_text("utf-8") == expected
    settled(school)


def test_one_field_of_several(school: Project) -> None:
    """ADDRESS.FIELD brings in that field alone; the other drift stays where it is."""
    edit_live(school, {"name": "Other", "temperature": 0.9}, "AGIClass Demo")
    assert [one["field"] for one in pulled(school, "assistant.guagua.temperature")["taken"]] == ["temperature"]
    (left,) = [change for change in plan_of(school)["changes"] if change["block"]]
    assert [field["name"] for field in left["fields"]] == ["name"]
    assert pulled(school, "guagua")["taken"] == [{"address": "assistant.guagua", "field": "name"}]
    settled(school)


def test_a_field_that_is_not_declared_comes_in_when_it_is_named(school: Project) -> None:
    """What plan notes as not declared here is taken on request, and not before."""
    edit_live(school, {"top_p": 0.5})
    assert pulled(school)["edits"] == []
    assert [one["field"] for one in pulled(school, "tutor.top_p")["taken"]] == ["top_p"]
    assert "top_p: 0.5\n" in (school.root / "assistants/tutor.yaml").read_text("utf-8")
    settled(school)


def test_nothing_is_written_without_leave(school: Project) -> None:
    """--check shows the edit; without a terminal and without --yes nothing happens."""
    edit_live(school, {"temperature": 0.9})
    before = (school.root / "assistants/tutor.yaml").read_bytes()
    shown = school.done("pull", "--check")
    assert "-temperature: 0.2\n+temperature: 0.9\n" in shown
    refused = school.run("pull")
    assert refused.code == 64
    assert "asstctl pull --yes" in refused.err
    assert (school.root / "assistants/tutor.yaml").read_bytes() == before


def test_the_command_to_type_again_has_the_same_options(school: Project) -> None:
    """Where nobody can be asked, what was typed is repeated with --yes."""
    edit_live(school, {"temperature": 0.9}, "AGIClass Demo")
    result = school.run("pull", "guagua.temperature", "--theirs", "--overlay")
    assert result.err.endswith("  asstctl pull guagua.temperature --theirs --overlay --yes\n")
    result = school.run("apply", "--prune", "--overwrite-drift", "guagua")
    assert result.err.endswith("  asstctl apply --overwrite-drift guagua --prune --yes\n")


def test_an_edit_of_ones_own_is_not_pulled_over(school: Project) -> None:
    """A field that only the file changed is no drift, and stays."""
    school.write("assistants/tutor.yaml", (school.root / "assistants/tutor.yaml").read_text().replace("0.2", "0.3"))
    assert school.done("pull") == "Nothing to pull: local was not changed outside of your files.\n"


@pytest.mark.parametrize(
    ("option", "code", "value"), [((), 1, "0.3"), (("--theirs",), 0, "0.9"), (("--ours",), 0, "0.3")]
)
def test_a_conflict_needs_a_side(school: Project, option: tuple[str, ...], code: int, value: str) -> None:
    """Where both sides changed a field it is shown and left; --theirs takes it, --ours keeps the file's."""
    path = school.root / "assistants/tutor.yaml"
    path.write_text(path.read_text().replace("0.2", "0.3"))
    edit_live(school, {"temperature": 0.9})
    result = school.run("pull", "--yes", *option)
    assert result.code == code, result
    assert f"temperature: {value}\n" in path.read_text()
    if option != ("--theirs",):
        assert "ours:" in result.out
        assert "theirs:" in result.out


def test_a_conflict_shows_its_base_where_git_has_it(project: Project) -> None:
    """The file at the revision of the mark gives the value that was last applied, if it has its digest."""

    def git(*arguments: str) -> None:
        identity = ["-c", "user.name=n", "-c", "user.email=n@example.com", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", *identity, *arguments], cwd=project.root, check=True, capture_output=True)

    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "first")
    project.done("apply", "--yes")
    path = project.root / "assistants/tutor.yaml"
    path.write_text(path.read_text().replace("0.2", "0.3"))
    edit_live(project, {"temperature": 0.9})
    (conflict,) = pulled(project)["conflicts"]
    assert [conflict[side] for side in ("base", "ours", "theirs")] == [0.2, 0.3, 0.9]


def test_what_a_template_makes_is_said_with_its_line(project: Project) -> None:
    """Such a value is not written, the others are, and the exit code is 1."""
    project.write("asstctl.yaml", "version: 1\nproject: school\nvars: {model: gpt-4o}\n")
    tutor = project.root / "assistants/tutor.yaml"
    tutor.write_text(tutor.read_text().replace("model: gpt-4o", 'model: "{{ vars.model }}"'))
    project.done("apply", "--yes")
    edit_live(project, {"model": "gpt-5", "temperature": 0.7})
    result = project.run("pull", "--yes")
    assert result.code == 1
    assert "! assistant.tutor: model is not written   assistants/tutor.yaml:4\n" in result.out
    assert result.out.endswith(f"Wrote 1 file (1 field from local), 1 not written.\n{NEXT}")
    again = json.loads(project.run("plan", "--format", "json").out)
    (change,) = again["changes"]
    assert [field["name"] for field in change["fields"]] == ["model"]
    assert "--overlay" in result.out
    project.done("pull", "--overlay", "--yes")
    assert "{{ vars.model }}" in tutor.read_text()
    settled(project)


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("form", ["yaml", "md"])
def test_any_text_survives(project: Project, text: str, form: str) -> None:
    """What is live is what the files say afterwards, and nothing of it acts on the terminal."""
    if form == "md":
        (project.root / "assistants/tutor.yaml").unlink()
        project.write("assistants/tutor.md", "---\nkind: assistant\nname: Tutor\nmodel: gpt-4o\n---\nYou teach.\n")
    project.done("apply", "--yes")
    edit_live(project, {"instructions": text, "description": text[:500], "metadata": _with_mark(project, text[:500])})
    named = ("tutor.instructions", "tutor.description", "tutor.metadata")
    result = project.run("pull", *named, "--yes")
    assert result.code == 0, result
    assert not set("\x1b\x07\u202e") & set(result.out + result.err)
    settled(project)


def _with_mark(project: Project, text: str) -> dict[str, str]:
    (found,) = live(project)
    return {**found["metadata"], "note": text}


def test_the_mode_of_a_file_and_its_byte_order_mark_stay(school: Project) -> None:
    """A file is replaced by one with the same rights, and the same first bytes."""
    path = school.root / "assistants/tutor.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    path.chmod(0o640)
    edit_live(school, {"temperature": 0.9})
    pulled(school)
    assert path.read_bytes().startswith(b"\xef\xbb\xbfkind: assistant")
    assert path.stat().st_mode & 0o777 == 0o640
    assert [one for one in path.parent.iterdir() if one.name.startswith(".")] == []


def test_nothing_is_written_through_a_link(school: Project) -> None:
    """A manifest that a link leads to is reported, and stays."""
    path = school.root / "assistants/tutor.yaml"
    real = school.root / "shared.txt"
    path.rename(real)
    path.symlink_to(real)
    before = real.read_bytes()
    edit_live(school, {"temperature": 0.9})
    result = school.run("pull", "--yes")
    assert result.code == 1
    assert "nothing is written through links" in result.out
    assert real.read_bytes() == before


def test_a_file_that_changed_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    """All files or none: one that differs from what the edit was made of stops them all."""
    from asstctl.core.errors import Refused
    from asstctl.core.pull import FileEdit
    from asstctl.workspace.file_writing import write_all

    (tmp_path / "a.yaml").write_text("old")
    (tmp_path / "b.yaml").write_text("somebody was here")
    with pytest.raises(Refused, match=r"b\.yaml has changed meanwhile"):
        write_all(tmp_path, [FileEdit("a.yaml", "old", "new"), FileEdit("b.yaml", "old", "new")])
    assert (tmp_path / "a.yaml").read_text() == "old"
    written = write_all(tmp_path, [FileEdit("a.yaml", "old", "new"), FileEdit("c/d.yaml", None, "x")])
    written.undo()
    assert (tmp_path / "a.yaml").read_text() == "old"
    assert not (tmp_path / "c/d.yaml").exists()


def test_what_somebody_writes_meanwhile_is_not_undone(tmp_path: Path) -> None:
    """It is named, and every other file is what it was."""
    from asstctl.core.errors import Refused
    from asstctl.core.pull import FileEdit
    from asstctl.workspace.file_writing import write_all

    for name in "abc":
        (tmp_path / name).write_text("old")
    written = write_all(tmp_path, [FileEdit(name, "old", "new") for name in "abc"])
    (tmp_path / "b").write_text("somebody was here")
    with pytest.raises(Refused) as refused:
        written.undo()
    assert refused.value.detail == str(tmp_path / "b")
    assert [(tmp_path / name).read_text() for name in "abc"] == ["old", "somebody was here", "old"]


def test_a_text_that_cannot_be_encoded_leaves_every_file_alone(tmp_path: Path) -> None:
    """Whatever stops the writing, all files or none are written."""
    from asstctl.core.pull import FileEdit
    from asstctl.workspace.file_writing import write_all

    (tmp_path / "a").write_text("old")
    with pytest.raises(UnicodeEncodeError):
        write_all(tmp_path, [FileEdit("a", "old", "new"), FileEdit("b", None, "\ud800")])
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a").read_text() == "old"


def test_live_values_that_no_file_may_hold_leave_the_files_alone(project: Project) -> None:
    """Where the outcome would not load, every file is what it was."""
    path = project.write("assistants/strict.yaml", STRICT)
    project.done("apply", "--yes")
    before = path.read_bytes()
    loose = {"name": "f", "strict": True, "parameters": {"type": "object", "properties": {"a": {"type": "string"}}}}
    edit_live(project, {"tools": [{"type": "function", "function": loose}]}, "Strict")
    result = project.run("pull", "--yes")
    assert result.code == 1, result
    assert "the live values would make the files invalid" in result.err
    assert path.read_bytes() == before


STRICT = """
kind: assistant
name: Strict
model: gpt-4o
tools:
  - type: function
    function:
      name: f
      strict: true
      parameters: {type: object, properties: {}, required: [], additionalProperties: false}
"""


def test_an_account_becomes_a_project(empty: Project) -> None:
    """pull --all writes manifests that validate; plan shows adoptions alone, and after apply there is nothing."""
    (empty.root / ".asstctl").mkdir(mode=0o700)
    function = {"name": "ask", "description": "d", "parameters": {"type": "object", "properties": {}}}
    tools = [{"type": "code_interpreter"}, {"type": "function", "function": function}]
    texts = dict(enumerate(HOSTILE))
    for number, text in texts.items():
        create_live(
            empty,
            {
                "name": "Twin" if number < 2 else f"助手 {number}",
                "model": "gpt-4o",
                "instructions": text,
                "description": text[:500],
                "metadata": {"note": text[:500]},
                "tools": tools,
            },
        )
    result = empty.run("pull", "--all", "--yes")
    assert result.code == 0, result
    empty.done("validate", "--strict")
    plan = plan_of(empty)
    assert {change["action"] for change in plan["changes"]} == {"adopt"}
    assert [change["fields"] for change in plan["changes"] if change["fields"]] == []
    assert len(plan["changes"]) == len(texts)
    before = {one["id"]: {**one, "metadata": None} for one in live(empty)}
    empty.done("apply", "--yes")
    assert {one["id"]: {**one, "metadata": None} for one in live(empty)} == before
    settled(empty)
    assert empty.done("pull", "--all", "--yes").startswith("Nothing to pull")


def test_an_empty_project_is_told_how_to_begin(empty: Project) -> None:
    """There is nothing to hold a live value against, and `--all` writes files."""
    (empty.root / "asstctl.yaml").write_text("version: 1\nproject: school\n")
    (note,) = pulled(empty)["notes"]
    assert note == "the files declare nothing; to begin with what local holds: asstctl pull --all"
    result = empty.run("pull", "--all")
    assert result.out == "Nothing to pull: every object on local has its place in some project's files.\n"


def test_files_that_are_there_are_never_overwritten(school: Project) -> None:
    """A new manifest whose name is taken gets another one."""
    create_live(school, {"name": "Tutor", "model": "gpt-4o", "temperature": 0.5})
    create_live(school, {"name": "tutor!", "model": "gpt-4o"})
    before = {path: path.read_bytes() for path in school.root.rglob("*.yaml")}
    school.done("pull", "--all", "--yes", "--into", "assistants/found")
    assert {path: path.read_bytes() for path in before} == before
    assert sorted(path.name for path in (school.root / "assistants/found").iterdir()) == [
        "adopt.yaml",
        "tutor-2.yaml",
        "tutor-3.yaml",
    ]
    assert {change["action"] for change in plan_of(school)["changes"]} == {"keep", "adopt"}
    school.done("apply", "--yes")
    settled(school)


def test_a_folder_that_no_glob_reads_is_refused(school: Project) -> None:
    """pull --all writes only where validate would look."""
    result = school.run("pull", "--all", "--into", "elsewhere", "--yes")
    assert result.code == 1
    assert "would not be read as manifests" in result.err
