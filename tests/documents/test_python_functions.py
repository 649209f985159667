"""Signature in, schema out: what is told of a Python function by reading it, and what cannot be."""

import textwrap
from typing import Any

import pytest

from asstctl.core.diagnostic import Severity
from asstctl.documents.python_functions import PythonFunction, read_python_function
from asstctl.documents.schemas import check_schema
from asstctl.documents.strict_schema import check_strict

HEAD = """\
import enum, uuid, typing as t
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from datetime import date, datetime
from enum import StrEnum, auto
from typing import Annotated, Any, Literal, NewType, NotRequired, Optional, TypedDict, Union
from annotated_types import Ge
from pydantic import BaseModel, Field
from elsewhere import Order
LIMIT = 10
Id = NewType("Id", str)
Sort = Literal["up", "down"]
class State(enum.Enum):
    OPEN = "open"
    DONE = "done"
class Size(StrEnum):
    SMALL = auto()
class Level(enum.IntEnum):
    LOW = 1
class Filter(TypedDict, total=False):
    state: State
class Named(TypedDict):
    name: str
    nick: NotRequired[str]
@dataclass
class Line:
    sku: str
    count: int = 1
    tags: list[str] = field(default_factory=list)
class Order2(BaseModel):
    '''An order.'''
    id: str = Field(description="Its id.", min_length=3)
    note: str | None = Field(None, max_length=9)
class Rush(Order2):
    by: date
class Tree(BaseModel):
    children: list["Tree"]
class Plain: ...
class Odd(Order): ...
class Outer:
    class Inner(TypedDict):
        x: int
class Chicken(TypedDict, Egg):
    x: int
class Egg(Chicken):
    y: int
Half = NewType("Half")
class Twice(enum.Enum):
    ONE = 1
    ALSO_ONE = 1
    TRUE = True
@dataclass
class Keyed:
    _: KW_ONLY
    x: int
    made: int = field(init=False)
"""


def read(
    parameters: str, *, strict: bool = False, doc: str = "What it does."
) -> tuple[PythonFunction | None, list[str]]:
    """A function of these parameters, and the codes and lines of what cannot be told."""
    source = f"{HEAD}def f({parameters}):\n{textwrap.indent(repr(doc), '    ')}\n"
    found, diagnostics = read_python_function(source, "tool.py", "f", strict=strict)
    return found, [f"{one.code}: {one.summary}" for one in diagnostics if one.severity is Severity.ERROR]


