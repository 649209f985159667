"""The code sandbox: what it shows, what it keeps between calls, and that nothing gets out of it or stops it."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from asstctl.emulator.code import mount, sandbox
from asstctl.emulator.code.sandbox import CodeFile, CodeResult, Limits, Sandbox
from asstctl.emulator.code.session import Stopped

pytestmark = pytest.mark.anyio

_SMALL = Limits(seconds=0.3, memory=32 * 1024 * 1024, recursion=200, output=2_000, sleep=0.05, suspensions=200)
_SUBSET = "This sandbox runs a subset of Python"
_UNDONE = "The variables are as they were before this code."


@pytest.fixture
async def box(anyio_backend: str) -> AsyncIterator[Sandbox]:
    made = Sandbox(_SMALL)
    yield made
    await made.aclose()


@pytest.mark.parametrize(
    ("code", "logs"),
    [
        ("print((14 - 11) / 3)", "1.0\n"),
        ("x = 3\nx + 1", "4\n"),
        ("print(1)\n'a'", "1\n'a'\n"),
        ("None", ""),
        ("x = 3", ""),
        ("", ""),
        ("3;", ""),
        ("[\n  1,\n  2,\n]", "[1, 2]\n"),
        ("max(\n1,\n2\n)", "2\n"),
        ("x = (\n1,\n2)", ""),
        ('x = """\n1\n"""', ""),
        ("x = 1\n# the end\n", ""),
        ("x = 1\nx # shown", "1\n"),
        ("x = \\\n5", ""),
        ("if True:\n  5", ""),
        ("from dataclasses import dataclass\n@dataclass\nclass P:\n    x: int\nP(3)", "P(x=3)\n"),
        ("class A:\n  def __repr__(self): return 'an A'\n\nA()", "an A\n"),
        ("import asyncio\nasync def f(): return 3\n\nawait f()", "3\n"),
        ("a = 1\r\na", "1\n"),
        ("print('\\ud800')", "\ufffd\n"),
    ],
)
async def test_logs_hold_the_output_and_the_value_of_a_last_expression(box: Sandbox, code: str, logs: str) -> None:
    result = await box.run("run_a", code)
    assert (result.logs, result.failed) == (logs, False)


async def test_variables_are_kept_over_the_calls_of_a_run(box: Sandbox) -> None:
    earlier: list[str] = []
    for code, logs in [("x = [1]", ""), ("print('once'); x.append(2)", "once\n"), ("x", "[1, 2]\n"), ("_", "[1, 2]\n")]:
        assert (await box.run("run_a", code, earlier=earlier)).logs == logs
        earlier.append(code)
    assert "NameError" in (await box.run("run_b", "x")).logs


async def test_what_is_not_in_memory_is_found_by_running_the_code_again(box: Sandbox) -> None:
    first = await box.run("run_a", "import random\nx = random.random()\nx")
    box.forget("run_a")
    again = await box.run("run_a", "print('new')\nx", earlier=["import random\nx = random.random()\nprint('old')\nx"])
    assert again.logs == f"new\n{first.logs}"


async def test_code_that_fails_leaves_what_it_had_done(box: Sandbox) -> None:
    failing = "y = 1\n1 / 0\ny = 2"
    result = await box.run("run_a", failing)
    assert result.failed
    assert result.logs.endswith("    1 / 0\n    ~~~~~\nZeroDivisionError: division by zero\n")
    assert 'File "<code>", line 2' in result.logs
    assert (await box.run("run_a", "y", earlier=[failing])).logs == "1\n"
    box.forget("run_a")
    assert (await box.run("run_a", "y", earlier=[failing])).logs == "1\n"


@pytest.mark.parametrize("breaking", ["x = 2\nwhile True: pass", "x = 2\ny = [0]\nwhile True: y += y"])
@pytest.mark.parametrize("forget", [False, True])
async def test_code_that_breaks_a_limit_counts_for_nothing(box: Sandbox, breaking: str, forget: bool) -> None:
    await box.run("run_a", "x = 1")
    broken = await box.run("run_a", breaking, earlier=["x = 1"])
    assert broken.failed
    assert _UNDONE in broken.logs
    if forget:
        box.forget("run_a")
    assert (await box.run("run_a", "x", earlier=["x = 1", breaking])).logs == "1\n"


async def test_only_so_much_is_kept(box: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "_STATES", 2)
    monkeypatch.setattr(sandbox, "_STATE_BYTES", 100_000)
    for name in "abc":
        await box.run(f"run_{name}", "x = 5")
    await box.run("run_d", "x = 'a' * 200_000")
    assert list(box._kept) == ["run_b", "run_c"]
    assert (await box.run("run_d", "len(x)", earlier=["x = 'a' * 200_000"])).logs == "200000\n"


async def test_variables_that_fill_the_memory_are_found_again_by_running_the_code(box: Sandbox) -> None:
    code = "x = 'a' * 25_000_000"
    assert not (await box.run("run_a", code)).failed
    assert (await box.run("run_a", "len(x)", earlier=[code])).logs == "25000000\n"


_PEAK = """
import asyncio, resource, sys
from asstctl.emulator.code.sandbox import Sandbox
async def main():
    box = Sandbox()
    await box.run("run_a", "1")
    unit = 2**20 if sys.platform == "darwin" else 2**10
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    result = await box.run("run_b", sys.argv[1])
    await box.aclose()
    assert not result.failed, result.logs
    print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // unit)
