"""The backend that repeats what it hears: deterministic, and needs nothing.

It says the user's last texts and, after tools, their outputs. It calls a function only when the run forces one, with
arguments forged from the function's schema.
"""

import json
from collections.abc import AsyncGenerator
from itertools import takewhile

from asstctl.emulator.replies.forge import forge
from asstctl.emulator.replies.values import Part, ReplyFailed, ReplyRequest, TextDelta, ToolCall


class Echo:
    counts_tokens = False

    async def reply(self, request: ReplyRequest) -> AsyncGenerator[Part, None]:
        function = _forced(request)
        if function is not None:
            yield ToolCall(function, _arguments(request, function))
            return
        if request.outputs:
            yield TextDelta("\n".join(call.output for call in request.outputs))
            return
        latest = list(takewhile(lambda said: said.role == "user", reversed(request.messages)))
        yield TextDelta("\n".join(said.text for said in reversed(latest)) or request.user or "Nothing was said yet.")

    async def aclose(self) -> None:
        """Nothing is held."""


def _arguments(request: ReplyRequest, function: str) -> str:
    try:
        forged = forge(request.functions[function].get("parameters", {}), request.user)
    except (AttributeError, KeyError, IndexError, TypeError, ValueError) as error:
        # The wire takes any object as a schema, so what stands here need not be one.
        raise ReplyFailed(
            f"No arguments can be made up for {function!r}: its parameters are no JSON Schema.", "invalid_prompt"
        ) from error
    return json.dumps(forged, ensure_ascii=False)


def _forced(request: ReplyRequest) -> str | None:
    choice = request.tool_choice
    if choice == "required":
        return next(iter(request.functions), None)
    if isinstance(choice, dict) and choice["type"] == "function":
        name: str = choice["function"]["name"]
        return name
    return None
