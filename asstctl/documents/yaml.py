"""YAML text to documents: plain data with the position of every key and value.

The scalars are those of the YAML 1.2 core schema (`yes`, `017`, `1:30` and dates are text) and only what
JSON can hold gets through. Refused: duplicate keys, keys that are not text, tags of one's own, aliases
that go in circles or multiply, and merge keys (`<<`: what a file means would depend on a rule that is
not in YAML 1.2; plain aliases stay, and defaults and overlays do the sharing).
What a document means is not known here.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import yaml
from yaml.nodes import CollectionNode, MappingNode, Node, ScalarNode, SequenceNode

from asstctl.core.diagnostic import Diagnostic, Where, error, has_errors
from asstctl.core.json_types import Json
from asstctl.core.suggest import shortened
from asstctl.documents.source import Source
from asstctl.documents.yaml_problems import describe_syntax

Path = tuple[str | int, ...]

_Loader: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

MAX_DEPTH = 100
MAX_ALIASED = 10_000
"""How many values a file's aliases may repeat, all together."""

MAX_INT = 10**300
"""Whole numbers beyond it have no decimal form, and soon no text either: Python refuses to write them."""

_TAG = "tag:yaml.org,2002:"
_STR, _INT, _FLOAT, _BOOL, _NULL = (_TAG + t for t in ("str", "int", "float", "bool", "null"))
_MAP, _SEQ = _TAG + "map", _TAG + "seq"

