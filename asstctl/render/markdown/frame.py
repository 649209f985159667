"""What stands around a result where a pull request shows it: the mark by which its comment is found again, what was
made of which commits and by which run, and where the whole is.
"""

import hashlib
import re
from collections.abc import Sequence

from asstctl.core.pipeline import Place
from asstctl.render.markdown.text import code, comment, fenced, link
from asstctl.render.style import Look
from asstctl.render.text import Line, clipped
from asstctl.render.text import written as text_of

WIDE = Look(width=100)
"""How a terminal's lines are written here: a page has more room, and scrolls where that is not enough."""

_COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
_LONGEST_NAME = 200


def marker(topic: str, label: str) -> str:
    """The hidden first line of the comment on a topic (`plan`, `test`, ...), one for each label."""
    short = label if len(label) <= _LONGEST_NAME else hashlib.sha256(label.encode("utf-8", "replace")).hexdigest()
    return comment(f"asstctl:{topic}:{short}")


def named(text: str) -> str:
    """A name of others, where it stands in a sentence of ours: it may be absurdly long, and then only begins."""
    return clipped(text, _LONGEST_NAME, "…")


def whole_is(place: Place, page: str) -> str:
    """Where everything is, `page` the file that a pipeline leaves."""
    if not place.run_url:
        return f"Everything is in {code(page)}."
    artifact = f" of the artifact {code(named(place.artifact))}" if place.artifact else ""
    return f"Everything is in {link('this run', place.run_url)}: in its summary, and in {code(page)}{artifact}."


def origin(place: Place) -> str:
    """Of which commits it was made, and by which run; nothing where nobody said."""
    parts = [f"of {_commit(place.head)}"] if place.head else []
    parts += [f"onto {_commit(place.base)}"] if place.base else []
    parts += [f"by {link('this run', place.run_url)}"] if place.run_url else []
    return f"Made {' '.join(parts)}." if parts else ""


def paragraphs(*parts: str) -> str:
    """What is there of these, an empty line between them."""
    return "\n\n".join(part.rstrip("\n") for part in parts if part.strip()) + "\n"


def details(summary: str, *blocks: str, opened: bool = False) -> str:
    """What is opened with a click: a line of HTML, and Markdown below it."""
    shown = "\n\n".join(block.rstrip("\n") for block in blocks if block.strip())
    return f"<details{' open' if opened else ''}>\n<summary>{summary}</summary>\n\n{shown}\n\n</details>\n\n"


def listing(lines: Sequence[Line]) -> str:
    """Lines of a terminal as a block of code."""
    return "\n".join(fenced(text_of(lines, WIDE).splitlines(), "text"))


def bullets(notes: Sequence[str]) -> str:
    """Sentences that are Markdown already, as a list."""
    return "".join(f"- {note}\n" for note in notes)


def _commit(commit: str) -> str:
    return code(commit[:7] if _COMMIT.fullmatch(commit) else named(commit))
