"""Whether a file's attributes pass the filter of a search.

Values are compared with values of their own kind only: a number with a number, a string with a string. A file that
lacks the attribute passes `ne` and `nin` and nothing else.
"""

import operator
from collections.abc import Callable, Mapping
from typing import Any

Json = Any

_ORDERS: Mapping[str, Callable[[Json, Json], bool]] = {
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
}


def passes(test: Json, attributes: Mapping[str, Json]) -> bool:
    match test["type"]:
        case "and":
            return all(passes(each, attributes) for each in test["filters"])
        case "or":
            return any(passes(each, attributes) for each in test["filters"])
    value, wanted = attributes.get(test["key"]), test["value"]
    match test["type"]:
        case "eq":
            return _same(value, wanted)
        case "ne":
            return not _same(value, wanted)
        case "in":
            return any(_same(value, each) for each in wanted)
        case "nin":
            return not any(_same(value, each) for each in wanted)
        case order:
            return _kind(value) is _kind(wanted) and value is not None and _ORDERS[order](value, wanted)


def _same(value: Json, wanted: Json) -> bool:
    return _kind(value) is _kind(wanted) and bool(value == wanted)


def _kind(value: Json) -> type:
    # True is a number to Python and none to JSON.
    return float if isinstance(value, (int, float)) and not isinstance(value, bool) else type(value)
