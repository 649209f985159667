"""Whatever is sent to any route: no fault of the server, and every refusal in the shape of the wire.

The routes come from the server's own table, so a new one is struck too; a POST also wants an example of its body here.
"""

import asyncio
import json
import random
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import httpx2
import pytest

from asstctl.emulator.guard import Guard
from asstctl.emulator.routes import FORMS, ROUTES
from tests.emulator import fuzzing
from tests.emulator.harness import ASK, Api, serving
from tests.emulator.process import Server

pytestmark = pytest.mark.anyio

Json = Any

_TOOLS = [{"type": "code_interpreter"}, {"type": "file_search", "file_search": {"max_num_results": 3}}, ASK]
_SCHEMA = {"type": "object", "properties": {"answer": {"type": "string"}}, "required": ["answer"]}
_FORMAT = {"type": "json_schema", "json_schema": {"name": "answer", "schema": _SCHEMA, "strict": True}}
_MESSAGE = {
    "role": "user",
    "content": [
        {"type": "text", "text": "What is in it?"},
        {"type": "image_url", "image_url": {"url": "https://example.com/a.png", "detail": "low"}},
        {"type": "image_file", "image_file": {"file_id": "$file_id"}},
    ],
    "attachments": [{"file_id": "$file_id", "tools": [{"type": "code_interpreter"}]}],
    "metadata": {"k": "v"},
}
_ASSISTANT = {
    "model": "gpt-4o",
    "name": "a",
    "description": "d",
    "instructions": "i",
    "tools": _TOOLS,
    "tool_resources": {"code_interpreter": {"file_ids": ["$file_id"]}},
    "metadata": {"k": "v"},
    "temperature": 0.5,
    "top_p": 1,
    "reasoning_effort": "low",
    "response_format": _FORMAT,
}
_THREAD = {"messages": [_MESSAGE], "tool_resources": {"code_interpreter": {"file_ids": ["$file_id"]}}, "metadata": {}}
_RUN = {
    "assistant_id": "$assistant_id",
    "model": "gpt-4o",
    "instructions": "i",
    "tools": _TOOLS,
    "metadata": {"k": "v"},
    "temperature": 1,
    "top_p": 0.5,
    "max_prompt_tokens": 5_000,
    "max_completion_tokens": 500,
    "truncation_strategy": {"type": "last_messages", "last_messages": 2},
    "response_format": _FORMAT,
    "tool_choice": {"type": "function", "function": {"name": "ask_database"}},
    "parallel_tool_calls": False,
    "stream": True,
}
_METADATA = {"metadata": {"k": "v"}}
_CHUNKING = {"type": "static", "static": {"max_chunk_size_tokens": 200, "chunk_overlap_tokens": 50}}
_ATTACH = {"file_id": "$file_id", "chunking_strategy": _CHUNKING, "attributes": {"a": "x", "b": 2, "c": True}}
_FILTER = {
    "type": "and",
    "filters": [
        {"type": "in", "key": "a", "value": ["x", "y"]},
        {
            "type": "or",
            "filters": [{"type": "gte", "key": "b", "value": 1}, {"type": "ne", "key": "c", "value": False}],
        },
    ],
}

EXAMPLES: dict[str, Json] = {
    "/v1/assistants": _ASSISTANT,
    "/v1/assistants/{assistant_id}": _ASSISTANT,
    "/v1/threads": _THREAD,
    "/v1/threads/{thread_id}": {name: _THREAD[name] for name in ("tool_resources", "metadata")},
    "/v1/threads/{thread_id}/messages": _MESSAGE,
    "/v1/threads/{thread_id}/messages/{message_id}": _METADATA,
    "/v1/threads/runs": {**_RUN, "thread": _THREAD},
    "/v1/threads/{thread_id}/runs": {
        **_RUN,
        "additional_instructions": "more",
        "additional_messages": [_MESSAGE],
        "reasoning_effort": "high",
    },
    "/v1/threads/{thread_id}/runs/{run_id}": _METADATA,
    "/v1/threads/{thread_id}/runs/{run_id}/cancel": {},
    "/v1/threads/{thread_id}/runs/{run_id}/submit_tool_outputs": {
        "tool_outputs": [{"tool_call_id": "$call_id", "output": "42"}],
        "stream": False,
    },
    "/v1/uploads": {
        "filename": "a.txt",
        "purpose": "assistants",
        "bytes": 5,
        "mime_type": "text/plain",
        "expires_after": {"anchor": "created_at", "seconds": 3600},
    },
    "/v1/uploads/{upload_id}/complete": {"part_ids": ["$part_id"], "md5": "5d41402abc4b2a76b9719d911017c592"},
    "/v1/uploads/{upload_id}/cancel": {},
    "/v1/vector_stores": {
        "name": "n",
        "description": "d",
        "file_ids": ["$file_id"],
        "expires_after": {"anchor": "last_active_at", "days": 1},
        "chunking_strategy": _CHUNKING,
        "metadata": {"k": "v"},
    },
    "/v1/vector_stores/{vector_store_id}": {
        "name": "n",
        "expires_after": {"anchor": "last_active_at", "days": 1},
        "metadata": {"k": "v"},
    },
    "/v1/vector_stores/{vector_store_id}/search": {
        "query": ["hello", '"quoted" OR NEAR(x)'],
        "max_num_results": 3,
        "rewrite_query": True,
        "filters": _FILTER,
        "ranking_options": {"ranker": "auto", "score_threshold": 0.1},
    },
    "/v1/vector_stores/{vector_store_id}/files": _ATTACH,
    "/v1/vector_stores/{vector_store_id}/files/{file_id}": {"attributes": {"a": "x", "b": 2}},
    "/v1/vector_stores/{vector_store_id}/file_batches": {"files": [_ATTACH]},
    "/v1/vector_stores/{vector_store_id}/file_batches/{batch_id}/cancel": {},
}
"""For each path that takes a JSON body, one that is accepted; `$thread_id` is the id of a living thread."""


