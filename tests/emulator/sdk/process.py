"""The server as a process, for clients that know nothing of it but its URL."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PROGRAM = (sys.executable, "-m", "asstctl", "serve", "--port", "0")
"""What is under test; options follow."""

_URL = re.compile(r"http://127\.0\.0\.1:\d+/v1")
_PATIENCE = 60
"""Seconds until a server must listen."""
_GRACE = 10
"""Seconds until a server that was asked to end is made to."""


@contextmanager
def running(database: Path, *options: str, replies: str = "echo") -> Iterator[str]:
    """A server over a database; its base URL, once it says that it listens."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ASSTCTL_", "OPENAI_"))}
    command = [*PROGRAM, "--database", str(database), "--replies", replies, *options]
    said = database.with_suffix(".log")
    with said.open("w") as log:
        process = subprocess.Popen(command, cwd=database.parent, env=kept, stdout=log, stderr=subprocess.STDOUT)
    try:
        yield _listening(process, said)
    finally:
        process.terminate()
        try:
            process.wait(_GRACE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _listening(process: subprocess.Popen[bytes], said: Path) -> str:
    deadline = time.monotonic() + _PATIENCE
    while not (found := _URL.search(said.read_text("utf-8"))):
        assert process.poll() is None, f"the server ended before it listened, saying: {said.read_text('utf-8')}"
        assert time.monotonic() < deadline, f"the server does not listen, saying: {said.read_text('utf-8')}"
        time.sleep(0.01)
    return found[0]
