"""A1: an id of the wrong kind is refused for every path parameter of every route, and an unknown one is 404."""

import re
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

import pytest

from asstctl.emulator.routes import ROUTES
from tests.emulator.contract.world import Names, filled, whole_world
from tests.emulator.harness import Api, serving

pytestmark = pytest.mark.anyio

# Each parameter of a path: the name of a good id, and how such ids begin.
_PARAMETERS = {
    "assistant_id": ("assistant", "asst"),
    "thread_id": ("thread", "thread"),
    "message_id": ("message", "msg"),
    "run_id": ("run", "run"),
    "step_id": ("step", "step"),
    "file_id": ("file", "file"),
    "upload_id": ("upload", "upload"),
    "vector_store_id": ("store", "vs"),
    "batch_id": ("batch", "vsfb"),
}
_ROUTES = [(method, path) for method, path in ROUTES if path.startswith("/v1/") and "{model}" not in path]
_CASES = [(method, path, name) for method, path in _ROUTES for name in re.findall(r"\{(\w+)\}", path)]
_EVERY_ID = pytest.mark.parametrize(
    ("method", "path", "parameter"), _CASES, ids=[f"{method} {path} {name}" for method, path, name in _CASES]
)

# What a request must say before its ids are looked for, where that is more than an empty object.
_BODIES: dict[str, Any] = {
    "/threads/{thread_id}/messages": {"role": "user", "content": "hello"},
    "/threads/{thread_id}/runs": {"assistant_id": "{assistant}"},
    "/threads/{thread_id}/runs/{run_id}/submit_tool_outputs": {"tool_outputs": []},
    "/uploads/{upload_id}/complete": {"part_ids": ["part_x"]},
    "/vector_stores/{vector_store_id}/search": {"query": "robotics"},
    "/vector_stores/{vector_store_id}/files": {"file_id": "{file}"},
    "/vector_stores/{vector_store_id}/files/{file_id}": {"attributes": {}},
    "/vector_stores/{vector_store_id}/file_batches": {"file_ids": ["{file}"]},
}


def test_every_parameter_of_a_path_is_in_the_table() -> None:
    assert {name for _, _, name in _CASES} == set(_PARAMETERS)


# A1, unknown file: these three say that there is no such file, whatever was given.
_OF_FILES = ("/v1/files/{file_id}", "/v1/files/{file_id}/content")


class World(NamedTuple):
    api: Api
    names: Names


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def world(anyio_backend: str) -> AsyncIterator[World]:
    """One for all: nothing that is refused changes it."""
    async with serving() as api:
        names = await whole_world(api)
        await api.post(f"/vector_stores/{names['store']}/files", {"file_id": names["file"]})
        yield World(api, names)


async def _refusal(world: World, method: str, path: str, parameter: str, given: str) -> tuple[int, dict[str, Any]]:
    api, names = world
    url = path.removeprefix("/v1")
    body = filled(_BODIES.get(url, {}), names) if method == "POST" else None
    for name, (good, _) in _PARAMETERS.items():
        url = url.replace(f"{{{name}}}", given if name == parameter else names[good])
    if url.endswith("/parts"):
        response = await api.http.post(url, files={"data": ("part", b"hello")})
        return response.status_code, response.json()["error"]
    return await api.refused(method, url, body)


@_EVERY_ID
async def test_a1_id_of_the_wrong_kind(world: World, method: str, path: str, parameter: str) -> None:
    status, error = await _refusal(world, method, path, parameter, "undefined")
    prefix = _PARAMETERS[parameter][1]
    if path in _OF_FILES:
        assert (status, error["message"], error["param"]) == (404, "No such File object: undefined", "id")
        return
    assert status == 400
    assert error == {
        "message": f"Invalid '{parameter}': 'undefined'. Expected an ID that begins with '{prefix}'.",
        "type": "invalid_request_error",
        "param": parameter,
        "code": "invalid_value",
    }


@_EVERY_ID
async def test_a1_unknown_id(world: World, method: str, path: str, parameter: str) -> None:
    prefix = _PARAMETERS[parameter][1]
    gone = f"{prefix}-gone" if prefix == "file" else f"{prefix}_gone"
    status, error = await _refusal(world, method, path, parameter, gone)
    assert (status, error["type"], error["code"]) == (404, "invalid_request_error", None)
    assert gone in error["message"]
