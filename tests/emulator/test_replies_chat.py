"""The chat backend against a fake endpoint: what it sends, what it makes of answers, when it tries again."""

import json
from types import SimpleNamespace
from typing import Any

import httpx2
import pytest

from asstctl.emulator.errors import UnknownReplies
from asstctl.emulator.replies import chat
from asstctl.emulator.replies.chat import Chat, ChatSettings
from tests.emulator.harness import ASK, serving

pytestmark = pytest.mark.anyio

_USAGE = {
    "prompt_tokens": 50,
    "completion_tokens": 7,
    "total_tokens": 57,
    "prompt_tokens_details": {"cached_tokens": 10},
    "completion_tokens_details": {"reasoning_tokens": 3},
}


def _says(text: str | None, *calls: tuple[str, str], finish: str = "stop") -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": text}
    if calls:
        message["tool_calls"] = [
            {"id": f"theirs_{index}", "type": "function", "function": {"name": name, "arguments": arguments}}
            for index, (name, arguments) in enumerate(calls)
        ]
    return {"choices": [{"index": 0, "finish_reason": finish, "message": message}], "usage": _USAGE}


class Endpoint:
    """A chat-completions endpoint that answers from a list and remembers the requests."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.requests: list[httpx2.Request] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, httpx2.Response) else httpx2.Response(200, json=answer)

    def backend(self, **settings: Any) -> Chat:
        settings = {"base_url": "https://model.test/v1/", "api_key": "sk-secret", **settings}
        return Chat(ChatSettings.read(settings), httpx2.MockTransport(self))

    def body(self, index: int = -1) -> Any:
        return json.loads(self.requests[index].content)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    # Only the backend's own: the server sleeps too, and would go on for ever if that took no time.
    monkeypatch.setattr(chat, "asyncio", SimpleNamespace(sleep=sleep))
    return waited


async def test_the_endpoint_gets_what_the_run_says() -> None:
    endpoint = Endpoint(_says("Hello."))
    async with serving(replies=endpoint.backend(models={"gpt-4o": "small", "*": "other"})) as api:
        assistant = await api.assistant(instructions="Be brief.", tools=[ASK], temperature=0.3, top_p=0.9)
        thread = await api.thread("hi")
        run = await api.run(
            thread["id"],
            assistant["id"],
            tool_choice={"type": "function", "function": {"name": "ask_database"}},
            response_format={"type": "json_object"},
            max_completion_tokens=99,
            parallel_tool_calls=False,
            reasoning_effort="low",
        )
        assert "demands a call" in run["last_error"]["message"]
    request = endpoint.requests[0]
    assert str(request.url) == "https://model.test/v1/chat/completions"
    assert request.headers["authorization"] == "Bearer sk-secret"
    assert endpoint.body() == {
        "model": "small",
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "hi"}],
        "temperature": 0.3,
        "top_p": 0.9,
        "stream": True,
        "stream_options": {"include_usage": True},
        "tools": [{"type": "function", "function": {**ASK["function"], "strict": False}}],
        "parallel_tool_calls": False,
        "tool_choice": {"type": "function", "function": {"name": "ask_database"}},
        "response_format": {"type": "json_object"},
        "max_tokens": 99,
        "reasoning_effort": "low",
    }


async def test_calls_go_out_and_their_outputs_go_back() -> None:
    endpoint = Endpoint(
        _says("Looking.", ("ask_database", '{"query": "a"}'), ("ask_database", '{"query": "b"}'), finish="tool_calls"),
        _says("Done."),
    )
    async with serving(replies=endpoint.backend()) as api:
        assistant, thread = await api.assistant(tools=[ASK]), await api.thread("hi")
        run = await api.run(thread["id"], assistant["id"])
        calls = run["required_action"]["submit_tool_outputs"]["tool_calls"]
        assert [call["function"]["arguments"] for call in calls] == ['{"query": "a"}', '{"query": "b"}']
        run = await api.answer(run, "1", "2")
        assert (run["status"], await api.reply(run)) == ("completed", "Done.")
        assert run["usage"]["prompt_tokens"] == 100
        assert run["usage"]["prompt_token_details"] == {"cached_tokens": 20}
        assert run["usage"]["completion_tokens_details"] == {"reasoning_tokens": 6}
    assert endpoint.body()["messages"][1:] == [
        {
            "role": "assistant",
            "content": "Looking.",
            "tool_calls": [{key: call[key] for key in ("id", "type", "function")} for call in calls],
        },
        {"role": "tool", "tool_call_id": calls[0]["id"], "content": "1"},
        {"role": "tool", "tool_call_id": calls[1]["id"], "content": "2"},
    ]
    assert "reasoning_effort" not in endpoint.body()


@pytest.mark.parametrize(("models", "asked"), [({}, "gpt-4o"), ({"*": "any"}, "any"), ({"gpt-4o": "a", "*": "b"}, "a")])
async def test_models_are_mapped(models: dict[str, str], asked: str) -> None:
    endpoint = Endpoint(_says("ok"))
    async with serving(replies=endpoint.backend(models=models)) as api:
        assistant, thread = await api.assistant(), await api.thread("hi")
        run = await api.run(thread["id"], assistant["id"])
        assert run["model"] == "gpt-4o"
    assert endpoint.body()["model"] == asked


async def test_an_answer_cut_at_the_limit_is_incomplete_and_whole() -> None:
    endpoint = Endpoint(_says("a rather long text that the endpoint counted itself", finish="length"))
    async with serving(replies=endpoint.backend()) as api:
        assistant, thread = await api.assistant(), await api.thread("hi")
        run = await api.run(thread["id"], assistant["id"], max_completion_tokens=2)
        assert run["incomplete_details"] == {"reason": "max_completion_tokens"}
        assert await api.reply(run) == "a rather long text that the endpoint counted itself"


@pytest.mark.parametrize(
    ("answers", "code", "text"),
    [
        ([httpx2.Response(429, json={"error": {"message": "slow down sk-secret"}})] * 3, "rate_limit_exceeded", "429"),
        ([httpx2.Response(503, text="oops")] * 3, "server_error", "answered 503: oops"),
        ([httpx2.Response(401, json={"error": {"message": "no such key"}})], "server_error", "401: no such key"),
        ([httpx2.Response(400, json={"error": "too long"})], "invalid_prompt", "answered 400: too long"),
        ([httpx2.ConnectError("refused")], "server_error", "cannot be reached: refused"),
        ([httpx2.ReadTimeout("slow")], "server_error", "did not answer in 60 s"),
        ([httpx2.Response(200, text="<html>")], "server_error", "did not answer with JSON"),
        ([{"error": {"message": "no model sk-secret"}}], "server_error", "failed: no model [key]"),
        ([{"choices": []}], "server_error", "did not answer with a chat completion"),
        ([[]], "server_error", "did not answer with a chat completion"),
    ],
)
async def test_what_goes_wrong_out_there_fails_the_run(answers: list[Any], code: str, text: str) -> None:
    endpoint = Endpoint(*answers)
    async with serving(replies=endpoint.backend()) as api:
        assistant, thread = await api.assistant(), await api.thread("hi")
        run = await api.run(thread["id"], assistant["id"])
        assert (run["status"], run["last_error"]["code"]) == ("failed", code)
        assert text in run["last_error"]["message"]
        assert "sk-secret" not in run["last_error"]["message"]
    assert endpoint.answers == []


async def test_a_failure_names_the_endpoint_with_its_port() -> None:
    """Several models may be served by one machine."""
    endpoint = Endpoint(httpx2.ConnectError("refused"))
    async with serving(replies=endpoint.backend(base_url="http://127.0.0.1:18434/v1")) as api:
        thread = await api.thread("hi")
        run = await api.run(thread["id"], (await api.assistant())["id"])
    assert run["last_error"]["message"] == "The chat endpoint 127.0.0.1:18434 cannot be reached: refused"


async def test_a_busy_endpoint_is_asked_twice_more(no_waiting: list[float]) -> None:
    busy = httpx2.Response(429, headers={"retry-after": "3"})
    endpoint = Endpoint(busy, httpx2.Response(500), _says("at last"))
    async with serving(replies=endpoint.backend()) as api:
        assistant, thread = await api.assistant(), await api.thread("hi")
        assert await api.reply(await api.run(thread["id"], assistant["id"])) == "at last"
    assert no_waiting == [3.0, 1.0]


def test_the_key_is_in_no_repr() -> None:
    assert "sk-secret" not in repr(ChatSettings("http://a", "sk-secret"))


async def test_a_line_break_around_the_key_is_not_sent() -> None:
    """It comes with `$(cat key)`, and a header cannot hold it."""
    endpoint = Endpoint(_says("Hello."))
    async with serving(replies=endpoint.backend(api_key="sk-secret\n")) as api:
        thread = await api.thread("hi")
        await api.run(thread["id"], (await api.assistant())["id"])

    assert endpoint.requests[0].headers["authorization"] == "Bearer sk-secret"


@pytest.mark.parametrize("key", ["sk-sec\nret", "sk-secr\u00e9t"])
def test_a_key_that_no_header_can_hold_is_refused_unquoted(key: str) -> None:
    with pytest.raises(UnknownReplies) as caught:
        ChatSettings.read({"base_url": "https://model.test/v1", "api_key": key})

    assert "sk-sec" not in str(caught.value)


@pytest.mark.parametrize(
    "answer",
    [
        httpx2.ReadError("illegal header b'Bearer sk-secret'"),
        httpx2.Response(400, json={"error": {"message": {"key": "sk-secret"}}}),
        httpx2.Response(400, text="sk-secret"),
        httpx2.Response(200, text="[" * 100_000),
        httpx2.Response(200, json=_says("your key is sk-secret")),
    ],
)
async def test_whatever_comes_back_the_key_is_in_no_message(answer: Any) -> None:
    async with serving(replies=Endpoint(answer).backend()) as api:
        thread = await api.thread("hi")
        run = await api.run(thread["id"], (await api.assistant())["id"])
        messages = await api.get(f"/threads/{thread['id']}/messages")

    assert "sk-secret" not in json.dumps([run, messages])
    assert "had an error while executing" not in json.dumps(run)


async def test_an_answer_without_end_fails_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chat, "_MAX_ANSWER", 1000)
    async with serving(replies=Endpoint(httpx2.Response(200, text=" " * 2000)).backend()) as api:
        thread = await api.thread("hi")
        run = await api.run(thread["id"], (await api.assistant())["id"])

    assert "sent more than" in run["last_error"]["message"]


@pytest.mark.parametrize(
    ("message", "said"),
    [({"content": "cut \ud83d"}, "cut ?"), ({"content": [5]}, "[5]"), ({"content": 5}, "5")],
)
async def test_a_text_that_no_answer_could_carry_is_mended(message: dict[str, Any], said: str) -> None:
    """Else the run could not even be written as failed, and would stay active."""
    body = json.dumps({"choices": [{"message": message}]})
    async with serving(replies=Endpoint(httpx2.Response(200, text=body)).backend()) as api:
        thread = await api.thread("hi")
        run = await api.run(thread["id"], (await api.assistant())["id"])

        assert (run["status"], await api.reply(run)) == ("completed", said)


@pytest.mark.parametrize(
    "usage", [{"prompt_tokens": "a", "completion_tokens": 1}, {"prompt_tokens": 1, "completion_tokens": None}]
)
async def test_a_usage_that_is_no_number_is_no_chat_completion(usage: dict[str, Any]) -> None:
    answer = {"choices": [{"message": {"content": "x"}}], "usage": usage}
    async with serving(replies=Endpoint(answer).backend()) as api:
        thread = await api.thread("hi")
        run = await api.run(thread["id"], (await api.assistant())["id"])

    assert "did not answer with a chat completion" in run["last_error"]["message"]


@pytest.mark.parametrize(("arguments", "status"), [({"query": "x"}, "requires_action"), ("[" * 5000, "failed")])
async def test_arguments_of_any_shape_end_in_a_call_or_a_sentence(arguments: Any, status: str) -> None:
    function = {"name": "ask_database", "arguments": arguments}
    answer = {"choices": [{"message": {"content": None, "tool_calls": [{"function": function}]}}]}
    async with serving(replies=Endpoint(answer).backend()) as api:
        thread = await api.thread("hi")
        run = await api.run(thread["id"], (await api.assistant(tools=[ASK]))["id"])

    assert run["status"] == status
    assert "had an error while executing" not in json.dumps(run)