class World:
    """Living objects of every kind on one server, made anew whenever a case has used them up."""

    def __init__(self, api: Api, guarded: httpx2.AsyncClient) -> None:
        self.api = api
        self.guarded = guarded
        """The same server behind the guard that `asstctl serve` puts before it."""
        self.ids: dict[str, str] = {}

    async def renew(self) -> None:
        api = self.api
        file = await api.file("notes.txt", b"hello world. " * 20)
        upload = {"filename": "a.txt", "purpose": "assistants", "bytes": 5, "mime_type": "text/plain"}
        upload_id = (await api.post("/uploads", upload))["id"]
        part = (await api.http.post(f"/uploads/{upload_id}/parts", files={"data": b"hello"})).json()
        assistant = await api.assistant(tools=[ASK], metadata={"k": "v"})
        thread = await api.thread("hello")
        run = await api.run(thread["id"], assistant["id"], tool_choice="required")
        message = (await api.get(f"/threads/{thread['id']}/messages"))["data"][0]
        step = (await api.get(f"/threads/{thread['id']}/runs/{run['id']}/steps"))["data"][0]
        self.ids = {
            "assistant_id": assistant["id"],
            "thread_id": thread["id"],
            "message_id": message["id"],
            "run_id": run["id"],
            "step_id": step["id"],
            "call_id": step["step_details"]["tool_calls"][0]["id"],
            "file_id": file["id"],
            "upload_id": upload_id,
            "part_id": part["id"],
            "model": "gpt-4o",
            "rest": "x",
        }
        if ("POST", "/v1/vector_stores") in ROUTES:
            store = await api.post("/vector_stores", {"name": "s"})
            batch = await api.post(f"/vector_stores/{store['id']}/file_batches", {"file_ids": [file["id"]]})
            self.ids |= {"vector_store_id": store["id"], "batch_id": batch["id"]}

    async def free_thread(self) -> None:
        """Let the thread's run go, for routes that a run would keep from being reached."""
        for run in (await self.api.get(f"/threads/{self.ids['thread_id']}/runs", limit=1))["data"]:
            if run["status"] == "requires_action":
                run = await self.api.post(f"/threads/{run['thread_id']}/runs/{run['id']}/cancel")
            await self.api.rest(run)

    def filled(self, example: Json) -> Json:
        text = json.dumps(example)
        for name, found in self.ids.items():
            text = text.replace(f'"${name}"', f'"{found}"')
        return json.loads(text)


@asynccontextmanager
async def _world(*, lenient: bool = False) -> AsyncIterator[World]:
    async with serving(lenient=lenient) as api:
        guarded = Guard("127.0.0.1", hosts=["local"]).around(api.emulator.app)
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(guarded)) as http:
            world = World(api, http)
            await world.renew()
            yield world


_KEEPS_RUN = ("/cancel", "/submit_tool_outputs", "/{run_id}", "/{step_id}", "/steps")
_USES_UP = ("/cancel", "/submit_tool_outputs", "/complete", "/{thread_id}")
_IDS = [f"{method}:{path}" for method, path in ROUTES]
_BODIES = sorted(path for (method, path), handler in ROUTES.items() if method == "POST" and handler not in FORMS)


