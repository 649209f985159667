"""AgentsThreads: conversations over the Agents wire (`core.ports.ThreadHost`). A thread is a session, a run a turn.

What goes out is in `bodies`; what comes back is read by `turns` and `items`. Here is the order of things, and what has
to be remembered between them. Between two things that are sent it asks for the same things in the same order, however
often it has to look: so a tape has each of them once, and a replay asks for no other.

A session begins to work when it is opened, and not with `run`. Who measures from `run` on sees what is left of that.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from secrets import token_hex
from typing import Any, Literal

from asstctl.core.errors import AnswerLost, BadAnswer, IncompleteListing, NotFound, ProviderError, Rejected, ServerFault
from asstctl.core.json_types import EMPTY
from asstctl.core.thread import (
    PLAIN,
    Attached,
    FilePurpose,
    Opened,
    Passage,
    RunOptions,
    RunState,
    Said,
    Spoken,
    ToolOutput,
)
from asstctl.net.client import Answer
from asstctl.providers.agents.bodies import Event, cancel_event, message_event, result_events, said_body, session_body
from asstctl.providers.agents.items import Item, code_in, reply_in, spoken_in
from asstctl.providers.agents.pictures import Pictures
from asstctl.providers.agents.turns import (
    Session,
    Turn,
    is_over,
    rests,
    session_status,
    spent_state,
    state_of,
    turns_in,
    usage_of,
)
from asstctl.providers.agents.wire import SESSIONS
from asstctl.providers.assistants.ids import in_path
from asstctl.providers.assistants.paging import MAX_PAGES
from asstctl.providers.assistants.polling import Durations, asked_wait, next_wait
from asstctl.providers.assistants.requests import Requests
from asstctl.providers.assistants.runs import id_of
from asstctl.providers.assistants.thread_files import ThreadFiles

CLOSING_LOOKS = 20
"""How often a session that is to end is looked at."""

USAGE_LOOKS = 6
"""How often the usage of a turn is looked for once it is over, in some two seconds: it comes late, or never."""

NEWEST = 10
"""How many turns are looked through for the one that is new."""

TOO_EARLY = (0.1, 0.3, 0.6)
"""Seconds before results are sent again whose calls the server had not registered yet, though it asks for them."""

STILL_PENDING = (*TOO_EARLY, 1.0, 2.0, 4.0)
"""Seconds before a message is sent again that came while the first input of its session was still taken in."""

_UNREGISTERED = "Unknown pending tool call"
_COLLECTIONS = {"file": "files", "vector_store": "vector_stores"}


@dataclass(slots=True)
class _Talk:
    """What a host knows of one session."""

    said: list[dict[str, Any]] = field(default_factory=list)
    """What was posted and is not sent yet."""
    seen: set[str] | None = None
    """The turns that are over; None: unknown, since nothing but the server remembers them."""
    turn: str = ""
    """The turn that goes on, once it has been seen."""
    answered: set[str] = field(default_factory=set)
    """Its calls that were answered."""
    active: bool = False
    """Whether something may be going on."""
    spent: RunState | None = None
    """How every other run ends, once the session has cost what it may."""
    headers: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    """Of the answer to what was sent last: they may say when to look."""


class AgentsThreads:
    """Sessions on one server. Its connections are the provider's, so `aclose` has nothing to give back.

    `requests` speak to the Agents API; `files` are on the same host, where vector stores have a wire of their own.
    `durations` is what all hosts on that server have learned of its turns.
    """

    def __init__(self, requests: Requests, files: ThreadFiles, *, durations: Durations) -> None:
        self._requests = requests
        self._files = files
        self._durations = durations
        self._pictures = Pictures()
        self._talks: dict[str, _Talk] = {}
        self._usage_comes = True

    async def upload(self, file: Path, *, purpose: FilePurpose) -> str:
        # Messages show pictures by URL alone, so that one of the project goes with its message.
        return await (self._pictures.take(file) if purpose == "vision" else self._files.upload(file, purpose))

    async def open(
        self,
        *,
        assistant: str = "",
        tools: frozenset[str] = frozenset(),
        messages: Sequence[Said] = (),
        metadata: Mapping[str, str] | None = None,
        files: Sequence[Attached] = (),
        max_cost: float | None = None,
    ) -> Opened:
        said = [said_body(one, self._pictures.urls) for one in messages]
        body = session_body(assistant, said, tools, metadata, max_cost)
        made = await self._send("POST", SESSIONS, body=body)
        thread = id_of(made.value, "session")
        self._talks[thread] = _Talk(seen=set(), active=bool(said), headers=made.headers)
        return Opened(thread)

    async def post(self, thread: str, said: Said) -> None:
        # Whatever a session is told begins a turn, so it is told nothing before `run`.
        self._talk(thread).said.append(said_body(said, self._pictures.urls))

    async def run(self, thread: str, assistant: str, options: RunOptions = PLAIN) -> RunState:
        talk = self._talk(thread)
        if talk.spent is not None:
            return talk.spent
        if talk.said:
            await self._say(thread, talk)
        elif talk.seen is not None and not talk.active:
            raise Rejected(
                f"{self._requests.place} has no turn without a message",
                detail=f"{thread}: an agent answers what a user says, and nothing was said since its last turn",
            )
        talk.turn, talk.active = "", True
        talk.answered.clear()
        return await self._stand_of(thread, talk, options)

    async def outputs(
        self, thread: str, run: str, outputs: Sequence[ToolOutput], options: RunOptions = PLAIN
    ) -> RunState:
        talk = self._talk(thread)
        talk.turn, talk.active = run, True
        talk.headers = await self._tell(thread, result_events(run, outputs), TOO_EARLY)
        talk.answered.update(one.call_id for one in outputs)
        return await self._stand_of(thread, talk, options)

    async def cancel(self, thread: str) -> bool:
        talk = self._talk(thread)
        talk.said.clear()
        if not talk.active:
            return True
        status = await self._end(thread)
        # What was cut off before it was seen must not be taken for what is said next.
        talk.seen, talk.active = None, status != "idle"
        return not talk.active

    async def search(self, store: str, query: str) -> tuple[Passage, ...]:
        return await self._files.search(store, query)

    async def history(self, thread: str) -> tuple[Spoken, ...]:
        turns = await self._requests.whole(f"{_path(thread)}/turns", f"turns of {thread}")
        return tuple([spoken_in(await self._items(thread, one["id"])) for one in turns])

    async def bearing(self, metadata: Mapping[str, str]) -> tuple[str, ...]:
        asked = {f"metadata[{key}]": value for key, value in metadata.items()}
        listed = await self._requests.whole(SESSIONS, "sessions", **asked)
        # A server that does not know this filter gives all that there are, and what bears other pairs is not meant.
        return tuple([one["id"] for one in listed if metadata.items() <= _pairs(one).items()])

    async def close(self, thread: str) -> None:
        talk = self._talks.pop(thread, None)
        with suppress(NotFound):
            if talk is not None and talk.active:
                await self._end(thread)
            for look in range(CLOSING_LOOKS):
                try:
                    await self._send("DELETE", _path(thread))
                    return
                except Rejected as problem:
                    if problem.status != 409 or look == CLOSING_LOOKS - 1:
                        raise
                # It is busy, be it with something that this host did not begin.
                await self._end(thread)
                await self._wait({}, look)

    async def discard(self, kind: Literal["file", "vector_store"], id: str) -> None:
        if kind != "file" or not self._pictures.drop(id):
            await self._files.discard(_COLLECTIONS[kind], id)

    async def aclose(self) -> None:
        pass

    # What is sent

    async def _say(self, thread: str, talk: _Talk) -> None:
        """Say what was posted. While a turn goes on it would only steer that, so it waits for the end of it."""
        if talk.seen is None:
            listed = await self._requests.whole(f"{_path(thread)}/turns", f"turns of {thread}")
            talk.seen = {str(one["id"]) for one in listed}
            talk.active = True
        if talk.active:
            await self._idle(thread)
        talk.active = True
        talk.headers = await self._tell(thread, [message_event(talk.said)], STILL_PENDING)
        talk.said.clear()

    async def _tell(self, thread: str, events: Sequence[Event], pauses: Sequence[float]) -> Mapping[str, str]:
        """Send events, again after these pauses where that may help; the headers of the answer. By their key the server
        knows what it has had."""
        key = {"idempotency-key": token_hex(16)}
        for pause in (*pauses, None):
            try:
                path, body = f"{_path(thread)}/events", {"events": list(events)}
                return (await self._send("POST", path, body=body, headers=key)).headers
            except (Rejected, AnswerLost, ServerFault) as problem:
                if pause is None or not self._is_worth_repeating(problem):
                    raise
                await asyncio.sleep(problem.retry_after or pause)
        raise AssertionError("the last try returns or raises")

    def _is_worth_repeating(self, problem: ProviderError) -> bool:
        """Whether an event that was not taken may be sent again: its key makes it safe, this says where it helps."""
        if not isinstance(problem, Rejected):
            return True
        return problem.status == 409 or self._requests.has_said(problem, _UNREGISTERED)

    async def _end(self, thread: str) -> str:
        """Cancel what goes on and wait until it is over; the status of the session then."""
        with suppress(Rejected):  # it is over already
            await self._tell(thread, [cancel_event()], ())
        status = ""
        for look in range(CLOSING_LOOKS):
            answer = await self._send("GET", _path(thread))
            status = session_status(answer.value)
            if status not in ("in_progress", "requires_action"):
                break
            await self._wait(answer.headers, look)
        return status

    # What is looked at

    async def _stand_of(self, thread: str, talk: _Talk, options: RunOptions) -> RunState:
        """See the turn that goes on to where it waits for us or is over."""
        session, turn = await self._followed(thread, talk)
        id = talk.turn = str(turn["id"]) if turn else ""
        items = await self._items(thread, id) if turn else []
        if turn and is_over(turn):
            turn = await self._with_usage(thread, turn)
        state = state_of(session, turn, talk.answered, reply_in(items))
        if turn and is_over(turn):
            talk.active = False
            talk.spent = spent_state(session)
            if talk.seen is not None:
                talk.seen.add(id)
        return replace(state, code=code_in(items)) if options.steps and not talk.active else state

    async def _followed(self, thread: str, talk: _Talk) -> tuple[Session, Turn | None]:
        """Look at a session until its turn waits for us, is over, or will never be.

        Neither says it alone: right after a message the session may still be idle, and the turn is told apart from
        those before it by its id. Results that were taken may be asked for once more.
        """
        started, waited, look, headers = time.monotonic(), 0.0, 0, talk.headers
        while True:
            asked = asked_wait(headers, look)
            wait = next_wait(asked, time.monotonic() - started) if look else self._durations.first_wait(asked)
            if not self._requests.replays:
                await asyncio.sleep(wait)
                waited += wait
            answer = await self._send("GET", _path(thread))
            session, headers = answer.value, answer.headers
            look += 1
            if session_status(session) == "in_progress":
                continue
            turn = self._turn_in(await self._newest(thread), talk)
            if rests(session, turn, talk.answered):
                self._durations.note(waited)
                return session, turn

    def _turn_in(self, turns: Sequence[Turn], talk: _Talk) -> Turn | None:
        """The turn that is meant among the newest: the one that goes on or, of a new one, the first not seen before."""
        if talk.turn:
            return next((one for one in turns if one["id"] == talk.turn), None)
        return next((one for one in turns if one["id"] not in (talk.seen or ())), None)

    async def _newest(self, thread: str) -> tuple[Turn, ...]:
        params = {"order": "desc", "limit": NEWEST}
        return turns_in((await self._send("GET", f"{_path(thread)}/turns", params=params)).value)

    async def _idle(self, thread: str) -> None:
        """Wait until a session can be spoken to. Raises Rejected for one that waits for something else."""
        look = 0
        while True:
            answer = await self._send("GET", _path(thread))
            status = session_status(answer.value)
            if status == "idle":
                return
            if status != "in_progress":
                raise Rejected(
                    f"{self._requests.place} does not take a message for this session",
                    detail=f"{thread}: its status is {status}",
                )
            await self._wait(answer.headers, look)
            look += 1

    async def _with_usage(self, thread: str, turn: Turn) -> Turn:
        """A turn that is over, with what it used if that comes within a short while. Where it did not come for one
        turn, it is not waited for after the next: that time would count as the assistant's."""
        if turn.get("status") != "completed" or not self._usage_comes or self._requests.replays:
            return turn
        for look in range(USAGE_LOOKS):
            if usage_of(turn) is not None:
                return turn
            await self._wait({}, look)
            turn = next((one for one in await self._newest(thread) if one["id"] == turn["id"]), turn)
        self._usage_comes = usage_of(turn) is not None
        return turn

    async def _items(self, thread: str, turn: str) -> list[Item]:
        """All items of a turn, oldest first. Their pages go on after what the envelope says: an item may lack an id."""
        path, found = f"{_path(thread)}/turns/{in_path(turn)}/items", list[Item]()
        params: dict[str, Any] = {"order": "asc", "limit": 100}
        for _ in range(MAX_PAGES):
            page = (await self._send("GET", path, params=params)).value
            items = page.get("data")
            if not isinstance(items, list):
                raise BadAnswer("the server sent a list without a list in it", detail=f"items of {turn}")
            found += [one for one in items if isinstance(one, Mapping)]
            if not page.get("has_more"):
                return found
            last = page.get("last_id")
            if not isinstance(last, str) or last == params.get("after"):
                break
            params["after"] = last
        raise IncompleteListing(f"the items of {turn} cannot be read to their end", detail=f"{len(found)} were read")

    async def _wait(self, headers: Mapping[str, str], look: int) -> None:
        await asyncio.sleep(asked_wait(headers, look))

    def _talk(self, thread: str) -> _Talk:
        return self._talks.setdefault(thread, _Talk())

    async def _send(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, Any] | None = None,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        return await self._requests.send(method, path, body=body, params=params, headers=headers or {})


def _path(thread: str) -> str:
    return f"{SESSIONS}/{in_path(thread)}"


def _pairs(session: Mapping[str, Any]) -> Mapping[str, Any]:
    metadata = session.get("metadata")
    return metadata if isinstance(metadata, Mapping) else {}
