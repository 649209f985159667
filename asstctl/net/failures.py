"""Failures: what went wrong with a request, as one error of the tree in `core.errors`.

Pure, but for the clock that a date in `Retry-After` is compared with. Two things go wrong: no answer comes
(`lost`), or one comes that is a refusal (`failure_of`). What a refusal means on one host or one wire is for
the provider, which may put its own function in front of `failure_of`. A server's message is quoted, short and
on one line; a request's body and headers never are.
"""

import re
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any

import httpx2

from asstctl.core.errors import (
    AnswerLost,
    AsstctlError,
    AuthFailed,
    BadAnswer,
    NoSuchApi,
    NotFound,
    ProviderError,
    RateLimited,
    Rejected,
    ServerFault,
    Unreachable,
)
from asstctl.core.requests import READS
from asstctl.net.body import json_value
from asstctl.net.transport import MAX_ANSWER, AnswerTooLarge

LONGEST_QUOTE = 500
REQUEST_IDS = ("x-request-id", "x-github-request-id")
"""The headers in which servers say what they call a request."""

LONGEST_REQUEST_ID = 200


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, as far as a message may speak of it."""

    method: str
    path: str
    place: str

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def writes(self) -> bool:
        """Whether it asks for a change."""
        return self.method not in READS


@dataclass(frozen=True, slots=True)
class Failure:
    """An answer that is not a success. `body` has lost our key already, should a server repeat it."""

    asked: Asked
    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    @property
    def envelope(self) -> Mapping[str, Any] | None:
        """The error object of the OpenAI wires, or None when the body has none."""
        value = json_value(self.body)
        error = value.get("error") if isinstance(value, dict) else None
        return error if isinstance(error, dict) and isinstance(error.get("message"), str) else None

    @property
    def code(self) -> str:
        """The wire's code for the error, or nothing."""
        return str((self.envelope or {}).get("code") or "")

    @property
    def message(self) -> str:
        """What the server says, fit for a message of ours, or nothing."""
        envelope = self.envelope
        return quoted(envelope["message"]) if envelope else ""

    @property
    def detail(self) -> str:
        """The server's words after the request they answer."""
        return f"{self.asked}: {self.message}" if self.message else f"{self.asked}: status {self.status}"


Explain = Callable[[Failure], AsstctlError]


def quoted(text: str) -> str:
    """A text of the server on one line, cut where it gets long."""
    line = " ".join(text.split())
    return line if len(line) <= LONGEST_QUOTE else f"{line[:LONGEST_QUOTE]}…"


def failure_of(failure: Failure) -> ProviderError:
    """The error that an answer means, by its status and the wire's envelope."""
    place, status = failure.asked.place, failure.status
    request_id = request_id_of(failure.headers)
    wait = retry_after_of(failure)
    if 300 <= status < 400:
        return Rejected(
            f"{place} redirects elsewhere",
            detail=f"{failure.asked}: redirects are not followed, so that no key reaches another server",
            hint="Set base_url in asstctl.yaml to the final address, then run the command again.",
            status=status,
            request_id=request_id,
        )
    if status in {401, 403}:
        # With 401 servers like to repeat parts of the key.
        said = failure.message if status == 403 else ""
        return AuthFailed(
            f"{place} does not accept the key" if status == 401 else f"{place} does not allow this",
            detail=f"{failure.asked}: {said}" if said else f"{failure.asked}: status {status}",
            hint="Check api_key of this target in asstctl.yaml and the variable it names, then run the command again.",
            status=status,
            request_id=request_id,
        )
    if status == 404:
        return _missing(failure, request_id)
    if status == 429 and failure.code != "insufficient_quota":
        return RateLimited(
            f"{place} asks to slow down",
            detail=failure.detail,
            hint="Wait a little and type the same command again.",
            status=status,
            request_id=request_id,
            retry_after=wait,
        )
    if status >= 500:
        return ServerFault(
            f"{place} failed",
            detail=failure.detail,
            hint="Plan again to see what is live.",
            status=status,
            request_id=request_id,
            retry_after=wait,
        )
    return Rejected(f"{place} rejected the request", detail=failure.detail, status=status, request_id=request_id)


_OTHER_OBJECT = re.compile(r"\bNo .{1,80} found with id '", re.IGNORECASE)
"""What is said of an object that a body names."""


