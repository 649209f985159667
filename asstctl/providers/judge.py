"""A judge on any server with OpenAI's chat completions and embeddings: questions and texts in, answers and vectors out.

What is asked, and what an answer means for a conversation, is for `conversation.judging`.
"""

import re
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from asstctl.core.errors import (
    AnswerLost,
    AsstctlError,
    AuthFailed,
    BadAnswer,
    NoSuchApi,
    NotFound,
    RateLimited,
    Refused,
    Rejected,
    ServerFault,
    Unreachable,
)
from asstctl.core.json_text import json_text
from asstctl.core.json_types import Json, JsonObject
from asstctl.core.ports import Judge, Observer
from asstctl.core.tape import Deck
from asstctl.core.thread import Embedded, Judged, Usage
from asstctl.core.tracing import UNTRACED, Tracer
from asstctl.net.body import json_value
from asstctl.net.client import Answer, JsonClient
from asstctl.net.failures import Failure, failure_of
from asstctl.net.retry import RetryPolicy
from asstctl.net.transport import Transport, check_address, network_transport
from asstctl.providers.front import Front
from asstctl.providers.settings import JudgeSettings

_FENCED = re.compile(r"```[\w-]*\n(.*?)```", re.DOTALL)
_REFUSES_FORMAT = frozenset((400, 422))


class JudgeServer(Front):
    """An open server of one judge. Its judges share connections."""

    def __init__(
        self,
        settings: JudgeSettings,
        transport: Transport,
        *,
        key: str | None = None,
        observer: Observer | None = None,
        tracer: Tracer = UNTRACED,
    ) -> None:
        super().__init__(
            settings.base_url,
            transport,
            place=settings.place,
            explain=partial(_explain, settings),
            key=key,
            timeout=settings.timeout,
            observer=observer,
            tracer=tracer,
        )
        self._settings = settings

    def judge(self, deck: Deck | None = None) -> Judge:
        """A judge for one conversation. With a deck, all goes through it."""
        return ServerJudge(self._taped_client(deck), self._settings)


def open_judge(settings: JudgeSettings, *, observer: Observer | None = None, tracer: Tracer = UNTRACED) -> JudgeServer:
    """Open a judge's server. Raises Refused for an address or a key that must not be used; sends nothing."""
    key = (settings.api_key or "").strip() or None
    parts = check_address(settings.base_url, has_key=key is not None)
    try:
        return JudgeServer(settings, network_transport(parts), key=key, observer=observer, tracer=tracer)
    except Refused as refused:
        refused.hint = f"Check the variable that {_setting(settings)} names in asstctl.yaml."
        raise


def _explain(settings: JudgeSettings, failure: Failure) -> AsstctlError:
    error = failure_of(failure)
    if isinstance(error, AuthFailed):
        error.hint = f"Check {_setting(settings)} in asstctl.yaml and the variable it names."
    elif isinstance(error, NotFound):
        error.summary = f"{settings.place} has no such model"
        error.hint = f"Check the models of judge {settings.name} in asstctl.yaml."
    return error


def _setting(settings: JudgeSettings) -> str:
    return f"api_key of judge {settings.name}"


def recorded_judge(settings: JudgeSettings) -> JudgeServer:
    """A judge whose answers stand on tapes alone: it needs no key and sends nothing."""
    from asstctl.net.tape import NoWayOut

    return JudgeServer(settings, NoWayOut())


