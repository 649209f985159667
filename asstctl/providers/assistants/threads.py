"""AssistantsThreads: conversations over the Assistants v2 wire (`core.ports.ThreadHost`).

What goes out is in `bodies`, how it is sent in `requests`; what comes back is read by `runs`, `messages`, `steps`,
`stream` and `history`. Here is the order of things, and what has to be remembered between them.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from asstctl.core.errors import AnswerLost, AsstctlError, BadAnswer, NotFound, ProviderError, Rejected
from asstctl.core.thread import (
    PLAIN,
    RUN_KEY,
    Attached,
    FilePurpose,
    Need,
    Opened,
    Passage,
    RunOptions,
    RunState,
    Said,
    Spoken,
    ToolOutput,
)
from asstctl.net.client import Answer
from asstctl.providers.assistants.bodies import (
    FIRST_MESSAGES,
    is_searched,
    message_body,
    outputs_body,
    resources_body,
    run_body,
    store_body,
    thread_body,
)
from asstctl.providers.assistants.dialects import Dialect
from asstctl.providers.assistants.history import exchanges
from asstctl.providers.assistants.ids import in_path
from asstctl.providers.assistants.messages import Message, citations_of, said_in, text_of
from asstctl.providers.assistants.polling import Durations, asked_wait, next_wait
from asstctl.providers.assistants.requests import Requests
from asstctl.providers.assistants.runs import MOVING, id_of, state_of, status_of
from asstctl.providers.assistants.steps import INCLUDE, calls_of, code_of, names_in, passages_of
from asstctl.providers.assistants.stores import stores_of
from asstctl.providers.assistants.stream import Heard, rest_of
from asstctl.providers.assistants.thread_files import ThreadFiles

CLOSING_LOOKS = 20
"""How often a cancelled run is looked at before its thread is deleted all the same."""

_COLLECTIONS = {"file": "files", "vector_store": "vector_stores"}


@dataclass(slots=True)
class _Talk:
    """What a host knows of one thread."""

    opened: bool = False
    stores: tuple[str, ...] = ()
    """The stores that it was opened with."""
    searched: bool = False
    """Whether the server had to make a store for the files of a later message."""
    run: str = ""
    """Its last run; "" while the create of one has no answer."""
    active: bool = False
    before: str = ""
    """The run before that."""
    said: tuple[Message, ...] | None = None
    """What the last run has said so far, where that is known."""


class AssistantsThreads:
    """Threads on one server. Its connections are the provider's, so `aclose` has nothing to give back.

    `durations` is what all hosts on that server have learned of its runs, `clock` measures the first token. A server
    that cannot cancel a run has its threads deleted under it.
    """

    def __init__(
        self,
        requests: Requests,
        files: ThreadFiles,
        dialect: Dialect,
        *,
        durations: Durations,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._requests = requests
        self._files = files
        self._dialect = dialect
        self._missing = dialect.capabilities.missing
        self._durations = durations
        self._clock = clock
        self._talks: dict[str, _Talk] = {}

    async def upload(self, file: Path, *, purpose: FilePurpose) -> str:
        return await self._files.upload(file, purpose)

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
        attached = [one for said in messages for one in said.attachments]
        search: dict[str, Any] = {}
        stores: tuple[str, ...] = ()
        thread = ""
        try:
            # Files of first messages need a store as well: one that is made here bears the metadata.
            if needs_store := is_searched([*files, *attached]):
                store = store_body(files, metadata)
                if self._dialect.store_helper:
                    search = {"vector_stores": [store]}
                else:
                    stores = (await self._files.make_store(store),)
                    search = {"vector_store_ids": list(stores)}
            body = thread_body(messages[:FIRST_MESSAGES], metadata, resources_body(files, search))
            made = (await self._send("POST", "/threads", body=body)).value
            thread = id_of(made, "thread")
            if needs_store:
                stores = stores_of(made) or stores or stores_of(await self._thread(thread))
                if not stores:
                    raise BadAnswer(f"{self._requests.place} made no store for the files of a thread", detail=thread)
            self._talks[thread] = _Talk(opened=True, stores=stores)
            for said in messages[FIRST_MESSAGES:]:
                await self.post(thread, said)
            for id in stores:
                await self._files.ready(id)
        except BaseException:
            # Whoever asked does not get to know these ids.
            await self._undo(thread, stores)
            raise
        return Opened(thread, stores)

    async def post(self, thread: str, said: Said) -> None:
        talk = self._talk(thread)
        talk.searched |= not talk.stores and is_searched(said.attachments)
        await self._send("POST", f"{_path(thread)}/messages", body=message_body(said))

    async def run(self, thread: str, assistant: str, options: RunOptions = PLAIN) -> RunState:
        body = run_body(assistant, options)
        talk = self._talk(thread)
        talk.before, talk.run, talk.active, talk.said = talk.run or talk.before, "", True, ()
        try:
            return await self._carried_out(thread, f"{_path(thread)}/runs", body, options)
        except AsstctlError as error:
            if not talk.run and not (isinstance(error, ProviderError) and error.ambiguous):
                talk.active = False
            raise

    async def outputs(
        self, thread: str, run: str, outputs: Sequence[ToolOutput], options: RunOptions = PLAIN
    ) -> RunState:
        talk = self._talk(thread)
        if talk.run != run:
            talk.run, talk.said = run, None
        talk.active = True
        path = f"{_path(thread)}/runs/{in_path(run)}/submit_tool_outputs"
        return await self._carried_out(thread, path, outputs_body(outputs), options)

    async def cancel(self, thread: str) -> bool:
        talk = self._talk(thread)
        if talk.active and "cancel" not in self._missing:
            talk.active = not await self._end_run(thread, talk)
        return not talk.active

    async def search(self, store: str, query: str) -> tuple[Passage, ...]:
        return await self._files.search(store, query)

    async def history(self, thread: str) -> tuple[Spoken, ...]:
        messages = await self._requests.whole(f"{_path(thread)}/messages", f"messages of {thread}")
        runs = await self._runs(thread)
        known = {} if Need.STEPS in self._missing else {id: await self._steps(thread, id) for id in map(_id, runs)}
        return exchanges(messages, runs, {id: calls_of(steps) for id, steps in known.items()})

    async def close(self, thread: str) -> None:
        talk = self._talks.get(thread)
        if talk is not None and talk.active and "cancel" not in self._missing:
            await self._end_run(thread, talk)
        # Stores go before the thread, since it alone names them.
        for store in await self._unnamed_stores(thread, talk):
            await self.discard("vector_store", store)
        with suppress(NotFound):
            await self._send("DELETE", _path(thread))
        self._talks.pop(thread, None)

    async def bearing(self, metadata: Mapping[str, str]) -> None:
        return None  # this wire lists no threads

    async def discard(self, kind: Literal["file", "vector_store"], id: str) -> None:
        await self._files.discard(_COLLECTIONS[kind], id)

    async def aclose(self) -> None:
        pass

    # Runs

    async def _carried_out(self, thread: str, path: str, body: Mapping[str, Any], options: RunOptions) -> RunState:
        """Ask for a run, or for more of one, and see it to where it waits for us or has ended."""
        if options.stream:
            return await self._streamed(thread, path, body, options)
        answer = await self._send("POST", path, body=body)
        run = (await self._followed(thread, answer)).value
        return await self._state(thread, run, await self._messages(thread, _id(run)), options)

    async def _streamed(self, thread: str, path: str, body: Mapping[str, Any], options: RunOptions) -> RunState:
        talk, heard, started = self._talk(thread), Heard(), self._clock()
        first_token: float | None = None
        async with aclosing(self._requests.events(path, body)) as events:
            async for event in events:
                piece = heard.take(event)
                talk.run = str(heard.run.get("id") or talk.run)
                if piece:
                    first_token = self._clock() - started if first_token is None else first_token
                    options.hear(piece)
        run, earlier, now = heard.run, talk.said, heard.messages
        if not heard.ended:
            run = (await self._followed(thread, await self._newest(thread, talk))).value
        if heard.ended and earlier is not None and now is not None:
            messages = (*earlier, *now)
        else:
            messages = await self._messages(thread, _id(run))
            if rest := rest_of(text_of(messages), text_of(earlier or ()), heard.text):
                options.hear(rest)
        return await self._state(thread, run, messages, options, first_token)

    async def _newest(self, thread: str, talk: _Talk) -> Answer:
        """The run whose stream broke off. Raises AnswerLost where nothing shows that it was ever made."""
        if not talk.run:
            talk.run = await self._newest_run(thread)
            if talk.run in ("", talk.before):
                talk.run = ""
                raise AnswerLost(
                    f"no answer from {self._requests.place}",
                    detail=f"POST {_path(thread)}/runs: the stream broke off before it began",
                )
        return await self._send("GET", f"{_path(thread)}/runs/{in_path(talk.run)}")

    async def _followed(self, thread: str, answer: Answer) -> Answer:
        """Look at a run until it waits for us or has ended."""
        run = self._talk(thread).run = id_of(answer.value, "run")
        started = time.monotonic()
        look, waited = 0, 0.0
        while status_of(answer.value) in MOVING:
            asked = asked_wait(answer.headers, look)
            wait = next_wait(asked, time.monotonic() - started) if look else self._durations.first_wait(asked)
            await asyncio.sleep(wait)
            waited += wait
            answer = await self._send("GET", f"{_path(thread)}/runs/{in_path(run)}")
            look += 1
        if look:
            self._durations.note(waited)
        return answer

    async def _state(
        self,
        thread: str,
        run: Mapping[str, Any],
        messages: tuple[Message, ...],
        options: RunOptions,
        first_token: float | None = None,
    ) -> RunState:
        state = state_of(run, text_of(messages))
        talk = self._talk(thread)
        talk.run, talk.said, talk.active = state.id, messages, state.status == "requires_action"
        steps = await self._steps(thread, state.id) if options.steps and not talk.active else []
        self._files.names.update(names_in(steps))
        return replace(
            state,
            first_token=first_token,
            citations=await self._files.named(citations_of(messages)),
            passages=passages_of(steps),
            code=code_of(steps),
        )

    async def _messages(self, thread: str, run: str) -> tuple[Message, ...]:
        # A run says a message or a few: one page is all of them.
        params = {"run_id": run, "order": "asc", "limit": 100}
        answer = await self._send("GET", f"{_path(thread)}/messages", params=params)
        messages = answer.value.get("data")
        if not isinstance(messages, list):
            raise BadAnswer("the server sent a list without a list in it", detail=f"messages of {thread}")
        return said_in(messages, run)

    async def _steps(self, thread: str, run: str) -> list[dict[str, Any]]:
        path = f"{_path(thread)}/runs/{in_path(run)}/steps"
        return await self._requests.whole(path, f"steps of {run}", include=[INCLUDE])

    async def _runs(self, thread: str) -> list[dict[str, Any]]:
        """All runs of a thread, oldest first; some servers list those of other threads as well."""
        runs = await self._requests.whole(f"{_path(thread)}/runs", f"runs of {thread}")
        return [run for run in runs if run.get("thread_id", thread) == thread]

    async def _newest_run(self, thread: str) -> str:
        answer = await self._send("GET", f"{_path(thread)}/runs", params={"order": "desc", "limit": 20})
        runs = answer.value.get("data")
        told = (run for run in runs if isinstance(run, Mapping)) if isinstance(runs, list) else ()
        ours = [run for run in told if run.get("thread_id", thread) == thread]
        return id_of(ours[0], "run") if ours else ""

    async def _end_run(self, thread: str, talk: _Talk) -> bool:
        """Cancel what may be active and wait until it is over; whether it is."""
        try:
            run = talk.run or await self._newest_run(thread)
            if not run:
                return True
            answer = await self._send("POST", f"{_path(thread)}/runs/{in_path(run)}/cancel")
            for look in range(CLOSING_LOOKS):
                if status_of(answer.value) not in MOVING:
                    return True
                await asyncio.sleep(asked_wait(answer.headers, look))
                answer = await self._send("GET", f"{_path(thread)}/runs/{in_path(run)}")
        except (NotFound, Rejected):
            # It is over or gone already.
            return True
        return False

    # What threads hold

    async def _unnamed_stores(self, thread: str, talk: _Talk | None) -> tuple[str, ...]:
        """The stores that the server made for a thread on its own, and nobody else can know of."""
        here = talk is not None and talk.opened
        if talk is not None and here and not talk.searched:
            return ()
        try:
            found = await self._thread(thread)
        except NotFound:
            return ()
        # A thread that was opened elsewhere is known to be a test's by its metadata alone.
        metadata = found.get("metadata")
        ours = here or (isinstance(metadata, Mapping) and RUN_KEY in metadata)
        return stores_of(found) if ours else ()

    async def _undo(self, thread: str, stores: tuple[str, ...]) -> None:
        """Delete what an opening made, as far as that goes: its own error says more than one of these."""
        for store in stores:
            with suppress(AsstctlError):
                await self.discard("vector_store", store)
        if thread:
            with suppress(AsstctlError):
                await self.close(thread)

    async def _thread(self, thread: str) -> Mapping[str, Any]:
        return (await self._send("GET", _path(thread))).value

    def _talk(self, thread: str) -> _Talk:
        return self._talks.setdefault(thread, _Talk())

    async def _send(
        self, method: str, path: str, *, body: Mapping[str, Any] | None = None, params: Mapping[str, Any] | None = None
    ) -> Answer:
        return await self._requests.send(method, path, body=body, params=params)


def _path(thread: str) -> str:
    return f"/threads/{in_path(thread)}"


def _id(run: Mapping[str, Any]) -> str:
    return id_of(run, "run")
