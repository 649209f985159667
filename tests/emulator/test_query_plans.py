"""What requests ask of the database finds its rows by an index, and in their order: no request grows with its table."""

import json
from string import Template

import pytest

from tests.emulator.harness import ASK, Api, Backend, serving
from tests.emulator.query_plans import is_slow, plans_of

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


@pytest.mark.parametrize(("path", "body"), [*((path, None) for path in READS), *WRITES])
async def test_a_request_finds_its_rows_by_an_index(path: str, body: str | None) -> None:
    async with serving(replies=Backend()) as api:
        ids = await _world(api)
        plans = await plans_of(api, path.format(**ids), json.loads(Template(body).substitute(ids)) if body else None)
        assert plans
        assert {each: plan for each, plan in plans.items() if any(map(is_slow, plan))} == {}
