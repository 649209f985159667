"""What every ThreadHost promises of a run that is cut off: its thread can be spoken to again."""

import pytest

from asstctl.core.errors import NotFound
from asstctl.core.ports import ThreadHost
from asstctl.core.thread import Need, Said
from asstctl.providers.assistants.provider import Provider

pytestmark = pytest.mark.anyio


async def test_a_run_that_waits_for_outputs_is_ended(threads: ThreadHost, assistant: str) -> None:
    thread = (await threads.open(assistant=assistant, messages=[Said("user", "How is the weather?")])).thread
    asked = await threads.run(thread, assistant)
    assert asked.status == "requires_action"

    assert await threads.cancel(thread)

    await threads.post(thread, Said("user", "say x"))
    assert (await threads.run(thread, assistant)).reply == "x"
    await threads.close(thread)


async def test_where_nothing_goes_on_nothing_is_ended(provider: Provider, threads: ThreadHost, assistant: str) -> None:
    """Neither before the first run, unless threads begin on their own, nor after one that is over."""
    thread = (await threads.open(assistant=assistant, messages=[Said("user", "say x")])).thread
    if Need.ASSISTANT_SPEAKS_FIRST not in provider.store.capabilities.missing:
        assert await threads.cancel(thread)
    assert (await threads.run(thread, assistant)).status == "completed"

    assert await threads.cancel(thread)

    await threads.close(thread)


async def test_another_host_closes_a_thread_that_waits(provider: Provider, threads: ThreadHost, assistant: str) -> None:
    """After a kill: it knows nothing of the run, and ends it."""
    thread = (await threads.open(assistant=assistant, messages=[Said("user", "How is the weather?")])).thread
    assert (await threads.run(thread, assistant)).status == "requires_action"

    await provider.thread_host().close(thread)

    with pytest.raises(NotFound):
        await threads.history(thread)
