"""What a run tells whoever listens, always after it was committed: the seam that streaming reads from."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from asstctl.emulator.refusals import Refusal

Json = Any


@dataclass(frozen=True, slots=True)
class Event:
    """An event of the wire: its name, and the object or delta that it carries."""

    name: str
    data: dict[str, Json]


def error_event(message: str) -> Event:
    """The event of a stream that cannot go on. Some clients read its members at the top, some below `error`."""
    body = Refusal(500, message, kind="server_error").body()
    return Event("error", {**body["error"], **body})


Listener = Callable[[Event], None]
"""Called with each event of a run; must be quick and must not raise."""


class Announcements:
    """Who listens to which run. Any number of listeners may listen to one."""

    def __init__(self) -> None:
        self._listeners: dict[str, list[Listener]] = {}

    @contextmanager
    def listening(self, run_id: str, listener: Listener) -> Iterator[None]:
        """Call the listener with every event of a run, for as long as the block lasts."""
        self._listeners.setdefault(run_id, []).append(listener)
        try:
            yield
        finally:
            self._listeners[run_id].remove(listener)
            if not self._listeners[run_id]:
                del self._listeners[run_id]

    def tell_all(self, event: Event) -> None:
        """Say something to everybody who listens to any run."""
        for run_id in tuple(self._listeners):
            self.tell(run_id, [event])

    def tell(self, run_id: str, events: Iterable[Event]) -> None:
        listeners = self._listeners.get(run_id)
        if not listeners:
            return
        for event in events:
            for listener in tuple(listeners):
                listener(event)
