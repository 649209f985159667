"""One function of a Python file: its name, what it is for, and the JSON Schema of its arguments."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from asstctl.core.diagnostic import Diagnostic, Where, error, has_errors, in_reading_order
from asstctl.core.json_text import json_text
from asstctl.core.suggest import did_you_mean
from asstctl.documents.python_functions.annotations import Annotations
from asstctl.documents.python_functions.classes import Property, class_schema, is_required, object_schema
from asstctl.documents.python_functions.docstrings import read_docstring
from asstctl.documents.python_functions.module import FunctionNode, Module

_HALF = re.compile(r"[\ud800-\udfff]")


@dataclass(frozen=True)
class PythonFunction:
    """What a function's source says of it, in the words of the wire."""

    name: str
    description: str
    parameters: dict[str, Any]


def read_python_function(
    text: str, path: str, name: str, *, strict: bool
) -> tuple[PythonFunction | None, tuple[Diagnostic, ...]]:
    """The function `name`, or `Class.method`, of a source text; None, with all reasons, where it cannot be told."""
    module = Module.of(text, path)
    if isinstance(module, Diagnostic):
        return None, (module,)
    node = _found(module, name)
    if isinstance(node, Diagnostic):
        return None, (node,)
    said = read_docstring(ast.get_docstring(node))
    if not said.text:
        hint = "write a docstring: it tells the model what the function does and when to call it"
        module.remark("no-docstring", f"`{name}` has no docstring", node, hint)
    fields = {one.name: one for one in _parameters(module, node, is_method="." in name)}
    types = Annotations(module, strict, class_schema)
    parameters = object_schema(fields, said, types)
    if _HALF.search(json_text([said.text, parameters])):
        hint = "write the whole character, or its `\\U` escape"
        module.refuse("bad-character", f"`{name}` says half a character, which no file can hold", node, hint)
    diagnostics = in_reading_order(module.diagnostics)
    if parameters is None or has_errors(diagnostics):
        return None, diagnostics
    if types.definitions:
        parameters["$defs"] = types.definitions
    return PythonFunction(name.rpartition(".")[2], said.text, parameters), diagnostics


def _found(module: Module, name: str) -> FunctionNode | Diagnostic:
    """The function or method of this name."""
    known: dict[str, FunctionNode] = dict(module.functions)
    for cls in module.classes.values():
        methods = [one for one in cls.body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)]
        known |= {f"{cls.name}.{one.name}": one for one in methods}
    if name in known:
        return known[name]
    shown = [one for one in known if not one.rpartition(".")[2].startswith("_")]
    hint = did_you_mean(name, shown, otherwise="define it there")
    if (imported := module.imports.get(name.partition(".")[0])) is not None:
        hint = f"it comes from `{imported}`: name the file that defines it"
    return error("unknown-function", f"`{module.path}` defines no `{name}`", Where(module.path), hint=hint)


def _parameters(module: Module, node: FunctionNode, *, is_method: bool) -> Iterator[Property]:
    """The parameters that a call gives by name."""
    every = node.args
    static = any(module.name_of(one) == "staticmethod" for one in node.decorator_list)
    positional = [*every.posonlyargs, *every.args]
    defaults: list[ast.expr | None] = [None] * (len(positional) - len(every.defaults)) + [*every.defaults]
    pairs = list(zip(positional, defaults, strict=True))[1 if is_method and not static else 0 :]
    for parameter, _ in pairs:
        if parameter in every.posonlyargs:
            hint = "move the `/` in front of it"
            summary = f"`{parameter.arg}` takes no name, and a model gives arguments by name"
            module.refuse("bad-parameter", summary, parameter, hint)
    for star, rest in (("*", every.vararg), ("**", every.kwarg)):
        if rest is not None:
            summary = f"`{star}{rest.arg}` takes any number of values, and a model has to be told which there are"
            module.refuse("bad-parameter", summary, rest, "name each parameter, or take one list")
    pairs += zip(every.kwonlyargs, every.kw_defaults, strict=True)
    for parameter, default in pairs:
        yield Property(parameter.arg, parameter.annotation, default, is_required(default, module), parameter)
