"""Types as JSON Schema: what an annotation in a source means, as far as the file itself tells."""

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from asstctl.core.json_text import canonical
from asstctl.documents.python_functions.module import NOTHING, Module

Schema = dict[str, Any]

_PLAIN: Mapping[str, Schema] = {
    "str": {"type": "string"},
    "int": {"type": "integer"},
    "float": {"type": "number"},
    "bool": {"type": "boolean"},
    "None": {"type": "null"},
    "decimal.Decimal": {"type": "number"},
    "datetime.date": {"type": "string", "format": "date"},
    "datetime.datetime": {"type": "string", "format": "date-time"},
    "datetime.time": {"type": "string", "format": "time"},
    "uuid.UUID": {"type": "string", "format": "uuid"},
    "pathlib.Path": {"type": "string"},
    "typing.LiteralString": {"type": "string"},
}
_LISTS = frozenset(
    {"list", "set", "frozenset", "typing.List", "typing.FrozenSet"}.union(
        f"{home}.{name}"
        for home in ("typing", "collections.abc")
        for name in ("Collection", "Iterable", "MutableSequence", "Sequence", "Set")
    )
)
_MAPS = frozenset(
    {"dict", "typing.Dict"}.union(
        f"{home}.{name}" for home in ("typing", "collections.abc") for name in ("Mapping", "MutableMapping")
    )
)
_TUPLES = frozenset(("tuple", "typing.Tuple"))
_WRAPPERS = frozenset(
    f"{home}.{name}"
    for home in ("typing", "typing_extensions")
    for name in ("Required", "NotRequired", "ReadOnly", "Final", "ClassVar")
)
_ANYTHING = frozenset(("typing.Any", "object", "typing_extensions.Any"))
_FIELD_KEYS: Mapping[str, str] = {
    "ge": "minimum",
    "gt": "exclusiveMinimum",
    "le": "maximum",
    "lt": "exclusiveMaximum",
    "multiple_of": "multipleOf",
    "pattern": "pattern",
    "min_length": "minLength",
    "max_length": "maxLength",
}
_BOUNDS = {"Ge": "ge", "Gt": "gt", "Le": "le", "Lt": "lt", "MinLen": "min_length", "MaxLen": "max_length"}
MAX_DEPTH = 40


