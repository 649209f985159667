"""Reading lists to the end: whatever cannot be trusted is an error, never a shorter list."""

from typing import Any

import pytest

from asstctl.core.errors import IncompleteListing, NotFound, Rejected
from asstctl.providers.assistants import paging
from asstctl.providers.assistants.paging import Page, read_all

pytestmark = pytest.mark.anyio


def page(*ids: str, more: bool = False) -> dict[str, Any]:
    return {"object": "list", "data": [{"id": id} for id in ids], "has_more": more}


class Pages:
    """Gives out pages in turn and keeps the cursors it was asked for."""

    def __init__(self, *pages: Page | Exception) -> None:
        self.cursors: list[str | None] = []
        self._pages = pages

    async def fetch(self, cursor: str | None) -> Page:
        one = self._pages[min(len(self.cursors), len(self._pages) - 1)]
        self.cursors.append(cursor)
        if isinstance(one, Exception):
            raise one
        return one


async def test_pages_are_joined_in_order() -> None:
    """Each page is asked for by the last id of the one before."""
    pages = Pages(page("a", "b", more=True), page("c", more=True), page("d"))

    assert [item["id"] for item in await read_all(pages.fetch, "assistants")] == ["a", "b", "c", "d"]
    assert pages.cursors == [None, "b", "c"]


async def test_an_empty_list_is_empty() -> None:
    """One request is enough to know."""
    pages = Pages(page())

    assert await read_all(pages.fetch, "assistants") == []
    assert pages.cursors == [None]


@pytest.mark.parametrize(
    ("pages", "why"),
    [
        (
            (page("a", "b", more=True), page("a", "b", more=True)),
            "page 2 repeats a, as if the server ignored the cursor",
        ),
        ((page("a", "a"),), "page 1 repeats a"),
        ((page(more=True),), "page 1 is empty and promises more"),
        ((page("a", more=True), page(more=True)), "page 2 is empty and promises more"),
        (({"object": "list"},), "page 1 has no list in it"),
        (({"data": {"id": "a"}},), "page 1 has no list in it"),
        (({"data": ["a"]},), "page 1 has an object without an id"),
        (({"data": [{"id": 7}]},), "page 1 has an object without an id"),
        ((page("a", more=True), NotFound("not found", detail="no a")), "page 2 was refused: no a"),
        ((page("a", more=True), Rejected("rejected")), "page 2 was refused: rejected"),
    ],
)
async def test_a_list_that_cannot_be_trusted_is_an_error(pages: tuple[Page | Exception, ...], why: str) -> None:
    """The message names the page and what is wrong with it."""
    with pytest.raises(IncompleteListing) as caught:
        await read_all(Pages(*pages).fetch, "assistants")

    assert caught.value.summary == "the list of assistants cannot be trusted to be complete"
    assert why in caught.value.detail


async def test_a_refused_first_page_is_the_refusal() -> None:
    """Nothing was listed, so the server's own reason is the message."""
    with pytest.raises(Rejected):
        await read_all(Pages(Rejected("no")).fetch, "assistants")


async def test_a_list_without_an_end_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that makes new ids up for ever is stopped."""
    monkeypatch.setattr(paging, "MAX_PAGES", 3)
    pages = Pages(*(page(f"a{number}", more=True) for number in range(9)))

    with pytest.raises(IncompleteListing, match="does not end within 3 pages"):
        await read_all(pages.fetch, "assistants")
