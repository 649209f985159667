"""What a bench measures: processes that run one after the other, their time, their memory, their requests."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench.server import ROOT

RUNS = 5
PYTHON = sys.executable


@dataclass(frozen=True, slots=True)
class Measured:
    """Several runs of one command: seconds each, the median of processor seconds, the highest peak memory in MiB."""

    seconds: tuple[float, ...]
    busy: float
    peak: float

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    def __str__(self) -> str:
        spread = f"{min(self.seconds):.3f}..{max(self.seconds):.3f}"
        return f"{self.median:7.3f} s  ({spread})  {self.busy:6.3f} s busy  {self.peak:5.0f} MiB"


Once = tuple[float, float, float]
"""Seconds, processor seconds and peak MiB of one process."""


def run(command: Sequence[str], folder: Path, expected: int = 0) -> Once:
    """Run one process. Its code must be the expected one."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1"}
    with tempfile.TemporaryFile() as printed:
        started = time.perf_counter()
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=printed, stderr=printed)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != expected:
            printed.seek(0)
            raise SystemExit(f"{' '.join(command)} ended with {process.returncode}:\n{printed.read().decode()[-2000:]}")
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / unit


def measured(once: Callable[[], Once], runs: int = RUNS) -> Measured:
    """Five runs or so, after one that warms the file cache."""
    once()
    seconds, busy, peaks = zip(*(once() for _ in range(runs)), strict=True)
    return Measured(seconds, statistics.median(busy), max(peaks))


def report(title: str, aim: str, ours: Measured, bare: Measured, requests: tuple[Counter[str], Counter[str]]) -> None:
    print(f"\n{title}   (aim: {aim})")
    print(f"  asstctl  {ours}")
    print(f"  bare     {bare}")
    print(f"  ratio    {ours.median / bare.median:7.2f}")
    for name, counted in zip(("asstctl", "bare"), requests, strict=True):
        if counted:
            listed = ", ".join(f"{number} {what}" for what, number in sorted(counted.items()))
            print(f"  requests of {name}: {counted.total()}: {listed}")
    sys.stdout.flush()


NO_REQUESTS: tuple[Counter[str], Counter[str]] = (Counter(), Counter())


def printed(command: Sequence[str], folder: Path) -> str:
    """What a process says on both streams."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True
    )
    return done.stdout


def of_one(counted: Counter[str], runs: int = RUNS) -> Counter[str]:
    """The requests of one run, of those that so many runs and the first one sent."""
    return Counter({what: number // (runs + 1) for what, number in counted.items()})
