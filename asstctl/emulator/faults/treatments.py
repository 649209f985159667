"""What another server makes of one operation, as a value, and how that is carried out on our application."""

import asyncio
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from asstctl.emulator.asgi import Asgi, Message, Receive, Scope, Send, header
from asstctl.emulator.faults.exchange import (
    PAGING,
    Answer,
    ask,
    envelope,
    get,
    giving,
    query_of,
    read_body,
    whole_listing,
    with_body,
    with_query,
)

Json = Any

_MOVING = ("queued", "in_progress", "cancelling")
_POLL = 0.01
_AGAIN = (429, 500, 502, 503, 504)


@dataclass(frozen=True, slots=True)
class Treatment:
    """The default passes the operation on as it is."""

    keeps: frozenset[str] | None = None
    """The members of the body that arrive; None: all."""
    drops: frozenset[str] = frozenset()
    """The members of the body that do not."""
    hides: tuple[str, ...] = ()
    """The members that the answer lacks."""
    attempts: int = 1
    """How often it is sent on before an error of the server, or a rate limit, is passed back."""
    paging: str = "whole"
    """`ignored`: whatever is asked for, the newest 20. `refused`: everything in one page, and cursors are an error."""
    blocks: bool = False
    """A run is answered once it is at rest."""
    milliseconds: bool = False
    """`created_at` is in milliseconds."""
    every_thread: bool = False
    """A listing below a thread shows what is below any thread that was made through this server."""
    deleted_as: str = ""
    """The `object` of a delete's answer; it then succeeds for ids that are not there, too."""


AS_IT_IS = Treatment()

Frames = Callable[[Send], Send]


async def carry_out(
    treatment: Treatment,
    app: Asgi,
    scope: Scope,
    receive: Receive,
    send: Send,
    *,
    frames: Frames | None = None,
    threads: Iterable[str] = (),
) -> Answer | None:
    """The answer, or None where it was a stream and is out already.

    `frames` rewrites such a stream; `threads` are those that this server has made.
    """
    if treatment.every_thread:
        return await _of_every_thread(threads, app, scope)
    body = await read_body(receive)
    given = _json_body(scope, body)
    if given is not None:
        given = {name: value for name, value in given.items() if _arrives(treatment, name)}
        body = json.dumps(given).encode()
        scope = with_body(scope, body)
        if given.get("stream") is True:
            await app(scope, giving(body, receive), frames(send) if frames else send)
            return None
    answer = await _paged(treatment, app, scope, body)
    if treatment.blocks and answer.status == 200:
        answer = await _at_rest(app, scope, answer)
    return _shown(treatment, scope, answer)


def _arrives(treatment: Treatment, name: str) -> bool:
    return name not in treatment.drops and (treatment.keeps is None or name in treatment.keeps)


def _json_body(scope: Scope, body: bytes) -> dict[str, Json] | None:
    if not header(scope, b"content-type").startswith(b"application/json"):
        return None
    try:
        given = json.loads(body)
    except ValueError:
        return None
    return given if isinstance(given, dict) else None


async def _paged(treatment: Treatment, app: Asgi, scope: Scope, body: bytes) -> Answer:
    query = query_of(scope)
    if treatment.paging == "ignored":
        kept = {name: value for name, value in query.items() if name not in PAGING}
        return await ask(app, with_query(scope, kept), body)
    if treatment.paging == "refused":
        cursor = next((name for name in ("after", "before") if name in query), None)
        if cursor is not None:
            answer = Answer(400)
            answer.json = {"detail": f"{cursor} is not supported"}
            return answer
        whole = await whole_listing(app, scope)
        if whole.status == 200 and query.get("order", "desc") == "desc":
            whole.json = envelope(whole.json["data"][::-1], has_more=False)
        return whole
    for _ in range(treatment.attempts):
        answer = await ask(app, scope, body)
        if answer.status not in _AGAIN:
            break
    return answer


async def _of_every_thread(threads: Iterable[str], app: Asgi, scope: Scope) -> Answer:
    asked = await whole_listing(app, scope)
    if asked.status == 200:
        _, _, thread, listing = scope["path"].lstrip("/").split("/")
        for other in threads:
            if other != thread:
                path = f"/v1/threads/{other}/{listing}"
                found = await whole_listing(app, {**scope, "path": path, "raw_path": path.encode()})
                if found.status == 200:
                    asked.json = envelope([*asked.json["data"], *found.json["data"]], has_more=False)
    return asked


async def _at_rest(app: Asgi, scope: Scope, answer: Answer) -> Answer:
    run = answer.json
    while run["status"] in _MOVING:
        await asyncio.sleep(_POLL)
        answer = await get(app, scope, f"/v1/threads/{run['thread_id']}/runs/{run['id']}")
        if answer.status != 200:
            break
        run = answer.json
    return answer


def _shown(treatment: Treatment, scope: Scope, answer: Answer) -> Answer:
    if treatment.deleted_as and answer.status in (200, 404):
        deleted = {"id": scope["path"].rpartition("/")[2], "object": treatment.deleted_as, "deleted": True}
        answer.status, answer.json = 200, deleted
    elif answer.status == 200 and (treatment.hides or treatment.milliseconds):
        body = answer.json
        answer.json = (
            {**body, "data": [_one(treatment, each) for each in body["data"]]}
            if "data" in body
            else _one(treatment, body)
        )
    return answer


def _one(treatment: Treatment, each: Json) -> Json:
    shown = {name: value for name, value in each.items() if name not in treatment.hides}
    if treatment.milliseconds and "created_at" in shown:
        shown["created_at"] *= 1000
    return shown


def unnamed_frames(send: Send) -> Send:
    """A stream whose frames have no `event` line: name and data lie together in `data`."""
    held = b""

    async def rewriting(message: Message) -> None:
        nonlocal held
        if message["type"] != "http.response.body":
            await send(message)
            return
        *frames, held = (held + message.get("body", b"")).split(b"\n\n")
        out = b"".join(map(_unnamed, frames))
        await send({**message, "body": out})

    return rewriting


def _unnamed(frame: bytes) -> bytes:
    lines = dict(line.split(b": ", 1) for line in frame.split(b"\n") if b": " in line and not line.startswith(b":"))
    if b"data" not in lines:
        return b""
    if lines.get(b"event") == b"done":
        return b"data: [DONE]\n\n"
    return b'data: {"event": "%s", "data": %s}\n\n' % (lines.get(b"event", b""), lines[b"data"])
