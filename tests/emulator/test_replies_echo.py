"""Echo, forged arguments, the estimate of tokens, and the table of backends."""

import json
from typing import Any

import jsonschema_rs
import pytest

from asstctl.emulator import EmulatorError, UnknownReplies, open_emulator
from asstctl.emulator.replies.forge import forge
from asstctl.emulator.replies.tokens import cut, estimate
from tests.emulator.harness import Api


@pytest.mark.anyio
async def test_echo_says_the_users_texts_since_the_last_reply(api: Api) -> None:
    assistant, thread = await api.assistant(), await api.thread("one")
    assert await api.reply(await api.run(thread["id"], assistant["id"])) == "one"
    for text in ("two", "three"):
        await api.post(f"/threads/{thread['id']}/messages", {"role": "user", "content": text})
    assert await api.reply(await api.run(thread["id"], assistant["id"])) == "two\nthree"


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "properties": {}},
        {"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": False},
        {"type": "object", "properties": {"a": {"type": "integer", "minimum": 5, "multipleOf": 4}}, "required": ["a"]},
        {"properties": {"a": {"type": "number", "exclusiveMinimum": 1, "maximum": 2}}, "required": ["a"]},
        {"properties": {"a": {"type": "integer", "maximum": -3}}, "required": ["a"]},
        {"properties": {"a": {"enum": ["x", "y"]}, "b": {"const": 7}}, "required": ["a", "b"]},
        {"properties": {"a": {"type": "string", "minLength": 20, "maxLength": 21}}, "required": ["a"]},
        {"properties": {"a": {"type": "string", "format": "date"}}, "required": ["a"]},
        {"properties": {"a": {"type": "array", "items": {"type": "boolean"}, "minItems": 2}}, "required": ["a"]},
        {"properties": {"a": {"type": ["null", "integer"]}}, "required": ["a"]},
        {"properties": {"a": {"anyOf": [{"type": "null"}, {"type": "string"}]}}, "required": ["a"]},
        {"properties": {"a": {"oneOf": [{"type": "integer"}, {"type": "string"}]}}, "required": ["a"]},
        {"allOf": [{"properties": {"a": {"type": "null"}}, "required": ["a"]}, {"required": ["b"]}]},
        {"$ref": "#/$defs/thing", "$defs": {"thing": {"type": "object", "required": ["a"]}}},
        {
            "$defs": {"node": {"properties": {"next": {"$ref": "#/$defs/node"}}, "type": "object"}},
            "$ref": "#/$defs/node",
        },
    ],
)
def test_forged_arguments_fit_their_schema(schema: dict[str, Any]) -> None:
    forged = forge(schema, "hello")
    jsonschema_rs.validate(schema, forged)
    assert forge(schema, "hello") == forged


@pytest.mark.anyio
async def test_parameters_that_are_no_schema_fail_the_run_clearly(api: Api) -> None:
    function = {"type": "function", "function": {"name": "f", "parameters": {"properties": 5}}}
    assistant, thread = await api.assistant(tools=[function]), await api.thread("hello")
    run = await api.run(thread["id"], assistant["id"], tool_choice="required")
    assert run["last_error"]["message"] == "No arguments can be made up for 'f': its parameters are no JSON Schema."


@pytest.mark.parametrize(
    ("text", "tokens"), [("", 0), ("abcd", 1), ("abcde", 2), ("你好", 2), ("你好 abc", 3), ("のー", 2)]
)
def test_tokens_are_four_letters_or_one_character(text: str, tokens: int) -> None:
    assert estimate(text) == tokens


@pytest.mark.parametrize("text", ["hello there, world", "你好 there 世界", "abc"])
def test_a_cut_text_is_within_its_budget(text: str) -> None:
    for budget in range(8):
        assert estimate(cut(text, budget)) <= budget
    assert cut(text, 100) == text


@pytest.mark.parametrize(
    ("replies", "text"),
    [
        ("eliza", "there is no reply backend 'eliza'; there are echo, script, chat"),
        ({}, "replies name one backend"),
        ({"echo": None, "script": "a"}, "replies name one backend"),
        ({"script": 7}, "name a file"),
        ({"chat": None}, "need settings"),
        ({"chat": {}}, "need 'base_url'"),
        ({"chat": {"base_url": "http://a", "modles": {}}}, "no setting 'modles'"),
        ({"chat": {"base_url": "http://a", "models": []}}, "'models'"),
        ({"chat": {"base_url": "http://a", "models": {"a": 1}}}, "'models'"),
        ({"chat": {"base_url": "http://a", "timeout": 0}}, "'timeout'"),
        ({"chat": {"base_url": "http://a", "api_key": 1}}, "'api_key'"),
    ],
)
def test_replies_that_do_not_exist_are_refused_by_name(replies: Any, text: str) -> None:
    with pytest.raises(UnknownReplies, match=text) as caught:
        open_emulator(":memory:", replies=replies)
    assert isinstance(caught.value, EmulatorError)


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string", "minLength": 10**12},
        {"type": "array", "minItems": 100, "items": {"$ref": "#"}},
        {
            "type": "object",
            "required": list("abcdefghij"),
            "properties": {name: {"$ref": "#"} for name in "abcdefghij"},
        },
        {"allOf": [{"$ref": "#"}] * 10},
    ],
)
def test_a_schema_that_asks_for_more_than_there_is_gets_a_value_of_bounded_size(schema: dict[str, Any]) -> None:
    assert len(json.dumps(forge(schema))) < 100_000
