"""How far the uploads of an apply are: one bar on a terminal that is gone afterwards, a line per tenth elsewhere."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from asstctl.core.address import Address
from asstctl.core.outcome import Progress
from asstctl.core.plan import Plan
from asstctl.render.files import uploads
from asstctl.render.values import counted, size

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

_WORTH_A_LINE = 8_000_000
"""Below as many bytes, nobody who reads a log waits for them."""


class Tally:
    """What has been sent of all that a plan uploads."""

    def __init__(self, plan: Plan) -> None:
        self.total = uploads(plan.pending)
        self._sent: dict[tuple[Address, str], int] = {}
        self._done: set[tuple[Address, str]] = set()

    def hear(self, progress: Progress) -> None:
        """One file has come this far; sending it again begins anew."""
        key = (progress.address, progress.path)
        self._sent[key] = progress.sent
        if progress.sent >= progress.total:
            self._done.add(key)

    @property
    def sent(self) -> int:
        """Bytes sent."""
        return sum(self._sent.values())

    @property
    def tenth(self) -> int:
        """How many tenths of the bytes have been sent."""
        return self.sent * 10 // max(1, self.total.bytes)

    def __str__(self) -> str:
        files = f"{len(self._done):,} of {counted(self.total.files, 'file')}"
        return f"{files}, {size(self.sent)} of {size(self.total.bytes)}"


class Quiet:
    """Tells nobody: nothing is uploaded, or nobody wants to know."""

    def hear(self, progress: Progress) -> None:
        """Hear how far one file is."""

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Lines may be printed inside."""
        yield

    def close(self) -> None:
        """Nothing more is sent."""


class Lines(Quiet):
    """A line whenever another tenth has been sent."""

    def __init__(self, plan: Plan, say: Callable[[str], None]) -> None:
        self._tally = Tally(plan)
        self._say = say
        self._told = 0

    def hear(self, progress: Progress) -> None:
        self._tally.hear(progress)
        if self._tally.tenth > self._told:
            self._told = self._tally.tenth
            self._say(f"Uploading: {self._tally}")


class Live(Quiet):
    """A bar on a terminal, from the first byte to the last."""

    def __init__(self, plan: Plan, stream: TextIO) -> None:
        self._tally = Tally(plan)
        self._stream = stream
        self._bar: Bar | None = None

    def hear(self, progress: Progress) -> None:
        self._tally.hear(progress)
        if self._bar is None:
            self._bar = _made(self._stream)
            self._bar.add_task("", total=self._tally.total.bytes, tally="")
            self._bar.start()
        self._bar.update(self._bar.task_ids[0], completed=self._tally.sent, tally=str(self._tally))

    @contextmanager
    def aside(self) -> Iterator[None]:
        if self._bar is None:
            yield
            return
        self._bar.stop()
        yield
        self._bar.start()

    def close(self) -> None:
        if self._bar is not None:
            self._bar.stop()


def progress_of(plan: Plan, stream: TextIO, say: Callable[[str], None], *, bar: bool) -> Quiet:
    """How the uploads of a plan are told on a stream; where there is no bar, through `say`."""
    total = uploads(plan.pending)
    if bar and total.files:
        return Live(plan, stream)
    return Lines(plan, say) if total.bytes >= _WORTH_A_LINE else Quiet()


def _made(stream: TextIO) -> "Bar":
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn
    from rich.progress import Progress as Bar

    # what is printed meanwhile goes where it would go anyway: see `aside`
    return Bar(
        TextColumn("Uploading"),
        BarColumn(),
        TextColumn("{task.fields[tally]}", markup=False),
        console=Console(file=stream),
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )
