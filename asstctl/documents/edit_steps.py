"""Steps: how one value becomes another, as single changes that can each be spliced into a text.

Items of lists are known again by their type and name, so that one that changes is no removal and addition.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from asstctl.core.change import ABSENT, Absent
from asstctl.core.json_text import canonical
from asstctl.core.json_types import Json
from asstctl.documents.yaml import Path


@dataclass(frozen=True)
class Step:
    """At `path` the value is set or, where it is ABSENT, goes; `is_new`: a key or an item comes."""

    path: Path
    value: Json | Absent
    is_new: bool = False


def steps(old: Json, new: Json, path: Path) -> Iterator[Step]:
    """How one value becomes another, in steps that are each taken on the outcome of those before it."""
    if same(old, new):
        return
    if isinstance(old, Mapping) and isinstance(new, Mapping) and old and new:
        for key in [key for key in old if key in new]:
            yield from steps(old[key], new[key], (*path, key))
        for key in [key for key in new if key not in old]:
            yield Step((*path, key), new[key], is_new=True)
        for key in [key for key in old if key not in new]:
            yield Step((*path, key), ABSENT)
    elif is_list(old) and is_list(new) and old and new:
        yield from _list_steps(list(old), list(new), path)  # type: ignore[arg-type]  # lists, as was asked
    else:
        yield Step(path, new)


def _list_steps(old: list[Json], new: list[Json], path: Path) -> Iterator[Step]:
    matcher = SequenceMatcher(None, [_identity(i) for i in old], [_identity(i) for i in new], autojunk=False)
    # from the end, so that the numbers of what is still to be done stay what they are
    for _, start, end, from_, to in reversed(matcher.get_opcodes()):
        both = min(end - start, to - from_)
        for number in range(end - 1, start + both - 1, -1):
            yield Step((*path, number), ABSENT)
        for number in range(to - 1, from_ + both - 1, -1):
            yield Step((*path, start + both), new[number], is_new=True)
        for number in range(both):
            yield from steps(old[start + number], new[from_ + number], (*path, start + number))


def _identity(item: Json) -> str:
    """By what an item of a list is known again when something else in it differs: its type and its names."""
    if not isinstance(item, Mapping):
        return canonical(item)
    inner = [value.get("name") if isinstance(value, Mapping) else value for value in (item.get("function"),)]
    known = [*(item.get(name) for name in ("type", "name", "key", "to", "from", "id")), *inner]
    return canonical([one if isinstance(one, str) else None for one in known] if any(known) else item)


def is_list(value: Json) -> bool:
    """Whether a value is a list, and no text."""
    return isinstance(value, Sequence) and not isinstance(value, str)


def after_step(value: Json, step: Step) -> Json:
    """The value once a step is taken."""
    expected: Json
    if step.is_new and isinstance(step.path[-1], int):
        *parents, number = step.path
        items: Any = value
        for one in parents:
            items = items[one]
        expected = with_value(value, tuple(parents), [*items[:number], step.value, *items[number:]])
    else:
        expected = with_value(value, step.path, step.value)
    return expected


def same(one: Json, other: Json) -> bool:
    """Whether two values are one, down to what is a number and what is true."""
    return canonical(one) == canonical(other)


def value_at(value: Any, path: Path) -> Any:
    """The value at a path; ABSENT where there is none."""
    for step in path:
        is_there = step in value if isinstance(value, Mapping) else is_list(value) and step in range(len(value))
        if not is_there:
            return ABSENT
        value = value[step]
    return value


def with_value(value: Json, path: Path, item: Json | Absent) -> Any:
    """A value with another at a path; nothing of the old one is changed."""
    if not path:
        return None if isinstance(item, Absent) else item
    step, rest = path[0], path[1:]
    if isinstance(step, int):
        assert isinstance(value, Sequence)
        items = list(value)
        if isinstance(item, Absent) and not rest:
            del items[step]
        else:
            items[step] = with_value(items[step], rest, item)
        return items
    made = dict(value) if isinstance(value, Mapping) else {}
    if isinstance(item, Absent) and (not rest or step not in made):
        made.pop(step, None)
    else:
        made[step] = with_value(made.get(step), rest, item)
    return made
