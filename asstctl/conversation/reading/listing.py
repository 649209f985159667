"""Which conversations a file holds, by what it says of them alone: ids, cells, tags, lines.

Nothing is checked, no template is filled, and no other file is read, so that a thousand are listed in a moment. Whether
a conversation can be played is for `cases` to say, which gives it the same id.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from asstctl.conversation.reading.inheritance import inheriting
from asstctl.conversation.reading.matrix import WHOLE, read_matrix
from asstctl.core.collector import collector_paused
from asstctl.core.diagnostic import Diagnostic, has_errors
from asstctl.core.json_types import EMPTY, Json
from asstctl.documents.source import read_text
from asstctl.documents.yaml import Document, parse_one
from asstctl.documents.yaml import Path as Place

_SUFFIX = ".convo.yaml"


@dataclass(frozen=True, slots=True)
class Listed:
    """A conversation, in one cell of its matrix. `sound` is False where YAML itself finds fault with the file: it may
    hold others then."""

    id: str
    line: int = 1
    assistant: str = ""
    name: str = ""
    tags: tuple[str, ...] = ()
    sound: bool = True


def listed(file: Path) -> tuple[Listed, ...]:
    """The conversations of a file in their order; for one that holds none that can be read, one that stands for it."""
    stem = file.name.removesuffix(_SUFFIX)
    text = read_text(file, file.name)
    with collector_paused():
        document, problems = (None, ()) if isinstance(text, Diagnostic) else parse_one(text, file.name)
        if document is None or not isinstance(document.value, Mapping):
            return (Listed(stem, sound=False),)
        sound = not has_errors(problems)
        return tuple(_of(document, document.value, stem, sound=sound)) or (Listed(stem, sound=sound),)


def _of(document: Document, top: Mapping[str, Json], stem: str, *, sound: bool) -> Iterator[Listed]:
    assistant = _text(top.get("assistant"))
    if "conversations" not in top:
        yield from _cells(document, top, Listed(stem, document.where().line, assistant, sound=sound), ())
        return
    nested, defaults = top["conversations"], top.get("defaults")
    for number, own in enumerate(nested if isinstance(nested, list) else ()):
        at: Place = ("conversations", number)
        if not isinstance(own, Mapping):
            own = EMPTY
        id = _text(own.get("id")) or f"conversations[{number}]"
        whole = Listed(id, document.where((*at, "id")).line, assistant, sound=sound)
        given = inheriting(own, defaults) if isinstance(defaults, Mapping) else own
        yield from _cells(document.part(at, given), given, whole, _texts(top.get("tags")))


def _cells(document: Document, value: Mapping[str, Json], whole: Listed, tags: Sequence[str]) -> Iterator[Listed]:
    cells = (read_matrix(document)[0] if "matrix" in value else WHOLE) or WHOLE
    name, every = _text(value.get("name")), tuple(dict.fromkeys((*tags, *_texts(value.get("tags")))))
    for cell in cells:
        id = f"{whole.id}[{cell.id}]" if cell.id else whole.id
        yield Listed(id, whole.line, whole.assistant, name, every, whole.sound)


def _text(value: Json) -> str:
    return value if isinstance(value, str) else ""


def _texts(value: Json) -> Sequence[str]:
    given = value if isinstance(value, list) else (value,)
    return [one for one in given if isinstance(one, str)]
