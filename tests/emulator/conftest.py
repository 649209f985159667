"""A server in memory for each test that asks for one."""

from collections.abc import AsyncIterator

import pytest

from tests.emulator.harness import Api, serving


@pytest.fixture
async def api(anyio_backend: str) -> AsyncIterator[Api]:
    async with serving() as api:
        yield api
