"""kill -9 of a server under a mixed load, at seeded moments: nothing acknowledged is lost and nobody is locked out.

Each point kills twice: the second server works on what the first one left.
"""

import random
import signal
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from asstctl.emulator.runs import leases
from tests.durability import survival
from tests.durability.load import Ledger, work
from tests.emulator.harness import Clock, serving
from tests.emulator.process import Server

pytestmark = [pytest.mark.slow, pytest.mark.anyio]

SEED = 20261122
POINTS = 12
KILLS = 2
LONGEST_LOAD = 1.5
"""Seconds from the first write to the kill."""

DELAYS = ("0", "0.02", "0.3")
"""Seconds that the model takes for each turn: short ones kill between writes, long ones within runs."""


@pytest.mark.parametrize("seed", [f"{SEED}-{point}" for point in range(POINTS)])
async def test_a_killed_server_loses_nothing_and_locks_nobody_out(tmp_path: Path, seed: str) -> None:
    dice = random.Random(seed)
    database, ledger = tmp_path / "local.db", Ledger()
    for round_ in range(KILLS):
        delay, moment = dice.choice(DELAYS), dice.uniform(0.05, LONGEST_LOAD)
        print(f"seed {seed}, kill {round_ + 1}: after {moment:.3f} s, replies take {delay} s")
        await _load_and_kill(Server(database, "--reply-delay", delay), ledger, moment, f"{seed}-{round_}")
    assert ledger.refused == []
    assert ledger.writes > 0
    print(f"{ledger.writes} writes acknowledged")
    survival.every_row_has_its_blob(database)

    clock = Clock(time.time())
    async with serving(database, clock=clock) as api:
        await survival.everything_acknowledged_is_there(api, ledger)
        await survival.files_are_whole(api, ledger)
        await survival.runs_are_where_they_were_seen(api, ledger)
        await survival.open_uploads_can_be_completed(api, ledger)
        clock.now += leases.DURATION
        await survival.no_thread_is_locked(api, ledger)
        await survival.stores_come_to_rest(api, ledger)
        await survival.no_chunk_is_an_orphan(api)
        await survival.everything_acknowledged_is_there(api, ledger)
    survival.age_blobs(database)
    async with serving(database):
        survival.no_blob_is_an_orphan(database)
    survival.every_row_has_its_blob(database)
    survival.database_is_sound(database)


async def _load_and_kill(server: Server, ledger: Ledger, moment: float, seed: str) -> None:
    children: list[int] = []

    def kill() -> None:
        children.extend(_children(server.process.pid))
        server.kill()

    timer = threading.Timer(moment, kill)  # a thread, so that no client is at a known point
    try:
        await work(server.url, ledger, seed, timer.start)
    finally:
        timer.cancel()
        code, said = server.stop(signal.SIGKILL)
    assert (code, said) == (-signal.SIGKILL, "")
    survival.no_process_is_left(children)


def _children(pid: int) -> list[int]:
    """Those of every thread: the sandbox's are started by threads of its own."""
    found: list[int] = []
    for thread in Path(f"/proc/{pid}/task").glob("*/children"):  # there is none where this is not Linux
        with suppress(OSError):
            found += map(int, thread.read_text().split())
    return found