_PLAIN = (
    (_NULL, re.compile(r"null|Null|NULL|~|")),
    (_BOOL, re.compile(r"true|True|TRUE|false|False|FALSE")),
    (_INT, re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")),
    (
        _FLOAT,
        re.compile(
            r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
        ),
    ),
)
_PLAIN_FIRST = frozenset("nN~tTfF0123456789+-.")

_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_COMPACT_NEST = re.compile(r"(?:[-?:][ \t]+){100}")


class CoreLoader(_Loader):  # type: ignore[misc]  # which base it is depends on how PyYAML was built
    """Composes nodes; plain scalars are resolved by the 1.2 core schema instead of PyYAML's 1.1."""

    def resolve(self, kind: type[Node], value: Any, implicit: Any) -> str:
        if kind is ScalarNode:
            return plain_tag(value) if implicit[0] else _STR
        return _SEQ if kind is SequenceNode else _MAP


def plain_tag(text: str) -> str:
    """The tag of an unquoted scalar."""
    return _STR if text and text[0] not in _PLAIN_FIRST else _matched_tag(text)


@lru_cache(maxsize=1024)  # keys such as `type` and `name` come thousands of times
def _matched_tag(text: str) -> str:
    for tag, pattern in _PLAIN:
        if pattern.fullmatch(text):
            return tag
    return _STR


def is_text(unquoted: str) -> bool:
    """Whether an unquoted scalar is text, and no number or other word of YAML."""
    return plain_tag(unquoted) == _STR


def scalar_from_text(text: str) -> Json:
    """What this text would be as an unquoted YAML scalar; the text itself when that is no JSON value."""
    tag = plain_tag(text)
    try:
        value: Json = _SCALARS[tag](text)
    except ValueError:
        return text
    return value


def as_declared(given: Json, declared: Json) -> Json:
    """What was declared as a number is one, however it is given: a command line knows only texts."""
    if isinstance(given, str) and isinstance(declared, bool | int | float):
        value = scalar_from_text(given)
        return value if isinstance(value, bool | int | float) else given
    return given


@dataclass(frozen=True)
class Document:
    """One YAML document: its data, and where each part of it stands."""

    value: Json
    path: str
    text: str
    _source: Source = field(repr=False, compare=False)
    _node: Node | None = field(repr=False, compare=False)
    _keys: dict[int, dict[str, tuple[Node, Node]]] = field(default_factory=dict, repr=False, compare=False)

    @property
    def start(self) -> int:
        """Where its value begins in the text; 0 for one that has none."""
        return _start(self._node) if self._node is not None else 0

    def where(self, path: Path = (), *, key: bool = False) -> Where:
        """The place of the value at `path`, or of its key; of the nearest parent where it does not exist."""
        node, key_node = self._node, None
        for step in path:
            found = self._child(node, step)
            if found is None:
                key = True
                break
            key_node, node = found
        if key and key_node is not None:
            node = key_node
        return self._source.at(*_span(node)) if node is not None else self._source.at(0)

    def last_line(self, path: Path = ()) -> int:
        """The number of the last line of the value at `path`; of its key's where it does not exist."""
        node = self._node_at(path)
        if node is None:
            return self.where(path, key=True).line
        if isinstance(node, MappingNode | SequenceNode) and not node.flow_style and node.value:
            # a block collection ends where the next thing begins
            deepest = node
            while isinstance(deepest, MappingNode | SequenceNode) and not deepest.flow_style and deepest.value:
                inner = deepest.value[-1]
                deepest = inner[1] if isinstance(inner, tuple) else inner
            node = deepest
        end = node.end_mark.index
        written = self.text[node.start_mark.index : end].rstrip()
        return self._source.at(node.start_mark.index + max(0, len(written) - 1)).line

    def is_blank(self, path: Path) -> bool:
        """Whether a key is followed by nothing at all (and not by a written null)."""
        node = self._node_at(path)
        return isinstance(node, ScalarNode) and not node.style and not node.value

    def find(self, path: Path, pattern: str) -> Where:
        """The first match of a regex inside the source of the value at `path`; else the value's own place."""
        node = self._node_at(path)
        if node is None:
            return self.where(path)
        match = re.compile(pattern).search(self.text, node.start_mark.index, node.end_mark.index)
        return self._source.at(match.start(), len(match[0])) if match else self.where(path)

    def part(self, at: Path, value: Json, *, under: Path | None = None) -> "Document":
        """What is written at `at`, as a document of its own that means `value`; its paths begin there.

        `under` are defaults of it in the same text: a place that it does not write itself is looked for there.
        """
        node = self._node_at(at)
        if under is not None and node is not None:
            node = _laid_over(node, self._node_at(under))
        return Document(value, self.path, self.text, self._source, node)

    def _node_at(self, path: Path) -> Node | None:
        node = self._node
        for step in path:
            found = self._child(node, step)
            if found is None:
                return None
            node = found[1]
        return node

    def _child(self, node: Node | None, step: str | int) -> tuple[Node | None, Node] | None:
        if isinstance(node, MappingNode):
            # Kept, because a map of thousands of keys may have something wrong with each of them.
            if id(node) not in self._keys:
                self._keys[id(node)] = {k.value: (k, v) for k, v in reversed(node.value) if isinstance(k, ScalarNode)}
            return self._keys[id(node)].get(str(step))
        if isinstance(node, SequenceNode) and isinstance(step, int) and step < len(node.value):
            return None, node.value[step]
        return None


def _laid_over(node: Node, below: Node | None) -> Node:
    """A map with the keys of another one that it lacks, and so on inside; where it stands is where the first does."""
    if not isinstance(node, MappingNode) or not isinstance(below, MappingNode):
        return node
    lacking = {key.value: (key, item) for key, item in below.value}
    own = [(key, _laid_over(item, lacking.pop(key.value, (None, None))[1])) for key, item in node.value]
    return MappingNode(node.tag, [*own, *lacking.values()], node.start_mark, node.end_mark, node.flow_style)


def _span(node: Node) -> tuple[int, int]:
    start = node.start_mark.index
    if isinstance(node, ScalarNode) and node.style in {"|", ">"}:
        return start, 1
    # A block collection ends where the next thing begins; underlining all that says nothing.
    if isinstance(node, ScalarNode) or (isinstance(node, CollectionNode) and node.flow_style):
        return start, node.end_mark.index - start
    return start, 0


def parse_yaml(text: str, path: str, *, line_offset: int = 0) -> tuple[tuple[Document, ...], tuple[Diagnostic, ...]]:
    """Every document of a text that can be read, and everything wrong with the rest.

    A document with a duplicate key is among the documents (the first value counts), so that what else is
    wrong with it can be said at once; one with any other error is not.
    """
    source = Source(path, text, line_offset)
    stray = _UNPRINTABLE.search(text)
    if stray:
        summary = f"the file holds the control character U+{ord(stray[0]):04X}"
        return (), (error("bad-character", summary, source.at(stray.start(), 1), hint="remove it"),)
    deep = _too_deep(text)
    if deep is not None:
        return (), (_depth_error(source, deep),)
    documents: list[Document] = []
    diagnostics: list[Diagnostic] = []
    loader = CoreLoader(text)
    try:
        for node in _nodes(loader):
            builder = _Builder(source)
            value = builder.build(node, 0)
            if not builder.fatal:
                documents.append(Document(value, path, text, source, node))
            diagnostics += builder.diagnostics
    except yaml.YAMLError as problem:
        diagnostics.append(describe_syntax(problem, source))
    finally:
        loader.dispose()
    return tuple(documents), tuple(diagnostics)


def parse_one(text: str, path: str, *, line_offset: int = 0) -> tuple[Document | None, tuple[Diagnostic, ...]]:
    """The one document of a text that must hold exactly one; an empty text is an empty map."""
    documents, diagnostics = parse_yaml(text, path, line_offset=line_offset)
    if len(documents) > 1:
        extra = documents[1].where()
        diagnostics += (
            error("extra-document", "this file must hold one document", extra, hint="remove what follows `---`"),
        )
    if documents:
        return documents[0], diagnostics
    if has_errors(diagnostics):
        return None, diagnostics
    return Document({}, path, text, Source(path, text, line_offset), None), diagnostics


def _nodes(loader: Any) -> Iterator[Node]:
    while loader.check_node():
        yield loader.get_node()


def _too_deep(text: str) -> int | None:
    """Where nesting passes what the composer, which recurses, can be trusted with.

    Looked at event by event, and only where there are enough openings to matter at all.
    """
    if text.count("[") + text.count("{") < 1000 and not _COMPACT_NEST.search(text) and len(text) < 1_000_000:
        return None
    depth = 0
    try:
        events: Any = yaml.parse(text, CoreLoader)
        for event in events:
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
                if depth > MAX_DEPTH:
                    mark: Any = event.start_mark
                    return int(mark.index)
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
    except yaml.YAMLError:
        return None  # the composer meets the same error at the same depth, and says it
    return None


def _start(node: Node) -> int:
    return node.start_mark.index if node.start_mark else 0


def _depth_error(source: Source, index: int) -> Diagnostic:
    summary = f"values are nested more than {MAX_DEPTH} levels deep"
    return error("too-deep", summary, source.at(index, 1), hint="flatten the structure")


@dataclass
class _Builder:
    """Turns one node tree into plain data. `fatal`: the data cannot stand for what was written."""

    source: Source
    diagnostics: list[Diagnostic] = field(default_factory=list)
    fatal: bool = False
    _sizes: dict[int, int] = field(default_factory=dict)  # values below each finished collection
    _built: dict[int, Json] = field(default_factory=dict)
    _open: set[int] = field(default_factory=set)
    _count: int = 0
    _aliased: int = 0

    def refuse(self, code: str, summary: str, node: Node, hint: str) -> None:
        self.fatal = True
        self.diagnostics.append(error(code, summary, self.source.at(*_span(node)), hint=hint))

    def build(self, node: Node, depth: int) -> Json:
        self._count += 1
        if isinstance(node, ScalarNode):
            return self._scalar(node)
        same = id(node)
        if same in self._built:
            return self._alias(node)
        if same in self._open:
            self.refuse("recursive-alias", "a value contains itself through an alias", node, "write the value out")
            return None
        if depth >= MAX_DEPTH:
            self.fatal = True
            self.diagnostics.append(_depth_error(self.source, _start(node)))
            return None
        if node.tag not in {_MAP, _SEQ}:
            self._custom_tag(node)
        self._open.add(same)
        before = self._count
        if isinstance(node, MappingNode):
            value: Json = self._mapping(node, depth)
        else:
            value = [self.build(item, depth + 1) for item in node.value]
        self._open.discard(same)
        self._sizes[same] = self._count - before + 1
        self._built[same] = value
        return value

    def _alias(self, node: Node) -> Json:
        size = self._sizes[id(node)]
        self._count += size
        over = self._aliased > MAX_ALIASED
        self._aliased += size
        if self._aliased > MAX_ALIASED and not over:
            hint = "write the values out, or share them with defaults"
            self.refuse("alias-bomb", f"aliases repeat more than {MAX_ALIASED} values", node, hint)
        return self._built[id(node)]

    def _mapping(self, node: MappingNode, depth: int) -> dict[str, Json]:
        value: dict[str, Json] = {}
        first: dict[str, Node] = {}
        for key, item in node.value:
            if not isinstance(key, ScalarNode) or key.tag != _STR:
                self._bad_key(key, node)
                continue
            name = key.value
            if name == "<<" and not key.style:
                self.refuse("merge-key", "merge keys (`<<`) are not supported", key, "use defaults, or repeat the keys")
                continue
            built = self.build(item, depth + 1)
            if name in first:
                line = self.source.at(first[name].start_mark.index).line
                hint = f"it was first given in line {line}; remove one of them"
                place = self.source.at(*_span(key))
                self.diagnostics.append(error("duplicate-key", f"`{shortened(name)}` is given twice", place, hint=hint))
                continue
            first[name] = key
            value[name] = built
        return value

    def _bad_key(self, key: Node, mapping: MappingNode) -> None:
        if isinstance(key, MappingNode) and mapping.flow_style:
            start, end = mapping.start_mark.index, mapping.end_mark.index
            hint = f'a template must be quoted: "{shortened(self.source.text[start:end].strip())}"'
        elif isinstance(key, ScalarNode):
            hint = f'quote it: "{shortened(key.value)}"'
        else:
            hint = "a key must be text"
        self.refuse("bad-key", "a key is not text", key, hint)

    def _custom_tag(self, node: Node) -> None:
        shown = node.tag.replace(_TAG, "!!")
        self.refuse("custom-tag", f"the tag `{shown}` is not supported", node, "remove the tag")

    def _scalar(self, node: ScalarNode) -> Json:
        convert = _SCALARS.get(node.tag)
        if convert is None:
            self._custom_tag(node)
            return None
        try:
            value: Json = convert(node.value)
        except (ValueError, KeyError):
            self.refuse(
                "bad-scalar",
                f"`{shortened(node.value, 40)}` is not a value that JSON can hold",
                node,
                "quote it if text is meant",
            )
            return None
        return value


def _to_int(text: str) -> int:
    value = int(text, 0) if text[:2] in {"0o", "0x"} else int(text)
    if not -MAX_INT <= value <= MAX_INT:
        raise ValueError(text)
    return value


def _to_float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value


def _to_null(text: str) -> None:
    if plain_tag(text) != _NULL:
        raise ValueError(text)


_SCALARS: dict[str, Any] = {
    _STR: str,
    _INT: _to_int,
    _FLOAT: _to_float,
    _BOOL: lambda text: {"true": True, "false": False}[text.lower()],
    _NULL: _to_null,
}
