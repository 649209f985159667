"""`python -m tests.bench [NAME...]`: how long things take, beside a bare script that does the same.

Five runs each, every run a process of its own; median, spread and peak memory, and the requests of one run as
the server counted them. Nothing is asserted here: counts are, in test_counts.py, and times never.
"""

import json
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

from tests.bench import serving
from tests.bench.server import ROOT, asstctl, server, shape, write_project

RUNS = 5
MANY = 200
PYTHON = sys.executable


@dataclass(frozen=True, slots=True)
class Measured:
    """Five runs of one command: seconds each, the median of processor seconds, the highest peak memory in MiB."""

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


def measured(once: Callable[[], Once]) -> Measured:
    """Five runs, after one that warms the file cache."""
    once()
    seconds, busy, peaks = zip(*(once() for _ in range(RUNS)), strict=True)
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


def start_up(folder: Path) -> None:
    ours = measured(lambda: run(asstctl("--help"), folder))
    bare = measured(lambda: run([PYTHON, "-c", "pass"], folder))
    report("start-up: asstctl --help beside an empty interpreter", "150 ms in all", ours, bare, NO_REQUESTS)
    print(f"  above an empty interpreter: {(ours.median - bare.median) * 1000:.0f} ms")


def validate(folder: Path) -> None:
    write_project(folder, None, assistants=1000, functions=5)
    ours = measured(lambda: run(asstctl("validate"), folder))
    bare = measured(lambda: run([PYTHON, "-m", "tests.bench.bare", "parse", str(folder)], ROOT))
    title = "validate: 1,000 assistants with five functions each, beside parsing the same files"
    report(title, "2 s", ours, bare, NO_REQUESTS)


def plan(folder: Path) -> None:
    with server(folder) as quick:
        write_project(folder, quick.url, assistants=MANY)
        run(asstctl("apply", "--yes"), folder)
    with server(folder, "--fault", "delay=0.05") as slow:
        write_project(folder, slow.url, assistants=MANY)
        ours = measured(lambda: run(asstctl("plan", "--detailed-exitcode"), folder))
        of_ours = slow.counts()
        bare = measured(lambda: run([PYTHON, "-m", "tests.bench.bare", "list", slow.url, "0"], ROOT))
        of_bare = slow.counts() - of_ours
    title = f"plan: {MANY} assistants, no changes, 50 ms latency"
    report(title, "1 s, list calls only", ours, bare, (_of_one(of_ours), _of_one(of_bare)))


def create(folder: Path) -> None:
    kept: dict[str, Counter[str]] = {}

    def fresh(name: str, command: Callable[[str], Sequence[str]], place: Path | None) -> Once:
        for file in folder.glob("server.db*"):
            file.unlink()
        with server(folder, "--fault", "delay=0.05") as slow:
            write_project(folder, slow.url, assistants=MANY)
            result = run(command(slow.url), place or folder)
            kept[name] = slow.counts()
            return result

    ours = measured(lambda: fresh("asstctl", lambda _: asstctl("apply", "--yes"), None))
    bare = measured(
        lambda: fresh("bare", lambda url: [PYTHON, "-m", "tests.bench.bare", "create", url, str(MANY)], ROOT)
    )
    title = f"create: {MANY} assistants, 50 ms latency, 8 at once"
    report(title, "3 s", ours, bare, (kept["asstctl"], kept["bare"]))


def converse(folder: Path) -> None:
    """The figure that the aim is for: the default provider, whose server is in the same process."""
    write_project(folder, None, assistants=1, conversations=MANY)
    test = [PYTHON, "-m", "tests.bench.slow_replies", "test"]
    ours = measured(lambda: run([*test, "-j", "20"], folder))
    one = measured(lambda: run([*test, "assistants/c0000.convo.yaml"], folder))
    database = folder / ".asstctl" / "bench.db"
    command = [PYTHON, "-m", "tests.bench.bare", "chat", str(database), str(MANY), _assistant(folder)]
    bare = measured(lambda: run(command, ROOT))
    told = _printed([*test, "-v", "-j", "20"], folder)
    of_ours = Counter(shape(*line.split()[:2]) for line in told.splitlines() if line.endswith(" ms"))
    of_bare = Counter(json.loads(_printed(command, ROOT)))
    title = f"test: {MANY} one-turn conversations on `local`, 50 ms a reply, 20 in flight"
    report(title, CONVERSE_AIM, ours, bare, (of_ours, of_bare))
    _beyond_start_up(ours, one)


def converse_over_a_socket(folder: Path) -> None:
    """The same with the server in a process of its own, as it is with any other provider."""
    with server(folder, "--reply-delay", "0.05") as served:
        write_project(folder, served.url, assistants=1, conversations=MANY)
        run(asstctl("apply", "--yes"), folder)
        before = served.counts()
        ours = measured(lambda: run(asstctl("test", "-j", "20"), folder))
        of_ours = served.counts() - before
        one = measured(lambda: run(asstctl("test", "assistants/c0000.convo.yaml"), folder))
        command = [PYTHON, "-m", "tests.bench.bare", "chat", served.url, str(MANY), _assistant(folder)]
        before = served.counts()
        bare = measured(lambda: run(command, ROOT))
        of_bare = served.counts() - before
    title = f"test: {MANY} one-turn conversations over a socket, 50 ms a reply, 20 in flight"
    report(title, CONVERSE_AIM, ours, bare, (_of_one(of_ours), _of_one(of_bare)))
    _beyond_start_up(ours, one)


CONVERSE_AIM = "1.5 s and start-up"


def _beyond_start_up(ours: Measured, one: Measured) -> None:
    print(f"  start-up (a run of one conversation): {one}; beyond it: {ours.median - one.median:.3f} s")


def _assistant(folder: Path) -> str:
    """The id of the project's one assistant."""
    return _printed(asstctl("list", "--ids", "--format", "env"), folder).partition("=")[2].strip()


def _printed(command: Sequence[str], folder: Path) -> str:
    """What a process says on both streams."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True
    )
    return done.stdout


def _of_one(counted: Counter[str]) -> Counter[str]:
    return Counter({what: number // (RUNS + 1) for what, number in counted.items()})


BENCHES = {
    "start-up": start_up,
    "validate": validate,
    "plan": plan,
    "create": create,
    "test": converse,
    "socket": converse_over_a_socket,
    "serve": serving.serve,
    "stream": serving.stream,
    "long": serving.long_thread,
    "knowledge": serving.knowledge,
}


def main(names: Sequence[str]) -> None:
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} processors")
    print(f"median of {RUNS} runs (spread), time on a processor, peak memory")
    for name in names or BENCHES:
        with tempfile.TemporaryDirectory() as folder:
            BENCHES[name](Path(folder))


if __name__ == "__main__":
    main(sys.argv[1:])
