"""Plan: the whole ordered decision for one target, a value that can be printed, saved and compared."""

import shlex
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from asstctl.core.address import Address
from asstctl.core.change import Action, Change
from asstctl.core.loss import Loss

UNDO = "undo "
"""How the flag begins that names the run which a plan takes back."""


@dataclass(frozen=True, slots=True)
class TargetInfo:
    """What is said of a target: by headers and summaries, and in every JSON document.

    `place` is host and port, or for `local` the database as its path is typed in the working directory.

    `url` is the normalised base URL, empty for `local`. `dialect` is what the server speaks, `terms` what
    holds of all differences there, where that is not what one would expect.
    `default`: whether commands mean this target when none is named; `folder`: what was typed after -C, if it was.
    """

    name: str
    provider: str
    wire: str
    place: str
    project: str
    local: bool = False
    default: bool = False
    folder: str = ""
    url: str = ""
    dialect: str = ""
    terms: str = ""

    def command(self, words: str, *, named: int = 1) -> str:
        """A command for people to type that means this target: `asstctl apply --target prod ...`. So many of the words
        are its name."""
        parts = words.split(" ", named)
        name, rest = " ".join(parts[:named]), " ".join(parts[named:])
        folder = f" -C {shlex.quote(self.folder)}" if self.folder else ""
        option = "" if self.default else f" --target {self.name}"
        return f"asstctl{folder} {name}{option}{' ' if rest else ''}{rest}"


@dataclass(frozen=True, slots=True)
class Plan:
    """All changes of one target in the order they are made: waves of the dependency order, then by address.

    Objects that need nothing are in it too, as KEEP, so that each object is counted exactly once. `notes`
    are sentences that change nothing (orphans, undeclared values, marks of other projects). `digest` is what an
    approval names (`engine.planning.approval`); `promoted_from` is the target that was found to be what the files say.
    `losses` are what the files say beyond what the target holds, as it accepts that.
    """

    target: TargetInfo
    changes: tuple[Change, ...]
    notes: tuple[str, ...] = ()
    revision: str | None = None  # the git revision that the marks will name, 7 characters
    deletes: bool = False  # made by destroy: it only deletes
    flags: tuple[str, ...] = ()  # what was permitted or restricted beyond the default, as options, sorted
    digest: str = ""
    promoted_from: str = ""
    losses: tuple[tuple[Address, Loss], ...] = ()

    @property
    def pending(self) -> tuple[Change, ...]:
        """What apply would write, mark refreshes aside."""
        return tuple(c for c in self.changes if c.pending)

    @property
    def blocked(self) -> tuple[Change, ...]:
        """What cannot be done until the user decides."""
        return tuple(c for c in self.changes if c.block)

    @property
    def undoes(self) -> str:
        """The run that it takes back, if it does that."""
        return next((flag.removeprefix(UNDO) for flag in self.flags if flag.startswith(UNDO)), "")

    @property
    def stale_marks(self) -> tuple[Change, ...]:
        """Objects that match and whose mark is to be written again."""
        return tuple(c for c in self.changes if c.refresh and c.action is Action.KEEP and not c.block)

    @property
    def is_empty(self) -> bool:
        """Nothing to do and nothing in the way."""
        return not self.pending and not self.blocked

    @property
    def counts(self) -> Mapping[str, int]:
        """Each object once: by action, `blocked` by its reason, and `unchanged`; zeros are left out."""
        return counts_of(self.changes)


def counts_of(changes: Iterable[Change]) -> Mapping[str, int]:
    """Each of these once, in the words of `Plan.counts`."""
    return Counter(_counted_as(change) for change in changes)


def _counted_as(change: Change) -> str:
    if change.block:
        return f"blocked:{change.block.code}"
    return "unchanged" if change.action is Action.KEEP else change.action.value
