"""What the emulator's own errors mean in the tree of `core.errors`."""

from collections.abc import Iterator
from contextlib import contextmanager

from asstctl.core.diagnostic import error
from asstctl.core.errors import AsstctlError, InvalidInput, Refused, StoreError
from asstctl.emulator import (
    CannotListen,
    DatabaseTooNew,
    DiskFull,
    EmulatorError,
    FaultSpecError,
    RepliesFileError,
    UnknownReplies,
)
from asstctl.net.failures import Failure
from asstctl.providers.assistants import failures as wire
from asstctl.providers.local.replies import diagnostics_of, unknown

FULL = 507
DAMAGED = "database_damaged"


def explain(failure: Failure) -> AsstctlError:
    """The error that an answer of the embedded server means."""
    if failure.code == DAMAGED:
        return damaged(failure.asked.place, failure.message)
    if failure.status == FULL:
        return _full(f"{failure.asked.place} could not grow; nothing was written")
    return wire.explain(failure)


def damaged(place: str, why: str) -> StoreError:
    """The error for a database that is broken."""
    return StoreError(
        "the local database is damaged",
        detail=f"{place}: {why}",
        hint=f"Move {place} away; the next apply to its target makes a new one.",
    )


@contextmanager
def explained(place: str, *, otherwise: str = "") -> Iterator[None]:
    """Open a server in this block: what the emulator refuses becomes an error of ours.

    `otherwise` is what to do about a file that is no database of ours; by default it is in the way.
    """
    try:
        yield
    except EmulatorError as reason:
        raise cannot_open(reason, place, otherwise) from reason


def cannot_open(reason: EmulatorError, place: str, otherwise: str = "") -> AsstctlError:
    """The error for a server that does not open."""
    otherwise = otherwise or f"move {place} away; the next apply to its target makes a new one."
    match reason:
        case CannotListen():
            return _cannot_listen(reason)
        case RepliesFileError():
            return InvalidInput(diagnostics_of(reason))
        case UnknownReplies():
            return InvalidInput([unknown(reason)])
        case FaultSpecError():
            return InvalidInput([error("fault", str(reason))])
        case DiskFull():
            return _full(f"{place} cannot be opened; nothing is wrong with it")
        case DatabaseTooNew():
            return StoreError(
                "the local database is newer than this program",
                detail=str(reason),
                hint=f"Upgrade asstctl, or {otherwise}",
            )
    return StoreError(
        "the local database cannot be used",
        detail=str(reason),
        hint=f"{otherwise[0].upper()}{otherwise[1:]}",
    )


def _cannot_listen(reason: CannotListen) -> Refused:
    if reason.taken:
        detail = f"another program listens on {reason.host}:{reason.port}"
        other = "Choose another port, 0 for any free one: asstctl serve --port 0"
        return Refused(f"port {reason.port} is taken", detail=detail, hint=other)
    return Refused("this address cannot be served", detail=str(reason), hint="Choose another --host or --port")


def _full(detail: str) -> StoreError:
    return StoreError("the disk is full", detail=detail, hint="Make room, then type the same command again.")
