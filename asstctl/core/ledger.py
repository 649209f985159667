"""Ledger: what a run of conversations makes on a provider, noted before it is made, so that nothing stays behind.

`workspace.conversations.ledger` keeps it in a file; the runner and whoever makes copies write into it. What runs that
were killed left behind is swept up by `gc` beside it, and Swept is what came of that.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from asstctl.core.errors import AsstctlError
from asstctl.core.exit_codes import ExitCode
from asstctl.core.plan import TargetInfo


class Made(StrEnum):
    """What a run makes."""

    THREAD = "thread"
    FILE = "file"
    VECTOR_STORE = "vector_store"
    ASSISTANT = "assistant"


class Ledger(Protocol):
    """One run's ledger. It is written before anything is sent, and kept until all of it is gone."""

    def intend(self, kind: Made, name: str) -> int:
        """Something is about to be made; `name` is what people call it (a conversation's id, a path, an address).

        Returns the number of the entry.
        """
        ...

    def made(self, entry: int, id: str) -> None:
        """It was made, with this id."""
        ...

    def kept(self, entry: int) -> None:
        """It is left where it is, as somebody asked."""
        ...

    def gone(self, entry: int) -> None:
        """It is deleted, or was never made. Never raises: what is looked for in vain is gone too."""
        ...


class NoLedger:
    """A ledger for runs of which nothing can stay behind."""

    def intend(self, kind: Made, name: str) -> int:
        """Note nothing."""
        return 0

    def made(self, entry: int, id: str) -> None:
        """Note nothing."""

    def kept(self, entry: int) -> None:
        """Note nothing."""

    def gone(self, entry: int) -> None:
        """Note nothing."""


@dataclass(frozen=True, slots=True)
class Leftover:
    """Something that a run made, or was about to make: `id` is empty where nobody learned it, `why` is why it stays.

    `maybe` are ids of uploads of that name and of so many `bytes`, any of which may be it, or none.
    """

    run: str
    kind: Made
    name: str
    id: str = ""
    why: str = ""
    bytes: int | None = None
    maybe: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Swept:
    """What was removed after runs of tests on one target, and what was not.

    `failed` could not be deleted now. `lost` may be there, and nobody can find it by itself. `spared` are of runs that
    no ledger here knows, and young enough to be of one that still goes on elsewhere. `kept` were left on purpose.
    `alive` are runs that go on here, `unreadable` ledgers that nobody can read. `error` is what kept it from looking
    further, if anything did.
    """

    target: TargetInfo
    removed: tuple[Leftover, ...] = ()
    failed: tuple[Leftover, ...] = ()
    lost: tuple[Leftover, ...] = ()
    spared: tuple[Leftover, ...] = ()
    kept: tuple[Leftover, ...] = ()
    alive: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()
    error: AsstctlError | None = None

    @property
    def exit_code(self) -> ExitCode:
        """1 where something is left that should have gone, and the error's where that is not known."""
        if self.error is not None:
            return self.error.exit_code
        return ExitCode.FAILED if self.failed or self.unreadable else ExitCode.DONE
