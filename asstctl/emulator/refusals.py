"""What the wire answers instead of an object: one function per row of the contract's error table.

Clients match on parts of these texts, so they are kept word for word. Whether something is refused is decided
elsewhere.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Json = Any


class Refusal(Exception):
    """An error answer: status, the four members of the error object, and headers of its own."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        param: str | None = None,
        code: str | None = None,
        kind: str = "invalid_request_error",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.param = param
        self.code = code
        self.kind = kind
        self.headers = dict(headers or {})

    def body(self) -> dict[str, Json]:
        error = {"message": self.message, "type": self.kind, "param": self.param, "code": self.code}
        return {"error": error}


def json_type(value: Json) -> str:
    """The JSON type of a value, with its article, as error texts name it."""
    for kind, name in _JSON_TYPES:
        if isinstance(value, kind):
            return name
    return "null"


_JSON_TYPES = (
    (bool, "a boolean"),
    (int, "an integer"),
    (float, "a decimal"),
    (str, "a string"),
    (list, "an array"),
    (dict, "an object"),
)


def one_of(values: Iterable[str]) -> str:
    quoted = [f"'{value}'" for value in values]
    if len(quoted) < 3:
        return " and ".join(quoted)
    return f"{', '.join(quoted[:-1])}, and {quoted[-1]}"


# Objects and ids


def not_found(noun: str, object_id: str) -> Refusal:
    return Refusal(404, f"No {noun} found with id '{object_id}'.")


def wrong_kind_of_id(param: str, object_id: str, prefix: str) -> Refusal:
    text = f"Invalid '{param}': '{object_id}'. Expected an ID that begins with '{prefix}'."
    return Refusal(400, text, param=param, code="invalid_value")


def unknown_cursor(param: str, noun: str, object_id: str) -> Refusal:
    return Refusal(400, f"Invalid '{param}': no {noun} found with id '{object_id}'.", param=param, code="invalid_value")


# Vector stores


def store_expired(store_id: str) -> Refusal:
    return Refusal(400, f"Vector store {store_id} has expired. Make a new one with the same files.")


# Files, uploads and models


def no_such_file(file_id: str) -> Refusal:
    return Refusal(404, f"No such File object: {file_id}", param="id")


def no_content(object_id: str) -> Refusal:
    """The row is there and the bytes are not: somebody has been in the folder, or the database was copied alone."""
    return Refusal(404, f"The content of {object_id} is not on the disk of this server any more.", param="id")


def file_withheld(purpose: str) -> Refusal:
    return Refusal(400, f"Not allowed to download files of purpose: {purpose}")


def file_too_large(path: str, limit: int) -> Refusal:
    text = f"Invalid '{path}': file too large. Expected a file of at most {limit} bytes."
    return Refusal(413, text, param=path, code="file_too_large")


def no_file_name(path: str) -> Refusal:
    return Refusal(400, f"Invalid '{path}': a file needs a file name.", param=path, code="invalid_value")


def upload_closed(doing: str, upload_id: str, status: str) -> Refusal:
    return Refusal(400, f"Cannot {doing} upload {upload_id} with status '{status}'.")


def upload_incomplete(upload_id: str, expected: int, got: int) -> Refusal:
    text = f"Upload {upload_id} was created for {expected} bytes, but the given parts have {got} bytes."
    return Refusal(400, text, param="part_ids", code="invalid_value")


def upload_too_large(upload_id: str, limit: int) -> Refusal:
    text = f"The parts of upload {upload_id} would have more than {limit} bytes."
    return Refusal(413, text, param="data", code="file_too_large")


def unknown_part(path: str, part_id: str) -> Refusal:
    text = f"Invalid '{path}': the upload has no part '{part_id}'."
    return Refusal(400, text, param=path, code="invalid_value")


def wrong_checksum(expected: str, found: str) -> Refusal:
    text = f"Invalid 'md5': expected '{expected}', but the parts have '{found}'."
    return Refusal(400, text, param="md5", code="invalid_value")


def no_such_model(name: str) -> Refusal:
    return Refusal(404, f"The model '{name}' does not exist", param="model", code="model_not_found")


def unsupported_model(name: str) -> Refusal:
    text = f"The requested model '{name}' cannot be used with the Assistants API."
    return Refusal(400, text, param="model", code="unsupported_model")


def model_kept(name: str) -> Refusal:
    return Refusal(403, f"The model '{name}' cannot be deleted: only fine-tuned models can.", param="model")


