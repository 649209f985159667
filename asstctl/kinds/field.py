"""Field and Kind: the table of a resource kind: names, codes in the mark, and how each field compares.

A field is the unit of ownership (ENGINE section 2). The table drives compare, mark and reset for every
wire; where a value lies on a wire and how it is reset there is for the provider's codec.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from asstctl.core.resource import EXTENSION
from asstctl.kinds.canonical import Rule, plain

_FIRST = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_SECOND = _FIRST + _FIRST.lower() + "0123456789"


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a kind. `code` is two characters, never reused: it is part of the mark's format."""

    name: str
    code: str
    canonical: Rule


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of resource that lives on a provider."""

    name: str
    fields: Mapping[str, Field]

    def field(self, name: str) -> Field:
        """The row of a field; entries of `extensions` have one each. Raises KeyError for any other name."""
        if name.startswith(EXTENSION):
            return Field(name, extension_code(name), plain)
        return self.fields[name]


def table(*fields: Field) -> dict[str, Field]:
    """Rows by name; two rows with one code are our bug."""
    assert len({f.code for f in fields}) == len(fields)
    return {f.name: f for f in fields}


def extension_code(name: str) -> str:
    """The code of `extensions.NAME`: an upper-case letter first, so that no code of a table is like it.

    Derived from the name, because a mark has no room for names and a removed extension must still be found
    on the live object. Two names may share a code (1 in 1,612); the plan then refuses the second.
    """
    digest = hashlib.sha256(name.encode()).digest()
    return _FIRST[digest[0] % len(_FIRST)] + _SECOND[digest[1] % len(_SECOND)]


def is_extension_code(code: str) -> bool:
    """Whether a code in a mark speaks of an entry of `extensions`."""
    return code[:1].isupper()
