"""`python: "file.py:function"`: a function of the project, called with the arguments by name.

Reading one executes nothing: the file must lie inside the project, and its source must bind the name. The
call itself is for `child`.
"""

import ast
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import ClassVar

from asstctl.conversation.project_files import project_file
from asstctl.conversation.stubs.kind import Read, StubCall, StubKind, StubSource
from asstctl.conversation.stubs.seconds import BESIDE, SECONDS, read_seconds
from asstctl.core.diagnostic import Diagnostic, error
from asstctl.core.suggest import did_you_mean

_FORM = 'write it as "file.py:function"; a leading / is the project\'s folder'


@dataclass(frozen=True, slots=True)
class Function:
    """One function of one file of the project, both resolved."""

    runs_code: ClassVar[bool] = True
    file: Path
    name: str
    root: Path
    seconds: float = SECONDS

    async def answer(self, call: StubCall) -> str:
        from asstctl.conversation.stubs.child import call_function

        return await call_function(
            self.file,
            self.name,
            call.arguments,
            root=self.root,
            environment=call.environment,
            seconds=self.seconds,
        )


def _read(source: StubSource) -> Read:
    found, seconds = _function(source), read_seconds(source)
    if isinstance(found, Diagnostic) or isinstance(seconds, Diagnostic):
        return tuple(one for one in (found, seconds) if isinstance(one, Diagnostic))
    file, name = found
    return Function(file, name, source.root.resolve(), seconds)


def _function(source: StubSource) -> tuple[Path, str] | Diagnostic:
    value = source.value
    file_part, colon, name = value.rpartition(":") if isinstance(value, str) else ("", "", "")
    if not colon or not file_part.endswith(".py") or not name.isidentifier():
        return error("stub-shape", "`python` does not name a function of a file", source.where, hint=_FORM)
    found = project_file(file_part, beside=source.file, root=source.root, where=source.where)
    if isinstance(found, Diagnostic):
        return found
    names = _bound_names(found, found.stat().st_mtime_ns)
    if isinstance(names, str):
        return error("stub-code", f"`{file_part}` is not Python: {names}", source.where, hint="correct that file")
    if names.bound and name not in names.bound:
        hint = did_you_mean(name, names.functions) or "define it there"
        return error("stub-code", f"`{file_part}` defines no `{name}`", source.where, hint=hint)
    return found, name


@dataclass(frozen=True, slots=True)
class _Names:
    """The names that a file binds (none: it cannot be told), and its own functions, to choose from."""

    bound: frozenset[str] = frozenset()
    functions: tuple[str, ...] = ()


@lru_cache(maxsize=256)
def _bound_names(file: Path, modified: int) -> _Names | str:
    """The names of a file, or why it is not Python.

    `modified` makes a changed file another one for the cache.
    """
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError) as problem:
        line = getattr(problem, "lineno", None)
        return f"{getattr(problem, 'msg', problem)}" + (f", line {line}" if line else "")
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names):
            return _Names()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.alias):
            names.add(node.asname or node.name.partition(".")[0])
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
    functions = (node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return _Names(frozenset(names), tuple(sorted({name for name in functions if not name.startswith("_")})))


PYTHON = StubKind("python", _read, {"type": "string", "pattern": r"[.]py:[^\s:]+$"}, beside=BESIDE)
