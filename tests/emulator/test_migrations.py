"""Databases of earlier versions: everything in them is there after opening, and a kill while they change is nothing."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from asstctl.emulator import DatabaseTooNew, open_emulator
from asstctl.emulator.migrations import STEPS
from asstctl.emulator.store import Store
from tests.emulator.harness import ASK, Clock, serving

Json = Any
NOW = 1_800_000_000
TABLES = ("assistants", "threads", "messages", "runs", "steps")
USAGE = {
    "prompt_tokens": 3,
    "completion_tokens": 7,
    "total_tokens": 10,
    "prompt_token_details": {"cached_tokens": 0},
    "completion_tokens_details": {"reasoning_tokens": 0},
}
CALL = {"id": "call_old", "type": "function", "function": {"name": "ask_database", "arguments": "{}"}}
ACTION = {"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": [CALL]}}
ANSWER = {"tool_outputs": [{"tool_call_id": "call_old", "output": "42"}]}


def _assistant(name: str, **members: Json) -> Json:
    about = {"id": f"asst_{name}", "object": "assistant", "created_at": NOW, "name": name, "description": None}
    sampling = {"top_p": 1.0, "temperature": 1.0, "reasoning_effort": None, "response_format": "auto"}
    given = {"model": "gpt-4o", "instructions": "Teach.", "tools": [], "tool_resources": {}, "metadata": {"k": name}}
    return {**about, **given, **sampling, **members}


def _thread(name: str) -> Json:
    about = {"id": f"thread_{name}", "object": "thread", "created_at": NOW}
    return {**about, "metadata": {"k": name}, "tool_resources": {}}


def _message(name: str, thread: str, role: str = "user", run: str | None = None, **members: Json) -> Json:
    about = {"id": f"msg_{name}", "object": "thread.message", "created_at": NOW, "assistant_id": None}
    content = [{"type": "text", "text": {"value": name, "annotations": []}}]
    where = {"thread_id": f"thread_{thread}", "run_id": run and f"run_{run}", "role": role, "content": content}
    end = {"status": "completed", "incomplete_details": None, "completed_at": NOW, "incomplete_at": None}
    return {**about, **where, "attachments": [], "metadata": {}, **end, **members}


def _run(name: str, status: str, **members: Json) -> Json:
    about = {"id": f"run_{name}", "object": "thread.run", "created_at": NOW, "assistant_id": "asst_Tutor"}
    times = dict.fromkeys(("cancelled_at", "failed_at", "completed_at"))
    state = {"thread_id": f"thread_{name}", "status": status, "started_at": NOW, "expires_at": NOW + 600, **times}
    nothing = dict.fromkeys(("required_action", "last_error", "reasoning_effort", "incomplete_details", "usage"))
    limits = {"max_completion_tokens": None, "max_prompt_tokens": None}
    settings = {"model": "gpt-4o", "instructions": "Teach.", "tools": [ASK], "tool_resources": {}, "metadata": {}}
    choices = {"response_format": "auto", "tool_choice": "auto", "parallel_tool_calls": True}
    cut = {"truncation_strategy": {"type": "auto", "last_messages": None}, "temperature": 1.0, "top_p": 1.0}
    noted = {"_assistant_name": "Tutor"}
    return {**about, **state, **nothing, **limits, **settings, **choices, **cut, **noted, **members}


def _step(name: str, run: str, details: Json, status: str = "in_progress", **members: Json) -> Json:
    about = {"id": f"step_{name}", "object": "thread.run.step", "created_at": NOW, "run_id": f"run_{run}"}
    where = {"assistant_id": "asst_Tutor", "thread_id": f"thread_{run}", "type": details["type"], "status": status}
    times = dict.fromkeys(("cancelled_at", "completed_at", "expired_at", "failed_at", "last_error"))
    return {**about, **where, **times, "step_details": details, "expires_at": None, "metadata": {}, **members}


_SAYS = {"type": "message_creation", "message_creation": {"message_id": "msg_answer"}}
_CALLS = {"type": "tool_calls", "tool_calls": [{**CALL, "function": {**CALL["function"], "output": None}}]}
_OPEN = {"type": "message_creation", "message_creation": {"message_id": "msg_open"}}

_RANKING = {"ranker": "default_2024_08_21", "score_threshold": 0.0, "hybrid_search": None}
_TOOLS = [{"type": "code_interpreter"}, {"type": "file_search", "file_search": {"ranking_options": _RANKING}}]
_EMPTY = {"code_interpreter": {"file_ids": []}, "file_search": {"vector_store_ids": []}}
# The first version had neither files nor stores, and took any id of one.
_UNKNOWN = {"code_interpreter": {"file_ids": ["file-gone"]}, "file_search": {"vector_store_ids": ["vs_gone"]}}
ASSISTANTS = (
    _assistant("Tutor", tools=[{**ASK, "function": {**ASK["function"], "strict": False}}]),
    _assistant("Helper", tools=_TOOLS, tool_resources=_EMPTY),
    _assistant("Believer", tools=_TOOLS, tool_resources=_UNKNOWN),
)
THREADS = tuple(_thread(name) for name in ("finished", "waiting", "stopped", "cancelled"))
MESSAGES = (
    _message("question", "finished"),
    _message("answer", "finished", "assistant", "finished"),
    _message("more", "finished"),
    _message("ask", "waiting"),
    _message("slow", "stopped"),
    _message("open", "stopped", "assistant", "stopped", status="in_progress", content=[], completed_at=None),
)
RUNS = (
    _run("finished", "completed", completed_at=NOW, expires_at=None, usage=USAGE),
    _run("waiting", "requires_action", required_action=ACTION),
    _run("stopped", "in_progress"),
    _run("cancelled", "cancelling"),
)
STEPS_TAKEN = (
    _step("says", "finished", _SAYS, "completed", completed_at=NOW, usage=USAGE),
    _step("calls", "waiting", _CALLS, usage=None, _usage=USAGE),
    _step("open", "stopped", _OPEN, usage=None),
)


def _text(body: Json) -> str:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """As the first version left it when it was killed: one run finished, three active, two of them with a lease."""
    path = tmp_path / "local.db"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.executescript(STEPS[0] if isinstance(STEPS[0], str) else "")
    for table, bodies in (("assistants", ASSISTANTS), ("threads", THREADS)):
        rows = [(body["id"], _text(body)) for body in bodies]
        connection.executemany(f"INSERT INTO {table} (id, body) VALUES (?, ?)", rows)
    rows_of_runs = [
        (run["id"], run["thread_id"], run["status"], run["expires_at"], *_lease(run), _text(run)) for run in RUNS
    ]
    sql = "INSERT INTO runs (id, thread_id, status, expires_at, lease_owner, lease_until, body) VALUES (?,?,?,?,?,?,?)"
    connection.executemany(sql, rows_of_runs)
    for table, below in (("messages", MESSAGES), ("steps", STEPS_TAKEN)):
        sql = f"INSERT INTO {table} (id, thread_id, run_id, body) VALUES (?, ?, ?, ?)"
        connection.executemany(sql, [(each["id"], each["thread_id"], each["run_id"], _text(each)) for each in below])
    connection.execute("PRAGMA user_version = 1")
    connection.commit()
    connection.close()
    return path


def _lease(run: Json) -> tuple[str | None, float | None]:
    return ("server_old", NOW + 15.0) if run["status"] in ("in_progress", "cancelling") else (None, None)


def _shown(body: Json) -> Json:
    return {name: member for name, member in body.items() if not name.startswith("_")}


@pytest.mark.anyio
async def test_a_database_of_the_first_version_opens_with_everything_in_it(database: Path) -> None:
    async with serving(database, clock=Clock(NOW + 1.0)) as api:
        for assistant in ASSISTANTS:
            assert await api.get(f"/assistants/{assistant['id']}") == assistant
        for thread in THREADS:
            assert await api.get(f"/threads/{thread['id']}") == thread
        for message in MESSAGES:
            assert await api.get(f"/threads/{message['thread_id']}/messages/{message['id']}") == message
        for run in RUNS:
            path = f"/threads/{run['thread_id']}/runs/{run['id']}"
            assert await api.get(path) == _shown(run)
            steps = [_shown(step) for step in STEPS_TAKEN if step["run_id"] == run["id"]]
            assert (await api.get(f"{path}/steps"))["data"] == steps
        store = api.emulator.services.store
        counted = store.connection.execute("SELECT id, messages, user_messages FROM threads ORDER BY seq").fetchall()
        assert counted == [
            ("thread_finished", 3, 2),
            ("thread_waiting", 1, 1),
            ("thread_stopped", 2, 1),
            ("thread_cancelled", 0, 0),
        ]


@pytest.mark.anyio
async def test_what_the_first_version_left_running_is_ended_and_what_waited_still_waits(database: Path) -> None:
    async with serving(database, clock=Clock(NOW + 60.0)) as api:
        stopped = await api.get("/threads/thread_stopped/runs/run_stopped")
        assert (stopped["status"], stopped["last_error"]["code"]) == ("failed", "server_error")
        assert (await api.get("/threads/thread_stopped/messages/msg_open"))["status"] == "incomplete"
        assert (await api.get("/threads/thread_cancelled/runs/run_cancelled"))["status"] == "cancelled"
        path = "/threads/thread_waiting/runs/run_waiting"
        waited = await api.rest(await api.post(f"{path}/submit_tool_outputs", ANSWER))
        assert (waited["status"], await api.reply(waited)) == ("completed", "42")
        called, said = (await api.get(f"{path}/steps", order="asc"))["data"]
        assert called["usage"] == USAGE
        assert waited["usage"]["total_tokens"] == USAGE["total_tokens"] + said["usage"]["total_tokens"]


@pytest.mark.anyio
@pytest.mark.parametrize("assistant", [each["id"] for each in ASSISTANTS])
@pytest.mark.parametrize("text", ["hello", "```python\nprint('hello')\n```"])
async def test_assistants_and_threads_of_the_first_version_run(database: Path, assistant: str, text: str) -> None:
    async with serving(database, clock=Clock(NOW + 60.0)) as api:
        for thread in ("finished", "stopped", "cancelled"):
            await api.post(f"/threads/thread_{thread}/messages", {"role": "user", "content": text})
            run = await api.run(f"thread_{thread}", assistant)
            assert run["status"] == "completed", run
            assert "hello" in await api.reply(run)


def test_a_database_of_a_newer_version_is_refused_after_the_same_migrations(database: Path) -> None:
    Store(database).close()
    newer = len(STEPS) + 1
    connection = sqlite3.connect(database)
    connection.execute(f"PRAGMA user_version = {newer}")
    connection.close()
    before = database.read_bytes()
    with pytest.raises(DatabaseTooNew, match=rf"its schema is {newer}, this version knows {len(STEPS)}"):
        open_emulator(database)
    assert database.read_bytes() == before


KILLED_AT_EVERY_STATEMENT = """
import os, shutil, signal, sqlite3, sys
from asstctl.emulator.migrations import migrate

