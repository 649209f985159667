"""A result as it may be shown: each of its texts without the secrets of the run, wherever a model put them. Pure.

What was expected was held against what was really said; only what is told of it afterwards is masked.
"""

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import lru_cache
from typing import Any, TypeVar

T = TypeVar("T")

Veil = Callable[[str], str]
"""A text as it may be shown."""


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
