"""Differences of texts, line by line and, within a changed line, word by word.

CJK characters are words of their own. Work is bounded for texts of any size: lines and words that occur
once on both sides anchor the comparison, and what lies between two anchors is compared in full only while
it is small. How a difference is shown is for `fields`.
"""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_WORD = re.compile(rf"[{_CJK}]|(?:(?![{_CJK}])\w)+|\s+|.", re.DOTALL)
_BUDGET = 2_000_000
"""Pairs of items compared in full per difference; about a third of a second at worst."""
_SEGMENT = 250_000
_PAIR_COST = 100  # comparing two lines as bags of words, in pairs of items
_ALIKE = 0.3
"""Two lines that share less than this are shown whole: a salad of words helps nobody."""


class Side(StrEnum):
    """Which of the two texts a piece belongs to."""

    SAME = " "
    OLD = "-"
    NEW = "+"


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text that is on both sides or on one."""

    side: Side
    text: str


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the difference: `old` and `new` say whether that side has it."""

    pieces: tuple[Piece, ...]
    old: bool = True
    new: bool = True

    @property
    def changed(self) -> bool:
        return any(piece.side is not Side.SAME for piece in self.pieces) or not (self.old and self.new)


@dataclass(frozen=True, slots=True)
class TextDiff:
    """All lines of both texts, in order."""

    rows: tuple[Row, ...]

    @property
    def changed(self) -> int:
        """How many lines differ; a line and what became of it count once."""
        return sum(row.changed for row in self.rows)

    @property
    def total(self) -> int:
        """How many lines there are in all; the newline at the end of a text begins no line."""
        last = self.rows[-1]
        return len(self.rows) - (len(self.rows) > 1 and not last.changed and not any(p.text for p in last.pieces))


def diff_texts(old: str, new: str) -> TextDiff:
    """Compare two texts."""
    budget = _Budget(_BUDGET)
    rows: list[Row] = []
    before, after = old.split("\n"), new.split("\n")
    for same, left, right in _aligned(before, after, budget):
        if same:
            rows.extend(Row((Piece(Side.SAME, text),)) for text in left)
        else:
            rows.extend(_changed_rows(left, right, budget))
    return TextDiff(tuple(rows))


class _Budget:
    """How much may still be compared in full."""

    def __init__(self, left: int) -> None:
        self._left = left

    def allows(self, cost: int) -> bool:
        if cost > min(self._left, _SEGMENT):
            return False
        self._left -= cost
        return True


def _changed_rows(left: Sequence[str], right: Sequence[str], budget: _Budget) -> Iterator[Row]:
    i = j = 0
    for x, y in [*_pairs(left, right, budget), (len(left), len(right))]:
        paired = min(x - i, y - j)
        for old, new in zip(left[i : i + paired], right[j : j + paired], strict=True):
            yield Row(_diff_line(old, new, budget))
        for old in left[i + paired : x]:
            yield Row((Piece(Side.OLD, old),), new=False)
        for new in right[j + paired : y]:
            yield Row((Piece(Side.NEW, new),), old=False)
        if x < len(left):
            yield Row(_diff_line(left[x], right[y], budget))
        i, j = x + 1, y + 1


def _pairs(left: Sequence[str], right: Sequence[str], budget: _Budget) -> list[tuple[int, int]]:
    """Which old line became which new one: those that share the most, in order. None where that is too much work."""
    if not (left and right) or not budget.allows(_PAIR_COST * len(left) * len(right)):
        return []
    olds, news = ([Counter(_WORD.findall(text)) for text in side] for side in (left, right))
    best = [[0.0] * (len(right) + 1) for _ in range(len(left) + 1)]
    for i in reversed(range(len(left))):
        for j in reversed(range(len(right))):
            best[i][j] = max(best[i + 1][j], best[i][j + 1], best[i + 1][j + 1] + _alike(olds[i], news[j]))
    pairs, i, j = [], 0, 0
    while i < len(left) and j < len(right):
        if best[i][j] == best[i + 1][j]:
            i += 1
        elif best[i][j] == best[i][j + 1]:
            j += 1
        else:
            pairs.append((i, j))
            i, j = i + 1, j + 1
    return pairs


