"""JsonClient: JSON requests and files to one server, answers as values, failures as errors of `core.errors`.

It follows no redirect, keeps no cookie, logs nothing, and repeats only what its caller allows (`retry.py`).
What the paths and objects mean is for `providers`.
"""

import asyncio
from collections.abc import Awaitable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import httpx2

from asstctl._version import __version__
from asstctl.core.errors import BadAnswer, Refused
from asstctl.core.hidden import Hidden
from asstctl.core.json_types import EMPTY, JsonObject
from asstctl.core.ports import Observer, Told, nobody, unseen
from asstctl.net.body import json_value
from asstctl.net.failures import Asked, Explain, Failure, failure_of, lost, request_id_of
from asstctl.net.retry import ONCE, RetryPolicy, repeating
from asstctl.net.transport import HttpClient, HttpResponse, LentTransport, Transport
from asstctl.net.upload import FileForm

HEADERS: Mapping[str, str] = {"user-agent": f"asstctl/{__version__}"}
"""What every server is told of us."""

CONNECT_TIMEOUT = 5.0

PATIENCE = 10
"""How many times its timeout an answer may take as a whole: a byte now and then is no reason to wait for ever."""

PASSED_ON = 1024 * 1024
"""Bytes a second at which a server is expected to store a file that it has, or to send it on to another."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A success: the JSON object, and what came with it. `value` is empty where there is nothing to say."""

    value: dict[str, Any]
    status: int
    request_id: str | None
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Listed:
    """A success that is a list; `headers` say whether there is more of it."""

    items: list[Any]
    headers: Mapping[str, str]


def bearer(key: str | None) -> dict[str, str]:
    """The header that carries a key; empty without one."""
    key = (key or "").strip()
    return {"authorization": f"Bearer {sendable(key, 'api_key')}"} if key else {}


def sendable(value: str, setting: str) -> str:
    """A secret that a header can hold; raises Refused for any other. `setting` is what brought it."""
    if not value.isascii() or not value.isprintable():
        raise Refused(
            "the key holds characters that a header cannot",
            detail="line breaks, control characters or letters beyond ASCII",
            hint=f"Check the variable that {setting} of this target names in asstctl.yaml.",
        )
    return value


def answer_of(response: HttpResponse, asked: Asked, hidden: Hidden) -> Answer:
    """A success as a value; raises BadAnswer when it is not a JSON object, or repeats what it must not."""
    headers = _without(hidden, response.headers)
    request_id = request_id_of(headers)
    if response.status_code == 204 or (response.status_code == 202 and not response.content):
        return Answer({}, response.status_code, request_id, headers)
    check_not_hidden(response.content, asked, hidden, response.status_code)
    value = json_value(response.content)
    if not isinstance(value, dict):
        raise _not_of_wire(response, asked, headers, "a JSON object")
    return Answer(value, response.status_code, request_id, headers)


def listed_of(response: HttpResponse, asked: Asked, hidden: Hidden) -> Listed:
    """The same of a success that is to be a JSON list."""
    headers = _without(hidden, response.headers)
    check_not_hidden(response.content, asked, hidden, response.status_code)
    value = json_value(response.content)
    if not isinstance(value, list):
        raise _not_of_wire(response, asked, headers, "a JSON list")
    return Listed(value, headers)


def _not_of_wire(response: HttpResponse, asked: Asked, headers: Mapping[str, str], wanted: str) -> BadAnswer:
    kind = headers.get("content-type", "no content type")
    return BadAnswer(
        f"{asked.place} sent an answer that is not of this wire",
        detail=f"{asked}: {kind}, {len(response.content)} bytes, not {wanted}",
        hint="Check base_url in asstctl.yaml, then run the command again.",
        status=response.status_code,
        request_id=request_id_of(headers),
    )


def check_not_hidden(content: bytes, asked: Asked, hidden: Hidden, status: int) -> None:
    """Raises BadAnswer for an answer that repeats what no message may hold."""
    if hidden.stands_in(content):
        raise BadAnswer(
            f"{asked.place} sent our key back",
            detail=f"{asked}: what it sent is not used, so that nothing shows the key",
            hint="Ask whoever runs that server why it repeats keys, and change the key.",
            status=status,
        )


def failure_from(response: HttpResponse, asked: Asked, hidden: Hidden) -> Failure:
    """An answer that is no success, as a value without anything hidden in it."""
    return Failure(asked, response.status_code, _without(hidden, response.headers), hidden.taken_out(response.content))


def _without(hidden: Hidden, headers: httpx2.Headers) -> Mapping[str, str]:
    """The headers of an answer without what is hidden, should the server repeat it."""
    said = b"\n".join(value for _, value in headers.raw)
    if hidden.taken_out(said) == said:
        return headers
    return httpx2.Headers({name: hidden.out_of(value) for name, value in headers.items()})


def timeouts(seconds: float, *, answer: float | None = None) -> httpx2.Timeout:
    """Seconds without a byte; a connection is given less, since one that takes long does not come.

    `answer` is given to the server alone: what it may take once it has all of a request.
    """
    return httpx2.Timeout(seconds, connect=min(seconds, CONNECT_TIMEOUT), read=answer or seconds)


