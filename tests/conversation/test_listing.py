"""Conversations named without being loaded: as they are named once they are."""

from pathlib import Path

import pytest

from asstctl.conversation.reading.listing import Listed, listed
from tests.conversation.reading import TURNS, read

ONE = f"assistant: bot\nname: One\ntags: [a, b]\n{TURNS}"
SEVERAL = """
assistant: bot
tags: [a]
defaults:
  tags: [x]
  matrix: {lang: [en, de], big: [true, 1.5]}
  exclude: [{lang: de, big: true}]
conversations:
  - id: inherits
    turns: [{user: hi, expect: {contains: x}}]
  - id: has-no-matrix
    matrix: null
    exclude: null
    tags: [b, a]
    turns: [{user: hi, expect: {contains: x}}]
  - id: has-its-own
    matrix: {lang: [fr]}
    exclude: null
    turns: [{user: "{{ matrix.lang }}", expect: {contains: x}}]
"""


@pytest.mark.parametrize(
    "text", [ONE, SEVERAL, ONE + "matrix: {size: [a b, c/d]}\n"], ids=["one", "several", "one-with-a-matrix"]
)
def test_a_listed_conversation_is_the_one_that_is_loaded(tmp_path: Path, text: str) -> None:
    """The same ids, lines, names and tags, in the same order."""
    cases, problems = read(tmp_path, text)
    assert problems == []
    assert list(listed(tmp_path / "a.convo.yaml")) == [
        Listed(case.id, case.where.line, case.assistant, case.name, case.tags) for case in cases
    ]


@pytest.mark.parametrize(
    "text, expected",
    [
        ("assistant: [bot", [Listed("a", sound=False)]),
        ("- 1", [Listed("a", sound=False)]),
        ("", [Listed("a")]),
        ("conversations: 1", [Listed("a")]),
        ("assistant: bot\nassistant: bot\n", [Listed("a", assistant="bot", sound=False)]),
        ("conversations:\n  - {}\n  - 1\n", [Listed("conversations[0]", 2), Listed("conversations[1]", 3)]),
        ("id: 1\nmatrix: {a: 1}\nname: 2\ntags: {}", [Listed("a")]),
        ("defaults: 1\nconversations: [{id: b, tags: c}]", [Listed("b", 2, tags=("c",))]),
    ],
    ids=["syntax", "list", "empty", "no-list", "key-twice", "no-ids", "wrong-types", "wrong-defaults"],
)
def test_whatever_a_file_says_something_stands_for_it(tmp_path: Path, text: str, expected: list[Listed]) -> None:
    """`sound` is False where it may hold conversations that nobody can name."""
    (tmp_path / "a.convo.yaml").write_text(text, "utf-8")
    assert list(listed(tmp_path / "a.convo.yaml")) == expected


def test_a_file_that_cannot_be_read_is_listed(tmp_path: Path) -> None:
    assert listed(tmp_path / "a.convo.yaml") == (Listed("a", sound=False),)
