"""YAML as the replies files have it: nodes with their places, and plain values with the scalars of YAML 1.2.

The same rules as in the rest of asstctl, which this program may not import: `017` is 17; `yes`, `1:30` and dates
are text; no merge keys, no tags of one's own, no key twice, no aliases that multiply.
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from asstctl.emulator.errors import RepliesProblem

Json = Any

MAX_DEPTH = 50
MAX_VALUES = 100_000
MAX_ALIASED = 10_000
"""How deep and how many the values of a file may be, and how many of them aliases may repeat."""

_LONGEST = 80
_LINE_END = re.compile(r"\r\n|\r|\n")
_TAG = "tag:yaml.org,2002:"
STR, INT, FLOAT, BOOL, NULL = (_TAG + name for name in ("str", "int", "float", "bool", "null"))
_PLAIN = (
    (NULL, re.compile(r"null|Null|NULL|~|")),
    (BOOL, re.compile(r"true|True|TRUE|false|False|FALSE")),
    (INT, re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")),
    (
        FLOAT,
        re.compile(
            r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
        ),
    ),
)


class _CoreLoader(yaml.SafeLoader):
    """Composes nodes; plain scalars are resolved by the core schema of YAML 1.2 instead of PyYAML's 1.1."""

    def resolve(self, kind: Any, value: Any, implicit: Any) -> str:
        if kind is not yaml.ScalarNode:
            return _TAG + ("seq" if kind is yaml.SequenceNode else "map")
        if not implicit[0]:
            return STR
        return next((tag for tag, pattern in _PLAIN if pattern.fullmatch(value)), STR)


@dataclass(frozen=True)
class Text:
    """The text of a file, with places in it."""

    file: Path
    text: str

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *(found.end() for found in _LINE_END.finditer(self.text))]

    @cached_property
    def _lines(self) -> list[str]:
        return _LINE_END.split(self.text)

    def problem(
        self, code: str, summary: str, line: int, column: int, length: int = 0, hint: str = ""
    ) -> RepliesProblem:
        """A problem at a place that is counted from 0."""
        source = self._lines[line] if line < len(self._lines) else ""
        length = max(0, min(length, len(source) - column))
        return RepliesProblem(code, summary, self.file, line + 1, column + 1, length, hint, source)

    def at(self, node: yaml.Node, code: str, summary: str, hint: str = "") -> RepliesProblem:
        """A problem of a node."""
        start, end = node.start_mark, node.end_mark
        one_line = start.line == end.line and not (isinstance(node, yaml.CollectionNode) and not node.flow_style)
        return self.problem(code, summary, start.line, start.column, end.column - start.column if one_line else 0, hint)

    def index(self, index: int, code: str, summary: str, hint: str = "") -> RepliesProblem:
        """A problem at one character."""
        line = sum(start <= index for start in self._starts) - 1
        return self.problem(code, summary, line, index - self._starts[line], 1, hint)


class BadScalar(Exception):
    """A scalar that JSON cannot hold."""

    def __init__(self, node: yaml.Node) -> None:
        super().__init__(node.value)
        self.node = node


def compose(source: Text) -> tuple[yaml.Node | None, list[RepliesProblem]]:
    """The one document of a text, None for an empty one, and why its values cannot be read, if they cannot."""
    try:
        root = _CoreLoader(source.text).get_single_node()
    except yaml.reader.ReaderError as error:
        summary = f"the file holds the control character U+{ord(source.text[error.position]):04X}"
        return None, [source.index(error.position, "bad-character", summary, "remove it")]
    except yaml.MarkedYAMLError as error:
        return None, [_syntax(error, source)]
    except RecursionError:
        return None, [source.problem("too-deep", _TOO_DEEP, 0, 0, hint="flatten the structure")]
    return root, [] if root is None else _checked(root, source)


_TOO_DEEP = f"values are nested more than {MAX_DEPTH} levels deep"


def _syntax(error: yaml.MarkedYAMLError, source: Text) -> RepliesProblem:
    mark, said = error.problem_mark, error.problem or "it cannot be read"
    if error.context == "expected a single document in the stream" and mark is not None:
        summary, hint = "this file must hold one document", "remove what follows `---`"
        return source.problem("extra-document", summary, mark.line, mark.column, hint=hint)
    # At the end of the file there is nothing to see: show what was left open instead.
    if error.context_mark is not None and (mark is None or not source.text[mark.index :].strip()):
        mark = error.context_mark
    hint = "check the indentation, the brackets and the quotes"
    if "cannot start any token" in said:
        hint = "quote the value, and indent with spaces"
    elif "mapping values are not allowed" in said:
        hint = "quote a value that contains `: `, or check the indentation"
    elif "unknown escape" in said:
        hint = "use single quotes, or write the backslash twice"
    elif "undefined alias" in said:
        hint = "quote a value that begins with `*`"
    line, column = (mark.line, mark.column) if mark is not None else (0, 0)
    return source.problem("yaml-syntax", f"the file is not valid YAML: {said}", line, column, 1, hint)


