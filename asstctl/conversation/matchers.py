"""Patterns: JSON values whose objects may hold `$`-matchers, and how an actual value differs from one.

A pattern is the plain JSON that a user wrote. An object with `$` keys is a matcher (all of its keys must
hold); any other object is matched key by key, partially unless asked for an exact match; everything else is
compared as a value, where 1 is 1.0 and a boolean is no number. To add a matcher, add a row to MATCHERS.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeGuard

from asstctl.conversation.late import Late
from asstctl.conversation.shapes import (
    ANYTHING,
    ONLY_TRUE,
    PATTERN,
    SOME_TEXT,
    Shape,
    list_of,
    map_of,
    means,
    one_or_list,
)
from asstctl.conversation.text import fold, shown
from asstctl.core.change import ABSENT, Absent
from asstctl.core.conversation import Mismatch
from asstctl.core.json_text import json_text
from asstctl.core.json_types import Json
from asstctl.documents.regex import RegexTimeout, check_regex, search

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Matcher:
    """One `$` key: whether it holds for (wanted, actual), what is wrong with a wanted value (None: nothing), and what
    such a value looks like.

    `sees_absence`: it is asked about values that are not there too; for the others those never match.
    `takes_pattern`: the wanted value is itself a pattern.
    """

    holds: Callable[[Json, Json | Absent], bool]
    refuses: Callable[[Json], str | None]
    takes: Shape
    sees_absence: bool = False
    takes_pattern: bool = False


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where an actual value is not as a pattern says: the path inside both, and what was expected there.

    `undecided`: why it could not be compared, which counts as not being as expected.
    """

    at: Path
    expected: str
    actual: Json | Absent
    undecided: Exception | None = None

    def mismatch(self, *, below: str = "", note: str = "") -> Mismatch:
        """As both sides are shown: with the path that leads to the pattern, and a remark on the actual value."""
        path = ".".join([*([below] if below else []), *map(str, self.at)])
        return Mismatch(path, self.expected, shown(self.actual) + (f" ({note})" if note else ""))


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a pattern: the path inside it, and whether its key or its value is meant."""

    at: Path
    summary: str
    hint: str = ""
    of_key: bool = True
    unknown: str = ""  # the unknown matcher, for a suggestion


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_list(value: object) -> TypeGuard[Sequence[Json]]:
    return isinstance(value, Sequence) and not isinstance(value, str)


def same(left: Json | Absent, right: Json | Absent) -> bool:
    """Equality of JSON values: 1 is 1.0, true is not 1."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return left.keys() == right.keys() and all(same(left[k], right[k]) for k in left)
    if _is_list(left) and _is_list(right):
        return len(left) == len(right) and all(map(same, left, right))
    return left == right


def mismatches(pattern: Json, actual: Json | Absent, *, exact: bool = False, path: str = "") -> tuple[Mismatch, ...]:
    """Every place where `actual` is not as the pattern says; empty when it matches. Paths begin with `path`."""
    return tuple(found.mismatch(below=path) for found in differences(pattern, actual, exact=exact))


def differences(pattern: Json, actual: Json | Absent, *, exact: bool = False, at: Path = ()) -> Iterator[Difference]:
    """The same, as values.

    `exact` refuses keys of objects that the pattern does not name, at every depth. Lists are compared item
    by item and must be of one length.
    """
    if is_matcher(pattern):
        yield from _unmet(pattern, actual, at)
    elif isinstance(pattern, Mapping) and isinstance(actual, Mapping):
        for key, wanted in pattern.items():
            yield from differences(wanted, actual.get(key, ABSENT), exact=exact, at=(*at, key))
        if exact:
            for key in actual:
                if key not in pattern:
                    yield Difference((*at, key), "absent", actual[key])
    elif _is_list(pattern) and _is_list(actual) and len(pattern) == len(actual):
        for i, (wanted, item) in enumerate(zip(pattern, actual, strict=True)):
            yield from differences(wanted, item, exact=exact, at=(*at, i))
    elif isinstance(actual, Absent) or isinstance(pattern, Mapping) or _is_list(pattern) or not same(pattern, actual):
        yield Difference(at, expected_text(pattern), actual)


def fits(pattern: Json, actual: Json | Absent) -> bool:
    """Whether a value is as the pattern says. Raises RegexTimeout where that decides."""
    open_question: Exception | None = None
    for found in differences(pattern, actual):
        if found.undecided is None:
            return False
        open_question = found.undecided
    if open_question is not None:  # a `$not` around it must not take it for a no
        raise open_question
    return True