def _missing(failure: Failure, request_id: str | None) -> ProviderError:
    """404: for an object where the path names one and the wire's envelope speaks of it, else for the API."""
    names_object = failure.asked.path.strip("/").count("/") > 0
    if names_object and failure.message and not _speaks_of_path(failure.message):
        return NotFound("not found", detail=failure.detail, status=404, request_id=request_id)
    if failure.asked.writes and not names_object and _OTHER_OBJECT.search(failure.message):
        return Rejected(
            f"{failure.asked.place} rejected the request",
            detail=failure.detail,
            hint="Correct that id, or make what it means there, then run the command again.",
            status=404,
            request_id=request_id,
        )
    return NoSuchApi(
        f"{failure.asked.place} has no such API",
        detail=failure.detail,
        hint="Check base_url in asstctl.yaml (most servers want it to end in /v1), then run the command again.",
        status=404,
        request_id=request_id,
    )


def _speaks_of_path(message: str) -> bool:
    lower = message.lower()
    return any(words in lower for words in ("invalid url", "unknown request url", "resource not found"))


def request_id_of(headers: Mapping[str, str]) -> str | None:
    """What the server calls the request, for whoever asks its owner about it."""
    id = next((id for name in REQUEST_IDS if (id := headers.get(name))), None)
    return id[:LONGEST_REQUEST_ID] if id else None


def retry_after_of(failure: Failure) -> float | None:
    """The seconds that this answer asks us to wait from now on."""
    return retry_after(failure.headers, now=time.time())


def retry_after(headers: Mapping[str, str], *, now: float) -> float | None:
    """The seconds a server asks us to wait: `retry-after-ms`, or `Retry-After` as seconds or as a date."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        text = headers.get(name)
        if text is None:
            continue
        try:
            seconds = float(text) * unit
        except ValueError:
            continue
        return seconds if 0 <= seconds < float("inf") else None
    try:
        return max(0.0, parsedate_to_datetime(headers["retry-after"]).timestamp() - now)
    except (KeyError, ValueError, OverflowError):
        return None


def lost(error: Exception, asked: Asked, timeout: float) -> ProviderError:
    """The error for a request that got no answer: `error` is one of httpx2's, or a TimeoutError for the whole."""
    if isinstance(error, AnswerTooLarge):
        return BadAnswer(
            f"{asked.place} sent an answer that is too large",
            detail=f"{asked}: more than {MAX_ANSWER // 1024**2} MiB",
        )
    if isinstance(error, httpx2.DecodingError):
        return BadAnswer(f"{asked.place} sent an answer that cannot be read", detail=f"{asked}: broken compression")
    if isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.PoolTimeout | httpx2.ProxyError):
        return Unreachable(
            f"cannot reach {asked.place}",
            detail=_why_unreachable(error),
            hint="Is the server running? Start it or correct base_url in asstctl.yaml, then run the command again.",
        )
    if isinstance(error, TimeoutError):
        return BadAnswer(
            f"{asked.place} sends its answer too slowly", detail=f"{asked}: it was not complete after {timeout:g} s"
        )
    happened = "the connection broke off"
    if isinstance(error, httpx2.ReadTimeout):
        happened = f"nothing came for {timeout:g} s"
    elif isinstance(error, httpx2.WriteTimeout):
        happened = "it stopped taking the request"
    doubt = "; it may have been carried out" if asked.writes else ""
    return AnswerLost(
        f"no answer from {asked.place}",
        detail=f"{asked}: {happened}{doubt}",
        hint="Plan again to see what is live.",
    )


def _why_unreachable(error: Exception) -> str:
    if isinstance(error, httpx2.ProxyError):
        return "the proxy named in the environment refused"
    if isinstance(error, httpx2.TimeoutException):
        return "no connection in time"
    # `ssl` and `socket` errors are OSErrors as well: the particular before the general.
    causes = tuple(_causes(error))
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
        return "its certificate is not trusted (SSL_CERT_FILE can name a file of certificates)"
    if any(isinstance(cause, ssl.SSLError) for cause in causes):
        return "no TLS connection could be agreed on"
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        return "the host's name is not known"
    if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
        return "connection refused"
    return next((quoted(c.strerror).lower() for c in causes if isinstance(c, OSError) and c.strerror), "no connection")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An error and everything it came from, members of groups included."""
    pending, seen = [error], set[int]()
    while pending:
        one = pending.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        if isinstance(one, BaseExceptionGroup):
            pending.extend(one.exceptions)
        pending.extend(cause for cause in (one.__cause__, one.__context__) if cause is not None)
