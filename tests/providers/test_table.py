"""The table of providers: complete, light to read, and the only way to open one."""

import subprocess
import sys
from pathlib import Path

import pytest

from asstctl.core.capabilities import Capabilities
from asstctl.kinds import KINDS
from asstctl.manifest.project_model import PROVIDERS as NAMED_IN_FILES
from asstctl.providers import PROVIDERS, capabilities, normal, opener, settings_of
from asstctl.providers.settings import Configured


@pytest.mark.parametrize("name", PROVIDERS)
def test_every_entry_can_be_loaded(name: str) -> None:
    """Each provider has capabilities and a function that opens it."""
    assert isinstance(capabilities(name), Capabilities)
    assert callable(opener(name))


def test_a_target_may_name_exactly_the_providers_that_there_are() -> None:
    """What the project file may say stands in the manifest layer, which does not know this one."""
    assert set(PROVIDERS) == set(NAMED_IN_FILES)


@pytest.mark.parametrize("name", PROVIDERS)
def test_settings_take_what_is_their_own(name: str) -> None:
    """From what a target may say each provider makes the settings that its opener takes."""
    configured = Configured(Path(".asstctl/local.db"), "http://127.0.0.1:1/v1")

    assert settings_of(name, configured).place in ("127.0.0.1:1", ".asstctl/local.db")


def test_the_wire_holds_every_field_of_the_kind() -> None:
    """A field that an assistant has is in the wire's table, under the same name."""
    assert set(KINDS["assistant"].fields) == set(capabilities("assistants").fields["assistant"])


def loaded_by(code: str) -> set[str]:
    """The heavy modules that a fresh interpreter has after some code."""
    heavy = "{'openai', 'httpx2', 'starlette', 'sqlite3', 'pydantic', 'asyncio'}"
    script = f"import sys\n{code}\nprint(*sorted({heavy} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(run.stdout.split())


def test_capabilities_load_nothing_heavy() -> None:
    """`validate` checks limits without an HTTP library or an SDK."""
    assert loaded_by("import asstctl.providers as p, asstctl.providers.settings; p.capabilities('local')") == set()


def test_the_normal_form_of_fields_loads_nothing_heavy() -> None:
    """`validate` brings fields to it without an HTTP library or an SDK."""
    assert loaded_by("import asstctl.providers as p; p.normal('openai')('assistant', {'tools': []})") == set()


@pytest.mark.parametrize("name", PROVIDERS)
def test_the_normal_form_keeps_every_field_that_is_declared(name: str) -> None:
    """None is a value: managed, at the default."""
    fields = dict.fromkeys(KINDS["assistant"].fields)
    brought = normal(name)

    assert brought is None or brought("assistant", fields) == fields


def test_only_conversations_load_the_sdk() -> None:
    """Opening a provider does not import openai; its first thread host does."""
    opening = (
        "from asstctl.providers import opener; from asstctl.providers.settings import LocalSettings\n"
        "provider = opener('local')(LocalSettings(':memory:'))"
    )

    assert "openai" not in loaded_by(opening)
    assert "openai" in loaded_by(f"{opening}; provider.thread_host()")
