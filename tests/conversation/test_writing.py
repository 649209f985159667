"""Conversations that were had, written: what is read back means what was said."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from asstctl.conversation.case import Case, UserFile
from asstctl.conversation.matchers import differences
from asstctl.conversation.reading.cases import load_cases
from asstctl.conversation.reading.signatures import Signature
from asstctl.conversation.stubs.kind import StubCall
from asstctl.conversation.stubs.rules import pick
from asstctl.conversation.writing import Had, Written, conversation_of
from asstctl.core.diagnostic import Diagnostic, Where
from asstctl.core.json_text import json_text
from asstctl.core.thread import PastCall, Spoken, Tool

ODD = (
    "{{ vars.secret }}",
    "{% if x %}",
    "{{{{%}} {%%}",
    "{{",
    "a\r\nb {{ c\rd",
    "{{\0{ no comment",
    "line one\nline two\n",
    "\n\n  indented {{\n",
    "周三有什么课?",
    "يمين\u202e",
    "12",
    "0x1F",
    "yes",
    "null",
    "~",
    "- a: b",
    "# no comment",
    "'quoted' \"twice\"",
    " trailing ",
    "\t",
    "\x1b[31mred",
    "<<",
    "saved {{ saved.x }}",
    "a" * 2000 + " {{",
)


def read(root: Path, written: Written, **functions: Signature) -> tuple[tuple[Case, ...], tuple[Diagnostic, ...]]:
    """What the file says, once it is one."""
    file = root / "had.convo.yaml"
    file.write_text(written.text, "utf-8", newline="")
    known = {"tutor": functions} if functions else {}
    return load_cases([file], root=root, assistants=["tutor"], functions=known)


def case_of(root: Path, written: Written) -> Case:
    cases, diagnostics = read(root, written)
    assert [one for one in diagnostics if one.code != "no-expectation"] == []
    (case,) = cases
    return case


async def replayed(case: Case, calls: list[PastCall]) -> list[str]:
    """What its stubs answer to these calls, one after the other."""
    answered: dict[int, int] = {}
    outputs = []
    for call in calls:
        arguments = json.loads(call.arguments)
        rule = pick(case.stubs[call.name], arguments)
        assert rule is not None, call
        before = answered.get(id(rule), 0)
        answered[id(rule)] = before + 1
        outputs.append(await rule.answer.answer(StubCall(call.name, arguments, before=before)))
    return outputs


def meant(pattern: Any) -> Any:
    """The value that a written pattern asks for."""
    if isinstance(pattern, dict):
        return pattern["$eq"] if "$eq" in pattern and len(pattern) == 1 else {k: meant(v) for k, v in pattern.items()}
    return [meant(item) for item in pattern] if isinstance(pattern, list) else pattern


def check(root: Path, exchanges: list[Spoken]) -> None:
    """The law: texts, calls, arguments, replies and the outputs of every call are what they were."""
    case = case_of(root, conversation_of("tutor", [Had(one) for one in exchanges]))
    assert [turn.user for turn in case.turns] == [one.user for one in exchanges]
    assert [turn.was or "" for turn in case.turns] == [one.reply for one in exchanges]
    for turn, one in zip(case.turns, exchanges, strict=True):
        assert [call.name for call in turn.calls] == [call.name for call in one.calls]
        for expected, call in zip(turn.calls, one.calls, strict=True):
            arguments = json.loads(call.arguments)
            assert json_text(meant(expected.args)) == json_text(arguments)
            assert list(differences(expected.args, arguments)) == []
    calls = [call for one in exchanges for call in one.calls if call.output is not None]
    assert asyncio.run(replayed(case, calls)) == [call.output for call in calls]


TEXTS = st.one_of(st.sampled_from(ODD), st.text(st.characters(exclude_categories=["Cs"]), max_size=12))
KEYS = st.one_of(st.sampled_from(["query", "$gt", "$eq", "{{ key }}", "", "1", "<<", "a b"]), TEXTS)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=3)),
    max_leaves=6,
)
CALLS = st.builds(
    PastCall,
    st.sampled_from(["ask", "call", "args", "when"]),
    st.dictionaries(KEYS, VALUES, max_size=3).map(json_text),
    st.one_of(TEXTS, VALUES.map(json_text), VALUES.map(lambda value: json.dumps(value, separators=(",", ":")))),
)
EXCHANGES = st.builds(Spoken, TEXTS.filter(bool), TEXTS, st.lists(CALLS, max_size=4).map(tuple))


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(exchanges=st.lists(EXCHANGES, min_size=1, max_size=3))
def test_what_is_read_is_what_was_written(tmp_path: Path, exchanges: list[Spoken]) -> None:
    check(tmp_path, exchanges)


@pytest.mark.parametrize("text", ODD, ids=ascii)
def test_any_text_stands_anywhere(tmp_path: Path, text: str) -> None:
    """As a message, an argument, a key, an output, part of an output and a reply."""
    arguments = json_text({"query": text, "deep": {"$x": text}, f"key {text}": [text]})
    outputs = (text, json_text({"found": [text]}))
    calls = tuple(PastCall("ask", json_text({"n": n, **json.loads(arguments)}), one) for n, one in enumerate(outputs))
    check(tmp_path, [Spoken(text, text, calls)])


ORDER = {"type": "object", "properties": {"id": {"type": "string"}}, "additionalProperties": False}


def one(*calls: PastCall, user: str | None = "hi", reply: str = "", images: int = 0, files: int = 0) -> Had:
    return Had(Spoken(user, reply, calls, images, files))


def call(arguments: str, output: str | None = "ok", name: str = "ask") -> PastCall:
    return PastCall(name, arguments, output)


@pytest.mark.parametrize(
    "made, written",
    [
        pytest.param([('{"a": 1}', "x")], {"return": "x"}, id="one output needs no rule"),
        pytest.param([('{"a": 1}', "x"), ('{"a": 2}', "x")], {"return": "x"}, id="nor does the same for all"),
        pytest.param(
            [('{"a": 1}', "x"), ('{"a": 2}', "y")],
            [{"when": {"a": 1}, "return": "x"}, {"when": {"a": 2}, "return": "y"}],
            id="arguments tell outputs apart",
        ),
        pytest.param(
            [("{}", "x"), ('{"a": 1}', "y"), ('{"a": 1, "b": 2}', "z"), ('{"c": 1}', "c")],
            [
                {"when": {"a": 1, "b": 2}, "return": "z"},
                {"when": {"a": 1}, "return": "y"},
                {"when": {"c": 1}, "return": "c"},
                {"return": "x"},
            ],
            id="what asks for more stands before what asks for less",
        ),
        pytest.param(
            [('{"a": 1}', "x"), ('{"a": 2}', "b"), ('{"a": 1.0}', "y"), ('{"a": 1}', "x")],
            [
                {"when": {"a": 1}, "sequence": [{"return": "x"}, {"return": "y"}, {"return": "x"}]},
                {"when": {"a": 2}, "return": "b"},
            ],
            id="the same arguments answer in turn",
        ),
        pytest.param([("{}", '{"n": [1, null]}')], {"return": {"n": [1, None]}}, id="JSON as values"),
        pytest.param([("{}", '{"n":1}')], {"return": '{"n":1}'}, id="JSON of another form as its text"),
        pytest.param([("{}", "null")], {"return": None}, id="null"),
        pytest.param([("{}", '"text"')], {"return": '"text"'}, id="a JSON text as its text"),
        pytest.param(
            [('{"$gt": 1}', "x"), ('{"a": {"$b": 1}}', "y")],
            [
                {"when": {"$eq": {"$gt": 1}}, "return": "x"},
                {"when": {"a": {"$eq": {"$b": 1}}}, "return": "y"},
            ],
            id="keys that look like matchers",
        ),
    ],
)
def test_outputs_become_stubs(made: list[tuple[str, str]], written: object) -> None:
    calls = (call(arguments, output) for arguments, output in made)

    assert conversation_of("tutor", [one(*calls)]).conversation["stubs"] == {"ask": written}


@pytest.mark.parametrize(
    "had, turns, note",
    [
        (one(images=1, files=2), [{"user": "hi"}], "turn 1: 1 image of its message not brought"),
        (one(user="", images=1), [], "turn 1 is left out: without its files it says nothing"),
        (one(call("{}", name="gone")), [{"user": "hi"}], "turn 1: `gone` was called, which the assistant no longer"),
        (one(call("[1]")), [{"user": "hi", "calls": [{"call": "ask"}]}], "arguments that are no JSON object"),
        (
            one(call('{"id": 1, "other": 2}')),
            [{"user": "hi", "calls": [{"ask": {}}]}],
            "`id`, `other` of `ask` left out",
        ),
        (
            one(call(f'{{"id": {10**301}}}')),
            [{"user": "hi", "calls": [{"ask": {}}]}],
            "`id` of `ask` left out: no file can say them",
        ),
        (one(reply="half \ud800"), [{"user": "hi", "was": "half \ufffd"}], "a text held half a character"),
    ],
)
def test_what_cannot_be_brought_is_said(tmp_path: Path, had: Had, turns: list[object], note: str) -> None:
    """And the rest is a file without an error."""
    written = conversation_of("tutor", [had], {"ask": Signature(ORDER)})

    assert written.conversation["turns"] == turns
    assert written.turns == len(turns)
    assert note in "; ".join(written.notes)
    if turns:
        cases, diagnostics = read(tmp_path, written, ask=Signature(ORDER))
        assert [found.code for found in diagnostics if found.code != "no-expectation"] == []
        assert len(cases) == 1


def test_nothing_is_said_where_all_was_brought() -> None:
    assert conversation_of("tutor", [one(call("{}"), reply="fine")]).notes == ()


def test_what_stood_in_the_thread_before_is_a_message_of_it(tmp_path: Path) -> None:
    written = conversation_of("tutor", [one(user=None, reply="Welcome {{ you }}"), one(reply="fine")])

    case = case_of(tmp_path, written)

    assert [(message.role, message.text) for message in case.messages] == [("assistant", "Welcome {{ you }}")]
    assert [turn.user for turn in case.turns] == ["hi"]


def test_an_assistant_that_began_with_a_call_waits_for_nobody(tmp_path: Path) -> None:
    case = case_of(tmp_path, conversation_of("tutor", [one(call("{}"), user=None, reply="fine"), one()]))

    assert [(turn.user, len(turn.calls)) for turn in case.turns] == [(None, 1), ("hi", 0)]


def test_files_stand_in_their_turn(tmp_path: Path) -> None:
    """By their paths in the project, each for what it was sent for."""
    for name in ("a.png", "b {{.csv", "c.md"):
        (tmp_path / name).write_text("x", "utf-8")
    nowhere = Where("")
    files = (
        UserFile("a.png", nowhere, path=tmp_path / "a.png", detail="low"),
        UserFile("https://x.test/{{.png", nowhere, url="https://x.test/{{.png"),
        UserFile("b {{.csv", nowhere, path=tmp_path / "b {{.csv", tools=(Tool.CODE_INTERPRETER,)),
        UserFile("c.md", nowhere, path=tmp_path / "c.md", tools=(Tool.FILE_SEARCH, Tool.CODE_INTERPRETER)),
    )

    case = case_of(tmp_path, conversation_of("tutor", [Had(Spoken("look {{"), files), Had(Spoken(""), files[:1])]))

    assert [turn.user for turn in case.turns] == ["look {{", ""]
    found = [(file.shown, file.url, file.tools, file.detail) for file in case.turns[0].files]
    assert found == [(file.shown, file.url, file.tools, file.detail) for file in files]
