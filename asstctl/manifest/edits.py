"""Edits: the files of a project as they are to be, kept as texts until somebody writes them.

What is written where is decided in `write_back`; here is how a file of each form is changed, and that nothing outside
the project, or behind a link, ever is.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from asstctl.core.address import Address
from asstctl.core.change import Absent
from asstctl.core.diagnostic import Where
from asstctl.core.json_types import Json
from asstctl.core.pull import FileEdit
from asstctl.documents.editor import CannotPlace, edited, number_of
from asstctl.documents.front_matter import with_body_text, with_head
from asstctl.documents.paths import PathRefused, inside
from asstctl.documents.source import read_text
from asstctl.documents.yaml import Path as Place
from asstctl.manifest.layers import Layer
from asstctl.manifest.sources import Sources
from asstctl.manifest.tool_words import ANY, Words


@dataclass(eq=False)
class NotPlaced(Exception):
    """Why a live value is not written, at the place that stands in the way."""

    reason: str
    where: Where | None = None
    hint: str = ""

    def __str__(self) -> str:
        return self.reason


@dataclass
class Edits:
    """Edits of one project for one target, as far as they are made. `stores` are ours by id.

    `in_overlay`: everything is written for this target alone. `words` are what it says of tools there.
    """

    sources: Sources
    target: str
    provider: str
    stores: Mapping[str, Address] = field(default_factory=dict)
    in_overlay: bool = False
    words: Words = ANY
    _before: dict[str, str | None] = field(default_factory=dict)
    _texts: dict[str, str] = field(default_factory=dict)

    @property
    def edits(self) -> tuple[FileEdit, ...]:
        """The files that differ now, by name."""
        return tuple(
            FileEdit(path, self._before[path], text)
            for path, text in sorted(self._texts.items())
            if text != self._before[path]
        )

    @contextmanager
    def undone_by_refusal(self) -> Iterator[None]:
        """Within it a NotPlaced takes back what was edited."""
        texts, before = dict(self._texts), dict(self._before)
        try:
            yield
        except NotPlaced:
            self._texts, self._before = texts, before
            raise

    def text_of(self, path: str) -> str:
        """The text of a file as it is now, edits included."""
        if path not in self._texts:
            real = self._plain_file(path)
            text = read_text(real, path)
            if not isinstance(text, str):
                raise NotPlaced(text.summary, text.where)
            self._before[path] = self._texts[path] = text
        return self._texts[path]

    def replace(self, path: str, text: str) -> None:
        """Give a file another text, verbatim; its own line ends stay."""
        old = self.text_of(path)
        self._texts[path] = in_line_ends_of(old, text)

    def create(self, folder: Path, name: str, text: str) -> str:
        """A new verbatim file in a folder; the name that it got, as seen from that folder."""
        stem, dot, ending = name.partition(".")
        root = self.sources.project.root
        for number in range(1, 1000):
            tried = name if number == 1 else f"{stem}-{number}{dot}{ending}"
            path = (folder / tried).relative_to(root).as_posix()
            if not (folder / tried).exists() and path not in self._texts:
                self._before[path], self._texts[path] = None, text
                return tried
        raise NotPlaced("no name is free for a file of its own")

    def edit(self, layer: Layer, path: Place, value: Json | Absent, *, order: tuple[str, ...] = ()) -> None:
        """Set or take out the value at a path of a layer."""
        file = layer.document.path
        text = self.text_of(file)
        place = (*layer.at, *path)
        try:
            if file.endswith(".md"):
                self._texts[file] = with_head(text, lambda head: edited(head, 0, place, value, order=order))
            else:
                self._texts[file] = edited(text, number_of(layer.document), place, value, order=order)
        except CannotPlace as refused:
            raise NotPlaced(refused.reason, layer.where(path)) from None

    def edit_document(self, path: str, place: Place, value: Json | Absent) -> None:
        """Set the value at a path of a file that is one YAML or JSON document."""
        try:
            self._texts[path] = edited(self.text_of(path), 0, place, value)
        except CannotPlace as refused:
            raise NotPlaced(refused.reason, Where(path, refused.line)) from None

    def set_body(self, layer: Layer, text: str) -> None:
        """Give a Markdown manifest another body."""
        file = layer.document.path
        old = self.text_of(file)
        self._texts[file] = with_body_text(old, in_line_ends_of(old, text))

    def _plain_file(self, path: str) -> Path:
        root = self.sources.project.root
        try:
            real = inside(root, root, f"/{path}")
        except PathRefused as refused:
            raise NotPlaced(refused.summary, Where(path)) from None
        if real != root.resolve() / path:
            raise NotPlaced("a link leads to it, and nothing is written through links", Where(path))
        return real


def in_line_ends_of(old: str, text: str) -> str:
    """A text with the line ends of another, where that has one kind of them and the text has none of its own."""
    if "\r\n" in old and "\r" not in text and "\n" not in old.replace("\r\n", ""):
        return text.replace("\n", "\r\n")
    return text
