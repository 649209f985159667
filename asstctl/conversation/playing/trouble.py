"""What may keep a conversation from a verdict, as failures, and which of it a retry may be meant for. Pure."""

from dataclasses import dataclass

from asstctl.conversation.case import Trouble
from asstctl.core.conversation import Failure, FailureKind
from asstctl.core.diagnostic import Where
from asstctl.core.errors import (
    AnswerLost,
    AsstctlError,
    ProviderError,
    RateLimited,
    ServerFault,
    TapeMissing,
    TapeStale,
    Unreachable,
)
from asstctl.core.thread import RunState

STOPS = (TimeoutError, ProviderError, TapeStale, TapeMissing)
"""What ends a conversation without a verdict; anything else is a defect of ours, or of this machine."""

_TROUBLES: tuple[tuple[type[ProviderError], Trouble], ...] = (
    (RateLimited, Trouble.RATE_LIMIT),
    (ServerFault, Trouble.SERVER_ERROR),
    (Unreachable, Trouble.CONNECTION),
    (AnswerLost, Trouble.CONNECTION),
)


@dataclass(frozen=True, slots=True)
class Limit:
    """A time limit: its seconds, and what did not happen when they are over (`the turn did not end`).

    `of` is the whole of it, where only a part is left.
    """

    seconds: float
    says: str
    of: float | None = None


def stopped(problem: Exception, limit: Limit, where: Where) -> Failure:
    """Why there is no verdict: the time limit, the tape, or the provider in its own words with its way on."""
    if isinstance(problem, AsstctlError):
        message = f"{problem}; {problem.hint}" if problem.hint else str(problem)
        return Failure(_kind_of(problem), message, where=where)
    return Failure(FailureKind.TIMEOUT, f"{limit.says} within {limit.of or limit.seconds:g} s", where=where)


def _kind_of(problem: AsstctlError) -> FailureKind:
    if isinstance(problem, TapeStale):
        return FailureKind.TAPE_STALE
    return FailureKind.TAPE_MISSING if isinstance(problem, TapeMissing) else FailureKind.PROVIDER_ERROR


def trouble_of(problem: Exception) -> Trouble | None:
    """Which trouble with the infrastructure it is, if it is any."""
    if isinstance(problem, TimeoutError):
        return Trouble.TIMEOUT
    return next((trouble for kind, trouble in _TROUBLES if isinstance(problem, kind)), None)


def trouble_of_run(state: RunState) -> Trouble | None:
    """The same of a run that ended for a reason of the provider's own."""
    if state.rate_limited:
        return Trouble.RATE_LIMIT
    return Trouble.SERVER_ERROR if state.no_verdict else None
