"""A judge over HTTP: what it asks, what it takes for an answer, and what it refuses."""

import json
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from asstctl.core.errors import (
    AnswerLost,
    AsstctlError,
    AuthFailed,
    BadAnswer,
    NotFound,
    RateLimited,
    Refused,
    Rejected,
    ServerFault,
    TapeMissing,
)
from asstctl.core.ports import Judge
from asstctl.core.tape import Answering, Asking
from asstctl.core.thread import Embedded, Judged, Usage
from asstctl.providers.judge import JudgeServer, open_judge, recorded_judge
from asstctl.providers.settings import JudgeSettings

pytestmark = pytest.mark.anyio

KEY = "sk-judge-sesame-1"
SCHEMA = {"type": "object"}
SETTINGS = JudgeSettings("strict", "https://judge.example/v1", KEY, "gpt-4o", "small", timeout=5)


class Server:
    """A server that answers with what it was given, in turn, and keeps the requests."""

    def __init__(self, *answers: httpx2.Response | Exception) -> None:
        self.requests: list[httpx2.Request] = []
        self._answers = list(answers)
        self.server = JudgeServer(SETTINGS, httpx2.MockTransport(self._answer), key=KEY)

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def bodies(self) -> list[Any]:
        return [json.loads(request.content) for request in self.requests]

    def judge(self) -> Judge:
        return self.server.judge()


def said(content: object, **more: object) -> httpx2.Response:
    choice = {"message": {"role": "assistant", "content": content}, "finish_reason": "stop"}
    usage = {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110}
    return httpx2.Response(200, json={"model": "gpt-4o-2024-08-06", "choices": [choice], "usage": usage, **more})


def refused(status: int, message: str = "no", **more: object) -> httpx2.Response:
    return httpx2.Response(status, json={"error": {"message": message, **more}})


async def ask(server: Server) -> Judged:
    return await server.judge().ask("Be strict.", "Is it?", schema=SCHEMA)


async def test_a_question_is_a_chat_completion_of_the_schema() -> None:
    server = Server(said('{"score": 1}'))

    judged = await ask(server)

    [request] = server.requests
    assert str(request.url) == "https://judge.example/v1/chat/completions"
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert server.bodies == [
        {
            "model": "gpt-4o",
            "messages": [
                {
                    "role": "system",
                    "content": "Be strict.\n\nAnswer with one JSON object of this JSON Schema and nothing else:\n"
                    '{"type": "object"}',
                },
                {"role": "user", "content": "Is it?"},
            ],
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "verdict", "schema": SCHEMA, "strict": True},
            },
        }
    ]
    assert judged == Judged({"score": 1}, Usage(100, 10), "gpt-4o-2024-08-06")


@pytest.mark.parametrize(
    "content",
    [
        '{"score": 1}',
        ' \n{"score": 1}\n',
        '```json\n{"score": 1}\n```',
        '<think>{"score": 0}, or\n```\n{}\n```?</think>\n{"score": 1}',
        'Here you are:\n```\n{"score": 1}\n```\nAnything else?',
    ],
)
async def test_an_answer_may_stand_in_a_code_fence(content: str) -> None:
    assert (await ask(Server(said(content)))).answer == {"score": 1}


@pytest.mark.parametrize(
    "answer",
    [
        said(""),
        said("yes"),
        said("[1]"),
        said('The verdict is {"score": 1}.'),
        said('```json\n{"score": 1}\n```\n```json\n{"score": 0}\n```'),
        said('{"score": NaN}'),
        said("[" * 100_000),
        said(None),
        said([{"type": "text", "text": "{}"}]),
        httpx2.Response(200, json={"choices": []}),
        httpx2.Response(200, json={"choices": [1]}),
        httpx2.Response(200, json={"choices": {"0": 1}}),
        httpx2.Response(200, json={}),
        httpx2.Response(200, json={"choices": [{"message": {"content": '{"a": 1}'}, "finish_reason": "length"}]}),
        httpx2.Response(200, text="<html>"),
        said(f'{{"score": 1, "reason": "{KEY}"}}'),
    ],
)
async def test_what_is_no_answer_is_a_bad_answer(answer: httpx2.Response) -> None:
    """And is shown in no message."""
    with pytest.raises(BadAnswer) as caught:
        await ask(Server(answer))

    assert KEY not in f"{caught.value} {caught.value.hint}"
    assert "<html>" not in str(caught.value)


async def test_usage_and_model_are_known_only_where_they_are_said() -> None:
    judged = await ask(Server(said("{}", usage=None, model=None)))

    assert (judged.usage, judged.model) == (None, "gpt-4o")


@pytest.mark.parametrize("status", [400, 422])
async def test_a_server_that_refuses_response_format_is_asked_without(status: int) -> None:
    """Once for each conversation, so that a tape of it is the same every time."""
    server = Server(refused(status, "response_format is not supported"), said('{"score": 1}'))
    judge = server.judge()

    for _ in range(2):
        assert (await judge.ask("i", "q", schema=SCHEMA)).answer == {"score": 1}

    assert ["response_format" in body for body in server.bodies] == [True, False, False]
    await server.judge().ask("i", "q", schema=SCHEMA)
    assert "response_format" in server.bodies[-1]


async def test_a_server_that_refuses_twice_has_refused() -> None:
    server = Server(refused(400, "too long"))

    with pytest.raises(Rejected, match="too long"):
        await ask(server)

    assert len(server.requests) == 2


