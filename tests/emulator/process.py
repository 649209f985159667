"""The server as a process that tests may kill, and as one whose leases are short, so that no test waits for one."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

LEASE = 1.5
"""Seconds that a lease of a `hasty` server holds."""

_PROGRAM = (sys.executable, "-W", "error", "-m", "asstctl.emulator")
_HASTY = f"""
import sys
import asstctl.emulator.knowledge.leases
import asstctl.emulator.runs.leases
asstctl.emulator.knowledge.leases.DURATION = asstctl.emulator.runs.leases.DURATION = {LEASE}
from asstctl.emulator.__main__ import main
sys.exit(main())
"""
_READY = re.compile(r"listening on (http://127\.0\.0\.1:\d+/v1)\n")


class Server:
    """A server over a database, listening once this is made."""

    def __init__(self, database: Path, *options: str, hasty: bool = False) -> None:
        program = (sys.executable, "-W", "error", "-c", _HASTY) if hasty else _PROGRAM
        command = [*program, "--database", str(database), *options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        found = _READY.fullmatch(line)
        assert found, (line, self.process.communicate(timeout=5)[1])
        self.url = found[1]

    def kill(self) -> None:
        """SIGKILL, now; may be called from any thread."""
        os.kill(self.process.pid, signal.SIGKILL)

    def stop(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        """Its exit code, and what it had to say."""
        if self.process.poll() is None:
            os.kill(self.process.pid, number)
        _, said = self.process.communicate(timeout=20)
        return self.process.returncode, said
