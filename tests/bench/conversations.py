"""How long suites of conversations take: live beside a bare SDK loop, from tapes, checked, and collected by pytest."""

from pathlib import Path

from tests.bench.measuring import NO_REQUESTS, PYTHON, RUNS, Measured, measured, of_one, printed, report, run
from tests.bench.server import ROOT, asstctl, server, write_project

FEW_RUNS = 3


def live_200(folder: Path) -> None:
    _live(folder, 200, 20, "1.5 s and start-up", RUNS)


def live_2000(folder: Path) -> None:
    _live(folder, 2000, 50, "5 s and start-up, 3 ms of processor a turn beyond the SDK's own, 100 MiB", FEW_RUNS)


def _live(folder: Path, number: int, in_flight: int, aim: str, runs: int) -> None:
    with server(folder, "--reply-delay", "0.05") as served:
        write_project(folder, served.url, assistants=1, conversations=number)
        run(asstctl("apply", "--yes"), folder)
        assistant = printed(asstctl("list", "--ids", "--format", "env"), folder).partition("=")[2].strip()
        before = served.counts()
        ours = measured(lambda: run(asstctl("test", "-j", str(in_flight)), folder), runs)
        of_ours = served.counts() - before
        one = measured(lambda: run(asstctl("test", "assistants/c0000.convo.yaml"), folder), runs)
        loop = [PYTHON, "-m", "tests.bench.bare", "sdk", served.url]
        before = served.counts()
        bare = measured(lambda: run([*loop, str(number), assistant, str(in_flight)], ROOT), runs)
        of_bare = served.counts() - before
        bare_one = measured(lambda: run([*loop, "1", assistant, "1"], ROOT), runs)
    title = f"test: {number:,} one-turn conversations over a socket, 50 ms a reply, {in_flight} in flight"
    report(title, aim, ours, bare, (of_one(of_ours, runs), of_one(of_bare, runs)))
    _beyond(ours, one, bare, bare_one, number)


def _beyond(ours: Measured, one: Measured, bare: Measured, bare_one: Measured, number: int) -> None:
    """What the conversations cost without the start, for both."""
    seconds, of_bare = ours.median - one.median, bare.median - bare_one.median
    busy, busy_bare = ours.busy - one.busy, bare.busy - bare_one.busy
    print(f"  beyond start-up: {seconds:.2f} s, the SDK loop {of_bare:.2f} s, ratio {seconds / of_bare:.2f}")
    milliseconds = 1000 * (busy - busy_bare) / number
    print(f"  processor time a turn beyond the SDK loop's: {milliseconds:.2f} ms")


def replay(folder: Path) -> None:
    with server(folder) as served:
        write_project(folder, served.url, assistants=1, conversations=200)
        run(asstctl("apply", "--yes"), folder)
        run(asstctl("test", "--record", "-j", "20"), folder)
    ours = measured(lambda: run(asstctl("test", "--replay"), folder))
    one = measured(lambda: run(asstctl("test", "--replay", "assistants/c0000.convo.yaml"), folder))
    bare = measured(lambda: run([PYTHON, "-c", "import openai"], folder))
    report("replay: 200 conversations from tapes, beside importing the SDK", "1 s", ours, bare, NO_REQUESTS)
    print(f"  beyond start-up (a run of one conversation): {ours.median - one.median:.3f} s")


def check(folder: Path) -> None:
    write_project(folder, None, assistants=10, functions=5, conversations=500)
    ours = measured(lambda: run(asstctl("test", "--check"), folder))
    bare = measured(lambda: run([PYTHON, "-m", "tests.bench.bare", "parse", str(folder)], ROOT))
    report("check: 500 conversations, beside parsing the same files", "0.7 s", ours, bare, NO_REQUESTS)


def collect(folder: Path) -> None:
    write_project(folder, None, assistants=10, conversations=1000)
    collecting = [PYTHON, "-m", "pytest", "--collect-only", "-qq", "-p", "no:cacheprovider"]
    ours = measured(lambda: run([*collecting, str(folder)], folder))
    (folder / "empty").mkdir()
    (folder / "empty" / "test_one.py").write_text("def test_one():\n    pass\n", "utf-8")
    bare = measured(lambda: run([*collecting, "empty/test_one.py"], folder))
    report("collect: 1,000 conversations by pytest, beside one test", "", ours, bare, NO_REQUESTS)
    print(f"  beyond pytest's own start: {ours.median - bare.median:.3f} s")
