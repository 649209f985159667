"""Lines of spans: measured in cells, broken where they may, and light to import."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asstctl.render.style import PLAIN, Look, Style
from asstctl.render.text import Line, Span, cells, clipped, line, padded, sentence, wrapped, written


def shown(lines: list[Line]) -> list[str]:
    return ["".join(span.text for span in spans) for spans in lines]


@pytest.mark.parametrize(
    "text, width", [("", 0), ("abc", 3), ("é·…✓✗", 5), ("周三", 4), ("a周", 3), ("\x1b", 4), ("👍", 2), ("e\u0301", 1)]
)
def test_cells(text: str, width: int) -> None:
    """Text is measured as it is shown: wide characters are two columns, escaped ones what they are spelled as."""
    assert cells(text) == width


@pytest.mark.parametrize(
    "text, width, expected",
    [
        ("abc", 3, "abc"),
        ("abcd", 3, "ab…"),
        ("周三有课", 5, "周三…"),
        ("周三有课", 6, "周三…"),
        ("\x1b[0m", 5, "\\x1b…"),
    ],
)
def test_clipped(text: str, width: int, expected: str) -> None:
    """A clipped text never takes more columns than it may."""
    assert clipped(text, width, "…") == expected


@pytest.mark.parametrize(
    "text, width, expected",
    [
        ("one two three", 10, ["> one two", "  three"]),
        ("  indented text", 12, [">   indented", "  text"]),
        ("unbreakable-word next", 10, ["> unbreakable-word", "  next"]),
        ("周三有课。再见", 10, ["> 周三有", "  课。再见"]),
        ("周三有[-课-]{+书+}", 12, ["> 周三有", "  [-课-]", "  {+书+}"]),
        ("", 10, ["> "]),
    ],
)
def test_wrapped(text: str, width: int, expected: list[str]) -> None:
    """Lines break at blanks and between wide characters; a stop or a mark stays with its word, a long word whole."""
    assert shown(wrapped(text, width, "> ", "  ")) == expected


@given(st.text(st.sampled_from("ab 周。-"), max_size=60), st.integers(8, 30))
def test_wrapping_loses_nothing(text: str, width: int) -> None:
    """Only blanks are dropped where a line breaks."""
    assert "".join(shown(wrapped(text, width))).replace(" ", "") == text.replace(" ", "")


@pytest.mark.parametrize(
    "text, expected",
    [
        ("plan again: asstctl plan", ["  plan again: asstctl plan"]),
        ("look at the plan of now: asstctl plan --out a", ["  look at the plan of now:", "  asstctl plan --out a"]),
        ("asstctl apply --prune --max-deletes 500 --yes", ["  asstctl apply --prune --max-deletes 500 --yes"]),
        ("remove it: rm a-name-that-is-long-enough", ["  remove it:", "  rm a-name-that-is-long-enough"]),
        ("a colon: and no command at its end at all", ["  a colon: and no command at", "  its end at all"]),
    ],
)
def test_a_command_is_never_broken(text: str, expected: list[str]) -> None:
    """The command that ends a sentence stands beside it, or below it."""
    assert shown(sentence(text, 30, "  ", "  ")) == expected


def test_padding_counts_cells() -> None:
    """Columns under wide characters line up."""
    assert shown([padded("周三", 6), padded("abc", 6)]) == ["周三  ", "abc   "]


def test_styles_become_sequences() -> None:
    """Neighbours of one style share a sequence, and without colour there is none."""
    spans = line(Span("a", Style.ADD), Span("b", Style.ADD), "c")

    assert written([spans], Look(color=True)) == "\x1b[32mab\x1b[0mc\n"
    assert written([spans], PLAIN) == "abc\n"


def test_ascii_output_needs_no_rich() -> None:
    """A plan in ASCII is shown without importing rich, which costs as much as the rest of the command."""
    program = (
        "import sys\n"
        "from asstctl.core.plan import Plan, TargetInfo\n"
        "from asstctl.render.plan import plan_text\n"
        "assert plan_text(Plan(TargetInfo('local', 'local', '', 'x.db', 'p', local=True), ()))\n"
        "import asstctl.render.test, asstctl.render.json.test, asstctl.render.apply, asstctl.render.errors\n"
        "print(sorted({name.partition('.')[0] for name in sys.modules} & {'rich', 'pydantic', 'asyncio', 'click'}))\n"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"
