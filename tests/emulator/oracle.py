"""What threads, messages and runs must do, said once more and as plainly as possible: lists in memory, no server.

Each operation answers the error text that must come back, or `None` when the server must do it; only then does the
oracle's own state change. Ids are the server's: the test tells them to the oracle.
"""

from dataclasses import dataclass, field
from typing import Any

Json = Any

LIFETIME = 600
FINAL = ("completed", "failed", "incomplete", "expired", "cancelled")

GONE = "No {noun} found with id '{id}'."
LOCKED = "while a run"
BUSY = "already has an active run"
SILENT = "Run creation requires"


@dataclass
class Message:
    id: str
    role: str
    text: str
    """While it is being written, as far as it was said."""
    metadata: dict[str, str]
    run: "Run | None" = None
    status: str = "completed"


@dataclass
class Run:
    id: str
    thread: "Thread"
    asks: bool
    """Whether its first turn calls a function."""
    heard: str
    """What it would repeat, being an echo."""
    expires_at: int
    metadata: dict[str, str]
    status: str = "queued"
    calls: list[str] = field(default_factory=list)
    steps: int = 0
    message: Message | None = None
    outputs: str | None = None
    final: Json = None
    """Its body once it was read in a final state: from then on only its metadata may change."""

    @property
    def active(self) -> bool:
        return self.status not in FINAL


@dataclass
class Thread:
    id: str
    metadata: dict[str, str]
    messages: list[Message] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    gone: bool = False

    @property
    def active(self) -> Run | None:
        return next((run for run in self.runs if run.active), None)

    def missing(self) -> str | None:
        return GONE.format(noun="thread", id=self.id) if self.gone else None

    def heard(self) -> str:
        """What an echo says on this thread: the user's last texts, else the last one there was."""
        latest: list[str] = []
        for message in reversed(self.messages):
            if message.role != "user":
                break
            latest.insert(0, message.text)
        spoken = [message.text for message in self.messages if message.role == "user"]
        return "\n".join(latest) or (spoken[-1] if spoken else "") or "Nothing was said yet."


class Oracle:
    def __init__(self, now: int) -> None:
        self.now = now
        self.threads: list[Thread] = []
        self.held = False
        """Whether models stop in the middle of what they say."""

    @property
    def messages(self) -> list[tuple[Thread, Message]]:
        return [(thread, message) for thread in self.threads for message in thread.messages]

    @property
    def runs(self) -> list[Run]:
        return [run for thread in self.threads for run in thread.runs]

    # Time

    def settle(self) -> None:
        """What becomes of everything when nobody asks for anything more."""
        for run in self.runs:
            if run.thread.gone:
                continue
            if run.active and run.expires_at <= self.now:
                self._end(run, "expired")
            elif run.status == "cancelling":
                self._end(run, "cancelled")
            elif run.status in ("queued", "in_progress"):
                self._play(run)

    def _play(self, run: Run) -> None:
        run.status = "in_progress"
        calls_now = run.asks and run.outputs is None
        if not calls_now and run.message is None:
            run.steps += 1
            run.message = Message("", "assistant", self.begins(run), {}, run, status="in_progress")
            run.thread.messages.append(run.message)
        if self.held:
            return
        if calls_now:
            run.status = "requires_action"
            run.steps += 1
            return
        assert run.message is not None
        run.message.text, run.message.status = self.says(run), "completed"
        run.status = "completed"

    def _end(self, run: Run, status: str) -> None:
        run.status = status
        if run.message is not None and run.message.status == "in_progress":
            run.message.status = "incomplete"

    def says(self, run: Run) -> str:
        return run.heard if run.outputs is None else run.outputs

    def begins(self, run: Run) -> str:
        """What a model that is held has said so far."""
        text = self.says(run)
        return text[: len(text) // 2]

    # Threads

    def create_thread(self, metadata: dict[str, str]) -> Thread:
        self.threads.append(Thread("", metadata))
        return self.threads[-1]

    def modify_thread(self, thread: Thread, metadata: dict[str, str]) -> str | None:
        if not thread.gone:
            thread.metadata = metadata
        return thread.missing()

    def delete_thread(self, thread: Thread) -> str | None:
        refused = thread.missing()
        thread.gone = True
        thread.messages, thread.runs = [], []
        return refused

    # Messages

    def add_message(self, thread: Thread, role: str, text: str, metadata: dict[str, str]) -> str | None:
        refused = thread.missing() or (LOCKED if thread.active else None)
        if refused is None:
            thread.messages.append(Message("", role, text, metadata))
        return refused

    def modify_message(self, thread: Thread, message: Message, metadata: dict[str, str]) -> str | None:
        refused = self._message_refused(thread)
        if refused is None:
            message.metadata = metadata
        return refused

    def delete_message(self, thread: Thread, message: Message) -> str | None:
        refused = self._message_refused(thread)
        if refused is None:
            thread.messages.remove(message)
        return refused

    def _message_refused(self, thread: Thread) -> str | None:
        return thread.missing() or (LOCKED if thread.active else None)

    # Runs

    def create_run(
        self, thread: Thread, added: list[tuple[str, str]], *, asks: bool, instructed: bool, metadata: dict[str, str]
    ) -> str | None:
        """`added` are roles and texts of additional messages, which come only if the run does."""
        refused = thread.missing() or (BUSY if thread.active else None)
        by_user = [message for message in thread.messages if message.role == "user"]
        if refused is None and not instructed and not by_user and all(role != "user" for role, _ in added):
            refused = SILENT
        if refused is None:
            thread.messages += [Message("", role, text, {}) for role, text in added]
            thread.runs.append(Run("", thread, asks, thread.heard(), self.now + LIFETIME, metadata))
        return refused

    def modify_run(self, run: Run, metadata: dict[str, str]) -> None:
        run.metadata = metadata
        if run.final is not None:
            run.final["metadata"] = metadata

    def cancel(self, run: Run) -> str | None:
        if not run.active or run.status == "cancelling":
            return f"Cannot cancel run with status '{run.status}'."
        run.status = "cancelling"
        return None

    def submit(self, run: Run, given: list[tuple[str, str]]) -> str | None:
        if run.status != "requires_action":
            return f'Runs in status "{run.status}" do not accept tool outputs.'
        if sorted(call for call, _ in given) != sorted(run.calls):
            return "Expected tool outputs for call_ids"
        run.status, run.outputs = "queued", "\n".join(output for _, output in given)
        return None
