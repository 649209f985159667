"""What a chat-completions endpoint answers, as parts of a reply: a completion in one piece, or its chunks as they come.

Endpoints differ in what they leave out; what is no completion at all raises one of `NOT_A_COMPLETION`.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from asstctl.emulator.json_text import sendable
from asstctl.emulator.replies.chat_request import argument_of
from asstctl.emulator.replies.keyless import Keyless
from asstctl.emulator.replies.values import (
    CutShort,
    Part,
    ReplyFailed,
    RunCode,
    SearchFiles,
    TextDelta,
    ToolCall,
    Usage,
)

Json = Any

NOT_A_COMPLETION = (KeyError, IndexError, TypeError, AttributeError)


@dataclass(slots=True)
class _Fragments:
    call_id: str | None = None
    name: str = ""
    arguments: str = ""


@dataclass(slots=True)
class Answer:
    """One answer in the making. `feed` takes chunks and says text, `finish` says the rest."""

    keyless: Keyless
    tools: Mapping[str, str]
    """The tools of this server by the names that they go by out there."""
    finished: str | None = None
    """Why the endpoint stopped, once it has said so."""
    _calls: list[_Fragments] = field(default_factory=list)
    _places: dict[int, int] = field(default_factory=dict)
    _usage: Usage | None = None

    def feed(self, chunk: Json) -> Iterator[TextDelta]:
        """A chunk of a stream."""
        self._note(chunk)
        for choice in chunk.get("choices") or ():
            if choice.get("index"):
                continue
            yield from self._message(choice.get("delta") or {})
            self.finished = choice.get("finish_reason") or self.finished

    def whole(self, completion: Json) -> Iterator[TextDelta]:
        """An answer in one piece."""
        self._note(completion)
        choice = completion["choices"][0]
        yield from self._message(choice["message"])
        self.finished = choice.get("finish_reason") or "stop"

    def finish(self) -> Iterator[Part]:
        """What can only be said at the end: held text, calls, that it was cut short, usage."""
        held = self.keyless.flush()
        if held:
            yield TextDelta(held)
        if self.finished == "length":
            yield CutShort()  # and calls whose arguments are cut as well are none
        else:
            yield from (self._call(fragments) for fragments in self._calls)
        if self._usage is not None:
            yield self._usage

    def _message(self, message: Json) -> Iterator[TextDelta]:
        text = message.get("content") or message.get("refusal")
        if text:
            said = self.keyless.feed(str(text))
            if said:
                yield TextDelta(said)
        for fragment in message.get("tool_calls") or ():
            self._take(fragment)

    def _take(self, fragment: Json) -> None:
        function = fragment["function"]
        name, arguments = function.get("name"), function.get("arguments") or ""
        place = self._place(fragment.get("index"), fragment.get("id"), starts=bool(name))
        call = self._calls[place]
        call.name = call.name or str(name or "")
        call.arguments += arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)

    def _place(self, index: Json, call_id: Json, *, starts: bool) -> int:
        """Which call a fragment belongs to. Some endpoints number all alike, and some not at all."""
        place = self._places.get(index) if isinstance(index, int) else (None if starts else len(self._calls) - 1)
        known = place is not None and 0 <= place < len(self._calls)
        if known and starts and call_id and self._calls[place or 0].call_id != call_id:
            known = False
        if not known:
            self._calls.append(_Fragments(call_id))
            place = len(self._calls) - 1
            if isinstance(index, int):
                self._places[index] = place
        return place or 0

    def _call(self, fragments: _Fragments) -> Part:
        name, arguments = self.keyless.whole(fragments.name), self.keyless.whole(fragments.arguments or "{}")
        tool = self.tools.get(name)
        if tool is None:
            return ToolCall(name, arguments)
        value = _only_argument(arguments, argument_of(tool))
        if value is None:
            raise ReplyFailed(f"The model called {tool} without saying what to do: {arguments[:200]}", "invalid_prompt")
        return RunCode(value) if tool == "code_interpreter" else SearchFiles(value)

    def _note(self, chunk: Json) -> None:
        if chunk.get("usage"):
            self._usage = _usage(chunk["usage"])


def _only_argument(arguments: str, name: str) -> str | None:
    """The argument of a tool of this server. Small models send it bare, or under another name."""
    try:
        given = json.loads(arguments)
    except (ValueError, RecursionError):
        return arguments
    if isinstance(given, dict):
        given = given.get(name, next(iter(given.values()), None) if len(given) == 1 else None)
    return sendable(given) if isinstance(given, str) and given.strip() else None


def _usage(usage: Json) -> Usage:
    counted = (
        usage["prompt_tokens"],
        usage["completion_tokens"],
        (usage.get("prompt_tokens_details") or {}).get("cached_tokens") or 0,
        (usage.get("completion_tokens_details") or {}).get("reasoning_tokens") or 0,
    )
    if not all(isinstance(number, int) for number in counted):
        raise TypeError("usage")
    return Usage(*counted)
