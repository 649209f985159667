"""Coverage counts what is declared and what happened, and nothing that did not."""

import json
from collections.abc import Mapping

import pytest

from asstctl.conversation.coverage import MOST, Declared, coverage
from asstctl.core.conversation import CallMade, CaseResult, Status, TurnResult
from asstctl.core.coverage import Coverage, Subject
from asstctl.core.diagnostic import Where
from asstctl.core.json_types import Json, JsonObject
from asstctl.core.thread import Citation, CodeRun, Passage

PLACE = Where("a.convo.yaml")
ORDER: JsonObject = {
    "type": "object",
    "properties": {
        "id": {"type": "string"},
        "state": {"enum": ["open", "shut"]},
        "lines": {
            "type": "array",
            "items": {"type": "object", "properties": {"sku": {}, "unit": {"enum": ["kg", 1, None]}}},
        },
        "tags": {"type": "array", "items": {"enum": ["new", "old"]}},
    },
}


def call(name: str, arguments: Json) -> CallMade:
    return CallMade(name, arguments if isinstance(arguments, str) else json.dumps(arguments))


def case(*turns: TurnResult, assistant: str = "shop", repeats: tuple[CaseResult, ...] = ()) -> CaseResult:
    return CaseResult(assistant, "c", PLACE, turns, repeats=repeats)


def turn(*calls: CallMade, reply: str = "", status: Status = Status.PASSED) -> TurnResult:
    return TurnResult(1, status, calls=calls, reply=reply)


def named(found: Coverage, *, exercised: bool = True) -> list[str]:
    return [f"{item.subject} {item.name}" for item in found.items if bool(item.conversations) is exercised]


SHOP = Declared("shop", {"order": ORDER})


def test_everything_that_is_declared_is_an_item() -> None:
    """In the order of the files, values and parameters by their paths."""
    found = coverage([Declared("shop", {"order": ORDER}, ("docs/a.md", "data/b.csv"))], [])

    assert named(found, exercised=False) == [
        "assistant shop",
        "function order",
        "parameter order.id",
        "parameter order.state",
        "enum order.state.open",
        "enum order.state.shut",
        "parameter order.lines",
        "parameter order.lines[].sku",
        "parameter order.lines[].unit",
        "enum order.lines[].unit.kg",
        "enum order.lines[].unit.1",
        "enum order.lines[].unit.null",
        "parameter order.tags",
        "enum order.tags[].new",
        "enum order.tags[].old",
        "file docs/a.md",
        "file data/b.csv",
    ]
    assert (found.exercised, found.percentage) == (0, 0.0)


@pytest.mark.parametrize(
    "schema, names",
    [
        ({}, []),
        ({"properties": {"a": {"const": "x"}}}, ["parameter f.a", "enum f.a.x"]),
        (
            {"properties": {"a": {"anyOf": [{"enum": ["x"]}, {"type": "null"}, {"properties": {"b": {}}}]}}},
            ["parameter f.a", "enum f.a.x", "parameter f.a.b"],
        ),
        ({"allOf": [{"properties": {"a": {}}}, {"properties": {"a": {}}}]}, ["parameter f.a"]),
        (
            {"properties": {"a": {"$ref": "#/$defs/A~1B"}}, "$defs": {"A/B": {"enum": ["x"]}}},
            ["parameter f.a", "enum f.a.x"],
        ),
        ({"properties": {"a": {"$ref": "https://x"}, "b": {"$ref": "#/none"}}}, ["parameter f.a", "parameter f.b"]),
        (
            {"properties": {"a": {"$ref": "#/$defs/N"}}, "$defs": {"N": {"properties": {"n": {"$ref": "#/$defs/N"}}}}},
            ["parameter f.a", "parameter f.a.n"],
        ),
        ({"properties": {"a": {"prefixItems": [{"enum": ["x"]}], "items": {"enum": ["y"]}}}}, None),
        ({"properties": {"a": {"items": [{"enum": ["x"]}, {"enum": ["y"]}]}}}, None),
    ],
)
def test_a_schema_is_followed_wherever_it_leads(schema: JsonObject, names: list[str] | None) -> None:
    expected = ["parameter f.a", "enum f.a[].x", "enum f.a[].y"] if names is None else names

    assert named(coverage([Declared("s", {"f": schema})], []), exercised=False)[2:] == expected


def test_a_schema_that_unfolds_without_end_is_cut_off() -> None:
    names = [f"d{number}" for number in range(12)]
    all_of_them = {"properties": {name: {"$ref": f"#/$defs/{name}"} for name in names}}

    found = coverage([Declared("s", {"f": {**all_of_them, "$defs": dict.fromkeys(names, all_of_them)}})], [])

    assert len(found.items) <= MOST + 2


