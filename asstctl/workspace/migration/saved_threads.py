"""Threads out of messages, runs and steps that were saved together or apart: whose each is, and what was said in it.

They are joined by the ids that they bear, or by what they were found in. Pure.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from asstctl.core.thread import Spoken
from asstctl.providers.assistants.history import exchanges
from asstctl.providers.assistants.messages import is_reply
from asstctl.providers.assistants.steps import calls_of
from asstctl.workspace.migration.saved_objects import MESSAGE, RUN, STEP, THREAD, Saved, SavedObject
from asstctl.workspace.migration.unsaid import unsaid


@dataclass(frozen=True, slots=True)
class SavedThread:
    """A thread's past. `assistants` are those whose runs it holds, the one with most of them first; `source` is where
    it was found. `notes` are sentences on what was not saved, or cannot be said; `runs` are as they were saved."""

    id: str
    spoken: tuple[Spoken, ...]
    assistants: tuple[str, ...]
    source: str
    notes: tuple[str, ...] = ()
    runs: tuple[Mapping[str, Any], ...] = ()


@dataclass
class _Parts:
    source: str
    thread: Mapping[str, Any] = field(default_factory=dict)
    messages: list[SavedObject] = field(default_factory=list)
    runs: list[SavedObject] = field(default_factory=list)
    steps: list[SavedObject] = field(default_factory=list)


def threads_in(saved: Saved) -> tuple[SavedThread, ...]:
    """Every thread of which something was said, in the order of reading."""
    found: dict[str, _Parts] = {}
    threads_of_runs: dict[str, str] = {}
    for one in saved.objects[THREAD]:
        found.setdefault(one.id or _stem(one), _Parts(one.place, one.value))
    for one in _once(saved.objects[RUN]):
        parts = _parts(found, _text(one, "thread_id") or one.thread or _stem(one), one)
        parts.runs.append(one)
        threads_of_runs[one.id] = next(id for id, those in found.items() if those is parts)
    for one in _once(saved.objects[MESSAGE]):
        _parts(found, _text(one, "thread_id") or one.thread or _stem(one), one).messages.append(one)
    for one in _once(saved.objects[STEP]):
        run = _run_of(one)
        thread = _text(one, "thread_id") or one.thread or threads_of_runs.get(run) or _stem(one)
        _parts(found, thread, one).steps.append(one)
    return tuple(_thread(id, parts) for id, parts in found.items())


def _thread(id: str, parts: _Parts) -> SavedThread:
    messages = _oldest_first(parts.messages)
    runs = _oldest_first(parts.runs) or [*_runs_of(parts.steps)]
    steps: dict[str, list[SavedObject]] = {}
    for one in parts.steps:
        steps.setdefault(_run_of(one), []).append(one)
    calls = {run: calls_of(_oldest_first(those)) for run, those in steps.items()}
    spoken = exchanges(messages, runs, calls)
    voices = Counter(voice for one in (*runs, *messages) if isinstance(voice := one.get("assistant_id"), str) and voice)
    notes = []
    if parts.runs and not parts.steps:
        notes.append("no steps of its runs were saved: calls, and the stubs that answer them, are not in it")
    notes += unsaid(parts.thread, messages, runs, [one.value for one in parts.steps])
    assistants = tuple(voice for voice, _ in voices.most_common())
    return SavedThread(id, spoken, assistants, parts.source, tuple(notes), tuple(runs))


def _parts(found: dict[str, _Parts], thread: str, one: SavedObject) -> _Parts:
    return found.setdefault(thread, _Parts(one.place))


def _once(objects: Iterable[SavedObject]) -> Iterator[SavedObject]:
    """Each object once, where overlapping lists were saved."""
    seen: set[str] = set()
    for one in objects:
        if not one.id or one.id not in seen:
            seen.add(one.id)
            yield one


def _oldest_first(objects: Sequence[SavedObject]) -> list[Mapping[str, Any]]:
    """In the order of time. The API lists the newest first unless it is asked otherwise, and many things happen
    within one second."""
    values = [one.value for one in objects]
    if len(values) > 1 and _is_backwards(values):
        values.reverse()
    return sorted(values, key=_time)


def _is_backwards(values: Sequence[Mapping[str, Any]]) -> bool:
    first, last = values[0], values[-1]
    if _time(first) == _time(last):
        return is_reply(first) and last.get("role") == "user"
    return _time(first) > _time(last)


def _runs_of(steps: Sequence[SavedObject]) -> Iterator[Mapping[str, Any]]:
    """The runs that steps speak of, where the runs themselves were not saved."""
    known: dict[str, Mapping[str, Any]] = {}
    for one in steps:
        of = {"id": _run_of(one), "created_at": _time(one.value), "assistant_id": one.value.get("assistant_id")}
        if _run_of(one) not in known or _time(known[_run_of(one)]) > _time(of):
            known[_run_of(one)] = of
    yield from sorted(known.values(), key=_time)


def _run_of(step: SavedObject) -> str:
    return _text(step, "run_id") or step.run


def _stem(one: SavedObject) -> str:
    return Path(one.where.path).name.partition(".")[0]


def _time(value: Mapping[str, Any]) -> float:
    made = value.get("created_at")
    return made if isinstance(made, int | float) else 0


def _text(one: SavedObject, key: str) -> str:
    value = one.value.get(key)
    return value if isinstance(value, str) else ""
