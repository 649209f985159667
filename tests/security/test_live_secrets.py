"""A secret of another target that somebody put into a live object by hand is shown by nothing."""

from pathlib import Path

import pytest

from tests.cli.conftest import Project
from tests.cli.test_edits import edit_live, live

SECRET = "sk-school-canary"
FAR = "far: {provider: assistants, base_url: 'https://far.example.com/v1', api_key: {env: SCHOOL_KEY}}"
TYPED = {"description": f"Ask with {SECRET}.", "instructions": f"Use {SECRET}.\nBe brief."}

COMMANDS = (
    ("plan",),
    ("plan", "-v"),
    *(("plan", "--format", form) for form in ("json", "markdown", "html")),
    ("plan", "--overwrite-drift", "assistant.tutor"),
    ("plan", "--drift-only"),
    ("plan", "--drift-only", "--format", "json"),
    ("plan", "--all-targets", "--format", "json"),
    ("plan", "--out", "kept/plan.json"),
    ("ci", "plan", "--out", "kept"),
    ("ci", "drift", "--out", "kept"),
    ("apply", "--yes"),
    ("list",),
    ("list", "--format", "json"),
    ("pull", "--check"),
    ("destroy",),
)


@pytest.fixture
def typed(project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project of which a live object holds the key of its other target."""
    project.write("asstctl.yaml", f"version: 1\nproject: school\ntargets: {{local: {{provider: local}}, {FAR}}}\n")
    project.done("apply", "--yes")
    edit_live(project, {**TYPED, "metadata": {**live(project)[0]["metadata"], "key": SECRET}})
    monkeypatch.setenv("SCHOOL_KEY", SECRET)
    (project.root / "kept").mkdir()
    return project


def kept(folder: Path) -> str:
    return "".join(path.read_text("utf-8") for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_live_secret_is_not_shown(typed: Project, command: tuple[str, ...]) -> None:
    result = typed.run(*command)

    assert "tutor" in result.out + result.err
    assert "canary" not in result.out + result.err + kept(typed.root / "kept")


def test_a_live_secret_in_a_name_is_not_shown(typed: Project) -> None:
    edit_live(typed, {"name": f"Tutor {SECRET}"})

    for command in COMMANDS:
        result = typed.run(*command)
        assert "canary" not in result.out + result.err + kept(typed.root / "kept"), command


def test_a_live_secret_is_overwritten_as_anything_else_is(typed: Project) -> None:
    """What is shown is no part of what is written, and an approval of it holds."""
    typed.done("plan", "--overwrite-drift", "assistant.tutor", "--out", "kept/plan.json")
    said = typed.done("apply", "kept/plan.json", "--yes")

    assert "(a secret)" in said
    assert SECRET not in live(typed)[0]["instructions"]
    assert "No changes." in typed.done("plan")


def test_an_undo_brings_back_what_it_does_not_show(typed: Project) -> None:
    typed.done("apply", "--yes", "--overwrite-drift", "assistant.tutor")
    run = typed.done("undo").splitlines()[1].split()[0]
    said = typed.done("undo", run, "--yes")

    assert "canary" not in said
    assert live(typed)[0]["instructions"] == TYPED["instructions"]
