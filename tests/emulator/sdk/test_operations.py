"""Every operation of the contract (A2), reached by the typed surface of the `openai` package in both its clients."""

import re
from typing import Any

import pytest

from tests.emulator.sdk.clients import BETA, done
from tests.emulator.sdk.operations import OPERATIONS, Operation
from tests.emulator.sdk.scene import GUIDE, Scene

pytestmark = [pytest.mark.anyio, BETA]

# A2, as the contract lists it.
_CONTRACT = """
GET,POST /assistants
GET,POST,DELETE /assistants/{}
POST /threads
POST /threads/runs
GET,POST,DELETE /threads/{}
GET,POST /threads/{}/messages
GET,POST,DELETE /threads/{}/messages/{}
GET,POST /threads/{}/runs
GET,POST /threads/{}/runs/{}
POST /threads/{}/runs/{}/cancel
POST /threads/{}/runs/{}/submit_tool_outputs
GET /threads/{}/runs/{}/steps
GET /threads/{}/runs/{}/steps/{}
GET,POST /files
GET,DELETE /files/{}
GET /files/{}/content
POST /uploads
POST /uploads/{}/parts
POST /uploads/{}/complete
POST /uploads/{}/cancel
GET,POST /vector_stores
GET,POST,DELETE /vector_stores/{}
POST /vector_stores/{}/search
GET,POST /vector_stores/{}/files
GET,POST,DELETE /vector_stores/{}/files/{}
GET /vector_stores/{}/files/{}/content
POST /vector_stores/{}/file_batches
GET /vector_stores/{}/file_batches/{}
POST /vector_stores/{}/file_batches/{}/cancel
GET /vector_stores/{}/file_batches/{}/files
GET /models
GET,DELETE /models/{}
"""


def _without_names(route: str) -> str:
    return re.sub(r"\{\w*\}", "{}", route)


def test_the_table_holds_the_51_operations_of_the_contract() -> None:
    lines = [line.split() for line in _CONTRACT.strip().splitlines()]
    routes = [f"{method} {path}" for methods, path in lines for method in methods.split(",")]
    assert len(routes) == 51
    assert routes == [_without_names(operation.route) for operation in OPERATIONS]


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.route)
async def test_an_operation_is_reached_and_its_answer_validates(
    operation: Operation, echo: Any, scene: Scene, sent: list[str]
) -> None:
    answer = await done(operation.call(echo, scene))
    (request,) = sent
    assert re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", operation.route), request), request
    if operation.object:
        assert answer.object == operation.object
    else:
        assert answer.content == GUIDE.encode()