# Runs


def thread_is_locked(thread_id: str, run_id: str) -> Refusal:
    return Refusal(400, f"Can't add messages to {thread_id} while a run {run_id} is active.")


def thread_is_full(thread_id: str, limit: int) -> Refusal:
    return Refusal(400, f"Can't add messages to {thread_id}: a thread holds at most {limit} messages.")


def message_is_locked(thread_id: str, run_id: str) -> Refusal:
    return Refusal(400, f"Can't change messages of {thread_id} while a run {run_id} is active.")


def already_running(thread_id: str, run_id: str) -> Refusal:
    return Refusal(400, f"Thread {thread_id} already has an active run {run_id}.")


def nothing_to_say() -> Refusal:
    text = "Run creation requires a Thread with a user message or an assistant with instructions."
    return Refusal(400, text, code="invalid_thread")


def no_such_tool(path: str, name: str) -> Refusal:
    return Refusal(400, f"Invalid value: '{name}'. The run has no such tool.", param=path, code="invalid_value")


def outputs_not_awaited(status: str) -> Refusal:
    return Refusal(400, f'Runs in status "{status}" do not accept tool outputs.')


def outputs_incomplete(expected: Sequence[str], got: Sequence[str]) -> Refusal:
    return Refusal(400, f"Expected tool outputs for call_ids {list(expected)}, got {list(got)}")


def cannot_cancel(status: str) -> Refusal:
    return Refusal(400, f"Cannot cancel run with status '{status}'.")


# Parameters


def wrong_type(path: str, expected: str, value: Json) -> Refusal:
    text = f"Invalid type for '{path}': expected {expected}, but got {json_type(value)} instead."
    return Refusal(400, text, param=path, code="invalid_type")


def missing(path: str) -> Refusal:
    return Refusal(400, f"Missing required parameter: '{path}'.", param=path, code="missing_required_parameter")


def unknown(path: str) -> Refusal:
    return Refusal(400, f"Unknown parameter: '{path}'.", param=path, code="unknown_parameter")


def repeated(path: str) -> Refusal:
    return Refusal(400, f"Duplicate parameter: '{path}'. It is taken once.", param=path, code="invalid_value")


def not_supported(path: str, value: str, supported: Iterable[str]) -> Refusal:
    text = f"Invalid value: '{value}'. Supported values are: {one_of(supported)}."
    return Refusal(400, text, param=path, code="invalid_value")


def string_too_long(path: str, maximum: int, length: int) -> Refusal:
    text = (
        f"Invalid '{path}': string too long. Expected a string with maximum length {maximum}, "
        f"but got a string with length {length} instead."
    )
    return Refusal(400, text, param=path, code="string_above_max_length")


def string_off_pattern(path: str, pattern: str) -> Refusal:
    text = f"Invalid '{path}': string does not match pattern. Expected a string that matches the pattern '{pattern}'."
    return Refusal(400, text, param=path, code="invalid_value")


def empty_string(path: str) -> Refusal:
    expected = "Expected a string with minimum length 1, but got an empty string instead."
    return Refusal(400, f"Invalid '{path}': empty string. {expected}", param=path, code="invalid_value")


def array_too_long(path: str, maximum: int, length: int) -> Refusal:
    text = (
        f"Invalid '{path}': array too long. Expected an array with maximum length {maximum}, "
        f"but got an array with length {length} instead."
    )
    return Refusal(400, text, param=path, code="array_above_max_length")


def array_too_short(path: str, minimum: int) -> Refusal:
    expected = f"Expected an array with minimum length {minimum}, but got an empty array instead."
    text = f"Invalid '{path}': empty array. {expected}"
    return Refusal(400, text, param=path, code="empty_array")


def number_out_of_range(path: str, kind: str, value: float, *, minimum: float | None, maximum: float | None) -> Refusal:
    """`kind` is integer or decimal; exactly one of the bounds is the one that was passed."""
    if minimum is not None:
        text = f"Invalid '{path}': {kind} below minimum value. Expected a value >= {minimum}, but got {value} instead."
        return Refusal(400, text, param=path, code=f"{kind}_below_min_value")
    text = f"Invalid '{path}': {kind} above maximum value. Expected a value <= {maximum}, but got {value} instead."
    return Refusal(400, text, param=path, code=f"{kind}_above_max_value")


