"""HTML made so that no text of others can become a tag or an attribute: what is not Markup is escaped."""

import html
from collections.abc import Iterable
from typing import TypeAlias

from asstctl.render.escape import visible

_VOID = frozenset({"meta", "link", "input"})


class Markup(str):
    """HTML that was made here."""

    __slots__ = ()


Content: TypeAlias = "str | Iterable[Content] | None"
Value: TypeAlias = str | int | bool | None

NOTHING = Markup("")


def escaped(text: str) -> Markup:
    """A text as it reads: markup is spelled out, and so is what hides or reorders; lines and tabs stay."""
    if text.isascii() and text.isprintable():
        return Markup(html.escape(text))
    lines = text.replace("\r\n", "\n").split("\n")
    shown = "\n".join("\t".join(visible(part) for part in line.split("\t")) for line in lines)
    return Markup(html.escape(shown))


def tag(name: str, /, *content: Content, **attributes: Value) -> Markup:
    """An element. An attribute that is None or False is left out; `_` stands for `-` and is dropped at the end."""
    opening = f"<{name}{''.join(_attribute(key, value) for key, value in attributes.items())}>"
    return Markup(opening if name in _VOID else f"{opening}{joined(*content)}</{name}>")


def joined(*content: Content, by: str = "") -> Markup:
    """Contents one after another."""
    return Markup(by.join(_parts(content)))


def _parts(content: Iterable[Content]) -> Iterable[str]:
    for part in content:
        if isinstance(part, Markup):
            yield part
        elif isinstance(part, str):
            yield escaped(part)
        elif part is not None:
            yield from _parts(part)


def _attribute(key: str, value: Value) -> str:
    if value is None or value is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{escaped(str(value))}"'