@pytest.mark.parametrize(
    "answer, error, hint, requests",
    [
        (refused(401), AuthFailed, "Check api_key of judge strict in asstctl.yaml", 1),
        (refused(404, "The model `gpt-4o` does not exist"), NotFound, "Check the models of judge strict", 1),
        (refused(413), Rejected, "", 1),
        (refused(500), ServerFault, "", 1),
        (httpx2.ReadTimeout("x"), AnswerLost, "", 1),
        (httpx2.Response(307, headers={"location": "https://evil.example"}), Rejected, "base_url", 1),
        (httpx2.Response(429, headers={"retry-after": "0"}), RateLimited, "", 3),
    ],
)
async def test_trouble_is_told_in_terms_of_the_judge(
    answer: httpx2.Response | Exception, error: type[AsstctlError], hint: str, requests: int
) -> None:
    """A judge is no target, and has nothing to plan; only what certainly was not answered is asked again."""
    server = Server(answer)

    with pytest.raises(error) as caught:
        await ask(server)

    assert hint in caught.value.hint
    assert "target" not in caught.value.hint
    assert "Plan" not in caught.value.hint
    assert len(server.requests) == requests


async def test_texts_become_vectors_in_their_order() -> None:
    data = [{"index": 1, "embedding": [3, 4.5]}, {"index": 0, "embedding": [1, 2]}]
    server = Server(httpx2.Response(200, json={"model": "small-1", "data": data, "usage": {"prompt_tokens": 7}}))

    embedded = await server.judge().embed(["a", "b"])

    assert embedded == Embedded(((1.0, 2.0), (3.0, 4.5)), Usage(7, 0), "small-1")
    assert str(server.requests[0].url) == "https://judge.example/v1/embeddings"
    assert server.bodies == [{"model": "small", "input": ["a", "b"]}]


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        [{"index": 0, "embedding": [1]}],
        [{"index": 0, "embedding": [1]}, {"index": 0, "embedding": [1]}],
        [{"index": 0, "embedding": [1]}, {"index": 2, "embedding": [1]}],
        [{"index": 0, "embedding": [1]}, {"index": 1, "embedding": []}],
        [{"index": 0, "embedding": [1]}, {"index": 1, "embedding": "AACAPw=="}],
        [{"index": 0, "embedding": [1]}, {"index": 1, "embedding": [True]}],
        [{"index": 0, "embedding": [1]}, {"index": 1, "embedding": ["1"]}],
        [{"index": 0, "embedding": [1]}, {"index": 1, "embedding": [10**400]}],
        [{"index": 0, "embedding": [1]}, {"index": "1", "embedding": [1]}],
        [1, 2],
    ],
)
async def test_vectors_that_are_none_are_a_bad_answer(data: Any) -> None:
    with pytest.raises(BadAnswer, match="not one vector of numbers for each text"):
        await Server(httpx2.Response(200, json={"data": data})).judge().embed(["a", "b"])


class MemoryDeck:
    """A tape in memory: it keeps everything, or answers from what was kept."""

    def __init__(self, kept: list[tuple[Asking, Answering]], *, replays: bool) -> None:
        self.kept = kept
        self.replays = replays
        self.real = False

    def now(self) -> float:
        return 0.0

    def play(self, asking: Asking) -> Answering:
        for one, answering in self.kept:
            if one == asking:
                return answering
        raise TapeMissing("it is not on the tape")

    def passed(self, seconds: float) -> None:
        pass

    def asked(self) -> int:
        return len(self.kept)

    def keep(self, place: int, asking: Asking, answering: Answering) -> None:
        self.kept.append((asking, answering))


async def test_what_a_judge_is_asked_is_taped_and_needs_no_key_to_be_replayed() -> None:
    server = Server(said('{"score": 1}'))
    kept: list[tuple[Asking, Answering]] = []
    first = await server.server.judge(MemoryDeck(kept, replays=False)).ask("i", "q", schema=SCHEMA)

    recorded = recorded_judge(JudgeSettings("strict", "https://judge.example/v1", None, "gpt-4o"))
    again = await recorded.judge(MemoryDeck(kept, replays=True)).ask("i", "q", schema=SCHEMA)

    assert first == again
    [(asking, answering)] = kept
    assert (asking.method, asking.path) == ("POST", "/chat/completions")
    assert KEY not in repr((asking, answering))


async def test_a_question_that_is_not_on_the_tape_is_not_sent() -> None:
    recorded = recorded_judge(SETTINGS)
    for judge in (recorded.judge(MemoryDeck([], replays=True)), recorded.judge()):
        with pytest.raises(TapeMissing):
            await judge.ask("i", "q", schema=SCHEMA)


@pytest.mark.parametrize(
    "change",
    [
        lambda: JudgeSettings("j", "http://judge.example/v1", KEY, "m"),
        lambda: JudgeSettings("j", "https://u:p@judge.example/v1", None, "m"),
        lambda: JudgeSettings("j", "https://judge.example/v1", "a\nb", "m"),
    ],
)
def test_a_judge_that_must_not_be_spoken_to_is_not_opened(change: Callable[[], JudgeSettings]) -> None:
    with pytest.raises(Refused) as caught:
        open_judge(change())

    assert "target" not in caught.value.hint
    assert "a\nb" not in f"{caught.value}{caught.value.hint}"


def test_no_repr_holds_the_key() -> None:
    assert KEY not in repr(SETTINGS) + repr(vars(open_judge(SETTINGS)).get("_hidden"))
