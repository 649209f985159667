"""The one layout of YAML: what it changes, and that every value and every comment is kept."""

import textwrap
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asstctl.core.change import ABSENT
from asstctl.core.diagnostic import has_errors
from asstctl.core.json_text import canonical
from asstctl.documents.editor import CannotPlace, edited
from asstctl.documents.formatter import CannotFormat, formatted, formatted_markdown
from asstctl.documents.yaml import parse_yaml
from asstctl.documents.yaml_comments import comments
from tests.documents.yaml_texts import yaml_texts

ORDER = ("kind", "name", "model", "tools", "metadata")


def laid(text: str) -> str:
    return formatted(text, lambda value: ORDER)


def dedented(text: str) -> str:
    return textwrap.dedent(text).lstrip("\n")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("a:   1   \n", "a: 1\n", id="one blank, none at the end"),
        pytest.param("a: 1", "a: 1\n", id="a line end at the end"),
        pytest.param("\n\na: 1\n\n\n\nb: 2\n\n", "a: 1\n\nb: 2\n", id="one empty line at most"),
        pytest.param("a:\n    b:\n        c: 1\n", "a:\n  b:\n    c: 1\n", id="two columns for a level"),
        pytest.param("a:\n- b\n- c\n", "a:\n  - b\n  - c\n", id="lists are a level"),
        pytest.param("a:\n\n  b: 1\n", "a:\n  b: 1\n", id="no empty line below a key"),
        pytest.param("-   a: 1\n    b: 2\n", "- a: 1\n  b: 2\n", id="a map behind its dash"),
        pytest.param("-\n  - a\n  - b\n", "- - a\n  - b\n", id="a list behind its dash"),
        pytest.param("a: { b: 1,c: [ x,y ] , }\n", "a: {b: 1, c: [x, y]}\n", id="blanks in brackets"),
        pytest.param('a: {"b":1, c, d: , e: {}}\n', 'a: {"b": 1, c, d: , e: {}}\n', id="what brackets may hold"),
        pytest.param("a: [b: 1, c]\n", "a: [b: 1, c]\n", id="a pair without braces"),
        pytest.param("a: [\n  b,\n  c\n]\n", "a: [b, c]\n", id="brackets that fit their line"),
        pytest.param("a: [\n    b, # one\n    c\n]\n", "a: [\n    b, # one\n    c\n]\n", id="comments in brackets"),
        pytest.param(
            f"a: {{b: {'x' * 60}, c: {{d: {'y' * 60}, e: 1}}}}\n",
            f"a:\n  b: {'x' * 60}\n  c: {{d: {'y' * 60}, e: 1}}\n",
            id="brackets that do not fit open as far as they must",
        ),
        pytest.param(f"a: [{'x' * 130}]\n", f"a: [{'x' * 130}]\n", id="one long value stays"),
        pytest.param("a:\n  b\n", "a: b\n", id="a value behind its key"),
        pytest.param("a: one\n      two\n\n    three\n", "a: one\n  two\n\n  three\n", id="a text of several lines"),
        pytest.param('a: "one\\\n     two"\n', 'a: "one\\\n  two"\n', id="an escaped line end"),
        pytest.param("a: 'yes'\nb: \"\\u00e9\"\nc: ~\nd:\n", "a: 'yes'\nb: \"\\u00e9\"\nc: ~\nd:\n", id="scalars"),
        pytest.param("a: &x\n    b: 1\nc: *x\n", "a: &x\n  b: 1\nc: *x\n", id="anchors"),
        pytest.param("a:\n    &x b: 1\n    c: *x\n", "a:\n  &x b: 1\n  c: *x\n", id="the anchor of a first key"),
        pytest.param("- !!str  a: 1\n- &m\n   &k b: 1\n", "- !!str  a: 1\n- &m\n  &k b: 1\n", id="and its tag"),
        pytest.param("a: |\n     one\n       two \n\n     x\n", "a: |\n  one\n    two \n\n  x\n", id="a block of text"),
        pytest.param("a: |4-\n      x\nb: >+\n x\n\n\n", "a: |2-\n    x\nb: >+\n  x\n\n\n", id="its indicators"),
        pytest.param("a: |\n  x", "a: |-\n  x\n", id="a block that ends the file without a line end"),
        pytest.param("a: 1\r\nb:\r\n- x\r\n", "a: 1\r\nb:\r\n  - x\r\n", id="CRLF stays"),
        pytest.param("a: 1\n\n\n---\n\nb: 1\n...\n", "a: 1\n\n---\nb: 1\n...\n", id="several documents"),
        pytest.param("{a:   1}\n", "{a:   1}\n", id="a document in brackets is left alone"),
        pytest.param("? a\n: b\n", "? a\n: b\n", id="so is one with a `?`"),
        pytest.param("#   only\n\n\n# this\n", "#   only\n\n# this\n", id="comments alone"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_a_text_gets_its_layout(before: str, after: str) -> None:
    """Once, and a second time changes nothing."""
    assert laid(before) == after
    assert laid(after) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("a: 1 # x\nb: 22 # y\n", "a: 1 # x\nb: 22 # y\n", id="near their values"),
        pytest.param("a:  1     # x\nbb: 2     # y\n", "a: 1      # x\nbb: 2     # y\n", id="in their column"),
        pytest.param(
            "a:\n- bbbb   # x\n- c      # y\n", "a:\n  - bbbb  # x\n  - c     # y\n", id="in another, where it is full"
        ),
        pytest.param(
            "a: 1     # one\n         # two\nb: 2\n", "a: 1     # one\n         # two\nb: 2\n", id="below another"
        ),
        pytest.param("a:\n    # x\n    b: 1\n", "a:\n  # x\n  b: 1\n", id="before what follows"),
        pytest.param("a:\n- b\n# x\n- c\n# y\nd: 1\n", "a:\n  - b\n  # x\n  - c\n# y\nd: 1\n", id="at their level"),
        pytest.param("a:\n    - b\n    # - c\nd: 1\n", "a:\n  - b\n  # - c\nd: 1\n", id="at the end of a list"),
        pytest.param("a:\n      # b: 1\nc: 1\n", "a:\n  # b: 1\nc: 1\n", id="in place of a value"),
        pytest.param("a: {}\n    # b: 1\n", "a: {}\n  # b: 1\n", id="in an empty map"),
        pytest.param("a:   # x\n    b\n", "a:   # x\n  b\n", id="between a key and its value"),
        pytest.param("-   # x\n    a: 1\n", "-   # x\n  a: 1\n", id="behind a dash"),
        pytest.param("a: |   # x\n    t\n# y\n", "a: |   # x\n  t\n# y\n", id="at a block"),
        pytest.param("---   # x\na: 1\n", "---   # x\na: 1\n", id="at the beginning of a document"),
        pytest.param(
            "a:\n  b:\n    c: 1\nd:\n    # x\n  e: 1\n",
            "a:\n  b:\n    c: 1\nd:\n  # x\n  e: 1\n",
            id="below a key, whatever stands above it",
        ),
        pytest.param(
            "a:\n  b:\n    c: 1\nd:\n    # x\n  e\n",
            "a:\n  b:\n    c: 1\nd:\n  # x\n  e\n",
            id="before a value below its key, whatever stands above it",
        ),
    ],
)
def test_comments_keep_their_places(before: str, after: str) -> None:
    """Behind what they stand behind, or before what they stand before."""
    assert laid(before) == after
    assert laid(after) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("model: m\nkind: k\nname: n\n", "kind: k\nname: n\nmodel: m\n", id="as the model says"),
        pytest.param("name: n\nx: 1\nkind: k\n", "kind: k\nname: n\nx: 1\n", id="an unknown one stays behind"),
        pytest.param(
            "kind: k\n# about m\nmodel: m\n\n# about n\nname: n  # n\n",
            "kind: k\n\n# about n\nname: n  # n\n# about m\nmodel: m\n",
            id="with its comment",
        ),
        pytest.param(
            "kind: k\n# about both\nmetadata: {}\ntools: []\nname: n\n",
            "kind: k\n# about both\nmetadata: {}\ntools: []\nname: n\n",
            id="those below one comment stay together",
        ),
        pytest.param("kind: k\n# a heading\n\nmodel: m\nname: n\n", None, id="not around a heading"),
        pytest.param("# about n\nname: n\nkind: k\n", None, id="not away from the first comment"),
        pytest.param("name: &x n\nkind: *x\n", None, id="not where an alias says something"),
        pytest.param(
            "# yaml-language-server: $schema=s.json\nname: n\nkind: k\n",
            "# yaml-language-server: $schema=s.json\nkind: k\nname: n\n",
            id="a modeline stays first",
        ),
        pytest.param(
            "name: n\n# yaml-language-server: $schema=s.json\nkind: k\ntools: []\n",
            None,
            id="not so that a comment becomes a modeline",
        ),
        pytest.param("metadata: {b: 1, a: 2}\n", None, id="never inside"),
        pytest.param("name: n\n---\nmodel: m\nname: n\n", "name: n\n---\nname: n\nmodel: m\n", id="of each document"),
        pytest.param("model: |+\n  m\n\n\nname: n\n", "name: n\nmodel: |+\n  m\n\n\n", id="with the lines it keeps"),
        pytest.param("x:\n\nmodel:\nname: |+\n  n\n", None, id="not before an empty line that a text would keep"),
        pytest.param(
            "tools:\n  - a\n  # - b\n\n  # - c\nname: n\nkind:\n  # k\n",
            "kind:\n  # k\nname: n\ntools:\n  - a\n  # - b\n\n  # - c\n",
            id="with the comments below a value that stand at its level",
        ),
        pytest.param(
            "model: m   # one\n           # two\nname: n\n",
            "name: n\nmodel: m   # one\n           # two\n",
            id="with a comment of several lines behind it",
        ),
    ],
)
def test_top_level_keys_have_an_order(before: str, after: str | None) -> None:
    """But where a comment or an alias would lose what it means."""
    assert laid(before) == (after or before)
    assert laid(laid(before)) == laid(before)


