"""Markdown as a forge reads it: what others wrote is text and nothing else, and a comment fits whatever comes."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from asstctl.core.address import Address
from asstctl.core.change import ABSENT, Action, Block, BlockCode, Change, FieldChange, FieldState, WayOn
from asstctl.core.pipeline import PlanReport
from asstctl.core.plan import Plan
from asstctl.render import view
from asstctl.render.markdown.folding import LIMIT, fitted, folded
from asstctl.render.markdown.frame import marker
from asstctl.render.markdown.text import JOINER, code, comment, fenced, inline, link, prose, table, tag_code, tag_text
from tests.render import samples
from tests.render.report_samples import EVERY_REPORT, OUTDATED, PLACE, RUN
from tests.render.showcase import HOSTILE
from tests.render.test_html import with_text

MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable("table")
REFERENCE = re.compile(
    r"@\w|#\w|!\d|\bGH-\d|\bwww\.|\w://|\$[^\s\u2060]|\b(?=\d*[a-f])[0-9a-f]{7,40}\b|:[a-z]\w*:|~\d|%\d", re.IGNORECASE
)
"""What a forge would make a link, a mention, a picture or a command of, outside of code."""

PIECES = (
    *("@octocat", "@org/team", "#12", "owner/repo#3", "gh-7", "GH-123", "a" * 40, "1a2b3c4", "0123456789abcdef"),
    *("https://evil.example/x", "www.evil.example", "mailto:a@b.example", "!5", "~2", "%3", "[x](https://e.example)"),
    *(":smile:", ":+1:", "$x$", "$$y$$", "![x](y)", "[1]: /x", "<https://e.example>", "<img src=x onerror=alert(1)>"),
    *("<!-- asstctl:plan:prod -->", "-->", "</details>", "<summary>", "</code>", "<b>", "&lt;", "&#64;", "```", "~~~~"),
    *("`", "``", "\\", "|", "||", "\\|", "\n", "\n\n", "\r", "\t", "    ", "# x", "- ", "1. ", "---", "===", "> "),
    *("* ", "+ ", "/close", "::error::x", "##[x]", "**", "__", "~~", "[^1]", "[ ]", "你叫瓜瓜", "📚"),
    *("\u202e", "\u200b", "\u2060", "\x1b[31m", "\x00"),
)
NASTY = st.lists(st.sampled_from(PIECES) | st.text(max_size=4), max_size=8).map("".join)


@dataclass
class Read:
    """A text as a reader of Markdown sees it: texts outside of code, links, and blocks of HTML."""

    texts: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    blocks: list[str] = field(default_factory=list)
    kinds: set[str] = field(default_factory=set)


def read(text: str) -> Read:
    """Taken apart by another's reader."""
    found = Read()
    for token in tokens_of(MARKDOWN.parse(text)):
        found.kinds.add(token.type)
        if token.type == "text":
            found.texts.append(token.content)
        elif token.type == "link_open":
            found.links.append(str(token.attrs["href"]))
        elif token.type in ("html_block", "html_inline"):
            found.blocks.append(token.content)
    return found


