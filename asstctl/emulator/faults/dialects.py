"""Other servers of this wire, imitated: what each does to an operation is a line of its table.

    dialect=litellm-native        LiteLLM's own routes: eight operations, no paging, a run that blocks
    dialect=litellm-passthrough   LiteLLM's pass-through: everything, without `metadata`
    dialect=litellm-hybrid        both at once: the first under /v1, the second under /openai and /openai/v1
    dialect=astra                 Astra Assistants: whole listings, milliseconds, deletes that always succeed, a token
                                  in a header of its own
    dialect=foundry               Azure AI Foundry, classic agents, under /api/projects/demo: an api-version in every
                                  query and a bearer token in every request

The tables were read from LiteLLM 1.109.1, Astra 0.2.43 and the client of Foundry. Which keys are right is not part of
them, but for LiteLLM's answer to a wrong one.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from asstctl.emulator.asgi import Asgi, Receive, Scope, Send, header
from asstctl.emulator.faults.exchange import Answer, Headers, query_of
from asstctl.emulator.faults.single import Fault
from asstctl.emulator.faults.treatments import AS_IT_IS, Frames, Treatment, carry_out, unnamed_frames


@dataclass(frozen=True)
class Dialect:
    """One server. An operation is written `METHOD /path`, with `*` for an id."""

    operations: Mapping[str, Treatment] = field(default_factory=dict)
    others: Treatment | None = None
    """What happens to operations that are not in the table; None: they are not routed."""
    passed: tuple[str, ...] = ()
    """Where paths begin that are served as they are, whatever the table says."""
    missing: Mapping[str, str] = field(default_factory=dict)
    """Operations that are not routed although others are, each with the methods that its path has."""
    refuses: Callable[[Scope], Answer | None] | None = None
    """What a request must bring before anything else is looked at."""
    errors: Callable[[Scope, Answer], None] | None = None
    headers: Headers = field(default_factory=list)
    """What successful answers carry."""
    frames: Frames | None = None

    def treatment(self, method: str, path: str) -> Treatment | None:
        if path.startswith(self.passed):
            return AS_IT_IS
        if any(_is(operation, method, path) for operation in self.missing):
            return None
        for operation, treatment in self.operations.items():
            if _is(operation, method, path):
                return treatment
        return self.others

    def not_routed(self, method: str, path: str) -> Answer:
        """As the framework says it that these servers are made with: no `error` object."""
        named = [methods for operation, methods in self.missing.items() if _is(operation, method, path)]
        others = [one for one in ("DELETE", "GET", "POST") if any(_is(each, one, path) for each in self.operations)]
        allow = named[0] if named else ", ".join(others)
        answer = Answer(405, [(b"allow", allow.encode())]) if allow else Answer(404)
        answer.json = {"detail": "Method Not Allowed" if allow else "Not Found"}
        return answer


def _is(operation: str, method: str, path: str) -> bool:
    wanted, _, pattern = operation.partition(" ")
    parts, given = pattern.split("/"), path.split("/")
    same = len(parts) == len(given) and all(part in ("*", has) for part, has in zip(parts, given, strict=True))
    return wanted == method and same


_LITELLM_ERRORS = {
    400: "BadRequestError",
    401: "AuthenticationError",
    404: "NotFoundError",
    429: "RateLimitError",
    500: "InternalServerError",
    503: "ServiceUnavailableError",
}


def _litellm_error(scope: Scope, answer: Answer) -> None:
    """The text is wrapped, and the code is the status; a wrong key is looked for in a database that is not there."""
    error = (answer.json or {}).get("error")
    if error is None:
        return
    if answer.status == 401 and header(scope, b"authorization"):
        answer.status = 400
        error = {"message": "No connected db.", "type": "no_db_connection", "param": None}
    else:
        name = _LITELLM_ERRORS.get(answer.status, "APIError")
        message = f"litellm.{name}: {name}: OpenAIException - {error['message']}"
        error = {"message": message, "type": None, "param": None}
    answer.json = {"error": {**error, "code": str(answer.status)}}


def _error(status: int, message: str) -> Answer:
    answer = Answer(status)
    answer.json = {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": None}}
    return answer


def _without_astra_token(scope: Scope) -> Answer | None:
    if not header(scope, b"astra-api-token"):
        return _error(401, "Missing header astra-api-token.")
    if b"assistants=v2" not in header(scope, b"openai-beta"):
        # its other tables are empty
        return _error(404, "This is the first version of the API.")
    return None


def _without_api_version(scope: Scope) -> Answer | None:
    if not header(scope, b"authorization").lower().startswith(b"bearer "):
        return _error(401, "Access denied: a bearer token is required.")
    if query_of(scope).get("api-version") != "v1":
        return _error(400, "Missing required query parameter: api-version")
    return None


_RUN = ("assistant_id", "model", "instructions", "additional_instructions", "metadata", "tools", "stream")
_ASSISTANT = ("model", "name", "description", "instructions", "tools", "tool_resources", "metadata")
_SAMPLING = ("temperature", "top_p", "response_format")
_ATTEMPTS = 3
_VERSION = (b"x-litellm-version", b"1.109.1")
_CALL = (b"x-litellm-call-id", b"00000000-0000-4000-8000-000000000000")

_NATIVE = Dialect(
    operations={
        "GET /assistants": Treatment(paging="ignored"),
        "POST /assistants": Treatment(keeps=frozenset((*_ASSISTANT, *_SAMPLING)), attempts=_ATTEMPTS),
        "DELETE /assistants/*": AS_IT_IS,
        "POST /threads": Treatment(keeps=frozenset(), attempts=_ATTEMPTS),
        "GET /threads/*": Treatment(hides=("tool_resources",)),
        "GET /threads/*/messages": Treatment(paging="ignored"),
        "POST /threads/*/messages": Treatment(attempts=_ATTEMPTS),
        "POST /threads/*/runs": Treatment(keeps=frozenset(_RUN), attempts=_ATTEMPTS, blocks=True),
    },
    passed=("/files", "/vector_stores", "/models"),
    errors=_litellm_error,
    headers=[_VERSION],
    frames=unnamed_frames,
)

_PASSTHROUGH = Dialect(
    # Each body loses every name that is also one of LiteLLM's own parameters.
    others=Treatment(drops=frozenset(("metadata", "order"))),
    headers=[_CALL],
)

_ASTRA_ASSISTANT = Treatment(milliseconds=True)

_FOUNDRY = Dialect(others=AS_IT_IS, refuses=_without_api_version)

_ASTRA = Dialect(
    refuses=_without_astra_token,
    operations={
        "GET /assistants": Treatment(paging="refused", milliseconds=True),
        "POST /assistants": _ASTRA_ASSISTANT,
        "GET /assistants/*": _ASTRA_ASSISTANT,
        "POST /assistants/*": _ASTRA_ASSISTANT,
        "DELETE /assistants/*": Treatment(deleted_as="assistant"),
        "GET /threads/*/runs": Treatment(every_thread=True),
    },
    others=AS_IT_IS,
    missing={
        "POST /threads/*/runs/*": "GET",
        "POST /threads/*/runs/*/cancel": "",
        "GET /threads/*/runs/*/steps": "",
        "GET /threads/*/runs/*/steps/*": "",
        "POST /vector_stores/*": "DELETE, GET",
        "POST /vector_stores/*/file_batches": "",
        "GET /vector_stores/*/file_batches/*": "",
        "GET /vector_stores/*/file_batches/*/files": "",
        "POST /vector_stores/*/file_batches/*/cancel": "",
    },
)

_MAKE_THREADS = (("POST", "/threads"), ("POST", "/threads/runs"))

DIALECTS: Mapping[str, Mapping[str, Dialect]] = {
    "litellm-native": {"/v1/": _NATIVE, "/": _NATIVE},
    "litellm-passthrough": {"/openai/v1/": _PASSTHROUGH, "/openai/": _PASSTHROUGH, "/v1/": _PASSTHROUGH},
    "litellm-hybrid": {"/openai/v1/": _PASSTHROUGH, "/openai/": _PASSTHROUGH, "/v1/": _NATIVE, "/": _NATIVE},
    "astra": {"/v1/": _ASTRA},
    "foundry": {"/api/projects/demo/": _FOUNDRY},
}
"""By name: which server is spoken to under which prefix, the longest prefix first."""


def speak(name: str) -> Fault:
    if name not in DIALECTS:
        raise ValueError(f"there is no dialect {name!r}; there are {', '.join(DIALECTS)}")
    by_prefix = DIALECTS[name]

    def around(app: Asgi) -> Asgi:
        threads: list[str] = []

        async def speaking(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http" or scope["path"] == "/health":
                await app(scope, receive, send)
                return
            for prefix, dialect in by_prefix.items():
                if scope["path"].startswith(prefix):
                    path = scope["path"][len(prefix) - 1 :]
                    await _answer(dialect, path, threads, app, scope, receive, send)
                    return
            await Dialect().not_routed(scope["method"], scope["path"]).send(send)

        return speaking

    return around


async def _answer(
    dialect: Dialect, path: str, threads: list[str], app: Asgi, scope: Scope, receive: Receive, send: Send
) -> None:
    if dialect.refuses is not None and (refusal := dialect.refuses(scope)):
        await refusal.send(send)
        return
    treatment = dialect.treatment(scope["method"], path)
    if treatment is None:
        await dialect.not_routed(scope["method"], path).send(send)
        return
    inner = {**scope, "path": f"/v1{path}", "raw_path": f"/v1{path}".encode()}
    answer = await carry_out(treatment, app, inner, receive, send, frames=dialect.frames, threads=threads)
    if answer is None:
        return
    if answer.status == 200 and (scope["method"], path) in _MAKE_THREADS:
        threads.append(answer.json.get("thread_id") or answer.json["id"])
    if answer.status < 400:
        answer.headers = [*answer.headers, *dialect.headers]
    elif dialect.errors is not None:
        dialect.errors(scope, answer)
    await answer.send(send)
