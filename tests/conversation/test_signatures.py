"""Expected calls, patterns of stubs and their answers, held against the schemas of functions."""

from pathlib import Path
from typing import Any

import pytest

from asstctl.conversation.reading.signatures import Signature, unfit_answer, unfit_arguments
from tests.conversation.reading import REFUND, TURNS, read

SCHEMA = {
    **REFUND,
    "properties": {
        **REFUND["properties"],
        "either": {"anyOf": [{"type": "string"}, {"type": "integer", "minimum": 1}]},
        "all": {"allOf": [{"type": "object", "properties": {"a": {"type": "string"}}}]},
        "open": {"type": "object", "additionalProperties": {"type": "integer"}},
        "pair": {"type": "array", "prefixItems": [{"type": "string"}], "items": {"type": "integer"}},
        "hidden": {"not": {"type": "string"}},
        "any": True,
    },
}

FITS: list[Any] = [
    {},
    {"amount": 41},
    {"amount": {"$gte": 41}, "order_id": {"$regex": "A-.*"}, "currency": {"$in": ["EUR"]}},
    {"lines": [{"sku": "A"}]},
    {"lines": {"$contains": "A"}},
    {"lines": {"$each": {"quantity": 1}}},
    {"note": None},
    {"note": {"$type": "null"}},
    {"amount": {"$type": "integer"}},
    {"either": "a"},
    {"either": 2},
    {"all": {"a": "x", "b": 1}},
    {"open": {"x": 1}},
    {"pair": ["a", 1, 2]},
    {"hidden": "x"},
    {"any": {"x": [1]}},
    {"surplus": {"$absent": True}},
    {"amount": {"$not": 3}},
]


@pytest.mark.parametrize("pattern", FITS)
def test_a_pattern_that_a_call_can_fit_is_left_alone(pattern: Any) -> None:
    """What it leaves out, required arguments too, is not missed."""
    assert list(unfit_arguments(pattern, SCHEMA)) == []


UNFIT: list[tuple[Any, tuple[str | int, ...], str]] = [
    ({"amont": 1}, ("amont",), "did you mean `amount`?"),
    ({"amount": "41"}, ("amount",), "expected number"),
    ({"amount": -1}, ("amount",), "expected minimum 0"),
    ({"amount": {"$eq": "41"}}, ("amount", "$eq"), "expected number"),
    ({"amount": {"$gte": "41"}}, ("amount", "$gte"), "compares with text"),
    ({"order_id": {"$lt": 1}}, ("order_id", "$lt"), "compares with a number"),
    ({"amount": {"$regex": "4"}}, ("amount", "$regex"), "is about text"),
    ({"amount": {"$contains": 4}}, ("amount", "$contains"), "text and lists"),
    ({"amount": {"$each": 4}}, ("amount", "$each"), "is about lists"),
    ({"order_id": {"$type": "integer"}}, ("order_id", "$type"), "can never hold"),
    ({"currency": "GBP"}, ("currency",), "one of"),
    ({"currency": {"$in": ["EUR", "GBP"]}}, ("currency", "$in", 1), "one of"),
    ({"lines": {"sku": "A"}}, ("lines",), "expected array"),
    ({"lines": [{"sku": 1}]}, ("lines", 0, "sku"), "expected string"),
    ({"lines": [{"ksu": "A"}]}, ("lines", 0, "ksu"), "not a key of `lines[0]`"),
    ({"lines": {"$each": {"sku": 1}}}, ("lines", "$each", "sku"), "expected string"),
    ({"either": 0}, ("either",), "expected"),
    ({"all": {"a": 1}}, ("all", "a"), "expected string"),
    ({"open": {"x": "a"}}, ("open", "x"), "expected integer"),
    ({"pair": [1]}, ("pair", 0), "expected string"),
    ({"pair": ["a", "b"]}, ("pair", 1), "expected integer"),
]


@pytest.mark.parametrize("pattern, path, told", UNFIT)
def test_a_pattern_that_no_call_can_fit_is_found(pattern: Any, path: tuple[str | int, ...], told: str) -> None:
    """At its place, with what the schema wants."""
    (unfit,) = unfit_arguments(pattern, SCHEMA)

    assert unfit.path == path
    assert told in f"{unfit.summary} {unfit.hint}"


def test_a_function_without_arguments_says_so() -> None:
    (unfit,) = unfit_arguments({"a": 1}, {"type": "object", "properties": {}, "additionalProperties": False})

    assert unfit.hint == "it takes none; remove it"


