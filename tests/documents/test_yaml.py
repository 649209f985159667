"""YAML: what gets through, what is refused and where, and that positions are those of the text."""

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asstctl.core.diagnostic import Diagnostic
from asstctl.documents.front_matter import split
from asstctl.documents.json_text import parse_json
from asstctl.documents.source import read_text
from asstctl.documents.yaml import parse_one, parse_yaml


@pytest.mark.parametrize(
    "text, value",
    [
        ("yes", "yes"),
        ("on", "on"),
        ("true", True),
        ("False", False),
        ("017", 17),
        ("0o17", 15),
        ("0x1F", 31),
        ("1:30", "1:30"),
        ("2024-01-01", "2024-01-01"),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("+3", 3),
        ("~", None),
        ("null", None),
        ("", None),
        ("1_000", "1_000"),
        ("0b1", "0b1"),
        ("=", "="),
        ("'1'", "1"),
        ("!!str 1", "1"),
        ("!!float 1", 1.0),
    ],
)
def test_plain_scalars_are_those_of_yaml_1_2(text: str, value: object) -> None:
    document, diagnostics = parse_one(f"a: {text}\n", "a.yaml")

    assert diagnostics == ()
    assert document is not None
    assert document.value == {"a": value}
    assert type(document.value["a"]) is type(value)  # type: ignore[index, call-overload]


@pytest.mark.parametrize(
    "text, code, place, hint",
    [
        ("a: b: c\n", "yaml-syntax", "1:5", "quote"),
        ("a:\n\t- b\n", "yaml-syntax", "2:1", "spaces"),
        ("a: [1,\nb: 2\n", "yaml-syntax", "1:4", "bracket"),
        ("a: 'x\n", "yaml-syntax", "1:4", "quote"),
        ("a: *x\n", "yaml-syntax", "1:4", "quote"),
        ("a: @x\n", "yaml-syntax", "1:4", "@"),
        ("a: 1\nb: 2\na: 3\n", "duplicate-key", "3:1", "line 1"),
        ("1: x\n", "bad-key", "1:1", '"1"'),
        ("true: x\n", "bad-key", "1:1", '"true"'),
        ("a: {{ vars.x }}\n", "bad-key", "1:5", '"{{ vars.x }}"'),
        ("a: &x {}\nb:\n  <<: *x\n", "merge-key", "3:3", "defaults"),
        ("a: !x y\n", "custom-tag", "1:4", "remove"),
        ("a: !!python/object:os.system y\n", "custom-tag", "1:4", "remove"),
        ("a: !!set {b}\n", "custom-tag", "1:4", "remove"),
        ("a: .inf\n", "bad-scalar", "1:4", "quote"),
        ("a: .nan\n", "bad-scalar", "1:4", "quote"),
        ("a: 1e999\n", "bad-scalar", "1:4", "quote"),
        (f"a: {'9' * 5000}\n", "bad-scalar", "1:4", "quote"),
        ("a: &a [*a]\n", "recursive-alias", "1:4", "write"),
        ("a: x\x07\n", "bad-character", "1:5", "remove"),
        (f"a: {'[' * 200}{']' * 200}\n", "too-deep", "1:103", "flatten"),
        ("- " * 200 + "\n", "too-deep", "1:201", "flatten"),
    ],
)
def test_what_is_refused_is_said_at_its_place(text: str, code: str, place: str, hint: str) -> None:
    _, diagnostics = parse_yaml(text, "a.yaml")

    assert [(code, f"a.yaml:{place}")] == [(one.code, str(one.where)) for one in diagnostics]
    assert hint in diagnostics[0].hint
    assert diagnostics[0].where is not None
    assert diagnostics[0].where.text == text.split("\n")[int(place.split(":")[0]) - 1]


def test_an_alias_bomb_is_refused_quickly() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 10)]
    before = time.monotonic()
    documents, diagnostics = parse_yaml("\n".join(lines), "a.yaml")

    assert documents == ()
    assert [one.code for one in diagnostics] == ["alias-bomb"]
    assert time.monotonic() - before < 1


def test_nesting_that_would_exhaust_the_stack_is_refused() -> None:
    _, diagnostics = parse_yaml("- " * 2_000_000, "a.yaml")

    assert [one.code for one in diagnostics] == ["too-deep"]


