"""An account and a project on it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.account import Account
from tests.faults.scene import Scene


@pytest.fixture(params=["assistants", "agents"])
def scene(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    """A project of ten assistants on an empty account of either wire; commands run in its folder."""
    root = tmp_path / "project"
    root.mkdir()
    monkeypatch.chdir(root)
    with Account(tmp_path / "account.db", request.param).serving() as account:
        made = Scene(root, account)
        made.write()
        yield made
