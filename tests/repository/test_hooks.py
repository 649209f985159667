"""The hooks for pre-commit: what they say is true, and they do what they say, as pre-commit would run them."""

import re
import shlex
from pathlib import Path

import pytest
import yaml

from asstctl.cli import COMMANDS
from tests.cli.conftest import Project, empty, project
from tests.repository.consoles import ROOT

__all__ = ["empty", "project"]

HOOKS = {hook["id"]: hook for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))}


def run(project: Project, hook: str) -> int:
    """The entry of a hook with the files that it is for; not at all where there are none."""
    files = sorted(path.relative_to(project.root).as_posix() for path in project.root.rglob("*") if path.is_file())
    chosen = [file for file in files if re.search(HOOKS[hook]["files"], file)]
    assert chosen
    program, *words = shlex.split(HOOKS[hook]["entry"])
    assert program == "asstctl"
    return project.run(*words, *(chosen if HOOKS[hook].get("pass_filenames", True) else [])).code


@pytest.mark.parametrize("name", HOOKS)
def test_a_hook_is_a_command_of_this_package(name: str) -> None:
    """pre-commit installs the package and runs a command of it."""
    assert HOOKS[name]["language"] == "python"
    assert shlex.split(HOOKS[name]["entry"])[1] in COMMANDS
    assert name == f"asstctl-{shlex.split(HOOKS[name]['entry'])[1]}"


def test_the_formatting_hook_changes_files_and_then_nothing(project: Project) -> None:
    """pre-commit takes a changed file for a failure, so that the exit code of the first run is 0."""
    file = project.write("assistants/tutor.yaml", "name:   Tutor\nkind: assistant\nmodel: m\n")
    project.write("assistants/guide.md", "# no manifest\n")
    project.write("deploy/compose.yaml", "a:   1\n")

    assert run(project, "asstctl-fmt") == 0

    assert file.read_text() == "kind: assistant\nname: Tutor\nmodel: m\n"
    assert (project.root / "deploy/compose.yaml").read_text() == "a:   1\n"
    before = file.stat().st_mtime_ns
    assert run(project, "asstctl-fmt") == 0
    assert file.stat().st_mtime_ns == before


def test_the_validating_hook_fails_on_an_invalid_project(project: Project) -> None:
    assert run(project, "asstctl-validate") == 0
    project.write("assistants/tutor.yaml", "kind: assistant\nmodell: m\n")
    assert run(project, "asstctl-validate") == 1


def test_the_schema_hook_fails_on_stale_schemas(project: Project) -> None:
    project.done("schema", "--out", ".schemas")
    assert run(project, "asstctl-schema") == 0
    Path(project.root / ".schemas/manifest.json").write_text("{}")
    assert run(project, "asstctl-schema") == 1
