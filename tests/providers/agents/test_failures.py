"""What a refusal of the Agents wire means, and the way on that it names."""

import json
from typing import Any

import pytest

from asstctl.core.errors import (
    AsstctlError,
    AuthFailed,
    NoSuchApi,
    NotFound,
    ProviderError,
    RateLimited,
    Rejected,
    ServerFault,
)
from asstctl.net.failures import Asked, Failure
from asstctl.providers.agents.failures import explain


def met(
    status: int, path: str = "/agents/agent_1", code: str | None = None, said: str = "No such thing.", **headers: str
) -> ProviderError:
    body: dict[str, Any] = {"error": {"type": "x", "code": code, "message": said, "param": None}}
    return explain(Failure(Asked("POST", path, "api.openai.com"), status, headers, json.dumps(body).encode()))


@pytest.mark.parametrize(
    ("status", "path", "code", "error", "words"),
    [
        (400, "/agents", "invalid_beta", NoSuchApi, "Upgrade"),
        (400, "/agents", "invalid_request_error", Rejected, ""),
        (400, "/agents", "model_not_found", Rejected, "Declare another `model`"),
        (404, "/agents", "model_not_found", Rejected, "Declare another `model`"),
        (401, "/agents", None, AuthFailed, "api.agents.read and api.agents.write"),
        (403, "/agents/agent_1", "forbidden", AuthFailed, "api.agents.read and api.agents.write"),
        (403, "/agents/sessions", "forbidden", AuthFailed, "api.agents.write and api.responses.write"),
        (404, "/agents", None, NoSuchApi, "Ask the owner of the key's project"),
        (404, "/agents", "not_found_error", NoSuchApi, "base_url"),
        (404, "/agents/agent_1", "not_found_error", NotFound, ""),
        (409, "/agents/sessions/sess_1", "conflict_error", Rejected, ""),
        (429, "/agents", "rate_limit_exceeded", RateLimited, "Wait"),
        (429, "/agents", "insufficient_quota", Rejected, ""),
        (503, "/agents", "server_is_overloaded", ServerFault, "Plan again"),
        (503, "/agents", "database_busy", RateLimited, "Wait until it is done"),
        (404, "/files/file_1", None, NotFound, ""),
    ],
)
def test_a_refusal_is_the_error_that_it_means(
    status: int, path: str, code: str | None, error: type[AsstctlError], words: str
) -> None:
    found = met(status, path, code)

    assert type(found) is error
    assert words in found.hint
    assert found.status == status


def test_an_object_that_is_not_there_is_told_by_its_code() -> None:
    """The words are those that other servers have for a path that they do not know."""
    assert type(met(404, code="not_found_error", said="Resource not found.")) is NotFound
    assert type(met(404, code="unknown_url", said="Resource not found.")) is NoSuchApi


def test_files_of_the_same_host_want_no_permission_for_agents() -> None:
    assert "api.agents" not in met(403, "/vector_stores").hint


def test_an_overloaded_server_may_have_done_it() -> None:
    found = met(503, code="server_is_overloaded", **{"retry-after": "3"})

    assert (found.summary, found.ambiguous, found.retry_after) == ("api.openai.com is overloaded", True, 3)


def test_the_assistants_api_that_ended_there_is_not_spoken_of() -> None:
    """Files and vector stores are on the same host, where a 404 has nothing to do with its end."""
    assert "Assistants" not in str(met(404, "/vector_stores/vs_1/files"))
