"""Pull: what comes from a target into the files, and what cannot, with its place.

The workspace makes these values and `render` shows them; `before` and `after` are whole texts of files.
"""

from dataclasses import dataclass

from asstctl.core.address import Address
from asstctl.core.change import ABSENT, Absent
from asstctl.core.diagnostic import Where
from asstctl.core.exit_codes import ExitCode
from asstctl.core.json_types import Json
from asstctl.core.plan import TargetInfo


@dataclass(frozen=True, slots=True)
class FileEdit:
    """One file as it is to be; `before` is None for one that is not there yet. `path` is relative to the project."""

    path: str
    before: str | None
    after: str


@dataclass(frozen=True, slots=True)
class Taken:
    """One field of which the files will say what is live; a whole object where `field` is empty."""

    address: Address
    field: str


@dataclass(frozen=True, slots=True)
class Left:
    """Something live that the files will not say: `what` is a field, or a path in an object; `hint` is the way on."""

    address: Address
    what: str
    reason: str
    where: Where | None = None
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Conflict:
    """A field that both sides changed since the last apply; `base` is ABSENT where nobody knows it any more."""

    address: Address
    field: str
    ours: Json | Absent
    theirs: Json | Absent
    base: Json | Absent = ABSENT
    revision: str = ""
    where: Where | None = None


@dataclass(frozen=True, slots=True)
class Pulled:
    """What a pull is about to write, and, once it is `written`, wrote. `kept` are conflicts in which the files won.

    `adopting`: what is taken are objects that bear no mark yet, and the files say that they are to be adopted.
    `again` are fields that still differ after it, found by planning again.
    """

    target: TargetInfo
    edits: tuple[FileEdit, ...] = ()
    taken: tuple[Taken, ...] = ()
    left: tuple[Left, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    kept: tuple[Conflict, ...] = ()
    notes: tuple[str, ...] = ()
    written: bool = False
    again: tuple[Taken, ...] = ()
    adopting: bool = False

    @property
    def exit_code(self) -> ExitCode:
        """1 where something live is not in the files afterwards."""
        return ExitCode.FAILED if self.left or self.conflicts or self.again else ExitCode.DONE
