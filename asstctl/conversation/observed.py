"""Observed: what happened in a turn, or in a whole conversation, as the checks see it."""

from dataclasses import dataclass

from asstctl.core.conversation import CallMade
from asstctl.core.thread import Citation, CodeRun, Passage, Usage

COMPLETED = "completed"
"""The status of a run that went well."""


@dataclass(frozen=True, slots=True)
class Observed:
    """What checks judge. Of a whole conversation: `reply` is all replies joined by newlines, and numbers are sums.

    `seconds` and `first_token` are those of the recording where the conversation is replayed; `first_token`, `usage`
    and `cost` (US dollars) are None where they are not known. `first_token` of a conversation is that of its slowest
    turn. `status` is that of the last run, `error` the provider's reason when it failed. `said` is the conversation so
    far, for judges: (speaker, text) in order.
    """

    reply: str
    calls: tuple[CallMade, ...] = ()
    status: str = COMPLETED
    error: str = ""
    seconds: float = 0.0
    first_token: float | None = None
    usage: Usage | None = None
    cost: float | None = None
    citations: tuple[Citation, ...] = ()
    passages: tuple[Passage, ...] = ()
    code: tuple[CodeRun, ...] = ()
    said: tuple[tuple[str, str], ...] = ()
