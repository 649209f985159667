"""The sandbox itself: jinja2, with everything out of it that a manifest has no use for.

Imports jinja2 and so is imported only where a text has braces (`templates`). Runs in this process for
templates that are bounded by construction, and in the child (`render_task`) for the others.
"""

import json
import re
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import jinja2
from jinja2 import meta, nodes
from jinja2.exceptions import SecurityError
from jinja2.filters import FILTERS
from jinja2.runtime import StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import missing

from asstctl.core.diagnostic import Diagnostic
from asstctl.core.json_types import Json
from asstctl.core.suggest import did_you_mean
from asstctl.documents.paths import PathRefused, inside, shown
from asstctl.documents.source import read_text
from asstctl.documents.templates import MAX_OUTPUT, VARS, TemplateFault

MAX_TEMPLATE = 1024 * 1024
MAX_NUMBER = 10**30
_INLINE = "<template>"

_QUICK_FILTERS = (
    *("default", "d", "lower", "upper", "title", "capitalize", "trim", "length", "count"),
    *("int", "float", "string", "first", "last"),
)
_OTHER_FILTERS = ("round", "replace", "join", "indent", "sort", "unique", "list")
_QUICK_NODES = (
    *(nodes.Output, nodes.TemplateData, nodes.Name, nodes.Getattr, nodes.Getitem, nodes.Const, nodes.Keyword),
    *(nodes.Filter, nodes.Test, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.CondExpr, nodes.If),
    *(nodes.Neg, nodes.Pos, nodes.Sub, nodes.Div, nodes.FloorDiv),
)
"""With these alone the work of a template is bounded by its length: each part runs at most once, and no value
is larger than a variable."""


class _NotDefined(jinja2.UndefinedError):
    """An undefined name was used: looked for in `owner`, which is `missing` for a name of its own."""

    def __init__(self, name: str, owner: Any, message: str | None = None) -> None:
        super().__init__(message)
        self.name = name
        self.owner = owner


class _Missing(StrictUndefined):
    __slots__ = ()

    def __init__(self, hint: str | None = None, obj: Any = missing, name: Any = None, exc: Any = None) -> None:
        if exc is not SecurityError:
            exc = partial(_NotDefined, str(name), obj)
        super().__init__(hint, obj, name, exc)


class _Sandbox(ImmutableSandboxedEnvironment):
    intercepted_binops = frozenset({"*", "**", "%"})

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        numbers = isinstance(left, int | float) and isinstance(right, int | float)
        if operator == "%" and not numbers:
            raise TemplateFault("template-refused", "`%` works on numbers only", "use `~` to join texts")
        if operator == "*" and not numbers:
            size = len(left) * right if hasattr(left, "__len__") else left * len(right)
            if size > MAX_OUTPUT:
                raise _too_large("the template makes a text of more than 1 MiB")
        if numbers and operator in {"*", "**"}:
            big = max(abs(left), abs(right)) > MAX_NUMBER
            if big or (operator == "**" and (abs(right) > 100 or abs(left) > 1_000_000)):
                raise _too_large("the template works with numbers that are too large")
        return super().call_binop(context, operator, left, right)

    def getattr(self, obj: Any, attribute: str) -> Any:
        # A variable may be called `items` or `copy`: what is in a map goes before what a map can do.
        if isinstance(obj, dict) and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)

    def join_path(self, template: str, parent: str) -> str:
        """An include is relative to the file that writes it; what is relative here is so to the loader's base."""
        folder, slash, _ = parent.rpartition("/")
        return template if template.startswith("/") else f"{folder}{slash}{template}"


def _too_large(summary: str) -> TemplateFault:
    return TemplateFault("template-limit", summary, "make it do less")


def _to_json(value: Any) -> str:
    if isinstance(value, StrictUndefined):
        return str(value)  # which says what is not there
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _as_text(value: Any) -> Any:
    """How a value that is no text is written: as YAML would."""
    if callable(value) and not isinstance(value, StrictUndefined):
        raise TemplateFault("template-failed", "the template prints a function", "call it", r"\{[{%]")
    if value is None:
        return ""
    return ("true" if value else "false") if isinstance(value, bool) else value