TYPES: list[tuple[str, Any]] = [
    ("str", {"type": "string"}),
    ("int", {"type": "integer"}),
    ("float", {"type": "number"}),
    ("bool", {"type": "boolean"}),
    ("None", {"type": "null"}),
    ("'str'", {"type": "string"}),
    ("list[int]", {"type": "array", "items": {"type": "integer"}}),
    ("t.List[str]", {"type": "array", "items": {"type": "string"}}),
    ("Sequence[str]", {"type": "array", "items": {"type": "string"}}),
    ("set[str]", {"type": "array", "items": {"type": "string"}, "uniqueItems": True}),
    ("dict[str, float]", {"type": "object", "additionalProperties": {"type": "number"}}),
    ("Mapping[str, Any]", {"type": "object", "additionalProperties": True}),
    ("dict", {"type": "object"}),
    ("Any", {}),
    ("tuple[int, ...]", {"type": "array", "items": {"type": "integer"}}),
    ("tuple[float, float]", {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}),
    (
        "tuple[str, int]",
        {"type": "array", "prefixItems": [{"type": "string"}, {"type": "integer"}], "items": False}
        | {"minItems": 2, "maxItems": 2},
    ),
    ("Literal['a', 'b']", {"type": "string", "enum": ["a", "b"]}),
    ("Literal[1, 'a', None]", {"type": ["integer", "string", "null"], "enum": [1, "a", None]}),
    ("Sort", {"type": "string", "enum": ["up", "down"]}),
    ("Id", {"type": "string"}),
    ("Optional[int]", {"type": ["integer", "null"]}),
    ("int | None", {"type": ["integer", "null"]}),
    ("Literal['a'] | None", {"type": ["string", "null"], "enum": ["a", None]}),
    ("Union[str, int]", {"type": ["string", "integer"]}),
    ("int | float", {"type": "number"}),
    ("list[int] | str", {"anyOf": [{"type": "array", "items": {"type": "integer"}}, {"type": "string"}]}),
    ("date", {"type": "string", "format": "date"}),
    ("datetime", {"type": "string", "format": "date-time"}),
    ("uuid.UUID", {"type": "string", "format": "uuid"}),
    ("State", {"type": "string", "enum": ["open", "done"]}),
    ("Size", {"type": "string", "enum": ["small"]}),
    ("Level", {"type": "integer", "enum": [1]}),
    ("Twice", {"type": ["integer", "boolean"], "enum": [1, True]}),
    ("Literal['a', 'b', 'a']", {"type": "string", "enum": ["a", "b"]}),
    ("Annotated[str, 'The id.']", {"description": "The id.", "type": "string"}),
    (
        "Annotated[int, Field(description='How many.', ge=1, lt=9)]",
        {"description": "How many.", "type": "integer", "minimum": 1, "exclusiveMaximum": 9},
    ),
    ("Annotated[str, Field(pattern='^a', max_length=3)]", {"type": "string", "pattern": "^a", "maxLength": 3}),
    ("Annotated[list[str], Field(min_length=1)]", {"type": "array", "items": {"type": "string"}, "minItems": 1}),
    ("Annotated[int, Ge(LIMIT)]", {"type": "integer", "minimum": 10}),
    (
        "Filter",
        {
            "type": "object",
            "properties": {"state": {"type": "string", "enum": ["open", "done"]}},
            "additionalProperties": False,
        },
    ),
    (
        "Named",
        {
            "type": "object",
            "properties": {"name": {"type": "string"}, "nick": {"type": "string"}},
            "required": ["name"],
            "additionalProperties": False,
        },
    ),
    (
        "Line",
        {
            "type": "object",
            "properties": {
                "sku": {"type": "string"},
                "count": {"type": "integer", "default": 1},
                "tags": {"type": "array", "items": {"type": "string"}},
            },
            "required": ["sku"],
            "additionalProperties": False,
        },
    ),
    (
        "Rush",
        {
            "type": "object",
            "properties": {
                "id": {"description": "Its id.", "type": "string", "minLength": 3},
                "note": {"type": ["string", "null"], "maxLength": 9, "default": None},
                "by": {"type": "string", "format": "date"},
            },
            "required": ["id", "by"],
            "additionalProperties": False,
        },
    ),
    ("Tree", {"$ref": "#/$defs/Tree"}),
    (
        "Keyed",
        {
            "type": "object",
            "properties": {"x": {"type": "integer"}},
            "required": ["x"],
            "additionalProperties": False,
        },
    ),
]


@pytest.mark.parametrize(("annotation", "expected"), TYPES, ids=[row[0] for row in TYPES])
def test_a_type_becomes_a_schema(annotation: str, expected: Any) -> None:
    """Which is one that stands on its own."""
    found, errors = read(f"x: {annotation}")
    assert errors == []
    assert found is not None
    assert found.parameters["properties"] == {"x": expected}
    assert found.parameters["required"] == ["x"]
    assert check_schema(found.parameters) == ()


UNTOLD = [
    ("x", "`x` has no type"),
    ("*rest: int", "`*rest` takes any number of values"),
    ("**rest: int", "`**rest` takes any number of values"),
    ("x: int, /", "`x` takes no name"),
    ("x: Order", "`Order` is defined in another file"),
    ("x: list[Order]", "`Order` is defined in another file"),
    ("x: Odd", "`Odd` comes from `elsewhere.Order`, in another file"),
    ("x: Plain", "`Plain` is a plain class"),
    ("x: bytes", "`bytes` is no type that JSON has"),
    ("x: Nowhere", "`Nowhere` is no type that JSON has"),
    ("x: dict[int, str]", "the keys of a JSON object are text"),
    ("x: Literal[LIMITS]", "a value of `Literal` is not written out"),
    ("x: 'list['", "is not a type"),
    ("x: Annotated[int, Field(ge=least())]", "`ge` is not written out"),
    ("x: list[()]", "it does not say of what"),
    ("x: tuple[()]", "it does not say of what"),
    ("x: Optional[()]", "it does not say of what"),
    ("x: Annotated[()]", "it does not say of what"),
    ("x: Half", "it is not a type"),
    ("x: Outer.Inner", "`Outer.Inner` is defined inside of a class"),
]


