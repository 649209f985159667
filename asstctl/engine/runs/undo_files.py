"""Taking back what a run did to the files of stores: what it added goes; what it replaced or removed is said. Pure.

A file that was deleted on the provider is not there any more. Its bytes are in git, and an apply of the files as
they were then brings it back.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from asstctl.core.change import Action, Change, FileAction, FileChange
from asstctl.core.journal import Step
from asstctl.core.knowledge import StoreFile
from asstctl.core.mark import Mark, read_mark
from asstctl.core.resource import Live
from asstctl.core.suggest import some_of
from asstctl.engine.planning.changes import what_is_seen
from asstctl.engine.planning.ownership import Owned
from asstctl.engine.runs.history import FileStep
from asstctl.kinds import KINDS

_NAMED = 3
"""So many paths are named in a sentence; the rest is counted."""


@dataclass(frozen=True, slots=True)
class FilesBack:
    """What is taken out of one store, and a sentence about what cannot be put back."""

    changes: tuple[FileChange, ...]
    note: str


def with_files(
    changes: Sequence[Change],
    run: str,
    steps: Iterable[FileStep],
    live: Mapping[str, Live],
    files: Mapping[str, tuple[StoreFile, ...]],
) -> tuple[list[Change], list[str]]:
    """The same changes; files that the run put into a store that stays are taken out again. And the sentences."""
    result, notes = list(changes), []
    numbers = {change.remote_id: number for number, change in enumerate(changes) if change.remote_id}
    for store, those in _by_store(steps).items():
        number = numbers.get(store)
        going = number is not None and result[number].action is Action.DELETE
        mark = read_mark(live[store].metadata) if store in live else None
        if going or not isinstance(mark, Mark):
            continue
        back = _back(run, str(mark.address), those, files.get(store, ()))
        notes += [back.note] if back.note else []
        if not back.changes:
            continue
        if number is None:
            result.append(_files_alone(run, live[store], mark, back.changes))
        elif result[number].action is Action.KEEP:
            result[number] = _files_alone(run, live[store], mark, back.changes)
        else:
            result[number] = replace(result[number], files=back.changes)
    return result, notes


def _by_store(steps: Iterable[FileStep]) -> dict[str, list[FileStep]]:
    """The steps of each store; the delete of an upload goes with the stores of its address."""
    everything = tuple(steps)
    stores = dict.fromkeys((step.store, step.address) for step in everything if step.store)
    return {
        store: [one for one in everything if one.store == store or (not one.store and one.address == address)]
        for store, address in stores
    }


def _back(run: str, address: str, steps: Iterable[FileStep], live: Iterable[StoreFile]) -> FilesBack:
    added: set[tuple[str, str]] = set()
    lost: set[str] = set()
    for step in steps:
        match step.step:
            case Step.ATTACH if step.id:
                added.add((step.path, step.id))
            case Step.DETACH | Step.DELETE | Step.RELABEL:
                lost.add(step.path)
    changes = tuple(
        FileChange(FileAction.REMOVE, file.path, ids=(file.id,), reason=f"run {run} added it")
        for file in live
        if file.path and (file.path, file.id) in added and file.path not in lost
    )
    named = sorted(lost)
    note = f"{address}: what {some_of(named, _NAMED)} held before cannot be brought back from the provider; git has it."
    return FilesBack(changes, note if named else "")


def _files_alone(run: str, live: Live, mark: Mark, files: tuple[FileChange, ...]) -> Change:
    return Change(
        mark.address,
        Action.UPDATE,
        reason=f"run {run} put files into it",
        name=live.name,
        remote_id=live.id,
        mark=mark,
        revision=mark.revision,
        seen=what_is_seen(KINDS[live.kind], None, Owned(live, mark)),
        files=files,
    )
