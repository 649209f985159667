"""One change in Markdown, in the forms in which a comment can show it: whole and to be opened, its fields by name, one
line, nothing.
"""

from asstctl.core.change import Change, WayOn
from asstctl.render.files import uploads
from asstctl.render.markdown.fields import change_blocks, names_words
from asstctl.render.markdown.folding import Forms
from asstctl.render.markdown.frame import bullets, details
from asstctl.render.markdown.text import code, inline, prose, tag_code, tag_text
from asstctl.render.plan import hidden_words, reason_words, symbol_of, what_happens
from asstctl.render.values import place


def change_forms(change: Change) -> Forms:
    """From the whole to nothing."""
    line = _line(change)
    names = names_words(change)
    ways = "".join(f"  - {_way(way)}\n" for way in change.block.ways) if change.block else ""
    named = f"{line}: {names}\n{ways}" if names else f"{line}\n{ways}"
    return (whole_change(change), named, f"{line}\n", "")


def whole_change(change: Change) -> str:
    """All of it, to be opened; a blocked one is open, since somebody has to decide."""
    told = [tag_code(symbol_of(change)), tag_code(str(change.address)), tag_text(what_happens(change))]
    if change.previous:
        told.append(f"(was {tag_code(str(change.previous))})")
    if change.pending and (sent := str(uploads([change]))):
        told.append(f"&middot; {sent}")
    if change.where:
        told.append(f"&middot; {tag_code(place(change.where))}")
    about = [prose(reason)] if (reason := reason_words(change)) else []
    about += [code(change.remote_id)] if change.remote_id else []
    ways = bullets([_way(way) for way in change.block.ways]) if change.block else ""
    body = (", ".join(about), "\n".join(change_blocks(change)), hidden_words(change), ways)
    return details(" ".join(told), *body, opened=change.block is not None)


def _line(change: Change) -> str:
    where = f" · {code(place(change.where))}" if change.where else ""
    return f"- {code(symbol_of(change))} {code(str(change.address))} {inline(what_happens(change))}{where}"


def _way(way: WayOn) -> str:
    return f"{prose(way.text)}: {code(way.command)}"
