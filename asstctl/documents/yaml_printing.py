"""The one layout of a YAML document: its parts written anew, each scalar as it was written.

Two columns for each level, lists among them; one blank where one is enough; at most one empty line. Maps and lists in
brackets stay so where they fit the line. A comment keeps its place among the values: on the line that it stands
behind, or before what it stands before, at the level that its own column says. Where on its line a comment stands is
for `yaml_lines`.
"""

import re
from dataclasses import dataclass, field

from asstctl.documents.yaml_comments import Comment, gap, indicator, is_in_line
from asstctl.documents.yaml_layout import Laid, Part, end_with_kept
from asstctl.documents.yaml_lines import Line, with_comments
from asstctl.documents.yaml_writing import STEP

WIDTH = 120
"""Columns of a line in brackets, its comment left out."""

_PROPERTIES = re.compile(r"(?:[&!]\S*(?:[ \t]+|(?=\n)|$))+")
_COLON = re.compile(r"[ \t]*:")
_HEADER = re.compile(r"([|>])(?:([-+])?([1-9])?|([1-9])([-+]))[ \t]*(#.*)?")

_BLANKS_BELOW = re.compile(r"\n(?:[ ]*\n)*[ ]+(?:\n|\Z)")
"""Lines of blanks below a text: where its indentation is said and not seen, they may belong to it."""


class NoLayout(Exception):
    """A way of writing that has no other layout than its own."""


