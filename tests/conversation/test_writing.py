"""Conversations that were had, written: what is read back means what was said."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from asstctl.conversation.case import Case, UserFile
from asstctl.conversation.cases import load_cases
from asstctl.conversation.matchers import differences
from asstctl.conversation.signatures import Signature
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
EXCHANGES = st.builds(
    Spoken, TEXTS.filter(bool), TEXTS, st.lists(CALLS, max_size=4).map(tuple)
)


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
