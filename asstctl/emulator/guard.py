"""What a request must be before anything looks at it: sent to this server by name, by no foreign page, with a body
of a known type and a bearable size.

A browser can be made to send requests to loopback. A name that an attacker points at 127.0.0.1 still shows in Host
(DNS rebinding), and a page shows in Origin, so both are checked; keys are checked in `app.py`. Answers carry no CORS
headers, but for the origins that were allowed by name.
"""

import time
from collections.abc import Iterable
from ipaddress import ip_address

from starlette.responses import Response

from asstctl.emulator import refusals
from asstctl.emulator.asgi import Asgi, Message, Receive, Scope, Send, header, refused, send_answer
from asstctl.emulator.bodies import JSON, MAX_BODY
from asstctl.emulator.files.forms import FORM
from asstctl.emulator.ids import new_request_id
from asstctl.emulator.objects.file import MAX_FILE

MAX_FORM = MAX_FILE + 1024 * 1024
"""Bytes of a multipart form: the largest file and what is around it."""

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
_LIMITS = {JSON: MAX_BODY, FORM: MAX_FORM}
_READABLE = b"x-request-id, openai-processing-ms, openai-poll-after-ms, retry-after, retry-after-ms, x-should-retry"
_PREFLIGHT_LIFETIME = b"600"


class Guard:
    """The rules of one server. `host` is the address that it is bound to.

    Names are compared without their port. A server that listens on every address may also be called by any of them,
    because an attacker's page is called by its name.
    """

    def __init__(self, host: str, *, hosts: Iterable[str] = (), origins: Iterable[str] = ()) -> None:
        self._hosts = _LOOPBACK | {_bracketed(name.lower()) for name in (host, *hosts)}
        self._any_address = _is_unspecified(host)
        self._origins = frozenset(origin.rstrip("/").lower().encode() for origin in origins)

    def around(self, app: Asgi) -> Asgi:
        async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http":
                await app(scope, receive, send)
                return
            origin = header(scope, b"origin")
            try:
                self._check(scope, origin)
            except refusals.Refusal as refusal:
                await send_answer(refused(refusal), new_request_id(), time.perf_counter(), scope, receive, send)
                return
            if not origin:
                await app(scope, receive, send)
            elif scope["method"] == "OPTIONS" and header(scope, b"access-control-request-method"):
                preflight = Response(status_code=204)
                preflight.raw_headers += _granted(scope, origin)
                await send_answer(preflight, new_request_id(), time.perf_counter(), scope, receive, send)
            else:
                await app(scope, receive, _showing(origin, send))

        return guarded

    def _check(self, scope: Scope, origin: bytes) -> None:
        host = header(scope, b"host").decode("latin-1")
        if not self._is_ours(host):
            raise refusals.foreign_host(host)
        if origin and origin.lower() not in self._origins:
            raise refusals.foreign_origin(origin.decode("latin-1"))
        _check_body(scope)

    def _is_ours(self, host: str) -> bool:
        name = _without_port(host.lower())
        return name in self._hosts or (self._any_address and _is_address(name))


def _check_body(scope: Scope) -> None:
    """By what the request declares; what is not declared is counted while it is read."""
    length = header(scope, b"content-length")
    if length in (b"", b"0") and not header(scope, b"transfer-encoding"):
        return
    kind = header(scope, b"content-type").decode("latin-1")
    limit = _LIMITS.get(kind.partition(";")[0].strip().lower())
    if limit is None:
        # Which of them the path takes is known to its route.
        raise refusals.wrong_content_type(kind, *_LIMITS)
    if length.isdigit() and (len(length) > 15 or int(length) > limit):
        raise refusals.body_too_large(limit)


def _granted(scope: Scope, origin: bytes) -> list[tuple[bytes, bytes]]:
    return [
        (b"access-control-allow-origin", origin),
        (b"access-control-allow-methods", b"GET, POST, DELETE"),
        (b"access-control-allow-headers", header(scope, b"access-control-request-headers")),
        (b"access-control-max-age", _PREFLIGHT_LIFETIME),
        (b"vary", b"origin"),
    ]


def _showing(origin: bytes, send: Send) -> Send:
    """Let the page of an allowed origin read the answer."""

    async def showing(message: Message) -> None:
        if message["type"] == "http.response.start":
            more = [
                (b"access-control-allow-origin", origin),
                (b"access-control-expose-headers", _READABLE),
                (b"vary", b"origin"),
            ]
            message = {**message, "headers": [*message["headers"], *more]}
        await send(message)

    return showing


def _bracketed(name: str) -> str:
    return f"[{name}]" if ":" in name and not name.startswith("[") else name


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0].rstrip(".")


def _is_address(name: str) -> bool:
    try:
        ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


def _is_unspecified(host: str) -> bool:
    return _is_address(host) and ip_address(host.strip("[]")).is_unspecified
