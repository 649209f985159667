"""One request as a route sees it, and the answers a route can give.

Also what every listing shares: the query, the envelope. How a request becomes a call is in `app.py`.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from asstctl.emulator import refusals
from asstctl.emulator.objects.base import Collection
from asstctl.emulator.services import Services
from asstctl.emulator.shapes import Choice, Rules, Whole
from asstctl.emulator.store import Body, Page, UnknownCursor

Json = Any

# SDK helpers poll once a second unless they are told better.
_POLL_AFTER = {"openai-poll-after-ms": "10"}


@dataclass(frozen=True, slots=True)
class Call:
    """A request with its path parameters and its JSON body already read."""

    services: Services
    request: Request
    path: Mapping[str, str]
    body: Body

    def given(self, collection: Collection, operation: str) -> Body:
        """The parameters in the body, checked."""
        return collection.read(operation, self.body, self.services.rules)

    def id_of(self, collection: Collection) -> str:
        """The id in the path for this kind of object, refused if it is one of another kind."""
        return collection.check_id(self.path[collection.id_param])

    def now(self) -> int:
        return int(self.services.clock())


def answer(body: Json, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return Response(text.encode(), status, headers, media_type="application/json")


def run_answer(run: Body, *, active: bool) -> Response:
    return answer(run, headers=_POLL_AFTER if active else None)


def listing(call: Call, collection: Collection, **where: Json) -> Response:
    """A page of a collection in the envelope of the wire."""
    page = read_page(call.request.query_params)
    try:
        bodies, has_more = call.services.store.page(collection, page, where)
    except UnknownCursor as error:
        cursor = str(error)
        raise refusals.unknown_cursor("after" if cursor == page.after else "before", collection.noun, cursor) from error
    return answer(
        {
            "object": "list",
            "data": [collection.show(body) for body in bodies],
            "first_id": bodies[0]["id"] if bodies else None,
            "last_id": bodies[-1]["id"] if bodies else None,
            "has_more": has_more,
        }
    )


_LIMIT = Whole(1, 100)
_ORDER = Choice(("asc", "desc"))
_STRICT = Rules()


def read_page(query: Mapping[str, str]) -> Page:
    limit: Json = query.get("limit", "20")
    # What is not a number is left as it is, for the shape to say what was expected.
    with suppress(ValueError):
        limit = int(limit)
    order = _ORDER.read(query.get("order", "desc"), "order", _STRICT)
    return Page(
        limit=_LIMIT.read(limit, "limit", _STRICT),
        descending=order == "desc",
        after=query.get("after") or None,
        before=query.get("before") or None,
    )
