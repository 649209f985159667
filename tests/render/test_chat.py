"""A reply as it comes: escaped whatever its pieces are, and in the end what the whole of it would be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asstctl.core.thread import ToolCall
from asstctl.render.chat import Reply, answer_text, call_text
from asstctl.render.escape import defused, visible

ACTING = ("\x1b[31m", "\u202e", "::set-output", "##[error]", "##vso[task]", "\r\n", "\n", " ", "#", ":", "x", "周")


def told(pieces: list[str]) -> str:
    reply = Reply()
    return "".join(map(reply.take, pieces)) + reply.end()


@given(pieces=st.lists(st.one_of(st.sampled_from(ACTING), st.text(max_size=6)), max_size=8))
def test_pieces_add_up_to_the_whole(pieces: list[str]) -> None:
    """Wherever a text is cut, what is shown is the same, and no line of it is a command."""
    whole = "".join(pieces)

    shown = told(pieces)

    assert shown == told([whole])
    assert shown == told([*whole])
    lines = shown.removesuffix("\n").split("\n")
    assert all(line == visible(line) and line == defused(line) for line in lines)
    if whole:
        assert len(lines) == len(whole.replace("\r\n", "\n").split("\n"))


@pytest.mark.parametrize(
    "pieces, shown",
    [
        ([], ""),
        (["Hel", "lo"], "  assistant  Hello\n"),
        (["a\n", "\nb"], "  assistant  a\n             \n             b\n"),
        (["\x1b", "[31m"], "  assistant  \\x1b[31m\n"),
        (["a\n:", ":x"], "  assistant  a\n             \\::x\n"),
        (["1:", "2 ::"], "  assistant  1:2 ::\n"),
        (["#", "#", "[x]"], "  assistant  #\\#[x]\n"),
        (["a\r", "\nb\r"], "  assistant  a\n             b\\r\n"),
    ],
)
def test_a_reply_is_written_as_it_comes(pieces: list[str], shown: str) -> None:
    assert told(pieces) == shown


def test_a_piece_is_shown_at_once() -> None:
    """But for what could act together with what follows."""
    reply = Reply()

    assert reply.take("Hello #") == "  assistant  Hello "
    assert reply.take("1") == "#1"


def test_calls_and_answers_are_rows() -> None:
    assert call_text(ToolCall("call_1", "ask", '{"q": "\x1b"}')) == '  call       ask {"q": "\\x1b"}\n'
    assert answer_text("\n") == '  answer     ""\n'
    assert answer_text("x" * 100) == f"  answer     {'x' * 66}…\n"