@pytest.mark.parametrize(("parameters", "summary"), UNTOLD, ids=[row[0] for row in UNTOLD])
def test_what_cannot_be_told_is_said(parameters: str, summary: str) -> None:
    """And no schema is made of the rest."""
    found, errors = read(parameters)
    assert found is None
    assert len(errors) == 1
    assert summary in errors[0]


def test_all_that_cannot_be_told_is_said_at_its_place() -> None:
    """At once, each with its line and a way on."""
    source = "def f(a, b: Other,\n      *c, d: bytes): 'x'\n"
    found, diagnostics = read_python_function(source, "tool.py", "f", strict=True)
    assert found is None
    assert [str(one.where) for one in diagnostics] == ["tool.py:1:7", "tool.py:1:13", "tool.py:2:8", "tool.py:2:14"]
    assert all(one.hint for one in diagnostics)


def test_classes_that_come_from_each_other_end() -> None:
    """As no program could run that has them."""
    found, errors = read("x: Egg")
    assert errors == []
    assert found is not None
    assert list(found.parameters["properties"]["x"]["properties"]) == ["x", "y"]


@pytest.mark.parametrize("break_", ["\x0c", "\u2028", "\x85", "\x1c"])
def test_a_line_is_what_python_calls_one(break_: str) -> None:
    """A form feed, or what else breaks a text elsewhere, begins none."""
    _, (problem,) = read_python_function(f"# {break_}\ndef f(x: bytes): 'Do.'\n", "tool.py", "f", strict=False)
    assert (problem.where.line, problem.where.text) == (2, "def f(x: bytes): 'Do.'")


@pytest.mark.parametrize(
    ("parameters", "doc"),
    [("x: str", "Do \\ud800."), ("x: str = '\\ud800'", "Do."), ("x: Literal['\\udfff']", "Do.")],
)
def test_half_a_character_is_refused(parameters: str, doc: str) -> None:
    """An escape of one is Python, and in no file: what was written could not be read."""
    source = f"{HEAD}def f({parameters}):\n    '{doc}'\n"
    found, (problem,) = read_python_function(source, "tool.py", "f", strict=True)
    assert found is None
    assert problem.code == "bad-character"


STRICT: list[tuple[str, Any]] = [
    ("x: int = 3", {"description": "Null means the default, 3.", "type": ["integer", "null"]}),
    (
        "x: Annotated[int, 'How many'] = 3",
        {"description": "How many. Null means the default, 3.", "type": ["integer", "null"]},
    ),
    ("x: str | None = None", {"type": ["string", "null"]}),
    ("x: State = State.OPEN", {"type": ["string", "null"], "enum": ["open", "done", None]}),
    (
        "x: list[int] | str = 'a'",
        {"anyOf": [{"type": "array", "items": {"type": "integer"}}, {"type": "string"}, {"type": "null"}]},
    ),
    (
        "x: Named",
        {
            "type": "object",
            "properties": {"name": {"type": "string"}, "nick": {"type": ["string", "null"]}},
            "required": ["name", "nick"],
            "additionalProperties": False,
        },
    ),
    ("x: Tree | None = None", {"anyOf": [{"$ref": "#/$defs/Tree"}, {"type": "null"}]}),
]


@pytest.mark.parametrize(("parameters", "expected"), STRICT, ids=[row[0] for row in STRICT])
def test_a_strict_function_requires_everything(parameters: str, expected: dict[str, Any]) -> None:
    """And what has a default may be null."""
    found, errors = read(parameters, strict=True)
    assert errors == []
    assert found is not None
    assert found.parameters["properties"]["x"].items() >= expected.items()
    assert found.parameters["required"] == ["x"]
    assert check_strict(found.parameters) == ()


@pytest.mark.parametrize("annotation", ["dict[str, int]", "dict", "Any", "tuple[str, int]", "list"])
def test_what_the_strict_subset_lacks_is_refused(annotation: str) -> None:
    """With a way on, instead of a schema that the provider refuses."""
    found, errors = read(f"x: {annotation}", strict=True)
    assert found is None
    assert len(errors) == 1


