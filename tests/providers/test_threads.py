"""AssistantsThreads over servers with manners of their own: what is sent, repeated and understood."""

import asyncio
from collections.abc import Callable

import httpx2
import pytest

from asstctl.core.errors import AnswerLost, BadAnswer, RateLimited, ServerFault, Unreachable
from asstctl.core.thread import RunState, Said, Usage
from asstctl.providers.assistants.polling import CEILING, FLOOR, LONGEST, Durations, asked_wait, next_wait
from asstctl.providers.assistants.provider import Provider
from asstctl.providers.assistants.runs import state_of

Handler = Callable[[httpx2.Request], httpx2.Response]

DONE = {"id": "run_1", "status": "completed", "usage": {"prompt_tokens": 3, "completion_tokens": 4}}
REPLY = {
    "data": [
        {"role": "assistant", "run_id": "run_1", "content": [{"type": "text", "text": {"value": "hello"}}]},
        {"role": "assistant", "run_id": "run_0", "content": [{"type": "text", "text": {"value": "old"}}]},
    ]
}


def provider(handler: Handler) -> Provider:
    return Provider("https://example.org/v1", httpx2.MockTransport(handler), place="example.org")


@pytest.mark.anyio
async def test_a_run_that_is_over_at_once_is_not_looked_at_again() -> None:
    """Some servers answer the create when the run is done: two requests, and no other run's text."""
    seen: list[str] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        seen.append(f"{request.method} {request.url.path}")
        return httpx2.Response(200, json=DONE if request.method == "POST" else REPLY)

    async with provider(answer) as opened:
        state = await opened.thread_host().run("thread_1", "asst_1")

    assert state == RunState("run_1", "completed", reply="hello", usage=Usage(3, 4))
    assert seen == ["POST /v1/threads/thread_1/runs", "GET /v1/threads/thread_1/messages"]


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("broken", "error", "requests"),
    [
        (httpx2.ReadError("x"), AnswerLost, 1),
        (httpx2.ReadTimeout("x"), AnswerLost, 1),
        (httpx2.Response(500), ServerFault, 1),
        (httpx2.Response(200, json=[]), BadAnswer, 1),
        (httpx2.Response(429, headers={"retry-after-ms": "1"}), RateLimited, 3),
        (httpx2.ConnectError("x"), Unreachable, 3),
    ],
)
async def test_a_create_is_repeated_only_where_it_did_nothing(
    monkeypatch: pytest.MonkeyPatch, broken: httpx2.Response | Exception, error: type[Exception], requests: int
) -> None:
    """The SDK's own repeats are off; ours know which are safe."""
    monkeypatch.setattr("random.random", lambda: -1.5)  # pauses of length 0
    seen: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        if isinstance(broken, Exception):
            raise broken
        return broken

    async with provider(answer) as opened:
        with pytest.raises(error):
            await opened.thread_host().open()

    assert len(seen) == requests


@pytest.mark.parametrize(
    ("run", "error"),
    [
        ({"status": "failed", "last_error": {"code": "server_error", "message": "oops"}}, "server_error: oops"),
        ({"status": "failed", "last_error": {"message": "oops"}}, "oops"),
        ({"status": "incomplete", "incomplete_details": {"reason": "max_prompt_tokens"}}, "max_prompt_tokens"),
        ({"status": "expired"}, ""),
    ],
)
def test_the_reason_of_a_failed_run(run: dict[str, object], error: str) -> None:
    """Taken from where the wire puts it."""
    assert state_of({"id": "run_1", **run}, "").error == error


@pytest.mark.parametrize(
    "run",
    [
        {"id": "run_1", "status": "dreaming"},
        {"id": "run_1"},
        {"status": "completed"},
        {"id": "run_1", "status": "requires_action"},
        {"id": "run_1", "status": "requires_action", "required_action": {"submit_tool_outputs": {"tool_calls": [{}]}}},
    ],
)
def test_what_is_no_run_is_a_bad_answer(run: dict[str, object]) -> None:
    """Instead of a wait without end, or a crash."""
    with pytest.raises(BadAnswer):
        state_of(run, "")


@pytest.mark.parametrize(
    ("headers", "look", "seconds"),
    [
        ({"openai-poll-after-ms": "250"}, 0, 0.25),
        ({"openai-poll-after-ms": "0"}, 0, FLOOR),
        ({"openai-poll-after-ms": "-5"}, 9, FLOOR),
        ({"openai-poll-after-ms": "999999"}, 0, CEILING),
        ({"openai-poll-after-ms": "nan"}, 0, LONGEST),
        ({"openai-poll-after-ms": "soon"}, 0, 0.1),
        ({}, 0, 0.1),
        ({}, 1, pytest.approx(0.15)),
        ({}, 10_000, LONGEST),
    ],
)
def test_the_wait_between_looks(headers: dict[str, str], look: int, seconds: float) -> None:
    """The server's word within bounds, else waits that grow."""
    assert asked_wait(headers, look) == seconds


@pytest.mark.anyio
async def test_all_hosts_of_a_server_share_what_they_learn_of_its_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each conversation has a host of its own, and only its first run would be looked at in vain."""
    waits: list[float] = []
    sleep = asyncio.sleep

    async def noted(seconds: float) -> None:
        waits.append(seconds)
        await sleep(seconds)

    def answer(request: httpx2.Request) -> httpx2.Response:
        if request.url.path.endswith("/messages"):
            return httpx2.Response(200, json=REPLY)
        status = "completed" if len(waits) >= 2 else "in_progress"
        if request.method == "POST":
            status = "queued"
        return httpx2.Response(200, json={**DONE, "status": status}, headers={"openai-poll-after-ms": "20"})

    monkeypatch.setattr("asyncio.sleep", noted)
    async with provider(answer) as opened:
        await opened.thread_host().run("thread_1", "asst_1")
        await opened.thread_host().run("thread_2", "asst_1")

    assert waits[:2] == [0.02, 0.02]
    assert len(waits) == 3
    assert waits[2] > 0.03


def test_later_looks_come_as_seldom_as_the_age_of_a_run_allows() -> None:
    """A twentieth of its age, unless the server asks for more, and never more than a second."""
    assert next_wait(0.01, 0.05) == 0.01
    assert next_wait(0.01, 4.0) == pytest.approx(0.2)
    assert next_wait(3.0, 4.0) == 3.0
    assert next_wait(0.01, 600.0) == LONGEST


def test_the_first_look_waits_for_most_of_a_run() -> None:
    """Most of the shortest of the last runs, never less than asked, never more than a second."""
    durations = Durations()
    assert durations.first_wait(0.01) == 0.01

    for seconds in (0.5, 0.05, 9.0):
        durations.note(seconds)
    assert durations.first_wait(0.01) == pytest.approx(0.0475)
    assert durations.first_wait(0.3) == 0.3

    for _ in range(8):
        durations.note(60.0)
    assert durations.first_wait(0.01) == LONGEST


@pytest.mark.anyio
async def test_an_id_of_the_server_leads_to_no_other_path() -> None:
    seen: list[str] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        seen.append(request.url.raw_path.decode())
        return httpx2.Response(200, json=REPLY if request.method == "GET" else {**DONE, "id": "../../x?y#z"})

    async with provider(answer) as opened:
        host = opened.thread_host()
        thread = (await host.open()).thread
        await host.post(thread, Said("user", "hi"))

    assert seen == ["/v1/threads", "/v1/threads/..%2F..%2Fx%3Fy%23z/messages"]
