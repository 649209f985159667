"""Errors that a Python caller of the emulator can meet, as one tree.

    EmulatorError
      DatabaseTooNew      the file belongs to a later version of this program
      DatabaseUnusable    the file cannot be opened as our database
        DiskFull          there is no room even to open it; nothing is wrong with the file
      UnknownReplies      a reply backend or one of its settings that does not exist
      RepliesFileError    a rules file that does not say what it should, with every problem found
      FaultSpecError      a fault that cannot be read
      QuirkSpecError      a quirk that cannot be read
      CannotListen        an address that cannot be listened on

What a client of the wire meets is in `refusals.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


class EmulatorError(Exception):
    """The root of the tree."""


class DatabaseTooNew(EmulatorError):
    """The database was written by a later version: using it could lose what only that version knows."""

    def __init__(self, database: str, found: int, known: int) -> None:
        super().__init__(
            f"{database} was written by a newer version of asstctl "
            f"(its schema is {found}, this version knows {known}). Upgrade asstctl, or name another database."
        )
        self.found = found
        self.known = known


class DatabaseUnusable(EmulatorError):
    """The database cannot be opened: no such folder, no rights, or not a database."""

    def __init__(self, database: str, reason: str) -> None:
        super().__init__(f"{database} cannot be used as a database: {reason}.")


class DiskFull(DatabaseUnusable):
    """The disk that the database lies on is full. To open it takes a few pages beside the file."""

    def __init__(self, database: str) -> None:
        super().__init__(database, "the disk is full")


class UnknownReplies(EmulatorError):
    """The `replies` setting names no backend, or gives one a setting that it does not have."""


@dataclass(frozen=True, slots=True)
class RepliesProblem:
    """One fault of a rules file. `line` and `column` count from 1 (line 0: the file as a whole).

    `length` is how many characters are at fault (0: it is not known), `source` the line that they stand in.
    """

    code: str
    summary: str
    file: Path
    line: int = 0
    column: int = 1
    length: int = 0
    hint: str = ""
    source: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else str(self.file)
        return f"{place}: {self.summary}" + (f" ({self.hint})" if self.hint else "")


class RepliesFileError(EmulatorError):
    """A rules file is wrong; `problems` holds every fault in it."""

    def __init__(self, problems: Sequence[RepliesProblem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = tuple(problems)


class FaultSpecError(EmulatorError):
    """A fault specification does not follow the grammar of the package `faults`."""


class QuirkSpecError(EmulatorError):
    """A quirk specification does not follow the grammar of the module `agents/quirks.py`."""


class CannotListen(EmulatorError):
    """The address cannot be listened on; `taken` says that another program does."""

    def __init__(self, host: str, port: int, reason: str, *, taken: bool = False) -> None:
        super().__init__(f"port {port} on {host} cannot be used: {reason}")
        self.host = host
        self.port = port
        self.reason = reason
        self.taken = taken
