"""How the cost grows: thousands of assistants, hundreds of files and a large one, at 50 ms a request.

"Beyond start-up" is what a run takes more than the same run of a project of one.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.bench.measuring import NO_REQUESTS, PYTHON, Measured, Once, measured, of_one, report, run
from tests.bench.server import ROOT, Server, asstctl, server, write_project

LATENCY = "delay=0.05"
RUNS = 3
SIZES = (500, 1000, 2000, 5000)
MIB = 2**20


def plan(folder: Path) -> None:
    """A plan that finds nothing to do, beside a listing of the same objects."""
    one, bare_one = _no_op(folder, 1)
    for number in (200, 2000):
        ours, bare, requests = _no_op_beside(folder, number)
        report(
            f"plan: {number:,} assistants, no changes, 50 ms", "a ratio of 1.5 beyond start-up", ours, bare, requests
        )
        _beyond(ours, one, bare, bare_one)


def create(folder: Path) -> None:
    """Creates, one write per object, beside the same number of requests at the same concurrency."""
    one, bare_one, _ = _creates(folder, 1)
    for number in (200, 2000):
        ours, bare, requests = _creates(folder, number)
        report(f"create: {number:,} assistants, 50 ms, 8 at once", "a ratio of 1.5", ours, bare, requests)
        _beyond(ours, one, bare, bare_one)


def change(folder: Path, number: int = 1000, changed: int = 100) -> None:
    """A few of many changed: a listing and one write each."""
    _fill(folder, number)
    temperatures = iter(range(1, 10**6))

    def edit() -> None:
        temperature = next(temperatures) / 1000
        for manifest in sorted((folder / "assistants").glob("a*.yaml"))[:changed]:
            lines = manifest.read_text("utf-8").splitlines(keepends=True)
            kept = [f"temperature: {temperature}\n" if one.startswith("temperature:") else one for one in lines]
            manifest.write_text("".join(kept), "utf-8")

    def ours_once() -> Once:
        edit()
        return run(asstctl("apply", "--yes"), folder)

    with server(folder, "--fault", LATENCY) as slow:
        write_project(folder, slow.url, assistants=number)
        ours = measured(ours_once, RUNS)
        of_ours = slow.counts()
        bare = measured(lambda: run(_bare("change", slow.url, str(changed)), ROOT), RUNS)
        of_bare = slow.counts() - of_ours
    title = f"change: {changed} of {number:,} assistants, 50 ms, 8 at once"
    report(title, "one write per change", ours, bare, (of_one(of_ours, RUNS), of_one(of_bare, RUNS)))


def upload(folder: Path, number: int = 500) -> None:
    """Many small files: each is sent, put into the store and waited for."""
    texts = folder / "docs"
    texts.mkdir()
    for i in range(number):
        (texts / f"{i:04}.md").write_text(f"Chapter {i}.\n" + "How long may a lamp be kept? Thirty days.\n" * 20)
    _with_store(folder)
    ours, of_ours = _fresh(folder, asstctl("apply", "--yes"))
    bare, of_bare = _fresh(folder, lambda url: _bare("upload", url, str(number)), place=ROOT)
    title = f"upload: {number} files of 1 kB into a store, 50 ms, 8 at once"
    report(title, "an upload and an attach each", ours, bare, (of_ours, of_bare))


def large_file(folder: Path) -> None:
    """One file of 200 MB as a code file: memory must be that of a small one."""
    (folder / "data").mkdir()
    for size in (1, 200):
        with (folder / "data/large.csv").open("wb") as file:
            for _ in range(size):
                file.write(b"1,2,3,4\n" * (MIB // 8))
        (folder / "assistants").mkdir(exist_ok=True)
        (folder / "assistants/reader.yaml").write_text(
            "kind: assistant\nname: Reader\nmodel: gpt-4o\ntools: [{type: code_interpreter}]\n"
            "tool_resources: {code_interpreter: {files: [/data/large.csv]}}\n"
        )
        ours, requests = _fresh(folder, asstctl("apply", "--yes"), latency=False)
        print(f"\nupload: a file of {size} MB   (aim: flat memory)\n  asstctl  {ours}")
        print(f"  requests of asstctl: {requests.total()}")


def memory(folder: Path) -> None:
    """Plans that find nothing, at growing sizes: time on a processor and memory, without latency."""
    print("\nplan without changes or latency, at growing sizes   (aim: linear, below 300 MiB at 5,000)")
    for number in SIZES:
        ours, bare, _ = _no_op_beside(folder, number, latency=False)
        each = ours.busy / number * 1000
        print(f"  {number:5,}  asstctl {ours}   {each:.2f} ms each   bare {bare.median:.3f} s")


def _no_op(folder: Path, number: int) -> tuple[Measured, Measured]:
    ours, bare, _ = _no_op_beside(folder, number)
    return ours, bare


def _no_op_beside(
    folder: Path, number: int, *, latency: bool = True
) -> tuple[Measured, Measured, tuple[Counter[str], Counter[str]]]:
    _fill(folder, number)
    with server(folder, *(("--fault", LATENCY) if latency else ())) as slow:
        write_project(folder, slow.url, assistants=number)
        ours = measured(lambda: run(asstctl("plan", "--detailed-exitcode"), folder), RUNS)
        of_ours = slow.counts()
        bare = measured(lambda: run(_bare("list", slow.url, "0"), ROOT), RUNS)
        of_bare = slow.counts() - of_ours
    return ours, bare, (of_one(of_ours, RUNS), of_one(of_bare, RUNS))


def _fill(folder: Path, number: int) -> None:
    """An account on which so many assistants were applied, none more."""
    _empty(folder)
    with server(folder) as quick:
        write_project(folder, quick.url, assistants=number)
        run(asstctl("apply", "--yes", "--parallelism", "32"), folder)


def _empty(folder: Path) -> None:
    for file in (*folder.glob("server.db*"), *folder.glob("assistants/*.yaml")):
        if file.is_file():
            file.unlink()


def _creates(folder: Path, number: int) -> tuple[Measured, Measured, tuple[Counter[str], Counter[str]]]:
    _empty(folder)
    write_project(folder, "http://127.0.0.1:9/v1", assistants=number)
    ours, of_ours = _fresh(folder, asstctl("apply", "--yes"))
    bare, of_bare = _fresh(folder, lambda url: _bare("create", url, str(number)), place=ROOT)
    return ours, bare, (of_ours, of_bare)


def _fresh(
    folder: Path,
    command: Sequence[str] | Callable[[str], Sequence[str]],
    *,
    place: Path | None = None,
    latency: bool = True,
) -> tuple[Measured, Counter[str]]:
    """Each run on an account of its own."""
    counted: list[Counter[str]] = [NO_REQUESTS[0]]

    def once() -> Once:
        for file in folder.glob("server.db*"):
            if file.is_file():
                file.unlink()
        with server(folder, *(("--fault", LATENCY) if latency else ())) as slow:
            _point_at(folder, slow)
            took = run(command(slow.url) if callable(command) else command, place or folder)
            counted[0] = slow.counts()
        return took

    return measured(once, RUNS), counted[0]


def _point_at(folder: Path, at: Server) -> None:
    target = f"{{provider: assistants, base_url: '{at.url}'}}"
    (folder / "asstctl.yaml").write_text(
        f"version: 1\nproject: bench\ndefault_target: bench\ntargets:\n  bench: {target}\n", "utf-8"
    )


def _with_store(folder: Path) -> None:
    (folder / "assistants").mkdir(exist_ok=True)
    (folder / "assistants/handbook.yaml").write_text("kind: vector_store\nname: Handbook\nfiles: [/docs/*.md]\n")


def _bare(*words: str) -> list[str]:
    return [PYTHON, "-m", "tests.bench.bare", *words]


def _beyond(ours: Measured, one: Measured, bare: Measured, bare_one: Measured) -> None:
    mine, its = ours.median - one.median, bare.median - bare_one.median
    print(f"  beyond start-up: asstctl {mine:.3f} s, bare {its:.3f} s, ratio {mine / its if its > 0 else 0:.2f}")
