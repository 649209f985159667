"""How far uploads are: tenths in a log, a bar on a terminal that is gone when it is done."""

import io
import re

import pytest

from asstctl.core.outcome import Progress
from asstctl.core.plan import Plan
from asstctl.render.progress import Lines, Live, Quiet, Tally, progress_of
from tests.render import samples

STORE = samples.STORES[0]
KNOWLEDGE = Plan(samples.STAGING, (STORE,))
LARGE = Plan(samples.STAGING, samples.STORES * 3)


class Terminal(io.StringIO):
    """A stream that somebody looks at."""

    def isatty(self) -> bool:
        return True


def heard(progress: Quiet, *, each: int = 2) -> None:
    """All files of the store, sent in so many parts."""
    for change in STORE.files:
        for part in range(1, each + 1):
            sent = change.upload_bytes * part // each
            progress.hear(Progress(STORE.address, change.path, sent, change.upload_bytes))


def test_a_tally_counts_files_and_bytes() -> None:
    tally = Tally(KNOWLEDGE)
    path, total = STORE.files[0].path, STORE.files[0].upload_bytes

    tally.hear(Progress(STORE.address, path, 1000, total))
    assert str(tally) == "0 of 12 files, 1.0 KB of 1.4 MB"

    tally.hear(Progress(STORE.address, path, total, total))
    assert str(tally) == "1 of 12 files, 116 KB of 1.4 MB"


def test_a_file_that_is_sent_again_is_counted_once() -> None:
    tally = Tally(KNOWLEDGE)
    file = STORE.files[0]

    for sent in (file.upload_bytes, 10, file.upload_bytes):
        tally.hear(Progress(STORE.address, file.path, sent, file.upload_bytes))

    assert tally.sent == file.upload_bytes


def test_a_log_gets_a_line_per_tenth() -> None:
    said: list[str] = []

    heard(Lines(KNOWLEDGE, said.append))

    assert len(said) == 10
    assert said[-1] == "Uploading: 12 of 12 files, 1.4 MB of 1.4 MB"


@pytest.mark.parametrize(
    "plan, bar, kind",
    [
        (samples.PLANS["plan-nothing"], True, Quiet),
        (KNOWLEDGE, True, Live),
        (KNOWLEDGE, False, Quiet),
        (LARGE, False, Lines),
    ],
)
def test_what_is_told_depends_on_how_much_there_is_and_on_who_looks(plan: Plan, bar: bool, kind: type[Quiet]) -> None:
    assert type(progress_of(plan, io.StringIO(), print, bar=bar)) is kind


def test_a_bar_makes_room_for_lines_and_is_gone_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    terminal = Terminal()
    live = Live(KNOWLEDGE, terminal)

    heard(live)
    with live.aside():
        terminal.write("+ vector_store.handbook   created\n")
    live.close()

    shown = terminal.getvalue()
    assert "12 of 12 files, 1.4 MB of 1.4 MB" in shown
    # cursor up, and the line erased: what a transient bar leaves
    assert re.search(r"\x1b\[1A\x1b\[2K\+ vector_store.handbook", shown)
    assert shown.endswith("\x1b[1A\x1b[2K")


def test_a_bar_that_nothing_is_sent_for_is_never_shown() -> None:
    terminal = Terminal()
    live = Live(KNOWLEDGE, terminal)

    with live.aside():
        pass
    live.close()

    assert terminal.getvalue() == ""
