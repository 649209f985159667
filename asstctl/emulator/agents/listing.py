"""Listings of the Agents API: one direction to page in, and queries that are read in its own way.

Parameters that nobody knows are ignored, those that are known come once. Agents, sessions and items bring a `limit`
that is out of bounds to the nearest one; turns and what belongs to them refuse it.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from starlette.datastructures import QueryParams
from starlette.responses import Response

from asstctl.emulator.agents import refusals
from asstctl.emulator.calls import Call, page_answer
from asstctl.emulator.objects.base import Collection
from asstctl.emulator.refusals import Refusal
from asstctl.emulator.store import Body, Page, UnknownCursor

Json = Any

_PAGING = ("after", "limit", "order")

_DEFAULT, _MOST = 20, 100
_DIGITS = re.compile(r"\+?[0-9]+")
_HUGE = 2**63


def listing(
    call: Call,
    collection: Collection,
    show: Callable[[Body], Body] | None = None,
    /,
    *,
    clamped: bool = True,
    lost: Callable[[], Refusal] = refusals.not_found,
    tagged: Mapping[str, str] | None = None,
    **where: Json,
) -> Response:
    """The page of a collection that the query asks for.

    clamped: a limit that is out of bounds is brought to the nearest. lost: the refusal of a cursor that names nothing.
    tagged: what must be in the metadata of each.
    """
    rules = call.services.rules
    page = read_page(call.request.query_params, clamped=clamped, lenient=rules.lenient)
    try:
        texts, has_more = call.services.store.page(collection, page, where, tagged)
    except UnknownCursor as error:
        if not rules.lenient:
            raise lost() from error
        # Nothing comes after what is not there, and a client that pages comes to its end.
        texts, has_more = [], False
    return page_answer(collection, texts, has_more, show)


def read_page(query: QueryParams, *, clamped: bool = True, lenient: bool = False) -> Page:
    """lenient: bring whatever number there is to the nearest bound."""
    for name in _PAGING:
        if len(query.getlist(name)) > 1:
            raise refusals.unreadable_query(f"duplicate field `{name}`")
    limit = _limit(query["limit"], clamped=clamped or lenient, lenient=lenient) if "limit" in query else _DEFAULT
    order = query.get("order", "desc")
    if order not in ("asc", "desc"):
        raise refusals.unreadable_query(f"order: unknown variant `{order}`, expected `asc` or `desc`")
    return Page(limit=limit, descending=order == "desc", after=query.get("after", "").strip() or None)


def _limit(text: str, *, clamped: bool, lenient: bool) -> int:
    if lenient and text.startswith("-"):
        return 1
    if not _DIGITS.fullmatch(text):
        raise refusals.unreadable_query("limit: invalid digit found in string")
    # Python reads no number in very many digits.
    limit = int(text) if len(text) < 20 else _HUGE
    if limit >= _HUGE:
        raise refusals.unreadable_query("limit: number too large to fit in target type")
    if not clamped and not 1 <= limit <= _MOST:
        raise refusals.limit_out_of_bounds(_MOST)
    return max(1, min(limit, _MOST))
