"""A forge's API: one server, one token, JSON; lists page by page, and what its refusals mean.

The token and the address both come from the runner's environment and from nowhere else. Nothing in a checkout can
name another address, so this host needs no entry in `ASSTCTL_ALLOW_HOSTS`; the token goes over https alone, or stays
on this machine, and no redirect is followed with it. Which paths there are is for each forge.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from asstctl.core.base_url import broken_rule
from asstctl.core.errors import (
    AnswerLost,
    AsstctlError,
    AuthFailed,
    BadAnswer,
    IncompleteListing,
    NotFound,
    ProviderError,
    RateLimited,
    Refused,
    Rejected,
    ServerFault,
    Unreachable,
)
from asstctl.core.hidden import Hidden
from asstctl.core.json_types import EMPTY, JsonObject
from asstctl.core.ports import Observer, unseen
from asstctl.core.tracing import UNTRACED, Tracer
from asstctl.net.client import HEADERS, JsonClient, Listed, bearer, http_client
from asstctl.net.download import download
from asstctl.net.failures import Asked, Failure, quoted, request_id_of
from asstctl.net.observed import ObservedTransport
from asstctl.net.retry import RetryPolicy, repeating
from asstctl.net.transport import network_transport

MAX_PAGES = 1000
PER_PAGE = 100

PATIENT = RetryPolicy(longest=90.0)
"""Hosts ask for a minute where too much was asked at once."""

_AGAIN = "Run this job again."


@dataclass(frozen=True, slots=True)
class Way:
    """How a forge is reached: its address and the token, and the variables that they come from.

    `how_to_pass` is the line that gives a job its token.
    """

    url: str
    url_name: str
    token: str = field(repr=False)
    token_name: str
    how_to_pass: str


@dataclass(frozen=True, slots=True)
class Manners:
    """What is particular to a forge's refusals. `said` finds the server's words in a body; `wait` says whether an
    answer asks to slow down, and for how many seconds; `permission` names what a request needs."""

    said: Callable[[Failure], str]
    wait: Callable[[Failure], tuple[bool, float | None]]
    permission: Callable[[Asked], str]


class Api:
    """An open connection to one forge's API, closed once by `aclose`."""

    def __init__(
        self,
        way: Way,
        manners: Manners,
        *,
        headers: Mapping[str, str] = EMPTY,
        observer: Observer | None = None,
        tracer: Tracer = UNTRACED,
        retry: RetryPolicy = PATIENT,
    ) -> None:
        parts = _checked(way)
        self.place = parts.netloc
        self._way = way
        self._manners = manners
        self._observer = observer or unseen
        self._tracer = tracer
        self._retry = retry
        self._hidden = Hidden(way.token)
        self._headers = {**HEADERS, **headers, **_key(way)}
        self._transport = ObservedTransport(
            network_transport(parts), self._observer, tracer=tracer, place=self.place, hidden=self._hidden
        )
        self._client = self._client_of(way.url)

    async def get(self, path: str, /, **params: str | int) -> dict[str, Any]:
        """One object."""
        with self._explained():
            return (await self._client.request("GET", path, params=params, retry=self._retry)).value

    async def pages(self, path: str, under: str = "", /, **params: str | int) -> list[dict[str, Any]]:
        """Every object of a list, bare or `under` a name of an object, each once. Raises IncompleteListing."""
        found: dict[int, dict[str, Any]] = {}
        for page in range(1, MAX_PAGES + 1):
            asked = {**params, "per_page": PER_PAGE, "page": page}
            with self._explained():
                listed = await self._page(path, under, asked)
            known = len(found)
            for item in listed.items:
                if not isinstance(item, dict) or type(item.get("id")) is not int:
                    raise _incomplete(path, f"page {page} has something without an id")
                found.setdefault(item["id"], item)
            if 'rel="next"' not in listed.headers.get("link", ""):
                return list(found.values())
            if len(found) == known:
                raise _incomplete(path, f"page {page} brings nothing new and promises more")
        raise _incomplete(path, f"it does not end within {MAX_PAGES} pages")

    async def add(self, path: str, body: JsonObject) -> dict[str, Any]:
        """Make something, in one request that is sent at most once."""
        with self._explained():
            return (await self._client.request("POST", path, body=body)).value

    async def replace(self, method: str, path: str, body: JsonObject) -> dict[str, Any]:
        """Put something in the place of what is there: to do it twice does no harm."""

        async def attempt() -> dict[str, Any]:
            return (await self._client.request(method, path, body=body)).value

        with self._explained():
            return await repeating(self._retry, False, attempt, self._observer)

    async def ask(self, url: str, body: JsonObject) -> dict[str, Any]:
        """Ask a question that is sent as a body to another address of this server; it changes nothing."""
        client = self._client_of(url)

        async def attempt() -> dict[str, Any]:
            return (await client.request("POST", "", body=body)).value

        with self._explained():
            return await repeating(self._retry, False, attempt, self._observer)

    async def fetched(self, path: str, *, at_most: int) -> bytes:
        """What lies where a path leads to, on whichever server: that one never sees the token."""
        with self._explained():
            address = await self._client.address(path, retry=self._retry)
            if broken_rule(address.partition("?")[0], has_key=True):
                raise BadAnswer(f"{self.place} sends us where nothing is asked for", detail=f"GET {path}")
            return await download(
                address,
                at_most=at_most,
                retry=self._retry,
                explain=self._refusal,
                observer=self._observer,
                tracer=self._tracer,
            )

    async def aclose(self) -> None:
        """Close every connection."""
        await self._transport.aclose()

    @contextmanager
    def read(self, path: str) -> Iterator[None]:
        """Where an answer to this path is read: a ValueError is a BadAnswer."""
        try:
            yield
        except ValueError as error:
            raise self.bad(f"GET {path}", error) from error

    def bad(self, what: str, why: object) -> BadAnswer:
        """The error for an answer that lacks what it should hold."""
        return BadAnswer(f"{self.place} sent an answer that cannot be used", detail=f"{what}: {why}", hint=_AGAIN)

    def _client_of(self, url: str) -> JsonClient:
        http = http_client(self._transport, self._headers, 30.0)
        return JsonClient(
            url, http, place=self.place, hidden=self._hidden, explain=self._refusal, observer=self._observer
        )

    async def _page(self, path: str, under: str, params: Mapping[str, str | int]) -> Listed:
        if not under:
            return await self._client.listed(path, params=params, retry=self._retry)
        answer = await self._client.request("GET", path, params=params, retry=self._retry)
        items = answer.value.get(under)
        if not isinstance(items, list):
            raise self.bad(f"GET {path}", f"{under} is not a list")
        return Listed(items, answer.headers)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Errors of `net` name settings of a project file; here the way on is another."""
        try:
            yield
        except Unreachable as error:
            error.hint = f"Check {self._way.url_name}, which the runner sets, and run this job again."
            raise
        except (AnswerLost, BadAnswer) as error:
            error.hint = _AGAIN
            raise

    def _refusal(self, failure: Failure) -> AsstctlError:
        asked, status = failure.asked, failure.status
        said = quoted(self._manners.said(failure))
        about: dict[str, Any] = {"status": status, "request_id": request_id_of(failure.headers)}
        detail = f"{asked}: {said or f'status {status}'}"
        slower, seconds = self._manners.wait(failure)
        if slower:
            return RateLimited(
                f"{asked.place} asks to slow down", detail=detail, hint=_AGAIN, retry_after=seconds, **about
            )
        if status == 401:
            # with 401 servers like to repeat parts of what they were sent
            detail = f"{asked}: status {status}"
            return AuthFailed(
                f"{asked.place} does not accept the token", detail=detail, hint=self._way.how_to_pass, **about
            )
        needed = self._manners.permission(asked)
        if status == 403:
            return AuthFailed(f"{asked.place} does not allow this", detail=detail, hint=needed, **about)
        if status in {404, 410}:
            return NotFound(
                "not found", detail=detail, hint=f"If it does exist, the token cannot see it. {needed}", **about
            )
        if status < 400:
            detail = f"{asked}: redirects are not followed, so that no token reaches another server"
            hint = f"Check {self._way.url_name}, which the runner sets, and run this job again."
            return Rejected(f"{asked.place} redirects elsewhere", detail=detail, hint=hint, **about)
        if status >= 500:
            return ServerFault(f"{asked.place} failed", detail=detail, hint=_AGAIN, **about)
        return Rejected(f"{asked.place} rejected the request", detail=detail, **about)


class OverApi:
    """What every forge is over its API: an async context manager, closed once."""

    def __init__(self, api: Api) -> None:
        self._api = api

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._api.aclose()


def _checked(way: Way) -> Any:
    """The parts of an address that a token may go to. Raises Refused, without the address where that is secret."""
    if not way.token:
        raise Refused(
            f"{way.token_name} is not set",
            detail="without it the forge cannot be asked for a pull request",
            hint=way.how_to_pass,
        )
    if broken := broken_rule(way.url, has_key=True):
        why = {"insecure-key": "the token would go out unencrypted", "secret-in-file": "it holds more than an address"}
        raise Refused(
            f"{way.url_name} cannot be used",
            detail=why.get(broken.code, "it is not an http or https URL"),
            hint=f"Leave {way.url_name} as the runner sets it.",
        )
    return urlsplit(way.url)


def _key(way: Way) -> dict[str, str]:
    try:
        return bearer(way.token)
    except Refused as refused:
        refused.hint = f"Check {way.token_name} where the pipeline sets it."
        raise


def _incomplete(path: str, why: str) -> ProviderError:
    return IncompleteListing(
        "a list of the forge cannot be trusted to be complete", detail=f"GET {path}: {why}", hint=_AGAIN
    )
