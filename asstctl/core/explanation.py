"""Explanation: where the fields of one resource come from, what is live of them, and what the next apply would do.

`manifest.provenance` says what the files say and `workspace.explain` adds what git and the target know; `render` shows
it. Nothing here holds the value of a secret.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from asstctl.core.address import Address
from asstctl.core.change import ABSENT, Absent, Action, Block, FieldState, WayOn
from asstctl.core.diagnostic import Where
from asstctl.core.errors import AsstctlError
from asstctl.core.exit_codes import ExitCode
from asstctl.core.json_types import Json
from asstctl.core.origin import Origin
from asstctl.core.plan import TargetInfo


@dataclass(frozen=True, slots=True)
class Said:
    """What one place says of a value, as it stands there. ABSENT for what has no value or must not be shown
    (`is_secret`)."""

    origin: Origin
    value: Json | Absent = ABSENT
    is_secret: bool = False


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable that a template names, and all that give it a value, the strongest first; none where nobody does."""

    name: str
    said: tuple[Said, ...] = ()


@dataclass(frozen=True, slots=True)
class Since:
    """Since when all lines that make a value stand as they do: the newest commit among theirs, made at `seconds`.
    `reason` says why there is none, or what is to be known of it; `at_least`: the history ends there."""

    revision: str = ""
    date: str = ""
    subject: str = ""
    reason: str = ""
    at_least: bool = False
    seconds: int = 0


@dataclass(frozen=True, slots=True)
class LastApplied:
    """What the mark notes of a field: the digest of what was last applied, and the revision of the files then. `value`
    is what git has there, where that has this digest."""

    digest: str
    revision: str = ""
    value: Json | Absent = ABSENT


@dataclass(frozen=True, slots=True)
class Stands:
    """How a field stands between files, mark and target. `live` is ABSENT where it is at its default; `state` None
    where nothing is live yet."""

    live: Json | Absent
    state: FieldState | None
    applied: LastApplied | None = None
    next: str = ""
    ways: tuple[WayOn, ...] = ()


@dataclass(frozen=True, slots=True)
class Explained:
    """One value on one target. `name` is its path in the words of its address.

    `said` are the places that say something, the one that counts first: the others are overridden. `via` leads from
    there to the manifest (what names the file, the function), `includes` are files that a template takes in. `parts`
    are there where several places say parts of it. `declared` is False where nothing says it on this target; then
    `said` are what would, but for the first, and `remark` why.
    """

    name: str
    value: Json | Absent
    declared: bool
    said: tuple[Said, ...] = ()
    via: tuple[Origin, ...] = ()
    includes: tuple[Origin, ...] = ()
    variables: tuple[Variable, ...] = ()
    parts: tuple["Explained", ...] = ()
    remark: str = ""
    since: Since | None = None
    stands: Stands | None = None

    @property
    def origin(self) -> Origin | None:
        """Where it comes from."""
        return self.said[0].origin if self.said else None

    @property
    def every(self) -> Iterator["Explained"]:
        """It, and all of its parts."""
        yield self
        for part in self.parts:
            yield from part.every


@dataclass(frozen=True, slots=True)
class Next:
    """What the next apply would do with the object, and what is in its way."""

    action: Action
    reason: str = ""
    block: Block | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """One resource, or a function, on one target. `asked` is the field that was named, or nothing for all.

    `id` is of what is live, `revision` what its mark notes. `users` are who uses a function. `next` is None where
    nobody looked at the target: `unseen` is then what kept it from answering, None where it was not asked.
    """

    target: TargetInfo
    address: Address
    asked: str
    fields: tuple[Explained, ...]
    where: Where | None = None
    id: str = ""
    revision: str = ""
    users: tuple[Address, ...] = ()
    next: Next | None = None
    looked: bool = False
    unseen: AsstctlError | None = None
    remarks: tuple[str, ...] = ()

    @property
    def exit_code(self) -> ExitCode:
        """Inconclusive where the target did not answer."""
        return ExitCode.INCONCLUSIVE if self.unseen else ExitCode.DONE
