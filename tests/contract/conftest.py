"""The same embedded server, reached in this process and over a loopback socket, and the same twice with agents."""

import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from asstctl.core.ports import FileHost, Provider, ResourceStore, ThreadHost
from asstctl.core.thread import Need
from asstctl.emulator import Quirks, open_emulator
from asstctl.net.asgi import AsgiTransport
from asstctl.providers import opener
from asstctl.providers.agents.provider import Provider as AgentsProvider
from asstctl.providers.settings import AssistantsSettings, LocalSettings, OpenAISettings
from tests.engine.fakes import FakeStore

RULES = """
rules:
  - user: "^say (.*)"
    say: "{{ match.1 }}"
  - words: [two, towns]
    call:
      get_weather: {city: Oslo}
      get_time: {city: Oslo}
  - words: [weather]
    say: One moment.
    call:
      get_weather: {city: Oslo}
  - tool: get_weather
    say: "It is {{ output }}."
  - user: "^find (.*)"
    search: "{{ match.1 }}"
  - tool: file_search
    output: .
    say: "{{ output }}{{ passages.0.marker }}"
  - tool: file_search
    say: Nothing.
  - user: "^compute (.*)"
    code: "print({{ match.1 }})"
  - tool: code_interpreter
    say: "It is {{ output }}."
"""

StartServer = Callable[..., str]


def function(name: str) -> dict[str, object]:
    """A tool that the rules above may call."""
    parameters = {"type": "object", "properties": {"city": {"type": "string"}}}
    return {"type": "function", "function": {"name": name, "parameters": parameters}}


@contextmanager
def serving(database: Path, *arguments: str) -> Iterator[str]:
    """A server in a process of its own, by its base URL."""
    command = [sys.executable, "-m", "asstctl.emulator", "--database", str(database), "--port", "0", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=dict(os.environ)) as process:
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            assert line.startswith("listening on "), line
            yield line.split()[-1]
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=10)


@pytest.fixture(scope="session")
def rules_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("replies") / "contract.replies.yaml"
    file.write_text(RULES, encoding="utf-8")
    return file


@pytest.fixture(scope="session")
def server(rules_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One server for every test that reaches it over a socket; tests make objects of their own."""
    database = tmp_path_factory.mktemp("server") / "server.db"
    with serving(database, "--replies", str(rules_file), "--api-key", "sesame-open-123") as url:
        yield url


@pytest.fixture(scope="session")
def agents_server(rules_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The same with agents."""
    database = tmp_path_factory.mktemp("agents") / "server.db"
    with serving(database, "--api", "agents", "--replies", str(rules_file), "--api-key", "sesame-open-123") as url:
        yield url


@pytest.fixture
def start_server() -> Iterator[StartServer]:
    """Starts servers that end with the test: `start_server(database, *arguments)` gives a base URL."""
    from contextlib import ExitStack

    with ExitStack() as running:
        yield lambda database, *arguments: running.enter_context(serving(database, *arguments))


EVERYWHERE = ("in-process", "socket", "agents", "agents-socket")
"""Every way to reach a server. The agents in this process are the provider `openai` over an app."""


class EmbeddedAgents(AgentsProvider):
    """Agents in this process, closed together with the server that has them."""

    def __init__(self, replies: Path, quirks: Quirks | None = None) -> None:
        self._emulator = open_emulator(
            ":memory:", api="agents", replies={"script": str(replies)}, quirks=quirks or Quirks()
        )
        super().__init__("http://local/v1", AsgiTransport(self._emulator.app), place="local", list_lag=0)

    async def aclose(self) -> None:
        await super().aclose()
        await self._emulator.aclose()


def _provider(request: pytest.FixtureRequest, rules_file: Path, tmp_path: Path) -> Any:
    """The provider that a fixture's parameter names, not opened yet."""
    if request.param == "socket":
        url = request.getfixturevalue("server")
        return opener("assistants")(AssistantsSettings(url, api_key="sesame-open-123"))
    if request.param == "agents":
        return EmbeddedAgents(rules_file)
    if request.param == "agents-socket":
        url = request.getfixturevalue("agents_server")
        return opener("openai")(OpenAISettings(url, api_key="sesame-open-123", list_lag=0))
    database = tmp_path / ".asstctl" / "local.db"
    return opener("local")(LocalSettings(database, replies={"script": str(rules_file)}))


@pytest.fixture(params=EVERYWHERE)
async def provider(request: pytest.FixtureRequest, rules_file: Path, tmp_path: Path) -> AsyncIterator[Provider]:
    async with _provider(request, rules_file, tmp_path) as opened:
        yield opened


@dataclass(frozen=True)
class Account:
    """Both halves of one account."""

    store: ResourceStore
    files: FileHost


@pytest.fixture(params=[*EVERYWHERE, "fake"])
async def account(request: pytest.FixtureRequest, rules_file: Path, tmp_path: Path) -> AsyncIterator[Account]:
    """Every account there is; the fake of the engine's tests too, so that it promises what the real ones do."""
    if request.param == "fake":
        fake = FakeStore()
        yield Account(fake, fake.files)
        return
    async with _provider(request, rules_file, tmp_path) as opened:
        assert opened.files is not None
        yield Account(opened.store, opened.files)


@pytest.fixture
def store(account: Account) -> ResourceStore:
    return account.store


@pytest.fixture
def files(account: Account) -> FileHost:
    return account.files


@pytest.fixture
async def threads(provider: Provider) -> AsyncIterator[ThreadHost]:
    host = provider.thread_host()
    yield host
    await host.aclose()


Needs = Callable[..., None]


@pytest.fixture
def needs(provider: Provider) -> Needs:
    """Skips the test where the wire cannot do something that it needs, by the words of `Capabilities.missing`."""

    def check(*wanted: Need) -> None:
        for need in wanted:
            if said := provider.store.capabilities.missing.get(need):
                pytest.skip(f"{need}: {said}")

    return check


@pytest.fixture
async def assistant(provider: Provider) -> str:
    """The id of an assistant that can be asked for the weather."""
    tools = [function("get_weather"), function("get_time")]
    live = await provider.store.create("assistant", {"name": "Ola", "model": "gpt-4o", "tools": tools})
    return live.id


@pytest.fixture
async def reader(provider: Provider) -> str:
    """The id of an assistant that can search files and run code, where a wire has such tools."""
    if without := provider.store.capabilities.unsupported.get("assistant", {}).get("tools.file_search"):
        pytest.skip(f"tools.file_search: the wire has {without.what}")
    tools = [{"type": "file_search"}, {"type": "code_interpreter"}]
    live = await provider.store.create("assistant", {"name": "Rea", "model": "gpt-4o", "tools": tools})
    return live.id
