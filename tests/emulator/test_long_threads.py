"""Threads with more messages than a model is given: what is read of them, what is counted, what is refused."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from asstctl.emulator import migrations
from asstctl.emulator.replies.values import TextDelta
from asstctl.emulator.runs import history
from asstctl.emulator.store import Store
from tests.emulator.harness import ASK, Api, Backend, serving

pytestmark = pytest.mark.anyio

_FILL = """
INSERT INTO messages (id, thread_id, body)
WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < :count)
SELECT 'msg_' || n, :thread, json_object(
  'id', 'msg_' || n, 'thread_id', :thread, 'run_id', NULL, 'role', iif(n % 2, 'user', 'assistant'),
  'content', json_array(json_object('type', 'text', 'text', json_object('value', 'text ' || n)))
) FROM numbers
"""


async def _long_thread(api: Api, count: int) -> Any:
    thread = await api.thread()
    connection = api.emulator.services.store.connection
    with api.emulator.services.store.write():
        connection.execute(_FILL, {"count": count, "thread": thread["id"]})
        connection.execute("UPDATE threads SET messages = ?, user_messages = ?", (count, (count + 1) // 2))
    return thread


async def _given(api: Api, backend: Backend, thread: Any, **fields: Any) -> list[str]:
    run = await api.run(thread["id"], (await api.assistant(tools=[ASK]))["id"], **fields)
    assert run["status"] == "completed"
    return [said.text for said in backend.asked[-1].messages]


async def test_a_run_reads_only_the_newest_of_a_hundred_thousand_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    read = 0

    def counted(*arguments: Any) -> Any:
        nonlocal read
        read += 1
        return said(*arguments)

    said = history._said
    monkeypatch.setattr(history, "_said", counted)
    backend = Backend()
    async with serving(replies=backend) as api:
        texts = await _given(api, backend, await _long_thread(api, 100_000))
    assert (len(texts), read) == (501, 501)
    assert (texts[0], texts[1], texts[-1]) == ("text 1", "text 99501", "text 100000")
    assert backend.asked[0].turn == 50_000


@pytest.mark.parametrize(
    ("count", "newest", "expected"),
    [
        (1, 3, [1]),
        (3, 3, [1, 2, 3]),
        (4, 3, [1, 2, 3, 4]),
        (5, 3, [1, 3, 4, 5]),
        (250, 100, [1, *range(151, 251)]),
        (250, 250, list(range(1, 251))),
        (250, 1000, list(range(1, 251))),
    ],
)
async def test_the_first_message_and_the_newest_are_kept(
    monkeypatch: pytest.MonkeyPatch, count: int, newest: int, expected: list[int]
) -> None:
    monkeypatch.setattr(history, "NEWEST", newest)
    backend = Backend()
    async with serving(replies=backend) as api:
        texts = await _given(api, backend, await _long_thread(api, count))
    assert texts == [f"text {number}" for number in expected]


@pytest.mark.parametrize(
    ("window", "expected"),
    [(1, ["text 1", "text 9"]), (12, ["text 1", "text 8", "text 9"]), (17, ["text 1", "text 8", "text 9"])],
)
async def test_messages_are_given_until_the_window_is_full(
    monkeypatch: pytest.MonkeyPatch, window: int, expected: list[str]
) -> None:
    monkeypatch.setattr(history, "WINDOW", window)
    backend = Backend()
    async with serving(replies=backend) as api:
        texts = await _given(api, backend, await _long_thread(api, 9))
    # Each costs 2 tokens and 4 of overhead.
    assert texts == expected


async def test_a_run_says_itself_how_many_messages_its_model_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "NEWEST", 2)
    backend = Backend()
    async with serving(replies=backend) as api:
        strategy = {"type": "last_messages", "last_messages": 150}
        texts = await _given(api, backend, await _long_thread(api, 200), truncation_strategy=strategy)
    assert texts == [f"text {number}" for number in range(51, 201)]


async def test_a_prompt_limit_keeps_the_first_and_the_newest() -> None:
    backend = Backend()
    async with serving(replies=backend) as api:
        texts = await _given(api, backend, await _long_thread(api, 9), max_prompt_tokens=7)
    assert texts == ["text 1", "text 8", "text 9"]


async def test_user_messages_are_counted_as_they_come_and_go() -> None:
    backend = Backend(TextDelta("ok"))
    async with serving(replies=backend) as api:
        assistant, thread = await api.assistant(), await api.thread("one", "two")
        await api.run(thread["id"], assistant["id"])
        page = await api.get(f"/threads/{thread['id']}/messages", order="asc")
        for message in page["data"][1:]:
            await api.delete(f"/threads/{thread['id']}/messages/{message['id']}")
        more = [{"role": "assistant", "content": "a"}, {"role": "user", "content": "b"}]
        await api.run(thread["id"], assistant["id"], additional_messages=more)
    assert [request.turn for request in backend.asked] == [2, 2]


async def test_a_thread_whose_user_messages_were_deleted_has_nothing_to_say(api: Api) -> None:
    assistant, thread = await api.assistant(), await api.thread("one")
    (message,) = (await api.get(f"/threads/{thread['id']}/messages"))["data"]
    await api.delete(f"/threads/{thread['id']}/messages/{message['id']}")
    status, error = await api.refused("POST", f"/threads/{thread['id']}/runs", {"assistant_id": assistant["id"]})
    assert (status, error["code"]) == (400, "invalid_thread")


async def test_a_full_thread_takes_no_message_more(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "MAX_MESSAGES", 2)  # A3: thread <= 100000 messages
    user = {"role": "user", "content": "more"}
    assistant, thread = await api.assistant(), await api.thread("one", "two")
    run_body = {"assistant_id": assistant["id"], "additional_messages": [user]}
    for path, body in (
        (f"/threads/{thread['id']}/messages", user),
        (f"/threads/{thread['id']}/runs", run_body),
        ("/threads", {"messages": [user] * 3}),
    ):
        status, error = await api.refused("POST", path, body)
        assert (status, error["message"].endswith("a thread holds at most 2 messages.")) == (400, True)
    # What a run says still has its place.
    assert (await api.run(thread["id"], assistant["id"]))["status"] == "completed"
    page = await api.get(f"/threads/{thread['id']}/messages")
    assert len(page["data"]) == 3
    for message in page["data"][:2]:
        await api.delete(f"/threads/{thread['id']}/messages/{message['id']}")
    await api.post(f"/threads/{thread['id']}/messages", user)


_OLD = """
INSERT INTO threads (id, body) VALUES ('thread_1', '{}'), ('thread_2', '{}');
INSERT INTO messages (id, thread_id, body) VALUES
  ('msg_1', 'thread_1', '{"role":"user"}'), ('msg_2', 'thread_1', '{"role":"assistant"}'),
  ('msg_3', 'thread_1', '{"role":"user"}');
