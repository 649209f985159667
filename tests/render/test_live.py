"""A run while it goes on: what its lines say, and that they are gone afterwards."""

import io
import re
from dataclasses import replace

import pytest

from asstctl.core.conversation import Failure, FailureKind
from asstctl.core.suite import Calling, CaseBegan, CaseEnded, Slowed, TurnBegan
from asstctl.render.live import Course, Unwatched, Watched, watched
from asstctl.render.style import PLAIN
from asstctl.render.text import cells
from tests.render.suites import NOT_RUN, SKIPPED
from tests.render.suites import PLAIN as FAILED


class Clock:
    """A time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Terminal(io.StringIO):
    """A stream that somebody looks at."""

    def isatty(self) -> bool:
        return True


def course(planned: int = 3) -> tuple[Course, Clock]:
    clock = Clock()
    return Course(planned, clock), clock


def test_a_running_conversation_has_a_line() -> None:
    told, clock = course()

    told.hear(CaseBegan(0, "clerk", "refund", 4))
    assert told.lines(PLAIN, 10)[0] == "    clerk/refund   opens its thread   0 s"
    told.hear(TurnBegan(0, 2))
    told.hear(Calling(0, "get_order"))
    clock.now = 7.4
    assert told.lines(PLAIN, 10)[0] == "    clerk/refund   turn 2 of 4   get_order   7 s"
    told.hear(TurnBegan(0, 3, 812))
    assert told.lines(PLAIN, 10)[0] == "    clerk/refund   turn 3 of 4   7 s   812 tokens"


def test_a_repeated_one_says_which_playing_it_is() -> None:
    told, _ = course()

    told.hear(CaseBegan(0, "clerk", "refund", 1, playing=3))

    assert "playing 3" in told.lines(PLAIN, 10)[0]


def test_the_foot_counts_and_says_what_was_used() -> None:
    told, clock = course()
    for index in range(3):
        told.hear(CaseBegan(index, "clerk", f"c{index}", 1))
    told.hear(CaseEnded(0, FAILED))
    told.hear(CaseEnded(1, SKIPPED))
    told.hear(Slowed(2, 12.0))

    assert told.lines(replace(PLAIN, width=120), 10)[-1] == (
        "  2 of 3 done   1 failed   1 in flight (at most 2)   rate limit: 12 s to wait   812 tokens, $0.0019"
    )
    clock.now = 20.0
    assert "rate limit" not in told.lines(replace(PLAIN, width=120), 10)[-1]


def test_the_foot_holds_what_was_spent_against_what_may_be() -> None:
    """And counts what has no verdict apart from what failed."""
    told = Course(3, Clock(), 0.5)
    told.hear(CaseBegan(0, "clerk", "a", 2))
    assert told.lines(PLAIN, 10)[-1] == "  0 of 3 done   1 in flight   $0.00 of $0.50"
    told.hear(TurnBegan(0, 2, 100))
    told.hear(CaseEnded(1, replace(FAILED, failure=Failure(FailureKind.TIMEOUT, "late"))))

    assert told.lines(replace(PLAIN, width=120), 10)[-1] == (
        "  1 of 3 done   1 without a verdict   1 in flight   912 tokens, $0.0019 of $0.50"
    )


def test_what_was_not_begun_is_not_done() -> None:
    told, _ = course()

    told.hear(CaseEnded(2, NOT_RUN))

    assert told.lines(PLAIN, 10) == ["  0 of 3 done   0 in flight"]


@pytest.mark.parametrize("height", [1, 2, 5, 20, 21, 22])
def test_there_are_never_more_lines_than_there_is_room(height: int) -> None:
    told, clock = course(20)
    for index in range(20):
        clock.now = float(-index)
        told.hear(CaseBegan(index, "a" * 60, "名" * 60, 1))

    lines = told.lines(PLAIN, height)

    assert len(lines) == max(2, min(height, 21))
    assert all(cells(text) < PLAIN.width for text in lines)


def test_the_lines_move_on_a_terminal_and_are_gone_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    terminal = Terminal()
    live = watched([1, 2], terminal, PLAIN, moving=True)

    for index in range(3):
        live.hear(CaseBegan(index, "clerk", "a\x1b[31mb", 2))
    live.hear(CaseEnded(0, FAILED))
    with live.aside():
        terminal.write("  x clerk   failed\n")
    live.close()
    live.close()

    shown = terminal.getvalue()
    assert "\\x1b[31mb" in shown
    # cursor up, and the lines erased
    _, after = re.split(r"(?<=\x1b\[1A\x1b\[2K)  x clerk   failed\n", shown)
    assert not re.match(r"[^ ]*\x1b\[1A", after)  # and what was printed stays
    assert shown.endswith("\x1b[1A\x1b[2K")


@pytest.mark.parametrize(("planned", "moving"), [([], True), ([1], False)])
def test_nothing_moves_where_nobody_sees_it(planned: list[int], moving: bool) -> None:
    terminal = Terminal()
    live = watched(planned, terminal, PLAIN, moving=moving)

    live.hear(CaseBegan(0, "clerk", "a", 1))
    with live.aside():
        pass
    live.close()

    assert type(live) is Unwatched
    assert terminal.getvalue() == ""


def test_a_run_that_begins_nothing_shows_nothing() -> None:
    terminal = Terminal()
    live = Watched(Course(1), terminal, PLAIN)

    live.hear(CaseEnded(0, SKIPPED))
    with live.aside():
        pass
    live.close()

    assert terminal.getvalue() == ""
