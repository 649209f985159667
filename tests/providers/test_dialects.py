"""Dialects: told by what a target says, or by what a server's first answers show."""

from typing import get_args

import pytest

from asstctl.core.errors import NoSuchApi, NotFound, ProviderError, Rejected, ServerFault
from asstctl.manifest.project_model import Dialect as NamedInFiles
from asstctl.net.failures import Asked, Failure
from asstctl.providers.assistants.dialects import (
    ASTRA,
    DIALECTS,
    FOUNDRY,
    FULL,
    LITELLM,
    LITELLM_NATIVE,
    LITELLM_PASSTHROUGH,
    NO_RETRIEVE,
    Flaw,
    dialect_of,
    flaw_of,
)
from asstctl.providers.assistants.failures import explain

PROJECT = "https://x.services.ai.azure.com/api/projects/p"


def test_a_target_may_name_exactly_the_dialects_that_there_are() -> None:
    assert set(get_args(NamedInFiles)) == set(DIALECTS)


@pytest.mark.parametrize(
    ("base_url", "said", "passthrough", "name", "probed"),
    [
        ("https://example.org/v1", "", "", FULL.name, True),
        ("https://example.org/v1", "full", "", FULL.name, False),
        ("https://example.org/v1", "", "https://example.org/openai", LITELLM.name, False),
        ("https://example.org/v1", "astra", "", ASTRA.name, False),
        (PROJECT, "", "", FOUNDRY.name, False),
        (PROJECT.upper().replace("/API/PROJECTS", "/api/projects"), "", "", FOUNDRY.name, False),
        (PROJECT, "full", "", FULL.name, False),
        ("https://services.ai.azure.com.example.org/api/projects/p", "", "", FULL.name, True),
        ("https://x.services.ai.azure.com/openai/v1", "", "", FULL.name, True),
    ],
)
def test_what_a_target_says_settles_its_dialect(
    base_url: str, said: str, passthrough: str, name: str, probed: bool
) -> None:
    found = dialect_of(base_url, dialect=said, passthrough_url=passthrough)
    assert (found.name, found.probed) == (name, probed)


@pytest.mark.parametrize(
    ("headers", "missing", "flaw"),
    [
        ({}, NotFound("x", status=404), None),
        ({}, ServerFault("x", status=500), None),
        ({}, None, None),
        ({}, NoSuchApi("x", status=404), NO_RETRIEVE),
        ({}, Rejected("x", status=405), NO_RETRIEVE),
        ({"X-LiteLLM-Version": "1.109.1"}, Rejected("x", status=405), LITELLM_NATIVE),
        ({"x-litellm-version": "1.109.1"}, NotFound("x", status=404), LITELLM_NATIVE),
        ({"x-litellm-call-id": "1"}, NotFound("x", status=404), LITELLM_PASSTHROUGH),
        ({"x-litellm-call-id": "1"}, Rejected("x", status=405), LITELLM_NATIVE),
    ],
)
def test_a_server_shows_what_it_lacks(
    headers: dict[str, str], missing: ProviderError | None, flaw: Flaw | None
) -> None:
    assert flaw_of(headers, missing) is flaw


@pytest.mark.parametrize(
    ("made", "shown"), [(1_760_000_000_123, 1_760_000_000), (1_760_000_000, 1_760_000_000), ("soon", "soon")]
)
def test_milliseconds_are_seconds_where_the_dialect_counts_them(made: object, shown: object) -> None:
    assert ASTRA.in_seconds({"created_at": made}) == {"created_at": shown}
    assert FULL.in_seconds({"created_at": made}) == {"created_at": made}


def refused(status: int, message: str, kind: str = "invalid_request_error") -> ProviderError:
    body = f'{{"error": {{"message": "{message}", "type": "{kind}", "code": "{status}"}}}}'
    error = explain(Failure(Asked("POST", "/assistants/asst_x", "example.org"), status, {}, body.encode()))
    assert isinstance(error, ProviderError)
    return error


def test_what_litellm_wraps_is_said_in_the_words_of_the_server_behind_it() -> None:
    wrapped = "litellm.NotFoundError: NotFoundError: OpenAIException - No assistant found with id 'asst_x'."
    error = refused(404, wrapped)
    assert isinstance(error, NotFound)
    assert error.detail == "POST /assistants/asst_x: No assistant found with id 'asst_x'."


def test_a_key_that_litellm_looks_for_in_no_database_is_a_wrong_key() -> None:
    assert refused(400, "No connected db.", "no_db_connection").code == "auth"


def test_litellm_without_an_upstream_says_what_its_configuration_lacks() -> None:
    error = refused(500, "'custom_llm_provider' must be set. Either via: ...")
    assert isinstance(error, NoSuchApi)
    assert not error.ambiguous
    assert "assistant_settings" in error.hint
