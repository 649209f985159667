"""The HTML page without a browser: what is in it, that it is made of our tags alone, and that it needs nothing else."""

import hashlib
import re
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from asstctl.core.conversation import CaseResult, Status
from asstctl.core.suite import SuiteResult
from asstctl.render import view
from asstctl.render.escape import visible
from asstctl.render.failure import flags_of, rerun
from asstctl.render.html.charts import lanes_of, step_of
from asstctl.render.html.entries import by_assistant, entries_of
from asstctl.render.html.markup import Markup, escaped, joined, tag
from asstctl.render.html.page import suite_html
from asstctl.render.html.summary import verdict
from asstctl.render.html.texts import LONGEST, difference, json_shown
from tests.render import samples
from tests.render.compared_samples import COMPARED
from tests.render.showcase import CANDIDATE, HOSTILE, LENGTHY, REPEATED, SHOWCASE, STALE, WRONG_ARGUMENT, many
from tests.render.suites import EVERY_FIELD

VOID = {"meta", "link", "input"}
ATTRIBUTES = {
    *("id", "class", "lang", "dir", "hidden", "open", "role", "tabindex", "title", "href", "rel", "name", "content"),
    *("charset", "http-equiv", "type", "value", "placeholder", "scope", "width", "height", "x", "y", "x1", "x2", "y1"),
    *("y2", "dx", "rx", "text-anchor", "aria-hidden", "aria-label", "aria-labelledby", "aria-live"),
    *("data-status", "data-assistant", "data-tags", "data-differs"),
}


