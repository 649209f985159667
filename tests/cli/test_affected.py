"""`test --affected` and `test --candidate` on a local target: what a change concerns, told by git."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import TUTOR, Project
from tests.cli.test_edits import live

GUAGUA = """
kind: assistant
key: guagua
name: Guagua
model: gpt-4o
instructions: {file: guagua.prompt.md}
tools: [{type: file_search}]
tool_resources: {file_search: {vector_stores: [handbook]}}
"""
FILES = {
    "assistants/guagua.yaml": GUAGUA,
    "assistants/guagua.prompt.md": "Be kind.\n",
    "assistants/handbook.yaml": "kind: vector_store\nkey: handbook\nfiles: [/docs/*.md]\n",
    "docs/a.md": "How to begin.\n",
    "assistants/stubs.py": "from helper import one\n\n\ndef ask():\n    return one()\n",
    "assistants/helper.py": "def one():\n    return 1\n",
    "assistants/picture.png": "not really",
    "assistants/guagua.convo.yaml": "assistant: guagua\nturns: [{user: hello, expect: {icontains: hello}}]\n",
    "assistants/tutor.convo.yaml": "assistant: tutor\nturns: [{user: hello, expect: {icontains: hello}}]\n",
}


def git(root: Path, *arguments: str) -> None:
    who = ("-c", "user.name=n", "-c", "user.email=n@example.org")
    subprocess.run(["git", *who, *arguments], cwd=root, check=True, capture_output=True)


@pytest.fixture
def committed(project: Project) -> Project:
    """Two assistants, a conversation each, all of it committed and nothing brought up yet."""
    for name, text in FILES.items():
        project.write(name, text)
    git(project.root, "init", "-q")
    git(project.root, "add", ".")
    git(project.root, "commit", "-q", "-m", "a")
    return project


def test_what_an_earlier_run_left_when_it_was_killed_goes(committed: Project) -> None:
    left = committed.root / ".asstctl" / "before-abcd"
    left.mkdir(parents=True, mode=0o700)
    os.utime(left, (0, 0))
    committed.write("assistants/tutor.yaml", TUTOR.replace("0.2", "0.3"))

    assert affected(committed) == ["tutor"]
    assert list((committed.root / ".asstctl").glob("before-*")) == []


def affected(project: Project, *options: str) -> list[str]:
    """The assistants whose conversations were had."""
    out = project.done("test", "--affected", "--format", "json", *options)
    return sorted(case["assistant"] for case in json.loads(out)["cases"])


def test_in_a_fresh_clone_nothing_is_affected(committed: Project) -> None:
    """Although the local store is empty: every run brings it up."""
    assert affected(committed) == []
    assert not (committed.root / ".asstctl" / "ledger").exists()


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("assistants/tutor.yaml", TUTOR.replace("0.2", "0.3"), ["tutor"]),
        ("assistants/tutor.convo.yaml", FILES["assistants/tutor.convo.yaml"] + "tags: [a]\n", ["tutor"]),
        ("docs/a.md", "How to begin anew.\n", ["guagua"]),
        ("docs/b.md", "How to end.\n", ["guagua"]),
        ("assistants/picture.png", "another", []),
        ("assistants/more.convo.yaml", FILES["assistants/tutor.convo.yaml"], ["tutor"]),
        ("asstctl.yaml", "version: 1\nproject: school\ndefaults: {assistant: {top_p: 0.5}}\n", ["guagua", "tutor"]),
    ],
)
def test_what_changed_in_the_working_tree_is_affected(
    committed: Project, name: str, text: str, found: list[str]
) -> None:
    committed.write(name, text)

    assert affected(committed) == found
    assert affected(committed) == found  # it is brought up now, and the change is still one
    assert list((committed.root / ".asstctl").glob("before-*")) == []


def test_since_names_the_revision(committed: Project) -> None:
    committed.write("docs/a.md", "How to begin anew.\n")
    git(committed.root, "commit", "-q", "-a", "-m", "b")

    assert affected(committed) == []
    assert affected(committed, "--since", "HEAD~1") == ["guagua"]


def test_a_revision_that_git_does_not_know_is_wrong_usage(committed: Project) -> None:
    result = committed.run("test", "--affected", "--since", "origin/main")

    assert result.code == 64
    assert "git knows no revision 'origin/main'" in result.err
    assert "git fetch origin main" in result.err


def test_an_option_is_no_revision(committed: Project) -> None:
    result = committed.run("test", "--affected", "--since=--output=stolen")

    assert result.code == 64
    assert not (committed.root / "stolen").exists()


def test_code_of_stubs_is_affected_by_what_it_may_import(committed: Project) -> None:
    stub = FILES["assistants/tutor.convo.yaml"] + "stubs: {ask: {python: 'stubs.py:ask'}}\n"
    committed.write("assistants/tutor.yaml", TUTOR + "tools: [{type: function, function: ask}]\n")
    committed.write("assistants/ask.yaml", "kind: function\nkey: ask\ndescription: Asks.\n")
    committed.write("assistants/tutor.convo.yaml", stub)
    git(committed.root, "add", ".")
    git(committed.root, "commit", "-q", "-m", "b")
    assert affected(committed) == []

    committed.write("assistants/helper.py", "def one():\n    return 2\n")
    assert affected(committed) == ["tutor"]


def test_without_git_everything_is_affected_and_that_is_said(project: Project) -> None:
    for name, text in FILES.items():
        project.write(name, text)

    result = project.run("test", "--affected")

    assert result.code == 0
    assert "2 passed" in result.out
    assert "every conversation counts as affected: the project lies in no git repository" in " ".join(
        result.err.split()
    )
    assert "fatal" not in result.err


def test_a_changed_replies_script_concerns_all(committed: Project) -> None:
    """It says what is replied, and no plan knows of it."""
    targets = "targets: {local: {provider: local, replies: {script: r.replies.yaml}}}\n"
    committed.write("asstctl.yaml", f"version: 1\nproject: school\n{targets}")
    committed.write("r.replies.yaml", "rules: [{user: hello, say: hello}]\n")
    git(committed.root, "add", ".")
    git(committed.root, "commit", "-q", "-m", "b")
    assert affected(committed) == []

    committed.write("r.replies.yaml", "rules: [{user: hello, say: hello you}]\n")
    told = committed.run("test", "--affected")

    assert told.code == 0
    assert "r.replies.yaml changed" in " ".join(told.err.split())
    assert "every conversation counts as affected" in " ".join(told.err.split())
    assert "those that the change concerns" in " ".join(told.out.split())


def test_instructions_alone_are_not_tested_by_replies_without_a_model(committed: Project) -> None:
    """And a second run says the same."""
    committed.write("assistants/guagua.prompt.md", "Be rude.\n")
    for _ in range(2):
        result = committed.run("test", "--affected")
        assert result.code == 1
        said = " ".join(result.err.split())
        assert "instructions changed alone (assistant.guagua), and replies on local are echoed" in said
        assert "--allow-scripted" in said

    assert affected(committed, "--allow-scripted") == ["guagua"]


def test_instructions_beside_another_change_are_let_through(committed: Project) -> None:
    committed.write("assistants/guagua.prompt.md", "Be rude.\n")
    committed.write("docs/a.md", "How to begin anew.\n")

    assert affected(committed) == ["guagua"]


def test_copies_on_a_local_target_leave_its_store_as_it_was(committed: Project) -> None:
    committed.done("apply", "--yes")
    committed.write("assistants/guagua.prompt.md", "Be rude.\n")
    committed.write("docs/a.md", "How to begin anew.\n")

    suite = json.loads(committed.done("test", "--candidate", "--format", "json"))

    assert [(case["assistant"], case["deployed"] is None) for case in suite["cases"]] == [
        ("guagua", False),
        ("tutor", True),
    ]
    assert {one["name"]: one["instructions"] for one in live(committed)}["Guagua"] == "Be kind.\n"
    assert len(live(committed)) == 2
    committed.done("apply", "--yes")
    assert "No changes." in committed.done("plan")


def test_a_local_gate_is_closed_for_instructions_that_no_model_reads(committed: Project) -> None:
    committed.write("assistants/guagua.convo.yaml", FILES["assistants/guagua.convo.yaml"] + "tags: [smoke]\n")
    committed.done("apply", "--yes")
    committed.write("assistants/guagua.prompt.md", "Be rude.\n")

    closed = committed.run("apply", "--gate", "smoke", "--yes")
    assert closed.code == 1
    assert "instructions changed alone" in closed.err
    assert {one["name"]: one["instructions"] for one in live(committed)}["Guagua"] == "Be kind.\n"

    committed.done("apply", "--gate", "smoke", "--allow-scripted", "--yes")
    assert "No changes." in committed.done("plan")
