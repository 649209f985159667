"""JSONPath (RFC 9535) that comes from files: checked before use, and bounded in time when used.

Paths of names, positions, slices and `*` look at each part of a value once and are followed here. Filters, `..` and
lists of selectors can multiply without bound, and are followed in the child process, where they are ended at the time
limit. The functions `match` and `search` run regexes on text of others, and are left out.
"""

from functools import lru_cache
from typing import Any

from asstctl.core.json_types import Json
from asstctl.documents.worker import TIME_LIMIT, WORKERS, WorkFailed, WorkTimeout

MAX_PATH = 1_000
"""Characters of a path."""

_LEFT_OUT = ("match", "search")


class PathTimeout(Exception):
    """Following a path was ended at the time limit: it branches without bound on this value."""

    def __init__(self, path: str) -> None:
        super().__init__(f"the JSONPath `{path}` took longer than {TIME_LIMIT:g} s")
        self.path = path


@lru_cache(maxsize=1024)
def check_path(path: str) -> str | None:
    """What is wrong with a path, in a sentence; None when it can be used."""
    from jsonpath_rfc9535 import JSONPathError

    if len(path) > MAX_PATH:
        return f"it is longer than {MAX_PATH:,} characters"
    if not path.startswith("$"):
        return "it has to begin with `$`"
    try:
        _compiled(path)
    except JSONPathError as problem:
        left_out = next((name for name in _LEFT_OUT if f"function {name!r}" in str(problem.args[0])), None)
        return f"`{left_out}()` is left out here; use the matcher `$regex`" if left_out else str(problem.args[0])
    except (RecursionError, OverflowError, ValueError) as problem:
        return type(problem).__name__
    return None


def is_singular(path: str) -> bool:
    """Whether a path names one place, of names and positions alone; any other finds a list, which may be empty."""
    return bool(_compiled(path).singular_query())


def find(path: str, value: Json) -> tuple[Json, ...]:
    """What the path finds in a value of plain dicts and lists, in their order. Raises PathTimeout.

    The path must have been checked.
    """
    if _is_straight(path):
        return tuple(_compiled(path).find(value).values())
    try:
        return tuple(WORKERS.call("find", {"path": path, "value": value}))
    except (WorkTimeout, WorkFailed) as problem:
        raise PathTimeout(path) from problem


def find_task(argument: dict[str, Any]) -> list[Any]:
    """The child's side of `find`."""
    return list(_compiled(argument["path"]).find(argument["value"]).values())


@lru_cache(maxsize=1024)
def _compiled(path: str) -> Any:
    return _environment().compile(path)


@lru_cache(maxsize=1)
def _environment() -> Any:
    from jsonpath_rfc9535 import JSONPathEnvironment

    environment = JSONPathEnvironment()
    for name in _LEFT_OUT:
        del environment.function_extensions[name]
    return environment


@lru_cache(maxsize=1024)
def _is_straight(path: str) -> bool:
    from jsonpath_rfc9535.segments import JSONPathRecursiveDescentSegment
    from jsonpath_rfc9535.selectors import FilterSelector

    return all(
        not isinstance(segment, JSONPathRecursiveDescentSegment)
        and len(segment.selectors) == 1
        and not isinstance(segment.selectors[0], FilterSelector)
        for segment in _compiled(path).segments
    )