def _unmet(pattern: Mapping[str, Json], actual: Json | Absent, at: Path) -> Iterator[Difference]:
    try:
        if not _met(pattern, actual):
            yield Difference(at, expected_text(pattern), actual)
    except RegexTimeout as timeout:
        note = " (gave up: the pattern took too long)"
        yield Difference(at, expected_text(pattern) + note, actual, timeout)
    except _Unusable as problem:
        yield Difference(at, f"{expected_text(pattern)} ({problem})", actual, problem)


class _Unusable(Exception):
    """A wanted value that was filled in late is none that its matcher can use."""


def _met(pattern: Mapping[str, Json], actual: Json | Absent) -> bool:
    for name, wanted in pattern.items():
        if wrong := MATCHERS[name].refuses(wanted):
            raise _Unusable(f"`{name}` {wrong}")
    return all(_holds(MATCHERS[name], wanted, actual) for name, wanted in pattern.items())


def _holds(matcher: Matcher, wanted: Json, actual: Json | Absent) -> bool:
    if isinstance(actual, Absent) and not matcher.sees_absence:
        return False
    return matcher.holds(wanted, actual)


def is_matcher(pattern: Json) -> TypeGuard[Mapping[str, Json]]:
    """Whether an object is a matcher: one `$` key makes it one (`problems` refuses a mixture)."""
    return isinstance(pattern, Mapping) and any(isinstance(k, str) and k.startswith("$") for k in pattern)


def expected_text(pattern: Json) -> str:
    """The expected side of a mismatch: `$icontains "courses"`, `41 <= x <= 42`, `absent`, or the value as JSON."""
    if not is_matcher(pattern):
        return json_text(pattern)
    bounds = _bounds_text(pattern)
    said = [_matcher_text(name, wanted) for name, wanted in pattern.items() if not bounds or name not in _SIGNS]
    return ", ".join([*([bounds] if bounds else []), *said])


def _matcher_text(name: str, wanted: Json) -> str:
    if name in _WORDS:
        return _WORDS[name]
    if name == "$eq":
        return json_text(wanted)
    if name == "$approx" and isinstance(wanted, Mapping):
        return f"{json_text(wanted['value'])} ± {json_text(wanted['within'])}"
    return f"{name} {expected_text(wanted) if MATCHERS[name].takes_pattern else json_text(wanted)}"


_SIGNS = {"$gt": ">", "$gte": ">=", "$lt": "<", "$lte": "<="}
_TURNED = {"$gt": "<", "$gte": "<="}


def _bounds_text(pattern: Mapping[str, Json]) -> str:
    """`number, 41 <= x <= 42`, or `x >= "2026-01-01"`: what the bounds among the matchers say together."""
    bounds = [name for name in _SIGNS if name in pattern]
    if not bounds:
        return ""
    kind = "number, " if all(_is_number(pattern[name]) for name in bounds) else ""
    lower = [name for name in bounds if name in _TURNED]
    upper = [name for name in bounds if name not in _TURNED]
    if len(lower) == len(upper) == 1:
        first, last = lower[0], upper[0]
        return f"{kind}{json_text(pattern[first])} {_TURNED[first]} x {_SIGNS[last]} {json_text(pattern[last])}"
    return kind + ", ".join(f"x {_SIGNS[name]} {json_text(pattern[name])}" for name in bounds)


def problems(pattern: Json, at: Path = ()) -> Iterator[Problem]:
    """What is wrong with a pattern, all of it; checked once when it is read, so that matching need not."""
    if isinstance(pattern, Mapping):
        if is_matcher(pattern):
            yield from _matcher_problems(pattern, at)
        else:
            for key, wanted in pattern.items():
                yield from problems(wanted, (*at, key))
    elif _is_list(pattern):
        for i, wanted in enumerate(pattern):
            yield from problems(wanted, (*at, i))


def _matcher_problems(pattern: Mapping[str, Json], at: Path) -> Iterator[Problem]:
    for name, wanted in pattern.items():
        if name in MATCHERS:
            wrong = None if isinstance(wanted, Late) else MATCHERS[name].refuses(wanted)
            if wrong:
                yield Problem((*at, name), f"`{name}` {wrong}", "correct the value", of_key=False)
            elif MATCHERS[name].takes_pattern:
                yield from problems(wanted, (*at, name))
        elif name.startswith("$"):
            yield Problem((*at, name), f"`{name}` is not a matcher", unknown=name)
        else:
            yield Problem(
                (*at, name),
                f"`{name}` stands beside a matcher",
                "an object holds matchers or arguments, not both; {$eq: {...}} compares an object that has such keys",
            )


