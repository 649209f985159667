"""JsonClient: JSON requests to one server, answers as values, failures as errors of `core.errors`.

It follows no redirect, keeps no cookie, logs nothing, and repeats only what its caller allows (`retry.py`).
What the paths and objects mean is for `providers`.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx2

from asstctl.core.errors import BadAnswer, Refused
from asstctl.core.json_types import JsonObject
from asstctl.net.body import json_value
from asstctl.net.failures import Asked, Explain, Failure, failure_of, lost, request_id_of
from asstctl.net.retry import ONCE, RetryPolicy, repeating
from asstctl.net.transport import HttpClient, HttpResponse, LentTransport, Transport

CONNECT_TIMEOUT = 5.0

PATIENCE = 10
"""How many times its timeout an answer may take as a whole: a byte now and then is no reason to wait for ever."""

SHORTEST_KEY = 12
"""A key of fewer characters is not looked for in answers: it could stand there by chance."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A success: the JSON object, and what came with it. `value` is empty for 204."""

    value: dict[str, Any]
    status: int
    request_id: str | None
    headers: Mapping[str, str]


def bearer(key: str | None) -> dict[str, str]:
    """The header that carries a key; empty without one."""
    key = (key or "").strip()
    if not key:
        return {}
    if not key.isascii() or not key.isprintable():
        raise Refused(
            "the key holds characters that a header cannot",
            detail="line breaks, control characters or letters beyond ASCII",
            hint="Check the variable that api_key of this target names in asstctl.yaml.",
        )
    return {"authorization": f"Bearer {key}"}


def answer_of(response: HttpResponse, asked: Asked, key: str | None) -> Answer:
    """A success as a value; raises BadAnswer when it is not a JSON object, or holds the key it was asked with."""
    headers = _without(key, response.headers)
    request_id = request_id_of(headers)
    if response.status_code == 204:
        return Answer({}, 204, request_id, headers)
    if key and len(key) >= SHORTEST_KEY and key.encode() in response.content:
        raise BadAnswer(
            f"{asked.place} sent our key back",
            detail=f"{asked}: what it sent is not used, so that nothing shows the key",
            hint="Ask whoever runs that server why it repeats keys, and change the key.",
            status=response.status_code,
        )
    value = json_value(response.content)
    if not isinstance(value, dict):
        kind = headers.get("content-type", "no content type")
        raise BadAnswer(
            f"{asked.place} sent an answer that is not of this wire",
            detail=f"{asked}: {kind}, {len(response.content)} bytes, not a JSON object",
            hint="Check base_url in asstctl.yaml, then run the command again.",
            status=response.status_code,
            request_id=request_id,
        )
    return Answer(value, response.status_code, request_id, headers)


def failure_from(response: HttpResponse, asked: Asked, key: str | None) -> Failure:
    """An answer that is no success, as a value without the key in it."""
    body = response.content.replace(key.encode(), b"***") if key else response.content
    return Failure(asked, response.status_code, _without(key, response.headers), body)


def _without(key: str | None, headers: Mapping[str, str]) -> Mapping[str, str]:
    """The headers of an answer, the key taken out should the server repeat it."""
    if not key or not any(key in value for value in headers.values()):
        return headers
    return httpx2.Headers({name: value.replace(key, "***") for name, value in headers.items()})


def timeouts(seconds: float) -> httpx2.Timeout:
    """Seconds without a byte; a connection is given less, since one that takes long does not come."""
    return httpx2.Timeout(seconds, connect=min(seconds, CONNECT_TIMEOUT))


def http_client(transport: Transport, headers: Mapping[str, str], timeout: float) -> HttpClient:
    """httpx2's client over a transport that stays its owner's: nothing needs to be closed here."""
    return httpx2.AsyncClient(
        transport=LentTransport(transport, headers),
        timeout=timeouts(timeout),
        follow_redirects=False,
        trust_env=False,
    )


class JsonClient:
    """A client of one server. `place` is what messages call the server; `key` is what they must not hold."""

    def __init__(
        self,
        base_url: str,
        http: HttpClient,
        *,
        place: str,
        key: str | None = None,
        timeout: float = 30.0,
        explain: Explain = failure_of,
    ) -> None:
        self._place = place
        self._key = (key or "").strip() or None
        self._timeout = timeout
        self._explain = explain
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
        return await repeating(retry, asked.writes, lambda: self._send(asked, params, body))

    async def _send(self, asked: Asked, params: Mapping[str, str | int] | None, body: JsonObject | None) -> Answer:
        try:
            async with asyncio.timeout(PATIENCE * self._timeout):
                response = await self._http.request(asked.method, self._base + asked.path, params=params, json=body)
        except TimeoutError as error:
            raise lost(error, asked, PATIENCE * self._timeout) from error
        except httpx2.RequestError as error:
            raise lost(error, asked, self._timeout) from error
        if not response.is_success:
            raise self._explain(failure_from(response, asked, self._key))
        return answer_of(response, asked, self._key)
