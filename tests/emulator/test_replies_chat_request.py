"""What the chat backend sends: pictures, the server's tools as functions, and what came of them."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from asstctl.emulator.code.sandbox import Sandbox
from asstctl.emulator.replies import chat_request
from asstctl.emulator.replies.chat_request import MODULES, request_body
from asstctl.emulator.replies.values import (
    CallMade,
    CodeRan,
    FilesSearched,
    Image,
    Passage,
    ReplyFailed,
    ReplyRequest,
    Round,
    Said,
)
from tests.emulator.harness import ASK

pytestmark = pytest.mark.anyio

_CODE = {"type": "code_interpreter"}
_SEARCH = {"type": "file_search"}
_CLASH = {"type": "function", "function": {"name": "file_search", "parameters": {}}}


def _asked(*messages: Said, **rest: Any) -> ReplyRequest:
    return ReplyRequest("asst_a", None, "m", None, messages or (Said("user", "hi"),), 1, **rest)


async def test_the_tools_of_the_server_are_offered_as_functions() -> None:
    body = await request_body(_asked(tools=(ASK, _CODE, _SEARCH)), "m")
    functions = [tool["function"] for tool in body["tools"]]
    assert [function["name"] for function in functions] == ["ask_database", "code_interpreter", "file_search"]
    assert [function["parameters"]["required"] for function in functions] == [["query"], ["code"], ["query"]]
    assert "no numpy" in functions[1]["description"]
    assert "marker" in functions[2]["description"]
    assert body["tool_choice"] == "auto"


async def test_the_modules_that_the_model_is_told_of_are_there() -> None:
    box = Sandbox()
    try:
        result = await box.run("run_a", "\n".join(f"import {module}" for module in MODULES.split()))
    finally:
        await box.aclose()
    assert not result.failed, result.logs


async def test_their_names_clash_with_no_function_of_the_user() -> None:
    body = await request_body(_asked(tools=(_CLASH, _SEARCH), tool_choice=_SEARCH), "m")
    assert [tool["function"]["name"] for tool in body["tools"]] == ["file_search", "file_search_"]
    assert body["tool_choice"] == {"type": "function", "function": {"name": "file_search_"}}


async def test_a_run_without_tools_says_nothing_of_them() -> None:
    body = await request_body(_asked(), "m")
    assert body.keys() == {"model", "messages", "temperature", "top_p", "stream", "stream_options"}


async def test_earlier_rounds_are_told_as_calls_with_outputs() -> None:
    found = (
        Passage("【4:0†guide.md】", "file-1", "guide.md", 0.9, "Use plan."),
        Passage("【4:1†notes.md】", "file-2", "notes.md", 0.5, "Or not."),
    )
    rounds = (
        Round("Let me see.", (CodeRan("call_a", "print(1)", "1\n"), CodeRan("call_b", "x = 1", ""))),
        Round("", (FilesSearched("call_c", "how", found), FilesSearched("call_d", "who", ()))),
        Round("", (CallMade("call_e", "ask_database", "{}", "7"),)),
    )
    body = await request_body(_asked(tools=(ASK, _CODE, _SEARCH), rounds=rounds), "m")
    told = body["messages"][1:]
    calls = [call for message in told for call in message.get("tool_calls", ())]
    assert [(call["id"], call["function"]["name"], json.loads(call["function"]["arguments"])) for call in calls] == [
        ("call_a", "code_interpreter", {"code": "print(1)"}),
        ("call_b", "code_interpreter", {"code": "x = 1"}),
        ("call_c", "file_search", {"query": "how"}),
        ("call_d", "file_search", {"query": "who"}),
        ("call_e", "ask_database", {}),
    ]
    assert [message["role"] for message in told] == ["assistant", *["tool"] * 2] * 2 + ["assistant", "tool"]
    assert told[0]["content"] == "Let me see."
    assert {message["tool_call_id"]: message["content"] for message in told if message["role"] == "tool"} == {
        "call_a": "1\n",
        "call_b": "The code printed nothing.",
        "call_c": "Cite a passage by repeating its marker, such as 【4:0†guide.md】, after what it supports.\n\n"
        "【4:0†guide.md】 guide.md\nUse plan.\n\n【4:1†notes.md】 notes.md\nOr not.",
        "call_d": "Nothing was found.",
        "call_e": "7",
    }


async def test_pictures_go_along_as_addresses_or_as_data(tmp_path: Path) -> None:
    picture = tmp_path / "file-1"
    picture.write_bytes(b"\x89PNG")
    local = Image(path=picture, media_type="image/png", detail="low")
    messages = (
        Said("user", "what is this?", (Image(url="https://a.test/b.jpg"), local)),
        Said("user", "", (local,)),
        Said("assistant", "a cat", (local,)),
        Said("user", "sure?"),
    )
    body = await request_body(_asked(*messages), "m")
    encoded = base64.b64encode(picture.read_bytes()).decode()
    data = {"url": f"data:image/png;base64,{encoded}", "detail": "low"}
    assert [message["content"] for message in body["messages"]] == [
        [
            {"type": "text", "text": "what is this?"},
            {"type": "image_url", "image_url": {"url": "https://a.test/b.jpg", "detail": "auto"}},
            {"type": "image_url", "image_url": data},
        ],
        [{"type": "image_url", "image_url": data}],
        "a cat",
        "sure?",
    ]


@pytest.mark.parametrize(
    ("size", "said"),
    [(11, "The pictures of this thread are larger than"), (0, "A picture of this thread cannot be read")],
)
async def test_pictures_that_cannot_go_along_fail_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int, said: str
) -> None:
    monkeypatch.setattr(chat_request, "MAX_IMAGES", 10)
    picture = tmp_path / "file-1"
    if size:
        picture.write_bytes(b"x" * size)
    with pytest.raises(ReplyFailed, match=said) as caught:
        await request_body(_asked(Said("user", "", (Image(path=picture),))), "m")
    assert caught.value.code == "invalid_prompt"
    assert str(tmp_path) not in str(caught.value)
