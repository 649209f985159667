"""A1: the envelope of listings, cursors in both directions and both orders with ties, for every listing there is."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, NamedTuple

import pytest

from asstctl.emulator.replies.values import ReplyRequest, TextDelta, ToolCall
from tests.emulator.contract.world import at_rest
from tests.emulator.harness import ASK, Api, Backend, Clock, serving

pytestmark = pytest.mark.anyio

Made = tuple[str, list[str]]
"""The path of a listing, and the ids of what it lists, in the order in which they were made."""


def _calls_thrice(request: ReplyRequest) -> list[Any]:
    calling = request.has_tool("function") and len(request.rounds) < 4
    return [ToolCall("ask_database", "{}")] if calling else [TextDelta("done")]


async def _assistants(api: Api) -> Made:
    return "/assistants", [(await api.assistant(name=name))["id"] for name in "abcde"]


async def _messages(api: Api) -> Made:
    path = f"/threads/{(await api.thread())['id']}/messages"
    return path, [(await api.post(path, {"role": "user", "content": text}))["id"] for text in "abcde"]


async def _runs(api: Api) -> Made:
    assistant, thread = await api.assistant(), await api.thread("hello")
    return f"/threads/{thread['id']}/runs", [(await api.run(thread["id"], assistant["id"]))["id"] for _ in "abcde"]


async def _steps(api: Api) -> Made:
    assistant, thread = await api.assistant(tools=[ASK]), await api.thread("hello")
    run = await api.run(thread["id"], assistant["id"])
    path = f"/threads/{thread['id']}/runs/{run['id']}/steps"
    ids = []
    while True:
        ids.append((await api.get(path, order="desc", limit=1))["first_id"])
        if run["status"] == "completed":
            return path, ids
        run = await api.answer(run, "1")


async def _files(api: Api) -> Made:
    return "/files", [(await api.file(f"{name}.txt"))["id"] for name in "abcde"]


async def _stores(api: Api) -> Made:
    return "/vector_stores", [(await api.post("/vector_stores", {"name": name}))["id"] for name in "abcde"]


async def _store_files(api: Api) -> Made:
    _, ids = await _files(api)
    path = f"/vector_stores/{(await api.post('/vector_stores', {}))['id']}/files"
    for file_id in ids:
        await api.post(path, {"file_id": file_id})
        await at_rest(api, f"{path}/{file_id}")
    return path, ids


async def _batch_files(api: Api) -> Made:
    _, ids = await _files(api)
    store = f"/vector_stores/{(await api.post('/vector_stores', {}))['id']}"
    batch = await api.post(f"{store}/file_batches", {"file_ids": ids})
    await at_rest(api, f"{store}/file_batches/{batch['id']}")
    return f"{store}/file_batches/{batch['id']}/files", ids


class Listing(NamedTuple):
    make: Callable[[Api], Awaitable[Made]]
    gone: str
    """An id of the right kind that there is not."""
    noun: str
    backwards: bool = True
    """Whether it takes `before`."""


LISTINGS = {
    "assistants": Listing(_assistants, "asst_x", "assistant"),
    "messages": Listing(_messages, "msg_x", "message"),
    "runs": Listing(_runs, "run_x", "run"),
    "steps": Listing(_steps, "step_x", "run step"),
    "files": Listing(_files, "file-x", "file", backwards=False),
    "vector stores": Listing(_stores, "vs_x", "vector store"),
    "store files": Listing(_store_files, "file-x", "vector store file"),
    "batch files": Listing(_batch_files, "file-x", "vector store file"),
}


class Listed(NamedTuple):
    """Five objects of one second on a server of their own."""

    api: Api
    path: str
    ids: list[str]
    listing: Listing


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module", params=list(LISTINGS))
async def listed(request: pytest.FixtureRequest, anyio_backend: str) -> AsyncIterator[Listed]:
    listing = LISTINGS[request.param]
    async with serving(clock=Clock(), replies=Backend(answer=_calls_thrice)) as api:
        path, ids = await listing.make(api)
        yield Listed(api, path, ids, listing)


_BOTH_WAYS = pytest.mark.parametrize("listed", [name for name in LISTINGS if LISTINGS[name].backwards], indirect=True)


def _ids(page: Any) -> list[str]:
    return [item["id"] for item in page["data"]]


async def test_a1_ties_are_listed_in_creation_order(listed: Listed) -> None:
    api, path, ids, _ = listed
    assert len(ids) == 5
    page = await api.get(path)
    assert len({item["created_at"] for item in page["data"]}) == 1
    assert _ids(page) == ids[::-1]
    assert _ids(await api.get(path, order="desc")) == ids[::-1]
    assert _ids(await api.get(path, order="asc")) == ids


async def test_a1_a_page_names_its_first_and_last_object(listed: Listed) -> None:
    api, path, ids, _ = listed
    page = await api.get(path, order="asc", limit=2)
    assert list(page) == ["object", "data", "first_id", "last_id", "has_more"]
    assert (page["object"], page["first_id"], page["last_id"], page["has_more"]) == ("list", ids[0], ids[1], True)
    whole = await api.get(path, order="asc", limit=5)
    assert whole["has_more"] is False


@pytest.mark.parametrize("order", ["asc", "desc"])
async def test_a1_after_follows_the_order_and_meets_everything_once(listed: Listed, order: str) -> None:
    api, path, ids, _ = listed
    met: list[str] = []
    query: dict[str, Any] = {"order": order, "limit": 2}
    while True:
        page = await api.get(path, **query)
        met += _ids(page)
        if not page["has_more"]:
            break
        query["after"] = page["last_id"]
    assert met == (ids if order == "asc" else ids[::-1])
    assert _ids(await api.get(path, order=order, after=met[-1])) == []


@_BOTH_WAYS
@pytest.mark.parametrize("order", ["asc", "desc"])
async def test_a1_before_gives_what_precedes_in_the_order(listed: Listed, order: str) -> None:
    api, path, ids, _ = listed
    met = ids if order == "asc" else ids[::-1]
    page = await api.get(path, order=order, before=met[3])
    assert (_ids(page), page["has_more"]) == (met[:3], False)
    # A8, our choice: the page next to the cursor, and has_more says that there is more further away
    page = await api.get(path, order=order, before=met[3], limit=2)
    assert (_ids(page), page["has_more"]) == (met[1:3], True)
    page = await api.get(path, order=order, after=met[0], before=met[4])
    assert (_ids(page), page["has_more"]) == (met[1:4], False)
    page = await api.get(path, order=order, after=met[0], before=met[4], limit=2)
    assert (_ids(page), page["has_more"]) == (met[1:3], True)


async def test_a1_an_unknown_cursor_is_refused(listed: Listed) -> None:
    """A8, our choice: a 404 on a listing would read like a host without this operation."""
    api, path, _, listing = listed
    for cursor in ("after", "before") if listing.backwards else ("after",):
        status, error = await api.refused("GET", f"{path}?{cursor}={listing.gone}")
        assert status == 400
        assert error == {
            "message": f"Invalid '{cursor}': no {listing.noun} found with id '{listing.gone}'.",
            "type": "invalid_request_error",
            "param": cursor,
            "code": "invalid_value",
        }


@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize(
    "made", [_assistants, _messages, _files, _stores, _store_files], ids=lambda made: made.__name__
)
async def test_a1_whoever_deletes_what_a_page_lists_meets_every_object(
    made: Callable[[Api], Awaitable[Made]], order: str
) -> None:
    """A8, our choice: a deleted object is still a place to go on from, as loops of clients that delete want it."""
    async with serving() as api:
        path, ids = await made(api)
        met: list[str] = []
        query = {"order": order, "limit": "2"}
        while (page := await api.get(path, **query))["data"]:
            for listed in page["data"]:
                await api.delete(f"{path}/{listed['id']}")
                met.append(listed["id"])
            query["after"] = page["last_id"]
        assert met == (ids if order == "asc" else ids[::-1])


@pytest.mark.parametrize(
    ("query", "param", "code", "message"),
    [
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
    ],
)
async def test_a1_a_query_out_of_bounds_is_refused(
    listed: Listed, query: str, param: str, code: str, message: str
) -> None:
    api, path, _, _ = listed
    status, error = await api.refused("GET", f"{path}?{query}")
    assert status == 400
    assert error == {"message": message, "type": "invalid_request_error", "param": param, "code": code}


async def test_a1_a_page_holds_at_most_100_or_10000_files(listed: Listed) -> None:
    api, path, _, _ = listed
    most = 10_000 if path == "/files" else 100
    await api.get(path, limit=most)
    status, error = await api.refused("GET", f"{path}?limit={most + 1}")
    text = f"Invalid 'limit': integer above maximum value. Expected a value <= {most}, but got {most + 1} instead."
    assert (status, error["message"], error["code"]) == (400, text, "integer_above_max_value")


async def test_a1_a_page_holds_20_unless_told_otherwise(api: Api) -> None:
    for number in range(45):
        await api.assistant(name=str(number))
    sizes = []
    query: dict[str, Any] = {"order": "asc"}
    while True:
        page = await api.get("/assistants", **query)
        sizes.append(len(page["data"]))
        if not page["has_more"]:
            break
        query["after"] = page["last_id"]
    assert sizes == [20, 20, 5]


async def test_a1_a_page_holds_10000_files_unless_told_otherwise(api: Api) -> None:
    for number in range(25):
        await api.file(f"{number}.txt")
    assert len((await api.get("/files"))["data"]) == 25


@pytest.mark.parametrize("path", ["/assistants", "/files", "/vector_stores"])
async def test_a1_an_empty_page_has_null_ids(api: Api, path: str) -> None:
    expected = {"object": "list", "data": [], "first_id": None, "last_id": None, "has_more": False}
    assert expected == await api.get(path)


async def test_a2_messages_are_listed_by_run(api: Api) -> None:
    assistant, thread = await api.assistant(), await api.thread("hello")
    run = await api.run(thread["id"], assistant["id"])
    await api.post(f"/threads/{thread['id']}/messages", {"role": "user", "content": "more"})
    page = await api.get(f"/threads/{thread['id']}/messages", run_id=run["id"])
    assert [run["id"]] == [message["run_id"] for message in page["data"]]


async def test_a2_files_are_listed_by_purpose(api: Api) -> None:
    kept = await api.file("a.jsonl", purpose="batch")
    await api.file("b.txt", purpose="assistants")
    assert _ids(await api.get("/files", purpose="batch")) == [kept["id"]]


async def test_a2_store_files_are_listed_by_status(api: Api) -> None:
    path, ids = await _store_files(api)
    assert len(_ids(await api.get(path, filter="completed"))) == len(ids)
    for status in ("in_progress", "failed", "cancelled"):
        assert _ids(await api.get(path, filter=status)) == []
    status, error = await api.refused("GET", f"{path}?filter=lost")
    assert (status, error["param"], error["code"]) == (400, "filter", "invalid_value")


async def test_a_listing_shows_only_its_own_thread(api: Api) -> None:
    one, two = await api.thread("one"), await api.thread("two")
    page = await api.get(f"/threads/{one['id']}/messages")
    assert [one["id"]] == [message["thread_id"] for message in page["data"]]
    foreign = (await api.get(f"/threads/{two['id']}/messages"))["first_id"]
    status, error = await api.refused("GET", f"/threads/{one['id']}/messages?after={foreign}")
    assert (status, error["param"]) == (400, "after")


async def test_a_query_parameter_that_is_not_known_is_ignored(api: Api) -> None:
    """A8, our choice; `before` is one for files, which know no way back (A1)."""
    ids = [(await api.file(f"{name}.txt"))["id"] for name in "abc"]
    assert _ids(await api.get("/files", order="asc", before=ids[1], colour="red")) == ids
