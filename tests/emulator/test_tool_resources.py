"""`tool_resources`: what an update changes, clears and leaves, and which ids are looked for."""

from typing import Any

import pytest

from tests.emulator.contract.world import Json, filled
from tests.emulator.harness import Api

pytestmark = pytest.mark.anyio

BOTH = {"code_interpreter": {"file_ids": ["{file}"]}, "file_search": {"vector_store_ids": ["{store}"]}}
FILES = {"code_interpreter": BOTH["code_interpreter"]}
STORES = {"file_search": BOTH["file_search"]}


async def _named(api: Api) -> dict[str, str]:
    one, two, store = await api.file(), await api.file(), await api.post("/vector_stores")
    return {"file": one["id"], "other": two["id"], "store": store["id"]}


async def _made(api: Api, place: str, resources: Json) -> tuple[str, Json]:
    """The path of a new assistant or thread that holds these, and what it shows."""
    made = await api.post(place, {"tool_resources": resources, **({"model": "m"} if place == "/assistants" else {})})
    return f"{place}/{made['id']}", made["tool_resources"]


@pytest.mark.parametrize("place", ["/assistants", "/threads"])
@pytest.mark.parametrize(
    ("given", "after"),
    [
        ({}, BOTH),
        ({"code_interpreter": None}, BOTH),
        ({"code_interpreter": None, "file_search": None}, BOTH),
        ({"code_interpreter": {}}, BOTH),
        ({"code_interpreter": {"file_ids": None}}, BOTH),
        ({"file_search": {}}, BOTH),
        ({"file_search": {"vector_store_ids": None}}, BOTH),
        ({"file_search": {"vector_store_ids": []}}, FILES),
        ({"code_interpreter": {"file_ids": []}}, STORES),
        ({"code_interpreter": {"file_ids": []}, "file_search": None}, STORES),
        ({"code_interpreter": {"file_ids": ["{other}"]}}, {**STORES, "code_interpreter": {"file_ids": ["{other}"]}}),
        (None, {}),
    ],
    ids=str,
)
async def test_a1_an_update_of_tool_resources_changes_what_it_names(
    api: Api, place: str, given: Json, after: Json
) -> None:
    # A1: updates are partial, omitted = unchanged
    names = await _named(api)
    path, held = await _made(api, place, filled(BOTH, names))
    assert held == filled(BOTH, names)
    changed = await api.post(path, {"tool_resources": filled(given, names)})
    assert changed["tool_resources"] == filled(after, names)
    assert await api.get(path) == changed


@pytest.mark.parametrize("place", ["/assistants", "/threads"])
@pytest.mark.parametrize("gone", ["/files/{file}", "/vector_stores/{store}"])
async def test_an_object_can_be_sent_back_as_it_was_read_after_what_it_names_was_deleted(
    api: Api, place: str, gone: str
) -> None:
    names = await _named(api)
    path, held = await _made(api, place, filled(BOTH, names))
    await api.delete(filled(gone, names))
    assert (await api.get(path))["tool_resources"] == held
    assert (await api.post(path, {"tool_resources": held}))["tool_resources"] == held
    more = {"code_interpreter": {"file_ids": [names["other"], names["file"]]}}
    assert (await api.post(path, {"tool_resources": more}))["tool_resources"] == {**held, **more}


async def test_what_an_object_let_go_of_is_looked_for_again(api: Api) -> None:
    names = await _named(api)
    path, held = await _made(api, "/assistants", filled(FILES, names))
    await api.delete(f"/files/{names['file']}")
    await api.post(path, {"tool_resources": None})
    status, error = await api.refused("POST", path, {"tool_resources": held})
    assert (status, error["message"]) == (404, f"No such File object: {names['file']}")


async def test_a_run_may_name_what_its_assistant_holds_and_nothing_else_that_is_gone(api: Api) -> None:
    names = await _named(api)
    held = filled(BOTH, names)
    assistant = await api.assistant(tool_resources=held)
    for gone in (f"/files/{names['file']}", f"/files/{names['other']}", f"/vector_stores/{names['store']}"):
        await api.delete(gone)
    body = {"assistant_id": assistant["id"], "thread": {"messages": [{"role": "user", "content": "hi"}]}}
    run = await api.rest(await api.post("/threads/runs", {**body, "tool_resources": held}))
    assert (run["status"], run["tool_resources"]) == ("completed", held)
    other = {"code_interpreter": {"file_ids": [names["other"]]}}
    assert (await api.refused("POST", "/threads/runs", {**body, "tool_resources": other}))[0] == 404