def http_client(
    transport: Transport, headers: Mapping[str, str], timeout: float, *, query: Mapping[str, str] = EMPTY
) -> HttpClient:
    """httpx2's client over a transport that stays its owner's: nothing needs to be closed here.

    `headers` and `query` go with every request.
    """
    return httpx2.AsyncClient(
        transport=LentTransport(transport, headers, query),
        timeout=timeouts(timeout),
        follow_redirects=False,
        trust_env=False,
    )


class JsonClient:
    """A client of one server. `place` is what messages call the server; `hidden` is what they must not hold.

    `observer` hears of waits before a request is repeated; of requests it hears from the transport.
    """

    def __init__(
        self,
        base_url: str,
        http: HttpClient,
        *,
        place: str,
        hidden: Hidden | None = None,
        timeout: float = 30.0,
        explain: Explain = failure_of,
        observer: Observer = unseen,
    ) -> None:
        self._place = place
        self._hidden = hidden or Hidden()
        self._timeout = timeout
        self._explain = explain
        self._observer = observer
        self._base = base_url.rstrip("/")
        self._http = http

    async def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | int] | None = None,
        body: JsonObject | None = None,
        retry: RetryPolicy = ONCE,
    ) -> Answer:
        """Send one request. `path` begins with a slash and is added to the base URL.

        Raises the ProviderError tree, or whatever the `explain` it was made with gives.
        """
        asked = Asked(method, path, self._place)
        return await repeating(retry, asked.writes, lambda: self._send(asked, params, body), self._observer)

    async def listed(
        self, path: str, *, params: Mapping[str, str | int] | None = None, retry: RetryPolicy = ONCE
    ) -> Listed:
        """Read a list, or one page of it. Raises what `request` does."""
        asked = Asked("GET", path, self._place)

        async def attempt() -> Listed:
            sending = self._http.request("GET", self._base + path, params=params)
            return listed_of(await self._response(asked, sending, _Patience(self._timeout)), asked, self._hidden)

        return await repeating(retry, asked.writes, attempt, self._observer)

    async def address(self, path: str, *, retry: RetryPolicy = ONCE) -> str:
        """Where the server sends us for what lies under a path; nobody goes there. Raises what `request` does."""
        asked = Asked("GET", path, self._place)

        async def attempt() -> str:
            sending = self._http.request("GET", self._base + path)
            response = await self._response(asked, sending, _Patience(self._timeout), redirects=True)
            if not response.has_redirect_location:
                raise _not_of_wire(response, asked, _without(self._hidden, response.headers), "a redirect")
            check_not_hidden(response.headers["location"].encode(), asked, self._hidden, response.status_code)
            return str(response.headers["location"])

        return await repeating(retry, asked.writes, attempt, self._observer)

    async def upload(self, path: str, form: FileForm, told: Told = nobody) -> Answer:
        """Send an opened form, once. It may take as long as it likes while the server goes on taking it.

        Raises what `request` does, and Refused where the file is not the planned one any more.
        """
        asked = Asked("POST", path, self._place)
        patience = _Patience(self._timeout + form.file.bytes / PASSED_ON)

        def moved(sent: int) -> None:
            patience.renew()
            told(sent)

        async with aclosing(form.blocks(moved)) as blocks:
            return await self._answer(
                asked,
                self._http.request(
                    asked.method,
                    self._base + path,
                    content=blocks,
                    headers=form.headers,
                    timeout=timeouts(self._timeout, answer=patience.silence),
                ),
                patience,
            )

    async def _send(self, asked: Asked, params: Mapping[str, str | int] | None, body: JsonObject | None) -> Answer:
        sending = self._http.request(asked.method, self._base + asked.path, params=params, json=body)
        return await self._answer(asked, sending, _Patience(self._timeout))

    async def _answer(self, asked: Asked, sending: Awaitable[HttpResponse], patience: "_Patience") -> Answer:
        return answer_of(await self._response(asked, sending, patience), asked, self._hidden)

    async def _response(
        self, asked: Asked, sending: Awaitable[HttpResponse], patience: "_Patience", *, redirects: bool = False
    ) -> HttpResponse:
        """An answer that is a success, or sends us elsewhere where that is one."""
        try:
            async with patience.limit:
                response = await sending
        except TimeoutError as error:
            raise lost(error, asked, patience.seconds) from error
        except httpx2.RequestError as error:
            raise lost(error, asked, patience.silence) from error
        if not response.is_success and not (redirects and response.has_redirect_location):
            raise self._explain(failure_from(response, asked, self._hidden))
        return response


class _Patience:
    """How long one answer may take: `silence` seconds without a byte, `seconds` since it was last renewed."""

    def __init__(self, silence: float) -> None:
        self.silence = silence
        self.seconds = PATIENCE * silence
        self.limit = asyncio.timeout(self.seconds)

    def renew(self) -> None:
        self.limit.reschedule(asyncio.get_running_loop().time() + self.seconds)
