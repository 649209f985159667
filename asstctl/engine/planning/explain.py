"""Explaining what differs inside a field, for people; whether it differs was decided by `==` in `classify`.

The one owner of DeepDiff, which is slow to import and to run, so it is asked only about changed fields.
"""

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Any

from asstctl.core.change import ABSENT, Absent, Detail
from asstctl.core.json_types import Json
from asstctl.engine.planning.resolve import items_of


def explain(before: Json | Absent, after: Json | Absent, *, ids: str = "") -> tuple[Detail, ...]:
    """The differences below a field, in path order; none where either side is a scalar or missing.

    `ids` is the key of a set of ids, if the field is one: there places mean nothing.
    """
    if not (_is_container(before) and _is_container(after)):
        return ()
    if ids and isinstance(before, Mapping) and isinstance(after, Mapping):
        return _of_sets(ids, items_of(before, ids), items_of(after, ids))
    from deepdiff import DeepDiff

    # the threshold keeps DeepDiff from reporting a mostly different mapping as one changed value; keys that
    # begin with two underscores are a user's like any other
    tree = DeepDiff(
        _told_apart(before),
        _told_apart(after),
        view="tree",
        threshold_to_diff_deeper=0,
        ignore_private_variables=False,
    )
    found = [
        Detail(".".join(str(step) for step in level.path(output_format="list")), _side(level.t1), _side(level.t2))
        for levels in tree.values()
        for level in levels
    ]
    return tuple(sorted(found, key=lambda detail: detail.path))


def _of_sets(path: str, before: list[Json], after: list[Json]) -> tuple[Detail, ...]:
    """What goes beside what comes, as far as there is as much of both."""
    gone, new = [one for one in before if one not in after], [one for one in after if one not in before]
    return tuple(Detail(path, old, young) for old, young in zip_longest(gone, new, fillvalue=ABSENT))


class _Truth(str):
    """A boolean on its way through DeepDiff, which inside lists takes True for 1."""

    __slots__ = ()


def _told_apart(value: Any) -> Any:
    if isinstance(value, bool):
        return _Truth(f"\0{value}")
    if isinstance(value, Mapping):
        return {key: _told_apart(item) for key, item in value.items()}
    return [_told_apart(item) for item in value] if _is_container(value) else value


def _restored(value: Any) -> Json:
    if isinstance(value, _Truth):
        return value == "\0True"
    if isinstance(value, Mapping):
        return {key: _restored(item) for key, item in value.items()}
    return [_restored(item) for item in value] if _is_container(value) else value


def _is_container(value: Json | Absent) -> bool:
    return isinstance(value, Mapping) or (isinstance(value, Sequence) and not isinstance(value, str))


def _side(value: Any) -> Json | Absent:
    from deepdiff.helper import notpresent

    return ABSENT if value is notpresent else _restored(value)
