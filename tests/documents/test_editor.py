"""The editor of YAML: the value that was meant changes, and every other character stays."""

import difflib
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asstctl.core.change import ABSENT, Absent
from asstctl.core.json_types import Json
from asstctl.documents.editor import CannotPlace, edited, number_of
from asstctl.documents.yaml import parse_yaml
from asstctl.documents.yaml_writing import inline

TEXT = """\
# a school
kind: assistant   # what it is
name: Guagua
model: "{{ vars.model }}"
instructions: |
  one
  two

# about tools
tools:
  # the interpreter
  - type: code_interpreter
    except: [prod]   # not there
  - type: function
    function:
      name: ask  # its name
      parameters: {type: object, properties: {q: {type: string}}, required: [q]}
temperature: 0.2 # cold
metadata:
  lang: 'zh'
  # inner
  team: x
targets:
  prod: {metadata: {stage: production}}
"""


def changed(text: str, path: tuple[str | int, ...], value: Json | Absent, **options: Any) -> list[str]:
    """The lines that an edit takes away and brings."""
    found = difflib.unified_diff(
        text.split("\n"), edited(text, 0, path, value, **options).split("\n"), n=0, lineterm=""
    )
    return [line for line in list(found)[2:] if not line.startswith("@@")]


@pytest.mark.parametrize(
    ("path", "value", "lines"),
    [
        (("name",), "Gua Gua", ["-name: Guagua", "+name: Gua Gua"]),
        (("name",), "no", ["-name: Guagua", '+name: "no"']),
        (("name",), "1e3", ["-name: Guagua", '+name: "1e3"']),
        (("name",), "null", ["-name: Guagua", '+name: "null"']),
        (("name",), "a: b", ["-name: Guagua", '+name: "a: b"']),
        (("name",), "a #b", ["-name: Guagua", '+name: "a #b"']),
        (("name",), "---", ["-name: Guagua", '+name: "---"']),
        (("name",), "tab\there ", ["-name: Guagua", '+name: "tab\\there "']),
        (("name",), "\x1b[31m\u2028\r", ["-name: Guagua", '+name: "\\e[31m\\L\\r"']),
        (("name",), None, ["-name: Guagua", "+name: null"]),
        (("name",), "瓜瓜😀", ["-name: Guagua", "+name: 瓜瓜😀"]),
        (("name",), "", ["-name: Guagua", '+name: ""']),
        (("model",), "gpt-4o", ['-model: "{{ vars.model }}"', '+model: "gpt-4o"']),
        (("metadata", "lang"), "it's", ["-  lang: 'zh'", "+  lang: 'it''s'"]),
        (("temperature",), 1, ["-temperature: 0.2 # cold", "+temperature: 1 # cold"]),
        (("temperature",), 1e-7, ["-temperature: 0.2 # cold", "+temperature: 1e-07 # cold"]),
        (("temperature",), True, ["-temperature: 0.2 # cold", "+temperature: true # cold"]),
        (("instructions",), "one\n2\n", ["-  two", "+  2"]),
        (("instructions",), "one\ntwo", ["-instructions: |", "+instructions: |-"]),
        (("instructions",), "one\n  in\t \ntwo\n", ["+    in\t "]),
        (("instructions",), "a", ["-instructions: |", "-  one", "-  two", "+instructions: a"]),
        (("metadata", "team"), ABSENT, ["-  team: x"]),
        (("metadata", "more"), "y\nz", ["+  more: |-", "+    y", "+    z"]),
        (("temperature",), ABSENT, ["-temperature: 0.2 # cold"]),
        (
            ("targets", "prod", "metadata", "m"),
            "1",
            [
                "-  prod: {metadata: {stage: production}}",
                '+  prod: {metadata: {stage: production, m: "1"}}',
            ],
        ),
        (("extensions", "openai", "x"), [1], ["+extensions:", "+  openai:", "+    x:", "+      - 1"]),
        (("tools", 0, "only"), ["a"], ["+    only:", "+      - a"]),
        (
            ("tools",),
            [],
            [
                "-tools:",
                "+tools: []",
                "-  - type: code_interpreter",
                "-    except: [prod]   # not there",
                "-  - type: function",
                "-    function:",
                "-      name: ask  # its name",
                "-      parameters: {type: object, properties: {q: {type: string}}, required: [q]}",
            ],
        ),
    ],
)
def test_the_smallest_edit(path: tuple[str | int, ...], value: Json | Absent, lines: list[str]) -> None:
    """An edit takes away and brings these lines, and no others."""
    assert changed(TEXT, path, value) == lines