def test_the_body_of_a_markdown_file_stays_byte_for_byte() -> None:
    text = "---\r\nname:   n\r\nkind: k\r\n---\r\n body  \n\n\n\tx\r\n---\r\na:   1"
    assert formatted_markdown(text, lambda value: ORDER) == text.replace("name:   n\r\nkind: k", "kind: k\r\nname: n")


def test_what_would_mean_something_else_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the printer makes is held against what was read."""
    monkeypatch.setattr("asstctl.documents.formatter._printed", lambda text: "a: 2\n")
    with pytest.raises(CannotFormat, match="a value would change"):
        formatted("a: 1\n")
    monkeypatch.setattr("asstctl.documents.formatter._printed", lambda text: "a: 1\n")
    with pytest.raises(CannotFormat, match="a comment would be lost"):
        formatted("a: 1 # x\n")
    monkeypatch.setattr("asstctl.documents.formatter._printed", lambda text: "a: [\n")
    with pytest.raises(CannotFormat, match="could not be read"):
        formatted("a: 1\n")


VALUES = [
    *(
        "",
        "x",
        "1",
        "null",
        "w v",
        "'it''s'",
        '"d \\n e"',
        "&n x",
        "*n",
        "|",
        "|+",
        ">-",
        "|2",
        "|1-  # h",
        "- y",
        "- - x",
    ),
    *("{a: 1,  b: [x,y]}", "[]", "{ }", "[1,", "{a: {b: c}, # k", "{k,l: }", "&n", "? x", "!!str 3"),
    "[" + ", ".join(["longword"] * 20) + "]",
]
LINES = st.one_of(
    st.tuples(
        st.sampled_from(["", "- ", "-   "]), st.sampled_from(["a", "kind", "name", "'q'"]), st.sampled_from(VALUES)
    ).map(lambda parts: f"{parts[0]}{parts[1]}: {parts[2]}"),
    st.sampled_from(VALUES).map(lambda value: f"- {value}"),
    st.sampled_from(["# note", "#n", "", " ", "text", "  'end'", "]", "}", "---", "...", "--- # x", "-"]),
)
TEXTS = st.lists(
    st.tuples(
        st.sampled_from([0, 0, 0, 1, 2, 2, 4, 6]),
        LINES,
        st.sampled_from(["", "", "", "  # t", "        # t", "  ", "\t"]),
    ),
    max_size=12,
).flatmap(
    lambda lines: st.tuples(st.just(lines), st.sampled_from(["\n", "\r\n"]), st.booleans()).map(
        lambda one: one[1].join(" " * i + line + tail for i, line, tail in one[0]) + (one[1] if one[2] else "")
    )
)


@settings(max_examples=400)
@given(st.one_of(TEXTS, yaml_texts()))
def test_values_and_comments_are_kept(text: str) -> None:
    """Of any text that can be read: equal values, the same comments, and a layout that has no other."""
    documents, problems = parse_yaml(text, "")
    if has_errors(problems):
        return
    made = laid(text)
    after, _ = parse_yaml(made, "")

    assert [canonical(one.value) for one in after] == [canonical(one.value) for one in documents]
    assert Counter(said(made)) == Counter(said(text))
    assert laid(made) == made
    assert formatted(text) == formatted(formatted(text))
    assert said(formatted(text)) == said(text)


def said(text: str) -> list[str]:
    return list(comments(text.replace("\r\n", "\n")))


def test_most_texts_are_yaml_with_all_that_it_can_hold() -> None:
    """So that the law above is held against what people write."""
    seen: Counter[str] = Counter()

    @settings(max_examples=200, database=None, derandomize=True)
    @given(yaml_texts())
    def look(text: str) -> None:
        _, problems = parse_yaml(text, "")
        seen["all"] += 1
        seen["read"] += not has_errors(problems)
        for mark in ("# ", "&n", "*n", "|", "---", "\r\n", "{{", "\t", "[") if not has_errors(problems) else ():
            seen[mark] += mark in text

    look()
    assert seen["read"] > seen["all"] / 2
    assert min(seen.values()) > 5, seen


LAID_OUT = dedented(
    """
    # about it
    kind: assistant  # what it is
    name: Guagua
    model: "{{ vars.model }}"
    instructions: |
      one
      two

    # tools
    tools:
      # the interpreter
      - type: code_interpreter
        except: [prod]   # not there
      - type: function
        function:
          name: ask
          parameters: {type: object, properties: {q: {type: string}}, required: [q]}
    metadata:
      lang: 'zh'
      team: x
    targets:
      prod: {metadata: {stage: production}}
    """
)
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.text("ab #:'\"\n-", max_size=12))
EDITS = st.one_of(
    st.tuples(st.sampled_from([("name",), ("instructions",), ("metadata", "lang"), ("temperature",)]), SCALARS),
    st.tuples(st.just(("metadata",)), st.dictionaries(st.sampled_from(["lang", "team", "new"]), SCALARS, max_size=3)),
    st.tuples(
        st.just(("tools",)),
        st.lists(st.sampled_from([{"type": "code_interpreter"}, {"type": "function", "function": "ask"}]), max_size=3),
    ),
    st.tuples(st.sampled_from([("tools",), ("metadata", "team"), ("targets", "prod"), ("model",)]), st.just(ABSENT)),
)


@settings(max_examples=150)
@given(EDITS)
def test_an_edit_of_a_formatted_file_leaves_it_formatted(edit: tuple[tuple[str, ...], object]) -> None:
    """What `pull` and `adopt` write into a file that is laid out is laid out."""
    path, value = edit
    try:
        made = edited(LAID_OUT, 0, path, value)  # type: ignore[arg-type]
    except CannotPlace:
        return
    assert formatted(LAID_OUT) == LAID_OUT
    assert formatted(made) == made