INSERT INTO runs (id, thread_id, status, body) VALUES
  ('run_1', 'thread_1', 'completed', '{"id":"run_1","_assistant_name":"名"}'),
  ('run_2', 'thread_1', 'completed', '{"id":"run_2","_assistant_name":null}');
INSERT INTO steps (id, thread_id, run_id, body) VALUES
  ('step_1', 'thread_1', 'run_1', '{"id":"step_1","_usage":{"total_tokens":3},"usage":null}'),
  ('step_2', 'thread_1', 'run_1', '{"id":"step_2","usage":null}');
"""


def test_a_database_of_the_first_version_is_counted_and_its_notes_are_set_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = tmp_path / "old.db"
    with monkeypatch.context() as first:
        first.setattr(migrations, "STEPS", migrations.STEPS[:1])
        Store(database).close()
    old = sqlite3.connect(database)
    old.executescript(_OLD)
    old.close()
    store = Store(database)
    rows = store.connection.execute
    assert rows("SELECT messages, user_messages FROM threads ORDER BY id").fetchall() == [(3, 2), (0, 0)]
    assert rows("SELECT notes, body FROM runs ORDER BY id").fetchall() == [
        ('{"assistant_name":"名"}', '{"id":"run_1"}'),
        ('{"assistant_name":null}', '{"id":"run_2"}'),
    ]
    assert rows("SELECT notes, body FROM steps ORDER BY id").fetchall() == [
        ('{"usage":{"total_tokens":3}}', '{"id":"step_1","usage":null}'),
        ("{}", '{"id":"step_2","usage":null}'),
    ]
    store.close()
