"""Where each part of a YAML document stands in its text: what an edit has to know, aliases included.

`documents.yaml` says what a text means; this module, for a text that it has taken, where the characters are.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

import yaml

from asstctl.documents.yaml import CoreLoader

_LINE_END = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, eq=False)
class Part:
    """One value, or a key. `start` is where its anchor or its first character stands, `end` is behind its last one.

    Collections hold `pairs` or `items`; `style` is that of a scalar, `flow` that of a collection. `name` is that
    of its anchor, or, of an alias, the anchor that it means. A part that nobody wrote (`key:`) has no length.
    """

    kind: Literal["scalar", "map", "list", "alias"]
    start: int
    end: int
    style: str = ""
    flow: bool = False
    name: str = ""
    text: str = ""
    pairs: tuple[tuple["Part", "Part"], ...] = ()
    items: tuple["Part", ...] = ()

    @property
    def in_block(self) -> bool:
        """Whether it is a collection written line by line."""
        return self.kind in {"map", "list"} and not self.flow

    def walk(self) -> Iterator["Part"]:
        """It and everything below it."""
        yield self
        for key, value in self.pairs:
            yield key
            yield from value.walk()
        for item in self.items:
            yield from item.walk()


@dataclass
class _Open:
    event: Any
    children: list[Part] = field(default_factory=list)


@dataclass(frozen=True, eq=False)
class Laid:
    """One document of a text: `root` is its value, `opening` where its `---` stands and `closing` where its `...` does,
    None where nobody wrote them. `directed`: a directive such as `%YAML` stands before it."""

    root: Part
    opening: int | None
    closing: int | None
    directed: bool


def layout(text: str, number: int) -> Part:
    """The root of the document of this number, counted from 0, in a text that `parse_yaml` takes whole."""
    for seen, laid in enumerate(laid_documents(text)):
        if seen == number:
            return laid.root
    raise IndexError(number)


def laid_documents(text: str) -> Iterator[Laid]:
    """Each document of a text that `parse_yaml` takes whole."""
    events: Any = yaml.parse(text, CoreLoader)
    opened: list[_Open] = []
    began: Any = None
    root: Part | None = None
    for event in events:
        if isinstance(event, yaml.DocumentStartEvent):
            began = event
        elif isinstance(event, yaml.DocumentEndEvent):
            assert root is not None
            ended: Any = event
            opening = began.start_mark.index if began.explicit else None
            closing = ended.start_mark.index if ended.explicit else None
            yield Laid(root, opening, closing, bool(began.version or began.tags))
        elif isinstance(event, yaml.CollectionStartEvent):
            opened.append(_Open(event))
        elif isinstance(event, yaml.NodeEvent | yaml.CollectionEndEvent):
            part = _closed(opened.pop(), event) if isinstance(event, yaml.CollectionEndEvent) else _leaf(event, text)
            if opened:
                opened[-1].children.append(part)
            else:
                root = part


def end_with_kept(text: str, part: Part) -> int:
    """Behind a part, and behind the empty lines that the last text in it keeps (`|+`). Line ends are newlines alone."""
    last = next(reversed([*part.walk()]))
    end = part.end
    if last.style not in {"|", ">"} or "+" not in _header(text, last):
        return end
    while end + 1 < len(text):
        stop = _first_line_end(text, end + 1, len(text))
        if text[end + 1 : stop].strip(" ") or stop == len(text):
            break
        end = stop
    return end


def _header(text: str, part: Part) -> str:
    return text[part.start : _first_line_end(text, part.start, len(text))].partition("#")[0]


def _leaf(event: Any, text: str) -> Part:
    start, end = event.start_mark.index, event.end_mark.index
    name: str = event.anchor or ""
    if isinstance(event, yaml.AliasEvent):
        return Part("alias", start, end, name=name)
    style = event.style or ""
    if style in {"|", ">"}:
        end = _block_end(text, start, end)
    return Part("scalar", start, end, style, name=name, text=event.value)


def _closed(opened: _Open, event: Any) -> Part:
    began, children = opened.event, opened.children
    start, flow = began.start_mark.index, bool(began.flow_style)
    name: str = began.anchor or ""
    # a block collection ends with its last value: its end event stands where the next thing begins
    end = event.end_mark.index if flow or not children else children[-1].end
    if isinstance(began, yaml.MappingStartEvent):
        pairs = tuple(zip(children[::2], children[1::2], strict=True))
        return Part("map", start, end, flow=flow, name=name, pairs=pairs)
    return Part("list", start, end, flow=flow, name=name, items=tuple(children))


def _block_end(text: str, start: int, end: int) -> int:
    """Behind the last line of a `|` or `>` text that holds more than its indentation."""
    lines = list(_lines(text, start, end))[1:]
    filled = [line for line in lines if line[0].strip(" ")]
    if not filled:
        return _first_line_end(text, start, end)
    indent = min(len(line[0]) - len(line[0].lstrip(" ")) for line in filled)
    last = next(line for line in reversed(lines) if line[0].strip(" ") or len(line[0]) > indent)
    return last[1]


def _first_line_end(text: str, start: int, end: int) -> int:
    found = _LINE_END.search(text, start, end)
    return found.start() if found else end


def _lines(text: str, start: int, end: int) -> Iterator[tuple[str, int]]:
    """Each line between two places without its line end, and where it ends."""
    while start < end:
        found = _LINE_END.search(text, start, end)
        stop = found.start() if found else end
        yield text[start:stop], stop
        start = found.end() if found else end