@pytest.mark.parametrize(
    ("path", "body", "within"),
    [
        ("/assistants", {"model": "m"}, ""),
        ("/assistants/{assistant}", {}, ""),
        ("/threads", {}, ""),
        ("/threads/{thread}", {}, ""),
        ("/threads/runs", {"assistant_id": "{assistant}"}, ""),
        ("/threads/runs", {"assistant_id": "{assistant}"}, "thread."),
    ],
)
async def test_a1_an_id_of_the_wrong_kind_is_no_vector_store(api: Api, path: str, body: Any, within: str) -> None:
    # A1: id of the wrong kind
    names = {"assistant": (await api.assistant())["id"], "thread": (await api.thread())["id"]}
    resources: Json = {"tool_resources": {"file_search": {"vector_store_ids": ["foo"]}}}
    body = {**filled(body, names), **({"thread": resources} if within else resources)}
    param = f"{within}tool_resources.file_search.vector_store_ids[0]"
    assert await api.refused("POST", filled(path, names), body) == (
        400,
        {
            "message": f"Invalid '{param}': 'foo'. Expected an ID that begins with 'vs'.",
            "type": "invalid_request_error",
            "param": param,
            "code": "invalid_value",
        },
    )


def _attached(file_id: str) -> Json:
    return {"role": "user", "content": "hi", "attachments": [{"file_id": file_id, "tools": []}]}


@pytest.mark.parametrize("file_id", ["file-gone", "undefined", "../../etc/passwd", ""])
@pytest.mark.parametrize(
    ("path", "template"),
    [
        ("/assistants", {"model": "m", "tool_resources": FILES}),
        (
            "/assistants",
            {"model": "m", "tool_resources": {"file_search": {"vector_stores": [{"file_ids": ["{file}"]}]}}},
        ),
        ("/assistants/{assistant}", {"tool_resources": FILES}),
        ("/threads", {"tool_resources": FILES}),
        ("/threads", {"messages": [_attached("{file}")]}),
        ("/threads/{thread}", {"tool_resources": FILES}),
        ("/threads/runs", {"assistant_id": "{assistant}", "tool_resources": FILES}),
        ("/threads/{thread}/messages", _attached("{file}")),
        (
            "/threads/{thread}/messages",
            {"role": "user", "content": [{"type": "image_file", "image_file": {"file_id": "{file}"}}]},
        ),
        ("/threads/{thread}/runs", {"assistant_id": "{assistant}", "additional_messages": [_attached("{file}")]}),
        ("/vector_stores", {"file_ids": ["{file}"]}),
        ("/vector_stores/{store}/files", {"file_id": "{file}"}),
        ("/vector_stores/{store}/file_batches", {"file_ids": ["{file}"]}),
        ("/vector_stores/{store}/file_batches", {"files": [{"file_id": "{file}"}]}),
    ],
)
async def test_a1_an_unknown_file_in_a_body_is_the_same_404_everywhere(
    api: Api, path: str, template: Json, file_id: str
) -> None:
    # A1: unknown file
    names = {
        "assistant": (await api.assistant())["id"],
        "thread": (await api.thread("hello"))["id"],
        "store": (await api.post("/vector_stores"))["id"],
        "file": file_id,
    }
    status, error = await api.refused("POST", filled(path, names), filled(template, names))
    assert (status, error["message"], error["param"], error["code"]) == (
        404,
        f"No such File object: {file_id}",
        "id",
        None,
    )


async def test_a_thread_shows_its_tools_in_one_order(api: Api) -> None:
    names = await _named(api)
    tools = [{"type": "file_search"}, {"type": "code_interpreter"}]
    message = {"role": "user", "content": "hi", "attachments": [{"file_id": names["file"], "tools": tools}]}
    thread = await api.post("/threads", {"messages": [message]})
    assert list(thread["tool_resources"]) == ["code_interpreter", "file_search"]