def too_many_properties(path: str, maximum: int, count: int) -> Refusal:
    text = (
        f"Invalid '{path}': too many properties. Expected an object with at most {maximum} properties, "
        f"but got an object with {count} properties instead."
    )
    return Refusal(400, text, param=path, code="object_above_max_properties")


def property_name_too_long(path: str, maximum: int, length: int) -> Refusal:
    text = (
        f"Invalid '{path}': property name too long. Expected a property name with maximum length {maximum}, "
        f"but got a property name with length {length} instead."
    )
    return Refusal(400, text, param=path, code="property_name_above_max_length")


def exclusive(path: str, other: str) -> Refusal:
    text = f"Mutually exclusive parameters: '{path}' and '{other}'. Give one of them."
    return Refusal(400, text, param=path, code="mutually_exclusive_parameters")


def too_deep(path: str, maximum: int) -> Refusal:
    text = f"Invalid '{path}': nested too deep. Expected at most {maximum} levels."
    return Refusal(400, text, param=path, code="invalid_value")


# The request as a whole


def malformed_json(reason: str) -> Refusal:
    text = f"We could not parse the JSON body of your request: {reason}. The API expects a JSON object."
    return Refusal(400, text)


def malformed_form(reason: str) -> Refusal:
    text = f"We could not parse the body of your request as multipart/form-data: {reason}."
    return Refusal(400, text)


def wrong_content_type(found: str, *accepted: str) -> Refusal:
    kinds = " or ".join(f"'{kind}'" for kind in accepted)
    text = (
        f"Unsupported content type: '{found}'. This API method only accepts {kinds} requests, "
        "but you specified another in the Content-Type header."
    )
    return Refusal(400, text, code="unsupported_content_type")


def body_too_large(limit: int) -> Refusal:
    return Refusal(413, f"The request body is larger than the limit of {limit} bytes.", code="request_too_large")


def wrong_beta(header: str) -> Refusal:
    text = (
        f"The beta in the header 'OpenAI-Beta: {header}' is no longer served. "
        "Please try again by setting the header 'OpenAI-Beta: assistants=v2'."
    )
    return Refusal(400, text, code="invalid_beta")


def no_beta() -> Refusal:
    text = (
        "You must provide the 'OpenAI-Beta' header to access the Assistants API. "
        "Please try again by setting the header 'OpenAI-Beta: assistants=v2'."
    )
    return Refusal(400, text, code="invalid_beta")


def foreign_host(host: str) -> Refusal:
    text = f"This server is not known as '{host}'. If it should be, start it with --allow-host."
    return Refusal(403, text, code="host_not_allowed")


def foreign_origin(origin: str) -> Refusal:
    text = f"Pages of '{origin}' may not use this server. If they should, start it with --allow-origin."
    return Refusal(403, text, code="origin_not_allowed")


def wrong_key() -> Refusal:
    return Refusal(401, "Incorrect API key provided.", code="invalid_api_key")


def no_key() -> Refusal:
    text = "No API key was provided. Send it in the header 'Authorization: Bearer KEY'."
    return Refusal(401, text, code="invalid_api_key")


def unknown_path(method: str, path: str) -> Refusal:
    return Refusal(404, f"Invalid URL ({method} {path})")


def wrong_method(method: str, path: str, allowed: Iterable[str]) -> Refusal:
    text = f"Not allowed to {method} on {path}."
    return Refusal(405, text, code="method_not_supported", headers={"allow": ", ".join(sorted(allowed))})


# The server itself


def database_full() -> Refusal:
    """507 and not retried: only the owner of the disk can help."""
    text = "This server cannot write: database or disk is full. Nothing was written. Free space, then repeat."
    return Refusal(507, text, code="database_full", kind="server_error", headers={"x-should-retry": "false"})


def database_damaged() -> Refusal:
    text = "The database of this server is damaged. Move the file away, and restore it from a copy if there is one."
    return Refusal(507, text, code="database_damaged", kind="server_error", headers={"x-should-retry": "false"})


def database_busy() -> Refusal:
    text = "Another process keeps the database of this server locked. Nothing was written. Please try again."
    return Refusal(503, text, code="database_busy", kind="server_error", headers={"retry-after": "1"})


def server_fault(request_id: str) -> Refusal:
    text = (
        "The server had an error while processing your request. Sorry about that! "
        f"Please include the request ID {request_id} when you report it."
    )
    return Refusal(500, text, kind="server_error")
