"""The one layout of YAML files: `formatted` gives a text its own, and keeps every value and every comment.

The text is printed anew from where its parts stand (`yaml_printing`), each scalar as it was written: a library that
loads and dumps would fold texts, drop escapes and turn `null` into nothing. What comes out is read again, and is not
used where it would mean something else. A document that has no other layout (a value in brackets alone, `? key`) stays
what it is. The top-level keys come in the order that the caller says, but where a comment would lose what it speaks of.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from asstctl.core.json_types import Json
from asstctl.documents.front_matter import with_head
from asstctl.documents.yaml import parse_yaml
from asstctl.documents.yaml_comments import comments, gap
from asstctl.documents.yaml_layout import Laid, Part, end_with_kept, laid_documents
from asstctl.documents.yaml_printing import NoLayout, Printer

Order = Callable[[Json], Sequence[str]]
"""The order of the keys of a document, told from its value. A key that it does not name stays behind the one before."""

_BELOW = re.compile(r"(?:\n*[ ]+#[^\n]*\n)*")
"""The comments below a value that do not stand at the first column: they speak of it, or of a part of it."""

_MODELINE = re.compile(r"#\s*(?:yaml-language-server:|-\*-|vim?:|ex:)")


class CannotFormat(Exception):
    """The layout cannot be changed without changing what is said; `str` is what would change."""


def formatted(text: str, order: Order = lambda value: ()) -> str:
    """A YAML text that `parse_yaml` takes, in its layout; its line ends are as its first one. Raises CannotFormat."""
    newline = "\r\n" if re.match(r"[^\r\n]*\r\n", text) else "\n"
    plain = re.sub(r"\r\n?", "\n", text)
    made = _printed(plain)
    if made is None:
        return text
    if changed := _what_changes(plain, made):
        raise CannotFormat(changed)
    ordered = _ordered(made, order)
    if ordered != made:
        ordered = _printed(ordered) or ordered
        # a text that keeps the empty lines below it would take those of another place
        made = made if _what_changes(plain, ordered) else ordered
    return made.replace("\n", newline)


def formatted_markdown(text: str, order: Order = lambda value: ()) -> str:
    """The same for the front matter of a Markdown text, which has one; the body stays, byte for byte."""
    return with_head(text, lambda head: formatted(head, order))


def _printed(text: str) -> str | None:
    """The text in its layout, its keys where they are; None where it has no other layout than its own."""
    printer = Printer(text)
    try:
        for laid in laid_documents(text):
            printer.document(laid)
        return printer.end()
    except NoLayout:
        return None


# --- the order of keys


def _ordered(text: str, order: Order) -> str:
    """A printed text with the top-level keys of each document in their order."""
    documents, _ = parse_yaml(text, "")
    made = text
    laid = tuple(laid_documents(text))
    for number in range(len(laid) - 1, -1, -1):
        root, wanted = laid[number].root, order(documents[number].value)
        if root.kind == "map" and not root.flow and wanted:
            start = 0 if not number else text.find("\n", laid[number].opening or 0) + 1
            made = _with_keys_in_order(made, root, wanted, start, _end(text, laid, number))
    return made


def _end(text: str, laid: Sequence[Laid], number: int) -> int:
    """Where the lines of a document end: before its `...`, the next one's `---`, or with the text."""
    closing = laid[number].closing
    following = laid[number + 1].opening if number + 1 < len(laid) else None
    return next((place for place in (closing, following) if place is not None), len(text))


def _with_keys_in_order(text: str, root: Part, order: Sequence[str], start: int, end: int) -> str:
    """The lines of one document, sorted by key; as they are where a comment or an alias would lose what it means."""
    ranks = _ranks(root, order)
    if ranks == sorted(ranks) or any(part.kind == "alias" for part in root.walk()):
        return text
    units = _units(text, root, ranks, start)
    if units is None:
        return text
    places = [place for place, _ in units]
    ends = [*places[1:], _tail(text, root, end)]
    pieces = [(rank, text[place:stop]) for (place, rank), stop in zip(units, ends, strict=True)]
    body = "".join(piece for _, piece in sorted(pieces, key=lambda one: one[0]))
    return text[: places[0]] + body + text[ends[-1] :]


def _ranks(root: Part, order: Sequence[str]) -> list[int]:
    """The place of each key; one that is not known stays behind the one before it."""
    ranks: list[int] = []
    for key, _ in root.pairs:
        before = ranks[-1] if ranks else -1
        ranks.append(order.index(key.text) if key.text in order else before)
    return ranks


def _units(text: str, root: Part, ranks: Sequence[int], start: int) -> list[tuple[int, int]] | None:
    """Keys that move as one, by where their lines begin, and their rank: those below one comment, up to an empty line.

    None where it is not clear what a comment speaks of.
    """
    units: list[tuple[int, int]] = []
    at, is_under_comment = start, False
    for number, (key, _) in enumerate(root.pairs):
        behind = _lines_end(text, root.pairs[number - 1][1]) if number else start
        between = gap(text, behind, key.start)
        own = between.comments
        is_apart = between.apart or any(one.apart for one in own)
        if number == 0:
            at = _line_start(text, key.start)
            speaking = [one for one in own if not _MODELINE.match(one.text)]
            # what stands right above the first key may speak of it, or of the file
            if speaking and not between.apart and ranks[0] != min(ranks):
                return None
            units.append((at, ranks[0]))
            is_under_comment = bool(speaking) and not between.apart
            continue
        if own and between.apart:
            return None  # a heading of several keys, or of none
        if any(_MODELINE.match(one.text) for one in own):
            return None  # it would be one only at the beginning
        if own or is_apart or not is_under_comment or ranks[number] == ranks[number - 1]:
            is_under_comment = bool(own)
            if ranks[number] != ranks[number - 1]:
                units.append((behind, ranks[number]))
    return units


def _lines_end(text: str, part: Part) -> int:
    """Behind the lines of a value, and of the comments below it that are its own."""
    place = _next_line(text, end_with_kept(text, part))
    found = _BELOW.match(text, place)
    return found.end() if found else place


def _tail(text: str, root: Part, end: int) -> int:
    """Behind the lines of the last key: those of a comment right below it included."""
    place = _lines_end(text, root)
    while place < end and text.startswith("#", place):
        place = _next_line(text, place)
    return place


def _line_start(text: str, index: int) -> int:
    return text.rfind("\n", 0, index) + 1


def _next_line(text: str, index: int) -> int:
    found = text.find("\n", index)
    return found + 1 if found >= 0 else len(text)


# --- what is held against what


def _what_changes(before: str, after: str) -> str:
    """What the second text does not say as the first one does; empty where both say the same."""
    old, problems = parse_yaml(before, "")
    new, others = parse_yaml(after, "")
    if [one.code for one in problems] != [one.code for one in others] or len(old) != len(new):
        return "it could not be read any more"
    if [_said(one.value) for one in old] != [_said(one.value) for one in new]:
        return "a value would change"
    if Counter(comments(before)) != Counter(comments(after)):
        return "a comment would be lost"
    return ""


def _said(value: Any) -> str:
    """A value with its keys in their order, but for those at the top."""
    top = dict(sorted(value.items())) if isinstance(value, Mapping) else value
    return json.dumps(top)