def migrate_until(database, statement):
    connection = sqlite3.connect(database, isolation_level=None)
    connection.execute("PRAGMA cache_size = 1")  # pages go to the disk long before the commit
    left = statement
    def count(sql):
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
    connection.set_trace_callback(count)
    migrate(connection, database)
    os._exit(0)  # nor is the database closed at the end

ended, statement = signal.SIGKILL, 0
while ended == signal.SIGKILL:
    statement += 1
    copy = f"{sys.argv[1]}-{statement}"
    shutil.copy(sys.argv[1], copy)
    child = os.fork()
    if child == 0:
        migrate_until(copy, statement)
    ended = os.waitpid(child, 0)[1]
print(ended, statement)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the script forks")
def test_a_kill_at_any_statement_leaves_the_old_schema_or_the_new_one(database: Path, tmp_path: Path) -> None:
    finished = tmp_path / "finished.db"
    shutil.copy(database, finished)
    Store(finished).close()
    old, new = (_found(path) for path in (database, finished))
    assert old != new
    command = [sys.executable, "-W", "error", "-c", KILLED_AT_EVERY_STATEMENT, str(database)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    ended, statements = map(int, done.stdout.split())
    assert ended == 0, done
    left = [_found(Path(f"{database}-{number}")) for number in range(1, statements + 1)]
    assert [each for each in left if each not in (old, new)] == []
    assert (left[0], left[-1]) == (old, new)
    assert left == sorted(left, key=lambda each: each == new)
    for number in range(1, statements + 1):
        Store(f"{database}-{number}").close()
        assert _found(Path(f"{database}-{number}")) == new


def _found(database: Path) -> Json:
    """The version, the schema and every row of a database."""
    connection = sqlite3.connect(database)
    try:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        version = connection.execute("PRAGMA user_version").fetchone()
        schema = connection.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall()
        return version, schema, [connection.execute(f"SELECT * FROM {table}").fetchall() for table in TABLES]
    finally:
        connection.close()
