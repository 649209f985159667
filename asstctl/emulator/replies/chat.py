"""The backend that asks a real model: any OpenAI-compatible chat-completions endpoint, with function calling.

Whatever goes wrong out there ends the run `failed` with a sentence that says what; a key never appears in one.
"""

import asyncio
import ipaddress
import json
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx2

from asstctl.emulator.errors import UnknownReplies
from asstctl.emulator.replies.values import (
    CutShort,
    Part,
    ReplyFailed,
    ReplyRequest,
    TextDelta,
    ToolCall,
    Usage,
)

Json = Any

_RETRIES = 2
_LONGEST_WAIT = 20.0
_TIMEOUT = 60.0
_SHORTEST_KEY = 8  # what is shorter is a word such as `ollama`, and no secret
_MAX_ANSWER = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class ChatSettings:
    base_url: str
    api_key: str | None = field(default=None, repr=False)
    models: Mapping[str, str] = field(default_factory=dict)
    """The assistant's model to the endpoint's; `*` is every other one; an unnamed model is asked for as it is."""
    timeout: float = _TIMEOUT

    @classmethod
    def read(cls, setting: Json) -> "ChatSettings":
        known = ("base_url", "api_key", "models", "timeout")
        if not isinstance(setting, Mapping):
            raise UnknownReplies("replies by chat need settings: {'chat': {'base_url': ...}}")
        unknown = [key for key in setting if key not in known]
        if unknown:
            raise UnknownReplies(f"replies by chat have no setting {unknown[0]!r}; there are {', '.join(known)}")
        url = setting.get("base_url")
        if not isinstance(url, str):
            raise UnknownReplies("replies by chat need 'base_url', such as http://127.0.0.1:11434/v1")
        models = setting.get("models", {})
        if not isinstance(models, Mapping) or not all(isinstance(name, str) for name in models.values()):
            raise UnknownReplies("'models' of replies by chat maps names of models to names of models")
        key = setting.get("api_key")
        if key is not None and not isinstance(key, str):
            raise UnknownReplies("'api_key' of replies by chat is a text")
        key = (key or "").strip() or None
        if key is not None and not (key.isascii() and key.isprintable()):
            raise UnknownReplies("'api_key' of replies by chat holds characters that a header cannot")
        timeout = setting.get("timeout", _TIMEOUT)
        if isinstance(timeout, bool) or not isinstance(timeout, (int, float)) or timeout <= 0:
            raise UnknownReplies("'timeout' of replies by chat is a number of seconds")
        _check_address(url, has_key=key is not None)
        return cls(url.rstrip("/"), key, models, float(timeout))

    def model(self, name: str) -> str:
        return self.models.get(name, self.models.get("*", name))


class Chat:
    counts_tokens = True

    def __init__(self, settings: ChatSettings, transport: httpx2.AsyncBaseTransport | None = None) -> None:
        self._settings = settings
        self._transport = transport
        self._client: httpx2.AsyncClient | None = None

    @classmethod
    def configure(cls, setting: Json) -> "Chat":
        return cls(ChatSettings.read(setting))

    async def reply(self, request: ReplyRequest) -> AsyncGenerator[Part, None]:
        answer = await self._ask(_body(request, self._settings.model(request.model)))
        try:
            parts = list(_parts(answer))
        except (KeyError, IndexError, TypeError, AttributeError) as error:
            raise ReplyFailed(f"{self._where()} did not answer with a chat completion.") from error
        for part in parts:
            yield part

    async def aclose(self) -> None:
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def _ask(self, body: Json) -> Json:
        for attempt in range(_RETRIES + 1):
            last = attempt == _RETRIES
            try:
                response, content = await self._send(body)
            except httpx2.TimeoutException as error:
                raise ReplyFailed(f"{self._where()} did not answer in {self._settings.timeout:g} s.") from error
            except (httpx2.HTTPError, httpx2.InvalidURL) as error:
                raise ReplyFailed(self._keyless(f"{self._where()} cannot be reached: {error}")) from error
            if response.status_code == 200:
                try:
                    return json.loads(self._keyless(content.decode()))
                except (ValueError, RecursionError) as error:
                    raise ReplyFailed(f"{self._where()} did not answer with JSON.") from error
            if last or not (response.status_code == 429 or response.status_code >= 500):
                raise self._failure(response.status_code, content)
            await asyncio.sleep(_wait(response, attempt))
        raise AssertionError("the last attempt returns or raises")

    async def _send(self, body: Json) -> tuple[httpx2.Response, bytes]:
        """One request, and the body of its answer, which may not be larger than any reply is."""
        url = f"{self._settings.base_url}/chat/completions"
        async with self._open().stream("POST", url, json=body) as response:
            content = bytearray()
            async for chunk in response.aiter_bytes():
                content += chunk
                if len(content) > _MAX_ANSWER:
                    raise ReplyFailed(f"{self._where()} sent more than {_MAX_ANSWER // 1024**2} MiB.")
        return response, bytes(content)

    def _keyless(self, text: str) -> str:
        """A text from outside without our key, should it be repeated there."""
        key = self._settings.api_key or ""
        return text.replace(key, "[key]") if len(key) >= _SHORTEST_KEY else text

    def _open(self) -> httpx2.AsyncClient:
        # Made on first use, so that it belongs to the event loop that uses it.
        if self._client is None:
            headers = {"authorization": f"Bearer {self._settings.api_key}"} if self._settings.api_key else {}
            # A proxy of the environment is for other machines; to this one the key may go unencrypted.
            here = _is_loopback(httpx2.URL(self._settings.base_url).host)
            self._client = httpx2.AsyncClient(
                headers=headers, timeout=self._settings.timeout, transport=self._transport, trust_env=not here
            )
        return self._client

    def _where(self) -> str:
        return f"The chat endpoint {urlsplit(self._settings.base_url).netloc}"

    def _failure(self, status: int, content: bytes) -> ReplyFailed:
        body = self._keyless(content.decode(errors="replace"))
        try:
            error = json.loads(body)["error"]
            said = str(error["message"] if isinstance(error, dict) else error)
        except (ValueError, KeyError, TypeError, RecursionError):
            said = body[:200]
        text = f"{self._where()} answered {status}: {said[:500]}"
        if status == 429:
            return ReplyFailed(text, "rate_limit_exceeded")
        if status in (400, 413, 422):
            return ReplyFailed(text, "invalid_prompt")
        return ReplyFailed(text)