class Page(HTMLParser):
    """A page taken apart: its tags, their attributes and the text between them; every tag is closed in its turn."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.texts: list[str] = []
        self.of: dict[str, list[dict[str, str | None]]] = {}
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names))
        self.tags.append(tag)
        self.attributes += attrs
        self.of.setdefault(tag, []).append(dict(attrs))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError("the page has no comments")

    @property
    def text(self) -> str:
        return "".join(self.texts)

    def values(self, name: str) -> list[str]:
        return [value or "" for key, value in self.attributes if key == name]


SUITES = {
    "showcase": SHOWCASE,
    "every-field": EVERY_FIELD,
    "many": many(60),
    **{name: suite for name, suite in samples.SUITES.items() if isinstance(suite, SuiteResult)},
}


@pytest.mark.parametrize("name", SUITES)
def test_a_page_is_well_formed_and_made_of_what_we_made(name: str) -> None:
    """Tags are closed in their turn, ids are there once, and links lead to one of them."""
    page = Page(suite_html(SUITES[name]))

    assert {key for key, _ in page.attributes} <= ATTRIBUTES
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    links = [link["href"] for link in page.of["a"]]
    assert all(str(link).startswith("#") and str(link)[1:] in ids for link in links)
    headings = [int(tag[1]) for tag in page.tags if re.fullmatch("h[1-6]", tag)]
    assert headings[0] == 1
    assert all(next_ - one <= 1 for one, next_ in pairwise(headings))
    assert (page.tags.count("main"), page.tags.count("h1"), page.tags.count("header")) == (1, 1, 1)


@pytest.mark.parametrize("name", SUITES)
def test_a_page_needs_nothing_but_itself(name: str) -> None:
    """Its policy permits this style and this script; no attribute, rule or line of script names another place."""
    html = suite_html(SUITES[name])
    page = Page(html)
    style, script = (re.search(f"<{tag}>(.*?)</{tag}>", html, re.DOTALL) for tag in ("style", "script"))
    assert style is not None
    assert script is not None
    policy = next(meta["content"] for meta in page.of["meta"] if meta.get("http-equiv") == "Content-Security-Policy")

    def digest(text: str) -> str:
        return f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"

    assert str(policy).split("; ") == [
        "default-src 'none'",
        f"style-src {digest(style[1])}",
        f"script-src {digest(script[1])}",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
    ]
    assert {link["href"] for link in page.of["link"]} == {"data:,"}
    assert not {"src", "srcset", "style", "action", "ping", "background"} & {key for key, _ in page.attributes}
    assert not re.search(r"url\(|@import|https?:|//\w", style[1])
    assert not re.search(r"https?:|fetch\(|XMLHttp|import\(|innerHTML|eval\(|document\.write", script[1])


def test_a_page_is_the_same_twice() -> None:
    assert suite_html(SHOWCASE) == suite_html(SHOWCASE)


def test_it_is_the_view_of_a_suite() -> None:
    assert view(SHOWCASE, "html") is suite_html


def texts_of(value: Any) -> Iterator[str]:
    """Every text in a value, at any depth."""
    if isinstance(value, Enum):
        return
    if isinstance(value, str):
        yield value
    elif is_dataclass(value):
        for field in fields(value):
            yield from texts_of(getattr(value, field.name))
    elif isinstance(value, tuple | list):
        for item in value:
            yield from texts_of(item)
    elif isinstance(value, dict):
        for pair in value.items():
            yield from texts_of(pair)


def with_text(value: Any, text: str) -> Any:
    """The same value with this text in place of every text."""
    if isinstance(value, Enum):
        return value
    if isinstance(value, str):
        return text
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{f.name: with_text(getattr(value, f.name), text) for f in fields(value)})
    if isinstance(value, tuple):
        return tuple(with_text(item, text) for item in value)
    return value


SHAPES = (EVERY_FIELD, replace(SHOWCASE, cases=(*SHOWCASE.cases[:5], *SHOWCASE.cases[6:])))


@pytest.mark.parametrize("shape", range(len(SHAPES)))
@given(text=st.text(st.characters(exclude_categories=()), max_size=40))
@example(text=HOSTILE)
@example(text="</script><script>alert(1)</script>")
@example(text='" onfocus=alert(1) autofocus x="')
@example(text="\ud800 \u202e &amp; &#60;b> \r\n\t")
def test_no_text_makes_it_another_page(shape: int, text: str) -> None:
    """Any text, in every place that a text can reach: the tags and attributes are those of a harmless one."""
    page = Page(suite_html(with_text(SHAPES[shape], text)))

    assert {key for key, _ in page.attributes} <= ATTRIBUTES
    assert set(page.tags) <= HARMLESS
    assert (page.tags.count("script"), page.tags.count("style"), page.tags.count("meta")) == (1, 1, 5)
    assert all(str(link["href"]).startswith("#") for link in page.of["a"])
    shown = page.text.partition("</style>")[2] or page.text
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u200b\x1b\x00]", shown)


HARMLESS = {tag for suite in (SHOWCASE, EVERY_FIELD) for tag in Page(suite_html(suite)).tags}


@given(st.text(max_size=60))
def test_a_text_reads_as_it_is(text: str) -> None:
    """Escaping changes what acts, and no more."""
    page = Page(tag("p", text, title=text))

    lines = text.replace("\r\n", "\n").split("\n")
    wanted = "\n".join("\t".join(visible(part) for part in line.split("\t")) for line in lines)
    assert page.text == wanted
    assert page.values("title") == [wanted]


def test_only_what_was_made_here_is_not_escaped() -> None:
    assert tag("b", "<i>", Markup("<i></i>"), None, ["&", ["'"]]) == "<b>&lt;i&gt;<i></i>&amp;&#x27;</b>"
    assert joined("<", Markup("<")) == "&lt;<"
    assert tag("p", "a" + Markup("<b>")) == "<p>a&lt;b&gt;</p>"
    assert isinstance(escaped("<"), Markup)


def test_attributes_that_say_nothing_are_left_out() -> None:
    assert tag("a", class_=None, hidden=False, open=True, data_x='"', value="") == (
        '<a open data-x="&quot;" value=""></a>'
    )


def test_every_text_of_a_run_is_somewhere() -> None:
    """What a run holds is shown, whatever part of it."""
    text = Page(suite_html(EVERY_FIELD)).text
    told_otherwise = {"auto", EVERY_FIELD.target.provider, EVERY_FIELD.target.dialect}
    missing = {said for said in texts_of(replace(EVERY_FIELD, coverage=None)) if said not in text} - told_otherwise

    # the one is marked word by word, the other is the reply that stands above it
    assert {said for said in missing if said} == {"instructions changed\n[-old-]{+new+}", '"No."'}


@pytest.mark.parametrize("case", SHOWCASE.cases, ids=lambda case: case.id[:20])
def test_a_conversation_has_its_name_its_status_and_its_command(case: CaseResult) -> None:
    page = Page(suite_html(replace(SHOWCASE, cases=(case,))))
    (found,) = (one for one in page.of["details"] if str(one.get("class")).startswith("case "))

    assert found["class"] == f"case {case.status}"
    assert found["data-status"] == case.status
    assert visible(case.id) in page.text
    assert visible(rerun(case, SHOWCASE.target, flags_of(SHOWCASE))) in page.text


def test_what_did_not_pass_is_first_and_open() -> None:
    page = Page(suite_html(SHOWCASE))
    cases = [one for one in page.of["details"] if str(one.get("class")).startswith("case ")]
    bad = {"failed", "error", "stale"}

    assert all(("open" in one) == (one["data-status"] in bad) for one in cases)
    for name in {one["data-assistant"] for one in cases}:
        order = [one["data-status"] in bad for one in cases if one["data-assistant"] == name]
        assert order == sorted(order, reverse=True)


def test_hundreds_of_failures_are_not_all_open() -> None:
    failed = replace(many(50), cases=(WRONG_ARGUMENT,) * 50)
    page = Page(suite_html(failed))

    assert sum("open" in one for one in page.of["details"]) == 25


def test_conversations_of_one_name_have_anchors_of_their_own() -> None:
    anchors = [entry.anchor for entry in entries_of((WRONG_ARGUMENT, WRONG_ARGUMENT))]
    assert anchors == [WRONG_ARGUMENT.node, f"{WRONG_ARGUMENT.node}~2"]


def test_assistants_with_failures_come_first() -> None:
    entries = entries_of((CANDIDATE, STALE))
    assert list(by_assistant(entries)) == ["瓜瓜", "refund-clerk"]


def test_a_long_text_says_what_is_left_out() -> None:
    """With its number of characters; the page stays small."""
    long = replace(LENGTHY, turns=(replace(LENGTHY.turns[0], reply="x" * 1_000_000),))
    html = suite_html(replace(SHOWCASE, cases=(long,)))

    assert "997,000 more characters" in html
    assert len(html) < 60_000


def test_a_message_of_a_failing_turn_is_shown_further() -> None:
    turn = replace(WRONG_ARGUMENT.turns[1], reply="y" * LONGEST)
    html = suite_html(replace(SHOWCASE, cases=(replace(WRONG_ARGUMENT, turns=(turn,)),)))
    assert "y" * LONGEST in html


def test_a_conversation_costs_few_kilobytes() -> None:
    """Two thousand of them stay a page that opens."""
    base, more = (len(suite_html(many(number))) for number in (40, 80))
    assert (more - base) / 40 < 5_000


def test_replies_that_differ_are_marked_word_by_word() -> None:
    html = suite_html(replace(SHOWCASE, cases=(CANDIDATE,)))
    assert "from 9 to <del>17</del><ins>18</ins> on weekdays" in html
    assert "reply differs" in html


def test_a_difference_shows_one_line_around_each_change() -> None:
    lines = [f"line {n}" for n in range(20)]
    shown = difference("\n".join(lines), "\n".join([*lines[:10], "other words", *lines[11:]]))
    page = Page(shown)
    assert [text for text in page.texts if text.startswith("line")] == ["line 9", "line 10", "line 11"]


def test_what_changed_since_a_recording_is_marked() -> None:
    html = suite_html(replace(SHOWCASE, cases=(STALE,)))
    assert "<del>助手</del><ins>智能助理</ins>" in html


def test_each_playing_is_told_and_none_twice() -> None:
    page = Page(suite_html(replace(SHOWCASE, cases=(REPEATED,))))
    assert "Played 4 times: 2 of 4 passed, 4 needed (certain after 4 of 5)" in page.text
    assert page.text.count("Hey!") == 1
    assert page.text.count("Hi there!") == 1
    assert "the transcript above" in page.text


@pytest.mark.parametrize(
    "text, shown",
    [
        ('{"a": 1}', '{"a": 1}'),
        ("not JSON", "not JSON"),
        ('"a text"' + " " * 80, '"a text"' + " " * 80),
        ('{"key": "' + "x" * 80 + '"}', '{\n  "key": "' + "x" * 80 + '"\n}'),
        ('{"a": "\\u8bfe' + "x" * 70 + '"}', '{\n  "a": "课' + "x" * 70 + '"\n}'),
    ],
)
def test_json_is_set_in_lines_where_it_is_long(text: str, shown: str) -> None:
    assert json_shown(text) == shown


SAID = [
    ((), "Nothing to test"),
    ((Status.PASSED,), "The conversation passed"),
    ((Status.PASSED,) * 2, "All 2 conversations passed"),
    ((Status.PASSED, Status.FAILED), "1 of 2 conversations failed"),
    ((Status.PASSED, Status.FAILED, Status.STALE), "2 of 3 conversations did not pass"),
    ((Status.PASSED, Status.SKIPPED), "1 of 2 conversations passed"),
]


@pytest.mark.parametrize("statuses, said", SAID)
def test_the_verdict_is_one_sentence(statuses: tuple[Status, ...], said: str) -> None:
    cases = tuple(next(case for case in SHOWCASE.cases if case.status is status) for status in statuses)
    assert verdict(replace(SHOWCASE, cases=cases)) == said
    assert verdict(replace(SHOWCASE, cases=cases, interrupted=True)).startswith("Interrupted")


def test_scripted_replies_are_said_to_prove_nothing_of_instructions() -> None:
    page = Page(suite_html(replace(SHOWCASE, instructions_exercised=False, replies="scripted (demo.replies.yaml)")))
    assert "scripted (demo.replies.yaml): instructions were NOT exercised." in page.text


@pytest.mark.parametrize("number", [1, 30, 31, 200])
def test_every_conversation_that_was_played_has_its_bar(number: int) -> None:
    page = Page(suite_html(many(number)))
    assert sum("bar" in str(rect.get("class")) for rect in page.of["rect"]) == number


def test_bars_that_overlap_have_lanes_of_their_own() -> None:
    assert lanes_of([(0, 2), (1, 3), (2, 4), (2.5, 3), (5, 6)]) == [0, 1, 0, 2, 0]


@pytest.mark.parametrize("longest, step", [(4, 1), (6.3, 2), (0.05, 0.02), (150, 50), (0.001, 0.00025)])
def test_an_axis_has_round_steps(longest: float, step: float) -> None:
    assert step_of(longest) == pytest.approx(step)


COLOURS = dict(re.findall(r"--([a-z-]+): light-dark\((#[0-9a-f]{6}, #[0-9a-f]{6})\)", Page(suite_html(SHOWCASE)).text))
READ_ON = {
    "text": ("page", "surface", "raised", "user", "good-tint", "bad-tint", "warn-tint"),
    "faint": ("page", "surface", "raised", "user", "bad-tint", "warn-tint"),
    "accent": ("page", "surface", "raised"),
    "good": ("page", "surface", "good-tint"),
    "bad": ("page", "surface", "bad-tint"),
    "warn": ("page", "surface", "warn-tint"),
}


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("ink, paper", [(ink, paper) for ink, papers in READ_ON.items() for paper in papers])
def test_colours_can_be_read(scheme: int, ink: str, paper: str) -> None:
    """Contrast of at least 4.5, as WCAG AA asks of small text."""
    dark, light = sorted(luminance(COLOURS[name].split(", ")[scheme]) for name in (ink, paper))
    assert (light + 0.05) / (dark + 0.05) >= 4.5


def test_what_comparing_found_stands_in_its_turn() -> None:
    page = Page(suite_html(COMPARED["test-compared-target"]))

    assert "no difference found in 1 of 3 conversations x 2" in page.text
    assert "Reply 0.60 apart, cosine 0.41" in page.text
    assert "not reached on prod" in page.text
    assert "not compared: prod: no answer within 120 s" in page.text
    assert [one for one in page.of["details"] if "data-differs" in one]