def test_a_default_is_in_the_schema_of_a_function_that_is_not_strict() -> None:
    """As it is written, or by a name of the file; one that is computed makes the argument optional."""
    found, errors = read(
        "a: int = 3, b: int = LIMIT, c: int = g(), *, d: Level = Level.LOW, e: str = Field('x', max_length=2), "
        "f: int = None"
    )
    assert errors == []
    assert found is not None
    assert found.parameters["properties"] == {
        "a": {"type": "integer", "default": 3},
        "b": {"type": "integer", "default": 10},
        "c": {"type": "integer"},
        "d": {"type": "integer", "enum": [1], "default": 1},
        "e": {"type": "string", "maxLength": 2, "default": "x"},
        "f": {"type": ["integer", "null"], "default": None},
    }
    assert "required" not in found.parameters


GOOGLE = """List orders.

    Newest
    first.

    Args:
        a: The first
            of both.
        b (int, optional): The second: with a colon.

    Returns:
        A list.
    """
NUMPY = """List orders.

    Newest first.

    Parameters
    ----------
    a : str
        The first
        of both.
    b : int, optional
        The second: with a colon.

    Returns
    -------
    str
        A list.
    """
SPHINX = """List orders.

    Newest first.

    :param a: The first
        of both.
    :param int b: The second: with a colon.
    :returns: A list.
    """


@pytest.mark.parametrize("doc", [GOOGLE, NUMPY, SPHINX], ids=["google", "numpy", "sphinx"])
def test_docstrings_describe(doc: str) -> None:
    """In three styles; the type that one gives counts where the signature has none."""
    found, errors = read("a: str, b", doc=doc)
    assert errors == []
    assert found is not None
    assert found.description == "List orders.\n\nNewest first."
    assert found.parameters["properties"] == {
        "a": {"description": "The first of both.", "type": "string"},
        "b": {"description": "The second: with a colon.", "type": "integer"},
    }


def test_numpy_s_choices_are_a_type() -> None:
    """As its guide writes them: values in braces."""
    doc = "Do.\n\n    Parameters\n    ----------\n    order : {'up', 'down'}, optional\n        Which way.\n    "
    found, errors = read("order='up'", doc=doc)
    assert errors == []
    assert found is not None
    assert found.parameters["properties"]["order"].items() >= {"enum": ["up", "down"], "default": "up"}.items()


def test_what_is_said_of_a_parameter_goes_before_what_is_said_of_its_class() -> None:
    """The class is described once; the parameter says what this one is for."""
    found, _ = read("old: Order2, new: Order2", doc="Do.\n\n    Args:\n        old: The one to replace.\n    ")
    assert found is not None
    said = {name: one["description"] for name, one in found.parameters["properties"].items()}
    assert said == {"old": "The one to replace.", "new": "An order."}


METHODS = """
class Shop:
    async def find(self, name: str): "Find."
    @classmethod
    def of(cls, name: str): "Make."
    @staticmethod
    def add(name: str): "Add."
"""


@pytest.mark.parametrize("name", ["Shop.find", "Shop.of", "Shop.add"])
def test_a_method_is_told_without_its_first_parameter(name: str) -> None:
    """Which no model gives; a static one has none."""
    found, diagnostics = read_python_function(METHODS, "shop.py", name, strict=True)
    assert diagnostics == ()
    assert found is not None
    assert found.name == name.rpartition(".")[2]
    assert list(found.parameters["properties"]) == ["name"]


def test_the_first_branch_counts() -> None:
    """The one of a condition that a newer Python, or a type checker, takes."""
    source = "if NEW:\n  def f(x: int): 'New.'\nelse:\n  def f(x: str): 'Old.'\n"
    found, _ = read_python_function(source, "tool.py", "f", strict=True)
    assert found is not None
    assert found.description == "New."


def test_nothing_is_run() -> None:
    """Neither what stands at the top, nor what is imported there."""
    source = "import nowhere_at_all\nraise SystemExit\ndef f(x: int = nowhere_at_all.x): 'Do.'\n"
    found, diagnostics = read_python_function(source, "tool.py", "f", strict=False)
    assert diagnostics == ()
    assert found is not None


@pytest.mark.parametrize(
    ("source", "name", "code", "hint"),
    [
        ("def f(:", "f", "not-python", "correct"),
        ("def get_order(): 'x'", "get_oder", "unknown-function", "did you mean `get_order`?"),
        ("from shop import f", "f", "unknown-function", "it comes from `shop.f`"),
    ],
)
def test_a_function_that_is_not_there_is_said(source: str, name: str, code: str, hint: str) -> None:
    """With what to do."""
    found, (problem,) = read_python_function(source, "tool.py", name, strict=True)
    assert found is None
    assert problem.code == code
    assert hint in problem.hint
