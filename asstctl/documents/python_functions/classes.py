"""Classes of the same file as JSON Schema: enumerations, and the maps that TypedDict, dataclass and BaseModel make."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from asstctl.documents.python_functions.annotations import Annotations, Schema, nullable, of_values
from asstctl.documents.python_functions.docstrings import Docstring, read_docstring
from asstctl.documents.python_functions.module import NOTHING, Module

_ENUMS = frozenset(f"enum.{name}" for name in ("Enum", "IntEnum", "StrEnum"))
_TYPED_DICTS = frozenset(("typing.TypedDict", "typing_extensions.TypedDict"))
_MODELS = frozenset(("pydantic.BaseModel",))
_DATACLASSES = frozenset(("dataclasses.dataclass", "pydantic.dataclasses.dataclass"))
_TUPLES = frozenset(("typing.NamedTuple",))
_FACTORIES = ("default", "default_factory")


@dataclass(frozen=True)
class Property:
    """One value that is to be given: a parameter, or a field of a class."""

    name: str
    annotation: ast.expr | None
    default: ast.expr | None
    required: bool
    node: ast.AST


def class_schema(owner: ast.ClassDef, types: Annotations) -> Schema | None:
    """The schema of a class; None, with the reason among the diagnostics, where it cannot be told."""
    module = types.module
    bases = list(_bases(owner, module, set()))
    if _ENUMS & set(bases):
        return _enum(owner, module, is_text="enum.StrEnum" in bases)
    is_dict = bool(_TYPED_DICTS & set(bases))
    decorators = {module.name_of(one.func if isinstance(one, ast.Call) else one) for one in owner.decorator_list}
    if not (is_dict or _MODELS & set(bases) or _DATACLASSES & decorators or _TUPLES & set(bases)):
        foreign = next((base for base in bases if base in module.imports.values()), None)
        why = (
            f"`{owner.name}` comes from `{foreign}`, in another file" if foreign else f"`{owner.name}` is a plain class"
        )
        hint = "make it an Enum, a TypedDict, a dataclass or a pydantic BaseModel of this file"
        module.refuse("unreadable-type", f"the type cannot be told: {why}", owner, hint)
        return None
    said = read_docstring(ast.get_docstring(owner))
    fields = {field.name: field for field in _fields(owner, module, is_dict=is_dict)}
    schema = object_schema(fields, said, types)
    return schema if schema is None or not said.text else {"description": said.text, **schema}


def object_schema(fields: Mapping[str, Property], said: Docstring, types: Annotations) -> Schema | None:
    """A map of these properties; None where the type of one cannot be told."""
    properties: Schema = {}
    for name, field in fields.items():
        properties[name] = property_schema(field, said, types)
    if None in properties.values():
        return None
    required = [name for name, field in fields.items() if field.required or types.strict]
    needs = {"required": required} if required or types.strict else {}
    return {"type": "object", "properties": properties, **needs, "additionalProperties": False}


def property_schema(field: Property, said: Docstring, types: Annotations) -> Schema | None:
    """The schema of one value, with its description and its default."""
    module = types.module
    if field.annotation is not None:
        schema = types.schema(field.annotation)
    elif field.name in said.types:
        schema = types.text(said.types[field.name], field.node)
    else:
        hint = f"annotate it: `{field.name}: str`"
        module.refuse("unreadable-type", f"`{field.name}` has no type", field.node, hint)
        return None
    if schema is None:
        return None
    default, call = field.default, field.default
    if isinstance(call, ast.Call) and (module.name_of(call.func) or "").rpartition(".")[2] in {"Field", "field"}:
        schema, default = types.described_by(schema, call), _default_of(call)
    text = said.parameters.get(field.name) or schema.get("description", "")
    value = NOTHING if default is None else module.literal(default)
    if not field.required and types.strict:
        if value is not NOTHING and value is not None:
            text = f"{_ended(text)} Null means the default, {_shown(value)}.".strip()
        schema = nullable(schema)
    elif not field.required and value is not NOTHING:
        schema = {**(nullable(schema) if value is None else schema), "default": value}
    if "$ref" in schema or not text:
        return schema
    return {"description": text, **{key: item for key, item in schema.items() if key != "description"}}


def _ended(text: str) -> str:
    """A text that another sentence follows."""
    return f"{text}." if text and (text[-1].isalnum() or text[-1] in ")]`'\"") else text


def _shown(value: Any) -> str:
    import json

    return json.dumps(value, ensure_ascii=False)


def _default_of(call: ast.Call) -> ast.expr | None:
    keyword = next((one.value for one in call.keywords if one.arg == "default"), None)
    return keyword or (call.args[0] if call.args else None)


def is_required(default: ast.expr | None, module: Module) -> bool:
    """Whether a value has to be given, by what it is set to."""
    if default is None:
        return True
    if isinstance(default, ast.Call) and (module.name_of(default.func) or "").rpartition(".")[2] in {"Field", "field"}:
        if any(keyword.arg in _FACTORIES for keyword in default.keywords):
            return False
        default = default.args[0] if default.args else None
    return default is None or (isinstance(default, ast.Constant) and default.value is ...)


def _bases(owner: ast.ClassDef, module: Module, seen: set[str]) -> Iterator[str]:
    """The full names of everything that a class comes from."""
    seen.add(owner.name)
    for node in owner.bases:
        name = module.name_of(node.value if isinstance(node, ast.Subscript) else node)
        if name in module.classes and name not in seen:
            yield from _bases(module.classes[name], module, seen)
        elif name:
            yield name


def _fields(
    owner: ast.ClassDef, module: Module, *, is_dict: bool, seen: frozenset[str] = frozenset()
) -> Iterator[Property]:
    """The fields of a class, those of its bases in this file first."""
    seen |= {owner.name}
    for base in owner.bases:
        name = module.name_of(base)
        if name in module.classes and name not in seen:
            yield from _fields(module.classes[name], module, is_dict=is_dict, seen=seen)
    total = not any(
        keyword.arg == "total" and isinstance(keyword.value, ast.Constant) and keyword.value.value is False
        for keyword in owner.keywords
    )
    for node in owner.body:
        if not isinstance(node, ast.AnnAssign) or not isinstance(node.target, ast.Name):
            continue
        outer = module.name_of(node.annotation.value) if isinstance(node.annotation, ast.Subscript) else None
        word = (outer or "").rpartition(".")[2]
        if word == "ClassVar" or node.target.id == "model_config" or _is_no_argument(node, module):
            continue
        required = is_required(node.value, module)
        if is_dict:
            required = word == "Required" or (total and word != "NotRequired")
        yield Property(node.target.id, node.annotation, node.value, required, node)


def _is_no_argument(node: ast.AnnAssign, module: Module) -> bool:
    """Whether a line of a dataclass says of no value that is given: `_: KW_ONLY`, or `field(init=False)`."""
    given = node.value.keywords if isinstance(node.value, ast.Call) else ()
    is_made = any(one.arg == "init" and module.literal(one.value) is False for one in given)
    return is_made or module.name_of(node.annotation) == "dataclasses.KW_ONLY"


def _enum(owner: ast.ClassDef, module: Module, *, is_text: bool) -> Schema | None:
    values: list[Any] = []
    for node in owner.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if not name.startswith("_"):
                said = module.literal(value)
                if said is NOTHING and is_text and _is_auto(value, module):
                    said = name.lower()
                if said is NOTHING:
                    hint = "write the value itself"
                    module.refuse("not-literal", f"the value of `{owner.name}.{name}` cannot be told", node, hint)
                else:
                    values.append(said)
    if not values:
        hint = "give it members with values"
        module.refuse("unreadable-type", f"the type cannot be told: `{owner.name}` has no members", owner, hint)
        return None
    text = read_docstring(ast.get_docstring(owner)).text
    return {**({"description": text} if text else {}), **of_values(values)}


def _is_auto(value: ast.expr, module: Module) -> bool:
    return isinstance(value, ast.Call) and module.name_of(value.func) in {"enum.auto", "auto"}
