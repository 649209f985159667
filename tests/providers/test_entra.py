"""Entra tokens: drawn when needed, again before they end, hidden from then on, and never in the way of a start."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import httpx2
import pytest

from asstctl.core.errors import AuthFailed, Refused
from asstctl.core.hidden import Hidden
from asstctl.net.transport import BearerTransport
from asstctl.providers.assistants.dialects import FOUNDRY
from asstctl.providers.assistants.entra import EntraToken
from asstctl.providers.assistants.provider import Provider, open_provider
from asstctl.providers.settings import AssistantsSettings
from tests.providers.test_table import loaded_by

pytestmark = pytest.mark.anyio


@dataclass
class Token:
    token: str
    expires_on: int


class Identity:
    """A machine's identity: gives tokens that are good for an hour, counted."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0
        self.drawn = 0

    def __call__(self) -> Token:
        self.drawn += 1
        return Token(f"eyJ-token-number-{self.drawn}", int(self.now) + 3600)

    def clock(self) -> float:
        return self.now


async def test_a_token_is_drawn_once_and_again_before_it_ends() -> None:
    identity = Identity()
    token = EntraToken(Hidden(), identity, clock=identity.clock)
    assert set(await asyncio.gather(*(token() for _ in range(20)))) == {"eyJ-token-number-1"}
    identity.now += 3600 - 301
    assert await token() == "eyJ-token-number-1"
    identity.now += 2
    assert await token() == "eyJ-token-number-2"
    assert identity.drawn == 2


async def test_every_request_carries_it_and_no_message_shows_it() -> None:
    identity, hidden, seen = Identity(), Hidden(), list[str]()

    def answer(request: httpx2.Request) -> httpx2.Response:
        seen.append(request.headers["authorization"])
        return httpx2.Response(200)

    token = EntraToken(hidden, identity, clock=identity.clock)
    async with httpx2.AsyncClient(transport=BearerTransport(httpx2.MockTransport(answer), token)) as client:
        await client.get("https://example.org")
        identity.now += 3600
        await client.get("https://example.org")
    assert seen == ["Bearer eyJ-token-number-1", "Bearer eyJ-token-number-2"]
    assert hidden.out_of("eyJ-token-number-1 eyJ-token-number-2") == "*** ***"


async def test_no_identity_is_an_error_of_ours() -> None:
    def draw() -> Token:
        raise ValueError("EnvironmentCredential: not set up\n\nAzureCliCredential: az is not installed")

    with pytest.raises(AuthFailed) as failed:
        await EntraToken(Hidden(), draw)()
    assert failed.value.detail.startswith("EnvironmentCredential: not set up AzureCliCredential")
    assert "az login" in failed.value.hint


def test_opening_a_provider_with_it_imports_nothing_of_azure() -> None:
    opening = (
        "from asstctl.providers import opener; from asstctl.providers.settings import AssistantsSettings\n"
        "opener('assistants')(AssistantsSettings('https://x.services.ai.azure.com/api/projects/p', auth='entra'))\n"
        "import sys; assert not any(name.startswith(('azure', 'msal', 'requests')) for name in sys.modules)"
    )
    assert "openai" not in loaded_by(opening)


@pytest.mark.parametrize(
    "base_url", ["https://evil.example.org/api/projects/p", "https://services.ai.azure.com.evil.org/api/projects/p"]
)
def test_an_entra_token_is_for_azure_alone(base_url: str) -> None:
    with pytest.raises(Refused, match="goes to Azure alone"):
        open_provider(AssistantsSettings(base_url, auth="entra"))


@pytest.fixture
def managed_identity() -> Iterator[tuple[str, list[str]]]:
    """The endpoint that a machine in Azure gives tokens at; its address, and what was asked."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            body: dict[str, Any] = {"access_token": "eyJ-managed-identity-token", "token_type": "Bearer"}
            body |= {"expires_on": "4102444800", "resource": "https://ai.azure.com"}
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/msi/token", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


async def test_azure_identity_itself_gives_a_token_for_foundry(
    managed_identity: tuple[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The real library, on a machine whose identity answers on loopback."""
    endpoint, asked = managed_identity
    monkeypatch.setenv("IDENTITY_ENDPOINT", endpoint)
    monkeypatch.setenv("IDENTITY_HEADER", "secret-of-the-machine")
    monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "ManagedIdentityCredential")

    assert await EntraToken(Hidden())() == "eyJ-managed-identity-token"
    assert "resource=https%3A%2F%2Fai.azure.com" in asked[0] or "resource=https://ai.azure.com" in asked[0]


def test_what_azure_identity_logs_of_a_failure_is_not_printed() -> None:
    """Python prints warnings for which nobody has a handler, as they are."""
    drawing = (
        "from asstctl.providers.assistants.entra import _default\n"
        "try: _default()()\n"
        "except Exception as error: print(type(error).__name__)"
    )
    environment = {"PATH": os.environ["PATH"], "AZURE_TOKEN_CREDENTIALS": "EnvironmentCredential"}
    done = subprocess.run([sys.executable, "-c", drawing], env=environment, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("ClientAuthenticationError\n", "")


async def test_a_conversation_without_a_token_says_so_and_not_that_an_answer_was_lost() -> None:
    """The openai SDK calls whatever a transport raises a connection error."""

    def draw() -> Token:
        raise ValueError("no login")

    token = EntraToken(Hidden(), draw)
    transport = BearerTransport(httpx2.MockTransport(lambda request: httpx2.Response(200)), token)
    async with Provider("https://example.org", transport, place="example.org", dialect=FOUNDRY) as provider:
        with pytest.raises(AuthFailed, match="no Entra token"):
            await provider.thread_host().open()
