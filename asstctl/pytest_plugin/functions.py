"""Conversations in test functions: given one after the other to a function, and played with what its fixtures know."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast

import pytest

from asstctl.conversation.reading.listing import listed
from asstctl.core.conversation import CaseResult, Status
from asstctl.core.json_text import json_text
from asstctl.pytest_plugin.failures import text_of
from asstctl.pytest_plugin.playing import play_one
from asstctl.pytest_plugin.projects import Place, Projects
from asstctl.pytest_plugin.session import how_of, shown

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Conversation:
    """One conversation of a file, or one cell of its matrix."""

    root: Path
    path: str
    id: str

    @property
    def node(self) -> str:
        """What `asstctl test` calls it."""
        return f"{self.path}::{self.id}"


def parametrized(function: F, file: str | Path, config: pytest.Config | None) -> F:
    """The function, called for each conversation of a file."""
    place = _place(Path(function.__code__.co_filename).parent / file, config)
    found = [Conversation(place.root, place.path, one.id) for one in listed(place.root / place.path)]
    marked = pytest.mark.parametrize("conversation", [pytest.param(one, id=one.id) for one in found])(function)
    return cast("F", marked)


def played(conversation: Conversation, variables: Mapping[str, Any], config: pytest.Config | None) -> CaseResult:
    """Play it. Skips or fails the test where it did not pass."""
    __tracebackhide__ = True
    _check_values(variables)
    # conversations that are items may be bringing the project's own store up at this moment
    how = how_of(conversation.root, config, variables=variables, in_memory=True)
    try:
        result = play_one(how, conversation.node)
    except Exception as problem:
        if text := text_of(problem):
            pytest.fail(text[1], pytrace=False)
        raise
    told = shown(result, how)
    if result.status is Status.SKIPPED and not how.no_skips:
        pytest.skip(result.skipped)
    if result.status is not Status.PASSED:
        pytest.fail(told.text, pytrace=False)
    return result


def _check_values(variables: Mapping[str, Any]) -> None:
    """Raises TypeError for what no template and no tape can hold."""
    for name, value in variables.items():
        try:
            json_text(value)
        except (TypeError, ValueError):
            what = type(value).__name__
            raise TypeError(f"the variable {name} is a {what}, which JSON does not have: give it as a text") from None


def _place(file: Path, config: pytest.Config | None) -> Place:
    starts = (config.invocation_params.dir, config.rootpath) if config else (Path.cwd(),)
    place = Projects(starts).place(file)
    if place is None:
        raise pytest.UsageError(f"{file} is no conversation of a project: its `conversations` find no such file")
    return place