@dataclass
class Printer:
    """Writes the documents of one text, from its beginning to its end. Line ends are newlines alone."""

    text: str
    lines: list[Line] = field(default_factory=list)
    _at: int = 0
    _levels: list[tuple[int, int]] = field(default_factory=list)  # old and new column of the collections around
    _last_levels: list[tuple[int, int]] = field(default_factory=list)  # those around the value that ends right above
    _is_blank: bool = False  # the last value holds nothing
    _lead: tuple[int, str] | None = None  # dashes that begin the next line
    _commented: Line | None = None  # the line that a comment behind the last value belongs to
    _opening: bool = True  # nothing stands above, on this level

    def document(self, laid: Laid) -> None:
        """Write the next document. Raises NoLayout."""
        if laid.directed:
            raise NoLayout
        if laid.opening is not None:
            self._gap(laid.opening, 0, 0)
            self._line(0, "---")
            self._value_ends(laid.opening + len("---"))
            self._opening = True
        root = laid.root
        if root.kind in {"map", "list"} and not root.flow:
            if _PROPERTIES.match(self.text, root.start):
                raise NoLayout
            self._collection(root, 0)
        elif root.start != root.end:
            raise NoLayout
        if laid.closing is not None:
            self._gap(laid.closing, 0, 0)
            self._line(0, "...")
            self._value_ends(laid.closing + len("..."))

    def end(self) -> str:
        """What follows the last document, and all of the text."""
        self._gap(len(self.text), 0, 0)
        while self.lines and not (self.lines[-1].raw or self.lines[-1].code or self.lines[-1].comment):
            self.lines.pop()
        return "".join(f"{line}\n" for line in with_comments(self.lines))

    # --- lines

    def _line(self, column: int, code: str, *, raw: bool = False) -> Line:
        if self._lead is not None:
            column, code = self._lead[0], self._lead[1] + code
            self._lead = None
        made = Line(column, code, raw=raw)
        self.lines.append(made)
        self._commented = made
        self._last_levels = []
        self._opening = False
        return made

    def _value_ends(self, end: int, *, is_blank: bool = False) -> None:
        self._at = max(self._at, end)
        self._last_levels = [*self._levels]
        self._is_blank = is_blank

    def _gap(self, end: int, old: int, new: int) -> None:
        """The comments before what follows, which stood at one column and stands at another. Raises NoLayout."""
        found = gap(self.text, self._at, end)
        if found.indicators:
            raise NoLayout
        for comment in found.comments:
            self._comment(comment, old, new)
        if found.apart:
            self._empty()
        self._at = end

    def _comment(self, comment: Comment, old: int, new: int) -> None:
        if comment.space is not None:
            line = self._commented
            if line is None or line.comment is not None or line.raw:
                raise NoLayout
            line.comment = comment
            return
        if comment.apart:
            self._empty()
        above = self.lines[-1] if self.lines else None
        if (
            above is not None
            and above.comment
            and (above.code or above.under)
            and above.comment.column == comment.column
        ):
            made = Line(0, "", comment, under=above.under or above)
        else:
            made = Line(self._column_of(comment, old, new), "", comment)
        self.lines.append(made)
        self._opening = False

    def _column_of(self, comment: Comment, old: int, new: int) -> int:
        """The level that a comment on a line of its own belongs to: that of what follows, or a deeper one above it."""
        levels = self._last_levels
        if self._is_blank and levels and comment.column > levels[-1][0] and levels[-1][0] >= old:
            return levels[-1][1] + STEP
        return next((after for before, after in reversed(levels) if old < before <= comment.column), new)

    def _empty(self) -> None:
        if self._opening or not self.lines:
            return
        if self.lines[-1].raw or self.lines[-1].code or self.lines[-1].comment:
            self.lines.append(Line(0, ""))

    # --- collections, line by line

    def _collection(self, part: Part, new: int) -> None:
        """A collection whose anchor, if it has one, is written."""
        if part.kind == "map":
            self._map(part, new)
        else:
            self._list(part, new)

    def _map(self, part: Part, new: int) -> None:
        old = self._column(part.pairs[0][0].start)
        self._levels.append((old, new))
        for key, value in part.pairs:
            if self._lead is None:
                self._gap(key.start, old, new)
            written = self._raw(key)
            colon = _COLON.match(self.text, key.end)
            if key.kind != "scalar" or "\n" in written or not colon:
                raise NoLayout
            self._at = colon.end()
            self._value(f"{written}:", value, old, new)
        self._levels.pop()

    def _list(self, part: Part, new: int) -> None:
        old: int | None = None
        for item in part.items:
            dash = indicator(self.text, self._at, max(item.start, self._at), "-")
            if dash is None:
                raise NoLayout
            if old is None:
                old = self._column(dash)
                self._levels.append((old, new))
            if self._lead is None:
                self._gap(dash, old, new)
            self._at = dash + 1
            self._value("-", item, old, new)
        self._levels.pop()

    def _value(self, head: str, part: Part, old: int, new: int) -> None:
        """What stands behind a colon or a dash."""
        if part.in_block:
            self._block_value(head, part, new)
        elif part.kind == "scalar" and part.start == part.end:
            self._line(new, head)
            self._value_ends(part.end, is_blank=True)
        elif part.style in {"|", ">"}:
            self._block_text(head, part, old, new)
        else:
            self._inline_value(head, part, new)

    def _block_value(self, head: str, part: Part, new: int) -> None:
        is_of_key = part.kind == "map" and part.pairs[0][0].start == part.start
        properties = None if is_of_key else _PROPERTIES.match(self.text, part.start)
        first = properties.end() if properties else part.start
        before = gap(self.text, self._at, part.start)
        if properties and before.comments:
            raise NoLayout
        inner = first if part.kind == "list" else part.pairs[0][0].start
        if head == "-" and not properties and not gap(self.text, self._at, inner).comments:
            self._lead = (self._lead or (new, ""))[0], (self._lead or (new, ""))[1] + "- "
            self._at = inner
        else:
            self._line(new, f"{head} {properties[0].strip()}" if properties else head)
            self._at, self._opening = (first if properties else self._at), True
        self._collection(part, new + STEP)

    # --- texts and values in brackets

    def _block_text(self, head: str, part: Part, old: int, new: int) -> None:
        """A `|` or `>` text: its lines as they are, at another column."""
        if gap(self.text, self._at, part.start).comments:
            raise NoLayout
        end = end_with_kept(self.text, part)
        header, *body = self.text[part.start : end].split("\n")
        properties = _PROPERTIES.match(header)
        before = properties[0] if properties else ""
        parsed = _HEADER.fullmatch(header[len(before) :].rstrip())
        if parsed is None:
            raise NoLayout
        style, chomp, digit = parsed[1], parsed[2] or parsed[5] or "", parsed[3] or parsed[4] or ""
        if end == len(self.text) and chomp != "-" and not part.text.endswith("\n"):
            chomp = "-"  # no line end stands behind it, and one will
        if not any(line.strip(" ") for line in body):
            body = [""] * (part.text.count("\n") if chomp == "+" else 0)
            if part.text.strip("\n"):
                raise NoLayout
        first = next((_indent(line) for line in body if line.strip(" ")), 0)
        indent = old + int(digit) if digit else first
        if any(line[:indent].strip(" ") for line in body) or (digit and _BLANKS_BELOW.match(self.text, end)):
            raise NoLayout
        made = self._line(new, f"{head} {before}{style}{STEP if digit else ''}{chomp}")
        if parsed[6]:
            column = self._column(part.start) + header.index(parsed[6])
            space = column - self._column(part.start) - len(header[: header.index(parsed[6])].rstrip())
            made.comment = Comment(parsed[6].rstrip(), column, space, apart=False)
        for line in body:
            rest = line[indent:]
            self._line(0, " " * (new + STEP) + rest if rest else "", raw=True)
        self._value_ends(end + 1 if end > part.end else end)

    def _inline_value(self, head: str, part: Part, new: int) -> None:
        before = gap(self.text, self._at, part.start)
        if before.indicators:
            raise NoLayout
        one_line = self._in_brackets(part) if is_in_line(part) else self._raw(part)
        room = WIDTH - len(head) - 1 - (self._lead[0] + len(self._lead[1]) if self._lead else new)
        if before.comments or (before.on_next_line and self._stays_below(part, one_line, room)):
            self._line(new, head)
            self._opening = True
            self._levels.append((self._column(part.start), new + STEP))
            self._gap(part.start, self._column(part.start), new + STEP)
            self._written(("", one_line), part, new + STEP, new)
            self._levels.pop()
        elif one_line is not None and is_in_line(part) and len(one_line) > room and self._atoms(part) > 1:
            self._exploded(head, part, new)
        else:
            self._written((f"{head} ", one_line), part, new, new)
        self._value_ends(part.end, is_blank=is_in_line(part) and not part.pairs and not part.items)

    def _stays_below(self, part: Part, one_line: str | None, room: int) -> bool:
        """Whether a value on the line below its key stays there: it has several lines, or is too long."""
        if is_in_line(part):
            return False
        return one_line is None or "\n" in one_line or len(one_line) > room

    def _written(self, what: tuple[str, str | None], part: Part, column: int, level: int) -> None:
        """A scalar, an alias, or something in brackets; the lines that follow its first one in one column."""
        head, one_line = what
        if one_line is not None:
            first, *rest = one_line.split("\n")
            self._line(column, head + _stripped(first) if rest else head + first)
            for number, line in enumerate(rest, 1):
                ending = line if number == len(rest) else _stripped(line)
                ending = ending.lstrip(" \t")
                if ending:
                    self._line(level + STEP, ending)
                else:
                    self._line(0, "", raw=True)
            return
        # there are comments in the brackets: its lines stay what they are
        first, *rest = self._raw(part).split("\n")
        start = self.text.rfind("\n", 0, part.start) + 1
        shift = self._line(column, head + first.rstrip()).column - _indent(self.text[start : part.start + 1])
        for line in rest:
            written = line.strip()
            if written.startswith(("---", "...")):
                raise NoLayout  # at the first column it would be the end of the document
            self._line(max(0, _indent(line) + shift) if written else 0, written, raw=not written)

    def _in_brackets(self, part: Part) -> str | None:
        """A collection in brackets on one line; None where it holds what needs lines of its own."""
        if not is_in_line(part):
            raw = self._raw(part)
            return None if "\n" in raw else raw
        properties = _PROPERTIES.match(self.text, part.start)
        before, start = ("", part.start)
        if properties:
            before, start = " ".join(properties[0].split()) + " ", properties.end()
        is_bare = self.text[start] not in "{["
        inner: list[str] = []
        at = start if is_bare else start + 1
        for key, value in part.pairs or [(item, item) for item in part.items]:
            written = self._in_brackets(key)
            if written is None or not self._is_plain_gap(at, key.start, ","):
                return None
            at = self._behind(key)
            if key is not value:
                colon = ":" in self.text[key.end : max(value.start, key.end)] or value.start < value.end
                behind = self._in_brackets(value)
                if behind is None or not self._is_plain_gap(at, value.start, ":"):
                    return None
                written += f": {behind}" if colon else ""
                at = max(at, value.end)
            inner.append(written)
        if not is_bare and not self._is_plain_gap(at, part.end - 1, ",:"):
            return None
        joined = ", ".join(inner)
        if is_bare:
            return before + joined
        return before + (f"{{{joined}}}" if part.kind == "map" else f"[{joined}]")

    def _behind(self, part: Part) -> int:
        """Where it ends: a pair without braces (`[a: b]`) ends with its value, whatever stands before what follows."""
        if is_in_line(part) and part.pairs and self.text[part.end - 1 : part.end] != "}":
            return max(self._behind(one) for one in part.pairs[-1])
        return part.end

    def _is_plain_gap(self, start: int, end: int, allowed: str) -> bool:
        return not self.text[start : max(start, end)].strip(f" \t\n{allowed}")

    def _atoms(self, part: Part) -> int:
        return sum(one.kind in {"scalar", "alias"} for one in part.walk()) - sum(
            len(one.pairs) for one in part.walk() if one.kind == "map"
        )

    def _exploded(self, head: str, part: Part, new: int) -> None:
        """What stood in brackets and is too long for its line, line by line; what is in it may stay in brackets."""
        one_line = self._in_brackets(part) or ""
        lead = self._lead[0] + len(self._lead[1]) if self._lead else new
        fits = lead + len(head) + 1 + len(one_line) <= WIDTH
        if not is_in_line(part) or fits or self._atoms(part) <= 1:
            self._line(new, f"{head} {one_line}".rstrip())
            return
        properties = _PROPERTIES.match(self.text, part.start)
        start = properties.end() if properties else part.start
        if self.text[start] not in "{[":
            raise NoLayout
        kept: Line | None = None
        if head == "-" and not properties:
            self._lead = (self._lead or (new, ""))[0], (self._lead or (new, ""))[1] + "- "
        else:
            kept = self._line(new, f"{head} {properties[0].strip()}" if properties else head)
        for key, value in part.pairs:
            self._exploded(f"{self._raw(key)}:", value, new + STEP)
        for item in part.items:
            self._exploded("-", item, new + STEP)
        self._commented = kept or self._commented

    # --- the text

    def _raw(self, part: Part) -> str:
        return self.text[part.start : part.end]

    def _column(self, index: int) -> int:
        return index - self.text.rfind("\n", 0, index) - 1


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _stripped(line: str) -> str:
    """Without blanks at its end. Raises NoLayout where a backslash makes the first of them a part of the text."""
    stripped = line.rstrip(" \t")
    if stripped != line and (len(stripped) - len(stripped.rstrip("\\"))) % 2:
        raise NoLayout
    return stripped
