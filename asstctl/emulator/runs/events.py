"""What a run tells whoever listens, always after it was committed: the seam that streaming reads from."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

Json = Any


@dataclass(frozen=True, slots=True)
class Event:
    """An event of the wire: its name, and the object or delta that it carries."""

    name: str
    data: dict[str, Json]


Listener = Callable[[str, Event], None]
"""Called with the run's id and an event; must be quick and must not raise."""


@dataclass(slots=True)
class Announcements:
    listeners: list[Listener] = field(default_factory=list)

    def tell(self, run_id: str, events: Iterable[Event]) -> None:
        for event in events:
            for listener in tuple(self.listeners):
                listener(run_id, event)
