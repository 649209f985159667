"""Failures: each answer and each broken request becomes the one error that it means."""

import errno
import json
import socket
import ssl

import httpx2
import pytest

from asstctl.core.errors import (
    AnswerLost,
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
from asstctl.net.failures import LONGEST_QUOTE, Asked, Failure, failure_of, lost, retry_after

LIST = Asked("GET", "/assistants", "example.org")
ONE = Asked("GET", "/assistants/asst_1", "example.org")
MAKE = Asked("POST", "/assistants", "example.org")


def failure(status: int, body: object = b"", asked: Asked = ONE, **headers: str) -> Failure:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Failure(asked, status, {name.replace("_", "-"): value for name, value in headers.items()}, raw)


def wire(message: str, code: str | None = None) -> dict[str, object]:
    return {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": code}}


@pytest.mark.parametrize(
    ("given", "error"),
    [
        (failure(400, wire("Unknown parameter: 'x'.")), Rejected),
        (failure(401, wire("Incorrect API key")), AuthFailed),
        (failure(403, wire("Not in your region")), AuthFailed),
        (failure(404, wire("No assistant found with id 'asst_1'.")), NotFound),
        (failure(404, wire("Invalid URL (GET /v1/assistants/asst_1)")), NoSuchApi),
        (failure(404, {"error": {"code": "404", "message": "Resource not found"}}), NoSuchApi),
        (failure(404, {"detail": "Not Found"}), NoSuchApi),
        (failure(404, b"Not Found"), NoSuchApi),
        (failure(404, wire("No such thing"), LIST), NoSuchApi),
        (failure(404, wire("No vector store found with id 'vs_1'."), MAKE), Rejected),
        (failure(405, {"detail": "Method Not Allowed"}), Rejected),
        (failure(409, b""), Rejected),
        (failure(429, wire("Rate limit", "rate_limit_exceeded")), RateLimited),
        (failure(429, wire("No money left", "insufficient_quota")), Rejected),
        (failure(500, wire("Sorry")), ServerFault),
        (failure(502, b"<html>bad gateway</html>"), ServerFault),
        (failure(301, b"", location="https://elsewhere.example/v1"), Rejected),
        (failure(307, b"", location="/v2"), Rejected),
    ],
    ids=lambda value: str(value.status) if isinstance(value, Failure) else value.__name__,
)
def test_an_answer_is_the_error_that_it_means(given: Failure, error: type[ProviderError]) -> None:
    """Status, envelope and path decide; status and request id stay with the error."""
    found = failure_of(Failure(given.asked, given.status, {**given.headers, "x-request-id": "req_1"}, given.body))

    assert type(found) is error
    assert (found.status, found.request_id) == (given.status, "req_1")
    assert str(given.asked) in found.detail


def test_the_servers_message_is_quoted_on_one_short_line() -> None:
    """Line breaks go, and a long text is cut."""
    found = failure_of(failure(400, wire("one\n  two\tthree " + "x" * 10_000)))

    assert found.detail.startswith("GET /assistants/asst_1: one two three xxx")
    assert len(found.detail) < LONGEST_QUOTE + 50


def test_a_401_does_not_quote_the_server() -> None:
    """Servers repeat parts of the key there."""
    found = failure_of(failure(401, wire("Incorrect API key provided: sk-ab***yz")))

    assert "sk-" not in str(found)


def test_a_redirect_is_explained_without_its_query() -> None:
    """The message says that it is not followed; the address, which could hold anything, is left out."""
    found = failure_of(failure(302, b"", location="https://evil.example/?token=1"))

    assert "redirects are not followed" in found.detail
    assert "evil" not in str(found)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "1", "retry-after-ms": "50"}, 0.05),
        ({"retry-after": "Thu, 01 Jan 2026 00:00:10 GMT"}, 10.0),
        ({"retry-after": "Wed, 31 Dec 2025 00:00:00 GMT"}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after-ms": "x", "retry-after": "2"}, 2.0),
    ],
)
def test_retry_after_is_read_in_every_form(headers: dict[str, str], seconds: float | None) -> None:
    """Milliseconds go before seconds; a date counts from now; nonsense is nothing."""
    assert retry_after(headers, now=1767225600.0) == seconds


def caused(error: Exception, by: Exception) -> Exception:
    error.__cause__ = by
    return error


@pytest.mark.parametrize(
    ("error", "kind", "says"),
    [
        (caused(httpx2.ConnectError("x"), ConnectionRefusedError(errno.ECONNREFUSED, "x")), Unreachable, "refused"),
        (caused(httpx2.ConnectError("x"), socket.gaierror(-2, "x")), Unreachable, "name is not known"),
        (caused(httpx2.ConnectError("x"), ssl.SSLCertVerificationError("x")), Unreachable, "SSL_CERT_FILE"),
        (caused(httpx2.ConnectError("x"), ssl.SSLError("x")), Unreachable, "TLS"),
        (caused(httpx2.ConnectError("x"), OSError(113, "No route to host")), Unreachable, "no route to host"),
        (httpx2.ConnectError("x"), Unreachable, "no connection"),
        (httpx2.ConnectTimeout("x"), Unreachable, "in time"),
        (httpx2.PoolTimeout("x"), Unreachable, "in time"),
        (httpx2.ProxyError("407 user:pass"), Unreachable, "proxy"),
        (httpx2.ReadTimeout("x"), AnswerLost, "nothing came for 30 s"),
        (httpx2.ReadError("x"), AnswerLost, "broke off; it may have been carried out"),
        (httpx2.WriteError("x"), AnswerLost, "broke off"),
        (httpx2.RemoteProtocolError("x"), AnswerLost, "broke off"),
        (httpx2.DecodingError("x"), BadAnswer, "compression"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_a_broken_request_is_the_error_that_it_means(error: Exception, kind: type[ProviderError], says: str) -> None:
    """What certainly never left is Unreachable; what may have arrived is ambiguous."""
    found = lost(error, MAKE, 30.0)

    assert type(found) is kind
    assert says in found.detail
    assert "user:pass" not in str(found)


def test_a_lost_read_raises_no_doubt() -> None:
    """Only a write may have been carried out."""
    assert "carried out" not in lost(httpx2.ReadError("x"), LIST, 30.0).detail


def test_a_refused_connection_is_found_in_a_group() -> None:
    """Several addresses tried at once fail as a group."""
    group = ExceptionGroup("all", [OSError(99, "Cannot assign"), ConnectionRefusedError(111, "Connection refused")])

    assert lost(caused(httpx2.ConnectError("x"), group), LIST, 30.0).detail == "connection refused"
