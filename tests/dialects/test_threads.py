"""Conversations where a server cannot do all that ending them asks for."""

import asyncio
from pathlib import Path

import httpx2
import pytest

from asstctl.core.thread import Said
from asstctl.providers import opener
from asstctl.providers.settings import AssistantsSettings
from tests.contract.conftest import serving
from tests.dialects.conftest import SPOKEN

pytestmark = pytest.mark.anyio

ASTRA = next(one for one in SPOKEN if one.name == "Astra")


async def test_a_thread_on_astra_is_closed_under_a_run_that_cannot_be_cancelled(tmp_path: Path) -> None:
    """Nobody waits for it, and nothing is left."""
    with serving(tmp_path / "server.db", "--fault", "dialect=astra", "--reply-delay", "5") as url:
        token = {"astra-api-token": ASTRA.headers["astra-api-token"]}
        async with opener("assistants")(AssistantsSettings(url, dialect="astra", headers=token)) as provider:
            live = await provider.store.create("assistant", {"model": "m", "name": "Ola"})
            host = provider.thread_host()
            thread = (await host.open(messages=[Said("user", "hello")])).thread
            running = asyncio.create_task(host.run(thread, live.id))
            async with asyncio.timeout(5):
                while not httpx2.get(f"{url}/threads/{thread}/runs", headers=dict(ASTRA.headers)).json()["data"]:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
            running.cancel()
            await asyncio.wait([running])

            async with asyncio.timeout(3):
                await host.close(thread)

            with pytest.raises(Exception, match="not found"):
                await host.post(thread, Said("user", "still there?"))
