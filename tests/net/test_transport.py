"""Transports: that addresses are checked (the rules: tests/core/test_base_url), which proxy, what is lent."""

from urllib.parse import urlsplit

import httpx2
import pytest

from asstctl.core.errors import Refused
from asstctl.net.transport import LentTransport, check_address, proxy_for


@pytest.mark.parametrize("url", ["https://example.org/v1", "http://127.0.0.1:8000/v1", "http://[::1]:1/v1"])
def test_a_key_goes_over_tls_or_stays_here(url: str) -> None:
    """These may carry one."""
    assert check_address(url, has_key=True).netloc


def test_a_key_does_not_go_over_plain_http() -> None:
    """To another machine it is refused; without a key the address is fine."""
    with pytest.raises(Refused, match="unencrypted"):
        check_address("http://example.org/v1", has_key=True)
    assert check_address("http://example.org/v1", has_key=False).hostname == "example.org"


@pytest.mark.parametrize(
    ("url", "no_proxy", "proxy"),
    [
        ("https://example.org/v1", "", "http://proxy:1"),
        ("http://example.org/v1", "", "http://plain:2"),
        ("http://127.0.0.1:8000/v1", "", None),
        ("http://localhost/v1", "", None),
        ("http://app.localhost/v1", "", None),
        ("https://example.org/v1", "example.org", None),
        ("https://api.example.org/v1", ".example.org", None),
    ],
)
def test_the_proxy_of_the_environment(
    monkeypatch: pytest.MonkeyPatch, url: str, no_proxy: str, proxy: str | None
) -> None:
    """By scheme, never for this machine, and not where no_proxy names the host."""
    monkeypatch.setenv("no_proxy", no_proxy)

    assert proxy_for(urlsplit(url), {"https": "proxy:1", "http": "http://plain:2"}) == proxy


def test_without_a_proxy_there_is_none() -> None:
    """`all` is the one for every scheme."""
    assert proxy_for(urlsplit("https://example.org"), {}) is None
    assert proxy_for(urlsplit("https://example.org"), {"all": "http://every:1"}) == "http://every:1"


@pytest.mark.anyio
async def test_a_lent_transport_sends_our_headers_alone_and_stays_open() -> None:
    """What a library adds does not leave; what it closes stays open."""
    seen: list[httpx2.Headers] = []

    class Inner(httpx2.AsyncBaseTransport):
        closed = False

        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            seen.append(request.headers)
            return httpx2.Response(200)

        async def aclose(self) -> None:
            self.closed = True

    inner = Inner()
    async with httpx2.AsyncClient(transport=LentTransport(inner, {"authorization": "Bearer ours"})) as http:
        headers = {"Authorization": "Bearer theirs", "OpenAI-Organization": "org", "X-Stainless-OS": "Linux"}
        await http.post("http://app/", json={}, headers={**headers, "Idempotency-Key": "once"})

    [sent] = seen
    assert (sent["authorization"], sent["idempotency-key"]) == ("Bearer ours", "once")
    assert set(sent) <= {
        "idempotency-key",
        "authorization",
        "host",
        "accept",
        "accept-encoding",
        "connection",
        "content-type",
        "content-length",
    }
    assert not inner.closed