@dataclass
class Annotations:
    """Reads the annotations of one module. `of_class` makes the schema of a class that the file defines."""

    module: Module
    strict: bool
    of_class: Callable[[ast.ClassDef, "Annotations"], Schema | None]
    definitions: Schema = field(default_factory=dict)
    _open: list[str] = field(default_factory=list)
    _recursive: set[str] = field(default_factory=set)
    _depth: int = 0

    def schema(self, node: ast.expr) -> Schema | None:
        """The schema of an annotation; None, with the reason among the diagnostics, where it cannot be told."""
        if self._depth >= MAX_DEPTH:
            return self._refuse(node, "it is nested too deep", "give its parts names of their own")
        self._depth += 1
        try:
            return self._schema(node)
        finally:
            self._depth -= 1

    def text(self, text: str, at: ast.AST) -> Schema | None:
        """The schema of an annotation that is written as text, `at` a place."""
        try:
            node = ast.parse(text.strip(), mode="eval").body
        except (SyntaxError, ValueError, RecursionError):
            return self._refuse(at, f"`{text}` is not a type", "write it as Python does")
        for inner in ast.walk(node):
            ast.copy_location(inner, at)
        return self.schema(node)

    def _schema(self, node: ast.expr) -> Schema | None:
        match node:
            case ast.Constant(value=None):
                return dict(_PLAIN["None"])
            case ast.Constant(value=str(text)):
                return self.text(text, node)
            case ast.BinOp(op=ast.BitOr()):
                return self._union(_alternatives(node), node)
            case ast.Set(elts=values):  # how the guide of NumPy writes choices
                return self._literal(values, node)
            case ast.Subscript(value=base, slice=index):
                arguments = index.elts if isinstance(index, ast.Tuple) else [index]
                return self._generic(self.module.name_of(base) or "", arguments, node)
        name = self.module.name_of(node)
        return self._refuse(node, "it is not a type", "annotate it") if name is None else self._named(name, node)

    def _named(self, name: str, node: ast.expr) -> Schema | None:
        if name in self.module.classes:
            return self._class(name)
        if name in self.module.assigned and name not in self._open:
            return self._alias(name)
        if name in _PLAIN:
            return dict(_PLAIN[name])
        if name in _LISTS or name in _TUPLES:
            if self.strict:
                return self._refuse(node, "it does not say of what", f"write `{ast.unparse(node)}[str]`, or its like")
            return {"type": "array"}
        if name in _MAPS or name in _ANYTHING:
            return self._free(name, node)
        if name.partition(".")[0] in self.module.classes:
            hint = "define it at the top of this file"
            return self._refuse(node, f"`{ast.unparse(node)}` is defined inside of a class", hint)
        if "." in name:
            hint = "define it in this file, or write the type out"
            return self._refuse(node, f"`{ast.unparse(node)}` is defined in another file", hint)
        return self._refuse(
            node, f"`{ast.unparse(node)}` is no type that JSON has", "use one that JSON has: str, int, list"
        )

    def _free(self, name: str, node: ast.expr) -> Schema | None:
        """What may be anything has no place in a strict function."""
        if self.strict:
            hint = "write a TypedDict or a dataclass in this file, or pass --no-strict"
            return self._refuse(node, "strict functions take no free keys and values", hint)
        return {"type": "object"} if name in _MAPS else {}

    def _generic(self, name: str, arguments: Sequence[ast.expr], node: ast.Subscript) -> Schema | None:
        short = name.rpartition(".")[2]
        if not arguments:
            return self._refuse(node, "it does not say of what", f"write `{ast.unparse(node.value)}[str]`, or its like")
        if name in _LISTS:
            return self._list(self.schema(arguments[0]), is_set=short.lower() in {"set", "frozenset"})
        if name in _TUPLES:
            return self._tuple(arguments, node)
        if name in _MAPS:
            return self._map(arguments, node)
        if short == "Literal":
            return self._literal(arguments, node)
        if short == "Optional":
            return self._union([arguments[0], ast.copy_location(ast.Constant(None), node)], node)
        if short == "Union":
            return self._union(arguments, node)
        if short == "Annotated":
            return self.annotated(self.schema(arguments[0]), arguments[1:])
        if name in _WRAPPERS:
            return self.schema(arguments[0])
        return self._refuse(node, f"`{ast.unparse(node)}` is no type that JSON has", "use list, dict, tuple or a class")

    def _list(self, item: Schema | None, *, is_set: bool) -> Schema | None:
        if item is None:
            return None
        # the strict subset has no uniqueItems
        return {"type": "array", "items": item, **({"uniqueItems": True} if is_set and not self.strict else {})}

    def _tuple(self, arguments: Sequence[ast.expr], node: ast.expr) -> Schema | None:
        if len(arguments) == 2 and isinstance(arguments[1], ast.Constant) and arguments[1].value is ...:
            return self._list(self.schema(arguments[0]), is_set=False)
        items = [self.schema(one) for one in arguments]
        if any(item is None for item in items):
            return None
        size = {"minItems": len(items), "maxItems": len(items)}
        if all(item == items[0] for item in items):
            return {"type": "array", "items": items[0], **size}
        if self.strict:
            hint = "use a TypedDict or a dataclass, or pass --no-strict"
            return self._refuse(node, "strict functions take no list whose items differ in type", hint)
        return {"type": "array", "prefixItems": items, "items": False, **size}

    def _map(self, arguments: Sequence[ast.expr], node: ast.expr) -> Schema | None:
        if len(arguments) != 2 or self.module.name_of(arguments[0]) != "str":
            return self._refuse(node, "the keys of a JSON object are text", "write `dict[str, ...]`")
        if self.strict:
            return self._free("dict", node)
        values = self.schema(arguments[1])
        return None if values is None else {"type": "object", "additionalProperties": values or True}

    def _literal(self, arguments: Sequence[ast.expr], node: ast.expr) -> Schema | None:
        values = [self.module.literal(one) for one in arguments]
        if NOTHING in values:
            return self._refuse(node, "a value of `Literal` is not written out", "write the values themselves")
        return of_values(values)

    def _union(self, members: Sequence[ast.expr], node: ast.expr) -> Schema | None:
        schemas = [self.schema(one) for one in members]
        found = [one for one in schemas if one is not None]
        if len(found) < len(schemas):
            return None
        real = [one for one in found if one != _PLAIN["None"]]
        if not real:
            return dict(_PLAIN["None"])
        made = real[0] if len(real) == 1 else _any_of(real)
        return nullable(made) if len(real) < len(found) else made

    def annotated(self, schema: Schema | None, metadata: Sequence[ast.expr]) -> Schema | None:
        """A schema with what stands beside it in `Annotated`."""
        for one in metadata:
            if schema is None:
                return None
            said = self.module.literal(one)
            if isinstance(said, str):
                schema = {**schema, "description": said}
            elif isinstance(one, ast.Call):
                schema = self.described_by(schema, one)
        return schema

    def described_by(self, schema: Schema, call: ast.Call) -> Schema:
        """A schema with what `Field(...)`, or another call in `Annotated`, says of it."""
        short = (self.module.name_of(call.func) or "").rpartition(".")[2]
        given = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
        if short in _BOUNDS and call.args:
            given = {_BOUNDS[short]: call.args[0]}
        elif short == "Doc" and call.args:
            given = {"description": call.args[0]}
        elif short != "Field":
            return schema
        made = dict(schema)
        for key, node in given.items():
            if key != "description" and key not in _FIELD_KEYS:
                continue
            value = self.module.literal(node)
            if value is NOTHING:
                self.module.refuse("not-literal", f"`{key}` is not written out", node, "write the value itself")
                continue
            if key == "description":
                made["description"] = value
            else:
                _limit(made, key, value)
        return made

    def _class(self, name: str) -> Schema | None:
        if name in self._open:
            self._recursive.add(name)
            return {"$ref": f"#/$defs/{name}"}
        if name in self.definitions:
            return {"$ref": f"#/$defs/{name}"}
        self._open.append(name)
        try:
            made = self.of_class(self.module.classes[name], self)
        finally:
            self._open.pop()
        if made is not None and name in self._recursive:
            self.definitions[name] = made
            return {"$ref": f"#/$defs/{name}"}
        return made

    def _alias(self, name: str) -> Schema | None:
        value = self.module.assigned[name]
        self._open.append(name)
        try:
            match value:
                case ast.Call(func=made_by, args=[_, of]) if (self.module.name_of(made_by) or "").endswith("NewType"):
                    value = of
            return self.schema(value)
        finally:
            self._open.pop()

    def _refuse(self, node: ast.AST, summary: str, hint: str) -> Schema | None:
        self.module.refuse("unreadable-type", f"the type cannot be told: {summary}", node, hint)
        return None