@pytest.mark.parametrize(
    "arguments, names",
    [
        ({}, []),
        ("not JSON", []),
        ("[1]", []),
        ({"id": "A"}, ["parameter order.id"]),
        ({"id": None}, ["parameter order.id"]),
        ({"state": "open"}, ["parameter order.state", "enum order.state.open"]),
        ({"state": "broken"}, ["parameter order.state"]),
        ({"unheard_of": 1}, []),
        (
            {"lines": [{"unit": 1.0}, {"unit": None, "sku": "x"}]},
            [
                "parameter order.lines",
                "parameter order.lines[].sku",
                "parameter order.lines[].unit",
                "enum order.lines[].unit.1",
                "enum order.lines[].unit.null",
            ],
        ),
        ({"lines": [{"unit": True}]}, ["parameter order.lines", "parameter order.lines[].unit"]),
        ({"lines": []}, ["parameter order.lines"]),
        ({"tags": ["old", "new"]}, ["parameter order.tags", "enum order.tags[].new", "enum order.tags[].old"]),
    ],
)
def test_a_call_exercises_what_it_gives_a_value(arguments: Json, names: list[str]) -> None:
    found = coverage([SHOP], [case(turn(call("order", arguments)))])

    assert named(found) == ["function order", *names]


@pytest.mark.parametrize("status", [Status.FAILED, Status.ERROR, Status.STALE])
def test_what_happened_counts_however_it_ended(status: Status) -> None:
    found = coverage([SHOP], [case(turn(call("order", {"id": "x"}), status=status))])

    assert named(found) == ["function order", "parameter order.id"]


@pytest.mark.parametrize("status", [Status.NOT_RUN, Status.SKIPPED, Status.MISSING])
def test_what_did_not_happen_counts_for_nothing(status: Status) -> None:
    assert named(coverage([SHOP], [case(turn(status=status)), case()])) == []


def test_a_reply_exercises_the_assistant() -> None:
    assert named(coverage([SHOP], [case(turn(reply="hello"))])) == ["assistant shop"]


def test_assistants_do_not_count_for_each_other() -> None:
    other = case(turn(call("order", {"id": "x"}), reply="hi"), assistant="other")

    assert named(coverage([SHOP], [other])) == []


def test_a_conversation_counts_once_however_often_it_was_played() -> None:
    playing = case(turn(call("order", {"id": "x"}), call("order", {"id": "y"})))
    later = case(turn(call("order", {"state": "shut"})))
    found = coverage([SHOP], [case(*playing.turns, repeats=(playing, later)), playing])

    counted = {item.name: item.conversations for item in found.items if item.conversations}
    assert counted == {"order": 2, "order.id": 2, "order.state": 1, "order.state.shut": 1}


@pytest.mark.parametrize(
    "happened, exercised",
    [
        (TurnResult(1, Status.PASSED, citations=(Citation("prices.md"),)), ["docs/prices.md"]),
        (TurnResult(1, Status.PASSED, passages=(Passage("docs/prices.md", 0.5),)), ["docs/prices.md"]),
        (TurnResult(1, Status.PASSED, citations=(Citation("file-abc"),)), []),
        (TurnResult(1, Status.PASSED, code=(CodeRun("open('/mnt/data/sales.csv')"),)), ["data/sales.csv"]),
    ],
)
def test_a_file_is_exercised_by_whoever_names_it(happened: TurnResult, exercised: list[str]) -> None:
    """As its provider knows it, which is without its folder."""
    declared = Declared("shop", files=("docs/prices.md", "data/sales.csv"))

    assert named(coverage([declared], [case(happened)])) == [f"file {name}" for name in exercised]


@pytest.mark.parametrize("minimum, enough", [(None, True), (50, True), (50.1, False), (0, True)])
def test_a_minimum_is_reached_or_not(minimum: float | None, enough: bool) -> None:
    found = coverage([Declared("s", {"f": {}})], [case(turn(call("f", {})), assistant="s")], minimum)

    assert (found.percentage, found.enough) == (50.0, enough)


def test_each_item_says_where_it_is_declared() -> None:
    wheres: Mapping[Subject, Where] = {Subject.ASSISTANT: Where("s.yaml", 1), Subject.FUNCTION: Where("s.yaml", 5)}
    found = coverage([Declared("s", {"f": {}}, ("a.md",), wheres)], [])

    assert [item.where and item.where.line for item in found.items] == [1, 5, 1]
