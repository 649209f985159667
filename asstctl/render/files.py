"""The lines of a change's files: those of a vector store one by one or, where they are many, by what becomes of
them; and what is uploaded in all.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from asstctl.core.change import Absent, Change, FileAction, FileChange
from asstctl.core.reference import path_of, placeholders
from asstctl.render.style import Look, Style
from asstctl.render.text import Line, Span, cells, line, padded, wrapped
from asstctl.render.values import counted, size

_INDENT = " " * 6
_BELOW = " " * 10
_FOLDED_ABOVE = 10
_NAMED = 3
_WIDEST_PATH = 40


@dataclass(frozen=True, slots=True)
class _Told:
    """How one action reads: its sign, and what is said beside a path."""

    symbol: str
    style: Style
    words: str = ""


_TOLD = {
    FileAction.ADD: _Told("+", Style.ADD),
    FileAction.REPLACE: _Told("~", Style.CHANGE, "content changed"),
    FileAction.REATTACH: _Told("~", Style.CHANGE, "chunking"),
    FileAction.RELABEL: _Told("~", Style.CHANGE, "attributes"),
    FileAction.REMOVE: _Told("-", Style.REMOVE),
}


def file_lines(change: Change, look: Look) -> list[Line]:
    """What becomes of each file of a vector store, grouped by action."""
    by_action = {action: [file for file in change.files if file.action is action] for action in FileAction}
    folded = [action for action, files in by_action.items() if len(files) > _FOLDED_ABOVE and not look.full]
    widths = [cells(file.path) for file in change.files if file.action not in folded]
    column = max((width for width in widths if width <= _WIDEST_PATH), default=0)
    lines: list[Line] = []
    for action, files in by_action.items():
        if action in folded:
            lines += _folded(action, files, look)
        else:
            lines += [text for file in files for text in _one(file, column, look)]
    return lines


@dataclass(frozen=True, slots=True)
class Uploads:
    """How many files are sent, and how many bytes that is."""

    files: int = 0
    bytes: int = 0

    def __str__(self) -> str:
        return f"{counted(self.files, 'file')}, {size(self.bytes)} to upload" if self.files else ""


def uploads(changes: Iterable[Change]) -> Uploads:
    """What these changes send: files of vector stores, and those that a field still names by their path."""
    sizes: list[int] = []
    for change in changes:
        sizes += [one.upload_bytes for one in change.files if one.action in (FileAction.ADD, FileAction.REPLACE)]
        values = (field.after for field in change.fields if not isinstance(field.after, Absent))
        sizes += [int(found["bytes"]) for value in values for found in placeholders(value) if path_of(found)]
    return Uploads(len(sizes), sum(sizes))


def file_words(file: FileChange) -> tuple[str, str]:
    """The sign in front of its path, and what is said behind it."""
    told = _TOLD[file.action]
    words = ", ".join(word for word in (_again([file]) or told.words, _size(file)) if word)
    return told.symbol, f"{words} ({file.reason})".strip() if file.reason else words


def _one(file: FileChange, column: int, look: Look) -> list[Line]:
    told, (_, said) = _TOLD[file.action], file_words(file)
    head = line(_INDENT, Span(told.symbol, told.style), " ")
    if not said:
        return [line(head, file.path)]
    if cells(head) + max(column, cells(file.path)) + 2 + cells(said) <= look.width:
        return [line(head, padded(file.path, column), "  ", said)]
    return [line(head, file.path), *wrapped(said, look.width, _BELOW, _BELOW)]


def _folded(action: FileAction, files: Sequence[FileChange], look: Look) -> list[Line]:
    told, sent = _TOLD[action], sum(file.upload_bytes for file in files)
    parts = (counted(len(files), "file"), _again(files) or told.words, size(sent) if sent else "")
    words = ", ".join(word for word in parts if word)
    names = ", ".join(file.path for file in files[:_NAMED])
    more = Span(f"{names} and {len(files) - _NAMED:,} more", Style.FAINT)
    return [line(_INDENT, Span(told.symbol, told.style), " ", words), *wrapped(more, look.width, _BELOW, _BELOW)]


def _again(files: Sequence[FileChange]) -> str:
    """What is said of files that could not be processed, and whose bytes are there."""
    again = all(file.action is FileAction.REATTACH and file.reason for file in files)
    return "tried again with the same upload" if again else ""


def _size(file: FileChange) -> str:
    return size(file.upload_bytes) if file.action in (FileAction.ADD, FileAction.REPLACE) else ""
