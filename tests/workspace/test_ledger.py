"""The ledger of a run: written before, locked as long as the run lives, gone once all of it is."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from asstctl.core.address import Address
from asstctl.core.change import Action
from asstctl.core.errors import StoreError
from asstctl.core.ledger import Made
from asstctl.core.outcome import OutcomeStatus
from asstctl.core.plan import TargetInfo
from asstctl.workspace.conversations.ledger import (
    CopyRecorder,
    FileLedger,
    dead_ledger,
    ledger_folder,
    ledger_runs,
    read_ledger,
)

RUN = "20261122-163000-k3x9"
TARGET = TargetInfo("far", "assistants", "assistants-v2", "127.0.0.1:9", "school")


def begun(root: Path, run: str = RUN) -> FileLedger:
    return FileLedger(root, run, TARGET)


def file_of(root: Path) -> Path:
    return ledger_folder(root) / f"{RUN}.jsonl"


def test_a_run_that_makes_nothing_leaves_no_file(tmp_path: Path) -> None:
    begun(tmp_path).close()

    assert ledger_runs(tmp_path) == ()


def test_what_is_intended_stands_in_the_file_before_it_is_made(tmp_path: Path) -> None:
    ledger = begun(tmp_path)
    ledger.intend(Made.THREAD, "guagua/schedule")

    (entry,) = read_ledger(tmp_path, RUN).left
    assert (entry.kind, entry.name, entry.id) == (Made.THREAD, "guagua/schedule", "")
    assert stat.S_IMODE(file_of(tmp_path).stat().st_mode) == 0o600
    assert read_ledger(tmp_path, RUN).header.place == "127.0.0.1:9"


def test_the_file_goes_once_all_of_it_is_gone(tmp_path: Path) -> None:
    ledger = begun(tmp_path)
    one, other = ledger.intend(Made.THREAD, "a"), ledger.intend(Made.FILE, "b.png")
    ledger.made(one, "thread_1")
    ledger.gone(one)
    ledger.gone(other)
    ledger.close()

    assert not file_of(tmp_path).exists()


def test_what_is_not_gone_stays_in_the_file(tmp_path: Path) -> None:
    ledger = begun(tmp_path)
    gone, left = ledger.intend(Made.THREAD, "a"), ledger.intend(Made.THREAD, "b")
    ledger.made(left, "thread_2")
    ledger.gone(gone)
    ledger.close()

    assert [(entry.number, entry.id) for entry in read_ledger(tmp_path, RUN).left] == [(left, "thread_2")]


def test_what_is_kept_on_purpose_stays_in_the_file_as_such(tmp_path: Path) -> None:
    ledger = begun(tmp_path)
    kept, left = ledger.intend(Made.THREAD, "a"), ledger.intend(Made.THREAD, "b")
    ledger.made(kept, "thread_1")
    ledger.kept(kept)
    ledger.close()

    assert [(entry.number, entry.kept) for entry in read_ledger(tmp_path, RUN).left] == [(kept, True), (left, False)]


def test_a_file_of_the_project_is_noted_with_its_size(tmp_path: Path) -> None:
    (tmp_path / "sales.csv").write_bytes(b"a,b\n")
    ledger = begun(tmp_path)
    ledger.intend(Made.FILE, "sales.csv")

    assert [entry.bytes for entry in read_ledger(tmp_path, RUN).left] == [4]


def test_a_run_that_goes_on_is_not_dead(tmp_path: Path) -> None:
    ledger = begun(tmp_path)
    ledger.intend(Made.THREAD, "a")
    with dead_ledger(tmp_path, RUN) as dead:
        assert dead is None
    ledger.close()
    with dead_ledger(tmp_path, RUN) as dead:
        assert dead is not None
        assert [entry.name for entry in dead.left] == ["a"]


def test_a_killed_process_leaves_its_ledger_to_whoever_comes_next(tmp_path: Path) -> None:
    program = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from asstctl.core.ledger import Made\n"
        "from tests.workspace.test_ledger import begun\n"
        "begun(Path(sys.argv[1])).intend(Made.ASSISTANT, 'assistant.guagua~x')\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], cwd=os.curdir, check=False)
    assert done.returncode == -9

    with dead_ledger(tmp_path, RUN) as dead:
        assert dead is not None
        assert [entry.name for entry in dead.left] == ["assistant.guagua~x"]
        dead.gone(1)
    assert ledger_runs(tmp_path) == ()


def test_two_do_not_sweep_one_ledger(tmp_path: Path) -> None:
    ledger = begun(tmp_path)
    ledger.intend(Made.THREAD, "a")
    ledger.close()
    with dead_ledger(tmp_path, RUN) as one, dead_ledger(tmp_path, RUN) as other:
        assert one is not None
        assert other is None


def test_a_last_line_that_was_cut_off_is_left_out(tmp_path: Path) -> None:
    ledger = begun(tmp_path)
    ledger.intend(Made.THREAD, "a")
    ledger.close()
    with file_of(tmp_path).open("ab") as file:
        file.write(b'{"line": "made", "ent')

    assert [entry.id for entry in read_ledger(tmp_path, RUN).left] == [""]
    with dead_ledger(tmp_path, RUN) as dead:
        assert dead is not None
    assert file_of(tmp_path).read_bytes().endswith(b"}\n")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"nonsense\n",
        b'{"line": "intended", "entry": 1, "kind": "thread", "name": "a", "at": 1}\n',
        b'{"line": "header", "run": "20261122-163000-zzzz"}\n',
        b"[]\n",
    ],
    ids=["empty", "no JSON", "no header", "half a header", "a list"],
)
def test_what_is_no_ledger_cannot_be_read(tmp_path: Path, content: bytes) -> None:
    ledger = begun(tmp_path)
    ledger.intend(Made.THREAD, "a")
    ledger.close()
    file_of(tmp_path).write_bytes(content)

    with pytest.raises(StoreError, match="a ledger cannot be read"):
        read_ledger(tmp_path, RUN)


def test_no_link_is_followed_to_a_ledger(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / ".asstctl").mkdir(mode=0o700)
    ledger_folder(tmp_path).symlink_to(elsewhere)

    with pytest.raises(StoreError, match="ledger is a symlink"):
        begun(tmp_path).intend(Made.THREAD, "a")
    assert list(elsewhere.iterdir()) == []


@pytest.mark.anyio
async def test_what_an_apply_makes_and_takes_back_is_gone(tmp_path: Path) -> None:
    """An upload that came to nothing, one that stays, and a create of which nobody knows."""
    ledger = begun(tmp_path)
    recorder, copy = CopyRecorder(ledger), Address("assistant", "guagua").candidate(RUN)
    for name in ("a.csv", "b.csv"):
        number = await recorder.begin(copy, Action.CREATE, file={"step": "upload", "path": name})
        await recorder.end(number, OutcomeStatus.APPLIED, remote_id=f"file-{name}")
    number = await recorder.begin(copy, Action.DELETE, remote_id="file-a.csv", file={"step": "delete", "path": ""})
    await recorder.end(number, OutcomeStatus.APPLIED)
    number = await recorder.begin(copy, Action.CREATE)
    await recorder.end(number, OutcomeStatus.UNKNOWN)
    number = await recorder.begin(copy, Action.CREATE)
    await recorder.end(number, OutcomeStatus.FAILED)

    left = [(entry.kind, entry.name, entry.id) for entry in recorder.left]
    assert left == [(Made.FILE, "b.csv", "file-b.csv"), (Made.ASSISTANT, f"assistant.guagua~{RUN}", "")]
