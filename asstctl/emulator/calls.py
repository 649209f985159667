"""One request as a route sees it, and the answers a route can give.

Also what every listing shares: the query, the envelope. How a request becomes a call is in `app.py`.
"""

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from asstctl.emulator import refusals
from asstctl.emulator.json_text import compact
from asstctl.emulator.objects.base import Collection
from asstctl.emulator.services import Services
from asstctl.emulator.shapes import Choice, Rules, Whole
from asstctl.emulator.store import Body, Page, UnknownCursor, load_all

Json = Any

POLL_AFTER = {"openai-poll-after-ms": "10"}
"""SDK helpers poll once a second unless they are told better."""


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
        return self.checked(collection, self.path[collection.id_param])

    def checked(self, collection: Collection, object_id: str, param: str | None = None) -> str:
        """An id given elsewhere, refused in the same way."""
        return object_id if self.services.rules.lenient else collection.check_id(object_id, param)

    def query(self, name: str) -> str | None:
        """A parameter of the query; one without a value was not given."""
        return self.request.query_params.get(name) or None

    def now(self) -> int:
        return int(self.services.clock())


def answer(body: Json, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(compact(body).encode(), status, headers, media_type="application/json")


def polled_answer(body: Body, *, active: bool) -> Response:
    """An object that clients read again and again until it is at rest."""
    return answer(body, headers=POLL_AFTER if active else None)


def find_below(call: Call, parent: Collection, collection: Collection) -> Body:
    """The object in the path, refused as unknown when it belongs to another parent than the one in the path."""
    object_id = call.id_of(collection)
    found = call.services.store.find(collection, object_id)
    if found is None or found[parent.id_param] != call.path[parent.id_param]:
        raise refusals.not_found(collection.noun, object_id)
    return found


def listing(
    call: Call,
    collection: Collection,
    page: Page | None = None,
    show: Callable[[Body], Body] | None = None,
    /,
    **where: Json,
) -> Response:
    """A page of a collection in the envelope of the wire; without `page`, the one that the query asks for."""
    rules = call.services.rules
    page = page or read_page(call.request.query_params, rules)
    try:
        texts, has_more = call.services.store.page(collection, page, where)
    except UnknownCursor as error:
        cursor = str(error)
        param = "after" if cursor == page.after else "before"
        if not rules.lenient:
            raise refusals.unknown_cursor(param, collection.noun, cursor) from error
        # Nothing stands next to what is not there, and a client that pages comes to its end.
        texts, has_more = [], False
    return page_answer(collection, texts, has_more, show)


def page_answer(
    collection: Collection, texts: list[str], has_more: bool, show: Callable[[Body], Body] | None = None
) -> Response:
    """What a store gave for a page, in the envelope of the wire."""
    bodies = load_all(texts)
    if show is not None:
        texts = [compact(show(body)) for body in bodies]
    else:
        # Nearly always a row is what is shown, and writing it anew would cost more than all the rest.
        texts = [
            text if tuple(body) == collection.shown else compact(collection.show(body))
            for text, body in zip(texts, bodies, strict=True)
        ]
    envelope = {
        "first_id": bodies[0]["id"] if bodies else None,
        "last_id": bodies[-1]["id"] if bodies else None,
        "has_more": has_more,
    }
    text = f'{{"object":"list","data":[{",".join(texts)}],{compact(envelope)[1:]}'
    return Response(text.encode(), media_type="application/json")


_ORDER = Choice(("asc", "desc"))
_WHOLE = re.compile("-?[0-9]+")


def read_page(query: Mapping[str, str], rules: Rules, default: int = 20, maximum: int = 100) -> Page:
    limit: Json = query.get("limit") or str(default)
    # What is not a number is left as it is, for the shape to say what was expected.
    if _WHOLE.fullmatch(limit):
        with suppress(ValueError):  # so many digits that Python reads no number in them
            limit = int(limit)
    order = _ORDER.read(query.get("order") or "desc", "order", rules)
    return Page(
        limit=Whole(1, maximum).read(limit, "limit", rules),
        descending=order == "desc",
        after=query.get("after") or None,
        before=query.get("before") or None,
    )
