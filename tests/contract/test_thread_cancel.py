"""What every ThreadHost promises of a run that is cut off: its thread can be spoken to again."""

import pytest

from asstctl.core.ports import ThreadHost
from asstctl.core.thread import Said

pytestmark = pytest.mark.anyio


async def test_a_run_that_waits_for_outputs_is_ended(threads: ThreadHost, assistant: str) -> None:
    thread = (await threads.open(messages=[Said("user", "How is the weather?")])).thread
    asked = await threads.run(thread, assistant)
    assert asked.status == "requires_action"

    assert await threads.cancel(thread)

    await threads.post(thread, Said("user", "say x"))
    assert (await threads.run(thread, assistant)).reply == "x"
    await threads.close(thread)


async def test_where_nothing_goes_on_nothing_is_ended(threads: ThreadHost, assistant: str) -> None:
    """Neither before the first run nor after one that is over."""
    thread = (await threads.open(messages=[Said("user", "say x")])).thread
    assert await threads.cancel(thread)
    assert (await threads.run(thread, assistant)).status == "completed"

    assert await threads.cancel(thread)

    await threads.close(thread)
