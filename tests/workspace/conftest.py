"""Servers for tests of use cases."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.conftest import serving
from tests.workspace.served import Served


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(tmp_path_factory.mktemp("server") / "server.db") as url:
        yield url


@pytest.fixture
def served(server: str, tmp_path: Path) -> Iterator[Served]:
    """A project on a server that is empty, before and after."""
    found = Served(tmp_path, server)
    yield found
    for collection in ("assistants", "vector_stores", "files"):
        for one in found.listed(collection):
            found.call("DELETE", f"/{collection}/{one['id']}")