# What each matcher asks of the actual value.


def _contains(wanted: Json, actual: Json | Absent) -> bool:
    parts = wanted if _is_list(wanted) else [wanted]
    if isinstance(actual, str):
        return all(isinstance(part, str) and part in actual for part in parts)
    return _is_list(actual) and all(any(same(part, item) for item in actual) for part in parts)


def _icontains(wanted: Json, actual: Json | Absent) -> bool:
    parts = wanted if _is_list(wanted) else [wanted]
    return isinstance(actual, str) and all(fold(str(part)) in fold(actual) for part in parts)


def _compares(test: Callable[[int], bool]) -> Callable[[Json, Json | Absent], bool]:
    """Numbers with numbers and text with text (dates in ISO form sort); anything else does not hold."""

    def holds(wanted: Json, actual: Json | Absent) -> bool:
        if _is_number(wanted) and _is_number(actual):
            return test((actual > wanted) - (actual < wanted)) and actual == actual  # NaN is beside no number
        if isinstance(wanted, str) and isinstance(actual, str):
            return test((actual > wanted) - (actual < wanted))
        return False

    return holds


def _length(wanted: Json, actual: Json | Absent) -> bool:
    return isinstance(actual, str | Sequence | Mapping) and fits(wanted, len(actual))


def _approx(wanted: Json, actual: Json | Absent) -> bool:
    assert isinstance(wanted, Mapping)
    value, within = wanted["value"], wanted["within"]
    return _is_number(value) and _is_number(within) and _is_number(actual) and abs(actual - value) <= within


_TYPES: Mapping[str, Callable[[Json | Absent], bool]] = {
    "string": lambda v: isinstance(v, str),
    "number": _is_number,
    "integer": lambda v: _is_number(v) and (isinstance(v, int) or v.is_integer()),
    "boolean": lambda v: isinstance(v, bool),
    "array": _is_list,
    "object": lambda v: isinstance(v, Mapping),
    "null": lambda v: v is None,
}

# What each matcher says of a wanted value that it cannot use; the sentence goes on after its name.


def _no_text(value: Json) -> str | None:
    return None if isinstance(value, str) and value else "takes a text"


def _no_texts(value: Json) -> str | None:
    texts = value if _is_list(value) else [value]
    return None if texts and not any(map(_no_text, texts)) else "takes a text or a list of texts"


def _no_scalars(value: Json) -> str | None:
    values = value if _is_list(value) else [value]
    fine = values and all(isinstance(v, str | int | float) and v != "" for v in values)
    return None if fine else "takes a text, a number or a list of them"


def no_regex(value: Json) -> str | None:
    """Why a value is no regular expression that something is looked for by; an empty one is in every text."""
    if not isinstance(value, str) or not value:
        return "takes a regular expression"
    wrong = check_regex(value)
    return f"is not a regular expression: {wrong}" if wrong else None


def _no_bound(value: Json) -> str | None:
    return None if _is_number(value) or isinstance(value, str) else "takes a number or a text"


def _no_list(value: Json) -> str | None:
    return None if _is_list(value) and value else "takes a list of values"


def _no_type(value: Json) -> str | None:
    return None if isinstance(value, str) and value in _TYPES else f"takes one of {', '.join(_TYPES)}"


def _no_length(value: Json) -> str | None:
    fine = is_matcher(value) or (isinstance(value, int) and not isinstance(value, bool) and value >= 0)
    return None if fine else "takes a whole number or a matcher"


def _no_tolerance(value: Json) -> str | None:
    fine = isinstance(value, Mapping) and value.keys() == {"value", "within"} and all(map(_is_number, value.values()))
    return None if fine else "takes {value: number, within: number}"


def _not_true(value: Json) -> str | None:
    return None if value is True else "takes only true"


def _anything(_: Json) -> None:
    return None


def _each(wanted: Json, actual: Json | Absent) -> bool:
    return _is_list(actual) and all(fits(wanted, item) for item in actual)


def _some(wanted: Json, actual: Json | Absent) -> bool:
    return _is_list(actual) and any(fits(wanted, item) for item in actual)


