"""The field table of kind `vector_store`: what is owned, its code in the mark, and how it compares.

The files of a store are no field: each bears its own identity (ENGINE section 4), and how they differ is decided
in `engine`. Codes are never reused for another field.
"""

from collections.abc import Mapping

from asstctl.core.json_types import Json
from asstctl.kinds.canonical import mapping, optional_text, plain
from asstctl.kinds.field import Field, Kind, table


def expiry(value: Json) -> Json:
    """`{anchor, days}`; never is the default."""
    return plain(value) if isinstance(value, Mapping) and value else None


VECTOR_STORE = Kind(
    "vector_store",
    table(
        Field("name", "na", optional_text),
        Field("expires_after", "ex", expiry),
        Field("metadata", "me", mapping),
    ),
)
