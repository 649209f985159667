"""History: how each conversation ended the last time it was played on a target, and how long it took.

    .asstctl/history/TARGET.json     {"schema": "asstctl/history/v1", "nodes": {"FILE::ID": {...}}}

`--failed` is what it is for. A conversation that was not begun keeps what an earlier run said of it. A file that
cannot be read is no history, and the next run writes a new one.
"""

import fcntl
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from asstctl.core.conversation import CaseResult, Status
from asstctl.core.errors import StoreError
from asstctl.core.json_text import json_text, read_json
from asstctl.documents.paths import OUR_FOLDER
from asstctl.documents.private import make_private
from asstctl.documents.source import read_plain
from asstctl.documents.whole_files import write_whole

SCHEMA = "asstctl/history/v1"
KEPT = 20_000
"""So many conversations are remembered; those that were played last."""

_LARGEST = 32 * 1024 * 1024
_BAD = frozenset({Status.FAILED, Status.ERROR, Status.STALE, Status.MISSING})


@dataclass(frozen=True, slots=True)
class Past:
    """How a conversation ended the last time. `when` is a UTC time in ISO 8601."""

    status: Status
    seconds: float
    tokens: int | None
    when: str


History = Mapping[str, Past]
"""What is remembered, by node (`FILE::ID`)."""


def history_file(root: Path, target: str) -> Path:
    """Where the history of a target lies."""
    return root / OUR_FOLDER / "history" / f"{target}.json"


def read_history(root: Path, target: str) -> History:
    """What is remembered of a target; nothing where there is no history, or none that can be read."""
    try:
        document = read_json(read_plain(history_file(root, target), _LARGEST, links=False))
        if document["schema"] != SCHEMA:
            return {}
        return {str(node): _past(told) for node, told in document["nodes"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError):
        return {}


def not_passed(history: History) -> frozenset[str]:
    """The nodes that had no good end."""
    return frozenset(node for node, past in history.items() if past.status in _BAD)


def with_results(history: History, results: Iterable[CaseResult], now: datetime) -> History:
    """The history after a run that ended now."""
    when = now.astimezone(UTC).isoformat(timespec="seconds")
    played = {
        case.node: Past(case.status, round(case.seconds, 3), case.usage.total_tokens if case.usage else None, when)
        for case in results
        if case.status not in {Status.SKIPPED, Status.NOT_RUN}
    }
    before = {node: past for node, past in history.items() if node not in played}
    every = [*before.items(), *played.items()]
    return dict(sorted(every, key=lambda item: item[1].when)[-KEPT:])


def remember(root: Path, target: str, results: Iterable[CaseResult]) -> None:
    """Add a run to the history of its target, at one stroke: of two runs that end together both are remembered.

    Raises StoreError where it cannot be written.
    """
    if not with_results({}, results := tuple(results), datetime.now(UTC)):
        return
    file = history_file(root, target)
    try:
        make_private(file.parent.parent)
        make_private(file.parent)
        with _alone(file.parent):
            after = with_results(read_history(root, target), results, datetime.now(UTC))
            nodes = {
                node: {"status": str(past.status), "seconds": past.seconds, "tokens": past.tokens, "when": past.when}
                for node, past in sorted(after.items())
            }
            write_whole(
                file, (json_text({"schema": SCHEMA, "nodes": nodes}) + "\n").encode("utf-8", "backslashreplace")
            )
    except OSError as problem:
        raise StoreError(
            "the history of test runs cannot be written",
            detail=f"{file}: {problem.strerror or problem}",
            hint="the results above stand; check the folder, for `asstctl test --failed` reads it",
        ) from problem


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """While nobody else of this project does; it goes with the process that holds it."""
    descriptor = os.open(folder, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _past(told: Any) -> Past:
    tokens = told["tokens"]
    counted = None if tokens is None else int(tokens)
    return Past(Status(told["status"]), float(told["seconds"]), counted, str(told["when"]))
