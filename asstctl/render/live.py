"""A run of conversations while it goes on: on a terminal a line for each that is running and a foot, elsewhere nothing.

The line of a conversation that has ended is the caller's to print; `aside` makes room for it above the moving part.
"""

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING, TextIO

from asstctl.core.conversation import Status
from asstctl.core.suite import Calling, CaseBegan, CaseEnded, Moment, Slowed, TurnBegan
from asstctl.render.failure import BAD
from asstctl.render.style import Look
from asstctl.render.text import clipped
from asstctl.render.values import counted, dollars

if TYPE_CHECKING:
    from rich.live import Live as Area
    from rich.text import Text

_LEFT_FREE = 6
"""Lines of the terminal that stay for what has ended."""


@dataclass
class _Running:
    """One conversation that is being had. `since`: when it began."""

    name: str
    turns: int
    since: float
    playing: int = 1
    turn: int = 0
    tokens: int = 0
    function: str = ""


@dataclass
class Course:
    """What has been heard of a run of so many conversations. `clock` tells the time in seconds, `most` is what the run
    may cost."""

    planned: int
    clock: Callable[[], float] = monotonic
    most: float | None = None
    running: dict[int, _Running] = field(default_factory=dict)
    done: int = 0
    failed: int = 0
    undecided: int = 0
    tokens: int = 0
    cost: float = 0.0
    width: int | None = None
    patience: float = 0.0  # until when the provider asked to be left alone

    def hear(self, moment: Moment) -> None:
        """One thing has happened."""
        match moment:
            case CaseBegan():
                name = f"{moment.assistant}/{moment.id}"
                self.running[moment.index] = _Running(name, moment.turns, self.clock(), moment.playing)
            case TurnBegan():
                if one := self.running.get(moment.index):
                    one.turn, one.function, one.tokens = moment.number, "", moment.tokens
            case Calling():
                if one := self.running.get(moment.index):
                    one.function = moment.function
            case CaseEnded():
                self._ended(moment)
            case Slowed():
                self.width, self.patience = moment.width, self.clock() + moment.wait

    def _ended(self, moment: CaseEnded) -> None:
        self.running.pop(moment.index, None)
        result = moment.result
        self.done += result.status is not Status.NOT_RUN
        self.failed += result.status is Status.FAILED
        self.undecided += result.status in BAD - {Status.FAILED}
        self.tokens += result.usage.total_tokens if result.usage else 0
        self.cost += (result.cost or 0.0) + (result.judge_cost or 0.0)

    def lines(self, look: Look, height: int) -> list[str]:
        """What is to be seen now, in so many lines: the oldest conversations first, and the foot."""
        now = self.clock()
        running = sorted([*self.running.values()], key=lambda one: one.since)
        room = max(1, height - 1)
        shown = running if len(running) <= room else running[: room - 1]
        lines = [_line_of(one, now) for one in shown]
        if more := len(running) - len(shown):
            lines.append(f"  {look.glyphs.ellipsis} and {more:,} more")
        return [clipped(text, look.width - 1, look.glyphs.ellipsis) for text in (*lines, self._foot(now))]

    def _foot(self, now: float) -> str:
        parts = [f"{self.done:,} of {self.planned:,} done"]
        if self.failed:
            parts.append(f"{self.failed:,} failed")
        if self.undecided:
            parts.append(f"{self.undecided:,} without a verdict")
        parts.append(f"{len(self.running):,} in flight" + (f" (at most {self.width:,})" if self.width else ""))
        if (wait := self.patience - now) > 0:
            parts.append(f"rate limit: {wait:.0f} s to wait")
        spent = dollars(self.cost) if self.cost or self.most else ""
        limit = f" of {dollars(self.most)}" if self.most else ""
        if used := self.tokens + sum(one.tokens for one in self.running.values()):
            parts.append(counted(used, "token") + (f", {spent}{limit}" if spent else ""))
        elif spent:
            parts.append(f"{spent}{limit}")
        return "  " + "   ".join(parts)


def _line_of(one: _Running, now: float) -> str:
    turn = f"turn {one.turn} of {one.turns}" if one.turn else "opens its thread"
    again = f"playing {one.playing}   " if one.playing > 1 else ""
    function = f"{one.function}   " if one.function else ""
    tokens = f"   {counted(one.tokens, 'token')}" if one.tokens else ""
    return f"    {one.name}   {again}{turn}   {function}{now - one.since:.0f} s{tokens}"


class Unwatched:
    """Shows nothing while it goes on: nobody sees what moves."""

    def hear(self, moment: Moment) -> None:
        """Hear what has happened."""

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Lines may be printed inside."""
        yield

    def close(self) -> None:
        """It is over."""


class Watched(Unwatched):
    """Lines on a terminal, from the first conversation to the last; they are gone afterwards."""

    def __init__(self, course: Course, stream: TextIO, look: Look) -> None:
        self._course = course
        self._stream = stream
        self._look = look
        self._area: Area | None = None

    def hear(self, moment: Moment) -> None:
        self._course.hear(moment)
        if self._area is None and self._course.running:
            self._show()

    @contextmanager
    def aside(self) -> Iterator[None]:
        if self._area is None:
            yield
            return
        self.close()
        try:
            yield
        finally:
            self._show()  # a new one: the old would go up over what was printed

    def close(self) -> None:
        if self._area is not None:
            self._area.stop()
            self._area = None

    def _show(self) -> None:
        self._area = _area(self._stream, self._text)
        self._area.start(refresh=True)

    def _text(self) -> "Text":
        from rich.text import Text

        height = shutil.get_terminal_size((80, 24)).lines - _LEFT_FREE
        return Text("\n".join(self._course.lines(self._look, height)), style="dim", no_wrap=True)


def watched(
    planned: Sequence[object], stream: TextIO, look: Look, *, moving: bool, most: float | None = None
) -> Unwatched:
    """How a run of these conversations is watched on a stream; `moving`: somebody sees what moves there. `most` is what
    it may cost in US dollars."""
    return Watched(Course(len(planned), most=most), stream, look) if moving and planned else Unwatched()


def _area(stream: TextIO, text: "Callable[[], Text]") -> "Area":
    from rich.console import Console
    from rich.live import Live as Area

    # what is printed meanwhile goes where it would go anyway: see `aside`
    return Area(
        console=Console(file=stream),
        get_renderable=text,
        transient=True,
        refresh_per_second=5,
        redirect_stdout=False,
        redirect_stderr=False,
    )
