"""Many files, and a large one: how many requests they take, and that memory does not grow with them."""

import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from asstctl.core.exit_codes import ExitCode
from tests.emulator.process import Server
from tests.engine.fakes import wanted_store
from tests.knowledge.account import project

PAGE = 100


@pytest.mark.anyio
async def test_each_file_takes_one_upload_and_one_attach(tmp_path: Path) -> None:
    """Beside them stand a listing before, one that shows that all are processed, and nothing for each file."""
    async with project(tmp_path) as of:
        files = [of.knowledge(f"docs/{n}/index.md", b"Page %d." % n) for n in range(PAGE + 20)]
        desired = [wanted_store(files=files)]
        assert (await of.apply(desired)).exit_code is ExitCode.DONE
        counted = of.wire.counted
        assert counted["POST files"] == counted["POST vector_stores/ID/files"] == len(files)
        assert sum(counted.values()) - 2 * len(files) <= 20, counted
        await of.settled(desired)

        changed = [*files[1:], of.knowledge("docs/0/index.md", b"Page nought.")]
        desired = [wanted_store(files=changed)]
        of.wire.forget()
        assert (await of.apply(desired)).exit_code is ExitCode.DONE
        writes = {shape: count for shape, count in of.wire.counted.items() if not shape.startswith("GET")}
        assert writes == {
            "POST files": 1,
            "POST vector_stores/ID/files": 1,
            "DELETE vector_stores/ID/files/ID": 1,
            "DELETE files/ID": 1,
        }
        await of.settled(desired)
        assert len(await of.uploads()) == len(files)


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "asstctl", *words]


@pytest.mark.slow
def test_five_hundred_files_take_a_thousand_requests_and_a_dozen(tmp_path: Path) -> None:
    (tmp_path / "asstctl.yaml").write_text("version: 1\nproject: big\n")
    (tmp_path / "assistants").mkdir()
    (tmp_path / "assistants" / "kb.yaml").write_text("kind: vector_store\nkey: kb\nfiles: [/docs/*.md]\n")
    (tmp_path / "docs").mkdir()
    for n in range(500):
        (tmp_path / "docs" / f"{n}.md").write_text(f"Note {n}. {'Some words about things. ' * 20}")

    def requests(*words: str) -> Counter[str]:
        done = subprocess.run(command(*words), cwd=tmp_path, capture_output=True, text=True, check=True)
        asked = re.findall(r"(?m)^(GET|POST|DELETE) /v1/(\w+)(/\w+/files)?", done.stderr)
        return Counter(f"{method} {path}{' files' if files else ''}" for method, path, files in asked)

    counted = requests("-v", "apply", "--yes")
    assert counted["POST files"] == counted["POST vector_stores files"] == 500
    assert counted.total() <= 1000 + 30, counted
    again = requests("-v", "apply", "--yes")
    assert not [shape for shape in again if not shape.startswith("GET ")]
    assert again.total() <= 10, again


def peak(folder: Path, *words: str) -> int:
    """The most memory that a command held at once, in bytes."""
    process = subprocess.Popen(command(*words), cwd=folder, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return used.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_two_hundred_megabytes_take_no_more_memory_than_two_bytes(tmp_path: Path) -> None:
    server = Server(tmp_path / "server.db")
    try:
        target = f"{{provider: assistants, base_url: '{server.url}'}}"
        (tmp_path / "asstctl.yaml").write_text(
            f"version: 1\nproject: big\ndefault_target: far\ntargets: {{far: {target}}}\n"
        )
        (tmp_path / "assistants").mkdir()
        (tmp_path / "assistants" / "coder.yaml").write_text(
            "kind: assistant\nmodel: gpt-4o\ntools: [{type: code_interpreter}]\n"
            "tool_resources: {code_interpreter: {files: [/big.bin]}}\n"
        )
        (tmp_path / "big.bin").write_bytes(b"ab")
        small = peak(tmp_path, "apply", "--yes")
        with (tmp_path / "big.bin").open("wb") as file:
            file.truncate(200 * 1024**2)
        large = peak(tmp_path, "apply", "--yes")
        assert large - small < 20 * 1024**2
        done = subprocess.run(command("plan"), cwd=tmp_path, capture_output=True, text=True, check=True)
        assert done.stdout.startswith("No changes.")
    finally:
        server.stop()
