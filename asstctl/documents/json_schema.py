"""JSON Schema draft-07 of what a file may say, for editors, made from the models that check the file.

`Maker` turns models and their annotations into schemas. Which member of a union is meant is said by `if` and `then`, so
that an editor offers the keys of that member and complains about it alone. Descriptions are docstrings
(`attribute_docs`); what a validator written by hand wants is said beside it with pydantic's `WithJsonSchema` and
`json_schema_extra`. Which documents there are, and what of theirs no model says, is for the packages that own them.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, Discriminator
from pydantic.fields import FieldInfo

from asstctl.core.json_text import json_lines
from asstctl.core.json_types import EMPTY
from asstctl.documents.attribute_docs import docs_of
from asstctl.documents.yaml import parse_yaml

DRAFT = "http://json-schema.org/draft-07/schema#"

Schema = dict[str, Any]

_NO_WORD = r":-@\[-\^`{-\u00a0"
"""What is no letter, digit or `_`, from `:` on. Of what is beyond ASCII, a schema cannot tell what a letter is."""

NAME: Schema = {"type": "string", "pattern": rf"^[^\u0000-@\[-\^`{{-\u00a0][^\u0000-/{_NO_WORD}]*$"}
"""A name that a template can say."""

DASHED: Schema = {"type": "string", "pattern": rf"^[^\u0000-/{_NO_WORD}][^\u0000-,./{_NO_WORD}]{{0,59}}$"}
"""Letters, digits, `_` and `-`."""

DOTTED: Schema = {"type": "string", "pattern": rf"^[^\u0000-/{_NO_WORD}][^\u0000-,/{_NO_WORD}]{{0,59}}$"}
"""The same, and `.`."""

TEMPLATE: Schema = {"type": "string", "pattern": r"\{[{%]"}
EXPRESSION: Schema = {"type": "string", "pattern": r"^\s*\{\{[\s\S]*\}\}\s*$"}
"""One `{{ expression }}`, which keeps its type."""

_SAID = frozenset(("description", "default", "examples"))
"""What a schema says to people alone."""

_PLAIN_TYPES: Mapping[Any, str] = {str: "string", int: "integer", float: "number", bool: "boolean", NoneType: "null"}
_LIMITS = {"ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum", "lt": "exclusiveMaximum", "pattern": "pattern"}
_LENGTHS = {"min_length": ("minLength", "minItems"), "max_length": ("maxLength", "maxItems")}


@dataclass(frozen=True)
class Mode:
    """How a value is written. `partial`: it is merged with another, so that any key may be missing or null;
    `templated`: any value in it may be a template."""

    partial: bool = False
    templated: bool = False

    @property
    def whole(self) -> "Mode":
        """The same for what is replaced and never merged."""
        return replace(self, partial=False)


WHOLE = Mode()

StandsFor = Callable[["Maker", Mode], Schema]


@dataclass
class Maker:
    """Makes the schemas of one document. What has a name of its own ends up in `definitions`.

    `stands_for` are the fields, by their keys, whose annotation does not say what they hold: `Any`, because what lies
    below is checked on its own.
    """

    stands_for: Mapping[str, StandsFor] = field(default_factory=lambda: EMPTY)
    definitions: Schema = field(default_factory=dict)

    def define(self, name: str, make: Callable[[], Schema]) -> Schema:
        """A reference to what is made once under a name, and is called by it where editors say what is wanted. It may
        refer to itself."""
        if name not in self.definitions:
            self.definitions[name] = {}
            made = make()
            self.definitions[name] |= {"title": _words(name), **made} if made.get("type") == "object" else made
        return {"$ref": f"#/definitions/{name}"}

    def document(self, name: str, title: str, schema: Schema) -> Schema:
        """The whole schema of a document."""
        head = {"$schema": DRAFT, "$id": f"urn:asstctl:schema:{name}", "title": title}
        used = _referred(schema, self.definitions)
        definitions = {one: self.definitions[one] for one in sorted(used)}
        return {**head, **schema, **({"definitions": definitions} if definitions else {})}

    def model(self, model: type[BaseModel], mode: Mode = WHOLE) -> Schema:
        """A reference to the schema of a model."""
        kind = f"{'Partial' if mode.partial else ''}{'Templated' if mode.templated else ''}"
        return self.define(model.__name__.removesuffix("Model") + kind, lambda: self.object_of(model, mode))

    def object_of(self, model: type[BaseModel], mode: Mode = WHOLE) -> Schema:
        """The schema of a model itself."""
        properties = {key: self.property_of(model, key, mode) for key in keys_of(model)}
        if mode.partial:
            properties = {key: nullable(self, schema) for key, schema in properties.items()}
        required = [] if mode.partial else required_of(model)
        extra = model.model_config.get("json_schema_extra")
        more = dict(extra) if isinstance(extra, dict) and not mode.partial else {}
        return closed(properties, required, docs_of(model).text) | more

    def property_of(self, model: type[BaseModel], key: str, mode: Mode = WHOLE) -> Schema:
        """The schema of one field, by the key that a file has for it, with what is said of it."""
        name, info = _field(model, key)
        stands_for = self.stands_for.get(f"{model.__name__}.{key}") or self.stands_for.get(key)
        if stands_for is not None:
            schema = stands_for(self, mode)
        else:
            schema = _limited(self.of(info.annotation, mode, info.metadata), info.metadata)
        schema = or_template(self, schema) if mode.templated else schema
        docs = docs_of(model)
        said: Schema = {"description": docs.attributes.get(name, "")}
        if isinstance(info.default, str | int | float) and info.default != "":
            said["default"] = info.default
        if name in docs.examples:
            (document,), _ = parse_yaml(docs.examples[name], name)
            said["examples"] = [document.value]
        return described(schema, said)

    def of(self, annotation: Any, mode: Mode = WHOLE, metadata: Sequence[Any] = ()) -> Schema:
        """The schema of an annotation; `metadata` is what pydantic has taken off it already."""
        if stated := next((one.json_schema for one in metadata if hasattr(one, "json_schema")), None):
            return dict(stated)
        origin, arguments = get_origin(annotation), get_args(annotation)
        if origin is Annotated:
            inner, *more = arguments
            more = [part for one in more for part in (one.metadata if isinstance(one, FieldInfo) else (one,))]
            return _limited(self.of(inner, mode, more), more)
        if origin is Literal:
            return {"enum": list(arguments)}
        if origin in (Union, UnionType):
            return self._union(arguments, mode, metadata)
        if origin is dict:
            return self._map(arguments[0], arguments[1], mode)
        if origin is tuple:
            return {"type": "array", "items": self._item(arguments[0], mode.whole)}
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            return self.model(annotation, mode)
        return {} if annotation is Any else {"type": _PLAIN_TYPES[annotation]}

    def _item(self, annotation: Any, mode: Mode) -> Schema:
        schema = self.of(annotation, mode)
        return or_template(self, schema) if mode.templated else schema

    def _map(self, keys: Any, values: Any, mode: Mode) -> Schema:
        names = {name: rule for name, rule in self.of(keys).items() if name != "type"}
        item = self._item(values, mode)
        schema: Schema = {"type": "object", "additionalProperties": nullable(self, item) if mode.partial else item}
        return schema | ({"propertyNames": names} if names else {})

    def _union(self, members: Sequence[Any], mode: Mode, metadata: Sequence[Any]) -> Schema:
        real = [member for member in members if member is not NoneType]
        choice = next((one.discriminator for one in metadata if isinstance(one, Discriminator)), None)
        schema = self._chosen(real, choice, mode.whole) if callable(choice) else self.of(real[0], mode)
        assert callable(choice) or len(real) == 1, "a union without by_key or by_shape"
        return nullable(self, schema) if len(real) < len(members) else schema

    def _chosen(self, members: Sequence[Any], choose: Callable[[Any], Any], mode: Mode) -> Schema:
        """The schema of a union, which member being told by `choose`, as `by_key` and `by_shape` made it."""
        by_tag = {tag: member for member in members for tag in _tags(member)}
        made = self._by_key if choose({}) is None else self._maps
        schema = made(by_tag, choose, mode)
        scalar, several = choose("x"), choose([])
        otherwise = self.of(by_tag[scalar], mode) if scalar in by_tag and scalar != choose({}) else schema
        if several in by_tag and several not in (scalar, choose({})):
            otherwise = {"if": {"type": "array"}, "then": self.of(by_tag[several], mode), "else": otherwise}
        return schema if otherwise is schema else {"if": {"type": "object"}, "then": schema, "else": otherwise}

    def _by_key(self, by_tag: Mapping[str, Any], choose: Callable[[Any], Any], mode: Mode) -> Schema:
        key = choose.__name__
        chosen = {
            tag.strip("<>"): self.of(member, mode)
            for tag, member in by_tag.items()
            if "$ref" in (found := self.of(member, mode)) and self._has(found, key)
        }
        return one_of_kinds(key, chosen, self._said_of(chosen, key))

    def _has(self, reference: Schema, key: str) -> bool:
        return key in self._definition(reference).get("properties", {})

    def _said_of(self, chosen: Mapping[str, Schema], key: str) -> str:
        """What the members say of the key that tells them apart."""
        said = {name: self._definition(one)["properties"][key]["description"] for name, one in chosen.items()}
        return "\n".join(f"- `{name}`: {text}" for name, text in said.items())

    def _definition(self, reference: Schema) -> Schema:
        found: Schema = self.definitions[reference["$ref"].rpartition("/")[2]]
        return found

    def _maps(self, by_tag: Mapping[str, Any], choose: Callable[[Any], Any], mode: Mode) -> Schema:
        """The members that are maps, each told by keys that `choose` was seen to go by; the last is the others'."""
        last = choose({})
        schema = self.of(by_tag[last], mode)
        for tag, member in by_tag.items():
            model = _model_of(member)
            telling = [key for key in keys_of(model) if choose({key: "x"}) == tag] if model and tag != last else []
            if telling:
                alone = all(choose({key: "x", "_": 1}) != tag for key in telling)
                told: Schema = {"anyOf": [{"required": [key]} for key in telling]}
                told = told if len(telling) > 1 else {"required": telling}
                schema = {
                    "if": {"type": "object", **told, **({"maxProperties": 1} if alone else {})},
                    "then": self.of(member, mode),
                    "else": schema,
                }
        return schema


