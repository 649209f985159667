"""Change: what a plan means to do with one address, field by field, and why.

A change is complete: `apply` acts on it alone and never looks at a manifest again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from asstctl.core.address import Address
from asstctl.core.diagnostic import Where
from asstctl.core.json_types import EMPTY, Json
from asstctl.core.knowledge import Attribute, LocalFile
from asstctl.core.mark import Mark


class Action(StrEnum):
    """What is done to an object."""

    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    ADOPT = "adopt"
    MOVE = "move"
    FORGET = "forget"
    KEEP = "keep"

    @property
    def symbol(self) -> str:
        """The sign in front of it in a plan."""
        return _SYMBOLS[self]


_SYMBOLS = {
    Action.CREATE: "+",
    Action.UPDATE: "~",
    Action.REPLACE: "-/+",
    Action.DELETE: "-",
    Action.ADOPT: ">",
    Action.MOVE: ">",
    Action.FORGET: ">",
    Action.KEEP: " ",
}


class FieldState(StrEnum):
    """Where one field stands between manifest, base and live (ENGINE section 2)."""

    CLEAN = "clean"
    OURS = "ours"  # the manifest changed it since the last apply
    DRIFT = "drift"  # somebody changed it on the provider
    CONFLICT = "conflict"  # both, and differently
    UNMANAGED = "unmanaged"  # not declared, never was, and not at its default
    SINCE = "since"  # an undo: somebody changed it since the run that is taken back


@dataclass(frozen=True, slots=True)
class Absent:
    """The one value that is no value, so that a JSON null can be told from nothing."""

    def __bool__(self) -> bool:
        return False


ABSENT = Absent()


@dataclass(frozen=True, slots=True)
class Detail:
    """One difference inside a field: `path` below the field in dots, ABSENT on the side that lacks it."""

    path: str
    before: Json | Absent
    after: Json | Absent


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field that is not clean.

    `before` is live, `after` the manifest; ABSENT means at its default (and so, for `after`, a reset or not
    declared). Which of the two is what we last applied is what `state` says. Of SINCE, `after` is what was there
    before the run, and `left` what the run left.
    """

    name: str
    state: FieldState
    before: Json | Absent
    after: Json | Absent
    details: tuple[Detail, ...] = ()
    where: Where | None = None
    overwritten: bool = False  # drift or conflict that the user told us to overwrite
    decided: Where | None = None  # where a `kind: changes` file says so
    left: Json | Absent = ABSENT


class BlockCode(StrEnum):
    """Why a change cannot be made, stable for scripts."""

    DRIFT = "drift"
    SAME_NAME = "same-name"
    DAMAGED_MARK = "damaged-mark"
    NEWER_MARK = "newer-mark"
    PROTECTED = "protected"
    MAX_DELETES = "max-deletes"
    NO_RESET = "no-reset"
    MARK_TOO_LONG = "mark-too-long"
    CODE_CLASH = "code-clash"
    DEPENDENCY = "dependency"
    ADOPT = "adopt"
    MOVE = "move"
    CAPABILITY = "capability"
    LOST_MARK = "lost-mark"
    CHANGED_SINCE = "changed-since"


@dataclass(frozen=True, slots=True)
class WayOn:
    """One way out of a block: what it does, and the command to type."""

    text: str
    command: str


@dataclass(frozen=True, slots=True)
class Block:
    """Why a change is not made, and the ways on."""

    code: BlockCode
    reason: str
    ways: tuple[WayOn, ...] = ()


@dataclass(frozen=True, slots=True)
class Seen:
    """What the plan saw of a live object; a write goes ahead only if a fresh read still shows it."""

    digests: Mapping[str, str]
    marks: Mapping[str, str]
    updated_at: int | None = None


