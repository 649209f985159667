"""An editor of YAML text: one value is set or taken out, and every other character stays what it was.

Comments, the order of keys, quotes, anchors, blocks, indentation and line ends are the user's. A change is made as
the smallest set of splices, and the text that comes out is read again: where anything but the value that was meant
would change (an anchor that other places use), or nothing can be written there, the edit is refused.
"""

from collections.abc import Iterator, Sequence

from asstctl.core.change import Absent
from asstctl.core.diagnostic import has_errors
from asstctl.core.json_types import Json
from asstctl.documents.edit_steps import Step, after_step, same, steps, value_at, with_value
from asstctl.documents.splices import CannotPlace, Splicer, child
from asstctl.documents.yaml import Document, Path, parse_yaml
from asstctl.documents.yaml_layout import Part, layout
from asstctl.documents.yaml_writing import has_form

__all__ = ["CannotPlace", "edited", "number_of"]


def number_of(document: Document) -> int:
    """Which of the documents of its text this one is, counted from 0."""
    documents, _ = parse_yaml(document.text, document.path)
    place = document.start
    return next(number for number, one in enumerate(documents) if one.start == place)


def edited(text: str, number: int, path: Path, value: Json | Absent, *, order: Sequence[str] = ()) -> str:
    """The text with the value at a path of one document set, or taken out (ABSENT). Raises CannotPlace.

    Maps on the way that are not there are made. A new key of the root goes behind those that precede it in `order`.
    """
    before = _read(text)
    assert before is not None  # nobody edits what cannot be read
    if not isinstance(value, Absent) and not has_form(value):
        raise CannotPlace("it holds half a surrogate pair, which no file can hold")
    wanted = [*before]
    wanted[number] = with_value(before[number], path, value)
    editor = _Editor(text, number, order)
    try:
        editor.make(steps(before[number], wanted[number], ()))
    except CannotPlace:
        if isinstance(value, Absent) or isinstance(value_at(before[number], path), Absent):
            raise
        editor = _Editor(text, number, order)
        editor.make(iter((Step(path, value),)))
    if not same(_read(editor.text), wanted):
        raise CannotPlace("no edit changes this value alone", editor.line_of(path))
    return editor.text


def _read(text: str) -> list[Json] | None:
    documents, diagnostics = parse_yaml(text, "")
    return None if has_errors(diagnostics) else [document.value for document in documents]


class _Editor:
    """A text on its way, one step after the other."""

    def __init__(self, text: str, number: int, order: Sequence[str]) -> None:
        self.text = text
        self._number = number
        self._order = order
        self._root = layout(text, number)

    def make(self, taken: Iterator[Step]) -> None:
        """Take every step. Raises CannotPlace."""
        for step in taken:
            self._take(step)

    def line_of(self, path: Path) -> int:
        """The line of a path, or of the nearest thing to it."""
        return self._line(self._on_the_way(path)[-1])

    def _take(self, step: Step) -> None:
        self._refuse_shared(step)
        wanted = _read(self.text)
        assert wanted is not None
        wanted[self._number] = after_step(wanted[self._number], step)
        for splices in Splicer(self.text, self._root, self._order).ways(step):
            text = self.text
            for start, end, written in sorted(splices, reverse=True):
                text = text[:start] + written + text[end:]
            if same(_read(text), wanted):
                self.text = text
                self._root = layout(text, self._number)
                return
        raise CannotPlace("no edit changes this value alone", self.line_of(step.path))

    def _on_the_way(self, path: Path) -> list[Part]:
        """The parts from the root to a path, as far as there are any."""
        parts = [self._root]
        for place in path:
            inner = child(parts[-1], place)
            if inner is None:
                break
            parts.append(inner)
        return parts

    def _line(self, part: Part) -> int:
        return Splicer(self.text, self._root, ()).line(part)

    def _refuse_shared(self, step: Step) -> None:
        """Say it where the value stands behind an anchor that other places use, or an alias leads to it."""
        path = step.path[:-1] if step.is_new else step.path
        on_the_way = self._on_the_way(path)
        used = {one.name for one in self._root.walk() if one.kind == "alias"}
        last = on_the_way[-1]
        is_there = not step.is_new and len(on_the_way) > len(path)
        for one in on_the_way[:-1] if is_there else on_the_way:
            if one.kind == "alias":
                raise CannotPlace(f"it stands elsewhere, and here by the alias `*{one.name}`", self._line(one))
            if one.name in used:
                raise CannotPlace(f"other places use it by the anchor `&{one.name}`", self._line(one))
        outside = [one.name for one in self._root.walk() if one.kind == "alias" and not _within(one, last)]
        if not step.is_new and (name := next((one.name for one in last.walk() if _anchor(one) in outside), "")):
            raise CannotPlace(f"other places use it by the anchor `&{name}`", self._line(last))


def _anchor(part: Part) -> str:
    return part.name if part.kind != "alias" else ""


def _within(part: Part, whole: Part) -> bool:
    return whole.start <= part.start and part.end <= whole.end
