"""What goes into a run beside text: pictures, files that have to exist, outputs that are nothing."""

import json
from typing import Any

import pytest

from asstctl.emulator.replies.values import Image
from tests.emulator.harness import ASK, Api, Backend, serving

pytestmark = pytest.mark.anyio


async def test_the_model_is_given_the_pictures_of_a_message() -> None:
    backend = Backend()
    async with serving(replies=backend) as api:
        assistant, thread = await api.assistant(), await api.thread()
        file, gone = await api.file("a.png", b"png", "vision"), await api.file("b.png", b"png", "vision")
        content = [
            {"type": "text", "text": "What is this?"},
            {"type": "image_url", "image_url": {"url": "https://example.com/a.png", "detail": "high"}},
            {"type": "image_file", "image_file": {"file_id": file["id"]}},
            {"type": "image_file", "image_file": {"file_id": gone["id"]}},
        ]
        await api.post(f"/threads/{thread['id']}/messages", {"role": "user", "content": content})
        await api.delete(f"/files/{gone['id']}")
        await api.run(thread["id"], assistant["id"])
        (said,) = backend.asked[0].messages
        path = api.emulator.services.blobs.path(file["id"])
        assert said.text == "What is this?"
        assert said.images == (
            Image(url="https://example.com/a.png", detail="high"),
            Image(path=path, media_type="image/png"),
        )
        assert path.read_bytes() == b"png"


_IMAGE = {"content": [{"type": "image_file", "image_file": {"file_id": "file-a"}}]}
_ATTACHED = {"content": "hello", "attachments": [{"file_id": "file-a", "tools": [{"type": "code_interpreter"}]}]}


@pytest.mark.parametrize("sent", [_IMAGE, _ATTACHED])
@pytest.mark.parametrize("where", ["message", "thread", "run", "thread and run"])
async def test_a_message_names_only_files_that_exist(api: Api, sent: Any, where: str) -> None:
    assistant, thread = await api.assistant(), await api.thread("hello")
    message = {"role": "user", **sent}
    path, body = {
        "message": (f"/threads/{thread['id']}/messages", message),
        "thread": ("/threads", {"messages": [message]}),
        "run": (
            f"/threads/{thread['id']}/runs",
            {"assistant_id": assistant["id"], "additional_messages": [message], "stream": True},
        ),
        "thread and run": ("/threads/runs", {"assistant_id": assistant["id"], "thread": {"messages": [message]}}),
    }[where]
    status, error = await api.refused("POST", path, body)
    assert (status, error["message"], error["param"]) == (404, "No such File object: file-a", "id")  # A1: unknown file
    assert len((await api.get(f"/threads/{thread['id']}/messages"))["data"]) == 1
    assert (await api.get(f"/threads/{thread['id']}/runs"))["data"] == []


@pytest.mark.parametrize("output", [{"output": None}, {}])
async def test_an_output_of_nothing_is_an_empty_one(output: Any) -> None:
    async with serving() as api:
        assistant, thread = await api.assistant(tools=[ASK]), await api.thread("hello")
        run = await api.run(thread["id"], assistant["id"], tool_choice="required")
        (call,) = run["required_action"]["submit_tool_outputs"]["tool_calls"]
        path = f"/threads/{thread['id']}/runs/{run['id']}"
        sent = {"tool_outputs": [{"tool_call_id": call["id"], **output}]}
        assert (await api.rest(await api.post(f"{path}/submit_tool_outputs", sent)))["status"] == "completed"
        step = (await api.get(f"{path}/steps", order="asc"))["data"][0]
        assert step["step_details"]["tool_calls"][0]["function"]["output"] == ""


async def test_a_listing_shows_old_rows_as_a_read_of_them_does(api: Api) -> None:
    thread = await api.thread("one", "two")
    store, path = api.emulator.services.store, f"/threads/{thread['id']}/messages"
    old = (await api.get(path))["data"][0]
    row = {name: value for name, value in old.items() if name not in ("status", "attachments")}
    sql = "UPDATE messages SET body = ? WHERE id = ?"
    store.connection.execute(sql, (json.dumps({**row, "_private": 1}), old["id"]))
    page = await api.get(path)
    assert page["data"][0] == await api.get(f"{path}/{old['id']}") == {**old, "attachments": [], "status": "completed"}
    assert list(page["data"][0]) == list(page["data"][1])