def _environment(loader: jinja2.BaseLoader | None, finalize: Callable[[Any], Any]) -> _Sandbox:
    environment = _Sandbox(
        undefined=_Missing,
        keep_trailing_newline=True,
        autoescape=False,
        optimized=False,  # nothing is worked out while compiling, where no limit holds
        comment_start_string="\0{",
        comment_end_string="}\0",
        finalize=finalize,
        loader=loader,
    )
    environment.globals.clear()
    environment.filters = {name: FILTERS[name] for name in (*_QUICK_FILTERS, *_OTHER_FILTERS)} | {"tojson": _to_json}
    return environment


_HERE = _environment(None, _as_text)


@lru_cache(maxsize=512)
def _parsed(text: str) -> nodes.Template:
    """Raises TemplateFault."""
    if len(text) > MAX_TEMPLATE:
        raise TemplateFault("template-limit", "the template is longer than 1 MiB", "use a {file: ...}")
    try:
        return _HERE.parse(text)
    except Exception as problem:
        raise _fault(problem, {}) from None


def is_bounded(text: str) -> bool:
    """Whether a template may run in this process. Raises TemplateFault if it is none."""
    quick = {*_QUICK_FILTERS, "tojson"}
    return all(
        isinstance(node, _QUICK_NODES) and (not isinstance(node, nodes.Filter) or node.name in quick)
        for node in _walk(_parsed(text))
        if isinstance(node, nodes.Expr | nodes.Stmt)
    )


def names_used(text: str, below: str = VARS) -> frozenset[str]:
    """The names below `vars` in a template; those that are worked out while rendering cannot be known."""
    try:
        tree = _parsed(text)
    except TemplateFault:
        return frozenset()
    found = set()
    for node in _walk(tree):
        if isinstance(node, nodes.Getattr) and _is_named(node.node, below):
            found.add(node.attr)
        elif isinstance(node, nodes.Getitem) and _is_named(node.node, below) and isinstance(node.arg, nodes.Const):
            found.add(str(node.arg.value))
    return frozenset(found)


def roots_used(text: str) -> frozenset[str]:
    """The names of its own that a template reads."""
    try:
        tree = _parsed(text)
    except TemplateFault:
        return frozenset()
    return frozenset(node.name for node in _walk(tree) if isinstance(node, nodes.Name) and node.ctx == "load")


def names_needed(text: str) -> tuple[frozenset[str], frozenset[tuple[str, str]]]:
    """The names of its own that a template reads, and those directly below them as (name, part), without any that it
    asks for with `default`, `is defined` or `is undefined`, and without what a map can do (`items`)."""
    try:
        tree = _parsed(text)
    except TemplateFault:
        return frozenset(), frozenset()
    own = meta.find_undeclared_variables(tree)
    named: set[tuple[str, str]] = set()
    asked: set[tuple[str, str]] = set()
    for node in _walk(tree):
        named.update(_named_by(node))
        is_question = isinstance(node, nodes.Test) and node.name in {"defined", "undefined"}
        if is_question or (isinstance(node, nodes.Filter) and node.name in {"default", "d"} and node.node):
            asked.update(_named_by(node.node))
    below = {(name, part) for name, part in named - asked if part and name in own and not hasattr(dict, part)}
    return frozenset(name for name in own if (name, "") not in asked), frozenset(below)


def _named_by(node: nodes.Node) -> Iterator[tuple[str, str]]:
    """What a part of a template names: `vars.x` as (vars, x), `vars` alone as (vars, )."""
    if isinstance(node, nodes.Name):
        yield node.name, ""
    elif isinstance(node, nodes.Getattr) and isinstance(node.node, nodes.Name):
        yield node.node.name, node.attr
    elif isinstance(node, nodes.Getitem) and isinstance(node.node, nodes.Name) and isinstance(node.arg, nodes.Const):
        yield node.node.name, str(node.arg.value)


def _walk(tree: nodes.Node) -> Any:
    return tree.find_all(nodes.Node)


def _is_named(node: nodes.Node, name: str) -> bool:
    return isinstance(node, nodes.Name) and node.name == name