def _words(name: str) -> str:
    """The name of a definition for people, without what tells it from others of its model."""
    plain = re.sub(r"(?:Partial|Templated|OrNull)+$", "", name)
    return re.sub(r"(?<=[a-z])(?=[A-Z])|[-_]", " ", plain).lower()


def keys_of(model: type[BaseModel]) -> list[str]:
    """The keys that a file has for the fields of a model, in their order."""
    return [info.alias or name for name, info in model.model_fields.items()]


def required_of(model: type[BaseModel]) -> list[str]:
    """Those of them that have to be there."""
    return [info.alias or name for name, info in model.model_fields.items() if info.is_required()]


def closed(properties: Schema, required: Sequence[str] = (), description: str = "") -> Schema:
    """A map of these keys and no other."""
    said: Schema = {"description": description} if description else {}
    needs: Schema = {"required": list(required)} if required else {}
    return {**said, "type": "object", "properties": properties, **needs, "additionalProperties": False}


def one_of_kinds(key: str, kinds: Mapping[str, Schema], description: str) -> Schema:
    """A map that is one of several kinds, told by the value of a key."""
    return {
        "type": "object",
        "required": [key],
        "properties": {key: {"description": description, "enum": list(kinds)}},
        "allOf": [
            {"if": {"type": "object", "required": [key], "properties": {key: {"const": kind}}}, "then": schema}
            for kind, schema in kinds.items()
        ],
    }


