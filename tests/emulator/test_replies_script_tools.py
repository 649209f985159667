"""Rules that run code and search files, and what they say where a run asks for JSON."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from asstctl.emulator import RepliesFileError
from asstctl.emulator.code.sandbox import Sandbox
from asstctl.emulator.replies.script import Script
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
from tests.emulator.scripts import replies, write

_CODE = {"type": "code_interpreter"}
_SEARCH = {"type": "file_search"}
_FOUND = (
    Passage("【4:0†guide.md】", "file-1", "guide.md", 0.9, "Use plan.\nThen apply."),
    Passage("【4:1†notes.md】", "file-2", "notes.md", 0.5, "Or do not."),
)


def _asked(text: str, *results: Any, tools: tuple[Any, ...] = (ASK, _CODE, _SEARCH), **rest: Any) -> ReplyRequest:
    rounds = (Round("", results),) if results else ()
    return ReplyRequest("asst_a", "math", "m", None, (Said("user", text),), 1, tools=tools, rounds=rounds, **rest)


_RULES = r"""
rules:
  - user: "solve (.+)"
    say: Let me see.
    code: |
      equation = {{ match.1 }}
      print(equation.split("="))  # {{ user }}
  - user: "find (.+)"
    search: "{{ match.1 }}"
  - user: all
    say: All at once.
    call: {ask_database: {query: x}}
    code: "1"
    search: x
  - tool: code_interpreter
    output: '(?m)^(\d+)$'
    say: "It is {{ output }}, {{ match.1 }}."
  - tool: code_interpreter
    say: "Oh: {{ outputs.code_interpreter }}"
  - tool: file_search
    output: not
    say: "{{ output }}{{ passages.0.marker }} {{ passages.1.text }}{{ passages.1.marker }} ({{ passages.*.filename }})"
  - tool: file_search
    output: .
    search: "{{ passages.0.filename }}"
  - tool: file_search
    say: "Nothing: [{{ output }}]"
