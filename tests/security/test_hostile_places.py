"""Places that we write to and that somebody else prepared: a clear error, nothing elsewhere, and verdicts kept."""

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Project

TWO = """
assistant: tutor
conversations:
  - {id: a, turns: [{user: hi, expect: {contains: hi}}]}
  - {id: b, turns: [{user: hi, expect: {contains: no}}]}
"""


@pytest.fixture
def elsewhere(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Path:
    (project.root / "assistants/a.convo.yaml").write_text(TWO)
    folder = tmp_path_factory.mktemp("elsewhere")
    (folder / "kept.txt").write_text("kept")
    return folder


def untouched(folder: Path) -> bool:
    return [path.name for path in folder.iterdir()] == ["kept.txt"] and (folder / "kept.txt").read_text() == "kept"


def test_no_tape_is_written_through_a_link_of_a_folder(project: Project, elsewhere: Path) -> None:
    (project.root / "assistants/tapes").symlink_to(elsewhere)
    result = project.run("test", "--record", "--format", "json")
    assert "a link leads to assistants/tapes" in result.out or "leads out of the project" in result.out, result
    assert '"kind": "text"' in result.out  # the verdict of the one that failed
    assert untouched(elsewhere)
    assert project.run("test", "--replay").code in {1, 3}
    assert untouched(elsewhere)


def test_no_tape_is_written_or_read_through_a_link_of_a_file(project: Project, elsewhere: Path) -> None:
    project.run("test", "--record")
    for tape in (project.root / "assistants/tapes").iterdir():
        tape.unlink()
        tape.symlink_to(elsewhere / "kept.txt")
    for mode in ("--record", "--replay", "--auto"):
        result = project.run("test", mode)
        assert "error[bug]" not in result.err
        assert result.code != 0
        assert untouched(elsewhere)


def test_a_tapes_folder_that_is_a_file_costs_no_verdict(project: Project, elsewhere: Path) -> None:
    (project.root / "assistants/tapes").write_text("x")
    result = project.run("test", "--record", "--format", "json")
    assert result.out.count("a tape cannot be written") >= 1, result
    assert '"kind": "text"' in result.out
    assert "error[bug]" not in result.err


@pytest.mark.parametrize("name", ["ledger", "history"])
def test_our_folders_are_not_links(project: Project, elsewhere: Path, name: str) -> None:
    """Where the ledger cannot be written nothing is played; a history that cannot be costs no verdict."""
    (project.root / ".asstctl").mkdir(mode=0o700)
    (project.root / ".asstctl" / name).symlink_to(elsewhere)
    result = project.run("test")
    assert "error[bug]" not in result.err
    if name == "history":
        assert "1 passed, 1 failed" in result.out
        assert "warning: the history of test runs cannot be written" in result.err
    assert result.code != 0
    assert untouched(elsewhere)


@pytest.mark.parametrize("size", [0, 1, 200, 700, 1500])
def test_a_full_disk_breaks_off_no_run(project: Project, elsewhere: Path, size: int) -> None:
    """No file of ours grows beyond some bytes; the store is in memory of another disk."""
    project.write(
        "asstctl.yaml",
        f"version: 1\nproject: school\ntargets: {{local: {{provider: local, database: {elsewhere}/x.db}}}}\n",
    )

    def full() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    command = [sys.executable, "-m", "asstctl", "test", "--record", "--format", "json"]
    done = subprocess.run(command, cwd=project.root, capture_output=True, text=True, check=False, preexec_fn=full)
    assert "error[bug]" not in done.stderr + done.stdout, done
    assert "Traceback" not in done.stderr
    assert done.returncode != 0
    assert not [*(project.root / "assistants").glob("tapes/.tape.*")]


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_folder_that_may_only_be_read_costs_no_verdict(project: Project, elsewhere: Path) -> None:
    (project.root / "assistants").chmod(0o500)
    try:
        result = project.run("test", "--record", "--format", "json")
    finally:
        (project.root / "assistants").chmod(0o700)
    assert "a tape cannot be written" in result.out
    assert '"kind": "text"' in result.out
