"""The ASGI application: finds the route, has the body read, turns refusals and faults into error answers.

Bare ASGI rather than a framework's application, because a request should cost a fraction of a millisecond.
"""

import asyncio
import hmac
import logging
import sqlite3
import time

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from asstctl.emulator import refusals
from asstctl.emulator.asgi import Receive, Scope, Send, header, refused, send_answer
from asstctl.emulator.bodies import read_json
from asstctl.emulator.calls import Call
from asstctl.emulator.ids import new_request_id
from asstctl.emulator.routes import FORMS, Handler, Routes
from asstctl.emulator.services import Services
from asstctl.emulator.store import Body
from asstctl.emulator.wire import Wire

_HEALTH = "/health"

_log = logging.getLogger("asstctl.emulator")


class App:
    """The server as an ASGI callable. It needs no lifespan: the store is open before it is called."""

    def __init__(self, services: Services, wire: Wire, *, api_key: str | None = None) -> None:
        self._services = services
        self._wire = wire
        self._api_key = None if api_key is None else api_key.encode()
        self._paths = _index(wire.routes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await _decline(scope, receive, send)
            return
        # In-process nothing else suspends, and a client that polls without a pause would keep its own run waiting.
        await asyncio.sleep(0)
        began = time.perf_counter()
        request_id = new_request_id()
        try:
            response = await self._respond(Request(scope, receive, send))
        except refusals.Refusal as refusal:
            response = self._refused(scope, refusal)
        except ClientDisconnect:
            return
        except sqlite3.DatabaseError as error:
            response = self._refused(scope, _of_database(error, request_id))
        except Exception:
            _log.exception("request %s failed: %s %s", request_id, scope["method"], scope["path"])
            response = self._refused(scope, refusals.server_fault(request_id))
        await send_answer(response, request_id, began, scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        scope = request.scope
        method: str = scope["method"]
        url: str = scope["path"]
        self._wire.admit(scope)
        if url != _HEALTH:
            self._check_key(scope)
        handlers, path = self._match(url)
        if not handlers:
            raise refusals.unknown_path(method, url)
        handler = handlers.get("GET" if method == "HEAD" else method)
        if handler is None:
            refusal = refusals.wrong_method(method, url, handlers)
            if method == "OPTIONS":
                return Response(status_code=204, headers=refusal.headers)
            raise refusal
        self._wire.check(scope)
        self._services.knowledge.resume(self._services)
        body: Body = {}
        if method == "POST" and handler not in FORMS:
            body = await read_json(request, strict=self._wire.strict(url))
        return await handler(Call(self._services, request, path, body))

    def _refused(self, scope: Scope, refusal: refusals.Refusal) -> Response:
        return refused(self._wire.worded(scope["path"], refusal))

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

    def _check_key(self, scope: Scope) -> None:
        """Before the path is looked at: without the key nobody learns what there is."""
        if self._api_key is not None:
            scheme, _, given = header(scope, b"authorization").partition(b" ")
            if scheme.lower() != b"bearer":
                # What clients made for Azure send.
                given = header(scope, b"api-key")
            if not given.strip():
                raise refusals.no_key()
            if not hmac.compare_digest(given.strip(), self._api_key):
                raise refusals.wrong_key()


async def _decline(scope: Scope, receive: Receive, send: Send) -> None:
    """Whatever is not a request: a WebSocket is refused, a lifespan is not ours."""
    if scope["type"] != "websocket":
        raise NotImplementedError(f"{scope['type']} is not served")
    await receive()
    await send({"type": "websocket.close", "code": 1000})


class _Node:
    """A position in the tree of paths: fixed parts below it, or one parameter, and the handlers that end here."""

    def __init__(self) -> None:
        self.fixed: dict[str, _Node] = {}
        self.named: tuple[str, _Node] | None = None
        self.handlers: dict[str, Handler] = {}


def _index(routes: Routes) -> _Node:
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
