"""A server of the Agents API in memory for each test that asks for one."""

from collections.abc import AsyncIterator

import pytest

from tests.emulator.agents.world import AgentsApi, agents


@pytest.fixture
async def api(anyio_backend: str) -> AsyncIterator[AgentsApi]:
    async with agents() as api:
        yield api
