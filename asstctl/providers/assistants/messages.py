"""What message objects of the Assistants v2 wire say: texts, citations, and what else lies in them. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from asstctl.core.thread import Citation

Message = Mapping[str, Any]

_CITING = ("file_citation", "file_path")
_IMAGES = ("image_file", "image_url")


def said_in(messages: Iterable[Any], run: str) -> tuple[Message, ...]:
    """What the assistant said in one run, in the order given. Others are left out even where the server ignores the
    `run_id` we ask with."""
    return tuple(m for m in messages if isinstance(m, Mapping) and is_reply(m) and m.get("run_id") == run)


def is_reply(message: Message) -> bool:
    """Whether the assistant said it."""
    return message.get("role") == "assistant"


def text_of(messages: Iterable[Message]) -> str:
    """Their texts, joined by newlines; a refusal is a text too."""
    return "\n".join(text for message in messages for text in _texts(message.get("content")))


def citations_of(messages: Iterable[Message]) -> tuple[Citation, ...]:
    """The places that cite a file, or lead to one that was made; each names its file by id."""
    return tuple(
        citation
        for message in messages
        for part in _parts(message)
        if isinstance(text := part.get("text"), Mapping)
        for citation in _citations(text.get("annotations"))
    )


def images_in(message: Message) -> int:
    """How many images a message shows."""
    return sum(part.get("type") in _IMAGES for part in _parts(message))


def files_with(message: Message) -> int:
    """How many files are attached to it."""
    attached = message.get("attachments")
    return len(attached) if isinstance(attached, list) else 0


def _texts(content: object) -> Iterator[str]:
    if isinstance(content, str):
        yield content
    for part in content if isinstance(content, list) else ():
        if not isinstance(part, Mapping):
            continue
        text, refusal = part.get("text"), part.get("refusal")
        value = text.get("value") if isinstance(text, Mapping) else refusal
        if isinstance(value, str):
            yield value


def _parts(message: Message) -> list[Mapping[str, Any]]:
    content = message.get("content")
    return [part for part in content if isinstance(part, Mapping)] if isinstance(content, list) else []


def _citations(annotations: object) -> Iterator[Citation]:
    for one in annotations if isinstance(annotations, list) else ():
        if not isinstance(one, Mapping) or one.get("type") not in _CITING:
            continue
        cited = one.get(one["type"])
        file = cited.get("file_id") if isinstance(cited, Mapping) else None
        if isinstance(cited, Mapping) and isinstance(file, str) and file:
            yield Citation(file, _text(one.get("text")), _text(cited.get("quote")))


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
