"""The backend that repeats what it hears: deterministic, and needs nothing.

It says the user's last texts and, after tools, what came of them. It runs the Python that a user's message holds,
searches the files of a run for the user's words, and calls a function only when the run forces one, with arguments
forged from the function's schema.
"""

import json
import re
from collections.abc import AsyncGenerator
from itertools import takewhile

from asstctl.emulator.replies.deltas import deltas
from asstctl.emulator.replies.forge import forge
from asstctl.emulator.replies.values import (
    CallMade,
    CodeRan,
    FilesSearched,
    Part,
    ReplyFailed,
    ReplyRequest,
    RunCode,
    SearchFiles,
    TextDelta,
    ToolCall,
)

_FENCED = re.compile(r"^[ \t]*```(?:python3?|py)[ \t]*\r?\n(.*?)^[ \t]*```", re.DOTALL | re.MULTILINE | re.IGNORECASE)
_QUOTED_LINES = 3
_QUOTED = 400
"""How much of a passage is said."""

_LONGEST_QUERY = 1_000
_SERVED = ("code_interpreter", "file_search")
_ANY = {"type": "object", "properties": {"text": {"type": "string"}}}
"""What stands for a response format without a schema."""


class Echo:
    counts_tokens = False

    async def reply(self, request: ReplyRequest) -> AsyncGenerator[Part, None]:
        call = None if request.results else _call(request)
        if call is not None:
            yield call
            return
        for piece in deltas(_formatted(_text(request), request)):
            yield TextDelta(piece)

    async def aclose(self) -> None:
        """Nothing is held."""


def _call(request: ReplyRequest) -> Part | None:
    """What a run begins with, if not with a text."""
    choice = request.tool_choice
    forced = choice["type"] if isinstance(choice, dict) else None
    if forced == "function":
        return _function_call(request, choice["function"]["name"])
    if choice == "required" and request.functions:
        return _function_call(request, next(iter(request.functions)))
    block = _FENCED.search(request.user)
    runs, searches = (forced == tool or (forced is None and request.has_tool(tool)) for tool in _SERVED)
    if forced == "code_interpreter" or (runs and block):
        return RunCode(block[1] if block else _printing(request.user))
    if forced == "file_search" or (searches and (request.user.strip() or choice == "required")):
        return SearchFiles(request.user.strip()[:_LONGEST_QUERY] or "text")
    return RunCode(_printing(request.user)) if runs and choice == "required" else None


def _printing(text: str) -> str:
    return f"print({text!r})"


def _function_call(request: ReplyRequest, function: str) -> ToolCall:
    try:
        forged = forge(request.functions[function].get("parameters", {}), request.user)
    except (AttributeError, KeyError, IndexError, TypeError, ValueError) as error:
        # The wire takes any object as a schema, so what stands here need not be one.
        raise ReplyFailed(
            f"No arguments can be made up for {function!r}: its parameters are no JSON Schema.", "invalid_prompt"
        ) from error
    return ToolCall(function, json.dumps(forged, ensure_ascii=False))


def _text(request: ReplyRequest) -> str:
    if request.results:
        return "\n".join(_said_of(result, request) for result in request.results)
    return _heard(request)


def _heard(request: ReplyRequest) -> str:
    latest = list(takewhile(lambda said: said.role == "user", reversed(request.messages)))
    return "\n".join(said.text for said in reversed(latest)) or request.user or "Nothing was said yet."


def _said_of(result: CallMade | CodeRan | FilesSearched, request: ReplyRequest) -> str:
    match result:
        case CallMade(output=output):
            return output
        case CodeRan(logs=logs):
            return logs.rstrip("\n") or "The code printed nothing."
        case FilesSearched(passages=passages):
            if not passages:
                return f"Nothing was found in the files.\n{_heard(request)}"
            lines = [line.strip() for line in passages[0].text.splitlines() if line.strip()]
            return "\n".join(lines[:_QUOTED_LINES])[:_QUOTED] + passages[0].marker


def _formatted(text: str, request: ReplyRequest) -> str:
    """The text as the run's response_format wants it."""
    wanted = request.response_format
    kind = wanted["type"] if isinstance(wanted, dict) else "text"
    if kind == "json_object":
        return json.dumps({"text": text}, ensure_ascii=False)
    if kind == "json_schema":
        try:
            return json.dumps(forge(wanted["json_schema"].get("schema") or _ANY, text), ensure_ascii=False)
        except (AttributeError, KeyError, IndexError, TypeError, ValueError) as error:
            name = wanted["json_schema"].get("name")
            raise ReplyFailed(
                f"No reply can be made up for the response format {name!r}: it is no JSON Schema.", "invalid_prompt"
            ) from error
    return text