def _is_one_expression(text: str) -> bool:
    body = _parsed(text).body
    output = body[0] if len(body) == 1 else None
    return (
        isinstance(output, nodes.Output)
        and len(output.nodes) == 1
        and not isinstance(output.nodes[0], nodes.TemplateData)
    )


@lru_cache(maxsize=512)
def _compiled(text: str) -> jinja2.Template:
    return _HERE.from_string(text)


@lru_cache(maxsize=512)
def _expression(text: str) -> Callable[..., Any]:
    inner = text.strip()[2:-2].strip("-+")
    return _HERE.compile_expression(inner, undefined_to_none=False)


def check(text: str) -> None:
    """Raises TemplateFault for a text that cannot be compiled."""
    _parsed(text)
    try:
        _compiled(text)
    except Exception as problem:
        raise _fault(problem, {}) from None


def render_here(text: str, names: Mapping[str, Json], *, keep_type: bool) -> Json:
    """Render in this process. Raises TemplateFault."""
    try:
        if keep_type and _is_one_expression(text):
            value = _evaluate(text, names)
            if _is_json(value):
                kept: Json = value
                return kept
        return _joined(_compiled(text), names)
    except TemplateFault:
        raise
    except Exception as problem:
        raise _fault(problem, names) from None


def _is_json(value: Any) -> bool:
    return value is None or isinstance(value, str | int | float | dict | list)


def _evaluate(text: str, names: Mapping[str, Json]) -> Any:
    try:
        value = _expression(text)(names)
        if isinstance(value, StrictUndefined):
            str(value)  # raises what it has to say
    except TemplateFault:
        raise
    except Exception as problem:
        # The lines of a lone expression are not the template's; it begins at the first.
        raise replace(_fault(problem, names), line=1) from None
    return value


def _joined(template: jinja2.Template, names: Mapping[str, Json]) -> str:
    parts: list[str] = []
    size = 0
    for part in template.generate(names):
        size += len(part.encode())
        if size > MAX_OUTPUT:
            raise _too_large("the template gives more than 1 MiB")
        parts.append(part)
    return "".join(parts)


