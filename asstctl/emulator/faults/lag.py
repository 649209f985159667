"""Listings that lag behind, as those of a service with replicas do: in who is in them, or in what each object says.

What was created and changed is learned from the answers that pass by, so only what happened through this server lags;
listings that have none of it pass as they are.
"""

import time
from collections import defaultdict
from typing import Any

from asstctl.emulator.asgi import Asgi, Receive, Scope, Send
from asstctl.emulator.faults.exchange import ask, envelope, get, is_listing, overheard, query_of, whole_listing
from asstctl.emulator.faults.single import Fault

Json = Any

_WAYS = ("members", "bodies")
_STREAM = "/events"
"""How a path ends that is read without end."""
_MOST = 100


def list_lag(text: str) -> Fault:
    seconds, _, way = text.partition(":")
    if way not in ("", *_WAYS):
        raise ValueError(f"a listing lags in its {' or its '.join(_WAYS)}")
    return _Lag(float(seconds), bodies=way == "bodies").around


class _Lag:
    def __init__(self, seconds: float, *, bodies: bool) -> None:
        self._seconds = seconds
        self._bodies = bodies
        self._created: dict[str, float] = {}
        self._versions: dict[str, list[tuple[float, Json]]] = defaultdict(list)
        """By id: when each version came to be, oldest first."""

    def around(self, app: Asgi) -> Asgi:
        async def lagging(scope: Scope, receive: Receive, send: Send) -> None:
            lagged = scope["type"] == "http" and not scope["path"].endswith(_STREAM)
            if lagged and scope["method"] == "GET":
                await self._read(app, scope, send)
            elif lagged and scope["method"] == "POST":
                await self._write(app, scope, receive, send)
            else:
                await app(scope, receive, send)

        return lagging

    async def _write(self, app: Asgi, scope: Scope, receive: Receive, send: Send) -> None:
        before = await get(app, scope, scope["path"])
        answer = await overheard(app, scope, receive, send)
        body = answer.json
        if answer.status not in (200, 201) or "id" not in (body or {}):
            return
        now, versions = time.monotonic(), self._versions[body["id"]]
        if body["id"] not in scope["path"]:
            self._created[body["id"]] = now
        elif before.status == 200 and not versions:
            versions.append((0.0, before.json))
        versions.append((now, body))

    async def _read(self, app: Asgi, scope: Scope, send: Send) -> None:
        answer = await ask(app, scope)
        if answer.status == 200 and is_listing(answer.json):
            objects = (await whole_listing(app, scope)).json["data"]
            if any(each["id"] in self._versions for each in objects):
                answer.json = self._page(objects, query_of(scope), current=answer.json["data"])
        await answer.send(send)

    def _page(self, objects: list[Json], query: dict[str, str], current: list[Json]) -> Json:
        """The page that is asked for, of what the listing knows; cursors may name what it does not know yet.

        current: the same page without the lag, which a cursor that names what was deleted stands right beside.
        """
        if query.get("order", "desc") == "desc":
            objects = objects[::-1]
        ids = [each["id"] for each in objects]
        start, end = 0, len(ids)
        if after := query.get("after"):
            start = ids.index(after) + 1 if after in ids else ids.index(current[0]["id"]) if current else end
        if before := query.get("before"):
            end = ids.index(before) if before in ids else ids.index(current[-1]["id"]) + 1 if current else start
        known = [each for each in map(self._as_listed, objects[start:end]) if each is not None]
        limit = max(1, min(int(query.get("limit") or 20), _MOST))
        page = known[-limit:] if query.get("before") and not query.get("after") else known[:limit]
        return envelope(page, has_more=len(known) > limit)

    def _as_listed(self, current: Json) -> Json | None:
        horizon = time.monotonic() - self._seconds
        if not self._bodies:
            return current if self._created.get(current["id"], 0.0) <= horizon else None
        versions = self._versions.get(current["id"], [(0.0, current)])
        seen = [body for moment, body in versions if moment <= horizon]
        if len(seen) == len(versions):
            # What has become of it since, as of a turn that ended, nobody wrote.
            return current
        return seen[-1] if seen else versions[0][1]