def _check_address(url: str, *, has_key: bool) -> None:
    """The rules of the program's own `core.base_url`, which this one may not import. Never quotes the URL."""
    try:
        parts = urlsplit(url)
        scheme, host, authority, _ = parts.scheme, parts.hostname, parts.netloc, parts.port
    except ValueError:
        scheme, host, authority = "", None, ""
    if "?" in url or "#" in url or "@" in (authority or url):
        raise UnknownReplies("'base_url' of replies by chat holds a name, a password or a query; use 'api_key'")
    if scheme not in ("http", "https") or not host or not url.isprintable() or " " in url or "\\" in url:
        raise UnknownReplies("'base_url' of replies by chat is no URL such as http://127.0.0.1:11434/v1")
    if has_key and scheme == "http" and not _is_loopback(host):
        raise UnknownReplies(f"the key of replies by chat would go to {host} unencrypted; use https")


def _is_loopback(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _wait(response: httpx2.Response, attempt: int) -> float:
    try:
        asked = float(response.headers.get("retry-after", ""))
    except ValueError:
        asked = 0.5 * 2**attempt
    return max(0.0, min(asked, _LONGEST_WAIT))


def _body(request: ReplyRequest, model: str) -> dict[str, Json]:
    body: dict[str, Json] = {
        "model": model,
        "messages": _messages(request),
        "temperature": request.temperature,
        "top_p": request.top_p,
    }
    functions = [{"type": "function", "function": dict(function)} for function in request.functions.values()]
    if functions:
        body["tools"] = functions
        body["parallel_tool_calls"] = request.parallel_tool_calls
        choice = request.tool_choice
        # A tool that only this server knows cannot be forced out there.
        if isinstance(choice, str) or choice["type"] == "function":
            body["tool_choice"] = choice
    if request.response_format != "auto":
        body["response_format"] = request.response_format
    if request.max_completion_tokens is not None:
        body["max_tokens"] = request.max_completion_tokens
    if request.reasoning_effort is not None:
        body["reasoning_effort"] = request.reasoning_effort
    return body


def _messages(request: ReplyRequest) -> list[Json]:
    messages: list[Json] = []
    if request.instructions:
        messages.append({"role": "system", "content": request.instructions})
    messages += [{"role": said.role, "content": said.text} for said in request.messages]
    for earlier in request.rounds:
        calls = [
            {"id": call.call_id, "type": "function", "function": {"name": call.function, "arguments": call.arguments}}
            for call in earlier.calls
        ]
        messages.append({"role": "assistant", "content": earlier.text or None, "tool_calls": calls})
        messages += [{"role": "tool", "tool_call_id": call.call_id, "content": call.output} for call in earlier.calls]
    return messages


def _parts(answer: Json) -> list[Part]:
    parts: list[Part] = []
    choice = answer["choices"][0]
    message = choice["message"]
    text = message.get("content") or message.get("refusal")
    if text:
        parts.append(TextDelta(_sendable(text)))
    functions = [call["function"] for call in message.get("tool_calls") or ()]
    parts += [ToolCall(_sendable(function["name"]), _arguments(function.get("arguments"))) for function in functions]
    if choice.get("finish_reason") == "length":
        parts.append(CutShort())
    usage = answer.get("usage")
    if usage:
        counted = (
            usage["prompt_tokens"],
            usage["completion_tokens"],
            (usage.get("prompt_tokens_details") or {}).get("cached_tokens") or 0,
            (usage.get("completion_tokens_details") or {}).get("reasoning_tokens") or 0,
        )
        if not all(isinstance(number, int) for number in counted):
            raise TypeError("usage")
        parts.append(Usage(*counted))
    return parts


def _sendable(text: Json) -> str:
    """A text that any answer can carry: half of a surrogate pair, cut off somewhere, cannot be sent on."""
    return str(text).encode(errors="replace").decode()


def _arguments(value: Json) -> str:
    """Arguments as the wire has them. Some endpoints send the object instead of its text."""
    return json.dumps(value) if isinstance(value, dict) else _sendable(value or "{}")