class FileAction(StrEnum):
    """What is done to one file of a vector store."""

    ADD = "add"  # upload, attach, wait for it
    REPLACE = "replace"  # the same with new content; only then its predecessor goes
    REATTACH = "reattach"  # another chunking, or once more after its processing failed: no upload
    RELABEL = "relabel"  # other attributes: no upload, no new processing
    REMOVE = "remove"  # no longer declared


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file of a vector store. `ids` are the live ones that it is about: the predecessors of a REPLACE or an
    ADD (failed ones, of other content), what goes in a REMOVE, the one that stays in a REATTACH or a RELABEL.

    `file` is what to upload or has been; `attributes` are all of them, ours included; `reason` says why where
    the action does not (a failed predecessor). A REMOVE with a `file` takes away older uploads of a file that
    stays; `awaits` is then the id of the one that stays where it is not processed yet: only once it is completed
    may the older ones go. One path may have such a REMOVE beside another change.
    """

    action: FileAction
    path: str
    file: LocalFile | None = None
    attributes: Mapping[str, Attribute] = field(default_factory=lambda: EMPTY)
    chunking: Json = None
    ids: tuple[str, ...] = ()
    reason: str = ""
    awaits: str = ""

    @property
    def goes(self) -> tuple[str, ...]:
        """The live ids that are gone afterwards."""
        return () if self.action in (FileAction.REATTACH, FileAction.RELABEL) else self.ids

    @property
    def upload_bytes(self) -> int:
        """How much is sent."""
        return self.file.bytes if self.file and self.action in (FileAction.ADD, FileAction.REPLACE) else 0


@dataclass(frozen=True, slots=True)
class Change:
    """One address: action, field changes, reason; and all that `apply` needs to act.

    `send` holds the fields to write (None resets), without our mark; where `metadata` is not among them, the
    live pairs are sent again. `mark` is the whole mark that the object bears afterwards, but for the nonce of a
    create, which apply draws; None where none is written (a DELETE, a FORGET). `revision` is what the live mark
    notes of the last apply. `refresh` says that no field differs and the base is stale, so that the mark alone is
    to be written again: of a KEEP, and of an UPDATE that has only `files`.

    `late` names the fields of `send` that hold placeholders (`core.reference`): apply puts the ids in and adds
    their digests to the mark. `code_files` gives the mark's digest of each file id that the live object is known
    to hold or that `send` names: those of it that are no raw ids and that the object no longer holds afterwards
    are uploads of ours to be deleted (of a DELETE: all of them; a FORGET has none). `references` gives, for each
    id that stands in `fields` for something declared, the placeholder that it was put in for.
    `files` and `files_unchanged` are a vector store's; those of a DELETE are the uploads that go with it.
    `previous` is the address that a MOVE's object bears now. `named`: a delete that the files name, which is not
    counted against max_deletes. `depends_on` is what it uses; `after` whose changes must have been made for other
    reasons (a store goes once nothing uses it; an address is given anew once its object has been moved away).
    """

    address: Address
    action: Action
    fields: tuple[FieldChange, ...] = ()
    unchanged: int = 0
    reason: str = ""
    name: str = ""
    remote_id: str | None = None
    where: Where | None = None
    block: Block | None = None
    refresh: bool = False
    send: Mapping[str, Any] = field(default_factory=lambda: EMPTY)
    mark: Mark | None = None
    revision: str = ""
    seen: Seen | None = None
    depends_on: tuple[Address, ...] = ()
    late: frozenset[str] = frozenset()
    code_files: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    files: tuple[FileChange, ...] = ()
    files_unchanged: int = 0
    previous: Address | None = None
    named: bool = False
    references: Mapping[str, Json] = field(default_factory=lambda: EMPTY)
    after: tuple[Address, ...] = ()
    decided: Where | None = None  # where a `kind: changes` file says so

    @property
    def writes_object(self) -> bool:
        """Whether the object itself is written, and not only the files of a store."""
        return bool(self.fields) or self.refresh or self.action not in (Action.KEEP, Action.UPDATE)

    @property
    def protect(self) -> bool:
        """Whether the object will be protected afterwards."""
        return self.mark is not None and self.mark.protect

    @property
    def pending(self) -> bool:
        """Whether the plan would do it."""
        return self.action is not Action.KEEP and self.block is None
