"""Cutting a text into chunks by estimated tokens: each as long as allowed, the next beginning a little before its end.

Sizes are counted in quarters of a token, of which `replies.tokens` gives one to a Latin character and four to a wide
one; so no chunk is estimated above its limit.
"""

import re
from collections.abc import Iterator

from asstctl.emulator.replies.tokens import WIDE_RUN

_BORDERS = (
    re.compile(r"\n[^\S\n]*\n\s*"),  # paragraphs
    re.compile(r"\n"),
    re.compile(r"[.!?…](?=\s)\s+|[。！？；]+[”’」』）]*"),  # sentences
    re.compile(r"\s+|[，、：]"),  # words
)
"""Where a chunk may end, the best first; it ends after the match."""


def spans(text: str, max_tokens: int, overlap_tokens: int) -> Iterator[tuple[int, int]]:
    """Beginnings and ends of the chunks, in order; together they cover the text."""
    most, shared = max_tokens * 4, overlap_tokens * 4
    start = 0
    while start < len(text):
        end = _reach(text, start, most)
        if end < len(text):
            # A border near the overlap would make chunks that bring hardly anything new.
            least = _reach(text, start, shared + (most - shared) // 2)
            end = _border(text, max(least, start + 1), end)
        yield start, end
        if end == len(text):
            return
        start = max(_word_start(text, _back(text, end, shared), end), start + 1)


def _reach(text: str, start: int, quarters: int) -> int:
    """Where a piece that begins here and costs at most so much ends."""
    window = text[start : start + quarters]
    if window.isascii():
        return start + len(window)
    spent = position = 0
    for run in WIDE_RUN.finditer(window):
        spent += run.start() - position
        if spent + 4 * (run.end() - run.start()) > quarters:
            # Either the narrow ones before this run were too many, or only a part of it fits.
            past = run.start() - (spent - quarters) if spent > quarters else run.start() + (quarters - spent) // 4
            return start + past
        spent += 4 * (run.end() - run.start())
        position = run.end()
    return start + min(len(window), position + quarters - spent)


def _back(text: str, end: int, quarters: int) -> int:
    """Where a piece that ends here and costs at most so much begins."""
    window = text[max(0, end - quarters) : end][::-1]
    return end - _reach(window, 0, quarters)


def _border(text: str, least: int, end: int) -> int:
    """The last good place to end a chunk between the two positions, or the later one."""
    for border in _BORDERS:
        last = None
        for last in border.finditer(text, least, end):  # noqa: B007 - only the last one counts
            pass
        if last is not None:
            return last.end()
    return end


def _word_start(text: str, start: int, end: int) -> int:
    """The beginning of the first whole word of an overlap, if it does not begin with one."""
    if start == 0 or start >= end or text[start - 1].isspace() or WIDE_RUN.match(text, start):
        return start
    space = _BORDERS[-1].search(text, start, end)
    return space.end() if space is not None and space.end() < end else start
