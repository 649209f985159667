"""What a refusal means on the Agents wire, before the general rule applies. Pure."""

from asstctl.core.errors import AuthFailed, NoSuchApi, NotFound, ProviderError, Rejected, ServerFault
from asstctl.net.failures import Failure, failure_of, request_id_of
from asstctl.providers.agents.wire import AGENTS, BETA, SESSIONS
from asstctl.providers.assistants.failures import DATABASE_BUSY, database_busy

READ = "api.agents.read"
WRITE = "api.agents.write"
RUN = "api.responses.write"
"""What a key of OpenAI must be allowed: to look, to change agents, and to have them answer."""

_NOT_FOUND = "not_found_error"
_OVERLOADED = ("server_is_overloaded", "service_unavailable_error")


def explain(failure: Failure) -> ProviderError:
    """The error that an answer means on this wire."""
    place, path = failure.asked.place, failure.asked.path
    status, request_id = failure.status, request_id_of(failure.headers)
    if failure.code == DATABASE_BUSY:
        return database_busy(failure)
    if failure.code == "invalid_beta":
        return NoSuchApi(
            f"{place} does not speak this version of the Agents API",
            detail=f"{failure.detail}; asked for {', '.join(BETA.values())}",
            hint="Upgrade asstctl: the service may have left its beta.",
            status=status,
            request_id=request_id,
        )
    if failure.code == "model_not_found":
        return Rejected(
            f"{place} has no such model for agents",
            detail=failure.detail,
            hint="Declare another `model`: agents take fewer models than assistants did, and a project may not have "
            "all of them.",
            status=status,
            request_id=request_id,
        )
    if status == 404 and path == AGENTS:
        return NoSuchApi(
            f"{place} has no Agents API for this key",
            detail=failure.detail,
            hint="Ask the owner of the key's project for access to the Agents API, which is a beta, or use a key of "
            "another project. For another server check base_url in asstctl.yaml, which ends in /v1.",
            status=404,
            request_id=request_id,
        )
    if status == 404 and _NOT_FOUND in (failure.code, (failure.envelope or {}).get("type")):
        # Its words are those that other servers have for a path that they do not know.
        return NotFound("not found", detail=failure.detail, status=404, request_id=request_id)
    error = failure_of(failure)
    if isinstance(error, AuthFailed) and _is_agents(path):
        needed = (READ, WRITE, RUN) if path.startswith(SESSIONS) else (READ, WRITE)
        error.hint += f" On OpenAI's own host the key needs {', '.join(needed[:-1])} and {needed[-1]}."
    elif isinstance(error, ServerFault) and failure.code in _OVERLOADED:
        error.summary = f"{place} is overloaded"
    elif isinstance(error, NoSuchApi) and _is_agents(path):
        error.summary = f"{place} has no Agents API here"
    return error


def _is_agents(path: str) -> bool:
    return path == AGENTS or path.startswith(f"{AGENTS}/")
