"""Ledger: what a run of conversations makes on a provider, noted before it is made, so that nothing stays behind.

`workspace.ledger` keeps it in a file; the runner and whoever makes copies write into it.
"""

from enum import StrEnum
from typing import Protocol


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

    def gone(self, entry: int) -> None:
        """It is deleted, or was never made."""
        ...


class NoLedger:
    """A ledger for runs of which nothing can stay behind."""

    def intend(self, kind: Made, name: str) -> int:
        """Note nothing."""
        return 0

    def made(self, entry: int, id: str) -> None:
        """Note nothing."""

    def gone(self, entry: int) -> None:
        """Note nothing."""