_NUMBER: Shape = {"type": "number"}
_BOUND: Shape = {"type": ["number", "string"]}
_SCALAR: Shape = {"type": ["string", "number", "boolean"], "not": {"enum": [""]}}
_WHOLE: Shape = {"type": "integer", "minimum": 0}
_MATCHERS_ALONE: Shape = {"allOf": [PATTERN], "minProperties": 1, "propertyNames": {"pattern": r"^\$"}}
_LENGTH: Shape = {"if": {"type": "object"}, "then": _MATCHERS_ALONE, "else": _WHOLE}
_TOLERANCE = map_of(
    {"value": means("The number.", _NUMBER), "within": means("How far away it may be.", _NUMBER)},
    required=("value", "within"),
)

MATCHERS: Mapping[str, Matcher] = {
    "$eq": Matcher(
        same,
        _anything,
        means("Is this value; 1 is 1.0, and no matcher is looked for inside it.", ANYTHING),
    ),
    "$ne": Matcher(
        lambda wanted, actual: not same(wanted, actual),
        _anything,
        means("Is a value, and not this one.", ANYTHING),
    ),
    "$in": Matcher(
        lambda wanted, actual: _is_list(wanted) and any(same(w, actual) for w in wanted),
        _no_list,
        means("Is one of these values.", list_of(ANYTHING)),
    ),
    "$regex": Matcher(
        lambda wanted, actual: isinstance(actual, str) and search(str(wanted), actual),
        no_regex,
        means("Is a text in which the pattern is found.", SOME_TEXT),
    ),
    "$contains": Matcher(
        _contains,
        _no_scalars,
        means("Is a text that contains this, or a list with this item; a list asks for all.", one_or_list(_SCALAR)),
    ),
    "$icontains": Matcher(
        _icontains,
        _no_texts,
        means("Is a text that contains this, whatever the case and the width of letters.", one_or_list(SOME_TEXT)),
    ),
    "$gt": Matcher(
        _compares(lambda order: order > 0),
        _no_bound,
        means("Is a number above this, or a text that sorts after it.", _BOUND),
    ),
    "$gte": Matcher(
        _compares(lambda order: order >= 0),
        _no_bound,
        means("Is a number of this or above, or a text that does not sort before it.", _BOUND),
    ),
    "$lt": Matcher(
        _compares(lambda order: order < 0),
        _no_bound,
        means("Is a number below this, or a text that sorts before it; dates in ISO form do.", _BOUND),
    ),
    "$lte": Matcher(
        _compares(lambda order: order <= 0),
        _no_bound,
        means("Is a number of this or below, or a text that does not sort after it.", _BOUND),
    ),
    "$approx": Matcher(
        _approx,
        _no_tolerance,
        means("Is a number that is no further away from `value` than `within`.", _TOLERANCE),
    ),
    "$length": Matcher(
        _length,
        _no_length,
        means("Is a text of so many characters, or a list of so many items; a number or a matcher.", _LENGTH),
        takes_pattern=True,
    ),
    "$not": Matcher(
        lambda wanted, actual: not fits(wanted, actual),
        _anything,
        means("Is a value that does not fit this pattern.", PATTERN),
        takes_pattern=True,
    ),
    "$each": Matcher(
        _each,
        _anything,
        means("Is a list whose every item fits this pattern.", PATTERN),
        takes_pattern=True,
    ),
    "$some": Matcher(
        _some,
        _anything,
        means("Is a list with an item that fits this pattern.", PATTERN),
        takes_pattern=True,
    ),
    "$type": Matcher(
        lambda wanted, actual: _TYPES[str(wanted)](actual),
        _no_type,
        means("Is a value of this JSON type.", {"enum": list(_TYPES)}),
    ),
    "$present": Matcher(
        lambda _, actual: True,
        _not_true,
        means("Is there, whatever it is, `null` included.", ONLY_TRUE),
    ),
    "$absent": Matcher(
        lambda _, actual: isinstance(actual, Absent),
        _not_true,
        means("Is not there.", ONLY_TRUE),
        sees_absence=True,
    ),
    "$any": Matcher(
        lambda _, actual: True,
        _not_true,
        means("Is anything or nothing, for `match: exact`.", ONLY_TRUE),
        sees_absence=True,
    ),
}
"""`$present` wants a value, null included; `$any` takes whatever is there or not there (for exact matches); `$not`
wants a value too, as `$ne` does."""

_WORDS = {"$present": "present", "$absent": "absent", "$any": "anything"}