def _checked(root: yaml.Node, source: Text) -> list[RepliesProblem]:
    """What makes the values of a file unfit to be read; a value that contains itself is too deep or too many."""
    problems: dict[RepliesProblem, None] = {}
    pending, count, aliased = [(root, 0)], 0, 0
    seen: set[int] = set()
    while pending:
        node, depth = pending.pop()
        count += 1
        again = id(node) in seen
        seen.add(id(node))
        aliased += again
        if depth > MAX_DEPTH:
            return [source.at(node, "too-deep", _TOO_DEEP, "flatten the structure")]
        if aliased > MAX_ALIASED:
            summary = f"aliases repeat more than {MAX_ALIASED:,} values"
            return [source.at(root, "alias-bomb", summary, "write the values out")]
        if count > MAX_VALUES:
            return [source.at(root, "limit", f"the file holds more than {MAX_VALUES:,} values", "split it")]
        if isinstance(node, yaml.MappingNode):
            problems |= dict.fromkeys(() if again else _faults_of_map(node, source))
            pending += [(part, depth + 1) for pair in node.value for part in pair]
        elif isinstance(node, yaml.SequenceNode):
            pending += [(part, depth + 1) for part in node.value]
        if not again and node.tag not in _KNOWN:
            shown = node.tag.replace(_TAG, "!!")
            fault = source.at(node, "custom-tag", f"the tag `{shown}` is not supported", "remove the tag")
            problems[fault] = None
    return sorted(problems, key=lambda problem: (problem.line, problem.column))


_KNOWN = frozenset((STR, INT, FLOAT, BOOL, NULL, _TAG + "map", _TAG + "seq"))


def _faults_of_map(node: yaml.MappingNode, source: Text) -> list[RepliesProblem]:
    found = []
    first: dict[str, int] = {}
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode) or key.tag != STR:
            hint = f'quote it: "{shortened(key.value)}"' if isinstance(key, yaml.ScalarNode) else "a key must be text"
            if isinstance(key, yaml.MappingNode):
                hint = 'a template must be quoted: "{{ … }}"'
            found.append(source.at(key, "bad-key", "a key is not text", hint))
            continue
        name = shortened(key.value)
        if key.value == "<<" and not key.style:
            found.append(source.at(key, "merge-key", "merge keys (`<<`) are not supported", "repeat the keys"))
        elif key.value in first:
            hint = f"it was first given in line {first[key.value]}; remove one of them"
            found.append(source.at(key, "duplicate-key", f"`{name}` is given twice", hint))
        elif node.flow_style and _is_left_out(key, value, source.text):
            summary = f"the file is not valid YAML: nothing stands after `{name}:`"
            found.append(source.at(key, "yaml-syntax", summary, "write a value, or `null`"))
        first.setdefault(key.value, key.start_mark.line + 1)
    return found


def _is_left_out(key: yaml.Node, value: yaml.Node, text: str) -> bool:
    if not isinstance(value, yaml.ScalarNode) or value.style or value.value:
        return False
    return ":" in text[key.end_mark.index : value.end_mark.index]


def plain(node: yaml.Node) -> Json:
    """The value of a checked node. Raises BadScalar."""
    if isinstance(node, yaml.MappingNode):
        return {key.value: plain(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [plain(item) for item in node.value]
    try:
        return _SCALARS[node.tag](node.value)
    except (ValueError, KeyError):
        raise BadScalar(node) from None


def _to_int(text: str) -> int:
    return int(text, 0) if text[:2] in {"0o", "0x"} else int(text)


def _to_float(text: str) -> float:
    value = float(text.replace(".inf", "inf").replace(".nan", "nan"))
    if not math.isfinite(value):
        raise ValueError(text)
    return value


def _to_bool(text: str) -> bool:
    if text.lower() not in {"true", "false"}:
        raise ValueError(text)
    return text.lower() == "true"


_SCALARS: dict[str, Callable[[str], Json]] = {
    STR: str,
    INT: _to_int,
    FLOAT: _to_float,
    BOOL: _to_bool,
    NULL: lambda _: None,
}


def shortened(text: str) -> str:
    """A text of a file, fit for a message."""
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
