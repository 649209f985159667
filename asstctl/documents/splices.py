"""Splices: where in a text a step is written, and in which clothes.

For each step there are several ways, the most natural first: whoever asks tries them until the text that comes out
means what was meant. Nothing here reads a text again.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from asstctl.core.change import Absent
from asstctl.core.json_types import Json
from asstctl.documents.edit_steps import Step, is_list
from asstctl.documents.yaml import Path
from asstctl.documents.yaml_layout import Part
from asstctl.documents.yaml_writing import STEP, block, inline, json_form, literal

_EOL = re.compile(r"\r\n|\r|\n|\Z")
_PROPERTIES = re.compile(r"(?:[&!]\S*[ \t]+)+")

Splice = tuple[int, int, str]
"""From here to there stands this instead."""


@dataclass(eq=False)
class CannotPlace(Exception):
    """Why a value cannot be written where it stands; `line` counts from 1, in the text that was to be edited."""

    reason: str
    line: int = 1

    def __str__(self) -> str:
        return self.reason


@dataclass(frozen=True)
class _Found:
    """A part and what holds it: the collection, and where the value of its key may begin (behind the colon)."""

    part: Part
    holder: Part | None
    opening: int
    column: int  # of its key, or of the dash before it
    in_flow: bool


class Splicer:
    """One document of a text. `order` is that of the keys of its root."""

    def __init__(self, text: str, root: Part, order: Sequence[str]) -> None:
        self.text = text
        self.root = root
        self.order = order
        first = _EOL.search(text)
        self.newline = first[0] if first and first[0] else "\n"
        self.as_json = text.lstrip("\ufeff \t\r\n").startswith(("{", "["))

    def ways(self, step: Step) -> Iterator[list[Splice]]:
        """The ways to take a step. Raises CannotPlace where there is none."""
        if step.is_new:
            return self._added(step)
        return self._removed(step) if isinstance(step.value, Absent) else self._set(step)

    def line(self, part: Part) -> int:
        """The line of a part."""
        return len(re.findall(r"\r\n|\r|\n", self.text[: part.start])) + 1

    # --- where things are

    def _find(self, path: Path) -> _Found:
        part, found = self.root, _Found(self.root, None, self.root.start, -STEP, self.root.flow)
        for step in path:
            inner = child(part, step)
            if inner is None:
                raise CannotPlace("nothing can be written there", self.line(part))
            in_flow = part.kind in {"map", "list"} and part.flow
            if part.kind == "map":
                key = next(key for key, value in part.pairs if value is inner)
                opening = self._behind_colon(key, inner)
                found = _Found(inner, part, opening, self._column(key.start), in_flow)
            else:
                column = self._column(part.start) if not part.flow else found.column
                opening = self._dash(part, inner) + 1 if not part.flow else inner.start
                found = _Found(inner, part, opening, column, in_flow)
            part = inner
        return found

    def _column(self, index: int) -> int:
        return index - self._line_start(index)

    def _line_start(self, index: int) -> int:
        return max(self.text.rfind("\n", 0, index), self.text.rfind("\r", 0, index)) + 1

    def _line_end(self, index: int) -> int:
        found = _EOL.search(self.text, index)
        return found.start() if found else len(self.text)

    def _next_line(self, index: int) -> int:
        found = _EOL.search(self.text, index)
        return found.end() if found else len(self.text)

    def _behind_colon(self, key: Part, value: Part) -> int:
        colon = self.text.find(":", key.end, max(value.start, key.end) + 1)
        return colon + 1 if colon >= 0 else key.end

    def _dash(self, holder: Part, item: Part) -> int:
        """Where the dash of an item of a block list stands."""
        column, line = self._column(holder.items[0].start if holder.name else holder.start), item.start
        while True:
            start = self._line_start(line)
            if self.text[start + column : start + column + 1] == "-" and start + column < max(item.start, 1):
                return start + column
            if not start:
                raise CannotPlace("its list is not laid out line by line", self.line(item))
            line = start - 1

    @property
    def _list_offset(self) -> int:
        """By how much this text indents a list below its key."""
        for part in self.root.walk():
            for key, value in part.pairs:
                if value.kind == "list" and value.in_block and value.items:
                    return STEP if self._column(value.items[0].start) - 2 > self._column(key.start) else 0
        return STEP

    # --- setting a value

    def _set(self, step: Step) -> Iterator[list[Splice]]:
        value = step.value
        assert not isinstance(value, Absent)
        found = self._find(step.path)
        part = found.part
        start = part.start
        if part.name and part.kind != "alias" and (kept := _PROPERTIES.match(self.text, part.start, part.end)):
            start = kept.end()
        if self.as_json:
            yield [(start, part.end, json_form(value))]
            return
        if found.in_flow:
            yield [(start, part.end, self._inline(value, part, flow=True))]
            return
        if part.style in {"|", ">"}:
            yield from self._from_block_text(found, start, value)
            return
        if part.in_block:
            yield from self._from_lines(found, start, value)
            return
        yield from self._from_inline(found, start, value)

    def _from_inline(self, found: _Found, start: int, value: Json) -> Iterator[list[Splice]]:
        """What stands on the line of its key, or of its dash, is replaced."""
        part = found.part
        blank = " " if part.start == part.end and self.text[start - 1 : start] not in {" ", "\t"} else ""
        if isinstance(value, str) and (lines := literal(value)):
            head, body = lines
            end = self._line_end(part.end)
            yield [(start, part.end, blank + head), (end, end, self._below(body, found.column + STEP))]
        stays_flow = _is_small(value) or (part.flow and (_entries(part) or not _is_deep(value)))
        if _is_collection(value) and value and not stays_flow and found.holder is not None:
            yield from self._as_lines(found, start, part.end, value)
        yield [(start, part.end, blank + self._inline(value, part, flow=False))]

    def _as_lines(self, found: _Found, start: int, end: int, value: Json) -> Iterator[list[Splice]]:
        """A collection takes the place of a value on the line of its key; a comment there stays."""
        lines = block(value, self._list_offset)
        if found.holder is not None and found.holder.kind == "list":
            column = self._column(start)
            yield [(start, end, self._joined(lines, column))]
            return
        begin = len(self.text[:start].rstrip(" \t")) if start == found.part.start else start
        indent = found.column + (self._list_offset if is_list(value) else STEP)
        eol = self._line_end(end)
        yield [(begin, end, ""), (eol, eol, self._below(lines, indent))]

    def _from_block_text(self, found: _Found, start: int, value: Json) -> Iterator[list[Splice]]:
        part = found.part
        header_end = self._line_end(start)
        header = self.text[start:header_end]
        comment = header[header.find(" #") :] if " #" in header else ""
        if isinstance(value, str) and (lines := literal(value)):
            head, body = lines
            first = part.text.split("\n", 1)[0]
            column = found.column + STEP
            # a block that is indented further stays so
            old = self.text[self._next_line(start) : part.end]
            if first and not first[0].isspace() and head in {"|", "|-", "|+"}:
                line = next((one for one in re.split(r"\r\n|\r|\n", old) if one.strip(" ")), "")
                column = max(column, len(line) - len(line.lstrip(" ")))
            for indent in dict.fromkeys((column, found.column + STEP)):
                yield [(start, part.end, head + comment + self._below(body, indent))]
        if _is_collection(value) and value and not _is_small(value):
            lines_ = block(value, self._list_offset)
            indent = found.column + (self._list_offset if is_list(value) else STEP)
            yield [(len(self.text[:start].rstrip(" \t")), part.end, comment + self._below(lines_, indent))]
        yield [(start, part.end, self._inline(value, part, flow=False) + comment)]

    def _from_lines(self, found: _Found, start: int, value: Json) -> Iterator[list[Splice]]:
        part = found.part
        if _is_collection(value) and value:
            column = self._column(start)
            yield [(start, part.end, self._joined(block(value, self._list_offset), column))]
            return
        written = self._inline(value, part, flow=False)
        opening, between = found.opening, self.text[found.opening : part.start]
        if found.holder is None or not re.search(r"[\r\n]", between):
            yield [(start, part.end, written)]
            return
        # the comments between the key and what was below it stay
        last = self._line_start(part.start)
        yield [(opening, opening, f" {written}"), (last, self._next_line(part.end), "")]
        yield [(opening, opening, f" {written}"), (len(self.text[:last].rstrip("\r\n")), self._line_end(part.end), "")]

    def _inline(self, value: Json, part: Part | None, *, flow: bool) -> str:
        if self.as_json:
            return json_form(value)
        style = part.style if part is not None and part.kind == "scalar" else ""
        return inline(value, flow=flow, like=style)

    def _below(self, lines: Sequence[str], column: int) -> str:
        return "".join(self.newline + (" " * column + line if line else "") for line in lines)

    def _joined(self, lines: Sequence[str], column: int) -> str:
        return lines[0] + self._below(lines[1:], column)

    # --- adding and removing

    def _added(self, step: Step) -> Iterator[list[Splice]]:
        value, last = step.value, step.path[-1]
        assert not isinstance(value, Absent)
        found = self._find(step.path[:-1])
        holder = found.part
        if self.as_json or holder.flow or found.in_flow:
            text = self._inline(value, None, flow=True)
            key = "" if isinstance(last, int) else f"{self._inline(last, None, flow=True)}: "
            yield from self._into_flow(holder, last, key + text)
        elif holder.kind == "list":
            assert isinstance(last, int)
            yield from self._into_list(holder, last, value)
        else:
            yield from self._into_map(holder, str(last), value, is_root=len(step.path) == 1)

    def _into_flow(self, holder: Part, at: str | int, written: str) -> Iterator[list[Splice]]:
        parts = _entries(holder)
        if not parts:
            yield [(holder.end - 1, holder.end - 1, written)]
            return
        number = at if isinstance(at, int) else len(parts)
        opening = self.text[holder.start : parts[0][0]]
        # each on a line of its own, where they stand so
        gap = " "
        if "\n" in opening:
            gap = self.newline + " " * self._column(parts[-1][0])
        if number < len(parts):
            start = parts[number][0]
            yield [(start, start, f"{written},{gap}")]
        else:
            end = parts[-1][1]
            yield [(end, end, f",{gap}{written}")]

    def _into_list(self, holder: Part, number: int, value: Json) -> Iterator[list[Splice]]:
        dash = self._dash(holder, holder.items[0])
        column = self._column(dash)
        lines = block([value], self._list_offset)
        if number:
            yield from self._after(holder.items[number - 1].end, lines, column)
        elif not self.text[self._line_start(dash) : dash].strip(" "):
            yield [(dash, dash, self._joined(lines, column) + self.newline + " " * column)]

    def _into_map(self, holder: Part, key: str, value: Json, *, is_root: bool) -> Iterator[list[Splice]]:
        column = self._column(holder.pairs[0][0].start)
        before = self.order[: self.order.index(key)] if is_root and key in self.order else ()
        preceding = [value for name, value in holder.pairs if name.text in before]
        lines = block({key: value}, self._list_offset)
        ends = [preceding[-1].end, holder.pairs[-1][1].end] if preceding else [holder.pairs[-1][1].end]
        for end in ends:
            yield from self._after(end, lines, column)
        quoted = f"{inline(key)}: {inline(value)}"
        for end in ends:
            yield from self._after(end, (quoted,), column)

    def _after(self, end: int, lines: Sequence[str], column: int) -> Iterator[list[Splice]]:
        """New lines behind the line on which a value ends."""
        eol = self._line_end(end)
        yield [(eol, eol, self._below(lines, column))]
        if eol == len(self.text):  # a block of lines keeps its last line end only where there is one
            yield [(eol, eol, self._below(lines, column) + self.newline)]

    def _removed(self, step: Step) -> Iterator[list[Splice]]:
        found = self._find(step.path)
        holder, part = found.holder, found.part
        assert holder is not None  # a document is never taken out
        start = part.start
        if holder.kind == "map":
            start = next(key.start for key, value in holder.pairs if value is part)
        elif not holder.flow:
            start = found.opening - 1
        if holder.flow:
            yield from self._out_of_flow(holder, start)
            return
        line = self._line_start(start)
        if not self.text[line:start].strip(" "):
            if self._next_line(part.end) < len(self.text) or self.text[-1:] in {"\n", "\r"}:
                yield [(line, self._next_line(part.end), "")]
            yield [(len(self.text[:line].rstrip("\r\n")), self._line_end(part.end), "")]
            return
        # the first of several on the line of a dash: the next one moves up
        following = [key.start for key, _ in holder.pairs if key.start > start]
        following += [self._dash(holder, item) for item in holder.items if item.start > part.end]
        if following:
            has_comment = "#" in self.text[part.end : following[0]]
            yield [(start, part.end if has_comment else following[0], "")]

    def _out_of_flow(self, holder: Part, start: int) -> Iterator[list[Splice]]:
        parts = _entries(holder)
        number = next(number for number, one in enumerate(parts) if one[0] == start)
        end = parts[number][1]
        if number + 1 < len(parts) and "#" not in self.text[end : parts[number + 1][0]]:
            yield [(start, parts[number + 1][0], "")]
        elif number and number + 1 == len(parts) and "#" not in self.text[parts[number - 1][1] : start]:
            yield [(parts[number - 1][1], end, "")]
        comma = re.compile(r"[ \t]*,").match(self.text, end)
        yield [(start, comma.end() if comma else end, "")]


def _entries(holder: Part) -> list[tuple[int, int]]:
    if holder.kind == "map":
        return [(key.start, max(key.end, value.end)) for key, value in holder.pairs]
    return [(item.start, item.end) for item in holder.items]


def child(part: Part, step: str | int) -> Part | None:
    """The value at a key or a number, if the part has one there."""
    if part.kind == "map":
        return next((value for key, value in part.pairs if key.text == str(step)), None)
    if part.kind == "list" and isinstance(step, int) and step < len(part.items):
        return part.items[step]
    return None


def _is_collection(value: Json) -> bool:
    return isinstance(value, Mapping) or is_list(value)


def _is_small(value: Json) -> bool:
    """Whether a map reads better on the line of its key: `{file: prompt.md}`."""
    return isinstance(value, Mapping) and len(value) == 1 and not _is_deep(value)


def _is_deep(value: Json) -> bool:
    """Whether a collection holds others, or texts of several lines."""
    inner: Any = value.values() if isinstance(value, Mapping) else value if is_list(value) else ()
    return any(_is_collection(item) or (isinstance(item, str) and "\n" in item) for item in inner)
