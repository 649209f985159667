"""What the program says of its own commands is true."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from asstctl.cli import COMMANDS, cli
from tests.repository.consoles import ROOT

_NAMED = re.compile(r"\basstctl (?:-C \S+ )?([a-z][a-z-]+)")
_TARGET_COMMAND = {"command"}
"""Methods whose first argument is a command without `asstctl`, such as TargetInfo.command."""


def _texts(path: Path) -> Iterator[tuple[int, str]]:
    """Every text in a file's code: strings (f-strings with a gap for each value), docstrings and comments left out."""
    tree = ast.parse(path.read_text("utf-8"))
    documentation = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
        # a command's docstring is its help, and shown
        and not (isinstance(node, ast.FunctionDef) and path.parent.name == "cli")
    }
    inner = {id(v) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for v in node.values}
    for node in ast.walk(tree):
        if id(node) in documentation or id(node) in inner:
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value
        elif isinstance(node, ast.JoinedStr):
            yield node.lineno, "".join(str(v.value) if isinstance(v, ast.Constant) else "{}" for v in node.values)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _TARGET_COMMAND:
            first = node.args[0] if node.args else None
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield node.lineno, f"asstctl {first.value}"
            elif isinstance(first, ast.JoinedStr) and isinstance(first.values[0], ast.Constant):
                yield node.lineno, f"asstctl {first.values[0].value!s}"


def test_a_message_names_only_commands_that_exist() -> None:
    """`asstctl NAME` in any text of the program is a command of the table."""
    unknown = [
        f"{path.relative_to(ROOT)}:{line}: asstctl {name}"
        for path in sorted((ROOT / "asstctl").rglob("*.py"))
        for line, text in _texts(path)
        for name in _NAMED.findall(text)
        if name not in COMMANDS
    ]
    assert unknown == []


def test_documents_name_only_commands_that_exist() -> None:
    """The same for pages and samples, in code spans and blocks."""
    files = [ROOT / "README.md", ROOT / "asstctl.yaml", ROOT / "asstctl" / "README.md", ROOT / "Makefile"]
    for folder, pattern in (("docs", "*.md"), ("examples", "*.md"), ("assistants", "*.yaml"), (".github", "*.*")):
        files += [file for file in (ROOT / folder).rglob(pattern) if "decisions" not in file.parts]
    unknown = [
        f"{file.relative_to(ROOT)}: asstctl {name}"
        for file in files
        if file.is_file()
        for span in re.findall(r"`[^`\n]+`|^\$ .*$|^\s+asstctl .*$", file.read_text("utf-8"), re.MULTILINE)
        for name in _NAMED.findall(span)
        if name not in COMMANDS
    ]
    assert unknown == []


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_has_its_module_and_its_help(name: str) -> None:
    """Each name of the table is a click command with a help text, and with examples that name itself."""
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    assert command.name == name
    assert command.help
    assert f"asstctl {name}" in command.help


def test_a_permission_has_no_environment_variable() -> None:
    """Every option can be set by ASSTCTL_..., but for those that permit something."""
    for name in COMMANDS:
        command = cli.get_command(click.Context(cli), name)
        assert command is not None
        for option in command.params:
            if isinstance(option, click.Option) and option.name not in ("help", "version"):
                permits = option.opts[0].startswith(("--yes", "--overwrite-drift", "--prune", "--allow-"))
                assert not (permits and option.envvar), f"{name} {option.opts[0]}"
                if option.envvar:
                    assert str(option.envvar).startswith("ASSTCTL_")
