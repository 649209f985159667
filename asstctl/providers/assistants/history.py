"""A thread's past as exchanges, out of its messages, its runs and their calls. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from asstctl.core.thread import PastCall, Spoken
from asstctl.providers.assistants.messages import Message, files_with, images_in, is_reply, text_of


@dataclass
class _Exchange:
    user: Message | None = None
    replies: list[Message] = field(default_factory=list)
    calls: list[PastCall] = field(default_factory=list)

    @property
    def began(self) -> float:
        return _time(self.user) if self.user is not None else 0

    def spoken(self) -> Spoken:
        if self.user is None:
            return Spoken(None, text_of(self.replies), tuple(self.calls))
        return Spoken(
            text_of([self.user]),
            text_of(self.replies),
            tuple(self.calls),
            images=images_in(self.user),
            files=files_with(self.user),
        )


def exchanges(
    messages: Sequence[Message], runs: Sequence[Mapping[str, Any]], calls: Mapping[str, Sequence[PastCall]]
) -> tuple[Spoken, ...]:
    """What was said, from both lists oldest first; `calls` by run.

    A run belongs to the exchange that its messages are in. One that said nothing belongs to the last that had begun
    when it was made, which is no later than that of the run after it.
    """
    found = [_Exchange()]
    said_at: dict[str, int] = {}
    for message in messages:
        if not is_reply(message):
            found.append(_Exchange(message))
            continue
        found[-1].replies.append(message)
        if isinstance(run := message.get("run_id"), str) and run:
            said_at.setdefault(run, len(found) - 1)
    latest = len(found) - 1
    for made in reversed(runs):
        at = said_at.get(str(made.get("id")))
        if at is None:
            at = max(place for place, one in enumerate(found[: latest + 1]) if one.began <= _time(made) or not place)
        latest = min(latest, at)
        found[at].calls[:0] = calls.get(str(made.get("id")), ())
    spoken = [one.spoken() for one in found]
    return tuple(spoken[1:] if spoken[0] == Spoken(None) else spoken)


def _time(value: Mapping[str, Any]) -> float:
    made = value.get("created_at")
    return made if isinstance(made, int | float) else 0
