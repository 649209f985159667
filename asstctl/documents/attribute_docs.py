"""What the source says of a class and of its attributes: docstrings, read only when somebody asks for them.

An attribute's docstring is the string that stands below it. Python drops it, and a class need not pay for it when it is
made: the source is parsed here, once for each module. At its end may stand what a file could say there, as YAML:
"Example: `[a, b]`".
"""

import ast
import inspect
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module

_EXAMPLE = re.compile(r"\s*Example: `(.+)`$")


@dataclass(frozen=True)
class Docs:
    """The docstring of a class, and those of its attributes by name, inherited ones included; `examples` likewise, of
    the attributes that have one."""

    text: str
    attributes: Mapping[str, str]
    examples: Mapping[str, str]


@lru_cache(maxsize=512)
def docs_of(cls: type) -> Docs:
    """What the source says of a class of ours."""
    attributes: dict[str, str] = {}
    for one in reversed(cls.__mro__):
        node = _classes(one.__module__).get(one.__qualname__)
        attributes |= dict(_attributes(node)) if node else {}
    own = _classes(cls.__module__).get(cls.__qualname__)
    examples = {name: found[1] for name, text in attributes.items() if (found := _EXAMPLE.search(text))}
    plain = {name: _EXAMPLE.sub("", text) for name, text in attributes.items()}
    return Docs(_joined(ast.get_docstring(own) or "") if own else "", plain, examples)


def first_paragraph(module: str) -> str:
    """How the docstring of a module begins."""
    return _joined(ast.get_docstring(_tree(module)) or "").partition("\n\n")[0]


@lru_cache(maxsize=64)
def _classes(module: str) -> Mapping[str, ast.ClassDef]:
    """The classes at the top of a module of ours; none of another's are looked at."""
    if module.partition(".")[0] != __name__.partition(".")[0]:
        return {}
    return {node.name: node for node in _tree(module).body if isinstance(node, ast.ClassDef)}


def _tree(module: str) -> ast.Module:
    return ast.parse(inspect.getsource(import_module(module)))


def _attributes(node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for one, below in zip(node.body, node.body[1:], strict=False):
        match one, below:
            case ast.AnnAssign(target=ast.Name(name)), ast.Expr(value=ast.Constant(value=str(text))):
                yield name, _joined(inspect.cleandoc(text))


def _joined(text: str) -> str:
    """Lines that a source breaks are one; an empty line stays."""
    return "\n\n".join(" ".join(part.split()) for part in text.split("\n\n"))
