"""A result as it may be shown: each of its texts without the secrets of the run, wherever a model put them. Pure.

What was expected was held against what was really said; only what is told of it afterwards is masked.
"""

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import lru_cache
from typing import Any, Protocol, TypeVar

T = TypeVar("T")

Veil = Callable[[str], str]
"""A text as it may be shown."""


class Curtain(Protocol):
    """What knows the secrets of a run."""

    def without(self, text: str) -> str:
        """The text as it may be shown."""
        ...

    def told_apart(self, text: str) -> int:
        """How much of a text is certain to end with no part of a secret that goes on behind it."""
        ...


class Veiled:
    """A text that comes in pieces, told as it may be shown: what may be the beginning of a secret is held back until
    that is known."""

    def __init__(self, curtain: Curtain, hear: Callable[[str], None]) -> None:
        self._curtain = curtain
        self._hear = hear
        self._held = ""

    def take(self, piece: str) -> None:
        """Tell what can be told now that this piece has come."""
        text = self._held + piece
        certain = self._curtain.told_apart(text)
        self._held = text[certain:]
        self._tell(text[:certain])

    def end(self) -> None:
        """Nothing goes on behind what was held back."""
        rest, self._held = self._held, ""
        self._tell(rest)

    def _tell(self, text: str) -> None:
        if text:
            self._hear(self._curtain.without(text))


def veiled(value: T, veil: Veil) -> T:
    """A value of frozen dataclasses, sequences, maps and texts with every text as it may be shown."""
    found: T = _veiled(value, veil)
    return found


def _veiled(value: Any, veil: Veil) -> Any:
    if isinstance(value, str):
        return value if isinstance(value, Enum) else veil(value)
    if isinstance(value, tuple | list):
        return type(value)(_veiled(item, veil) for item in value)
    if isinstance(value, Mapping):
        return {_veiled(name, veil): _veiled(item, veil) for name, item in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return type(value)(**{name: _veiled(getattr(value, name), veil) for name in _names(type(value))})
    return value


@lru_cache(maxsize=64)
def _names(kind: Any) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))
