"""The server as a process, for clients that know nothing of it but its URL."""

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PROGRAM = (sys.executable, "-m", "asstctl", "serve", "--port", "0")
"""What is under test; options follow."""

_URL = re.compile(r"http://127\.0\.0\.1:\d+/v1")
_GRACE = 10
"""Seconds until a server that was asked to end is made to."""


@contextmanager
def running(database: Path, *options: str, replies: str = "echo") -> Iterator[str]:
    """A server over a database; its base URL, once it says that it listens."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ASSTCTL_", "OPENAI_"))}
    command = [*PROGRAM, "--database", str(database), "--replies", replies, *options]
    pipes: Any = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    process = subprocess.Popen(command, cwd=database.parent, env=kept, **pipes)
    assert process.stdout is not None
    said, rest = "", threading.Thread(target=process.stdout.read, daemon=True)
    try:
        while not (found := _URL.search(said)):
            line = process.stdout.readline()
            assert line, f"the server ended before it listened, saying: {said}"
            said += line
        rest.start()  # whatever it says from here on must not fill the pipe and hold it up
        yield found[0]
    finally:
        process.terminate()
        try:
            process.wait(_GRACE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if rest.ident is not None:
            rest.join()
        process.stdout.close()
