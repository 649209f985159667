"""AssistantsThreads: conversations over the Assistants v2 wire (`core.ports.ThreadHost`).

It uses the openai SDK's client by its generic verbs: `client.beta` costs half a second to import and warns on
every call. The SDK gets our transport and no retries, since its own would repeat creates; what may be repeated
is decided in `net.retry`. Loading this module loads the SDK, so only conversations do.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

import openai

from asstctl.core.errors import AsstctlError, BadAnswer, NotFound, ProviderError, Rejected
from asstctl.core.hidden import Hidden
from asstctl.core.thread import PLAIN, Attached, FilePurpose, Opened, RunOptions, RunState, Said, Spoken, ToolOutput
from asstctl.net.client import Answer, answer_of, failure_from, timeouts
from asstctl.net.failures import Asked, Explain, lost
from asstctl.net.retry import RetryPolicy, repeating
from asstctl.net.transport import HttpClient, HttpResponse
from asstctl.providers.assistants.ids import in_path
from asstctl.providers.assistants.polling import Durations, asked_wait, next_wait
from asstctl.providers.assistants.runs import MOVING, id_of, reply_of, state_of, status_of, thread_body

RUN_TIMEOUT = 600.0
"""Seconds for the answer to a new run: some servers give it only when the run is over."""

CLOSING_LOOKS = 20
"""How often a cancelled run is looked at before its thread is deleted all the same."""


class _Sdk(openai.AsyncOpenAI):
    """The SDK's client without its description of this machine: our transport would only take it out again."""

    @property
    def default_headers(self) -> dict[str, str | openai.Omit]:
        return {"accept": "application/json", "content-type": "application/json"}


def sdk_client(base_url: str, http: HttpClient, timeout: float) -> openai.AsyncOpenAI:
    """The SDK's client over our HTTP client, which brings the key: the SDK gets a word in its place."""
    return _Sdk(api_key="none", base_url=base_url, http_client=http, max_retries=0, timeout=timeout)


