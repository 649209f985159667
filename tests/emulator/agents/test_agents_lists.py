"""Listings of agents: pages, bounds, cursors and queries that cannot be read."""

from typing import Any

import pytest

from tests.emulator.agents.world import AgentsApi

pytestmark = pytest.mark.anyio


async def _named(api: AgentsApi, count: int) -> list[str]:
    return [(await api.agent(name=str(number)))["id"] for number in range(count)]


async def test_an_empty_listing_has_no_first_and_no_last(api: AgentsApi) -> None:
    empty = {"object": "list", "data": [], "first_id": None, "last_id": None, "has_more": False}
    assert await api.get("/agents") == empty


@pytest.mark.parametrize(
    ("query", "names", "more"),
    [
        ({}, "43210", False),
        ({"order": "asc"}, "01234", False),
        ({"limit": 2}, "43", True),
        ({"limit": "+2"}, "43", True),
        ({"limit": 0}, "4", True),
        ({"limit": 101}, "43210", False),
        ({"limit": 2, "order": "asc"}, "01", True),
        ({"before": "agent_x", "tenant": "y", "colour": ["red", "blue"]}, "43210", False),
    ],
)
async def test_pages(api: AgentsApi, query: dict[str, Any], names: str, more: bool) -> None:
    await _named(api, 5)
    page = await api.get("/agents", **query)
    ids = [each["id"] for each in page["data"]]
    assert ("".join(each["name"] for each in page["data"]), page["has_more"]) == (names, more)
    assert (page["first_id"], page["last_id"]) == (ids[0], ids[-1])


async def test_a_limit_above_the_most_is_the_most(api: AgentsApi) -> None:
    await _named(api, 101)
    page = await api.get("/agents", limit=1000)
    assert (len(page["data"]), page["has_more"]) == (100, True)


async def test_a_deleted_agent_is_still_a_cursor(api: AgentsApi) -> None:
    ids = await _named(api, 4)
    for gone in ids[2:]:
        await api.delete(f"/agents/{gone}")
    page = await api.get("/agents", after=f" {ids[2]} ")
    assert [each["id"] for each in page["data"]] == [ids[1], ids[0]]


@pytest.mark.parametrize("cursor", ["agent_nowhere", "undefined", "asst_1"])
async def test_a_cursor_that_names_nothing_is_404(api: AgentsApi, cursor: str) -> None:
    await api.agent()
    status, error = await api.refused("GET", f"/agents?after={cursor}")
    assert (status, error["type"], error["code"]) == (404, "not_found_error", "not_found_error")


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("limit=", "limit: invalid digit found in string"),
        ("limit=x", "limit: invalid digit found in string"),
        ("limit=-1", "limit: invalid digit found in string"),
        ("limit=1.5", "limit: invalid digit found in string"),
        ("limit=" + "9" * 5000, "limit: number too large to fit in target type"),
        ("order=", "order: unknown variant ``, expected `asc` or `desc`"),
        ("order=up", "order: unknown variant `up`, expected `asc` or `desc`"),
        ("limit=1&limit=1", "duplicate field `limit`"),
        ("after=a&after=b", "duplicate field `after`"),
        ("order=asc&limit=x&order=asc", "duplicate field `order`"),
    ],
    ids=lambda value: value[:30],
)
async def test_a_query_that_cannot_be_read_is_400(api: AgentsApi, query: str, reason: str) -> None:
    status, error = await api.refused("GET", f"/agents?{query}")
    assert (status, error["code"], error["param"]) == (400, "invalid_request_error", None)
    assert error["message"] == f"Failed to deserialize query string: {reason}"
