"""What every test gets: asyncio as the only backend, and a clean environment.

The network is closed apart from loopback by pytest-socket (see pyproject.toml); warnings are errors.
"""

import os

import pytest
from hypothesis import settings

from asstctl.core.allowed import CI_SERVICES

# times are never asserted: a busy machine must not fail a law
settings.register_profile("patient", parent=settings(), deadline=None)
settings.load_profile("patient")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No key, option or home of the person who runs the tests reaches them."""
    for name in tuple(os.environ):
        ours = name.startswith(("ASSTCTL_", "OPENAI_", "AZURE_", "GITHUB_", "OTEL_", "TRACEPARENT"))
        if ours or name in {"NO_COLOR", "FORCE_COLOR", "CI", *CI_SERVICES}:
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path_factory.getbasetemp() / "home"))
    monkeypatch.setenv("COLUMNS", "80")
