"""Two servers for all these tests, one that echoes and one that follows a script; both clients for each test."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.emulator.sdk.clients import async_client, sync_client
from tests.emulator.sdk.process import running
from tests.emulator.sdk.scene import Scene
from tests.emulator.sdk.script import RULES


@pytest.fixture(scope="session")
def echo_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running(tmp_path_factory.mktemp("echo") / "local.db") as url:
        yield url


@pytest.fixture(scope="session")
def script_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("script")
    rules = folder / "tests.replies.yaml"
    rules.write_text(RULES, encoding="utf-8")
    with running(folder / "local.db", replies=str(rules)) as url:
        yield url


@pytest.fixture(scope="session")
def scene(echo_url: str) -> Iterator[Scene]:
    scene = Scene(echo_url)
    yield scene
    scene.close()


@pytest.fixture
def sent() -> list[str]:
    """The requests that the client of this test sent, as method and path."""
    return []


@pytest.fixture(params=["sync", "async"])
def flavour(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def echo(flavour: str, echo_url: str, sent: list[str], anyio_backend: str) -> AsyncIterator[Any]:
    """A client of the server that echoes."""
    async for client in _client(flavour, echo_url, sent):
        yield client


@pytest.fixture
async def script(flavour: str, script_url: str, sent: list[str], anyio_backend: str) -> AsyncIterator[Any]:
    """A client of the server that follows the script."""
    async for client in _client(flavour, script_url, sent):
        yield client


async def _client(flavour: str, url: str, sent: list[str]) -> AsyncIterator[Any]:
    if flavour == "sync":
        with sync_client(url, sent) as client:
            yield client
    else:
        async with async_client(url, sent) as client:
            yield client