def test_plain_aliases_are_taken() -> None:
    document, _ = parse_one("a: &x {b: [1]}\nc: *x\n", "a.yaml")

    assert document is not None
    assert document.value == {"a": {"b": [1]}, "c": {"b": [1]}}


def test_all_duplicate_keys_are_said_and_the_document_stays() -> None:
    documents, diagnostics = parse_yaml("a: 1\na: 2\nb: {c: 1, c: 2}\n", "a.yaml")

    assert [one.code for one in diagnostics] == ["duplicate-key"] * 2
    assert [one.value for one in documents] == [{"a": 1, "b": {"c": 1}}]


def test_documents_before_a_syntax_error_are_read() -> None:
    documents, diagnostics = parse_yaml("a: 1\n---\nb: [\n", "a.yaml")

    assert [one.value for one in documents] == [{"a": 1}]
    assert [one.code for one in diagnostics] == ["yaml-syntax"]


TEXT = "名: 值\r\nlist:\r\n  - {a: 1, b: 'x'}\r\n  - two\r\nblock: |\r\n  一\r\n  {{ vars.x }}\r\n"


@pytest.mark.parametrize(
    "path, key, place, length",
    [
        ((), False, "1:1", 0),
        (("名",), False, "1:4", 1),
        (("名",), True, "1:1", 1),
        (("list",), True, "2:1", 4),
        (("list", 0, "b"), False, "3:15", 3),
        (("list", 0, "b"), True, "3:12", 1),
        (("list", 1), False, "4:5", 3),
        (("list", 1), True, "4:5", 3),
        (("list", 0, "absent"), False, "3:5", 14),
        (("list", 9), False, "2:1", 4),
        (("absent", "x"), False, "1:1", 0),
        (("block",), False, "5:8", 1),
    ],
)
def test_positions_are_those_of_the_text(path: tuple[str | int, ...], key: bool, place: str, length: int) -> None:
    document, _ = parse_one(TEXT, "a.yaml")

    assert document is not None
    where = document.where(path, key=key)
    assert (f"a.yaml:{place}", length) == (str(where), where.length)
    assert where.text == TEXT.split("\r\n")[where.line - 1]


def test_a_word_is_found_inside_a_block() -> None:
    document, _ = parse_one(TEXT, "a.yaml")

    assert document is not None
    assert str(document.find(("block",), r"\bx\b")) == "a.yaml:7:11"


def test_blank_is_not_null() -> None:
    document, _ = parse_one("a:\nb: null\nc: ''\n", "a.yaml")

    assert document is not None
    assert [document.is_blank((key,)) for key in "abcd"] == [True, False, False, False]


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text("aé一 \n\"'{}:#-"),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abé一 :#"), inner, max_size=4),
    max_leaves=12,
)


def _paths(value: Any, path: tuple[str | int, ...] = ()) -> Any:
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in items:
        yield from _paths(inner, (*path, step))


@given(json_values)
def test_json_is_read_as_itself_and_every_part_has_a_place(value: Any) -> None:
    text = json.dumps(value, ensure_ascii=False, indent=1)
    document, diagnostics = parse_yaml(text, "a.json")

    assert diagnostics == ()
    assert document[0].value == value
    lines = text.split("\n")
    for path in _paths(value):
        where = document[0].where(path)
        assert where.text == lines[where.line - 1]
        assert where.column <= len(where.text) + 1


@given(st.text(max_size=40))
def test_any_text_is_documents_or_diagnostics(text: str) -> None:
    documents, diagnostics = parse_yaml(text, "a.yaml")

    assert diagnostics or all(one.value is None or one.value == one.value for one in documents)
    for one in diagnostics:
        assert one.where is not None


def test_json_that_yaml_cannot_read_is_read() -> None:
    document, diagnostics = parse_json('{\n\t"a": "\\ud83d\\ude00"\n}', "a.json")

    assert diagnostics == ()
    assert document is not None
    assert document.value == {"a": "😀"}


@pytest.mark.parametrize("text", ['{"a": 1,}', "{a: 1}", '{"a": NaN}', ""])
def test_what_is_not_json_is_said(text: str) -> None:
    document, diagnostics = parse_json(text, "a.json")

    assert document is None
    assert [one.code for one in diagnostics] == ["json-syntax"]


