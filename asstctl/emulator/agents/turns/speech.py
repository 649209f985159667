"""The message that a round of a turn says: opened with its first word, told in deltas, closed with its round.

It is in the database once it is over: unfinished items are never listed.
"""

from asstctl.emulator.agents.turns import events
from asstctl.emulator.agents.turns.hold import Hold
from asstctl.emulator.agents.turns.items import assistant_message
from asstctl.emulator.ids import new_id
from asstctl.emulator.runs.events import Event
from asstctl.emulator.store import Body


class Speech:
    """What the model says in one round. Without a word there is no message."""

    def __init__(self, hold: Hold, turn: Body, index: int) -> None:
        self.opened = False
        self._hold = hold
        self._turn = turn
        self._index = index
        self._id = new_id("msg_")
        self._told: list[str] = []

    @property
    def text(self) -> str:
        return "".join(self._told)

    def say(self, text: str) -> None:
        if not text:
            return
        self._hold.check()
        session_id, item = self._hold.session_id, assistant_message(self._id, self._turn, [], "in_progress", None)
        told = []
        if not self.opened:
            self.opened = True
            told += [
                events.item_added(session_id, item, self._index),
                events.text_begun(session_id, item, self._index),
            ]
        self._told.append(text)
        self._hold.tell([*told, events.text_delta(session_id, item, self._index, text)])

    def close(self, status: str, phase: str | None) -> list[Event]:
        """Inside a transaction: the message is over, if there is one."""
        if not self.opened:
            return []
        self.opened = False
        item = assistant_message(self._id, self._turn, [self.text], status, phase)
        self._hold.add(item)
        return events.text_done(self._hold.session_id, item, self._index)