ANSWERS: list[tuple[Any, Any, list[str]]] = [
    ({"id": "R"}, {"type": "object", "required": ["id"]}, []),
    ({"no": "R"}, {"type": "object", "required": ["id"]}, ["`id`: expected present, got nothing"]),
    ('{"id": "R"}', {"type": "object", "required": ["id"]}, []),
    ("plain", {"type": "string"}, []),
    ("12", {"type": "string"}, []),
    ("12", {"type": "integer"}, []),
    ("plain", {"type": "integer"}, ['expected integer, got "plain"']),
]


@pytest.mark.parametrize("answer, returns, expected", ANSWERS)
def test_an_answer_is_held_against_returns(answer: Any, returns: Any, expected: list[str]) -> None:
    """A text may be the value, or the JSON that it is written in."""
    found = [unfit.summary for unfit in unfit_answer(answer, returns)]

    assert found == [f"the answer is not what `returns` says: {one}" for one in expected]


IN_FILES: list[tuple[str, list[tuple[str, str]]]] = [
    ("turns: [{calls: [refund: {amont: 1}]}]", [("2:27", "unfit-argument")]),
    ("turns: [{calls: [{call: refund, args: {amount: x}}]}]", [("2:48", "unfit-argument")]),
    ("turns: [{calls: [{call: refund, defaults: {amount: x}}]}]", [("2:52", "unfit-argument")]),
    ("turns: [{calls: [{call: refund, ignore: [note, nte]}]}]", [("2:48", "unfit-argument")]),
    ("turns: [{calls: [{call: refund, match: exact, args: {amount: 1}}]}]", [("2:53", "unfit-argument")]),
    ("turns: [{calls: [{call: refund, match: exact, args: {amount: 1}, ignore: [order_id]}]}]", []),
    ("turns: [{calls: [{call: refund, match: exact, args: {amount: 1}, defaults: {order_id: x}}]}]", []),
    ("finally: {calls: [refund: {amont: 1}]}\n" + TURNS, [("2:28", "unfit-argument")]),
    ("stubs: {refund: {when: {amount: x}, return: {id: a}}}\n" + TURNS, [("2:33", "unfit-argument")]),
    ("stubs: {refund: {return: {id: 1}}}\n" + TURNS, [("2:31", "unfit-answer")]),
    ("stubs: {refund: [{sequence: [{return: {id: a}}, {return: {id: 1}}]}]}\n" + TURNS, [("2:63", "unfit-answer")]),
    ("stubs: {refund: {fault: malformed}}\n" + TURNS, []),
    ("use: [x.stubs.yaml]\n" + TURNS, [("1:31", "unfit-answer")]),
]


@pytest.mark.parametrize("text, expected", IN_FILES)
def test_what_does_not_fit_is_said_at_its_place(tmp_path: Path, text: str, expected: list[tuple[str, str]]) -> None:
    shared = {"x.stubs.yaml": "stubs: {refund: {return: {id: 1}}}\n"}
    _, diagnostics = read(tmp_path, "assistant: bot\n" + text, shared)

    assert [(f"{d.where.line}:{d.where.column}", d.code) for d in diagnostics if d.where] == expected


def test_a_text_that_is_known_later_is_not_held_against_a_schema(tmp_path: Path) -> None:
    text = (
        "assistant: bot\nstubs: {refund: {return: '{{ saved.r }}'}}\n"
        "turns: [{user: a, save: {r: reply}}, {user: b, calls: [refund: {amount: '{{ saved.r }}'}]}]"
    )
    cases, diagnostics = read(tmp_path, text)

    assert (len(cases), diagnostics) == (1, [])


def test_a_filled_stub_is_held_against_it_too(tmp_path: Path) -> None:
    text = "assistant: bot\nvars: {n: 5}\nstubs: {refund: {return: {id: '{{ vars.n }}'}}}\n" + TURNS
    _, (problem,) = read(tmp_path, text)

    assert (str(problem.where), problem.code) == ("a.convo.yaml:3:31", "unfit-answer")


def test_names_alone_are_enough(tmp_path: Path) -> None:
    """Of a function without a schema everything is taken."""
    text = "assistant: bot\nturns: [{calls: [f: {anything: 1}]}]"

    assert read(tmp_path, text, functions={"bot": {"f": Signature()}})[1] == []