def test_front_matter_keeps_the_body_to_the_last_character() -> None:
    parts = split("---\nkind: assistant\nmodel: m\n---\n\n你是瓜瓜。 {{ x }}\n---\n", "a.md")

    assert parts is not None
    assert parts.document is not None
    assert parts.body == "\n你是瓜瓜。 {{ x }}\n---\n"
    assert str(parts.document.where(("model",))) == "a.md:3:8"
    assert str(parts.body_where) == "a.md:5:1"


@pytest.mark.parametrize("text", ["# Title\n", "", "---\nnever closed\n", "text\n---\na: 1\n---\n"])
def test_a_text_without_front_matter_has_none(text: str) -> None:
    assert split(text, "a.md") is None


def test_a_file_is_read_without_its_byte_order_mark(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"\xef\xbb\xbfa: 1\r\n")

    assert read_text(tmp_path / "a", "a") == "a: 1\r\n"


def test_a_file_that_is_not_utf_8_is_refused_at_the_place(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"a: 1\nb: \xff\n")
    problem = read_text(tmp_path / "a", "a")

    assert isinstance(problem, Diagnostic)
    assert (problem.code, str(problem.where)) == ("not-utf8", "a:2:4")


def test_a_file_over_16_mib_is_refused(tmp_path: Path) -> None:
    with (tmp_path / "a").open("wb") as file:
        file.truncate(16 * 1024 * 1024 + 1)
    problem = read_text(tmp_path / "a", "a")

    assert isinstance(problem, Diagnostic)
    assert problem.code == "file-too-large"


@pytest.mark.parametrize("number", ["0x" + "f" * 6000, "9" * 400, "-" + "9" * 301])
def test_a_whole_number_that_nobody_can_write_again_is_refused(number: str) -> None:
    document, [diagnostic] = parse_one(f"a: {number}\n", "a.yaml")

    assert document is None
    assert diagnostic.code == "bad-scalar"
    assert len(diagnostic.summary) < 120


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{\n\t"a": 1e400}', "bad-scalar"),
        ('{"a": "\\ud800"}', "surrogate"),
        ("[" * 101 + "]" * 101, "nested"),
        ('{"a": ' + "9" * 5000 + "}", "bad-scalar"),
        ('{"a": 1, "a": 2}', "given twice"),
    ],
)
def test_json_that_no_other_program_could_hold_is_refused(text: str, said: str) -> None:
    document, diagnostics = parse_json(text, "a.json")

    assert document is None
    assert any(said in f"{one.code} {one.summary}" for one in diagnostics)


def test_a_file_that_is_no_plain_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    found = read_text(tmp_path / "pipe", "pipe")

    assert isinstance(found, Diagnostic)
    assert (found.code, found.detail) == ("unreadable-file", "it is not a plain file")


def test_thousands_of_places_in_one_line_share_its_text() -> None:
    """A line of a megabyte with a problem at each key must not be copied for each."""
    document, _ = parse_one("{" + ", ".join(f"k{i}: 1" for i in range(5000)) + "}", "a.yaml")
    assert document is not None

    places = [document.where((f"k{i}",), key=True) for i in range(5000)]

    assert len({id(place.text) for place in places}) == 1
    assert places[4999].column == document.text.index("k4999") + 1


def test_a_part_is_a_document_with_places_of_its_own() -> None:
    """And with another value; what it does not write is found among its defaults."""
    text = "defaults: {run: {a: 1, b: 2}, tags: [x]}\nlist:\n  - {id: one, run: {a: 3}}\n"
    (document,), _ = parse_yaml(text, "a.yaml")
    part = document.part(("list", 0), {"new": 1}, under=("defaults",))

    assert part.value == {"new": 1}
    assert str(part.where()) == "a.yaml:3:5"
    assert str(part.where(("run", "a"))) == "a.yaml:3:24"
    assert str(part.where(("run", "b"), key=True)) == "a.yaml:1:24"
    assert str(part.where(("tags", 0))) == "a.yaml:1:38"
    assert str(part.where(("no",))) == "a.yaml:3:5"
    assert str(document.part(("none",), 1).where()) == "a.yaml:1:1"
