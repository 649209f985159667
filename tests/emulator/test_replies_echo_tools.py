"""Echo with the tools of the server and with response formats, asked directly."""

import json
from typing import Any

import pytest

from asstctl.emulator.replies.deltas import MOST, deltas
from asstctl.emulator.replies.echo import Echo
from asstctl.emulator.replies.values import (
    CallMade,
    CodeRan,
    FilesSearched,
    Part,
    Passage,
    ReplyFailed,
    ReplyRequest,
    Round,
    RunCode,
    Said,
    SearchFiles,
    TextDelta,
    ToolCall,
)
from tests.emulator.harness import ASK

pytestmark = pytest.mark.anyio

_CODE = {"type": "code_interpreter"}
_SEARCH = {"type": "file_search"}
_BLOCK = "What is this?\n```python\nprint(1 + 1)\n```\nTell me."
_FOUND = Passage("【4:0†guide.md】", "file-1", "guide.md", 0.9, "# Guide\n\nUse plan.\n\nThen apply.\nThen test.")


def _asked(text: str, *tools: Any, choice: Any = "auto", rounds: tuple[Round, ...] = (), **rest: Any) -> ReplyRequest:
    return ReplyRequest(
        "asst_a", None, "m", None, (Said("user", text),), 1, tools=tools, tool_choice=choice, rounds=rounds, **rest
    )


async def _parts(request: ReplyRequest) -> list[Part]:
    return [part async for part in Echo().reply(request)]


async def _text(request: ReplyRequest) -> str:
    parts = await _parts(request)
    assert all(isinstance(part, TextDelta) for part in parts)
    return "".join(part.text for part in parts if isinstance(part, TextDelta))


@pytest.mark.parametrize(
    ("request_", "call"),
    [
        (_asked(_BLOCK, _CODE), RunCode("print(1 + 1)\n")),
        (_asked("```py\nx\n```", _CODE), RunCode("x\n")),
        (_asked(_BLOCK, _CODE, choice=_CODE), RunCode("print(1 + 1)\n")),
        (_asked("it's", _CODE, choice=_CODE), RunCode('print("it\'s")')),
        (_asked(_BLOCK, _SEARCH, _CODE), RunCode("print(1 + 1)\n")),
        (_asked(_BLOCK, _SEARCH, _CODE, choice=_SEARCH), SearchFiles(_BLOCK)),
        (_asked("how?", _SEARCH), SearchFiles("how?")),
        (_asked("how?", ASK, _SEARCH), SearchFiles("how?")),
        (_asked("x" * 2000, _SEARCH), SearchFiles("x" * 1000)),
        (_asked("how?", _CODE, choice="required"), RunCode("print('how?')")),
        (_asked("how?", _SEARCH, choice="required"), SearchFiles("how?")),
        (_asked(" ", _SEARCH, choice="required"), SearchFiles("text")),
        (_asked("how?", _SEARCH, ASK, choice="required"), ToolCall("ask_database", '{"query": "how?"}')),
    ],
)
async def test_echo_uses_the_tools_of_the_server(request_: ReplyRequest, call: Part) -> None:
    assert await _parts(request_) == [call]


@pytest.mark.parametrize(
    ("request_", "text"),
    [
        (_asked(_BLOCK), _BLOCK),
        (_asked("```\nno python\n```", _CODE), "```\nno python\n```"),
        (_asked("hello", _CODE), "hello"),
        (_asked(" ", _SEARCH), " "),
        (_asked(_BLOCK, _CODE, rounds=(Round("", (CodeRan("call_a", "x", "2\n3\n"),)),)), "2\n3"),
        (_asked(_BLOCK, _CODE, rounds=(Round("", (CodeRan("call_a", "x", ""),)),)), "The code printed nothing."),
        (
            _asked("how?", _SEARCH, rounds=(Round("", (FilesSearched("call_a", "how?", (_FOUND,)),)),)),
            "# Guide\nUse plan.\nThen apply.【4:0†guide.md】",
        ),
        (
            _asked("how?", _SEARCH, rounds=(Round("", (FilesSearched("call_a", "how?", ()),)),)),
            "Nothing was found in the files.\nhow?",
        ),
        (_asked("how?", ASK, _SEARCH, rounds=(Round("", (CallMade("call_a", "f", "{}", "7"),)),)), "7"),
    ],
)
async def test_echo_says_what_came_of_the_tools(request_: ReplyRequest, text: str) -> None:
    assert await _text(request_) == text


_OBJECT = {"type": "json_object"}
_SCHEMA = {
    "type": "json_schema",
    "json_schema": {
        "name": "answer",
        "schema": {
            "type": "object",
            "properties": {"answer": {"type": "string"}, "sure": {"type": "boolean"}, "n": {"type": "integer"}},
            "required": ["answer", "sure", "n"],
        },
    },
}


@pytest.mark.parametrize(
    ("wanted", "value"),
    [
        (_OBJECT, {"text": "你好"}),
        (_SCHEMA, {"answer": "你好", "sure": True, "n": 1}),
        ({"type": "json_schema", "json_schema": {"name": "any"}}, {"text": "你好"}),
    ],
)
async def test_a_response_format_gets_json_that_holds_the_text(wanted: Any, value: Any) -> None:
    said = json.loads(await _text(_asked("你好", response_format=wanted)))
    assert said.keys() == value.keys()
    assert {key: said[key] for key in said if key != "sure"} == {key: value[key] for key in value if key != "sure"}


async def test_a_response_format_that_is_no_schema_fails_the_run() -> None:
    wanted = {"type": "json_schema", "json_schema": {"name": "bad", "schema": {"properties": 5, "type": "object"}}}
    with pytest.raises(ReplyFailed, match="the response format 'bad': it is no JSON Schema"):
        await _text(_asked("hi", response_format=wanted))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "hello there",
        "  two  spaces\n\n",
        "周三有什么课?",
        "x" * 5000,
        "a b " * 5000,
        "see 【4:0†a b.md】 and 【4:1†g.md】.",
        "👩‍👩‍👧 ok",
    ],
)
def test_a_text_goes_out_in_a_few_pieces_that_join_to_it(text: str) -> None:
    pieces = list(deltas(text))
    assert "".join(pieces) == text
    assert len(pieces) <= MOST
    assert all(pieces)


def test_words_and_citations_stay_whole() -> None:
    assert list(deltas("It is so【4:0†guide.md】 there")) == ["It ", "is ", "so", "【4:0†guide.md】", " ", "there"]
