"""The shape of the tree: what lint-imports cannot see."""

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

from tests.repository.consoles import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
CONTRACTS = PROJECT["tool"]["importlinter"]["contracts"]

TOP_LEVEL = {
    *("pyproject.toml", "README.md", "assistants", "asstctl", "tests", "examples", "docs"),
    *("asstctl.yaml", "Makefile", "LICENSE", "CHANGELOG.md"),
}
"""What may stand at the top of the repository, beside dot files."""


def _imports(folder: Path) -> Iterator[tuple[Path, str]]:
    for path in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                yield from ((path, alias.name.partition(".")[0]) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                yield path, node.module.partition(".")[0]


def _third_party(folder: Path) -> set[tuple[str, str]]:
    return {
        (path.relative_to(ROOT).as_posix(), name)
        for path, name in _imports(folder)
        if name not in sys.stdlib_module_names and name != "asstctl"
    }


def test_core_is_standard_library_only() -> None:
    """The nouns and ports need nothing installed."""
    assert _third_party(ROOT / "asstctl" / "core") == set()


def test_every_third_party_library_has_an_owner() -> None:
    """What the package imports from elsewhere is protected by a contract in pyproject.toml."""
    owned = {module for c in CONTRACTS if c["type"] == "protected" for module in c["protected_modules"]}
    assert {pair for pair in _third_party(ROOT / "asstctl") if pair[1] not in owned} == set()


def test_nothing_but_the_command_line_prints() -> None:
    """`print` is called nowhere in the package but where a child process answers its parent."""
    child = ROOT / "asstctl" / "documents" / "worker.py"
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in sorted((ROOT / "asstctl").rglob("*.py"))
        if path != child
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert found == []


def test_the_top_of_the_repository_holds_only_what_belongs_there() -> None:
    """Files that git tracks, or would, stand in one of the known places."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    if listed.returncode == 0 and (ROOT / ".git").exists():
        names = {line.partition("/")[0] for line in listed.stdout.splitlines()}
    else:  # an unpacked sdist: its metadata stands there too
        names = {path.name for path in ROOT.iterdir()} - {"PKG-INFO", "build", "dist"}
    assert {name for name in names if not name.startswith(".")} <= TOP_LEVEL


def test_only_the_ci_folder_of_dot_folders_holds_code() -> None:
    """`.github` and `.ci` are the only dot folders that git would track."""
    folders = {path.name for path in ROOT.iterdir() if path.is_dir() and path.name.startswith(".")}
    ignored = {line.rstrip("/") for line in (ROOT / ".gitignore").read_text("utf-8").splitlines()}
    assert folders - ignored <= {".git", ".github", ".ci"}
