"""The journal's words: what is written down before and after every write, so that nothing is lost with a run.

A journal is a text of one JSON object a line, the first a Header, then a Begun before each write and an Ended
after it. A Begun is on disk before its write is sent, and an Ended before the next write is (ENGINE promise 7). It
holds what the files and the provider hold anyway, never a key, and is trusted for neither URLs nor credentials.
`engine.runs.journal` writes it, `engine.runs.journals` reads it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from asstctl.core.address import Address
from asstctl.core.change import Action
from asstctl.core.json_types import EMPTY, Json
from asstctl.core.outcome import OutcomeStatus


@dataclass(frozen=True, slots=True)
class Header:
    """Which run this is. `run` is its id, as `undo RUN` takes it: it sorts by time."""

    run: str
    command: str
    target: str
    project: str
    provider: str
    place: str
    revision: str | None
    started: str  # ISO 8601, UTC
    version: str


class Step(StrEnum):
    """What a write does to a file."""

    UPLOAD = "upload"
    ATTACH = "attach"
    RELABEL = "relabel"
    DETACH = "detach"
    DELETE = "delete"  # the upload


@dataclass(frozen=True, slots=True)
class Begun:
    """A write that is about to be sent. `number` counts from 1 in its run.

    `before` are the live fields and the whole metadata (None for a create); `sent` are the fields as sent, in
    the same shape, with the mark in `sent["metadata"]` (empty for a delete). For a write about a file `file` says
    which one (`step`, `path`, `store`: an id or nothing; `sha256` and `bytes` where it is in the project), then
    `remote_id` is the upload's, and everything of the object is left out.
    """

    number: int
    address: Address
    action: Action
    remote_id: str | None = None
    before: Mapping[str, Json] | None = None
    sent: Mapping[str, Json] = field(default_factory=lambda: EMPTY)
    nonce: str = ""
    file: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """How the write of this number ended; `remote_id` is the object's, or the upload's."""

    number: int
    status: OutcomeStatus
    remote_id: str | None = None
    detail: str = ""
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """One journal, read: an Ended for each Begun that has one. `torn`: its last line was cut off."""

    header: Header
    begun: tuple[Begun, ...]
    ended: Mapping[int, Ended]
    torn: bool = False

    @property
    def open(self) -> tuple[Begun, ...]:
        """The writes of which nobody knows how they ended."""
        return tuple(one for one in self.begun if one.number not in self.ended)


class Recorder(Protocol):
    """Where a run writes down what it does. `begin` returns once its line is on disk, and with it every end that was
    written down before it: nothing is sent on top of an end that could be lost."""

    async def begin(
        self,
        address: Address,
        action: Action,
        *,
        remote_id: str | None = None,
        before: Mapping[str, Json] | None = None,
        sent: Mapping[str, Json] = EMPTY,
        nonce: str = "",
        file: Mapping[str, Any] | None = None,
    ) -> int:
        """Write down a write that is about to be sent; returns its number."""
        ...

    async def end(
        self,
        number: int,
        status: OutcomeStatus,
        *,
        remote_id: str | None = None,
        detail: str = "",
        request_id: str | None = None,
    ) -> None:
        """Write down how it ended."""
        ...
