"""What a reply may ask for beside saying text, and whether whoever is replied to can do it. Pure."""

import json

from asstctl.emulator.json_text import sendable
from asstctl.emulator.replies.values import ReplyFailed, ReplyRequest, RunCode, SearchFiles, ToolCall

Asked = ToolCall | RunCode | SearchFiles

KINDS = {RunCode: "code_interpreter", SearchFiles: "file_search"}


def texts_in(part: Asked) -> tuple[str, ...]:
    """What counts as said."""
    match part:
        case ToolCall(function, arguments):
            return (function, arguments)
        case RunCode(code):
            return (code,)
        case SearchFiles(query):
            return (query,)


def sendable_asked(part: Asked) -> Asked:
    match part:
        case ToolCall(function, arguments):
            return ToolCall(function, sendable(arguments))
        case RunCode(code):
            return RunCode(sendable(code))
        case SearchFiles(query):
            return SearchFiles(sendable(query))


def check_asked(part: Asked, request: ReplyRequest) -> None:
    """A call of something that the run does not have would leave nobody to answer it."""
    if not isinstance(part, ToolCall):
        kind = KINDS[type(part)]
        if not request.has_tool(kind):
            raise ReplyFailed(f"The reply uses the tool {kind!r}, which this run does not have.", "invalid_prompt")
        return
    if part.function not in request.functions:
        has = ", ".join(request.functions) or "none"
        raise ReplyFailed(
            f"The reply calls the function {part.function!r}, which this run does not declare (declared: {has}).",
            "invalid_prompt",
        )
    try:
        json.loads(part.arguments)
    except (ValueError, RecursionError) as error:
        raise ReplyFailed(
            f"The reply calls {part.function!r} with arguments that are not JSON: {part.arguments[:200]}",
            "invalid_prompt",
        ) from error
