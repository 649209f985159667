"""Servers of this wire that do it differently, imitated: what a client of each of them meets."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from asstctl.emulator.faults.treatments import unnamed_frames
from tests.emulator.harness import ASK, Api, serving

pytestmark = pytest.mark.anyio

NATIVE, PASSTHROUGH, HYBRID, ASTRA = (
    ["dialect=litellm-native"],
    ["dialect=litellm-passthrough"],
    ["dialect=litellm-hybrid"],
    ["dialect=astra"],
)
OPENAI = "http://local/openai/v1"


ASTRA_HEADERS = {"astra-api-token": "AstraCS:token", "openai-beta": "assistants=v2"}


@asynccontextmanager
async def astra() -> AsyncIterator[Api]:
    async with serving(faults=ASTRA) as api:
        api.http.headers.update(ASTRA_HEADERS)
        yield api


async def _many(api: Api, count: int) -> list[str]:
    return [(await api.assistant(name=str(number)))["id"] for number in range(count)]


@pytest.mark.parametrize("query", ["", "?limit=3", "?order=asc", "?limit=100", "?after={first}", "?before={first}"])
async def test_litellm_lists_the_newest_20_whatever_is_asked(query: str) -> None:
    async with serving(faults=NATIVE) as api:
        ids = await _many(api, 25)
        page = await api.get(f"/assistants{query.format(first=ids[0])}")
        assert (list(reversed(ids[5:])), True) == ([each["id"] for each in page["data"]], page["has_more"])


@pytest.mark.parametrize(
    ("method", "path", "status", "allow"),
    [
        ("GET", "/assistants/asst_x", 405, "DELETE"),
        ("POST", "/assistants/asst_x", 405, "DELETE"),
        ("POST", "/threads/thread_x", 405, "GET"),
        ("DELETE", "/threads/thread_x", 405, "GET"),
        ("GET", "/threads/thread_x/messages/msg_x", 404, None),
        ("POST", "/threads/thread_x/messages/msg_x", 404, None),
        ("DELETE", "/threads/thread_x/messages/msg_x", 404, None),
        ("GET", "/threads/thread_x/runs", 405, "POST"),
        ("GET", "/threads/thread_x/runs/run_x", 404, None),
        ("POST", "/threads/thread_x/runs/run_x", 404, None),
        ("POST", "/threads/thread_x/runs/run_x/cancel", 404, None),
        ("GET", "/threads/thread_x/runs/run_x/steps", 404, None),
        ("POST", "/threads/thread_x/runs/run_x/submit_tool_outputs", 404, None),
        ("POST", "/threads/runs", 405, "GET"),
        ("GET", "/nothing", 404, None),
    ],
)
async def test_litellm_does_not_route_most_operations(method: str, path: str, status: int, allow: str | None) -> None:
    async with serving(faults=NATIVE) as api:
        response = await api.send(method, path, {})
        detail = {"detail": "Not Found" if status == 404 else "Method Not Allowed"}
        assert (status, detail, allow) == (response.status_code, response.json(), response.headers.get("allow"))
        assert "x-litellm-version" not in response.headers


async def test_litellm_drops_fields_and_bodies() -> None:
    async with serving(faults=NATIVE) as api:
        response = await api.send(
            "POST", "/assistants", {"model": "m", "metadata": {"k": "v"}, "reasoning_effort": "high", "colour": 1}
        )
        assistant = response.json()
        assert (assistant["metadata"], assistant["reasoning_effort"]) == ({"k": "v"}, None)
        assert response.headers["x-litellm-version"]
        thread = await api.post(
            "/threads", {"messages": [{"role": "user", "content": "lost"}], "metadata": {"k": "v"}, "nonsense": 1}
        )
        assert thread["metadata"] == {}
        assert (await api.get(f"/threads/{thread['id']}/messages"))["data"] == []
        assert "tool_resources" not in await api.get(f"/threads/{thread['id']}")
        # The root without /v1 is the same.
        assert (await api.send("GET", "http://local/assistants")).json()["data"] == [assistant]


async def test_litellm_answers_a_run_once_it_is_at_rest() -> None:
    async with serving(faults=NATIVE, reply_delay=0.02) as api:
        assistant, thread = await api.assistant(tools=[ASK]), await api.thread()
        await api.post(
            f"/threads/{thread['id']}/messages", {"role": "user", "content": "hello", "metadata": {"k": "v"}}
        )
        body = {"assistant_id": assistant["id"], "temperature": 0.5, "metadata": {"k": "v"}, "tool_choice": "required"}
        run = await api.post(f"/threads/{thread['id']}/runs", body)
        assert (run["status"], run["temperature"], run["metadata"]) == ("completed", 1.0, {"k": "v"})
        newest = (await api.get(f"/threads/{thread['id']}/messages"))["data"][0]
        assert newest["content"][0]["text"]["value"] == "hello"


async def test_litellm_wraps_errors_and_loses_their_code() -> None:
    async with serving(faults=NATIVE) as api:
        status, error = await api.refused("DELETE", "/assistants/asst_x")
        text = "litellm.NotFoundError: NotFoundError: OpenAIException - No assistant found with id 'asst_x'."
        assert (status, error["message"], error["code"]) == (404, text, "404")
        status, error = await api.refused("POST", "/assistants", {})
        assert (status, error["param"], error["code"]) == (400, None, "400")


async def test_litellm_looks_a_wrong_key_up_in_a_database_that_is_not_there() -> None:
    async with serving(faults=NATIVE, api_key="right") as api:
        assert (await api.send("GET", "/assistants")).status_code == 401
        response = await api.send("GET", "/assistants", headers={"authorization": "Bearer wrong"})
        assert (response.status_code, response.json()["error"]["type"]) == (400, "no_db_connection")


@pytest.mark.parametrize(("times", "expected"), [(1, 1), (2, 1), (3, 0)])
async def test_litellm_sends_a_create_up_to_three_times(times: int, expected: int) -> None:
    faults = [*NATIVE, *["answer=500:1:POST /assistants"] * times]
    async with serving(faults=faults) as api:
        response = await api.send("POST", "/assistants", {"model": "m"})
        assert (response.status_code == 200) == (expected == 1)
        assert len((await api.get("/assistants"))["data"]) == expected


async def test_litellm_makes_duplicates_of_what_was_lost_after_the_commit() -> None:
    async with serving(faults=[*NATIVE, "answer-after-commit=500:1:POST /assistants"]) as api:
        await api.assistant(name="a")
        assert [each["name"] for each in (await api.get("/assistants"))["data"]] == ["a", "a"]


async def test_litellm_streams_frames_without_names() -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    rewriting = unnamed_frames(send)
    await rewriting({"type": "http.response.start", "status": 200, "headers": []})
    for piece in (
        b": ping\n\nevent: thread.run.created\nda",
        b'ta: {"id":"run_x"}\n',
        b"\nevent: done\ndata: [DONE]\n\n",
    ):
        await rewriting({"type": "http.response.body", "body": piece, "more_body": True})
    frames = b"".join(message.get("body", b"") for message in sent).split(b"\n\n")
    assert json.loads(frames[0].removeprefix(b"data: ")) == {"event": "thread.run.created", "data": {"id": "run_x"}}
    assert frames[1:] == [b"data: [DONE]", b""]


async def test_streams_go_through_in_the_manner_of_each() -> None:
    for faults, named in ((NATIVE, False), (PASSTHROUGH, True), (ASTRA, True)):
        async with serving(faults=faults) as api:
            api.http.headers.update(ASTRA_HEADERS)
            assistant, thread = await api.assistant(), await api.thread()
            await api.post(f"/threads/{thread['id']}/messages", {"role": "user", "content": "hello"})
            body = {"assistant_id": assistant["id"], "stream": True}
            text = (await api.send("POST", f"/threads/{thread['id']}/runs", body)).text
            assert text.endswith("data: [DONE]\n\n")
            assert ("event: thread.run.completed" in text) is named
            assert ('{"event": "thread.run.completed", "data": {' in text) is not named


@pytest.mark.parametrize("root", ["http://local/v1", "http://local/openai/v1", "http://local/openai"])
async def test_the_passthrough_carries_everything_but_metadata(root: str) -> None:
    async with serving(faults=PASSTHROUGH) as api:
        response = await api.send("POST", f"{root}/assistants", {"model": "m", "metadata": {"k": "v"}})
        created = response.json()
        assert created["metadata"] == {}
        assert "x-litellm-version" not in response.headers
        assert response.headers["x-litellm-call-id"]
        path = f"{root}/assistants/{created['id']}"
        updated = (await api.send("POST", path, {"name": "n", "metadata": {"k": "v"}})).json()
        assert (updated["name"], updated["metadata"]) == ("n", {})
        assert (await api.send("GET", path)).json() == updated
        body = {"assistant_id": created["id"], "metadata": {"k": "v"}}
        body["thread"] = {"messages": [{"role": "user", "content": "hi"}], "metadata": {"nested": "kept"}}
        run = (await api.send("POST", f"{root}/threads/runs", body)).json()
        assert (run["status"], run["metadata"]) == ("queued", {})
        thread = (await api.send("GET", f"{root}/threads/{run['thread_id']}")).json()
        assert thread["metadata"] == {"nested": "kept"}
        missing = await api.send("GET", f"{root}/assistants/asst_x")
        assert missing.json()["error"]["message"] == "No assistant found with id 'asst_x'."


async def test_the_two_ways_into_litellm_share_their_objects() -> None:
    async with serving(faults=HYBRID) as api:
        created = await api.assistant(metadata={"mark": "kept"})
        path = f"{OPENAI}/assistants/{created['id']}"
        updated = (await api.send("POST", path, {"name": "n", "metadata": {"mark": "new"}})).json()
        assert (updated["name"], updated["metadata"]) == ("n", {"mark": "kept"})
        assert (await api.send("GET", f"/assistants/{created['id']}")).status_code == 405
        assert (await api.send("GET", path)).json() == updated


async def test_astra_lists_everything_in_one_page_and_refuses_cursors() -> None:
    async with astra() as api:
        ids = await _many(api, 25)
        page = await api.get("/assistants", limit=3, order="asc")
        assert (ids, False) == ([each["id"] for each in page["data"]], page["has_more"])
        for cursor in ("after", "before"):
            assert (await api.send("GET", f"/assistants?{cursor}={ids[0]}")).status_code == 400


async def test_astra_counts_milliseconds_and_deletes_what_is_not_there() -> None:
    async with astra() as api:
        assistant = await api.assistant()
        assert assistant["created_at"] > 10**12
        assert await api.get(f"/assistants/{assistant['id']}") == assistant
        assert (await api.get("/assistants"))["data"] == [assistant]
        for _ in range(2):
            deleted = {"id": assistant["id"], "object": "assistant", "deleted": True}
            assert await api.delete(f"/assistants/{assistant['id']}") == deleted


async def test_astra_lists_the_runs_of_every_thread() -> None:
    async with astra() as api:
        assistant, one = await api.assistant(), await api.thread("hello")
        first = await api.post(f"/threads/{one['id']}/runs", {"assistant_id": assistant["id"]})
        body = {"assistant_id": assistant["id"], "thread": {"messages": [{"role": "user", "content": "hi"}]}}
        second = await api.post("/threads/runs", body)
        for thread, expected in ((one["id"], [first, second]), (second["thread_id"], [second, first])):
            listed = (await api.get(f"/threads/{thread}/runs"))["data"]
            assert [each["id"] for each in expected] == [each["id"] for each in listed]
        assert (await api.refused("GET", "/threads/thread_x/runs"))[0] == 404


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/threads/thread_x/runs/run_x/cancel", 404),
        ("POST", "/threads/thread_x/runs/run_x", 405),
        ("GET", "/threads/thread_x/runs/run_x/steps", 404),
        ("POST", "/vector_stores/vs_x", 405),
        ("POST", "/vector_stores/vs_x/file_batches", 404),
    ],
)
async def test_astra_lacks_operations(method: str, path: str, status: int) -> None:
    async with astra() as api:
        response = await api.send(method, path, {})
        assert (response.status_code, list(response.json())) == (status, ["detail"])


@pytest.mark.parametrize("missing", ASTRA_HEADERS)
async def test_astra_takes_no_request_without_its_headers(missing: str) -> None:
    async with astra() as api:
        del api.http.headers[missing]
        assert (await api.refused("POST", "/assistants", {"model": "m"}))[0] in (401, 404)
        api.http.headers.update(ASTRA_HEADERS)
        assert (await api.get("/assistants"))["data"] == []


async def test_foundry_wants_a_version_in_the_query_and_a_bearer_token() -> None:
    async with serving(faults=["dialect=foundry"]) as api:
        url, token = "http://local/api/projects/demo/assistants", {"authorization": "Bearer t"}
        assert (await api.refused("GET", f"{url}?api-version=v1"))[0] == 401
        for query in ("", "?api-version=v2"):
            assert (await api.send("GET", url + query, headers=token)).status_code == 400
        made = await api.send("POST", f"{url}?api-version=v1", {"model": "m"}, headers=token)
        assert made.status_code == 200
        listed = await api.send("GET", f"{url}?api-version=v1", headers=token)
        assert listed.json()["data"] == [made.json()]
        assert (await api.send("GET", "/assistants", headers=token)).status_code == 404


@pytest.mark.parametrize("faults", [NATIVE, PASSTHROUGH, HYBRID, ASTRA, ["dialect=foundry"]])
async def test_health_is_the_same_in_every_dialect(faults: list[str]) -> None:
    async with serving(faults=faults) as api:
        assert (await api.http.get("http://local/health")).json() == {"status": "ok"}