"""


@pytest.mark.parametrize(
    ("request_", "parts"),
    [
        (
            _asked("solve 3x=1"),
            [
                TextDelta("Let me see."),
                RunCode("equation = '3x=1'\nprint(equation.split(\"=\"))  # 'solve 3x=1'\n"),
            ],
        ),
        (_asked("find the guide"), [SearchFiles("the guide")]),
        (
            _asked("all"),
            [TextDelta("All at once."), ToolCall("ask_database", '{"query": "x"}'), RunCode("1"), SearchFiles("x")],
        ),
        (_asked("", CodeRan("call_a", "x", "7\n")), [TextDelta("It is 7, 7.")]),
        (_asked("", CodeRan("call_a", "x", "a\n\n", failed=True)), [TextDelta("Oh: a\n")]),
        (
            _asked("", FilesSearched("call_a", "q", _FOUND)),
            [TextDelta("Use plan.\nThen apply.【4:0†guide.md】 Or do not.【4:1†notes.md】 (guide.md, notes.md)")],
        ),
        (_asked("", FilesSearched("call_a", "q", _FOUND[:1])), [SearchFiles("guide.md")]),
        (_asked("", FilesSearched("call_a", "q", ())), [TextDelta("Nothing: []")]),
        (
            _asked("", CallMade("call_a", "ask_database", "{}", "1"), FilesSearched("call_a", "q", ())),
            [TextDelta("Nothing: []")],
        ),
    ],
)
def test_rules_run_code_and_search_files(tmp_path: Path, request_: ReplyRequest, parts: list[Part]) -> None:
    assert replies(tmp_path, _RULES, request_) == parts


@pytest.mark.parametrize(
    "text", ["' + str(1) + '", '" + str(1) + "', "\\", "a\nprint(1)", "{x}", "'''\"\"\"", "周三\u2028"]
)
def test_text_from_outside_is_never_code(tmp_path: Path, text: str) -> None:
    rules = "rules:\n  - code: |\n      x = {{ user }}  # {{ user }}\n      print([x])\n"
    (part,) = replies(tmp_path, rules, _asked(text))
    assert isinstance(part, RunCode)
    assert asyncio.run(_run(part.code)) == f"{[text]}\n"


async def _run(code: str) -> str:
    box = Sandbox()
    try:
        return (await box.run("run_a", code)).logs
    finally:
        await box.aclose()


def test_values_of_every_type_become_literals(tmp_path: Path) -> None:
    rules = "rules:\n  - tool: ask_database\n    code: 'print({{ output.rows }}, {{ output.ok }})'\n"
    output = '{"rows": [{"n": 1.5, "s": "it\'s", "none": null}], "ok": true}'
    (part,) = replies(tmp_path, rules, _asked("", CallMade("call_a", "ask_database", "{}", output)))
    assert part == RunCode("print([{'n': 1.5, 's': \"it's\", 'none': None}], True)")


@pytest.mark.parametrize(
    ("rule", "tools", "said"),
    [
        (
            "code: '1'",
            (_SEARCH,),
            "demo.replies.yaml:2: `code` needs the tool code_interpreter, which this run does not have.",
        ),
        (
            "search: x",
            (_CODE,),
            "demo.replies.yaml:2: `search` needs the tool file_search, which this run does not have.",
        ),
    ],
)
def test_a_tool_that_the_run_lacks_fails_it(tmp_path: Path, rule: str, tools: Any, said: str) -> None:
    with pytest.raises(ReplyFailed) as caught:
        replies(tmp_path, f"rules:\n  - {rule}\n", _asked("hi", tools=tools))
    assert (str(caught.value), caught.value.code) == (said, "invalid_prompt")


_OBJECT = {"type": "json_object"}
_SCHEMA = {"type": "json_schema", "json_schema": {"name": "a", "schema": {"type": "array"}}}


@pytest.mark.parametrize(
    ("say", "wanted", "said"),
    [
        ("plain", _OBJECT, "demo.replies.yaml:2: the run asks for JSON (json_object), but `say` is not JSON: plain"),
        ("plain", _SCHEMA, "demo.replies.yaml:2: the run asks for JSON (json_schema), but `say` is not JSON: plain"),
        ("'[1]'", _OBJECT, "demo.replies.yaml:2: the run asks for a JSON object, but `say` is another value: [1]"),
    ],
)
def test_where_a_run_asks_for_json_anything_else_fails_it(tmp_path: Path, say: str, wanted: Any, said: str) -> None:
    with pytest.raises(ReplyFailed) as caught:
        replies(tmp_path, f"rules:\n  - say: {say}\n", _asked("hi", response_format=wanted))
    assert (str(caught.value), caught.value.code) == (said, "invalid_prompt")


@pytest.mark.parametrize(("say", "wanted"), [('{"a": 1}', _OBJECT), ("[1]", _SCHEMA), ("plain", {"type": "text"})])
def test_json_is_said_as_it_stands(tmp_path: Path, say: str, wanted: Any) -> None:
    assert replies(tmp_path, f"rules:\n  - say: '{say}'\n", _asked("hi", response_format=wanted)) == [TextDelta(say)]


@pytest.mark.parametrize(
    ("request_", "about", "answer"),
    [
        (_asked("", CodeRan("call_a", "x", "7\n")), "the output of code_interpreter", "7"),
        (
            _asked("", FilesSearched("call_a", "q", _FOUND)),
            "the result of a search",
            "Use plan.\nThen apply.【4:0†guide.md】",
        ),
        (_asked("", FilesSearched("call_a", "q", ())), "the result of a search", None),
        (_asked("hi", response_format=_OBJECT), 'turn 1, "hi"', '{"answer": "..."}'),
        (
            _asked("", CodeRan("c", "x", "7\n"), response_format=_SCHEMA),
            "the output of code_inter",
            '{"answer": "..."}',
        ),
    ],
)
def test_what_is_unanswered_fails_with_a_rule_that_answers_it(
    tmp_path: Path, request_: ReplyRequest, about: str, answer: str | None
) -> None:
    with pytest.raises(ReplyFailed) as caught:
        replies(tmp_path, "rules:\n  - {user: never, say: no}\n", request_)
    message, _, rule = str(caught.value).partition("A rule that would:\n")
    assert about in message
    parts = replies(tmp_path, f"rules:\n{rule}\n", replace(request_))
    assert parts == ([TextDelta(answer)] if answer is not None else [])


@pytest.mark.parametrize(
    ("rules", "problem"),
    [
        ("rules:\n  - code: [1]", "2:11 wrong-type `code` must be a text"),
        ("rules:\n  - code: ' '", "2:11 wrong-type `code` is empty (write what is to be done)"),
        ("rules:\n  - search: ''", "2:13 wrong-type `search` is empty (write what is to be done)"),
        ("rules:\n  - cdoe: x\n    say: a", "2:5 unknown-key `cdoe` is not a field of a rule (did you mean `code`?)"),
        ("rules:\n  - code: '{{ usr }}'", "2:11 bad-template `{{ usr }}`: there is no `usr` (did you mean `user`?)"),
        ("rules:\n  - search: '{{ output }}'", "2:13 bad-template `{{ output }}` needs `tool`"),
        (
            "rules:\n  - tool: code_interpreter\n    say: '{{ passages.0.text }}'",
            "3:10 bad-template `{{ passages.0.text }}` needs `tool: file_search`",
        ),
        *(
            (
                f"rules:\n  - code: |\n      {code}",
                "2:11 bad-template `code` has a placeholder in quotes, or is not Python",
            )
            for code in (
                "x = '{{ user }}'",
                'print(f"{ {{ user }} }")',
                "f{{ user }}",
                "'''{{ user }}",
            )
        ),
    ],
)
def test_faults_of_the_new_keys_are_named_with_their_place(tmp_path: Path, rules: str, problem: str) -> None:
    with pytest.raises(RepliesFileError) as caught:
        Script.load(write(tmp_path, rules))
    said = [f"{each.line}:{each.column} {each.code} {each.summary} ({each.hint})" for each in caught.value.problems]
    assert len(said) == 1
    assert said[0].startswith(problem)


def test_code_without_placeholders_may_be_wrong(tmp_path: Path) -> None:
    """A rule may show what the interpreter says to it."""
    assert replies(tmp_path, "rules:\n  - code: 'print((1'\n", _asked("hi")) == [RunCode("print((1")]
