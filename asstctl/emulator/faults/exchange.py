"""A request sent on to the application with another body or query, and its answer taken apart and put together."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode

from asstctl.emulator.asgi import Asgi, Message, Receive, Scope, Send
from asstctl.emulator.json_text import compact

Json = Any
Headers = list[tuple[bytes, bytes]]

PAGING = ("limit", "order", "after", "before")
_PAGE = 100
_CONTENT_HEADERS = (b"content-length", b"content-type", b"transfer-encoding")


@dataclass(slots=True)
class Answer:
    """A whole answer."""

    status: int = 0
    headers: Headers = field(default_factory=list)
    body: bytes = b""

    @property
    def json(self) -> Json:
        """None where the body is something else."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    @json.setter
    def json(self, value: Json) -> None:
        self.body = compact(value).encode()
        self.headers = _describing(self.body, self.headers)

    async def send(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        await send({"type": "http.response.body", "body": self.body})


def _describing(body: bytes, headers: Headers) -> Headers:
    kept = [pair for pair in headers if pair[0] not in _CONTENT_HEADERS]
    return [*kept, (b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]


def query_of(scope: Scope) -> dict[str, str]:
    return dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))


def with_query(scope: Scope, query: Mapping[str, str]) -> Scope:
    return {**scope, "query_string": urlencode(query).encode()}


async def read_body(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if message["type"] != "http.request" or not message.get("more_body", False):
            return bytes(body)


def giving(body: bytes, receive: Receive) -> Receive:
    """This body, and after it whatever else happens on the connection."""
    given = False

    async def replaced() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replaced


def with_body(scope: Scope, body: bytes) -> Scope:
    return {**scope, "headers": _describing(body, scope["headers"])}


async def ask(app: Asgi, scope: Scope, body: bytes = b"") -> Answer:
    """Send a request and wait for the whole answer."""

    async def nothing() -> Message:
        return {"type": "http.disconnect"}

    async def nowhere(message: Message) -> None:
        """Whoever asked gets the answer in one piece."""

    return await overheard(app, scope, giving(body, nothing), nowhere)


async def overheard(app: Asgi, scope: Scope, receive: Receive, send: Send) -> Answer:
    """Pass a request and its answer on as they come, and know the answer when it is over."""
    answer = Answer()

    async def listening(message: Message) -> None:
        if message["type"] == "http.response.start":
            answer.status, answer.headers = message["status"], list(message["headers"])
        else:
            answer.body += message.get("body", b"")
        await send(message)

    await app(scope, receive, listening)
    return answer


async def get(app: Asgi, scope: Scope, path: str, **query: str) -> Answer:
    """Read something else on behalf of a request."""
    changed = {"method": "GET", "path": path, "raw_path": path.encode(), "query_string": urlencode(query).encode()}
    return await ask(app, {**scope, **changed})


async def whole_listing(app: Asgi, scope: Scope) -> Answer:
    """Every object of the listing that a request asks for, oldest first, in one page; or the first refusal."""
    query = {name: value for name, value in query_of(scope).items() if name not in PAGING}
    objects: list[Json] = []
    while True:
        page = {**query, "order": "asc", "limit": str(_PAGE), **({"after": objects[-1]["id"]} if objects else {})}
        answer = await ask(app, with_query(scope, page))
        if answer.status != 200 or not is_listing(answer.json):
            return answer
        objects += answer.json["data"]
        if not answer.json["has_more"]:
            answer.json = envelope(objects, has_more=False)
            return answer


def is_listing(body: Json) -> bool:
    return isinstance(body, dict) and body.get("object") == "list" and "has_more" in body


def envelope(objects: list[Json], *, has_more: bool) -> Json:
    first, last = (objects[0]["id"], objects[-1]["id"]) if objects else (None, None)
    return {"object": "list", "data": objects, "first_id": first, "last_id": last, "has_more": has_more}