class _ProjectLoader(jinja2.BaseLoader):
    """Reads includes: from within the project only, and nothing hidden."""

    def __init__(self, root: Path, base: Path) -> None:
        self.root = root
        self.base = base

    def get_source(self, environment: jinja2.Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        needle = re.escape(template)
        try:
            path = inside(self.root, self.base, template, dot_files=False)
        except PathRefused as problem:
            raise TemplateFault(problem.code, problem.summary, problem.hint, needle) from None
        name = shown(self.root.resolve(), path)
        text = read_text(path, name)
        if isinstance(text, Diagnostic):
            raise TemplateFault(text.code, text.summary, text.hint, needle)
        return text, name, lambda: True


def included_task(argument: dict[str, Any]) -> Json:
    """The child's side of `files_included`."""
    loader = _ProjectLoader(Path(argument["root"]), Path(argument["base"]))
    found: dict[str, None] = {}
    pending = [(name, "") for name in _included_by(argument["text"])]
    while pending:
        written, parent = pending.pop(0)
        name = _HERE.join_path(written, parent)
        try:
            text, file, _ = loader.get_source(_HERE, name)
        except TemplateFault:
            continue  # it was not reached, for the template was rendered
        if file not in found:
            found[file] = None
            pending += [(inner, name) for inner in _included_by(text)]
    return list(found)


def _included_by(text: str) -> list[str]:
    try:
        return sorted(name for name in meta.find_referenced_templates(_parsed(text)) if name)
    except TemplateFault:
        return []


def names_task(argument: dict[str, Any]) -> Json:
    """The child's side of `names_used`."""
    text, below = argument["text"], argument["below"]
    return sorted(names_used(text, below) if below else roots_used(text))


def check_task(argument: dict[str, Any]) -> Json:
    """The child's side of `check`."""
    try:
        check(argument["text"])
    except TemplateFault as fault:
        return {"fault": asdict(fault)}
    return {}


def render_task(argument: dict[str, Any]) -> Json:
    """The child's side: a value, or the fault as plain data."""
    text, names = argument["text"], argument["names"]
    loader = _ProjectLoader(Path(argument["root"]), Path(argument["base"])) if "root" in argument else None
    values: list[Any] = []

    def note(value: Any) -> Any:
        values.append(value)
        return _as_text(value)

    try:
        environment = _environment(loader, note if argument["keep_type"] else _as_text)
        output = _joined(environment.from_string(text), names)
    except TemplateFault as fault:
        return {"fault": asdict(fault)}
    except Exception as problem:
        return {"fault": asdict(_fault(problem, names))}
    keeps = argument["keep_type"] and _is_one_expression(text) and _is_json(values[-1])
    return {"value": values[-1] if keeps else output}


def _fault(problem: BaseException, names: Mapping[str, Json]) -> TemplateFault:
    """What an exception of jinja2, or of what a template did, says about the template."""
    file, line = _template_line(problem)
    if isinstance(problem, _NotDefined):
        return replace(_undefined(problem, names), file=file, line=line)
    if isinstance(problem, jinja2.TemplateSyntaxError):
        said = (problem.message or "it cannot be read").rstrip(".")
        name = problem.filename if problem.filename not in {None, _INLINE} else ""
        hint = "write literal braces as `{{ '{{' }}`, or put the text into a {file: ...}"
        if said.startswith("No filter"):
            hint = f"the filters are {', '.join(sorted(_HERE.filters))}"
        return TemplateFault(
            "template-syntax",
            f"the template is not valid: {said[:1].lower()}{said[1:]}",
            hint,
            needle=r"\{[{%]",
            file=str(name),
            line=problem.lineno,
        )
    if isinstance(problem, SecurityError):
        return TemplateFault(
            "template-refused",
            "the template reaches for something it may not have",
            f"read {', '.join(f'`{name}`' for name in names)}, and use filters",
            needle=r"\{[{%]",
            file=file,
            line=line,
        )
    if isinstance(problem, RecursionError):
        return TemplateFault("template-limit", "the template is nested too deep", "check its includes")
    if isinstance(problem, MemoryError | OverflowError):
        return TemplateFault(
            "template-limit", "the template needs too much memory", "make it do less", "", "", file, line
        )
    said = str(problem) or type(problem).__name__
    return TemplateFault(
        "template-failed", f"the template cannot be rendered: {said}", "check its values", r"\{[{%]", "", file, line
    )


def _undefined(problem: _NotDefined, names: Mapping[str, Json]) -> TemplateFault:
    """What to say of a name that is not there: it may be below another one, or misspelt."""
    name = problem.name
    if problem.owner is missing:
        hint = did_you_mean(name, names, otherwise=_DECLARE if [*names] == [VARS] else "")
        for root, values in names.items():
            if isinstance(values, Mapping) and name in values:
                hint = f"write `{root}.{name}`"
        needle = rf"(?<![\w.]){re.escape(name)}\b"
        return TemplateFault("undefined-variable", f"`{name}` is not defined", hint, needle, name)
    owner = next((path for path, value in _paths(names, "") if value is problem.owner), "?")
    known = problem.owner if isinstance(problem.owner, Mapping) else ()
    hint = did_you_mean(name, known, otherwise=_DECLARE if owner == VARS else "")
    dotted = name if owner == "?" else f"{owner}.{name}"
    needle = rf"\b{re.escape(name)}\b"
    return TemplateFault("undefined-variable", f"`{dotted}` is not defined", hint, needle, name, owner=owner)


_DECLARE = "declare it under `vars:`, or give it with --var"


def _paths(values: Mapping[str, Any], above: str) -> Iterator[tuple[str, Any]]:
    """Every map that can be named, by its dotted name."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield above + name, value
            yield from _paths(value, f"{above}{name}.")


def _template_line(problem: BaseException) -> tuple[str, int]:
    """The included file ("" for none) and line of a template that an exception comes from."""
    for frame in reversed(traceback.extract_tb(problem.__traceback__)):
        if frame.filename == _INLINE:
            return "", frame.lineno or 1
        if not frame.filename.endswith(".py") and not frame.filename.startswith("<"):
            return frame.filename, frame.lineno or 1
    return "", 1
