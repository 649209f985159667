"""What the engine tells people to type exists, and its words are free of paths and surprises."""

import ast
import re
from pathlib import Path

import pytest

import asstctl.engine

COMMANDS = {
    "init",
    "validate",
    "plan",
    "apply",
    "test",
    "list",
    "show",
    "destroy",
    "adopt",
    "pull",
    "undo",
    "completion",
}
OPTIONS = {"--only", "--prune", "--max-deletes", "--allow-same-name", "--overwrite-drift", "--target"}
FILES = sorted(Path(asstctl.engine.__path__[0]).rglob("*.py"))


def texts(file: Path) -> list[str]:
    """Every text in a file, docstrings too."""
    return [
        n.value
        for n in ast.walk(ast.parse(file.read_text()))
        if isinstance(n, ast.Constant) and isinstance(n.value, str)
    ]


def typed(file: Path) -> list[str]:
    """The first word of everything that is given to `TargetInfo.command`."""
    words = []
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "command":
            first = next(n for n in ast.walk(node.args[0]) if isinstance(n, ast.Constant))
            words.append(str(first.value).split()[0])
    return words


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_command_and_option_in_a_message_exists(file: Path) -> None:
    """Commands arrive with their issues; none is named before it is there."""
    said = "\n".join(texts(file))

    assert set(re.findall(r"\basstctl ([a-z]+)", said)) <= COMMANDS
    assert set(typed(file)) <= COMMANDS
    assert set(re.findall(r"--[a-z][a-z-]*", said)) <= OPTIONS


def test_the_commands_of_messages_are_found_at_all() -> None:
    """The test above looks where they are."""
    assert {word for file in FILES for word in typed(file)} >= {"apply", "destroy", "adopt", "pull"}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_engine_never_prints(file: Path) -> None:
    """It returns values; showing them is for others."""
    calls = [n.func for n in ast.walk(ast.parse(file.read_text())) if isinstance(n, ast.Call)]

    assert [c.id for c in calls if isinstance(c, ast.Name) and c.id in {"print", "input", "open"}] == []