def test_items_of_a_list_are_known_again_by_their_names() -> None:
    """A tool that comes, one that goes and one that changes are three edits of their own lines."""
    tools = [
        {"type": "file_search"},
        {"type": "function", "function": {"name": "ask", "parameters": {"type": "object"}}},
    ]
    assert changed(TEXT, ("tools",), tools) == [
        "-  - type: code_interpreter",
        "-    except: [prod]   # not there",
        "+  - type: file_search",
        "-      parameters: {type: object, properties: {q: {type: string}}, required: [q]}",
        "+      parameters: {type: object}",
    ]


def test_a_new_key_stands_where_its_order_says() -> None:
    """A field that was not declared goes behind those that usually come before it."""
    order = ("name", "model", "temperature", "top_p", "metadata", "targets")
    text = edited(TEXT, 0, ("top_p",), 0.5, order=order)
    assert "temperature: 0.2 # cold\ntop_p: 0.5\nmetadata:" in text


@pytest.mark.parametrize(
    ("text", "path", "value", "expected"),
    [
        ("a: 1\r\nb: |\r\n  x\r\n", ("b",), "y\nz\n", "a: 1\r\nb: |\r\n  y\r\n  z\r\n"),
        ("a: 1\r\n", ("c",), "x\ny\n", "a: 1\r\nc: |\r\n  x\r\n  y\r\n"),
        ("a: 1", ("b",), 2, "a: 1\nb: 2"),
        ("a: 1\nb: 2", ("b",), ABSENT, "a: 1"),
        ("a: &x {k: 1}\n", ("a", "k"), 2, "a: &x {k: 2}\n"),
        ("a: &x old # c\n", ("a",), "new", "a: &x new # c\n"),
        ("a: &x old\nb: *x\n", ("b",), "new", "a: &x old\nb: new\n"),
        ("a:\nb: 1\n", ("a",), "x", "a: x\nb: 1\n"),
        ("a: # why\nb: 1\n", ("a",), "x", "a: x # why\nb: 1\n"),
        ("a: [1, 2, 3]\n", ("a",), [1, 3], "a: [1, 3]\n"),
        ("a: [1, 2]\n", ("a",), [1, 2, 4], "a: [1, 2, 4]\n"),
        ("a: []\n", ("a",), [1], "a: [1]\n"),
        ("a: []\n", ("a",), [{"b": 1}], "a:\n  - b: 1\n"),
        ("a: {}\n", ("a", "k"), 1, "a: {k: 1}\n"),
        ("a:\n- 1\n- 2\n", ("a",), [1, 2, 3], "a:\n- 1\n- 2\n- 3\n"),
        ("a:\n- 1 # one\n- 2\n", ("a",), [2], "a:\n- 2\n"),
        ("a:\n    b: 1\n    c: 2\n", ("a", "d"), 3, "a:\n    b: 1\n    c: 2\n    d: 3\n"),
        ("a: >\n  folded\n  text\n", ("a",), "x\ny\n", "a: |\n  x\n  y\n"),
        ("a: | # why\n  x\n", ("a",), "y\nz\n", "a: | # why\n  y\n  z\n"),
        ('{"a": 1, "b": [1]}\n', ("b",), [1, "x"], '{"a": 1, "b": [1, "x"]}\n'),
        ('{\n  "a": 1\n}\n', ("b",), None, '{\n  "a": 1,\n  "b": null\n}\n'),
        ("a: 'x'\n", ("a",), "two\nlines", "a: |-\n  two\n  lines\n"),
    ],
)
def test_every_way_of_writing_is_kept(
    text: str, path: tuple[str | int, ...], value: Json | Absent, expected: str
) -> None:
    """Line ends, anchors, indentation, comments and flow style are those that were there."""
    assert edited(text, 0, path, value) == expected


def test_only_the_document_that_is_meant_changes() -> None:
    """Of several documents in a file the others stay, comments and separators included."""
    text = "# one\na: 1\n--- # two\na: 1\n...\n---\na: 1\n"
    assert edited(text, 1, ("a",), 2) == "# one\na: 1\n--- # two\na: 2\n...\n---\na: 1\n"


def test_documents_are_found_again_by_their_place() -> None:
    """Two documents that say the same are told apart."""
    documents, _ = parse_yaml("a: 1\n---\na: 1\n", "x.yaml")
    assert [number_of(document) for document in documents] == [0, 1]


