"""Listings: the envelope, cursors in both directions and both orders, limits."""

from typing import Any

import pytest

from tests.emulator.harness import Api, Clock, serving

pytestmark = pytest.mark.anyio


async def _names(api: Api, **query: Any) -> list[str]:
    return [each["name"] for each in (await api.get("/assistants", **query))["data"]]


async def _five(api: Api) -> dict[str, str]:
    """Five assistants of one second, by name."""
    return {name: (await api.assistant(name=name))["id"] for name in "abcde"}


async def test_an_empty_page_has_null_ids(api: Api) -> None:
    expected = {"object": "list", "data": [], "first_id": None, "last_id": None, "has_more": False}
    assert expected == await api.get("/assistants")


async def test_a_page_names_its_first_and_last_object(api: Api) -> None:
    ids = await _five(api)
    page = await api.get("/assistants", limit=2)
    assert (ids["e"], ids["d"], True) == (page["first_id"], page["last_id"], page["has_more"])


async def test_ties_of_one_second_are_listed_in_creation_order() -> None:
    async with serving(clock=Clock()) as api:
        await _five(api)
        assert list("edcba") == await _names(api)
        assert list("abcde") == await _names(api, order="asc")


@pytest.mark.parametrize(
    ("query", "expected", "more"),
    [
        ({"order": "asc", "after": "b"}, "cde", False),
        ({"order": "asc", "after": "b", "limit": 2}, "cd", True),
        ({"order": "desc", "after": "b"}, "a", False),
        ({"order": "asc", "before": "d"}, "abc", False),
        ({"order": "desc", "before": "b"}, "edc", False),
        ({"order": "asc", "before": "d", "limit": 2}, "bc", True),
        ({"order": "desc", "before": "b", "limit": 2}, "dc", True),
        ({"order": "asc", "after": "a", "before": "e"}, "bcd", False),
        ({"order": "asc", "after": "a", "before": "e", "limit": 2}, "bc", True),
        ({"order": "asc", "after": "e"}, "", False),
    ],
)
async def test_cursors_are_exclusive_and_follow_the_order(
    api: Api, query: dict[str, Any], expected: str, more: bool
) -> None:
    ids = await _five(api)
    query = {key: ids.get(value, value) if key in ("after", "before") else value for key, value in query.items()}
    page = await api.get("/assistants", **query)
    assert (list(expected), more) == ([each["name"] for each in page["data"]], page["has_more"])


async def test_following_last_id_meets_every_object_once(api: Api) -> None:
    for number in range(45):
        await api.assistant(name=str(number))
    met: list[str] = []
    query: dict[str, Any] = {"order": "asc"}
    while True:
        page = await api.get("/assistants", **query)
        met += [each["name"] for each in page["data"]]
        if not page["has_more"]:
            break
        query["after"] = page["last_id"]
    assert [str(number) for number in range(45)] == met


async def test_messages_are_listed_by_run(api: Api) -> None:
    assistant, thread = await api.assistant(), await api.thread("hello")
    run = await api.run(thread["id"], assistant["id"])
    await api.post(f"/threads/{thread['id']}/messages", {"role": "user", "content": "more"})
    page = await api.get(f"/threads/{thread['id']}/messages", run_id=run["id"])
    assert [run["id"]] == [message["run_id"] for message in page["data"]]


async def test_a_listing_shows_only_its_own_thread(api: Api) -> None:
    one, two = await api.thread("one"), await api.thread("two")
    page = await api.get(f"/threads/{one['id']}/messages")
    assert [one["id"]] == [message["thread_id"] for message in page["data"]]
    foreign = (await api.get(f"/threads/{two['id']}/messages"))["first_id"]
    status, error = await api.refused("GET", f"/threads/{one['id']}/messages?after={foreign}")
    assert (status, error["param"]) == (400, "after")


@pytest.mark.parametrize(
    ("query", "param", "code", "message"),
    [
        (
            "limit=101",
            "limit",
            "integer_above_max_value",
            "Invalid 'limit': integer above maximum value. Expected a value <= 100, but got 101 instead.",
        ),
        (
            "limit=0",
            "limit",
            "integer_below_min_value",
            "Invalid 'limit': integer below minimum value. Expected a value >= 1, but got 0 instead.",
        ),
        (
            "limit=x",
            "limit",
            "invalid_type",
            "Invalid type for 'limit': expected an integer, but got a string instead.",
        ),
        ("order=up", "order", "invalid_value", "Invalid value: 'up'. Supported values are: 'asc' and 'desc'."),
        ("after=asst_x", "after", "invalid_value", "Invalid 'after': no assistant found with id 'asst_x'."),
        ("before=asst_x", "before", "invalid_value", "Invalid 'before': no assistant found with id 'asst_x'."),
    ],
)
async def test_a_query_out_of_bounds_is_refused(api: Api, query: str, param: str, code: str, message: str) -> None:
    status, error = await api.refused("GET", f"/assistants?{query}")
    assert status == 400
    assert {"message": message, "type": "invalid_request_error", "param": param, "code": code} == error
