"""The backend that repeats what it hears: deterministic, and needs nothing.

It says the user's last texts and, after tools, their outputs. It calls a function only when the run forces one, with
arguments forged from the function's schema.
"""

import json
from collections.abc import AsyncGenerator
from itertools import takewhile

from asstctl.emulator.replies.forge import forge
from asstctl.emulator.replies.values import Part, ReplyRequest, TextDelta, ToolCall


class Echo:
    counts_tokens = False

    async def reply(self, request: ReplyRequest) -> AsyncGenerator[Part, None]:
        function = _forced(request)
        if function is not None:
            schema = request.functions[function].get("parameters", {})
            yield ToolCall(function, json.dumps(forge(schema, request.user), ensure_ascii=False))
            return
        if request.outputs:
            yield TextDelta("\n".join(call.output for call in request.outputs))
            return
        latest = list(takewhile(lambda said: said.role == "user", reversed(request.messages)))
        yield TextDelta("\n".join(said.text for said in reversed(latest)) or request.user or "Nothing was said yet.")

    async def aclose(self) -> None:
        """Nothing is held."""


def _forced(request: ReplyRequest) -> str | None:
    choice = request.tool_choice
    if choice == "required":
        return next(iter(request.functions), None)
    if isinstance(choice, dict) and choice["type"] == "function":
        name: str = choice["function"]["name"]
        return name
    return None
