"""Shapes: what a value of a file looks like, as JSON Schema draft-07, said beside the code that refuses it.

They are for editors (`reading.schemas`); nothing is checked against them when a file is read. They refuse what the code
refuses for its shape; that a regular expression is one, say, only code can tell.
"""

from collections.abc import Mapping
from typing import Any

Shape = Mapping[str, Any]

ANYTHING: Shape = {}
TEXT: Shape = {"type": "string"}
SOME_TEXT: Shape = {"type": "string", "minLength": 1}
SHARE: Shape = {"type": "number", "minimum": 0, "maximum": 1}
AMOUNT: Shape = {"type": "number", "minimum": 0}
ONLY_TRUE: Shape = {"enum": [True]}
PATTERN: Shape = {"$ref": "#/definitions/Pattern"}
"""A value, or an object of matchers."""

ANSWER: Shape = {"$ref": "#/definitions/Answer"}
"""What a stub answers, written as a rule writes it."""


def means(text: str, shape: Shape) -> Shape:
    """A shape with what it means."""
    return {"description": text, **({"allOf": [shape]} if "$ref" in shape else shape)}


def list_of(item: Shape) -> Shape:
    """At least one of them."""
    return {"type": "array", "minItems": 1, "items": item}


def one_or_list(item: Shape) -> Shape:
    """One, or a list of at least one."""
    return {"if": {"type": "array"}, "then": list_of(item), "else": item}


def map_of(keys: Mapping[str, Shape], *, required: tuple[str, ...] = (), least: int = 1) -> Shape:
    """A map of some of these keys, at least so many."""
    needs = {"required": list(required)} if required else {"minProperties": least} if least else {}
    return {"type": "object", **needs, "properties": dict(keys), "additionalProperties": False}
