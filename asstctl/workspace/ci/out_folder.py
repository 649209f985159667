"""The folder that a run leaves its files in, from where a pipeline keeps them as an artifact.

The checkout may have brought a folder of that name: what lies there under a name of ours is gone before anything else
is done, so that nothing is ever kept as ours that is not.
"""

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from asstctl.core.errors import Refused
from asstctl.core.forge import Written
from asstctl.documents.paths import OUR_FOLDER
from asstctl.documents.private import make_private
from asstctl.documents.whole_files import write_whole
from asstctl.workspace.ci.records import FILE as RECORD

PLAN = "plan.json"
APPROVED = "approved.json"
JOURNAL = "journal.jsonl"

_NAMES = (
    RECORD,
    PLAN,
    APPROVED,
    JOURNAL,
    *("plan.md", "plan.html"),
    *("apply.json", "apply.md"),
    *("drift.json", "drift.md", "drift.html"),
    *("test.md", "test.html", "junit.xml", "results.jsonl"),
    *("validate.sarif", "validate.md"),
)
"""Every file that any `ci` command leaves."""


class OutFolder:
    """A folder of files by the names of _NAMES, without any of an earlier run. Raises Refused for a place that leads
    elsewhere, or that cannot be written to."""

    def __init__(self, path: Path, root: Path) -> None:
        """`root` is the project's: no link on the way from there is followed."""
        # without `..`, which what keeps the folder does not take, and which would hide that it leads out of the project
        self.path = Path(os.path.normpath(path.absolute()))
        self._told: dict[str, str] = {}
        within = [one for one in (self.path, *self.path.parents) if one.is_relative_to(root) and one != root]
        if link := next((one for one in reversed(within) if one.is_symlink()), None):
            raise Refused(f"--out {path} leads elsewhere", detail=f"{link} is a link", hint="name another folder")
        try:
            if self.path.is_relative_to(root / OUR_FOLDER):
                make_private(root / OUR_FOLDER)
            self.path.mkdir(parents=True, exist_ok=True)
            for name in _NAMES:
                (self.path / name).unlink(missing_ok=True)
            # what keeps the folder follows links, and may read more than whoever put them there
            link = next((one for one in _within(self.path) if one.is_symlink()), None)
        except OSError as problem:
            raise self._refused(problem) from problem
        if link:
            raise Refused(
                f"{link} is a link", detail="everything in this folder is kept", hint="name another with --out"
            )

    def file(self, name: str) -> Path:
        """Where a file of a run lies, for whoever writes it bit by bit."""
        assert name in _NAMES, name
        return self.path / name

    def write(self, name: str, content: str | bytes) -> Path:
        """Write one, whole or not at all; a link is replaced, and not followed."""
        assert name in _NAMES, name
        return self._write(name, content.encode() if isinstance(content, str) else content)

    def told(self, written: Written) -> None:
        """Write what a runner reads from here, as a forge names it."""
        name = PurePosixPath(written.path).name
        before = self._told.get(name, "") if written.add else ""
        self._told[name] = before + written.text
        self._write(name, self._told[name].encode())

    def _write(self, name: str, content: bytes) -> Path:
        path = self.path / name
        try:
            write_whole(path, content)
        except OSError as problem:
            raise self._refused(problem) from problem
        return path

    def _refused(self, problem: OSError) -> Refused:
        why = (problem.strerror or "unknown reason").lower()
        return Refused(f"nothing can be left in {self.path}", detail=why, hint="name another folder with --out")


def _within(folder: Path) -> Iterator[Path]:
    for path, folders, files in os.walk(folder):
        yield from (Path(path, name) for name in (*folders, *files))