asyncio.run(main())
"""


@pytest.mark.parametrize("after", ["\n1", "\nx = 1", ""])
def test_values_of_code_are_never_made_in_this_process(after: str) -> None:
    """The list takes 65 MiB where it is made."""
    values = "[str(i) * 5 for i in range(300_000)]"
    code = values + after if after else f"len({values})"
    done = subprocess.run([sys.executable, "-c", _PEAK, code], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 20, done.stdout


@pytest.mark.parametrize(
    ("code", "line", "shown"),
    [
        ("print(1/0)", 1, "print(1/0)"),
        ("x = 1\n\nprint(x/0)", 3, "print(x/0)"),
        ("(1,\n 1/0)", 2, "1/0)"),
        ("x = 1\nx / 0\ny = 2", 2, "x / 0"),
        ("print(nope", 1, "print(nope"),
        ("x = 1\nif x:\n", 2, "if x:"),
    ],
)
async def test_an_error_names_the_line_that_was_written(box: Sandbox, code: str, line: int, shown: str) -> None:
    logs = (await box.run("run_a", code)).logs
    assert f'File "<code>", line {line}' in logs
    assert f"\n    {shown}\n" in logs
    assert "subset" not in logs


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("while True: pass", "TimeoutError: the code ran for longer than 300ms\n"),
        ("try:\n  while True: pass\nexcept BaseException: print('caught')", "TimeoutError: the code ran for longer"),
        ("x = [0]\nwhile True: x += x", "MemoryError: memory limit exceeded"),
        ("2 ** (10 ** 9)", "MemoryError: memory limit exceeded"),
        ("len('a' * (10 ** 10))", "MemoryError: memory limit exceeded"),
        ("def f(n): return f(n + 1)\nf(0)", "RecursionError: maximum recursion depth exceeded"),
        ("class A:\n  def __repr__(self): return repr(self)\nA()", "RecursionError"),
        ("(" * 3000 + ")" * 3000, "SyntaxError: Source is too deeply nested"),
        ("10 ** 5000", "ValueError: Exceeds the limit (4300 digits)"),
        ("while True: print('x' * 1000)", "[The output is cut here: it is longer than 2,000 characters.]"),
        ("import time\ntime.sleep(1e9)", "TimeoutError: code may sleep for 0.05 s"),
        ("import time\nwhile True: time.sleep(0.02)", "TimeoutError: code may sleep for 0.05 s"),
        ("import asyncio\nawait asyncio.sleep(100)", "TimeoutError: code may sleep for 0.05 s"),
        ("import os\nwhile True: os.listdir('/mnt/data')", "RuntimeError: suspension limit 200 exceeded"),
        ("open('/etc/passwd').read()", "PermissionError"),
        ("open('../../etc/passwd').read()", "PermissionError"),
        ("open('/mnt/data/../../etc/passwd').read()", "PermissionError"),
        ("open('/proc/self/environ').read()", "PermissionError"),
        ("import os\nos.listdir('/')", "PermissionError"),
        ("from pathlib import Path\nPath('/mnt/data/x').symlink_to('/etc/passwd')", "Error"),
        ("open('new.txt', 'w').write('a')", "Read-only file system: '/mnt/data/new.txt'"),
        ("open('a.csv', 'a').write('a')", "Read-only file system: '/mnt/data/a.csv'"),
        ("import os\nos.remove('a.csv')", "Error"),
        ("import socket", f"ModuleNotFoundError: No module named 'socket'\n{_SUBSET}"),
        ("import subprocess", f"ModuleNotFoundError: No module named 'subprocess'\n{_SUBSET}"),
        ("import ctypes", _SUBSET),
        ("import numpy as np", f"ModuleNotFoundError: No module named 'numpy'\n{_SUBSET}"),
        ("class A: pass\nclass B(A): pass", _SUBSET),
        ("!pip install numpy", _SUBSET),
        ("import os\nos.environ['HOME']", "'os.environ' is not supported in this environment"),
        ("import os\nos.getenv('HOME')", "'os.getenv' is not supported in this environment"),
        ("import os\nos.system('id')", "AttributeError"),
        ("__builtins__", "NameError"),
        ("__import__('os').system('id')", "Error"),
        ("().__class__.__bases__[0].__subclasses__()", "AttributeError"),
        ("(lambda: 0).__globals__", "AttributeError"),
        ("'{0.__class__}'.format(3)", "AttributeError"),
        ("input()", f"NameError: name 'input' is not defined\n{_SUBSET}"),
        ("raise SystemExit(3)", "Error"),
        ("a = = 1", "SyntaxError"),
    ],
)
async def test_what_code_may_not_do_is_a_clear_error_and_the_next_run_is_served(
    box: Sandbox, tmp_path: Path, code: str, said: str
) -> None:
    table = tmp_path / "file-1"
    table.write_text("a,b\n1,2\n")
    result = await box.run("run_a", code, files=[CodeFile("a.csv", table)])
    assert said in result.logs
    assert result.failed
    assert len(result.logs) < 8_000
    assert str(tmp_path) not in result.logs
    assert (await box.run("run_b", "1 + 1")).logs == "2\n"
    assert table.read_text() == "a,b\n1,2\n"


async def test_files_are_there_under_their_own_names_and_gone_afterwards(box: Sandbox, tmp_path: Path) -> None:
    paths = [tmp_path / f"file-{number}" for number in range(6)]
    for path in paths[:5]:
        path.write_text(path.name)
    names = ["a.csv", "A.csv", "../../up", "", "n" * 300 + ".txt", "gone.csv"]
    files = [CodeFile(name, path) for name, path in zip(names, paths, strict=True)]
    result = await box.run(
        "run_a", "import os\nfor n in sorted(os.listdir('.')): print(n, open(n).read())", files=files
    )
    assert result.logs.split("\n") == [
        ".._.._up file-2",
        "A-2.csv file-1",
        "a.csv file-0",
        "file file-3",
        f"{'n' * 196}.txt file-4",
        "",
    ]
    assert sorted(tmp_path.iterdir()) == paths[:5]


async def test_links_lead_nowhere(box: Sandbox, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("hidden")
    link = tmp_path / "file-1"
    link.symlink_to(secret)
    result = await box.run("run_a", "open('a').read()", files=[CodeFile("a", link)])
    assert "hidden" not in result.logs


async def test_a_file_system_without_links_gets_copies(
    box: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Path, target: Path) -> None:
        raise PermissionError(1, "no links here")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    table = tmp_path / "file-1"
    table.write_text("a,b")
    assert (await box.run("run_a", "open('a.csv').read()", files=[CodeFile("a.csv", table)])).logs == "'a,b'\n"


async def test_a_folder_that_a_killed_process_left_is_removed(box: Sandbox, tmp_path: Path) -> None:
    left, current, table = tmp_path / ".code-left", tmp_path / ".code-current", tmp_path / "file-1"
    left.mkdir()
    current.mkdir()
    (left / "a").write_text("x")
    os.utime(left, (0, 0))
    table.write_text("a,b")
    await box.run("run_a", "1", files=[CodeFile("a.csv", table)])
    assert sorted(path.name for path in tmp_path.iterdir()) == [".code-current", "file-1"]
    assert mount.DATA == "/mnt/data"


async def test_runs_share_the_workers(box: Sandbox) -> None:
    results = await asyncio.gather(*(box.run(f"run_{n}", f"x = {n}\nx * 2") for n in range(10)))
    assert [result.logs for result in results] == [f"{n * 2}\n" for n in range(10)]


@pytest.mark.parametrize("code", ["while True: pass", "import time\ntime.sleep(30)", "while True: print(1)"])
async def test_a_cancelled_call_frees_its_worker(code: str) -> None:
    box = Sandbox(Limits(seconds=30, sleep=60))
    try:
        calls = [asyncio.ensure_future(box.run(f"run_{n}", code)) for n in range(3)]
        await _working(box, 2)
        for call in calls:
            call.cancel()
        assert all(
            isinstance(end, asyncio.CancelledError) for end in await asyncio.gather(*calls, return_exceptions=True)
        )
        async with asyncio.timeout(5):
            assert (await box.run("run_z", "1 + 1")).logs == "2\n"
    finally:
        await box.aclose()


async def test_closing_ends_what_still_runs() -> None:
    box = Sandbox(Limits(seconds=30))
    call = asyncio.ensure_future(box.run("run_a", "while True: pass"))
    (pid,) = await _working(box)
    async with asyncio.timeout(5):
        await box.aclose()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("sandbox")]
    with pytest.raises(Stopped):
        await call


async def test_a_worker_that_dies_is_a_clear_error_and_is_replaced(box: Sandbox) -> None:
    call = asyncio.ensure_future(box.run("run_a", "while True: pass"))
    (pid,) = await _working(box)
    os.kill(pid, 9)
    result = await call
    assert result.logs == f"RuntimeError: the code was stopped: the worker that ran it ended.\n{_UNDONE}\n"
    assert (await box.run("run_a", "1 + 1")).logs == "2\n"


async def test_code_that_keeps_the_host_busy_is_ended_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Limits, "deadline", property(lambda self: 0.2))
    box = Sandbox(Limits(suspensions=10**9, seconds=30))
    try:
        result = await box.run("run_a", "import os\nwhile True: os.listdir('.')")
        assert (result.logs, result.failed) == (
            "TimeoutError: the code was still running when its time was over.\n",
            True,
        )
    finally:
        await box.aclose()


async def test_a_sandbox_that_cannot_start_is_an_error_in_the_logs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MONTY_BIN", "/nowhere/monty")
    box = Sandbox()
    try:
        result = await box.run("run_a", "1")
        assert result.failed
        assert result.logs == "RuntimeError: the sandbox for code does not work on this server.\n"
    finally:
        await box.aclose()


async def test_a_state_that_cannot_be_read_is_found_by_running_the_code_again(box: Sandbox) -> None:
    await box.run("run_a", "x = 5")
    box._kept["run_a"] = sandbox._Kept(1, b"no state at all")
    assert (await box.run("run_a", "x", earlier=["x = 5"])).logs == "5\n"


@pytest.mark.parametrize(
    ("code", "logs"),
    [("x = 1\n" * 5_000, ""), ("print('\ud83d')", "?\n"), ("x = '" + "a" * 300_000 + "'\nlen(x)", "300000\n")],
    ids=["many lines", "half a character", "a long line"],
)
async def test_code_of_any_shape_is_taken(box: Sandbox, code: str, logs: str) -> None:
    assert await box.run("run_a", code) == CodeResult(logs)


_PROCESS = """
import asyncio, sys
from asstctl.emulator.code.sandbox import Sandbox
async def main(how):
    box = Sandbox()
    print((await box.run("run_a", "print(1)\\n2")).logs, flush=True)
    if how == "cancelled":
        call = asyncio.ensure_future(box.run("run_b", "while True: pass"))
        await asyncio.sleep(0.05)
        call.cancel()
    if how == "crashed":
        await box.run("run_b", "x = 'a' * 130_000_000")
    if how != "open":
        await box.aclose()
asyncio.run(main(sys.argv[1]))
"""


@pytest.mark.parametrize("how", ["closed", "open", "cancelled", "crashed"])
def test_a_process_that_ran_code_exits_cleanly(how: str) -> None:
    started = time.monotonic()
    done = subprocess.run([sys.executable, "-c", _PROCESS, how], capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stdout) == (0, "1\n2\n\n")
    assert time.monotonic() - started < 20
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
async def test_a_ctrl_c_does_not_end_the_code(box: Sandbox) -> None:
    """A terminal sends it to the workers as well, which go on in the time that a stopping server gives to runs."""
    call = asyncio.ensure_future(box.run("run_a", "while True: pass"))
    for pid in await _working(box):
        os.kill(pid, signal.SIGINT)
    assert "TimeoutError" in (await call).logs


async def _working(box: Sandbox, count: int = 1) -> list[int]:
    """The workers' process ids, once so many are at work."""
    async with asyncio.timeout(5):
        while True:
            pids = [watch._pid for watch in box._watches if watch._pid is not None]
            if len(pids) >= count:
                return pids
            await asyncio.sleep(0.001)
