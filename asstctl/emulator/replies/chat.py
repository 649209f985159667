"""The backend that asks a real model: any OpenAI-compatible chat-completions endpoint, with function calling.

Whatever goes wrong out there ends the run `failed` with a sentence that says what; a key never appears in one. What is
sent is in `chat_request.py`, and what to make of an answer in `chat_answer.py`.
"""

import asyncio
import ipaddress
import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import urlsplit

import httpx2

from asstctl.emulator.errors import UnknownReplies
from asstctl.emulator.replies.chat_answer import NOT_A_COMPLETION, Answer
from asstctl.emulator.replies.chat_request import names_of_tools, request_body
from asstctl.emulator.replies.keyless import Keyless
from asstctl.emulator.replies.values import Part, ReplyFailed, ReplyRequest

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
        body = await request_body(request, self._settings.model(request.model))
        tools = {name: tool for tool, name in names_of_tools(request).items()}
        for attempt in range(_RETRIES + 1):
            answer = Answer(Keyless(self._secret), tools)
            try:
                async with self._send(body) as response:
                    if response.status_code == 200:
                        async with aclosing(self._parts(response, answer)) as parts:
                            async for part in parts:
                                yield part
                        return
                    content = await self._content(response)
            except httpx2.TimeoutException as error:
                raise ReplyFailed(f"{self._where()} did not answer in {self._settings.timeout:g} s.") from error
            except (httpx2.HTTPError, httpx2.InvalidURL) as error:
                raise ReplyFailed(self._keyless(f"{self._where()} cannot be reached: {error}")) from error
            status = response.status_code
            if attempt == _RETRIES or not (status == 429 or status >= 500):
                raise self._failure(status, content)
            await asyncio.sleep(_wait(response, attempt))

    async def aclose(self) -> None:
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    def _send(self, body: Json) -> AbstractAsyncContextManager[httpx2.Response]:
        return self._open().stream("POST", f"{self._settings.base_url}/chat/completions", json=body)

    async def _parts(self, response: httpx2.Response, answer: Answer) -> AsyncGenerator[Part, None]:
        """An answer as it comes. An endpoint that does not stream answers in one piece."""
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        try:
            if kind == "text/event-stream":
                async with aclosing(self._chunks(response, answer)) as chunks:
                    async for chunk in chunks:
                        self._check(chunk)
                        for text in answer.feed(chunk):
                            yield text
                if answer.finished is None:
                    raise ReplyFailed(f"{self._where()} ended its reply before it was finished.")
            else:
                completion = self._json((await self._content(response)).decode(errors="replace"))
                self._check(completion)
                for text in answer.whole(completion):
                    yield text
            for part in answer.finish():
                yield part
        except NOT_A_COMPLETION as error:
            raise ReplyFailed(f"{self._where()} did not answer with a chat completion.") from error

    async def _chunks(self, response: httpx2.Response, answer: Answer) -> AsyncGenerator[Json, None]:
        size, begun = 0, False
        source = httpx2.EventSource(response, max_event_size=_MAX_ANSWER)
        try:
            async with aclosing(cast(AsyncGenerator[httpx2.ServerSentEvent, None], aiter(source))) as events:
                async for event in events:
                    if event.data == "[DONE]":
                        answer.finished = answer.finished or ("stop" if begun else None)
                        return
                    size += len(event.data)
                    if size > _MAX_ANSWER:
                        raise self._too_long()
                    begun = True
                    yield self._json(event.data)
        except httpx2.HTTPError as error:
            if not begun:
                raise
            wrong = f"{self._where()} broke off in the middle of its reply: {str(error) or type(error).__name__}"
            raise ReplyFailed(self._keyless(wrong)) from error

    async def _content(self, response: httpx2.Response) -> bytes:
        """The body of an answer, which may not be larger than any reply is."""
        content = bytearray()
        async for chunk in response.aiter_bytes():
            content += chunk
            if len(content) > _MAX_ANSWER:
                raise self._too_long()
        return bytes(content)

    def _json(self, text: str) -> Json:
        try:
            return json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ReplyFailed(f"{self._where()} did not answer with JSON.") from error

    def _check(self, chunk: Json) -> None:
        """An error that came with a good status, or when that had long been sent."""
        if chunk.get("error"):
            raise ReplyFailed(self._keyless(f"{self._where()} failed: {_said(chunk['error'])[:500]}"))

    def _too_long(self) -> ReplyFailed:
        return ReplyFailed(f"{self._where()} sent more than {_MAX_ANSWER // 1024**2} MiB.")

    @property
    def _secret(self) -> str | None:
        key = self._settings.api_key or ""
        return key if len(key) >= _SHORTEST_KEY else None

    def _keyless(self, text: str) -> str:
        """A text from outside without our key, should it be repeated there."""
        return Keyless(self._secret).whole(text)

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
            said = _said(json.loads(body)["error"])
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


def _said(error: Json) -> str:
    return str(error["message"] if isinstance(error, dict) else error)
