"""What a refusal means on hosts that once had the Assistants API, before the general rule applies. Pure."""

import re
from dataclasses import replace

from asstctl.core.errors import NoSuchApi, ProviderError, RateLimited
from asstctl.net.failures import Failure, failure_of, request_id_of, retry_after_of

SWITCHED_OFF = (
    ("api.openai.com", "OpenAI"),
    (".api.openai.com", "OpenAI"),
    (".openai.azure.com", "Azure OpenAI"),
    (".cognitiveservices.azure.com", "Azure OpenAI"),
)
"""Hosts (a leading dot: and all below) whose owners ended the API on 2026-08-26."""

WAY_ON = (
    "Use provider: local, or point base_url in asstctl.yaml at a server that speaks the Assistants v2 wire, "
    "then run the command again."
)

DATABASE_BUSY = "database_busy"

NO_DATABASE = "no_db_connection"
LITELLM_WITHOUT_SETTINGS = "'custom_llm_provider' must be set"

_WRAPPING = re.compile(r"litellm\.(\w+): (?:\1: )?(?:\w+Exception - )?")


def without_wrapping(text: str) -> str:
    """What the server behind LiteLLM said, where LiteLLM puts names of its own in front of that."""
    return _WRAPPING.sub("", text, count=1)


def owner_of_closed(host: str) -> str:
    """Who switched the Assistants API of this host off, or nothing."""
    for name, owner in SWITCHED_OFF:
        if host == name or (name.startswith(".") and host.endswith(name)):
            return owner
    return ""


def database_busy(failure: Failure) -> RateLimited:
    """Our own server says so before it writes: unlike any other 5xx, it is safe to repeat."""
    return RateLimited(
        f"another program is writing to {failure.asked.place}",
        detail=failure.detail,
        hint="Wait until it is done and type the same command again.",
        status=failure.status,
        request_id=request_id_of(failure.headers),
        retry_after=retry_after_of(failure),
    )


def explain(failure: Failure) -> ProviderError:
    """The error that an answer means on this wire."""
    owner = owner_of_closed(failure.asked.place.rsplit(":", 1)[0].lower())
    if failure.status == 404 and owner:
        return NoSuchApi(
            f"{failure.asked.place} has no Assistants API any more",
            detail=f"{failure.asked}: status 404; {owner} switched it off on 2026-08-26",
            hint=WAY_ON,
            status=404,
            request_id=request_id_of(failure.headers),
        )
    if failure.code == DATABASE_BUSY:
        return database_busy(failure)
    if failure.status == 400 and (failure.envelope or {}).get("type") == NO_DATABASE:
        # LiteLLM without a database looks every key but its own up there, so a wrong one is a bad request.
        return failure_of(replace(failure, status=401))
    if LITELLM_WITHOUT_SETTINGS in failure.message:
        return NoSuchApi(
            f"{failure.asked.place} forwards no assistants",
            detail=f"{failure.asked}: its configuration has no assistant_settings",
            hint="Add assistant_settings with api_base and api_key to the configuration of LiteLLM.",
            status=failure.status,
            request_id=request_id_of(failure.headers),
        )
    error = failure_of(failure)
    error.detail = without_wrapping(error.detail)
    if isinstance(error, NoSuchApi):
        error.summary = f"{failure.asked.place} has no Assistants API here"
    return error
