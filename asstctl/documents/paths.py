"""Paths that a file writes: relative to that file, or to the project by a leading `/`, and never out of it.

What counts is where a path really leads: symbolic links are followed first, then the rules are applied.
"""

from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from asstctl.core.diagnostic import Diagnostic, Where, error

OUR_FOLDER = ".asstctl"
"""The folder of a project that the program writes to: local databases. Nothing in it is ever read as input."""

REFUSED = (".git", OUR_FOLDER)


@dataclass(eq=False)
class PathRefused(Exception):
    """A path that must not be opened, and why; `code` is a diagnostic's."""

    code: str
    summary: str
    hint: str

    def __str__(self) -> str:
        return self.summary

    def at(self, where: Where) -> Diagnostic:
        """The diagnostic for the one who wrote the path there."""
        return error(self.code, self.summary, where, hint=self.hint)


def inside(root: Path, base: Path, written: str, *, dot_files: bool = True) -> Path:
    """The real file that `written`, in a file of the folder `base`, means. Raises PathRefused.

    `root` is the project's folder. With `dot_files=False` no file and no folder on the way may be hidden.
    The file need not exist.
    """
    if not written or "\0" in written or "\\" in written:
        raise PathRefused("bad-path", f"`{written}` is not a path", "write folders and a file, separated by `/`")
    plain = written.lstrip("/")
    joined = root / plain if written.startswith("/") else base / written
    real_root = root.resolve()
    circle = PathRefused("bad-path", f"`{written}` cannot be followed", "check the links")
    try:
        real = joined.resolve()
    except (OSError, RuntimeError) as problem:
        raise circle from problem
    if _is_link(real):  # since Python 3.13 a circle of links is left as it is
        raise circle
    if not real.is_relative_to(real_root):
        linked = ".." not in PurePosixPath(plain).parts
        through = "through a link" if linked else "through `..`"
        raise PathRefused(
            "outside-project", f"`{written}` leads out of the project {through}", "copy the file into the project"
        )
    for part in (*real.relative_to(real_root).parts, *PurePosixPath(plain).parts):
        name = part.lower()
        if name in REFUSED or name.startswith(".env"):
            raise PathRefused("forbidden-path", f"`{written}` is a place that is never read", "keep the text elsewhere")
        if not dot_files and name.startswith(".") and name not in {".", ".."}:
            raise PathRefused("forbidden-path", f"`{written}` is hidden", "take the dot off its name")
    return real


def is_file(path: Path) -> bool:
    """Whether a plain file is there. A name that the system does not take, or will not look up, names none."""
    try:
        return path.is_file()
    except OSError:
        return False


def _is_link(path: Path) -> bool:
    try:
        return path.is_symlink()
    except OSError:  # a name that the system refuses names nothing
        return False


def shown(root: Path, path: Path) -> str:
    """A path as a person would type it in the folder `root`."""
    try:
        return path.relative_to(root).as_posix()
    except ValueError:
        return path.as_posix()
