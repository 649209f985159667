"""Requests: what conversations send, through the openai SDK, with answers as values and failures as our errors.

The SDK is used by its generic verbs: `client.beta` costs half a second to import and warns on every call. It gets our
transport and no retries, since its own would repeat creates; what may be repeated is decided in `net.retry`. Loading
this module loads the SDK, so only conversations do.
"""

import json
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import openai

from asstctl.core.errors import AsstctlError, ProviderError
from asstctl.core.hidden import Hidden
from asstctl.core.json_types import EMPTY
from asstctl.core.ports import Observer, unseen
from asstctl.core.tape import Deck
from asstctl.net.body import json_value
from asstctl.net.client import Answer, answer_of, check_not_hidden, failure_from, timeouts
from asstctl.net.failures import Asked, Explain, lost
from asstctl.net.retry import RetryPolicy, repeating
from asstctl.net.tape import through
from asstctl.net.transport import HttpClient, HttpResponse
from asstctl.providers.assistants.paging import read_all
from asstctl.providers.assistants.stream import Event, event_of

RUN_TIMEOUT = 600.0
"""Seconds for the answer to a new run: some servers give it only when the run is over."""

PAGE = 100


class _Sdk(openai.AsyncOpenAI):
    """The SDK's client without its description of this machine: our transport would only take it out again."""

    @property
    def default_headers(self) -> dict[str, str | openai.Omit]:
        return {"accept": "application/json", "content-type": "application/json"}


def sdk_client(base_url: str, http: HttpClient, timeout: float) -> openai.AsyncOpenAI:
    """The SDK's client over our HTTP client, which brings the key: the SDK gets a word in its place."""
    return _Sdk(api_key="none", base_url=base_url, http_client=http, max_retries=0, timeout=timeout)


class Requests:
    """Requests to one server, through a deck if there is one. Each raises the ProviderError tree, or whatever `explain`
    gives."""

    def __init__(
        self,
        sdk: openai.AsyncOpenAI,
        *,
        place: str,
        hidden: Hidden,
        timeout: float,
        explain: Explain,
        deck: Deck | None = None,
        observer: Observer = unseen,
    ) -> None:
        self.place = place
        self._observer = observer
        self._sdk = sdk
        self._deck = deck
        # Whole URLs are cheaper for the SDK than paths that it has to join to its base.
        self._base = str(sdk.base_url).rstrip("/")
        self._hidden = hidden
        self._timeout = timeout
        self._explain = explain
        self._retry = RetryPolicy()

    @property
    def replays(self) -> bool:
        """Whether a tape answers, so that nothing is worth waiting for."""
        return self._deck is not None and self._deck.replays

    def has_said(self, problem: ProviderError, words: str) -> bool:
        """Whether these words of the server are in an error. What is hidden may be a part of them by chance."""
        return self._hidden.out_of(words) in problem.detail

    async def send(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, Any] | None = None,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] = EMPTY,
    ) -> Answer:
        """One request, repeated where that is safe. `headers` go with a POST, those that our transport lets out."""
        asked = Asked(method, path, self.place)
        return await repeating(
            self._retry, asked.writes, lambda: self._send(asked, body, params, headers), self._observer
        )

    async def whole(self, path: str, what: str, **params: Any) -> list[dict[str, Any]]:
        """Every object of a list, oldest first. Raises IncompleteListing rather than return a part."""

        async def fetch(cursor: str | None) -> Mapping[str, Any]:
            page = {**params, "order": "asc", "limit": PAGE, **({} if cursor is None else {"after": cursor})}
            return (await self.send("GET", path, params=page)).value

        return await read_all(fetch, what)

    async def events(self, path: str, body: Mapping[str, Any]) -> AsyncGenerator[Event, None]:
        """The events of a run that is asked for so, as they come.

        What breaks off is no error: the run goes on without its stream, and whoever reads can look at it.
        """
        asked = Asked("POST", path, self.place)
        stream = await repeating(self._retry, asked.writes, lambda: self._open_stream(asked, body), self._observer)
        async with stream:
            while True:
                try:
                    content = json.dumps(await anext(stream), ensure_ascii=False).encode(errors="replace")
                except (StopAsyncIteration, openai.OpenAIError, ValueError, RecursionError):
                    return
                check_not_hidden(content, asked, self._hidden, 200)
                # The SDK takes what we could not hold, walk and write again.
                if (event := event_of(json_value(content))) is not None:
                    yield event

    async def _open_stream(self, asked: Asked, body: Mapping[str, Any]) -> openai.AsyncStream[object]:
        seconds = self._seconds(asked)
        with self._explained(asked, seconds), through(self._deck):
            return await self._sdk.post(
                self._base + asked.path,
                cast_to=object,
                body={**body, "stream": True},
                options={"timeout": timeouts(seconds)},
                stream=True,
                stream_cls=openai.AsyncStream[object],
            )

    async def _send(
        self,
        asked: Asked,
        body: Mapping[str, Any] | None,
        params: Mapping[str, Any] | None,
        headers: Mapping[str, str],
    ) -> Answer:
        seconds = self._seconds(asked)
        timeout = timeouts(seconds)
        url = self._base + asked.path
        with self._explained(asked, seconds), through(self._deck):
            match asked.method:
                case "GET":
                    response = await self._sdk.get(
                        url, cast_to=HttpResponse, options={"timeout": timeout, "params": params or {}}
                    )
                case "POST":
                    response = await self._sdk.post(
                        url, cast_to=HttpResponse, body=body or {}, options={"timeout": timeout, "headers": headers}
                    )
                case _:
                    response = await self._sdk.delete(url, cast_to=HttpResponse, options={"timeout": timeout})
        return answer_of(response, asked, self._hidden)

    def _seconds(self, asked: Asked) -> float:
        starts_run = asked.method == "POST" and asked.path.endswith(("/runs", "/submit_tool_outputs"))
        return max(self._timeout, RUN_TIMEOUT) if starts_run else self._timeout

    @contextmanager
    def _explained(self, asked: Asked, seconds: float) -> Iterator[None]:
        try:
            yield
        except openai.APIStatusError as error:
            raise self._explain(failure_from(error.response, asked, self._hidden)) from None
        except openai.APIConnectionError as error:
            cause = error.__cause__
            if isinstance(cause, AsstctlError):  # no token could be drawn, or a tape lacks it: nothing was sent
                raise cause from None
            raise lost(cause if isinstance(cause, Exception) else error, asked, seconds) from error
        except openai.OpenAIError as error:
            raise ProviderError("the openai SDK gave up", detail=f"{asked}: {type(error).__name__}") from error
