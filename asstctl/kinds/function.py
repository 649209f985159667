"""What a user writes for a function: its own manifest (`kind: function`), or inline in an assistant's tools.

A function has no live object: its changes show under each assistant that uses it. Whether the parameters
are a JSON Schema is for `manifest`, which knows where they were written. `returns`, the schema of what it answers, is
for tests alone: it is never sent.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, Tag

from asstctl.documents.models import Model, by_shape

FUNCTION_NAME = r"^[a-zA-Z0-9_-]+$"


class SchemaFile(Model):
    """`parameters: {file: ask.json}`."""

    file: str


def is_schema_file(value: Any) -> bool:
    """Whether parameters name a file. No JSON Schema has the one key `file`."""
    return isinstance(value, Mapping) and list(value) == ["file"]


Parameters = Annotated[
    Annotated[SchemaFile, Tag("<file>")] | Annotated[dict[str, Any], Tag("<inline>")],
    by_shape(lambda value: "file" if is_schema_file(value) else "inline"),
]


class InlineFunction(Model):
    """A function written where it is used, in the words of the wire."""

    name: str = Field(pattern=FUNCTION_NAME)
    description: str | None = None
    parameters: Parameters | None = None
    strict: bool | None = None
    returns: Parameters | None = None


class FunctionManifest(Model):
    """`kind: function`: written once, used by key."""

    kind: Literal["function"]
    key: str | None = None
    name: str | None = Field(default=None, pattern=FUNCTION_NAME)
    description: str | None = None
    parameters: Parameters | None = None
    strict: bool | None = None
    returns: Parameters | None = None
