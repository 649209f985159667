"""Manifests of assistants by chance: values of every field, other spellings of the same, and live objects as a
provider that knows more would show them.

A *spelling* is a way to write one value: 1 for 1.0, CRLF for LF, tools in another order, a default written out. What is
not a spelling is another value: true for 1, an order that has a meaning, a final newline.
"""

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from asstctl.core.address import Address
from asstctl.core.resource import Desired
from tests.engine.fakes import KIND

KEYS = ("a", "b", "c")

TEXTS = st.sampled_from(["", "Be kind.", "Be\nkind.\n", "Be\n\nkind.", "要友好\n", " Be kind."])
LEAVES = st.sampled_from([None, True, False, 0, 1, 2, 0.5, "", "x", "x\ny", [1, 2], [True, 1], {"k": 1}, {}])
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("pqr"), inner, max_size=2),
    max_leaves=4,
)
PARAMETERS = st.dictionaries(
    st.sampled_from(["x", "y"]),
    st.fixed_dictionaries({"type": st.just("string")}, optional={"default": LEAVES, "enum": st.just(["b", "a"])}),
    max_size=2,
).map(lambda properties: {"type": "object", "properties": properties})
FUNCTIONS = st.fixed_dictionaries(
    {"name": st.sampled_from(["f", "g"])},
    optional={"description": TEXTS, "parameters": PARAMETERS, "strict": st.booleans()},
).map(lambda function: {"type": "function", "function": function})
SEARCH = st.fixed_dictionaries(
    {"type": st.just("file_search")},
    optional={
        "file_search": st.fixed_dictionaries(
            {},
            optional={
                "max_num_results": st.sampled_from([1, 20]),
                "ranking_options": st.sampled_from([{"score_threshold": 0.5, "ranker": "auto"}]),
            },
        )
    },
)
TOOLS = st.lists(
    FUNCTIONS | SEARCH | st.just({"type": "code_interpreter"}),
    max_size=3,
    unique_by=lambda tool: (tool["type"], tool.get("function", {}).get("name")),
)
FORMATS = st.sampled_from(
    [
        "auto",
        {"type": "text"},
        {"type": "json_object"},
        {"type": "json_schema", "json_schema": {"name": "s", "schema": {"type": "object", "x": 1}}},
    ]
)
VALUES: Mapping[str, st.SearchStrategy[Any]] = {
    "name": TEXTS,
    "description": TEXTS,
    "instructions": TEXTS,
    "tools": TOOLS,
    "temperature": st.sampled_from([0, 0.5, 1, 2]),
    "top_p": st.sampled_from([0, 0.5, 1]),
    "metadata": st.dictionaries(st.sampled_from("xyz"), st.sampled_from(["", "1", "a\nb"]), max_size=3),
    "response_format": FORMATS,
    "reasoning_effort": st.sampled_from(["low", "high"]),
    "extensions.text": JSON,
    "extensions.surprise": JSON,
}
FIELDS = st.fixed_dictionaries({}, optional={name: values | st.none() for name, values in VALUES.items()})
"""The fields of one assistant beside its model; null is written where a person would write it."""

MANIFESTS = st.dictionaries(st.sampled_from(KEYS), FIELDS, min_size=1)


def desired(manifests: Mapping[str, Mapping[str, Any]]) -> list[Desired]:
    """What files that say this mean."""
    return [Desired(Address(KIND, key), {"model": "gpt-4o", **fields}) for key, fields in manifests.items()]


@st.composite
def spelled(draw: st.DrawFn, fields: Mapping[str, Any]) -> dict[str, Any]:
    """The same manifest in another spelling."""
    names = draw(st.permutations(sorted(fields)))
    return {name: draw(_spelling(name, fields[name])) for name in names}


@st.composite
def _spelling(draw: st.DrawFn, name: str, value: Any) -> Any:
    if name == "tools" and value is not None:
        value = draw(st.permutations(value))
    if value is None and not name.startswith("extensions.") and name != "reasoning_effort":
        return draw(st.sampled_from([None, *_DEFAULTS.get(name, ())]))
    return _respelled(draw, value)


_DEFAULTS: Mapping[str, list[Any]] = {
    "name": [""],
    "description": [""],
    "instructions": [""],
    "temperature": [1, 1.0],
    "top_p": [1, 1.0],
    "tools": [[]],
    "metadata": [{}],
    "response_format": ["auto"],
}


def _respelled(draw: st.DrawFn, value: Any) -> Any:
    match value:
        case bool() | None:
            return value
        case int() | float():
            return float(value) if draw(st.booleans()) else value
        case str():
            return value.replace("\n", draw(st.sampled_from(["\n", "\r\n", "\r"])))
        case dict():
            return {key: _respelled(draw, value[key]) for key in draw(st.permutations(sorted(value)))}
        case list():
            return [_respelled(draw, item) for item in value]
    raise TypeError(value)


def other(value: Any) -> Any:
    """A value that is not the same, although Python may think so; the value itself where there is none near."""
    match value:
        case bool():
            return int(value)
        case 0 | 1:
            return bool(value)
        case str() if value:
            return f"{value}\n"
        case list() if len(value) > 1 and value != value[::-1]:
            return value[::-1]
        case list():
            return [other(item) for item in value]
        case dict():
            return {key: other(item) for key, item in value.items()}
    return value
