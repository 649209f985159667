"""What the emulator's own errors mean in the tree of `core.errors`. Pure."""

import re

from asstctl.core.diagnostic import Diagnostic, Where, error
from asstctl.core.errors import AsstctlError, InvalidInput, StoreError
from asstctl.emulator import DatabaseTooNew, EmulatorError, FaultSpecError, RepliesFileError, UnknownReplies
from asstctl.net.failures import Failure
from asstctl.providers.assistants import failures as wire

FULL = 507

_PLACED = re.compile(r"(?P<path>.+?):(?P<line>\d+):\s*(?P<text>.+)", re.DOTALL)


def explain(failure: Failure) -> AsstctlError:
    """The error that an answer of the embedded server means."""
    if failure.status == FULL:
        return StoreError(
            "the disk is full",
            detail=f"{failure.asked.place} could not grow; nothing was written",
            hint="Make room, then type the same command again.",
        )
    return wire.explain(failure)


def cannot_open(reason: EmulatorError, place: str) -> AsstctlError:
    """The error for a server that does not open."""
    match reason:
        case RepliesFileError():
            return InvalidInput(_diagnostic(problem) for problem in reason.problems)
        case UnknownReplies():
            return InvalidInput([error("replies", str(reason), hint="Correct replies of the target in asstctl.yaml.")])
        case FaultSpecError():
            return InvalidInput([error("fault", str(reason))])
        case DatabaseTooNew():
            return StoreError(
                "the local database is newer than this program",
                detail=str(reason),
                hint=f"Upgrade asstctl, or move {place} away and type: asstctl apply",
            )
    return StoreError(
        "the local database cannot be used",
        detail=str(reason),
        hint=f"Move {place} away and type: asstctl apply",
    )


def _diagnostic(problem: str) -> Diagnostic:
    """A problem of a rules file, `file:line: text`, with its place."""
    if match := _PLACED.fullmatch(problem):
        return error("replies-file", match["text"], Where(match["path"], int(match["line"])))
    return error("replies-file", problem)
