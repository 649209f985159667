"""What requests ask of the database finds its rows by an index, and in their order: no request grows with its table."""

import json
from string import Template

import pytest

from tests.emulator.harness import ASK, Api, Backend, serving

pytestmark = pytest.mark.anyio

READS = [
    "/files?purpose=assistants",
    "/vector_stores/{store}/files",
    "/vector_stores/{store}/files?filter=completed&after={file}",
    "/vector_stores/{store}",
    "/threads/{thread}/messages",
    "/threads/{thread}/messages?run_id={run}",
    "/threads/{thread}/runs",
    "/threads/{thread}/runs/{run}",
    "/threads/{thread}/runs/{run}/steps",
]
WRITES = [
    ("/uploads", '{"filename": "a.txt", "purpose": "assistants", "bytes": 1, "mime_type": "text/plain"}'),
    ("/vector_stores/{store}/search", '{"query": "hello", "filters": {"type": "ne", "key": "a", "value": 1}}'),
    ("/vector_stores/{store}/file_batches", '{"file_ids": ["$file"]}'),
    ("/threads/{thread}/messages", '{"role": "user", "content": "hello"}'),
    ("/threads/{thread}/runs", '{"assistant_id": "$assistant"}'),
]


async def _world(api: Api) -> dict[str, str]:
    assistant, thread, file = await api.assistant(tools=[ASK]), await api.thread("hello"), await api.file()
    store = await api.post("/vector_stores", {"file_ids": [file["id"]]})
    await api.until_at(f"/vector_stores/{store['id']}", lambda shown: shown["file_counts"]["completed"] == 1)
    run = await api.run(thread["id"], assistant["id"])
    ids = {"assistant": assistant, "thread": thread, "file": file, "store": store, "run": run}
    return {name: each["id"] for name, each in ids.items()}


def _is_lookup(statement: str) -> bool:
    """The full-text index is one itself, and what is grouped are the few rows of one object."""
    looks = statement.startswith(("SELECT", "UPDATE", "DELETE")) and " WHERE " in statement
    return looks and "chunk_words" not in statement and "GROUP BY" not in statement


async def _plans(api: Api, path: str, body: object = None) -> dict[str, list[str]]:
    connection = api.emulator.services.store.connection
    statements: list[str] = []
    connection.set_trace_callback(statements.append)
    answered = await api.send("GET" if body is None else "POST", path, body)
    connection.set_trace_callback(None)
    assert answered.status_code == 200, answered.text
    lookups = filter(_is_lookup, statements)
    return {each: [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {each}")] for each in lookups}


def _is_slow(step: str) -> bool:
    return "TEMP B-TREE" in step or (step.startswith("SCAN") and " INDEX " not in step)


@pytest.mark.parametrize(("path", "body"), [*((path, None) for path in READS), *WRITES])
async def test_a_request_finds_its_rows_by_an_index(path: str, body: str | None) -> None:
    async with serving(replies=Backend()) as api:
        ids = await _world(api)
        plans = await _plans(api, path.format(**ids), json.loads(Template(body).substitute(ids)) if body else None)
        assert plans
        assert {each: plan for each, plan in plans.items() if any(map(_is_slow, plan))} == {}
