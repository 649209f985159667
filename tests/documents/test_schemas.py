"""JSON Schema: the meta check, the strict subset rule by rule, and instances."""

from typing import Any

import pytest

from asstctl.core.change import ABSENT
from asstctl.documents.schemas import check_schema, misfits
from asstctl.documents.strict_schema import LIMITS, check_strict


def closed(**properties: Any) -> dict[str, Any]:
    """An object that keeps every strict rule."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


@pytest.mark.parametrize(
    "schema, code, path",
    [
        ([], "bad-schema", ()),
        ({"type": "objct"}, "bad-schema", ("type",)),
        ({"properties": {"a": {"minLength": "x"}}}, "bad-schema", ("properties", "a", "minLength")),
        ({"pattern": "("}, "bad-schema", ("pattern",)),
        ({"$ref": "#/$defs/absent"}, "bad-schema", ()),
        ({"$ref": "http://127.0.0.1:9/x.json"}, "remote-ref", ("$ref",)),
        ({"items": {"$ref": "other.json"}}, "remote-ref", ("items", "$ref")),
    ],
)
def test_what_is_not_a_schema_is_found_at_its_path(schema: Any, code: str, path: tuple[str, ...]) -> None:
    assert [(one.code, one.path) for one in check_schema(schema)] == [(code, path)]


def test_a_schema_may_refer_into_itself() -> None:
    schema = {"$defs": {"node": {"properties": {"next": {"$ref": "#/$defs/node"}}}}, "$ref": "#/$defs/node"}

    assert check_schema(schema) == ()


def nested(levels: int) -> dict[str, Any]:
    schema = closed(a={"type": "string"})
    for _ in range(levels - 1):
        schema = closed(a=schema)
    return schema


STRING = {"type": "string"}


@pytest.mark.parametrize(
    "schema, expected",
    [
        (closed(a=STRING, b=closed()), []),
        (closed(a={"anyOf": [STRING, {"type": "null"}]}), []),
        ({"type": "array", "items": STRING}, [("strict-root-object", ())]),
        ({"anyOf": [closed()], **closed()}, [("strict-root-object", ("anyOf",))]),
        ({**closed(a=STRING), "required": []}, [("strict-required", ("required",))]),
        ({"type": "object", "properties": {"a": STRING}, "additionalProperties": False}, [("strict-required", ())]),
        ({**closed(), "required": ["b"]}, [("strict-required", ("required",))]),
        ({"type": "object", "properties": {}}, [("strict-additional-properties", ())]),
        ({**closed(), "additionalProperties": True}, [("strict-additional-properties", ("additionalProperties",))]),
        (
            closed(a={"type": "array", "items": {"type": "object", "properties": {}}}),
            [("strict-additional-properties", ("properties", "a", "items"))],
        ),
        (closed(a={"allOf": [STRING]}), [("strict-keyword", ("properties", "a", "allOf"))]),
        (closed(a={"not": STRING}), [("strict-keyword", ("properties", "a", "not"))]),
        (nested(10), []),
        (nested(11), [("strict-depth", ("properties", "a") * 10)]),
        (nested(13), [("strict-depth", ("properties", "a") * 10)]),
        (closed(a={"enum": ["x"] * 1000}), []),
        (closed(a={"enum": ["x"] * 1001}), [("strict-enum", ())]),
        (closed(a={"enum": ["x" * 61] * 250}), []),
        (closed(a={"enum": ["x" * 61] * 251}), [("strict-enum", ("properties", "a", "enum"))]),
        (closed(**{f"p{i}": STRING for i in range(LIMITS["properties"] + 1)}), [("strict-properties", ())]),
        (closed(**{"x" * 120_001: STRING}), [("strict-size", ())]),
    ],
)
def test_each_strict_rule_has_its_code_and_path(schema: Any, expected: list[Any]) -> None:
    assert check_schema(schema) == ()
    findings = check_strict(schema)

    assert [(one.code, one.path) for one in findings] == expected
    assert all(one.hint for one in findings)


def test_a_missing_property_is_named_with_the_way_to_make_it_optional() -> None:
    schema = {**closed(query=STRING, limit={"type": "integer"}), "required": ["query"]}

    assert check_strict(schema)[0].hint == ('`limit` is missing; require it and allow null: {type: [integer, "null"]}')


MISFITS: list[tuple[dict[str, Any], Any, list[tuple[tuple[str | int, ...], str, Any]]]] = [
    ({"type": "number"}, "1", [((), "number", "1")]),
    ({"type": ["number", "null"]}, "1", [((), "number or null", "1")]),
    ({"items": {"enum": ["a", 1]}}, ["a", "b"], [((1,), 'one of "a", 1', "b")]),
    ({"required": ["a"]}, {}, [(("a",), "present", ABSENT)]),
    ({"properties": {"a": {}}, "additionalProperties": False}, {"b": 1}, [(("b",), "absent", 1)]),
    ({"minimum": 3}, 1, [((), "minimum 3", 1)]),
    ({"$ref": "#/$defs/a~1b", "$defs": {"a/b": {"maxLength": 1}}}, "xx", [((), "maxLength 1", "xx")]),
    ({"type": "object"}, {}, []),
]


@pytest.mark.parametrize("schema, value, found", MISFITS)
def test_a_value_that_does_not_fit_is_told_place_by_place(
    schema: dict[str, Any], value: Any, found: list[tuple[tuple[str | int, ...], str, Any]]
) -> None:
    """With what the schema wants there, in its own words."""
    assert [(one.path, one.expected, one.actual) for one in misfits(schema, value)] == found
