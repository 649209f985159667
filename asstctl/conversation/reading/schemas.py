"""The schemas of `*.convo.yaml` and `*.stubs.yaml`, for editors: what the models say, and what is checked without one.

Below a conversation nearly every value may be a template, so that any of them stands beside its type. What a
conversation has from `defaults` is merged, so that nothing is required of what could be there. Operators, matchers and
stubs say themselves what they take (`shapes`), and their modules' docstrings what they mean.
"""

from collections.abc import Iterable, Mapping

from pydantic import BaseModel

from asstctl.conversation.checks import CHECKS
from asstctl.conversation.checks import __name__ as checks_package
from asstctl.conversation.checks.check import NOT
from asstctl.conversation.matchers import MATCHERS
from asstctl.conversation.reading.conversations import AS_TYPED
from asstctl.conversation.reading.models import (
    INHERITED,
    ClosingModel,
    ConversationModel,
    DefaultsModel,
    LongCallModel,
    NestedModel,
    SeveralModel,
    SingleModel,
    StubsFileModel,
    ThreadModel,
    TurnModel,
)
from asstctl.conversation.shapes import ANSWER, PATTERN, SOME_TEXT, map_of, means, one_or_list
from asstctl.conversation.stubs import STUBS
from asstctl.conversation.stubs.fault import SLOWEST
from asstctl.conversation.stubs.rules import EVERY, WORDS
from asstctl.documents.attribute_docs import docs_of, first_paragraph
from asstctl.documents.json_schema import (
    NAME,
    Maker,
    Mode,
    Schema,
    closed,
    deeply_templated,
    described,
    keys_of,
    nullable,
    or_template,
    required_of,
)

_TEMPLATED = Mode(templated=True)
_SEVERAL = "conversations"


def conversation_schema() -> Schema:
    """The schema of a `*.convo.yaml`, which holds one conversation or several."""
    maker = _maker()
    several = maker.define("Several", lambda: maker.object_of(SeveralModel))
    single = maker.define("Single", lambda: _conversation(maker, SingleModel, merged=False))
    said = docs_of(SeveralModel).attributes[_SEVERAL]
    root = {
        "type": "object",
        "required": ["assistant"],
        "properties": {_SEVERAL: {"description": said}},
        "if": {"required": [_SEVERAL]},
        "then": several,
        "else": single,
    }
    return maker.document("conversation", "Conversations with an assistant", root)


def stubs_schema() -> Schema:
    """The schema of a `*.stubs.yaml`."""
    maker = _maker()
    root = {**maker.object_of(StubsFileModel), "anyOf": [{"required": ["stubs"]}, {"required": ["use"]}]}
    return maker.document("stubs", "Stubs for conversations", root)


def _maker() -> Maker:
    return Maker(
        {
            "matrix": _matrix,
            "exclude": lambda maker, mode: nullable(maker, {"type": "array", "items": _EXCLUDED}),
            "thread": lambda maker, mode: nullable(maker, maker.model(ThreadModel, mode)),
            "stubs": lambda maker, mode: nullable(maker, maker.define("Stubs", lambda: _stubs(maker))),
            "turns": lambda maker, mode: {"type": "array", "minItems": 1, "items": maker.model(TurnModel, _TEMPLATED)},
            "finally": lambda maker, mode: or_template(maker, nullable(maker, maker.model(ClosingModel, _TEMPLATED))),
            "calls": lambda maker, mode: {"type": "array", "items": maker.define("Call", lambda: _call(maker))},
            "TurnModel.expect": lambda maker, mode: _expect(maker, closing=False),
            "ClosingModel.expect": lambda maker, mode: _expect(maker, closing=True),
            "save": lambda maker, mode: nullable(maker, maker.define("Saves", lambda: _saves(maker))),
            "LongCallModel.args": lambda maker, mode: nullable(maker, _arguments(maker)),
            "LongCallModel.where": _where,
            "SeveralModel.defaults": _defaults,
            _SEVERAL: _conversations,
        }
    )


def _conversations(maker: Maker, mode: Mode) -> Schema:
    nested = maker.define("Nested", lambda: _conversation(maker, NestedModel, merged=True))
    return {"type": "array", "minItems": 1, "items": nested}


def _conversation(maker: Maker, model: type[BaseModel], *, merged: bool) -> Schema:
    properties = {key: _conversation_field(maker, model, key, merged=merged) for key in keys_of(model)}
    return closed(properties, required_of(model), docs_of(model).text)


def _defaults(maker: Maker, mode: Mode) -> Schema:
    return nullable(maker, maker.define("Defaults", lambda: _inherited(maker)))


def _inherited(maker: Maker) -> Schema:
    said = docs_of(DefaultsModel).attributes
    names = {info.alias or name: name for name, info in DefaultsModel.model_fields.items()}
    fields = {key: _conversation_field(maker, ConversationModel, key, merged=True) for key in names}
    return closed({key: {**schema, "description": said[names[key]]} for key, schema in fields.items()})


def _conversation_field(maker: Maker, model: type[BaseModel], key: str, *, merged: bool) -> Schema:
    is_merged = merged and key in INHERITED
    schema = maker.property_of(model, key, Mode(partial=is_merged, templated=key not in AS_TYPED))
    return nullable(maker, schema) if is_merged else schema


_EXCLUDED: Schema = {"type": "object", "minProperties": 1}


