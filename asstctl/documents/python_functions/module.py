"""One Python file as its source shows it: what its names stand for, and where things are in it."""

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from asstctl.core.diagnostic import Diagnostic, Where, error, warning
from asstctl.core.json_types import Json

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef

_LINE_END = re.compile(r"\r\n|\r|\n")
"""What ends a line of Python; a form feed does not."""

NOTHING: Any = object()
"""A value that is not written out."""


@dataclass
class Module:
    """A parsed file. `imports` are full names by the local ones; `assigned` what a name is set to at the top."""

    path: str
    lines: Sequence[str]
    tree: ast.Module
    imports: dict[str, str] = field(default_factory=dict)
    classes: dict[str, ast.ClassDef] = field(default_factory=dict)
    functions: dict[str, FunctionNode] = field(default_factory=dict)
    assigned: dict[str, ast.expr] = field(default_factory=dict)
    diagnostics: list[Diagnostic] = field(default_factory=list)

    @classmethod
    def of(cls, text: str, path: str) -> "Module | Diagnostic":
        """The module of a text, or why it is not Python."""
        lines = _LINE_END.split(text)
        try:
            tree = ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as problem:
            line, column = getattr(problem, "lineno", None) or 1, getattr(problem, "offset", None) or 1
            said = lines[line - 1] if line <= len(lines) else ""
            summary = f"`{path}` is not Python: {getattr(problem, 'msg', problem)}"
            return error("not-python", summary, Where(path, line, max(column, 1), text=said), hint="correct that file")
        module = cls(path, lines, tree)
        for node in _statements(tree.body):
            module._take(node)
        return module

    def _take(self, node: ast.stmt) -> None:
        match node:
            case ast.Import():
                for alias in node.names:
                    bound = alias.name if alias.asname else alias.name.partition(".")[0]
                    self.imports[alias.asname or bound] = bound
            case ast.ImportFrom():
                source = "." * node.level + (node.module or "")
                self.imports |= {alias.asname or alias.name: f"{source}.{alias.name}" for alias in node.names}
            case ast.ClassDef():
                self.classes[node.name] = node
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self.functions[node.name] = node
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                self.assigned[name] = value
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                self.assigned[name] = value
            case _ if type(node).__name__ == "TypeAlias":  # `type X = ...`, from Python 3.12 on
                self.assigned[vars(node)["name"].id] = vars(node)["value"]
            case _:
                pass

    def name_of(self, node: ast.expr) -> str | None:
        """The full name that an expression is: `typing.Optional`, or that of something in this file."""
        match node:
            case ast.Name(id=name):
                return name if name in self.classes or name in self.assigned else self.imports.get(name, name)
            case ast.Attribute(value=owner, attr=attribute):
                outer = self.name_of(owner)
                return None if outer is None else f"{outer}.{attribute}"
        return None

    def where(self, node: ast.AST) -> Where:
        """Where something is written."""
        line, start = getattr(node, "lineno", 1), getattr(node, "col_offset", 0)
        text = self.lines[line - 1] if line <= len(self.lines) else ""
        column = len(text.encode()[:start].decode(errors="replace"))
        ends_here = getattr(node, "end_lineno", line) == line
        end = (
            len(text.encode()[: getattr(node, "end_col_offset", start)].decode(errors="replace"))
            if ends_here
            else column
        )
        return Where(self.path, line, column + 1, max(0, end - column), text)

    def refuse(self, code: str, summary: str, node: ast.AST, hint: str) -> None:
        """Say what cannot be told."""
        self.diagnostics.append(error(code, summary, self.where(node), hint=hint))

    def remark(self, code: str, summary: str, node: ast.AST, hint: str) -> None:
        """Say what could be better."""
        self.diagnostics.append(warning(code, summary, self.where(node), hint=hint))

    def literal(self, node: ast.expr) -> Any:
        """The JSON value that an expression is, or NOTHING; names of this file are followed."""
        seen: set[str] = set()
        while isinstance(node, ast.Name) and node.id in self.assigned and node.id not in seen:
            seen.add(node.id)
            node = self.assigned[node.id]
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in self.classes:
            return self._member(self.classes[node.value.id], node.attr)
        try:
            return as_json(ast.literal_eval(node))
        except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            return NOTHING

    def _member(self, owner: ast.ClassDef, name: str) -> Any:
        for node in owner.body:
            match node:
                case ast.Assign(targets=[ast.Name(id=found)], value=ast.Constant(value=value)) if found == name:
                    return as_json(value)
        return NOTHING


def as_json(value: object) -> Json | Any:
    """A Python literal as JSON has it, or NOTHING."""
    if value is None or isinstance(value, bool | str | int):
        return value
    if isinstance(value, float):
        return value if value - value == 0 else NOTHING
    if isinstance(value, list | tuple):
        items = [as_json(item) for item in value]
        return NOTHING if NOTHING in items else items
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        made = {key: as_json(item) for key, item in value.items()}
        return NOTHING if NOTHING in made.values() else made
    return NOTHING


def _statements(body: Sequence[ast.stmt]) -> list[ast.stmt]:
    """The statements at the top, those below `if TYPE_CHECKING` and `try` included. What is defined twice counts as it
    is defined last; of a condition's branches that is the first."""
    found: list[ast.stmt] = []
    for node in body:
        if isinstance(node, ast.If):
            found += _statements([*node.orelse, *node.body])
        elif isinstance(node, ast.Try):
            found += _statements([*node.body, *node.orelse])
        else:
            found.append(node)
    return found
