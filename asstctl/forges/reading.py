"""What a runner and an API say, read as what it should be: JSON and environment, member by member. Pure.

A ValueError names the member that is not what it should be, and nothing of its value.
"""

import re
from collections.abc import Mapping
from typing import Any

from asstctl.core.errors import Refused

_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


def member(value: Any, *path: str) -> Any:
    """What lies at the end of a path of names; None where something on the way is not there."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def text(value: Any, *path: str) -> str:
    """A text that is not empty."""
    found = member(value, *path)
    if not isinstance(found, str) or not found:
        raise ValueError(f"{'.'.join(path)} is not a text")
    return found


def items(value: Any, *path: str) -> list[Any]:
    """A list."""
    found = member(value, *path)
    if not isinstance(found, list):
        raise ValueError(f"{'.'.join(path)} is not a list")  # noqa: TRY004 - what was said is wrong, not our call
    return found


def number(value: Any, *path: str) -> int:
    """A whole number from 1 on."""
    found = member(value, *path)
    if type(found) is not int or found < 1:
        raise ValueError(f"{'.'.join(path)} is not a number")
    return found


def commit(value: Any, *path: str) -> str:
    """The name of a commit, written out."""
    found = member(value, *path)
    if not isinstance(found, str) or not _COMMIT.fullmatch(found):
        raise ValueError(f"{'.'.join(path)} is not a commit")
    return found


def variable(environ: Mapping[str, str], name: str, form: str = r"\S+") -> str:
    """A variable that a runner always sets. Raises Refused where it is not there or not of its form."""
    value = environ.get(name, "")
    if not re.fullmatch(form, value):
        raise Refused(
            f"{name} is {'not what a runner sets' if value else 'not set'}",
            detail="the runner's own variables say which run this is",
            hint="Run this in a job of the pipeline, and leave the variables of its runner alone.",
        )
    return value


COMMIT = _COMMIT.pattern
"""The form of a commit's name, for `variable`."""
