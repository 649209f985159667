"""The same embedded server, reached in this process and over a loopback socket."""

import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from asstctl.core.ports import FileHost, ResourceStore, ThreadHost
from asstctl.providers import opener
from asstctl.providers.assistants.provider import Provider
from asstctl.providers.settings import AssistantsSettings, LocalSettings
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


@pytest.fixture
def start_server() -> Iterator[StartServer]:
    """Starts servers that end with the test: `start_server(database, *arguments)` gives a base URL."""
    from contextlib import ExitStack

    with ExitStack() as running:
        yield lambda database, *arguments: running.enter_context(serving(database, *arguments))


def _provider(request: pytest.FixtureRequest, rules_file: Path, tmp_path: Path) -> Provider:
    """The provider that a fixture's parameter names, not opened yet."""
    if request.param == "socket":
        url = request.getfixturevalue("server")
        return opener("assistants")(AssistantsSettings(url, api_key="sesame-open-123"))
    database = tmp_path / ".asstctl" / "local.db"
    return opener("local")(LocalSettings(database, replies={"script": str(rules_file)}))


@pytest.fixture(params=["in-process", "socket"])
async def provider(request: pytest.FixtureRequest, rules_file: Path, tmp_path: Path) -> AsyncIterator[Provider]:
    async with _provider(request, rules_file, tmp_path) as opened:
        yield opened


@dataclass(frozen=True)
class Account:
    """Both halves of one account."""

    store: ResourceStore
    files: FileHost


@pytest.fixture(params=["in-process", "socket", "fake"])
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


@pytest.fixture
async def assistant(provider: Provider) -> str:
    """The id of an assistant that can be asked for the weather."""
    tools = [function("get_weather"), function("get_time")]
    live = await provider.store.create("assistant", {"name": "Ola", "model": "gpt-4o", "tools": tools})
    return live.id


@pytest.fixture
async def reader(provider: Provider) -> str:
    """The id of an assistant that can search files and run code."""
    tools = [{"type": "file_search"}, {"type": "code_interpreter"}]
    live = await provider.store.create("assistant", {"name": "Rea", "model": "gpt-4o", "tools": tools})
    return live.id
