"""The ways of somebody who sees the program for the first time: a clone and one command, or a wheel and three.

Nothing of this checkout is used but what its commit holds.
"""

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from tests.repository.consoles import ROOT

IN_THREE = (("init",), ("apply", "--yes"), ("test",))
"""From an empty folder to a conversation that passed."""


@dataclass(frozen=True)
class Step:
    """One command: what was typed, its exit code, what it printed, and how many seconds it took."""

    typed: str
    code: int
    printed: str
    seconds: float


def clone(folder: Path) -> Path:
    """A clone of what is committed."""
    _ran(["git", "clone", "--quiet", "--no-hardlinks", str(ROOT), str(folder)], folder.parent)
    return folder


def demo(checkout: Path) -> Step:
    """The one command of a clone."""
    return _ran(["make", f"PYTHON={sys.executable}", "demo"], checkout)


def wheel_of(checkout: Path, folder: Path) -> Path:
    """The wheel that is built of a checkout."""
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check", "--no-deps"]
    built = _ran([*pip, "--wheel-dir", str(folder), str(checkout)], folder)
    assert built.code == 0, built
    (wheel,) = folder.glob("asstctl-*.whl")
    return wheel


def installed(wheel: Path, folder: Path) -> tuple[Path, Step]:
    """The `asstctl` of an environment of its own, and how long its installation took."""
    _ran([sys.executable, "-m", "venv", str(folder)], folder.parent)
    pip = [str(folder / "bin/python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", str(wheel)]
    return folder / "bin/asstctl", _ran(pip, folder)


def in_three(asstctl: Path, folder: Path) -> list[Step]:
    """`init`, `apply` and `test` in an empty folder."""
    return [_ran([str(asstctl), *words], folder) for words in IN_THREE]


def _ran(command: list[str], folder: Path) -> Step:
    kept = {
        name: os.environ[name]
        for name in ("PATH", "HOME", "LANG", "PIP_INDEX_URL", "PIP_CONFIG_FILE")
        if name in os.environ
    }
    started = time.perf_counter()
    done = subprocess.run(
        command, cwd=folder, env=kept, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    return Step(" ".join(command), done.returncode, done.stdout, time.perf_counter() - started)
