"""Field: one row of a kind's table: its name, its code in the mark, its default and how it compares."""

from collections.abc import Callable
from dataclasses import dataclass

from asstctl.core.json_types import Json

Rule = Callable[[Json], Json]
"""Brings a value to canonical form (ENGINE section 2); gives None for the default."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a kind. `code` is two lower-case characters, never reused, part of the mark's format."""

    name: str
    code: str
    canonical: Rule