def of_values(values: Sequence[Any]) -> Schema:
    """One of these values, each once."""
    values = list({canonical(value): value for value in values}.values())
    names = dict.fromkeys(_type_of(value) for value in values)
    return {"type": next(iter(names)) if len(names) == 1 else list(names), "enum": values}


def nullable(schema: Schema) -> Schema:
    """The same, or null."""
    if not schema or accepts_null(schema):
        return schema
    if "type" in schema:
        kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        values = {"enum": [*schema["enum"], None]} if "enum" in schema else {}
        return {**schema, "type": [*kinds, "null"], **values}
    if "anyOf" in schema:
        return {**schema, "anyOf": [*schema["anyOf"], {"type": "null"}]}
    said = {"description": schema["description"]} if "description" in schema else {}
    return {**said, "anyOf": [{k: v for k, v in schema.items() if k != "description"}, {"type": "null"}]}


def accepts_null(schema: Schema) -> bool:
    """Whether null is among what a schema takes."""
    kinds = schema.get("type", ())
    return "null" in ([kinds] if isinstance(kinds, str) else kinds) or any(map(accepts_null, schema.get("anyOf", ())))


def _any_of(schemas: Sequence[Schema]) -> Schema:
    """Any of several; plain types are one list of types."""
    if all(one.keys() == {"type"} and isinstance(one["type"], str) for one in schemas):
        kinds = list(dict.fromkeys(one["type"] for one in schemas))
        if "number" in kinds and "integer" in kinds:
            kinds.remove("integer")
        return {"type": kinds if len(kinds) > 1 else kinds[0]}
    return {"anyOf": list(schemas)}


def _limit(schema: Schema, key: str, value: Any) -> None:
    name = _FIELD_KEYS[key]
    kinds = schema.get("type", ())
    if "Length" in name and "array" in ([kinds] if isinstance(kinds, str) else kinds):
        name = name.replace("Length", "Items")
    schema[name] = value


def _alternatives(node: ast.expr) -> list[ast.expr]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return [*_alternatives(node.left), *_alternatives(node.right)]
    return [node]


def _type_of(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    names = {str: "string", int: "integer", float: "number", list: "array", dict: "object", type(None): "null"}
    return names[type(value)]
