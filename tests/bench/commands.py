"""How long the commands take: start-up, `validate`, `plan`, `apply` and `test`, each beside a bare script."""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.bench.measuring import NO_REQUESTS, PYTHON, Measured, Once, measured, of_one, printed, report, run
from tests.bench.server import ROOT, asstctl, server, shape, write_project

MANY = 200


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
    report(title, "1 s, list calls only", ours, bare, (of_one(of_ours), of_one(of_bare)))


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
    told = printed([*test, "-v", "-j", "20"], folder)
    of_ours = Counter(shape(*line.split()[:2]) for line in told.splitlines() if line.endswith(" ms"))
    of_bare = Counter(json.loads(printed(command, ROOT)))
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
    report(title, CONVERSE_AIM, ours, bare, (of_one(of_ours), of_one(of_bare)))
    _beyond_start_up(ours, one)


CONVERSE_AIM = "1.5 s and start-up"


def _beyond_start_up(ours: Measured, one: Measured) -> None:
    print(f"  start-up (a run of one conversation): {one}; beyond it: {ours.median - one.median:.3f} s")


def _assistant(folder: Path) -> str:
    """The id of the project's one assistant."""
    return printed(asstctl("list", "--ids", "--format", "env"), folder).partition("=")[2].strip()
