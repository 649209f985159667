"""The stage of a project's conversations: whom each playing talks to, through what, and who judges it.

Which assistants there are is decided in `cast`, what is recorded and replayed in `tapes`, and where else a conversation
is had to be compared in `other_target`; this joins them. Where tapes answer everybody is only found, and opened, once
one of them lacks something.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING, Protocol

from asstctl.core.errors import AsstctlError
from asstctl.core.ports import Judge, Provider, ThreadHost
from asstctl.core.tape import Deck
from asstctl.workspace.conversations.cast import Cast
from asstctl.workspace.conversations.equipment import NOTHING, Equipment
from asstctl.workspace.conversations.judges import Judges

if TYPE_CHECKING:
    from asstctl.conversation.playing.stage import Playing
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

    def anew(self, playing: "Playing") -> bool:
        """Whether a playing whose tape lacked something may be recorded anew; if so, its next deck records."""
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

    def anew(self, playing: "Playing") -> bool:
        return False

    def ended(self, playing: "Playing", result: "CaseResult") -> None:
        pass


Ask = Callable[[], Awaitable[tuple[Provider, Cast]]]
"""Opens the target and finds out who is talked to there. Raises AsstctlError."""


@dataclass
class ProjectStage:
    """The Stage of one run. `ask` None: the provider is open already, and not only for tapes. `there` is another target
    where everything is had too, to be compared; `measured` the judge that is asked how alike the replies are.
    """

    provider: Provider
    cast: Cast
    judged: Judges
    tapes: Tapes
    ask: Ask | None = None
    there: tuple[Provider, Cast] | None = None
    measured: str = ""
    _asking: asyncio.Lock = field(default_factory=asyncio.Lock)
    _nobody: AsstctlError | None = None

    def assistant(self, playing: "Playing") -> str | None:
        ids = self.cast.ids
        if playing.other:
            ids = self.there[1].ids if self.there else self.cast.deployed
        return ids.get(playing.case.assistant)

    def thread_tools(self, playing: "Playing") -> frozenset[str]:
        return self._equipment(playing).tools

    def searches(self, playing: "Playing") -> Mapping[str, tuple[str, ...]]:
        return self._equipment(playing).searches

    def host(self, playing: "Playing") -> ThreadHost:
        provider = self.there[0] if playing.other and self.there else self.provider
        return provider.thread_host(self.tapes.deck(playing))

    def judges(self, playing: "Playing") -> Mapping[str, Judge]:
        from asstctl.conversation.judging.judge_names import judges_named

        return self.judged.of(self.tapes.deck(playing), judges_named([playing.case]))

    def measuring(self, playing: "Playing") -> Judge:
        return self.judged.of(self.tapes.deck(playing), [self.measured])[self.measured]

    def tape(self, playing: "Playing") -> str:
        return self.tapes.path(playing)

    def now(self, playing: "Playing") -> float:
        return self.tapes.now(playing)

    def is_recorded(self, playing: "Playing") -> bool:
        return self.tapes.is_recorded(playing)

    async def anew(self, playing: "Playing") -> bool:
        if not self.tapes.anew(playing):
            return False
        async with self._asking:
            if self._nobody:
                raise self._nobody
            if self.ask:
                try:
                    self.provider, self.cast = await self.ask()
                except AsstctlError as problem:
                    self._nobody = problem
                    raise
                self.ask = None
        return True

    def _equipment(self, playing: "Playing") -> Equipment:
        equipped = self.cast.equipment
        if playing.other:
            equipped = self.there[1].equipment if self.there else self.cast.deployed_equipment
        return equipped.get(playing.case.assistant, NOTHING)

    def ended(self, playing: "Playing", result: "CaseResult") -> None:
        self.tapes.ended(playing, result)