@pytest.mark.parametrize(
    ("text", "path", "value", "reason"),
    [
        ("a: &x {k: 1}\nb: *x\n", ("a", "k"), 2, "other places use it by the anchor `&x`"),
        ("a: &x 1\nb: *x\n", ("a",), 2, "other places use it by the anchor `&x`"),
        ("a: &x {k: 1}\nb: *x\n", ("b", "k"), 2, "it stands elsewhere, and here by the alias `*x`"),
        ("a:\n  c: &x 1\nb: *x\n", ("a",), 2, "other places use it by the anchor `&x`"),
        ("a: 1\n", ("a",), "\ud800", "it holds half a surrogate pair, which no file can hold"),
    ],
)
def test_what_would_change_another_place_is_refused(
    text: str, path: tuple[str | int, ...], value: Json, reason: str
) -> None:
    """An edit whose outcome other places share is not made, and says why."""
    with pytest.raises(CannotPlace) as refused:
        edited(text, 0, path, value)
    assert refused.value.reason == reason


TEXTS = st.one_of(
    st.text(st.characters(codec="utf-8"), max_size=40),
    st.text(st.sampled_from(" \t\n\r#:-{}[]'\"&*!|>%@`,?~=<.aé瓜\u2028\x85\x1b"), max_size=20),
    st.sampled_from(["no", "1e3", "null", "~", "0x1F", "1:30", "2026-11-22", "---", "...", "<<", "{{ x }}", " ", "\n"]),
)
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-(10**12), 10**12), st.floats(allow_nan=False, allow_infinity=False), TEXTS
)
KEYS = st.one_of(st.sampled_from(["a", "b", "name", "type", "x y"]), TEXTS)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=8
)
PATHS = st.sampled_from(
    [
        ("name",),
        ("model",),
        ("instructions",),
        ("tools",),
        ("tools", 0),
        ("tools", 1, "function"),
        ("tools", 1, "function", "parameters"),
        ("temperature",),
        ("metadata",),
        ("metadata", "lang"),
        ("metadata", "new"),
        ("targets", "prod", "metadata"),
        ("fresh",),
        ("fresh", "deep", "er"),
    ]
)


def _comments(text: str) -> list[str]:
    return re.findall(r"(?<![^\s])# [a-z ]+$", text, re.MULTILINE)


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@given(path=PATHS, value=VALUES)
def test_any_value_can_be_written_anywhere(line_end: str, path: tuple[str | int, ...], value: Any) -> None:
    """What was written is read again, every line that the value does not stand on is there, and so its comment."""
    text = TEXT.replace("\n", line_end)
    after = edited(text, 0, path, value)  # it reads again by itself what it wrote
    assert re.sub(r"\r\n", "", after).count("\r") == 0 or line_end == "\n"
    stays = [line for line in TEXT.split("\n") if line.startswith("#") or "  # inner" in line or "# what" in line]
    if path[0] == "metadata" and len(path) == 1:
        stays.remove("  # inner")
    if isinstance(value, dict | list) or path[0] != "instructions":
        assert [line for line in stays if line not in after] == []
    for line in ("kind: assistant   # what it is", "targets:"):
        assert line in after


@pytest.mark.parametrize("value", ["to the \u202eleft", "one\n\u2067two\n", {"\u202a": ["\u2069"]}])
def test_what_reorders_text_is_written_as_escapes(value: Any) -> None:
    """Whoever reads the file sees the order in which it is read."""
    for text in (edited(TEXT, 0, ("fresh",), value), edited('{"a": 1}', 0, ("a",), value)):
        assert not re.search("[\u202a-\u202e\u2066-\u2069]", text)


@given(first=VALUES, second=VALUES)
def test_an_edit_can_be_taken_back(first: Any, second: Any) -> None:
    """A value that is added and then taken out leaves the text that was there."""
    added = edited(TEXT, 0, ("fresh",), first)
    assert edited(edited(added, 0, ("fresh",), second), 0, ("fresh",), ABSENT) == TEXT


def test_a_list_on_one_line_begins_with_its_bracket_alone() -> None:
    """Also where a map comes first, before which the library leaves a blank; a text that looks like one stays."""
    assert inline([{"to": "a", "id": "b"}, ["[ x"]]) == '[{to: a, id: b}, ["[ x"]]'
