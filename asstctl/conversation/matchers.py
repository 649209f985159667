"""Patterns: JSON values whose objects may hold `$`-matchers, and how an actual value differs from one.

A pattern is the plain JSON that a user wrote. An object with `$` keys is a matcher (all of its keys must
hold); any other object is matched key by key, partially unless asked for an exact match; everything else is
compared as a value, where 1 is 1.0 and a boolean is no number. To add a matcher, add a row to MATCHERS.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeGuard

from asstctl.conversation.text import fold, shown
from asstctl.core.change import ABSENT, Absent
from asstctl.core.conversation import Mismatch
from asstctl.core.json_text import json_text
from asstctl.core.json_types import Json
from asstctl.documents.regex import RegexTimeout, check_regex, search

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Matcher:
    """One `$` key: whether it holds for (wanted, actual), and what is wrong with a wanted value (None: nothing).

    `sees_absence`: it is asked about values that are not there too; for the others those never match.
    """

    holds: Callable[[Json, Json | Absent], bool]
    refuses: Callable[[Json], str | None]
    sees_absence: bool = False


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
    """Every place where `actual` is not as the pattern says; empty when it matches.

    `exact` refuses keys of objects that the pattern does not name, at every depth. Lists are compared item
    by item and must be of one length.
    """
    return tuple(_mismatches(pattern, actual, exact, path))


def _mismatches(pattern: Json, actual: Json | Absent, exact: bool, path: str) -> Iterator[Mismatch]:
    if is_matcher(pattern):
        yield from _unmet(pattern, actual, path)
    elif isinstance(pattern, Mapping) and isinstance(actual, Mapping):
        for key, wanted in pattern.items():
            yield from _mismatches(wanted, actual.get(key, ABSENT), exact, _join(path, key))
        if exact:
            for key in actual:
                if key not in pattern:
                    yield Mismatch(_join(path, key), "absent", shown(actual[key]))
    elif _is_list(pattern) and _is_list(actual) and len(pattern) == len(actual):
        for i, (wanted, item) in enumerate(zip(pattern, actual, strict=True)):
            yield from _mismatches(wanted, item, exact, _join(path, str(i)))
    elif isinstance(actual, Absent) or isinstance(pattern, Mapping) or _is_list(pattern) or not same(pattern, actual):
        yield Mismatch(path, expected_text(pattern), shown(actual))


def _unmet(pattern: Mapping[str, Json], actual: Json | Absent, path: str) -> Iterator[Mismatch]:
    try:
        met = all(_holds(MATCHERS[name], wanted, actual) for name, wanted in pattern.items())
        note = ""
    except RegexTimeout:
        met, note = False, " (gave up: the pattern took too long)"
    if not met:
        yield Mismatch(path, expected_text(pattern) + note, shown(actual))


def _holds(matcher: Matcher, wanted: Json, actual: Json | Absent) -> bool:
    if isinstance(actual, Absent) and not matcher.sees_absence:
        return False
    return matcher.holds(wanted, actual)


def is_matcher(pattern: Json) -> TypeGuard[Mapping[str, Json]]:
    """Whether an object is a matcher: one `$` key makes it one (`problems` refuses a mixture)."""
    return isinstance(pattern, Mapping) and any(isinstance(k, str) and k.startswith("$") for k in pattern)


def expected_text(pattern: Json) -> str:
    """The expected side of a mismatch: `$icontains "courses"`, `absent`, or the value as JSON."""
    if not is_matcher(pattern):
        return json_text(pattern)
    return ", ".join(_WORDS.get(name) or f"{name} {json_text(wanted)}" for name, wanted in pattern.items())


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
            if wrong := MATCHERS[name].refuses(wanted):
                yield Problem((*at, name), f"`{name}` {wrong}", "correct the value", of_key=False)
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


def _not_true(value: Json) -> str | None:
    return None if value is True else "takes only true"


def _anything(_: Json) -> None:
    return None


MATCHERS: Mapping[str, Matcher] = {
    "$eq": Matcher(same, _anything),
    "$ne": Matcher(lambda wanted, actual: not same(wanted, actual), _anything),
    "$in": Matcher(lambda wanted, actual: _is_list(wanted) and any(same(w, actual) for w in wanted), _no_list),
    "$regex": Matcher(lambda wanted, actual: isinstance(actual, str) and search(str(wanted), actual), no_regex),
    "$contains": Matcher(_contains, _no_scalars),
    "$icontains": Matcher(_icontains, _no_texts),
    "$gt": Matcher(_compares(lambda order: order > 0), _no_bound),
    "$gte": Matcher(_compares(lambda order: order >= 0), _no_bound),
    "$lt": Matcher(_compares(lambda order: order < 0), _no_bound),
    "$lte": Matcher(_compares(lambda order: order <= 0), _no_bound),
    "$type": Matcher(lambda wanted, actual: _TYPES[str(wanted)](actual), _no_type),
    "$present": Matcher(lambda _, actual: True, _not_true),
    "$absent": Matcher(lambda _, actual: isinstance(actual, Absent), _not_true, sees_absence=True),
    "$any": Matcher(lambda _, actual: True, _not_true, sees_absence=True),
}
"""`$present` wants a value, null included; `$any` takes whatever is there or not there (for exact matches)."""

_WORDS = {"$present": "present", "$absent": "absent", "$any": "anything"}


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key
