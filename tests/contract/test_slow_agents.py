"""The Agents API as it was seen to dawdle: calls that it does not know yet, tokens that it counts later."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from asstctl.core.errors import NotFound
from asstctl.core.ports import ThreadHost
from asstctl.core.thread import Said, ToolOutput
from asstctl.emulator import Quirks
from tests.contract.conftest import EmbeddedAgents, function

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def talking(rules_file: Path, quirks: Quirks) -> AsyncIterator[tuple[ThreadHost, str]]:
    async with EmbeddedAgents(rules_file, quirks) as provider:
        tools = [function("get_weather"), function("get_time")]
        live = await provider.store.create("assistant", {"name": "Ola", "model": "gpt-4o", "tools": tools})
        yield provider.thread_host(), live.id


@pytest.mark.parametrize("seconds", [0.05, 0.4])
async def test_calls_that_are_not_registered_yet_are_answered(rules_file: Path, seconds: float) -> None:
    """Two at once, after as many tries as it takes."""
    async with talking(rules_file, Quirks(pending_calls=seconds)) as (host, agent):
        thread = (await host.open(assistant=agent, messages=[Said("user", "two towns")])).thread
        asked = await host.run(thread, agent)
        done = await host.outputs(thread, asked.id, [ToolOutput(call.id, "fine") for call in asked.calls])

        assert (len(asked.calls), done.reply) == (2, "It is fine.")
        await host.close(thread)


async def test_tokens_are_waited_for(rules_file: Path) -> None:
    async with talking(rules_file, Quirks(late_usage=0.2)) as (host, agent):
        thread = (await host.open(assistant=agent, messages=[Said("user", "say x")])).thread

        assert (await host.run(thread, agent)).usage is not None
        await host.close(thread)


async def test_a_session_is_held_to_its_limit(rules_file: Path) -> None:
    """The turn that reaches it says so, and so does each that would follow; the session is deleted as usual."""
    async with talking(rules_file, Quirks(cost=5)) as (host, agent):
        thread = (await host.open(assistant=agent, messages=[Said("user", "say x")], max_cost=0.1)).thread
        ended = [await host.run(thread, agent)]
        for _ in range(2):
            await host.post(thread, Said("user", "say y"))
            ended.append(await host.run(thread, agent))

        reached = ("failed", True, "the session's own limit of $0.10 was reached")
        assert [(one.status, one.cost_limited, one.error) for one in ended] == [
            ("completed", False, ""),
            *[reached] * 2,
        ]
        await host.close(thread)
        with pytest.raises(NotFound):
            await host.history(thread)


@pytest.mark.slow
async def test_tokens_that_never_come_are_unknown(rules_file: Path) -> None:
    """Not none: nothing is said of them."""
    async with talking(rules_file, Quirks(late_usage=float("inf"))) as (host, agent):
        thread = (await host.open(assistant=agent, messages=[Said("user", "say x")])).thread
        first = await host.run(thread, agent)
        await host.post(thread, Said("user", "say y"))
        second = await host.run(thread, agent)

        assert [(one.reply, one.usage) for one in (first, second)] == [("x", None), ("y", None)]
        await host.close(thread)
