"""The stage of a project's conversations: whom each playing talks to, through what, and who judges it.

Which assistants there are is decided in `cast`, and what is recorded and replayed in `tapes`; this joins the two.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Protocol

from asstctl.core.ports import Judge, Provider, ThreadHost
from asstctl.core.tape import Deck
from asstctl.workspace.cast import Cast
from asstctl.workspace.judges import Judges

if TYPE_CHECKING:
    from asstctl.conversation.stage import Playing
    from asstctl.core.conversation import CaseResult


class Tapes(Protocol):
    """What is known of the tapes of a run."""

    def deck(self, playing: "Playing") -> Deck | None:
        """What all requests of a playing go through; None for none. Raises TapeStale and TapeMissing."""
        ...

    def path(self, playing: "Playing") -> str:
        """The tape that it is replayed from or recorded on, as a path in the project; "" for none."""
        ...

    def is_recorded(self, playing: "Playing") -> bool:
        """Whether it is replayed."""
        ...

    def now(self, playing: "Playing") -> float:
        """Seconds on the clock of this playing: the machine's or, where it is replayed, that of the recording."""
        ...

    def ended(self, playing: "Playing", result: "CaseResult") -> None:
        """It is over: what is recorded of it is written, or thrown away. Raises Refused for what must not be."""
        ...


class NoTapes:
    """Nothing is recorded, and nothing is replayed."""

    def deck(self, playing: "Playing") -> Deck | None:
        return None

    def path(self, playing: "Playing") -> str:
        return ""

    def is_recorded(self, playing: "Playing") -> bool:
        return False

    def now(self, playing: "Playing") -> float:
        return perf_counter()

    def ended(self, playing: "Playing", result: "CaseResult") -> None:
        pass


@dataclass(frozen=True, slots=True)
class ProjectStage:
    """The Stage (`conversation.stage`) of one run."""

    provider: Provider
    cast: Cast
    judged: Judges
    tapes: Tapes

    def assistant(self, playing: "Playing") -> str | None:
        ids = self.cast.deployed if playing.deployed else self.cast.ids
        return ids.get(playing.case.assistant)

    def host(self, playing: "Playing") -> ThreadHost:
        return self.provider.thread_host(self.tapes.deck(playing))

    def judges(self, playing: "Playing") -> Mapping[str, Judge]:
        return self.judged.of(self.tapes.deck(playing))

    def tape(self, playing: "Playing") -> str:
        return self.tapes.path(playing)

    def now(self, playing: "Playing") -> float:
        return self.tapes.now(playing)

    def is_recorded(self, playing: "Playing") -> bool:
        return self.tapes.is_recorded(playing)

    def ended(self, playing: "Playing", result: "CaseResult") -> None:
        self.tapes.ended(playing, result)
