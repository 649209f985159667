"""Writes whose answer never comes: what the caller learns, and that nothing is sent twice."""

import asyncio
from contextlib import suppress
from pathlib import Path

import pytest

from asstctl.core.errors import AnswerLost, AuthFailed, RateLimited, ServerFault, Unreachable
from asstctl.core.thread import Said
from asstctl.providers import opener
from asstctl.providers.assistants.provider import Provider
from asstctl.providers.settings import AssistantsSettings, LocalSettings
from tests.contract.conftest import StartServer

pytestmark = pytest.mark.anyio

MODEL = {"model": "gpt-4o"}


async def create_until_gone(provider: Provider) -> None:
    """Create until the connection is refused: a dying process may take one more."""
    while True:
        with suppress(AnswerLost):
            await provider.store.create("assistant", MODEL)


async def test_a_create_dropped_in_process_is_lost_and_done_once(tmp_path: Path) -> None:
    """The in-process server commits and then fails: AnswerLost, and one object."""
    faults = ("drop-after-commit=1:POST /assistants",)
    async with opener("local")(LocalSettings(tmp_path / ".asstctl" / "local.db", faults=faults)) as provider:
        with pytest.raises(AnswerLost, match="may have been carried out") as caught:
            await provider.store.create("assistant", MODEL)

        assert caught.value.ambiguous
        assert len((await provider.store.list("assistant")).objects) == 1


async def test_a_create_on_a_server_that_is_killed_is_lost_and_then_unreachable(
    tmp_path: Path, start_server: StartServer
) -> None:
    """A process killed after the commit loses the answer; what follows is Unreachable; the object is there."""
    database = tmp_path / "server.db"
    url = start_server(database, "--fault", "stop-after-commit=1:POST /assistants")
    async with opener("assistants")(AssistantsSettings(url)) as provider:
        with pytest.raises(AnswerLost):
            await provider.store.create("assistant", MODEL)
        with pytest.raises(Unreachable, match="connection refused") as caught:
            await create_until_gone(provider)

    assert caught.value.summary == f"cannot reach {provider.place}"
    async with opener("assistants")(AssistantsSettings(start_server(database))) as provider:
        assert len((await provider.store.list("assistant")).objects) == 1


@pytest.mark.parametrize(("status", "error"), [(429, RateLimited), (500, ServerFault), (503, ServerFault)])
async def test_a_refused_create_is_not_repeated(tmp_path: Path, status: int, error: type[Exception]) -> None:
    """The first answer decides: the caller gets it, and the second try is the caller's."""
    seen: list[str] = []
    settings = LocalSettings(tmp_path / ".asstctl" / "local.db", faults=(f"answer={status}:1:POST /assistants",))
    async with opener("local")(settings, observer=lambda one: seen.append(one.method)) as provider:
        with pytest.raises(error):
            await provider.store.create("assistant", MODEL)

    assert seen == ["POST"]


async def test_a_get_is_repeated(tmp_path: Path) -> None:
    """A read goes on after a 429 and shows the object."""
    settings = LocalSettings(tmp_path / ".asstctl" / "local.db", faults=("answer=429:1:GET /assistants",))
    async with opener("local")(settings) as provider:
        assert (await provider.store.list("assistant")).objects == ()


async def test_a_message_is_posted_once_after_a_429(tmp_path: Path) -> None:
    """A conversation waits as long as it is told and posts again: the reply holds the text once."""
    settings = LocalSettings(tmp_path / ".asstctl" / "local.db", faults=("answer=429:1:POST /threads/",))
    async with opener("local")(settings) as provider:
        live = await provider.store.create("assistant", MODEL)
        host = provider.thread_host()
        thread = (await host.open()).thread
        await host.post(thread, Said("user", "hello"))
        assert (await host.run(thread, live.id)).reply == "hello"
        await host.close(thread)


async def test_a_wrong_key_is_said_without_the_key(server: str) -> None:
    """401 is AuthFailed in the store and in a conversation, and the message holds no key."""
    async with opener("assistants")(AssistantsSettings(server, api_key="wrong-key-456")) as provider:
        with pytest.raises(AuthFailed) as by_store:
            await provider.store.list("assistant")
        with pytest.raises(AuthFailed) as by_thread:
            await provider.thread_host().open(messages=[Said("user", "x")])

    for caught in (by_store, by_thread):
        assert "wrong-key" not in repr(vars(caught.value)) + str(caught.value)
        assert caught.value.status == 401


async def test_a_silent_server_is_lost_after_the_timeout(tmp_path: Path) -> None:
    """A server that does not answer in time costs a create its answer, in-process too."""
    settings = LocalSettings(tmp_path / ".asstctl" / "local.db", faults=("delay=5",), timeout=0.05)
    async with opener("local")(settings) as provider:
        with pytest.raises(AnswerLost, match=r"nothing came for 0\.05 s"):
            await provider.store.create("assistant", MODEL)


async def test_closing_a_thread_whose_run_was_abandoned(tmp_path: Path) -> None:
    """A run that its caller gave up on is cancelled before the thread is deleted."""
    seen: list[tuple[str, str]] = []
    settings = LocalSettings(tmp_path / ".asstctl" / "local.db", reply_delay=30.0)
    async with opener("local")(settings, observer=lambda one: seen.append((one.method, one.path))) as provider:
        live = await provider.store.create("assistant", MODEL)
        host = provider.thread_host()
        thread = (await host.open(messages=[Said("user", "hello")])).thread
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await host.run(thread, live.id)
        await host.close(thread)

    assert [path.rsplit("/", 1)[1] for method, path in seen if method == "POST"][-1] == "cancel"
    assert seen[-1] == ("DELETE", f"/v1/threads/{thread}")