def tokens_of(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from tokens_of(token.children or [])


class Tags(HTMLParser):
    """A piece of HTML: its tags, and its text outside of code."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.texts: list[str] = []
        self._code = 0
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(" ".join([tag, *(name for name, _ in attrs)]))
        self._code += tag == "code"

    def handle_endtag(self, tag: str) -> None:
        self.tags.append(f"/{tag}")
        self._code -= tag == "code"

    def handle_data(self, data: str) -> None:
        if not self._code:
            self.texts.append(data)


OURS = {"details", "details open", "/details", "summary", "/summary", "code", "/code", "br"}


def assert_harmless(document: str, marks: tuple[str, ...] = (), url: str = RUN) -> None:
    """Nothing in it but our own HTML, our own link, and texts that refer to nothing."""
    found = read(document)
    assert set(found.links) <= {url}
    assert not {"image", "hr", "blockquote_open", "code_block", "html_inline_open"} & found.kinds
    comments = [block for block in found.blocks if "<!--" in block]
    assert [block.strip() for block in comments] == list(marks)
    for block in found.blocks:
        if block not in comments:
            tags = Tags(block)
            assert set(tags.tags) <= OURS, block
            found.texts += tags.texts
    for text in found.texts:
        assert not REFERENCE.search(text), text
        assert not re.search("[\u202a-\u202e\u2066-\u2069\u200b\x1b\x00]", text)
    assert not re.search(r"^(/\w|::)", document, re.MULTILINE)


@given(NASTY)
@example(HOSTILE)
@example("a\\|@octocat|`b")
def test_a_text_is_a_text_wherever_it_stands(text: str) -> None:
    """In a line, in a cell, in a list, in code, in a sentence, in HTML."""
    assert_harmless(inline(text))
    assert_harmless(f"- {inline(text)} and {code(text)}\n")
    assert_harmless(prose(text))
    assert_harmless("\n".join(table(("a", "b"), [[inline(text), code(text)], [code(text), prose(text)]])))
    assert_harmless(f"<details>\n<summary>{tag_code(text)} {tag_text(text)}</summary>\n\n</details>\n")
    assert_harmless("\n".join(fenced([f"- {text}"], "diff")))
    assert_harmless(link(text, RUN))


@given(NASTY)
@example("a | b \\| c")
def test_a_table_has_the_cells_that_it_was_given(text: str) -> None:
    """Whatever is in them, bars and backslashes too."""
    kinds = [token.type for token in MARKDOWN.parse("\n".join(table(("a", "b"), [[code(text), inline(text)]])))]
    assert (kinds.count("th_open"), kinds.count("td_open")) == (2, 2)


@given(NASTY)
@example("plan:prod --> <b>")
def test_a_label_stays_in_its_marker(label: str) -> None:
    """And two labels never have the same one."""
    shown = marker("plan", label)
    assert re.fullmatch(r"<!-- asstctl:plan:[\w:./%-]* -->", shown, re.ASCII)
    assert "--" not in shown[4:-3]
    assert marker("plan", label + "x") != shown
    assert comment(f"asstctl:plan:{label}") == shown or len(label) > 200


def test_a_plain_label_is_readable_in_its_marker() -> None:
    """It is what a pipeline looks for."""
    assert marker("plan", "prod-eu") == "<!-- asstctl:plan:prod-eu -->"


@pytest.mark.parametrize("text", ["https://e.example/?a=b&c=d", "$0.03", "assistant.guagua", "a/b.md:12:4", "20261122"])
def test_what_people_copy_is_as_it_was(text: str) -> None:
    """Names and values are code, where nothing is put between characters; days and places are left alone anywhere."""
    assert code(text) == f"`{text}`"
    assert (JOINER in inline(text)) is ("://" in text or "$" in text)


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "https://a b", "https://a)>", "http://x\n", "", "https://" + "a" * 3000]
)
def test_only_a_plain_address_is_a_link(url: str) -> None:
    assert "](" not in link("this run", url)


@pytest.mark.parametrize("number", range(len(EVERY_REPORT)))
@settings(max_examples=8)
@given(text=NASTY)
@example(text=HOSTILE)
@example(text="x" * 5000)
def test_no_text_acts_in_a_comment(number: int, text: str) -> None:
    """Any text, in every place that a text can reach."""
    report = EVERY_REPORT[number]
    hostile: Any = replace(with_text(report, text), place=replace(with_text(PLACE, text), run_url=RUN))
    document = view(hostile, "markdown")(hostile)

    assert len(document) <= LIMIT
    assert_harmless(document, (document.partition("\n")[0],))


@given(NASTY)
@example("https://evil.example/x")
def test_no_run_is_linked_to_but_at_an_address(url: str) -> None:
    """What a runner says of itself is a link to just that, or no link."""
    report = PlanReport(samples.PLANS["plan-nothing"], replace(PLACE, run_url=url))
    assert_harmless(view(report, "markdown")(report), (marker("plan", PLACE.label),), url)


def changes(sizes: list[int], text: str) -> tuple[Change, ...]:
    """As many changes, whose fields have as many characters of a text."""
    made = []
    for number, size in enumerate(sizes):
        long = (text or "x") * (size // max(1, len(text)) + 1)
        fields = (
            FieldChange("instructions", FieldState.OURS, ABSENT if number % 2 else long[::-1], long),
            *(FieldChange(f"{text}{n}", FieldState.DRIFT, n, n + 1) for n in range(size % 5)),
        )
        block = Block(BlockCode.DRIFT, text, (WayOn(text, text),)) if number % 3 == 1 else None
        made.append(Change(Address("assistant", f"a{number}"), Action.UPDATE, fields, reason=text, block=block))
    return tuple(made)


@settings(max_examples=15)
@given(
    sizes=st.lists(st.integers(0, 30_000), max_size=6),
    text=NASTY,
    notes=st.lists(NASTY, max_size=6),
    outdated=st.integers(0, 9),
)
@example(sizes=[10] * 900, text="@octocat", notes=["n" * 30_000] * 5, outdated=9)
@example(sizes=[300_000, 10], text="word ", notes=[], outdated=0)
def test_a_comment_fits_and_accounts_for_every_change(
    sizes: list[int], text: str, notes: list[str], outdated: int
) -> None:
    """Whatever the values: within the limit, and each address is named or counted."""
    plan = Plan(samples.STAGING, changes(sizes, text), tuple(notes), digest="sha256:" + "ab" * 32)
    document = view(report := PlanReport(plan, PLACE, OUTDATED[:1] * outdated), "markdown")(report)

    assert len(document) <= LIMIT
    names = set(re.findall(r"assistant\.a\d+(?=`|</code>)", document))
    counted = re.search(r"([\d,]+) changes? to a number", document)
    assert len(names) + (int(counted[1].replace(",", "")) if counted else 0) == len(sizes)
    assert plan.digest in document
    assert ("outdated**: `anna`" in document.splitlines()[1]) is bool(outdated)
    assert_harmless(document, (document.partition("\n")[0],))


def test_the_largest_is_folded_first_and_what_was_folded_is_said() -> None:
    """A small change stays whole beside one that takes more than there is."""
    plan = Plan(samples.STAGING, changes([200_000, 10], "word "))
    document = view(report := PlanReport(plan, PLACE), "markdown")(report)

    assert "Folded, so that it fits into a comment: 1 change to the names of fields." in document
    assert "`plan.html` of the artifact `asstctl-staging`" in document
    assert "- `~` `assistant.a0` will be updated in-place: `instructions`" in document
    assert "<code>assistant.a1</code>" in document


def test_a_plan_by_itself_is_whole() -> None:
    """Only a comment has to fit."""
    plan = Plan(samples.STAGING, changes([200_000], "word "))

    assert len(view(plan, "markdown")(plan)) > 400_000


@given(st.lists(st.lists(st.text(max_size=9), min_size=1, max_size=4), max_size=6), st.integers(-5, 60))
def test_folding_ends_within_the_room_or_at_the_least(parts: list[list[str]], room: int) -> None:
    """And no part has a form that is longer than an earlier one of it."""
    levels = folded(parts, room)
    sizes = [len(forms[level]) for forms, level in zip(parts, levels, strict=True)]

    assert sum(sizes) <= room or levels == folded(parts, 0)
    assert all(size <= len(forms[0]) for forms, size in zip(parts, sizes, strict=True))
    document = fitted(parts, lambda levels: "".join(forms[n] for forms, n in zip(parts, levels, strict=True)), 20)
    assert len(document) <= 20 or document == "".join(
        forms[n] for forms, n in zip(parts, folded(parts, 0), strict=True)
    )


def test_equal_parts_are_folded_from_the_end() -> None:
    """What comes first is read first."""
    assert folded([["aaaa", "a"], ["aaaa", "a"], ["aaaa", "a"]], 9) == (0, 0, 1)
