"""Reading a list to its end, or raising IncompleteListing: absence from part of a list proves nothing.

Some servers repeat their first page for ever, some end early. Each sign of that is an error here, since a
plan would take what is missing for deleted.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from asstctl.core.errors import IncompleteListing, NoSuchApi, NotFound, Rejected
from asstctl.providers.assistants.ids import is_id

MAX_PAGES = 1000

Page = Mapping[str, Any]
_ANY = "If it stays so, tell whoever runs the server: half a list changes nothing."
_LITELLM = "LiteLLM pages properly at its pass-through alone: set passthrough_url in asstctl.yaml."

FetchPage = Callable[[str | None], Awaitable[Page]]
"""Fetches the page after a cursor, or the first."""


async def read_all(fetch: FetchPage, what: str) -> list[dict[str, Any]]:
    """Every object of a list in the order it came, following its cursors."""
    found: dict[str, dict[str, Any]] = {}
    cursor: str | None = None
    for number in range(1, MAX_PAGES + 1):
        try:
            page = await fetch(cursor)
        except (NotFound, NoSuchApi, Rejected) as error:
            if cursor is None:
                raise
            raise _incomplete(what, f"page {number} was refused: {error.detail or error.summary}") from error
        items = page.get("data")
        if not isinstance(items, list):
            raise _incomplete(what, f"page {number} has no list in it")
        for item in items:
            id = item.get("id") if isinstance(item, dict) else None
            if not isinstance(item, dict) or not isinstance(id, str) or not is_id(id):
                raise _incomplete(what, f"page {number} has an object without an id that can be used")
            if id in found:
                raise _incomplete(what, f"page {number} repeats {id}, as if the server ignored the cursor", _LITELLM)
            found[id] = item
        if not page.get("has_more", False):
            return list(found.values())
        if not items:
            raise _incomplete(what, f"page {number} is empty and promises more")
        cursor = items[-1]["id"]
    raise _incomplete(what, f"it does not end within {MAX_PAGES} pages")


def _incomplete(what: str, why: str, known: str = _ANY) -> IncompleteListing:
    return IncompleteListing(
        f"the list of {what} cannot be trusted to be complete",
        detail=why,
        hint=f"Try again. {known}",
    )
