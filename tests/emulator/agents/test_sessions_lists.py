"""Listings of sessions, turns and items: what is in them, and which queries are refused."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.emulator.agents.sessions_world import SESSIONS, Sessions, sessions

pytestmark = pytest.mark.anyio

Json = Any


@pytest.fixture
async def world(anyio_backend: str) -> AsyncIterator[Sessions]:
    async with sessions() as world:
        yield world


async def test_the_newest_session_is_listed_first(world: Sessions) -> None:
    made = [(await world.opened())["id"] for _ in range(3)]
    listed = await world.api.get(SESSIONS)
    assert [each["id"] for each in listed["data"]] == made[::-1]
    assert (listed["first_id"], listed["last_id"], listed["has_more"]) == (made[2], made[0], False)


async def test_an_empty_page_has_no_ends(world: Sessions) -> None:
    listed = {"object": "list", "data": [], "first_id": None, "last_id": None, "has_more": False}
    assert await world.api.get(SESSIONS) == listed


async def test_sessions_are_found_by_their_agent_and_by_all_their_marks(world: Sessions) -> None:
    agent = await world.api.agent()
    marks: list[Json] = [{"a": "1", "b": "2"}, {"a": "1"}, {"a": "11"}, {'k"].x': "q"}]
    made = [(await world.opened(agent_id=agent["id"], metadata=mark))["id"] for mark in marks]
    other = (await world.opened(metadata={"a": "1"}))["id"]

    async def found(**query: str) -> list[str]:
        return [each["id"] for each in (await world.api.get(SESSIONS, order="asc", **query))["data"]]

    assert await found(agent_id=agent["id"]) == made
    assert await found(**{"metadata[a]": "1"}) == [made[0], made[1], other]
    assert await found(**{"metadata[a]": "1", "metadata[b]": "2"}) == [made[0]]
    assert await found(**{"metadata[a]": "1", "agent_id": agent["id"]}) == made[:2]
    assert await found(**{'metadata[k"].x]': "q"}) == [made[3]]
    assert await found(**{"metadata[a]": ""}) == []


async def test_a_deleted_session_is_still_a_place_to_go_on_from(world: Sessions) -> None:
    made = [(await world.opened())["id"] for _ in range(3)]
    await world.api.delete(f"{SESSIONS}/{made[1]}")
    listed = await world.api.get(SESSIONS, after=made[1])
    assert [each["id"] for each in listed["data"]] == [made[0]]


async def test_items_of_a_turn_are_those_of_no_other(world: Sessions) -> None:
    session = await world.opened("one")
    await world.said(session, "two")
    paths = [f"{SESSIONS}/{session['id']}/turns/{turn['id']}/items" for turn in await world.turns(session)]
    found = [await world.api.get(path, order="asc") for path in paths]
    assert [[item["content"][0]["text"] for item in page["data"]] for page in found] == [["one"] * 2, ["two"] * 2]


@pytest.mark.parametrize(("limit", "count"), [("0", 1), ("-1", None), ("2", 2), ("1000", 4)])
async def test_a_limit_of_items_is_brought_into_bounds(world: Sessions, limit: str, count: int | None) -> None:
    session = await world.said(await world.opened("one"), "two")
    response = await world.api.http.get(f"{SESSIONS}/{session['id']}/items", params={"limit": limit})
    assert len(response.json().get("data", ())) == (count or 0)


@pytest.mark.parametrize("collection", ["turns", "subagents", "artifacts"])
@pytest.mark.parametrize("limit", ["0", "101", "x"])
async def test_a_limit_of_what_a_session_holds_is_refused_out_of_bounds(
    world: Sessions, collection: str, limit: str
) -> None:
    session = await world.opened()
    status, error = await world.api.refused("GET", f"{SESSIONS}/{session['id']}/{collection}?limit={limit}")
    assert (status, error["code"]) == (400, "invalid_request_error")


@pytest.mark.parametrize(
    ("collection", "status", "code"),
    [
        ("", 404, "not_found_error"),
        ("turns", 404, "not_found_error"),
        ("items", 400, "invalid_request_error"),
        ("subagents", 400, "invalid_request_error"),
        ("artifacts", 400, "invalid_request_error"),
    ],
)
async def test_a_cursor_that_names_nothing_is_refused(world: Sessions, collection: str, status: int, code: str) -> None:
    session = await world.opened()
    path = f"{SESSIONS}/{session['id']}/{collection}" if collection else SESSIONS
    found, error = await world.api.refused("GET", f"{path}?after=x")
    assert (found, error["code"]) == (status, code)


@pytest.mark.parametrize(
    "query",
    [
        "order=up",
        "limit=1&limit=2",
        "metadata[a]=1&metadata[a]=2",
        "metadata[]=1",
        f"metadata[{'k' * 65}]=1",
        "&".join(f"metadata[k{number}]=1" for number in range(17)),
    ],
)
async def test_a_query_that_cannot_be_read_is_refused(world: Sessions, query: str) -> None:
    status, error = await world.api.refused("GET", f"{SESSIONS}?{query}")
    assert (status, error["code"]) == (400, "invalid_request_error")
