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
    """The file that holds the schema, as JSON or YAML; relative to this file, or to the project by a leading
    `/`. Example: `schemas/get_order.json`"""


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
    """What the model calls it by. Example: `get_order`"""
    description: str | None = None
    """What it does and when to call it, for the model. Never rendered. Example: `Looks up one order by its id.`"""
    parameters: Parameters | None = None
    """The JSON Schema of its arguments, or `{file: schemas/ask.json}`.
    Example: `{type: object, properties: {id: {type: string}}, required: [id], additionalProperties: false}`"""
    strict: bool | None = None
    """Whether calls have to follow the schema exactly; OpenAI's strict subset is checked then."""
    returns: Parameters | None = None
    """The JSON Schema of what it answers, for tests; it is never sent. Example: `{type: object}`"""


class FunctionManifest(Model):
    """`kind: function`: written once, used by key."""

    kind: Literal["function"]
    """A function that assistants use by its key."""
    key: str | None = None
    """What assistants name it by; the stem of the file's name where nothing is said. Example: `get_order`"""
    name: str | None = Field(default=None, pattern=FUNCTION_NAME)
    """What the model calls it by; its key where nothing is said. Example: `get_order`"""
    description: str | None = None
    """What it does and when to call it, for the model. Never rendered. Example: `Looks up one order by its id.`"""
    parameters: Parameters | None = None
    """The JSON Schema of its arguments, or `{file: schemas/ask.json}`. `asstctl schema function` writes it from a
    Python function.
    Example: `{type: object, properties: {id: {type: string}}, required: [id], additionalProperties: false}`"""
    strict: bool | None = None
    """Whether calls have to follow the schema exactly; OpenAI's strict subset is checked then."""
    returns: Parameters | None = None
    """The JSON Schema of what it answers, for tests; it is never sent. Example: `{type: object}`"""
