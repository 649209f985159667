"""Patterns for what JSONPaths find: a map `{"$.lines[*].sku": pattern}`, in expected calls and in the reply.

A path of names and positions alone gives its value, or nothing; any other gives the list of what it finds, which may
be empty.
"""

from collections.abc import Iterator, Mapping

from asstctl.conversation.matchers import Problem, differences, problems
from asstctl.core.change import ABSENT
from asstctl.core.conversation import Mismatch
from asstctl.core.json_types import Json
from asstctl.documents.json_path import PathTimeout, check_path, find, is_singular


def path_mismatches(path: str, pattern: Json, value: Json) -> tuple[Mismatch, ...]:
    """Every place where what the path finds in a value is not as the pattern says."""
    try:
        found = find(path, value)
    except PathTimeout:
        return (Mismatch(path, "an answer in time", "gave up: the path took too long"),)
    if is_singular(path):
        compared = differences(pattern, found[0] if found else ABSENT)
    else:
        compared = differences(pattern, list(found))
    return tuple(difference.mismatch(below=path) for difference in compared)


def path_problems(paths: Mapping[str, Json]) -> Iterator[Problem]:
    """What is wrong with such a map: its paths, and their patterns."""
    for path, pattern in paths.items():
        if wrong := check_path(path):
            yield Problem((path,), f"`{path}` is not a JSONPath: {wrong}", "see RFC 9535; `$.items[0].id` is one")
            continue
        yield from problems(pattern, (path,))
        if isinstance(pattern, Mapping) and pattern.keys() & {"$absent", "$present"} and not is_singular(path):
            summary = f"`{path}` finds a list, which is there even when it is empty"
            yield Problem((path,), summary, "write [] for none, or {$length: {$gt: 0}} for any", of_key=False)