def _alike(old: Counter[str], new: Counter[str]) -> float:
    """The share of words that two lines have in common, blanks aside; 0 where it is too little to show as a change."""
    shared = sum(n for word, n in (old & new).items() if not word.isspace())
    share = 2 * shared / max(1, old.total() + new.total())
    return share if share >= _ALIKE / 2 else 0.0


def _diff_line(old: str, new: str, budget: _Budget) -> tuple[Piece, ...]:
    runs = list(_aligned(_WORD.findall(old), _WORD.findall(new), budget))
    shared = sum(len(word) for same, left, _ in runs if same for word in left if not word.isspace())
    if shared < _ALIKE * max(len(old), len(new)):
        runs = [(False, [old], [new])]
    pieces: list[Piece] = []
    pending_old, pending_new = "", ""
    for number, (same, left, right) in enumerate(runs):
        text_old, text_new = "".join(left), "".join(right)
        # a blank or one character between two changes belongs to both, or a rewritten phrase falls to crumbs
        if same and not (len(text_old.strip()) <= 1 and 0 < number < len(runs) - 1):
            pieces += _flushed(pending_old, pending_new)
            pending_old = pending_new = ""
            pieces.append(Piece(Side.SAME, text_old))
        else:
            pending_old += text_old
            pending_new += text_new
    return (*pieces, *_flushed(pending_old, pending_new))


def _flushed(old: str, new: str) -> list[Piece]:
    return [piece for piece in (Piece(Side.OLD, old), Piece(Side.NEW, new)) if piece.text]


_Run = tuple[bool, Sequence[str], Sequence[str]]


def _aligned(a: Sequence[str], b: Sequence[str], budget: _Budget) -> Iterator[_Run]:
    """Runs that are the same, and runs that differ (either side may be empty), alternating, both texts in full."""
    same: list[str] = []
    left: list[str] = []
    right: list[str] = []
    for is_same, xs, ys in _segments(a, b, budget):
        if is_same and xs:
            if left or right:
                yield False, left, right
                left, right = [], []
            same.extend(xs)
        elif xs or ys:
            if same:
                yield True, same, same
                same = []
            left.extend(xs)
            right.extend(ys)
    if left or right:
        yield False, left, right
    if same:
        yield True, same, same


def _segments(a: Sequence[str], b: Sequence[str], budget: _Budget) -> Iterator[_Run]:
    head = _common(a, b)
    tail = _common(a[head:][::-1], b[head:][::-1])
    yield True, a[:head], b[:head]
    i, j = head, head
    for x, y in [*_anchors(a, b, head, tail), (len(a) - tail, len(b) - tail)]:
        yield from _between(a[i:x], b[j:y], budget)
        if x < len(a) - tail:
            yield True, a[x : x + 1], b[y : y + 1]
        i, j = x + 1, y + 1
    yield True, a[len(a) - tail :], b[len(b) - tail :]


def _between(a: Sequence[str], b: Sequence[str], budget: _Budget) -> Iterator[_Run]:
    if not (a and b) or not budget.allows(len(a) * len(b)):
        yield False, a, b
        return
    for tag, i, k, j, m in SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        yield tag == "equal", a[i:k], b[j:m]


def _common(a: Sequence[str], b: Sequence[str]) -> int:
    for number, (x, y) in enumerate(zip(a, b, strict=False)):
        if x != y:
            return number
    return min(len(a), len(b))


def _anchors(a: Sequence[str], b: Sequence[str], head: int, tail: int) -> list[tuple[int, int]]:
    """Items that occur once on each side, in the longest order that both sides agree on (patience diff)."""
    left, right = Counter(a[head : len(a) - tail]), Counter(b[head : len(b) - tail])
    where = {b[j]: j for j in range(head, len(b) - tail) if right[b[j]] == 1}
    pairs = [(i, where[a[i]]) for i in range(head, len(a) - tail) if left[a[i]] == 1 and a[i] in where]
    tails: list[int] = []
    ends: list[int] = []
    previous = [-1] * len(pairs)
    for number, (_, j) in enumerate(pairs):
        place = bisect_left(tails, j)
        previous[number] = ends[place - 1] if place else -1
        tails[place : place + 1] = [j]
        ends[place : place + 1] = [number]
    chain: list[tuple[int, int]] = []
    at = ends[-1] if ends else -1
    while at >= 0:
        chain.append(pairs[at])
        at = previous[at]
    return chain[::-1]