async def _strike(world: World, method: str, pattern: str, chance: random.Random) -> None:
    """One request to a route, wrong in some way, and what must hold of the answer."""
    ids = {name: found if chance.random() < 0.9 else _strange_id(world, chance) for name, found in world.ids.items()}
    path = "/".join(quote(ids[part[1:-1]], safe="") if part[:1] == "{" else part for part in pattern.split("/"))
    headers = {"content-type": "application/json"}
    content = b""
    if ROUTES[method, pattern] in FORMS:
        name, texts = ("file", {"purpose": "assistants"}) if pattern == "/v1/files" else ("data", {})
        if chance.random() < 0.3:
            texts |= {"expires_after[anchor]": "created_at", "expires_after[seconds]": chance.choice(("3600", "x", ""))}
        headers["content-type"], content = fuzzing.form(chance, name, texts)
    elif method == "POST" and chance.random() < 0.97:
        example = world.filled(EXAMPLES.get(pattern, {}))
        body = example if chance.random() < 0.05 else fuzzing.mutated(chance, example)
        content = fuzzing.as_json(chance, body)
    if chance.random() < 0.05:
        strange = ("", "text/plain", "application/json; charset=utf-16", "multipart/form-data", "\xff", "x" * 9_000)
        headers["content-type"] = chance.choice(strange)
    if chance.random() < 0.05:
        name = chance.choice(("openai-beta", "authorization", "accept", "range", "host", "origin", "content-encoding"))
        headers[name] = chance.choice(("assistants=v1", "\xff", "gzip", "bytes=0-1", "null", "[::1", "x" * 9_000))
    query = fuzzing.query(chance, list(world.ids.values())) if chance.random() < 0.5 else []
    http = world.guarded if chance.random() < 0.5 else world.api.http
    await _judged(http, method, path, query, headers, content)


def _strange_id(world: World, chance: random.Random) -> str:
    """An id of another kind, or a text that a URL can carry and no id has."""
    texts = [text for text in fuzzing.TEXTS if 0 < len(text) < 1_000 and "\ud800" not in text]
    return chance.choice((*world.ids.values(), *texts))


async def _judged(
    http: httpx2.AsyncClient,
    method: str,
    path: str,
    query: list[tuple[str, str]],
    headers: dict[str, str],
    content: bytes,
) -> None:
    url = "http://local" + path
    raw = [(name.encode(), text.encode("latin-1")) for name, text in headers.items()]
    async with asyncio.timeout(30):
        response = await http.request(method, url, params=query, headers=raw, content=content)
    about = f"{method} {path} {query} {headers} {content[:2_000]!r}\n-> {response.status_code} {response.text[:500]}"
    assert response.status_code < 500, about
    assert response.headers["x-request-id"].startswith("req_"), about
    assert response.headers["x-content-type-options"] == "nosniff", about
    if response.status_code >= 400:
        error = response.json()["error"]
        assert response.headers["content-type"] == "application/json", about
        assert list(error) == ["message", "type", "param", "code"], about
        assert error["type"] == "invalid_request_error", about
        assert isinstance(error["message"], str), about
        assert error["message"], about
    elif response.headers.get("content-type") == "application/json" and not path.endswith("/content"):
        response.json()


async def _still_whole(api: Api) -> None:
    """Nothing that was accepted spoils a listing, and no run met a fault of the server."""
    assert (await api.get("/models"))["object"] == "list"
    store = api.emulator.services.store
    for path in ("/assistants", "/files", "/vector_stores"):
        if ("GET", f"/v1{path}") in ROUTES:
            page = await api.get(path, limit=100)
            while page["has_more"]:
                page = await api.get(path, limit=100, after=page["last_id"])
    for (body,) in store.connection.execute("SELECT body FROM store_files").fetchall():
        taken = json.loads(body)
        if not taken["id"].startswith("file-"):
            # The lenient mode keeps any id, also one that no path can name.
            continue
        await api.emulator.services.knowledge.settled(api.emulator.services, [taken["vector_store_id"]])
        path = f"/vector_stores/{taken['vector_store_id']}/files/{quote(taken['id'], safe='')}"
        assert "had an error" not in (await api.http.get(path)).text
        assert (await api.http.get(f"{path}/content")).status_code in (200, 400, 404), taken
    for (body,) in store.connection.execute("SELECT body FROM runs").fetchall():
        run = json.loads(body)
        path = f"/threads/{run['thread_id']}"
        await api.rest(await api.get(f"{path}/runs/{run['id']}"))
        await api.get(f"{path}/runs/{run['id']}/steps")
        await api.get(f"{path}/messages", limit=100)
        assert "had an error" not in str(run["last_error"]), run
    assert store.connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


