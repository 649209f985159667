"""Migration: what was saved of the Assistants API, what files it becomes, and what another provider would make of it.

The workspace makes these values and `render` shows them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from asstctl.core.address import Address
from asstctl.core.exit_codes import ExitCode
from asstctl.core.json_types import EMPTY, Json
from asstctl.core.pull import FileEdit, Taken


class Fate(StrEnum):
    """What becomes of one field on another provider, in the order of how much it weighs."""

    MAPS = "maps"
    CHANGED = "changed"  # it maps, and means something else there
    MOVED = "moved"  # the provider gives it to conversations, not to assistants
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class FieldFate:
    """What becomes of one field of one assistant.

    `field` is in the words of `on_unsupported` where it has an entry there, and without the kind: `temperature`,
    `tools.file_search`, `function.strict`. `names` are the functions that are meant, where it is a part of functions.
    `said` is a sentence on what is different; `way` is the nearest way on, and `accepted` the value under `entry` in
    `on_unsupported` that accepts the loss: both are empty where there is nothing to accept.
    """

    field: str
    fate: Fate
    said: str = ""
    way: str = ""
    entry: str = ""
    accepted: Json = None
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Prospect:
    """What a provider would make of every assistant: nothing is made there. `target` is what it is called, or is to be
    called, in the project file, `dialect` what people call its wire, and `notes` are what holds of everything on it.
    `settings` are those of a target that the project file lacks."""

    target: str
    provider: str
    dialect: str
    fates: Mapping[Address, tuple[FieldFate, ...]]
    notes: tuple[str, ...] = ()
    settings: Mapping[str, Json] = field(default_factory=lambda: EMPTY)

    def __iter__(self) -> Iterator[tuple[Address, FieldFate]]:
        """Every fate of every assistant."""
        return ((address, one) for address, fates in self.fates.items() for one in fates)

    @property
    def entries(self) -> dict[str, Json]:
        """The complete `on_unsupported` that accepts each loss, in the order in which they are found."""
        return {one.entry: one.accepted for _, one in self if one.entry}

    @property
    def accepting(self) -> tuple[str, ...]:
        """The lines of YAML of that block, to paste into the target; none where nothing is lost."""
        lines = [f"  {entry}: {_flow(accepted)}" for entry, accepted in self.entries.items()]
        return ("on_unsupported:", *lines) if lines else ()

    @property
    def target_lines(self) -> tuple[str, ...]:
        """The lines of YAML of a target that the project file lacks, `on_unsupported` left out; none where it has it,
        or where nobody can know its settings."""
        if not self.settings:
            return ()
        return (f"{self.target}:", *(f"  {name}: {_flow(value)}" for name, value in self.settings.items()))


def _flow(value: Json) -> str:
    """Our own words as YAML on one line: none needs quotes."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_flow(item)}" for key, item in value.items()) + "}"
    return str(value)


@dataclass(frozen=True, slots=True)
class Brought:
    """An assistant that became a manifest: its address, and its id and its name where it came from."""

    address: Address
    id: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class BroughtThread:
    """A thread that became a conversation; `notes` are sentences on what of it could not be brought."""

    id: str
    path: str
    assistant: str
    turns: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Unbrought:
    """Something that was read and that no file says: an object (`asst_1`), or a field of one."""

    what: str
    reason: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Migrated:
    """What a migration is about to write, and, once it is `written`, wrote.

    `sources` are the files and the target that were read, as they were typed. `folder` is the project's, as it was
    typed. `adopting` is the target on which the objects are, if they are to be adopted there. `again` are fields that
    differ from their objects nevertheless, found by planning.
    """

    sources: tuple[str, ...]
    edits: tuple[FileEdit, ...] = ()
    assistants: tuple[Brought, ...] = ()
    threads: tuple[BroughtThread, ...] = ()
    unbrought: tuple[Unbrought, ...] = ()
    notes: tuple[str, ...] = ()
    prospect: Prospect | None = None
    adopting: str = ""
    folder: str = ""
    written: bool = False
    again: tuple[Taken, ...] = ()

    @property
    def exit_code(self) -> ExitCode:
        """1 where something that was read is not in the files afterwards."""
        return ExitCode.FAILED if self.unbrought or self.again else ExitCode.DONE