class ServerJudge:
    """The Judge of one conversation."""

    def __init__(self, client: JsonClient, settings: JudgeSettings) -> None:
        self._client = client
        self._settings = settings
        self._takes_formats = True

    async def ask(self, instructions: str, question: str, *, schema: Mapping[str, Json]) -> Judged:
        """One answer. A server that refuses `response_format` is asked without, here and from then on."""
        wanted = f"{instructions}\n\nAnswer with one JSON object of this JSON Schema and nothing else:\n"
        body: dict[str, Json] = {
            "model": self._settings.model,
            "messages": [
                {"role": "system", "content": wanted + json_text(schema)},
                {"role": "user", "content": question},
            ],
        }
        form: Json = {"type": "json_schema", "json_schema": {"name": "verdict", "schema": schema, "strict": True}}
        answer = await self._completed(body, form)
        return Judged(self._object_in(answer), _usage(answer.value), _model(answer.value, self._settings.model))

    async def embed(self, texts: Sequence[str]) -> Embedded:
        """One vector for each text, in their order."""
        answer = await self._post("/embeddings", {"model": self._settings.embedding_model, "input": [*texts]})
        vectors = _vectors(answer.value.get("data"), len(texts))
        if vectors is None:
            raise self._bad(answer, "there is not one vector of numbers for each text")
        return Embedded(vectors, _usage(answer.value), _model(answer.value, self._settings.embedding_model))

    async def aclose(self) -> None:
        """Nothing is its own: connections are the server's."""

    async def _completed(self, body: JsonObject, form: Json) -> Answer:
        if not self._takes_formats:
            return await self._post("/chat/completions", body)
        try:
            return await self._post("/chat/completions", {**body, "response_format": form})
        except Rejected as refusal:
            if refusal.status not in _REFUSES_FORMAT:
                raise
        answer = await self._post("/chat/completions", body)
        self._takes_formats = False
        return answer

    async def _post(self, path: str, body: JsonObject) -> Answer:
        try:
            return await self._client.request("POST", path, body=body, retry=RetryPolicy())
        except (AnswerLost, ServerFault, RateLimited) as error:
            error.hint = ""  # nothing was to be changed: there is nothing to plan for, and a command is not at its end
            raise
        except (Unreachable, NoSuchApi) as error:
            error.hint = f"Check base_url of judge {self._settings.name} in asstctl.yaml, and whether it is running."
            raise

    def _object_in(self, answer: Answer) -> JsonObject:
        choices = answer.value.get("choices")
        choice = choices[0] if isinstance(choices, list) and choices else None
        message = choice.get("message") if isinstance(choice, dict) else None
        content = message.get("content") if isinstance(message, dict) else None
        if not isinstance(choice, dict) or not isinstance(content, str):
            raise self._bad(answer, "it holds no text")
        if choice.get("finish_reason") == "length":
            raise self._bad(answer, "the text was cut off at the limit of tokens")
        value = _json_object(content)
        if value is None:
            raise self._bad(answer, "the text is not one JSON object")
        return value

    def _bad(self, answer: Answer, why: str) -> BadAnswer:
        return BadAnswer(
            f"judge {self._settings.name} gave an answer that cannot be used",
            detail=f"{self._settings.place}: {why}",
            status=answer.status,
            request_id=answer.request_id,
        )


def _json_object(content: str) -> JsonObject | None:
    """The object that a text is, or that stands in its one code fence; what a model thought before goes."""
    content = content.rpartition("</think>")[2]
    fenced = _FENCED.findall(content)
    for text in (content, *(fenced if len(fenced) == 1 else ())):
        value = json_value(text.encode())
        if isinstance(value, dict):
            return value
    return None


def _vectors(data: Any, wanted: int) -> tuple[tuple[float, ...], ...] | None:
    """Vectors by their `index`; None unless there is exactly one for each text."""
    if not isinstance(data, list) or len(data) != wanted:
        return None
    found: dict[int, tuple[float, ...]] = {}
    for place, item in enumerate(data):
        index = item.get("index", place) if isinstance(item, dict) else None
        numbers = item.get("embedding") if isinstance(item, dict) else None
        if type(index) is not int or not isinstance(numbers, list) or not numbers:
            return None
        try:
            found[index] = tuple(_number(number) for number in numbers)
        except (TypeError, OverflowError):
            return None
    return tuple(found[index] for index in range(wanted)) if found.keys() == set(range(wanted)) else None


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError
    return float(value)


def _usage(value: Mapping[str, Any]) -> Usage | None:
    usage = value.get("usage")
    if not isinstance(usage, dict):
        return None
    return Usage.told(usage.get("prompt_tokens"), usage.get("completion_tokens", 0))


def _model(value: Mapping[str, Any], asked: str) -> str:
    """The model that answered, where the server says it."""
    model = value.get("model")
    return model if isinstance(model, str) and model else asked
