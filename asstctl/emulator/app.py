"""The ASGI application: finds the route, reads the body, turns refusals and faults into error answers.

Bare ASGI rather than a framework's application, because a request should cost a fraction of a millisecond.
"""

import asyncio
import hmac
import json
import logging
import sqlite3
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from asstctl.emulator import refusals
from asstctl.emulator.calls import Call, answer
from asstctl.emulator.ids import new_request_id
from asstctl.emulator.routes import ROUTES, Handler
from asstctl.emulator.services import Services
from asstctl.emulator.store import Body

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]

MAX_BODY = 16 * 1024 * 1024

_log = logging.getLogger("asstctl.emulator")


class App:
    """The server as an ASGI callable. It needs no lifespan: the store is open before it is called."""

    def __init__(self, services: Services, *, api_key: str | None = None) -> None:
        self._services = services
        self._api_key = api_key
        self._paths = _index(ROUTES)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise NotImplementedError(f"{scope['type']} is not served")
        # In-process nothing else suspends, and a client that polls without a pause would keep its own run waiting.
        await asyncio.sleep(0)
        began = time.perf_counter()
        request_id = new_request_id()
        request = Request(scope, receive, send)
        try:
            response = await self._respond(request)
        except refusals.Refusal as refusal:
            response = _refuse(refusal)
        except ClientDisconnect:
            return
        except sqlite3.DatabaseError as error:
            response = _refuse(_of_database(error, request_id))
        except Exception:
            _log.exception("request %s failed: %s %s", request_id, scope["method"], scope["path"])
            response = _refuse(refusals.server_fault(request_id))
        response.headers["x-request-id"] = request_id
        response.headers["openai-version"] = "2020-10-01"
        response.headers["openai-processing-ms"] = str(round((time.perf_counter() - began) * 1000))
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        method: str = request.scope["method"]
        url: str = request.scope["path"]
        handlers, path = self._match(url)
        if not handlers:
            raise refusals.unknown_path(method, url)
        if method not in handlers:
            raise refusals.wrong_method(method, url, handlers)
        if url.startswith("/v1/"):
            self._admit(request.headers)
        body = await _read_body(request) if method == "POST" else {}
        return await handlers[method](Call(self._services, request, path, body))

    def _match(self, url: str) -> tuple[dict[str, Handler], dict[str, str]]:
        node = self._paths
        path: dict[str, str] = {}
        for part in url.split("/")[1:]:
            if part in node.fixed:
                node = node.fixed[part]
            elif node.named is not None and part:
                name, node = node.named
                path[name] = part
            else:
                return {}, path
        return node.handlers, path

    def _admit(self, headers: Headers) -> None:
        if self._api_key is not None:
            given = headers.get("authorization", "").removeprefix("Bearer ").strip()
            if not hmac.compare_digest(given.encode(), self._api_key.encode()):
                raise refusals.wrong_key()
        beta = headers.get("openai-beta", "")
        if "assistants=v1" in beta:
            raise refusals.wrong_beta(beta)


class _Node:
    """A position in the tree of paths: fixed parts below it, or one parameter, and the handlers that end here."""

    def __init__(self) -> None:
        self.fixed: dict[str, _Node] = {}
        self.named: tuple[str, _Node] | None = None
        self.handlers: dict[str, Handler] = {}


def _index(routes: Mapping[tuple[str, str], Handler]) -> _Node:
    root = _Node()
    for (method, pattern), handler in routes.items():
        node = root
        for part in pattern.split("/")[1:]:
            if not part.startswith("{"):
                node = node.fixed.setdefault(part, _Node())
                continue
            if node.named is None:
                node.named = (part.strip("{}"), _Node())
            node = node.named[1]
        node.handlers[method] = handler
    return root


async def _read_body(request: Request) -> Body:
    chunks = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > MAX_BODY:
            raise refusals.body_too_large(MAX_BODY)
        chunks.append(chunk)
    raw = b"".join(chunks)
    if not raw.strip():
        return {}
    kind = request.headers.get("content-type", "application/json")
    if kind.partition(";")[0].strip().lower() != "application/json":
        raise refusals.wrong_content_type(kind)
    try:
        body = json.loads(raw, parse_constant=_refuse_constant, parse_float=_finite)
        # A lone surrogate parses, but no answer could ever carry it.
        if b"\\u" in raw:
            json.dumps(body, ensure_ascii=False).encode()
    except UnicodeError as error:
        raise refusals.malformed_json("it is not text in UTF-8") from error
    except json.JSONDecodeError as error:
        raise refusals.malformed_json(f"{error.msg}, line {error.lineno} column {error.colno}") from error
    except (ValueError, RecursionError) as error:
        raise refusals.malformed_json("a number or the nesting is out of bounds") from error
    if not isinstance(body, dict):
        raise refusals.malformed_json(f"expected an object, but got {refusals.json_type(body)}")
    return body


def _refuse_constant(name: str) -> float:
    raise ValueError(name)


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError(text)
    return number


def _of_database(error: sqlite3.DatabaseError, request_id: str) -> refusals.Refusal:
    code = getattr(error, "sqlite_errorcode", None)
    if code == sqlite3.SQLITE_FULL:
        return refusals.database_full()
    if code == sqlite3.SQLITE_BUSY:
        return refusals.database_busy()
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return refusals.database_damaged()
    _log.error("request %s failed: %s", request_id, error)
    return refusals.server_fault(request_id)


def _refuse(refusal: refusals.Refusal) -> Response:
    return answer(refusal.body(), refusal.status, refusal.headers)