def _matrix(maker: Maker, mode: Mode) -> Schema:
    values = {"type": ["string", "number", "boolean"], "not": {"enum": [""]}}
    axis: Schema = {"type": "array", "minItems": 1, "uniqueItems": True, "items": values}
    axis = nullable(maker, axis) if mode.partial else axis
    matrix = {"type": "object", "minProperties": 1, "propertyNames": NAME, "additionalProperties": axis}
    return nullable(maker, matrix)


def _pattern(maker: Maker) -> Schema:
    """A value; in an object matchers are offered, and one of them makes it a matcher."""
    return {
        "properties": {name: deeply_templated(maker, dict(one.takes)) for name, one in MATCHERS.items()},
        "additionalProperties": PATTERN,
        "items": PATTERN,
        "if": {"type": "object", "not": {"propertyNames": {"pattern": r"^([^$]|$)"}}},
        "then": {"propertyNames": {"enum": list(MATCHERS)}},
    }


def _arguments(maker: Maker) -> Schema:
    maker.define("Pattern", lambda: _pattern(maker))
    return {"type": "object", "allOf": [PATTERN]}


def _where(maker: Maker, mode: Mode) -> Schema:
    maker.define("Pattern", lambda: _pattern(maker))
    return {"type": "object", "additionalProperties": PATTERN}


def _call(maker: Maker) -> Schema:
    """The long form, told by its key `call`; else one function with its arguments."""
    said = {"call": {"description": docs_of(LongCallModel).attributes["call"]}}
    short = {
        "type": "object",
        "minProperties": 1,
        "maxProperties": 1,
        "properties": said,
        "additionalProperties": or_template(maker, nullable(maker, _arguments(maker))),
    }
    is_long = {"type": "object", "required": ["call"], "properties": {"call": {"type": "string"}}}
    long = maker.model(LongCallModel, _TEMPLATED)
    return or_template(maker, {"if": is_long, "then": long, "else": short})


def _expect(maker: Maker, *, closing: bool) -> Schema:
    name = "ExpectFinally" if closing else "Expect"
    operators = maker.define(name, lambda: _operators(maker, closing=closing))
    lists = {"type": "array", "items": or_template(maker, operators)}
    return {"if": {"type": "array"}, "then": lists, "else": nullable(maker, operators)}


def _operators(maker: Maker, *, closing: bool) -> Schema:
    _arguments(maker)
    properties: Schema = {}
    for name, check in CHECKS.items():
        if check.closing or not closing:
            plain = name.removeprefix(NOT) if check.negated else name
            said = first_paragraph(f"{checks_package}.{plain.replace('-', '_')}")
            said = f"The opposite of `{plain}`.\n\n{said}" if check.negated else said
            value = dict(one_or_list(check.takes) if check.each else check.takes)
            properties[name] = described(deeply_templated(maker, value), {"description": said})
    return closed(properties)


def _saves(maker: Maker) -> Schema:
    of_reply = map_of(
        {
            "regex": means("What a regular expression finds in the reply.", SOME_TEXT),
            "json-path": means("What a JSONPath finds in the reply.", SOME_TEXT),
        }
    )
    source = {
        "if": {"type": "object"},
        "then": {**of_reply, "maxProperties": 1},
        "else": {"type": "string", "pattern": r"^(reply$|calls[.]|[^{]*\{[{%])"},
    }
    return {"type": "object", "propertyNames": NAME, "additionalProperties": source}


def _stubs(maker: Maker) -> Schema:
    rule = maker.define("Rule", lambda: _rule(maker))
    rules = dict(one_or_list(rule))
    every = {"if": {"enum": list(WORDS)}, "else": rules}
    said = "Every function: answers a call that no rule of its own does; `fail` is no answer, `empty` an empty one."
    return {"type": "object", "properties": {EVERY: {"description": said, **every}}, "additionalProperties": rules}


def _rule(maker: Maker) -> Schema:
    maker.define("Answer", lambda: _answer(maker, {}))
    seconds = {"type": "number", "exclusiveMinimum": 0, "maximum": SLOWEST}
    slow = {"slow": means("Seconds that the answer takes.", seconds)}
    maker.define("LateAnswer", lambda: _answer(maker, slow, required=["slow"]))
    when = means("What the arguments must be like; without it every call fits.", _arguments(maker))
    return _answer(maker, {"when": when})


def _answer(maker: Maker, more: Mapping[str, Mapping[str, object]], required: Iterable[str] = ()) -> Schema:
    """One answer, and what may stand beside it."""
    properties: Schema = {key: deeply_templated(maker, dict(schema)) for key, schema in more.items()}
    beside: dict[str, list[str]] = {}
    for kind in STUBS.values():
        said = first_paragraph(kind.read.__module__)
        takes = dict(kind.takes) if kind.takes == ANSWER else deeply_templated(maker, dict(kind.takes))
        properties[kind.key] = described(takes, {"description": said})
        for key, shape in kind.beside.items():
            properties[key] = deeply_templated(maker, dict(shape))
            beside.setdefault(key, []).append(kind.key)
    return {
        **closed(properties, list(required)),
        "oneOf": [{"required": [key]} for key in STUBS],
        "dependencies": {
            key: {"anyOf": [{"required": [kind]} for kind in kinds]} for key, kinds in sorted(beside.items())
        },
    }
