"""The sample project: what the documents give, word for word, and a demo that is not staged."""

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.repository.consoles import ROOT, Shell, copy_of

ASK_DATABASE = json.loads(
    r"""
{"name": "ask_database","description": "Use this function to answer user questions about course schedule. Output should be a fully formed SQL query.","parameters": {"type": "object","properties": {"query": {"type": "string","description": "SQL query extracting info to answer the user's question.\nSQL should be written using this database schema:\n\nCREATE TABLE Courses (\n\tid INT AUTO_INCREMENT PRIMARY KEY,\n\tcourse_date DATE NOT NULL,\n\tstart_time TIME NOT NULL,\n\tend_time TIME NOT NULL,\n\tcourse_name VARCHAR(255) NOT NULL,\n\tinstructor VARCHAR(255) NOT NULL\n);\n\nThe query should be returned in plain text, not in JSON.\nThe query should only contain grammars supported by SQLite."}},"required": ["query"]}}
"""  # noqa: E501 - as the course material gives it
)
MATH_TUTOR = {
    "name": "Math Tutor",
    "instructions": "You are a personal math tutor. Write and run code to answer math questions.",
    "tools": [{"type": "code_interpreter"}],
    "model": "gpt-4o",
}
GUAGUA = {
    "name": "AGIClass Demo",
    "instructions": (
        "你叫瓜瓜。你是AGI课堂的助手。你只回答跟AI大模型有关的问题。不要跟学生闲聊。"
        "每次回答问题前,你要拆解问题并输出一步一步的思考过程。"
    ),
    "tools": [{"type": "function", "function": ASK_DATABASE}],
    "model": "gpt-4o",
}


@pytest.fixture
def sample(tmp_path: Path) -> Shell:
    """A shell in a copy of the sample project."""
    copy_of(ROOT / "assistants", tmp_path / "assistants")
    shutil.copy(ROOT / "asstctl.yaml", tmp_path)
    return Shell(tmp_path)


def _succeed(shell: Shell, command: str) -> str:
    printed, code = shell.run(command)
    assert code == 0, printed
    return printed


def _tests(shell: Shell, *, passed: int, failed: int = 0) -> str:
    printed, code = shell.run("asstctl test")
    assert f"{passed} passed" in printed
    assert (f"{failed} failed" in printed) is bool(failed)
    assert code == (1 if failed else 0), printed
    return printed


def _live(shell: Shell) -> Iterator[dict[str, Any]]:
    for one in json.loads(_succeed(shell, "asstctl list --format json"))["rows"]:
        shown = json.loads(_succeed(shell, f"asstctl show {one['address']} --format json"))
        assert shown["status"] == "in sync"
        yield shown["fields"]


def test_the_demo_runs_and_runs_again(sample: Shell) -> None:
    """Valid, two created, no changes, every conversation passed; and the second time nothing is planned."""
    assert "2 assistants, 5 conversations" in _succeed(sample, "asstctl validate --strict")
    assert "2 to create" in _succeed(sample, "asstctl plan")
    assert "Applied 2 to local" in _succeed(sample, "asstctl apply --yes")
    assert "No changes" in _succeed(sample, "asstctl plan --detailed-exitcode")
    printed = _tests(sample, passed=5)
    assert "replies scripted (demo.replies.yaml)" in printed
    assert "instructions were NOT exercised" in " ".join(printed.split())
    assert "No changes" in _succeed(sample, "asstctl plan --detailed-exitcode")


def test_the_assistants_are_those_of_the_documents(sample: Shell) -> None:
    """Name, instructions, model and tools are live exactly as the quickstart and the course give them."""
    _succeed(sample, "asstctl apply --yes")
    live = {one["name"]: one for one in _live(sample)}
    for expected in (MATH_TUTOR, GUAGUA):
        found = live[str(expected["name"])]
        tools = [_without_nulls(tool) for tool in found["tools"]]
        assert {**{key: found[key] for key in ("name", "instructions", "model")}, "tools": tools} == expected


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item not in (None, False)}
    return value


def test_one_changed_row_changes_the_reply(sample: Shell) -> None:
    """The schedule conversation fails, and shows the new row in the reply."""
    with closing(sqlite3.connect(sample.folder / "assistants" / "courses.db")) as database, database:
        database.execute("UPDATE Courses SET course_name = 'Prompt 工程' WHERE course_name = 'Function Calling'")
    printed = _tests(sample, passed=4, failed=1)
    assert "Prompt 工程" in printed
    assert "Function Calling" in printed


def test_without_the_stub_the_call_fails(sample: Shell) -> None:
    """Conversations that call `ask_database` fail when nothing answers it."""
    file = sample.folder / "asstctl.yaml"
    file.write_text(file.read_text("utf-8").partition("test:")[0], "utf-8")
    assert "ask_database" in _tests(sample, passed=3, failed=2)


def test_a_renamed_function_fails_its_conversations(sample: Shell) -> None:
    """The assistant has no `ask_database` any more, and the script calls it in vain."""
    file = sample.folder / "assistants" / "functions" / "ask_database.yaml"
    file.write_text(file.read_text("utf-8").replace("key: ask_database", "key: query_database"), "utf-8")
    guagua = sample.folder / "assistants" / "guagua.md"
    guagua.write_text(guagua.read_text("utf-8").replace("ask_database", "query_database"), "utf-8")
    printed, code = sample.run("asstctl test")
    assert code == 1
    assert "ask_database" in printed


def test_tool_outputs_are_submitted(sample: Shell) -> None:
    """The requests of a test include submit_tool_outputs: the answers really travel."""
    printed = _succeed(sample, "asstctl test -v")
    assert printed.count("/submit_tool_outputs") == 5


def test_another_equation_has_another_solution(sample: Shell) -> None:
    """The code that the tutor writes really runs: nothing of the solution stands in a file."""
    file = sample.folder / "assistants" / "conversations" / "solves-equation.convo.yaml"
    file.write_text(file.read_text("utf-8").replace("3x + 11 = 14", "4x + 3 = -7"), "utf-8")
    printed = _tests(sample, passed=4, failed=1)
    assert "Divide both sides by 4: x = -2.5." in printed


def test_the_database_is_only_read(sample: Shell) -> None:
    """The file is the same, byte for byte, after a conversation that asked to empty it."""
    file = sample.folder / "assistants" / "courses.db"
    before = file.read_bytes()
    _tests(sample, passed=5)
    assert file.read_bytes() == before


def test_the_database_is_what_its_sql_makes() -> None:
    """courses.sql, which a review can read, and courses.db hold the same."""
    assistants = ROOT / "assistants"
    with (
        closing(sqlite3.connect(":memory:")) as made,
        closing(sqlite3.connect(f"{(assistants / 'courses.db').as_uri()}?mode=ro", uri=True)) as kept,
    ):
        made.executescript((assistants / "courses.sql").read_text("utf-8"))
        assert list(kept.iterdump()) == list(made.iterdump())
