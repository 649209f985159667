"""The message that a turn of the model writes: opened with its first word, told in deltas, closed with its step."""

from typing import Any

from asstctl.emulator.objects import MESSAGE, STEP
from asstctl.emulator.replies.tokens import cut, quarters
from asstctl.emulator.replies.values import FilesSearched, ReplyRequest
from asstctl.emulator.runs.citations import Citations, Piece
from asstctl.emulator.runs.events import Event
from asstctl.emulator.runs.history import store_message
from asstctl.emulator.runs.hold import Hold, new_step, opened
from asstctl.emulator.runs.states import message_completed, step_ended
from asstctl.emulator.store import Body

Json = Any


class Speech:
    """What the model says in one turn. Without a word there is neither a message nor a step."""

    def __init__(self, hold: Hold, request: ReplyRequest, *, counts_tokens: bool) -> None:
        """`counts_tokens`: the backend keeps to the run's budget of tokens itself."""
        self.quarters = 0
        """Quarters of tokens of all that was said, including what may still become a marker and was not told yet."""
        self.cut_short = False
        self._hold = hold
        self._budget = None if counts_tokens else request.max_completion_tokens
        self._citations = Citations(_markers(request))
        self._told: list[str] = []
        self._length = 0
        self._annotations: list[Json] = []
        self._message: Body | None = None
        self._step: Body | None = None

    @property
    def opened(self) -> bool:
        return self._message is not None

    @property
    def content(self) -> list[Json]:
        """The content of the message as far as it was told."""
        if not self._told:
            return []
        return [{"type": "text", "text": {"value": "".join(self._told), "annotations": self._annotations}}]

    def say(self, text: str) -> None:
        """Take a piece of text, or as much of it as the run's budget of tokens allows."""
        if self._message is None:
            self._open()
        if self._budget is not None and self.quarters + quarters(text) > self._budget * 4:
            self.cut_short = True
            text = cut(text, self._budget, self.quarters)
        self.quarters += quarters(text)
        self._tell(self._citations.feed(text))

    def finish(self) -> None:
        """Tell what was held back."""
        self._tell(self._citations.flush())

    def complete(self, now: int, usage: Body) -> list[Event]:
        """Inside a transaction: the message and its step are complete."""
        if self._message is None or self._step is None:
            return []
        message = message_completed({**self._message, "content": self.content}, now)
        step = step_ended(self._step, "completed", now, usage)
        self._hold.store.replace(MESSAGE, message)
        self._hold.store.replace(STEP, step)
        return [
            Event("thread.message.completed", MESSAGE.show(message)),
            Event("thread.run.step.completed", STEP.show(step)),
        ]

    def note_usage(self, usage: Body) -> None:
        """Inside a transaction: what the step will have used once somebody closes it."""
        if self._step is not None:
            self._hold.store.replace(STEP, self._step, notes={"usage": usage})

    def _open(self) -> None:
        hold, now = self._hold, self._hold.now()
        with hold.write() as run:
            about = {name: run[name] for name in ("assistant_id", "thread_id")}
            message = MESSAGE.new({}, now, **about, run_id=run["id"], role="assistant", status="in_progress")
            details = {"type": "message_creation", "message_creation": {"message_id": message["id"]}}
            step = new_step(run, now, details)
            hold.store.insert(STEP, step)
            store_message(hold.store, message)
        self._message, self._step = message, step
        hold.tell([*opened("thread.run.step", STEP.show(step)), *opened("thread.message", MESSAGE.show(message))])

    def _tell(self, pieces: list[Piece]) -> None:
        self._hold.tell([Event("thread.message.delta", self._delta(piece)) for piece in pieces])

    def _delta(self, piece: Piece) -> Body:
        assert self._message is not None
        text: Body = {"value": piece.text}
        if not self._told:
            text["annotations"] = []
        start = self._length
        self._told.append(piece.text)
        self._length += len(piece.text)
        if piece.cites is not None:
            annotation = {
                "type": "file_citation",
                "text": piece.text,
                "start_index": start,
                "end_index": self._length,
                "file_citation": {"file_id": piece.cites},
            }
            told = {**annotation, "file_citation": {"file_id": piece.cites, "quote": ""}}
            text["annotations"] = [{"index": len(self._annotations), **told}]
            self._annotations.append(annotation)
        content = [{"index": 0, "type": "text", "text": text}]
        return {"id": self._message["id"], "object": "thread.message.delta", "delta": {"content": content}}


def _markers(request: ReplyRequest) -> dict[str, str]:
    """What this run's searches found, and a reply may cite."""
    return {
        passage.marker: passage.file_id
        for earlier in request.rounds
        for call in earlier.calls
        if isinstance(call, FilesSearched)
        for passage in call.passages
    }
