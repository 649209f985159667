"""Stage: what the runner is given for each playing of a conversation, by whoever composes a run.

A playing is one conversation, once, with one assistant. Each has a thread host and judges of its own, so that a tape
can be made of each; which provider stands behind them is nobody's business here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from asstctl.conversation.case import Case
from asstctl.core.conversation import CaseResult
from asstctl.core.ports import Judge, ThreadHost


@dataclass(frozen=True, slots=True)
class Playing:
    """One playing: the case, and which of its repeats it is (from 1).

    `other`: it is there only to be compared with, and is had with what is deployed, or on another target. `attempt`
    counts from 1: it is 2 when the playing is begun anew after trouble.
    """

    case: Case
    repeat: int = 1
    other: bool = False
    attempt: int = 1


class Stage(Protocol):
    """Where conversations are played."""

    def assistant(self, playing: Playing) -> str | None:
        """The remote id of the assistant to talk to; None where there is none."""
        ...

    def thread_tools(self, playing: Playing) -> frozenset[str]:
        """What its thread is given because the assistant cannot hold it there: types of tools."""
        ...

    def searches(self, playing: Playing) -> Mapping[str, tuple[str, ...]]:
        """The stores that each function searches which stands for `file_search` there, by the function's name."""
        ...

    def host(self, playing: Playing) -> ThreadHost:
        """A host for this playing alone. Raises TapeStale and TapeMissing where only a tape could answer."""
        ...

    def judges(self, playing: Playing) -> Mapping[str, Judge]:
        """The judges by name, for this playing alone."""
        ...

    def measuring(self, playing: Playing) -> Judge:
        """A judge of which nothing is wanted but how alike replies are, for this playing alone. Raises Refused."""
        ...

    def now(self, playing: Playing) -> float:
        """Seconds on the clock of this playing: the machine's or, where it is replayed, that of the recording."""
        ...

    def tape(self, playing: Playing) -> str:
        """The tape that this playing is replayed from or recorded on, as a path in the project; "" for none."""
        ...

    def is_recorded(self, playing: Playing) -> bool:
        """Whether it is replayed."""
        ...

    async def anew(self, playing: Playing) -> bool:
        """Whether a playing whose tape lacked something is begun anew, with its requests sent and a new tape made.

        Raises AsstctlError where it was to be, and nobody can be asked.
        """
        ...

    def ended(self, playing: Playing, result: CaseResult) -> None:
        """The playing is over, with all its requests: what is recorded of it is written, or thrown away where it has
        no verdict. Not called where `host` raised.

        Raises Refused for what must not be written.
        """
        ...
