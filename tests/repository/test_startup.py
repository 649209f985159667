"""What a command loads: the quick ones stay quick because heavy libraries are not imported."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.repository.consoles import ROOT, copy_of

HEAVY = ("openai", "pydantic", "yaml", "rich", "asyncio", "httpx2", "deepdiff", "jinja2", "opentelemetry")

_RUN = """
import json, sys
from asstctl.cli import run
code = run(sys.argv[1:])
sys.stdout.flush()
sys.stderr.write("\\n" + json.dumps([int(code), sorted(sys.modules)]))
"""


def _loaded_by(arguments: list[str], folder: Path) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", _RUN, *arguments],
        cwd=folder,
        env={"PATH": "", "HOME": str(folder), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=True,
    )
    code, modules = json.loads(done.stderr.splitlines()[-1])
    assert code == 0, done.stdout + done.stderr
    return set(modules)


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["--version"], ["apply", "--help"], ["chat", "--help"], ["completion", "bash"]],
    ids=" ".join,
)
def test_help_and_completion_load_nothing_heavy(arguments: list[str], tmp_path: Path) -> None:
    """None of the heavy libraries is imported."""
    loaded = _loaded_by(arguments, tmp_path)
    assert loaded.isdisjoint(HEAVY)
    assert [name for name in loaded if name.startswith(("asstctl.render.", "asstctl.workspace"))] == []


def test_a_plan_on_local_does_not_load_the_sdk(tmp_path: Path) -> None:
    """`plan` on the embedded provider speaks plain JSON; openai stays out of the process."""
    project = copy_of(ROOT / "assistants", tmp_path / "assistants").parent
    (project / "asstctl.yaml").write_bytes((ROOT / "asstctl.yaml").read_bytes())
    assert "openai" not in _loaded_by(["plan"], project)
    assert "openai" not in _loaded_by(["apply", "--yes"], project)


def test_what_nobody_traces_loads_nothing_for_it(tmp_path: Path) -> None:
    """OpenTelemetry is installed here, and stays out of the process unless the environment wants it."""
    project = copy_of(ROOT / "assistants", tmp_path / "assistants").parent
    (project / "asstctl.yaml").write_bytes((ROOT / "asstctl.yaml").read_bytes())
    assert [name for name in _loaded_by(["apply", "--yes"], project) if name.startswith("opentelemetry")] == []
    # pydantic-monty looks for the library by itself once an assistant runs code
    assert "asstctl.workspace.open_telemetry" not in _loaded_by(["test"], project)


def test_validate_loads_no_network(tmp_path: Path) -> None:
    """`validate` imports neither an HTTP client nor a server."""
    project = copy_of(ROOT / "assistants", tmp_path / "assistants").parent
    (project / "asstctl.yaml").write_bytes((ROOT / "asstctl.yaml").read_bytes())
    assert _loaded_by(["validate"], project).isdisjoint({"openai", "httpx2", "starlette", "uvicorn", "deepdiff"})


@pytest.mark.parametrize("option", ["--check", "--list"])
def test_a_look_at_conversations_loads_nothing_that_plays_them(option: str, tmp_path: Path) -> None:
    """Neither a network nor an event loop, nor what changes a target."""
    project = copy_of(ROOT / "assistants", tmp_path / "assistants").parent
    (project / "asstctl.yaml").write_bytes((ROOT / "asstctl.yaml").read_bytes())
    loaded = _loaded_by(["test", option], project)
    assert "asstctl.conversation.reading.cases" in loaded
    assert loaded.isdisjoint({"openai", "httpx2", "starlette", "asyncio", "rich", "deepdiff"})
    assert not [name for name in loaded if name.startswith("asstctl.engine.")]
    assert "asstctl.workspace.conversations.test" not in loaded
