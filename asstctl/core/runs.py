"""Runs: what a project's journals say that was done, one line for each."""

from collections.abc import Mapping
from dataclasses import dataclass

from asstctl.core.change import Action


@dataclass(frozen=True, slots=True)
class RunSummary:
    """One run. `done` counts objects by what happened to them; `failed` and `unknown` count writes."""

    run: str
    command: str
    target: str
    started: str
    revision: str | None
    done: Mapping[Action, int]
    uploads: int = 0
    failed: int = 0
    unknown: int = 0


@dataclass(frozen=True, slots=True)
class Runs:
    """Those that can be undone, newest first. `unreadable` names journals that nobody can read."""

    runs: tuple[RunSummary, ...]
    unreadable: tuple[str, ...] = ()
