"""The sample project's conversations pass for the reasons they seem to: take one away and they fail."""

import json
import re
import shutil
import sqlite3
from pathlib import Path

import pytest

from tests.cli.conftest import Project

REPOSITORY = Path(__file__).parents[2]
SCHEDULE = "assistants/conversations/schedule.convo.yaml"


@pytest.fixture
def samples(empty: Project) -> Project:
    """A copy of this repository's own project."""
    shutil.copytree(REPOSITORY / "assistants", empty.root / "assistants")
    shutil.copy(REPOSITORY / "asstctl.yaml", empty.root)
    return empty


def replace(project: Project, name: str, old: str, new: str) -> None:
    path = project.root / name
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def test_the_samples_validate_plan_apply_plan_empty_and_test(samples: Project) -> None:
    assert "valid" in samples.done("validate")
    assert "Plan: 2 to create." in samples.done("plan")
    assert "Applied 2 to local" in samples.done("apply", "--yes")
    assert "No changes." in samples.done("plan")
    tested = samples.done("test")
    assert " passed in " in tested
    assert "replies scripted (demo.replies.yaml)" in tested
    assert "failed" not in tested


def test_the_request_log_shows_submitted_tool_outputs(samples: Project) -> None:
    result = samples.run("test", "-v", SCHEDULE)

    assert result.code == 0
    assert re.search(r"^POST /v1/threads/thread_\w+/runs/run_\w+/submit_tool_outputs +200", result.err, re.MULTILINE)


def test_a_changed_row_of_the_database_changes_the_reply(samples: Project) -> None:
    with sqlite3.connect(samples.root / "assistants/courses.db") as database:
        changed = database.execute(
            "UPDATE Courses SET instructor = '钱多多' WHERE course_name LIKE '%Assistants API%'"
        ).rowcount
    database.close()
    assert changed

    result = samples.run("test", SCHEDULE)

    assert result.code == 1
    assert "钱多多" in result.out
    assert "赵一帆" in result.out


def test_a_renamed_function_makes_its_conversation_fail(samples: Project) -> None:
    replace(samples, "assistants/functions/ask_database.yaml", "key: ask_database", "key: query_database")
    replace(samples, "assistants/guagua.md", "function: ask_database", "function: query_database")

    result = samples.run("test", SCHEDULE)

    assert result.code == 1
    assert "ask_database" in result.err


def test_a_stub_taken_away_makes_its_conversation_fail(samples: Project) -> None:
    replace(samples, "asstctl.yaml", "test:\n  use: [/assistants/demo.stubs.yaml]\n", "")

    result = samples.run("test", SCHEDULE)

    assert result.code == 1
    assert "call_unexpected" in result.out
    assert "no stub" in result.out


def test_a_failure_shows_the_transcript_the_expectation_and_its_line(samples: Project) -> None:
    replace(samples, SCHEDULE, "contains: 赵一帆", "contains: 孙悟空")

    result = samples.run("test", SCHEDULE)

    line = (samples.root / SCHEDULE).read_text("utf-8").split("contains: 孙悟空")[0].count("\n") + 1
    assert result.code == 1
    assert "周三有什么课?" in result.out
    assert f"at {SCHEDULE}:{line}" in result.out
    assert "孙悟空" in result.out
    assert f"asstctl test {SCHEDULE}" in result.out


def test_no_code_skips_the_conversations_whose_stubs_run_some(samples: Project) -> None:
    tested = samples.done("test", "--no-code")

    assert "skipped" in tested
    assert " passed" in tested


def test_the_threads_of_a_run_are_deleted(samples: Project) -> None:
    samples.done("test")

    with sqlite3.connect(samples.root / ".asstctl/local.db") as database:
        (left,) = database.execute("SELECT count(*) FROM threads").fetchone()
    database.close()
    assert left == 0


def test_nothing_to_test_is_a_failure(project: Project) -> None:
    result = project.run("test")

    assert result.code == 1
    assert "Nothing to test" in result.out


def test_nothing_to_test_says_of_which_target(project: Project) -> None:
    """Host and port are known without a connection, and without the key that one would need."""
    far = "provider: assistants, base_url: 'https://assistants.example.com:8443/v1', api_key: {env: NO_SUCH_KEY}"
    project.write("asstctl.yaml", f"version: 1\nproject: school\ntargets:\n  far: {{{far}}}\n")

    result = project.run("test", "--target", "far", "--format", "json")

    assert result.code == 1
    assert json.loads(result.out)["target"] == {
        "name": "far",
        "provider": "assistants",
        "wire": "assistants-v2",
        "dialect": "full wire",
        "place": "assistants.example.com:8443",
        "project": "school",
        "local": False,
    }


def test_an_assistant_that_differs_from_its_files_is_refused_elsewhere_than_on_local(
    samples: Project, tmp_path: Path
) -> None:
    import subprocess
    import sys

    server = subprocess.Popen(
        [sys.executable, "-m", "asstctl.emulator", "--database", str(tmp_path / "far.db"), "--port", "0"],
        stdout=subprocess.PIPE,
        text=True,
        cwd=REPOSITORY,
    )
    try:
        assert server.stdout is not None
        base_url = server.stdout.readline().split()[-1]
        more = f"  far:\n    provider: assistants\n    base_url: {base_url}\ntest:\n"
        replace(samples, "asstctl.yaml", "test:\n", more)
        result = samples.run("test", "--target", "far")
        samples.done("apply", "--target", "far", "--yes")
        assert "No changes." in samples.done("plan", "--target", "far")
    finally:
        server.terminate()
        server.communicate(timeout=10)

    assert result.code == 1
    assert "assistant.guagua on far is not what your files say (it is not there)" in result.err
    assert "--candidate" in result.err
    assert "asstctl apply --target far" in result.err