class AssistantsThreads:
    """Threads on one server. The SDK client is the provider's, so `aclose` has nothing to give back.

    `durations` is what all hosts on that server have learned of its runs; a server that cannot cancel a run has its
    threads deleted under it.
    """

    def __init__(
        self,
        sdk: openai.AsyncOpenAI,
        *,
        place: str,
        hidden: Hidden,
        timeout: float,
        explain: Explain,
        durations: Durations,
        can_cancel: bool = True,
    ) -> None:
        self._sdk = sdk
        self._can_cancel = can_cancel
        # Whole URLs are cheaper for the SDK than paths that it has to join to its base.
        self._base = str(sdk.base_url).rstrip("/")
        self._place = place
        self._hidden = hidden
        self._timeout = timeout
        self._explain = explain
        self._retry = RetryPolicy()
        self._durations = durations
        # By thread, the run that may still be active there; "" while its create has no answer yet.
        self._active: dict[str, str] = {}

    async def upload(self, file: Path, *, purpose: FilePurpose) -> str:
        raise NotImplementedError

    async def open(
        self,
        *,
        messages: Sequence[Said] = (),
        metadata: Mapping[str, str] | None = None,
        files: Sequence[Attached] = (),
    ) -> Opened:
        answer = await self._request("POST", "/threads", body=thread_body(messages, metadata))
        return Opened(id_of(answer.value, "thread"))

    async def post(self, thread: str, said: Said) -> None:
        body = {"role": said.role, "content": said.text}
        await self._request("POST", f"/threads/{in_path(thread)}/messages", body=body)

    async def run(self, thread: str, assistant: str, options: RunOptions = PLAIN) -> RunState:
        self._active[thread] = ""
        try:
            answer = await self._request("POST", f"/threads/{in_path(thread)}/runs", body={"assistant_id": assistant})
        except AsstctlError as error:
            if not (isinstance(error, ProviderError) and error.ambiguous):
                del self._active[thread]
            raise
        return await self._follow(thread, answer)

    async def outputs(
        self, thread: str, run: str, outputs: Sequence[ToolOutput], options: RunOptions = PLAIN
    ) -> RunState:
        body = {"tool_outputs": [{"tool_call_id": one.call_id, "output": one.output} for one in outputs]}
        answer = await self._request(
            "POST", f"/threads/{in_path(thread)}/runs/{in_path(run)}/submit_tool_outputs", body=body
        )
        return await self._follow(thread, answer)

    async def history(self, thread: str) -> tuple[Spoken, ...]:
        raise NotImplementedError

    async def discard(self, kind: Literal["file", "vector_store"], id: str) -> None:
        raise NotImplementedError

    async def close(self, thread: str) -> None:
        if thread in self._active and self._can_cancel:
            await self._end_run(thread)
        with suppress(NotFound):
            await self._request("DELETE", f"/threads/{in_path(thread)}")
        self._active.pop(thread, None)

    async def aclose(self) -> None:
        pass

    async def _follow(self, thread: str, answer: Answer) -> RunState:
        """Look at a run until it waits for us or has ended."""
        run = id_of(answer.value, "run")
        self._active[thread] = run
        started = time.monotonic()
        look, waited = 0, 0.0
        while status_of(answer.value) in MOVING:
            asked = asked_wait(answer.headers, look)
            wait = next_wait(asked, time.monotonic() - started) if look else self._durations.first_wait(asked)
            await asyncio.sleep(wait)
            waited += wait
            answer = await self._request("GET", f"/threads/{in_path(thread)}/runs/{in_path(run)}")
            look += 1
        if look:
            self._durations.note(waited)
        state = state_of(answer.value, await self._reply(thread, run))
        if state.status != "requires_action":
            self._active.pop(thread, None)
        return state

    async def _reply(self, thread: str, run: str) -> str:
        # A run says a message or a few: one page is all of them.
        params = {"run_id": run, "order": "asc", "limit": 100}
        answer = await self._request("GET", f"/threads/{in_path(thread)}/messages", params=params)
        messages = answer.value.get("data")
        if not isinstance(messages, list):
            raise BadAnswer("the server sent a list without a list in it", detail=f"messages of {thread}")
        return reply_of(messages, run)

    async def _end_run(self, thread: str) -> None:
        """Cancel what may be active and wait until it is over, so that the thread can be deleted."""
        try:
            run = self._active[thread] or await self._newest_run(thread)
            if not run:
                return
            answer = await self._request("POST", f"/threads/{in_path(thread)}/runs/{in_path(run)}/cancel")
            for look in range(CLOSING_LOOKS):
                if status_of(answer.value) not in MOVING:
                    return
                await asyncio.sleep(asked_wait(answer.headers, look))
                answer = await self._request("GET", f"/threads/{in_path(thread)}/runs/{in_path(run)}")
        except (NotFound, Rejected):
            # It is over or gone already: the one thing that matters, the delete, comes next.
            return

    async def _newest_run(self, thread: str) -> str:
        answer = await self._request("GET", f"/threads/{in_path(thread)}/runs", params={"order": "desc", "limit": 1})
        runs = answer.value.get("data")
        return id_of(runs[0], "run") if isinstance(runs, list) and runs else ""

    async def _request(
        self, method: str, path: str, *, body: Mapping[str, Any] | None = None, params: Mapping[str, Any] | None = None
    ) -> Answer:
        asked = Asked(method, path, self._place)
        return await repeating(self._retry, asked.writes, lambda: self._send(asked, body, params))

    async def _send(self, asked: Asked, body: Mapping[str, Any] | None, params: Mapping[str, Any] | None) -> Answer:
        starts_run = asked.method == "POST" and asked.path.endswith(("/runs", "/submit_tool_outputs"))
        seconds = max(self._timeout, RUN_TIMEOUT) if starts_run else self._timeout
        timeout = timeouts(seconds)
        url = self._base + asked.path
        try:
            match asked.method:
                case "GET":
                    response = await self._sdk.get(
                        url, cast_to=HttpResponse, options={"timeout": timeout, "params": params or {}}
                    )
                case "POST":
                    response = await self._sdk.post(
                        url, cast_to=HttpResponse, body=body or {}, options={"timeout": timeout}
                    )
                case _:
                    response = await self._sdk.delete(url, cast_to=HttpResponse, options={"timeout": timeout})
        except openai.APIStatusError as error:
            raise self._explain(failure_from(error.response, asked, self._hidden)) from None
        except openai.APIConnectionError as error:
            cause = error.__cause__
            if isinstance(cause, AsstctlError):  # no token could be drawn: nothing was sent
                raise cause from None
            raise lost(cause if isinstance(cause, Exception) else error, asked, seconds) from error
        except openai.OpenAIError as error:
            raise ProviderError("the openai SDK gave up", detail=f"{asked}: {type(error).__name__}") from error
        return answer_of(response, asked, self._hidden)
