"""What the items of a turn say on the Agents wire (agents facts, 3.5). Pure.

Items that cannot be read say nothing.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from asstctl.core.thread import CodeRun, PastCall, Spoken
from asstctl.providers.agents.turns import arguments_text

Item = Mapping[str, Any]

_COMMENTARY = "commentary"
"""The phase of what an agent says about its work, which is no part of its answer."""


def reply_in(items: Iterable[Item]) -> str:
    """The answer: the texts of the messages that the assistant has finished, joined by newlines."""
    return "\n".join(
        text
        for one in _messages(items, "assistant")
        if one.get("status") == "completed" and one.get("phase") != _COMMENTARY and (text := _text_of(one))
    )


def code_in(items: Iterable[Item]) -> tuple[CodeRun, ...]:
    """The commands that were executed in the session's environment."""
    return tuple(
        CodeRun(_text(one.get("command")), _text(one.get("output")))
        for one in items
        if one.get("type") == "command_execution"
    )


def spoken_in(items: Sequence[Item]) -> Spoken:
    """A turn as an exchange: what the user said, be it in several messages, with all that came of it."""
    users = list(_messages(items, "user"))
    outputs = {_text(one.get("call_id")): _output(one) for one in items if one.get("type") == "function_call_output"}
    return Spoken(
        "\n".join(text for one in users if (text := _text_of(one))) if users else None,
        reply_in(items),
        tuple(
            PastCall(
                _text(one.get("name")),
                arguments_text(one.get("arguments")),
                outputs.get(_text(one.get("call_id"))),
            )
            for one in items
            if one.get("type") == "function_call"
        ),
        images=sum(part.get("type") == "input_image" for one in users for part in _parts(one.get("content"))),
    )


def _messages(items: Iterable[Item], role: str) -> Iterator[Item]:
    return (one for one in items if one.get("type") == "message" and one.get("role") == role)


def _text_of(message: Item) -> str:
    """The text of one message, whose parts are pieces of it."""
    return "".join(_text(part.get("text")) for part in _parts(message.get("content")))


def _output(item: Item) -> str | None:
    """What a call was answered: text, or what was said of its failure."""
    output = item.get("output")
    if isinstance(output, list):
        return "".join(_text(part.get("text")) for part in _parts(output))
    if isinstance(output, str):
        return output
    error = item.get("error")
    return error if isinstance(error, str) else None


def _parts(content: object) -> list[Mapping[str, Any]]:
    return [part for part in content if isinstance(part, Mapping)] if isinstance(content, list) else []


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
