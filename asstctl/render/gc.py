"""`test gc`: what was removed after runs of tests, and what was not."""

from collections import Counter
from collections.abc import Iterable

from asstctl.core.ledger import Leftover, Made, Swept
from asstctl.render.errors import error_text
from asstctl.render.style import PLAIN, Look, Style
from asstctl.render.text import Line, Span, line, padded, sentence, wrapped, written
from asstctl.render.values import counted, listed, size

_NAMES = {
    Made.THREAD: "thread",
    Made.FILE: "file",
    Made.VECTOR_STORE: "vector store",
    Made.ASSISTANT: "assistant",
}
_COLUMN = max(map(len, _NAMES.values()))


def swept_text(swept: Swept, look: Look = PLAIN) -> str:
    """A line for each thing, and one that counts them."""
    lines = [_row("-", Style.BAD, one) for one in swept.removed]
    for one in swept.failed:
        lines += [_row("!", Style.WARN, one), *wrapped(one.why, look.width, "      ", "      ")]
    for one in swept.lost:
        lines += _doubtful(one, look) if one.maybe else []
    lost = [one for one in swept.lost if not one.maybe]
    lines += _said(lost, "nobody can find, if it is there at all", "nobody can find, if they are there at all", look)
    lines += _said(swept.spared, "may be of a run on another machine", "may be of runs on other machines", look)
    if swept.kept:
        what = _counts(swept.kept)
        were = "was" if len(swept.kept) == 1 else "were"
        them = "it" if len(swept.kept) == 1 else "them"
        again = swept.target.command("test gc --all", named=2)
        said = f"Left alone: {what} that {were} kept on purpose. To remove {them} too: {again}"
        lines += sentence(said, look.width, rest="  ")
    if swept.alive:
        runs = f"{counted(len(swept.alive), 'run')} still {'goes' if len(swept.alive) == 1 else 'go'} on here"
        lines += wrapped(f"{runs}: {', '.join(swept.alive)}", look.width, rest="  ")
    lines += [line(f"The ledger of {run} cannot be read.") for run in swept.unreadable]
    said = written([*lines, line(_summary(swept))], look)
    return said + (error_text(swept.error, look) if swept.error else "")


def _row(sign: str, style: Style, one: Leftover) -> Line:
    id = f"   {one.id}" if one.id else ""
    return line(
        "  ", Span(sign, style), " ", padded(_NAMES[one.kind], _COLUMN), f"   {one.name or '(no name)'}{id}   {one.run}"
    )


def _doubtful(one: Leftover, look: Look) -> list[Line]:
    """An upload whose answer was lost, and what may be it."""
    fitting = f" of {size(one.bytes)}" if one.bytes is not None else ""
    these = "this upload" if len(one.maybe) == 1 else "one of these uploads"
    why = f"its answer was lost; it may be {these}{fitting}, and nothing is deleted for its likeness: "
    return [_row("?", Style.WARN, one), *wrapped(why + ", ".join(one.maybe), look.width, "      ", "      ")]


def _said(those: Iterable[Leftover], one: str, several: str, look: Look) -> list[Line]:
    names = [f"{_NAMES[this.kind]} {this.id or this.name}" for this in those]
    return wrapped(f"{listed(names)}: {one if len(names) == 1 else several}", look.width, rest="  ") if names else []


def _counts(those: Iterable[Leftover]) -> str:
    """`2 threads and 1 file`."""
    found = Counter(one.kind for one in those)
    return listed([counted(found[kind], name) for kind, name in _NAMES.items() if found[kind]])


def _summary(swept: Swept) -> str:
    target = swept.target.name
    if swept.error:
        return f"Removed {counted(len(swept.removed), 'object')} from {target}, and could not look for more."
    if not swept.removed and not swept.failed:
        return f"Nothing to remove on {target}."
    failed = f", {counted(len(swept.failed), 'object')} could not be" if swept.failed else ""
    return f"Removed {counted(len(swept.removed), 'object')} from {target}{failed}."
