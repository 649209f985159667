"""YAML texts as people write them, whole and at random: everything that a layout could lose."""

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

SCALARS = (
    *("x", "1", "null", "~", "", "w v", "'it''s'", "'# no'", '"d \\n e"', '"{{ vars.x }}"', '"- a"', "'yes'", "yes"),
    *("!!str 3", "-1", "a#b", "a:b", "http://x/y#z", "é 日本語 😀", "0x1F", "a\tb", "long words " * 12 + "end"),
)
COMMENTS = ("# note", "#n", "#", "#   spaced  ", "# a: 1", "# - x", "# [ {", "# yaml-language-server: $schema=x")
KEYS = ("kind", "name", "model", "tools", "metadata", "a", "b", "'q k'", '"d"', "key with blanks")
IN_BRACKETS = ("x", "1", "'q'", '"d, ]"', "w v", '"{{ x }}"', "x" * 40, "http://a/b")
FOLDED = (
    ("one", "two", "", "three"),
    ('"one', "two  ", "", "x\\", 'y"'),
    ("'one", "", "t''w'"),
    ("one", "two # c"),
)
OF_BLOCKS = ("text", "# no comment", "- a", "{{ x }}", "", "  more", "\ttab", "trail  ", "   ", "long " * 40)

Lines = list[str]


class Writer:
    """Writes texts, each choice made by `draw`. Most of them are YAML."""

    def __init__(self, draw: st.DrawFn) -> None:
        self._draw = draw
        self._anchors: list[str] = []

    def text(self) -> str:
        """One to three documents."""
        lines = [*(["---" + self._tail()] if self._rarely() else []), *self._document()]
        for _ in range(self._of((0, 0, 0, 1, 2))):
            lines += [*self._of(((), ("...",))), "---" + self._tail(), *self._document()]
        newline = self._of(("\n", "\n", "\r\n"))
        return newline.join(lines) + self._of((newline, newline, ""))

    def _document(self) -> Lines:
        self._anchors = []
        at = self._of((0, 0, 0, 2))
        root = self._list(at, 3) if self._rarely() else self._map(at, 3)
        return [*self._between(at), *root, *self._between(at)]

    def _map(self, at: int, depth: int) -> Lines:
        lines: Lines = []
        for key in self._draw(st.lists(st.sampled_from(KEYS), min_size=1, max_size=4, unique=True)):
            first, *rest = self._value(at, depth, is_item=False)
            colon = self._of((":", ":", ":", " :"))
            lines += [*(self._between(at) if lines else []), f"{' ' * at}{key}{colon}{first}", *rest]
        return lines

    def _list(self, at: int, depth: int) -> Lines:
        lines: Lines = []
        for _ in range(self._of((1, 2, 3))):
            lines += self._between(at) if lines else []
            dash = f"{' ' * at}-"
            if depth and self._of((True, False)):
                blanks = self._of((1, 2, 3))
                inner = self._map if self._of((True, True, False)) else self._list
                first, *rest = inner(at + 1 + blanks, depth - 1)
                lines += [f"{dash}{' ' * blanks}{first.lstrip(' ')}", *rest]
            else:
                first, *rest = self._value(at, depth, is_item=True)
                lines += [f"{dash}{first}", *rest]
        return lines

    def _value(self, at: int, depth: int, *, is_item: bool) -> Lines:
        """What stands behind a colon or a dash at a column, and the lines below."""
        if self._anchors and self._rarely():
            return [f" *{self._of(self._anchors)}{self._tail()}"]
        anchor = self._anchor() if self._rarely() else ""
        step = self._of((1, 2, 2, 4))
        match self._of(("inner", "inner", "inner", "block", "brackets", "folded", "below", "scalar", "scalar")):
            case "inner" if depth:
                is_list = self._of((True, False))
                below = at + (step if is_item or not is_list else self._of((0, step)))
                lines = self._list(below, depth - 1) if is_list else self._map(below, depth - 1)
                return [f" {anchor}".rstrip() + self._tail(), *self._between(below), *lines]
            case "block":
                return [f" {anchor}{self._of('|>')}{self._block_head(step)}{self._tail()}", *self._block(at + step)]
            case "brackets":
                first, *rest = self._brackets(2, self._of((0, at + 1))).split("\n")
                return [f" {anchor}{first}", *rest]
            case "folded":
                first, *rest = self._of(FOLDED)
                return [f" {anchor}{first}", *(f"{' ' * (at + step)}{line}" if line else "" for line in rest)]
            case "below":
                return [self._tail(), *self._between(at + step), f"{' ' * (at + step)}{self._of(('x', '[]'))}"]
            case _:
                return [f"{self._of((' ', '  '))}{anchor}{self._of(SCALARS)}{self._tail()}"]

    def _block_head(self, step: int) -> str:
        chomp = self._of(("", "-", "+"))
        return self._of((chomp, chomp, f"{chomp}{step}", f"{step}{chomp}"))

    def _block(self, at: int) -> Lines:
        lines = self._draw(st.lists(st.sampled_from(OF_BLOCKS), max_size=4))
        return [*(" " * at + line if line.strip() else line for line in lines), *self._of(((), ("",), ("", " ")))]

    def _brackets(self, depth: int, column: int) -> str:
        """A collection in brackets; with a column, in several lines at times, and with comments."""
        items: Lines = []
        is_map = self._of((True, False))
        for number in range(self._of((0, 1, 2, 3))):
            item = self._brackets(depth - 1, column) if depth and self._rarely() else self._of(IN_BRACKETS)
            head = self._of((f"k{number}: ", f"'k{number}':  ")) if is_map else ""
            items.append(f"{self._blanks(column)}{head}{item}{self._blanks(column)}")
        inner = ",".join(items) + ("," if items and self._rarely() else "")
        return f"{{{inner}}}" if is_map else f"[{inner}]"

    def _blanks(self, column: int) -> str:
        line = self._of(("", "  # t", "  # , ]")) + "\n" + " " * column
        return self._of(("", "", " ", "  ", line if column else ""))

    def _anchor(self) -> str:
        self._anchors.append(f"n{len(self._anchors)}")
        return f"&{self._anchors[-1]} "

    def _between(self, at: int) -> Lines:
        """Empty lines and comments, in columns of their own."""
        columns = (0, at, at, at + 2, at + 5)
        return [
            self._of(("", "   ", " " * self._of(columns) + self._of(COMMENTS)))
            for _ in range(self._of((0, 0, 0, 1, 2)))
        ]

    def _tail(self) -> str:
        """What stands behind a value on its line."""
        comment = self._of((" ", "  ", "\t", "      ")) + self._of(COMMENTS)
        return self._of(("", "", "", "", "  ", "\t", comment, comment))

    def _rarely(self) -> bool:
        return self._of((False,) * 7 + (True,))

    def _of(self, choices: Sequence[Any]) -> Any:
        return self._draw(st.sampled_from(choices))


@st.composite
def yaml_texts(draw: st.DrawFn) -> str:
    """Texts of which most are YAML."""
    return Writer(draw).text()