async def _fuzz(method: str, pattern: str, seed: int, cases: int, *, lenient: bool) -> None:
    async with _world(lenient=lenient) as world:
        spent = method == "DELETE" or pattern.endswith(_USES_UP)
        for case in range(cases):
            if case and (spent or case % 50 == 0):
                await world.renew()
            if "thread_id" in pattern and not pattern.endswith(_KEEPS_RUN):
                await world.free_thread()
            await _strike(world, method, pattern, random.Random(f"{seed} {case}"))
        await _still_whole(world.api)


@pytest.mark.parametrize("lenient", [False, True], ids=["strict", "lenient"])
@pytest.mark.parametrize(("method", "pattern"), list(ROUTES), ids=_IDS)
async def test_a_wrong_request_is_refused_in_the_shape_of_the_wire(method: str, pattern: str, lenient: bool) -> None:
    await _fuzz(method, pattern, seed=1, cases=8, lenient=lenient)


@pytest.mark.slow
@pytest.mark.parametrize("lenient", [False, True], ids=["strict", "lenient"])
@pytest.mark.parametrize(("method", "pattern"), list(ROUTES), ids=_IDS)
async def test_many_wrong_requests_are_refused_in_the_shape_of_the_wire(
    method: str, pattern: str, lenient: bool
) -> None:
    await _fuzz(method, pattern, seed=2, cases=200, lenient=lenient)


@pytest.mark.parametrize("pattern", _BODIES)
async def test_the_example_of_each_body_is_accepted(pattern: str) -> None:
    """A mutation of an example that is wrong already would never reach the code behind the first check."""
    async with _world() as world:
        if "thread_id" in pattern and not pattern.endswith(_KEEPS_RUN):
            await world.free_thread()
        path = pattern.format(**world.ids)
        response = await world.api.http.post(f"http://local{path}", json=world.filled(EXAMPLES[pattern]))
        assert response.status_code == 200, response.text


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "PUT", "PATCH", "HEAD", "OPTIONS", "TRACE", "BREW"])
async def test_any_method_on_any_path_is_answered(method: str) -> None:
    chance = random.Random(method)
    async with _world() as world:
        for pattern in sorted({path for _, path in ROUTES}):
            parts = pattern.format(**world.ids).split("/")
            parts.insert(chance.randrange(len(parts) + 1), chance.choice(("", "x", "..", "%00", "%ff", "%2f")))
            for path in (pattern.format(**world.ids), "/".join(parts) or "/"):
                url = f"http://local{path}" if path.startswith("/") else f"http://local/{path}"
                response = await world.api.http.request(method, url)
                assert response.status_code < 500, (method, path, response.text)


_REQUEST = (
    b"POST /v1/threads HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
    b"content-length: 17\r\nconnection: close\r\n\r\n"
    b'{"metadata": {}}\n'
)
_CHUNKED = (
    b"POST /v1/files HTTP/1.1\r\nhost: localhost\r\ncontent-type: multipart/form-data; boundary=x\r\n"
    b"transfer-encoding: chunked\r\nconnection: close\r\n\r\n"
    b'40\r\n--x\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\n7\r\n--x--\r\n\r\n0\r\n\r\n'
)


def _strike_socket(port: int, raw: bytes) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        answer = b""
        try:
            connection.sendall(raw)
            connection.shutdown(socket.SHUT_WR)
            while received := connection.recv(65_536):
                answer += received
        except OSError:
            pass
    if answer:
        assert answer.startswith(b"HTTP/1.1 "), (raw[:500], answer[:500])
        assert int(answer[9:12]) < 500, (raw[:500], answer[:500])


def _fuzz_socket(database: Path, seed: int, cases: int) -> None:
    server = Server(database)
    try:
        port = urlsplit(server.url).port
        assert port is not None
        for case in range(cases):
            chance = random.Random(f"{seed} {case}")
            raw = fuzzing.broken(chance, chance.choice((_REQUEST, _CHUNKED)))
            _strike_socket(port, fuzzing.broken(chance, raw) if chance.random() < 0.5 else raw)
        assert httpx2.get(f"{server.url}/models").status_code == 200
    finally:
        code, said = server.stop()
    assert (code, said) == (0, "")


def test_broken_bytes_on_the_socket_are_refused_without_a_word_in_the_log(tmp_path: Path) -> None:
    _fuzz_socket(tmp_path / "local.db", seed=1, cases=40)


@pytest.mark.slow
def test_many_broken_bytes_on_the_socket_are_refused_without_a_word_in_the_log(tmp_path: Path) -> None:
    _fuzz_socket(tmp_path / "local.db", seed=2, cases=2_000)
