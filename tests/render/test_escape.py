"""No text acts on a terminal, a reader or a CI log."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asstctl.render.escape import defused, json_safe, visible
from asstctl.render.style import Look, Style
from asstctl.render.text import Span, line, written

anything = st.text(st.characters(codec=None, categories=None), max_size=40)


@pytest.mark.parametrize(
    "text, shown",
    [
        ("plain", "plain"),
        ("你叫瓜瓜。✓", "你叫瓜瓜。✓"),
        ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
        ("a\nb\r\tc", "a\\nb\\r\\tc"),
        ("\x00\x07\x08\x7f", "\\x00\\x07\\x08\\x7f"),
        ("\x85\x9b", "\\x85\\x9b"),
        ("a\u202eb\u2066c\u2069", "a\\u202eb\\u2066c\\u2069"),
        ("\u200e\u200f\u061c", "\\u200e\\u200f\\u061c"),
        ("\u2028\u2029", "\\u2028\\u2029"),
        ("zero\u200bwidth\ufeff\u00ad", "zero\\u200bwidth\\ufeff\\xad"),
        ("tag\U000e0041", "tag\\U000e0041"),
        ("lone\ud800", "lone\\ud800"),
        ("👩\u200d💻 می\u200cخواهم ✔\ufe0f", "👩\u200d💻 می\u200cخواهم ✔\ufe0f"),
        ("C:\\x1b", "C:\\x1b"),
    ],
)
def test_visible(text: str, shown: str) -> None:
    """Acting characters are spelled out; scripts, emoji and their joiners stay."""
    assert visible(text) == shown


@pytest.mark.parametrize(
    "text, safe",
    [
        ("::error::x", "\\::error::x"),
        ("  ::set-output name=x::y", "  \\::set-output name=x::y"),
        ("\u3000::error::x", "\u3000\\::error::x"),
        ("a ::b", "a ::b"),
        ("a::b\n", "a::b\n"),
        ("##[group]x", "#\\#[group]x"),
        ("say ##[add-mask]x ###[b]", "say #\\#[add-mask]x ##\\#[b]"),
        ("##vso[task.setvariable]x", "#\\#vso[task.setvariable]x"),
        ("##VSO[x]", "#\\#VSO[x]"),
        ("## Heading [link]", "## Heading [link]"),
    ],
)
def test_defused(text: str, safe: str) -> None:
    """No line is a workflow command, and ordinary Markdown is left alone."""
    assert defused(text) == safe


@given(anything)
def test_visible_text_does_not_act(text: str) -> None:
    """Whatever comes in, nothing that controls, reorders or cannot be encoded comes out; twice is once."""
    shown = visible(text)

    assert not any(ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0 or 0x202A <= ord(c) <= 0x202E for c in shown)
    assert len(shown.encode()) >= len(shown)  # every character can be written
    assert visible(shown) == shown


@given(st.text(st.sampled_from(" \u3000:#[vso]x\n"), max_size=12))
def test_no_line_is_a_command(text: str) -> None:
    """However blanks, colons and brackets are mixed, and wherever spans begin."""
    spans = line(*(Span(character, Style.BAD) for character in text))

    for look in (Look(), Look(color=True)):
        (row,) = written([spans], look).splitlines()
        assert not row.lstrip().startswith("::")
        assert "##[" not in row
        assert "##vso[" not in row


@given(st.dictionaries(anything, anything | st.sampled_from(["##[x]", "##vso[y]", "::z"])))
def test_json_keeps_its_meaning(value: dict[str, str]) -> None:
    """JSON is escaped in its own way: the same value is read back, and it can be written anywhere."""
    document = json_safe(json.dumps(value, ensure_ascii=False, indent=2))

    assert json.loads(document) == json.loads(json.dumps(value))
    assert all(row.isprintable() or visible(row) == row for row in document.split("\n"))
    assert "##[" not in document
    assert document.encode()