def described(schema: Schema, said: Schema) -> Schema:
    """A schema with what is said of it, which draft-07 takes no notice of beside a reference."""
    inner = {"allOf": [schema]} if "$ref" in schema else {k: v for k, v in schema.items() if k not in said}
    return {**{key: value for key, value in said.items() if value != ""}, **inner}


def nullable(maker: Maker, schema: Schema) -> Schema:
    """The same, or null."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        if name.endswith("OrNull"):
            return schema
        return maker.define(f"{name}OrNull", lambda: nullable(maker, maker.definitions[name]))
    if "else" in schema:
        return {**schema, "else": nullable(maker, schema["else"])}
    if "enum" in schema:
        return {**schema, "enum": [*schema["enum"], *([] if None in schema["enum"] else [None])]}
    if "type" in schema:
        types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        return {**schema, "type": types if "null" in types else [*types, "null"]}
    if "allOf" in schema:
        return {**schema, "allOf": [nullable(maker, one) for one in schema["allOf"]]}
    return schema


def or_template(maker: Maker, schema: Schema) -> Schema:
    """The same, or a template that becomes it: everything that is wrong is said of the schema alone."""
    plain = schema.get("type") == "string" and not {"pattern", "enum", "not"} & schema.keys()
    if not schema.keys() - _SAID or plain:
        return schema
    return _unless(maker.define("Template", lambda: TEMPLATE), schema)


def or_expression(maker: Maker, schema: Schema) -> Schema:
    """The same, or an expression that gives it."""
    return _unless(maker.define("Expression", lambda: EXPRESSION), schema)


def _unless(condition: Schema, schema: Schema) -> Schema:
    """The schema, but for what meets the condition, of which nothing is said: editors would show that for the field."""
    if schema.get("if") == condition or schema == condition:
        return schema
    said = {key: value for key, value in schema.items() if key in _SAID}
    return {**said, "if": condition, "else": {key: value for key, value in schema.items() if key not in _SAID}}


def deeply_templated(maker: Maker, schema: Schema) -> Schema:
    """The same with a template for any value inside of it."""
    inner = dict(schema)
    if "properties" in inner:
        inner["properties"] = {key: deeply_templated(maker, one) for key, one in inner["properties"].items()}
    for key in ("items", "additionalProperties", "then", "else"):
        if isinstance(inner.get(key), dict):
            inner[key] = deeply_templated(maker, inner[key])
    return or_template(maker, inner)


def schema_text(schema: Schema) -> str:
    """A schema as a file holds it: in the order in which it was made, so that two makings give the same bytes."""
    return "\n".join(json_lines(schema)) + "\n"


def _field(model: type[BaseModel], key: str) -> tuple[str, FieldInfo]:
    return next((name, info) for name, info in model.model_fields.items() if key == (info.alias or name))


def _model_of(member: Any) -> type[BaseModel] | None:
    inner = get_args(member)[0] if get_origin(member) is Annotated else member
    return inner if isinstance(inner, type) and issubclass(inner, BaseModel) else None


def _tags(member: Any) -> Iterable[str]:
    return (one.tag for one in get_args(member)[1:] if hasattr(one, "tag"))


def _limited(schema: Schema, metadata: Iterable[Any]) -> Schema:
    """A schema with the limits of pydantic's metadata."""
    limits: Schema = {}
    for one in metadata:
        if hasattr(one, "json_schema"):
            continue
        limits |= {
            ours: getattr(one, theirs) for theirs, ours in _LIMITS.items() if getattr(one, theirs, None) is not None
        }
        for theirs, ours in _LENGTHS.items():
            if getattr(one, theirs, None) is not None:
                limits[ours["array" in str(schema.get("type"))]] = getattr(one, theirs)
    return {**schema, **limits}


def _referred(schema: Any, definitions: Schema) -> set[str]:
    """The definitions that a schema leads to, through others too."""
    found: set[str] = set()
    pending = [schema]
    while pending:
        one = pending.pop()
        if isinstance(one, dict):
            name = str(one.get("$ref", "")).rpartition("/")[2]
            if name and name not in found:
                found.add(name)
                pending.append(definitions[name])
            pending += one.values()
        elif isinstance(one, list):
            pending += one
    return found
