"""Files of a vector store: what a store is to hold against what it holds, as changes. Pure.

Identity is the path in a file's attributes. There is no base and so no drift: what bears our attributes is ours,
what does not is foreign and is neither counted nor touched (ENGINE section 4).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from asstctl.core.change import FileAction, FileChange
from asstctl.core.knowledge import CHUNKING, PREFIX, SHA256, KnowledgeFile, StoreFile, attributes_for, chunking_text
from asstctl.kinds.canonical import plain, same

FILES = "files"
"""How a manifest names them in `ignore_changes`; no field of the object."""

_USABLE = ("completed", "in_progress")


@dataclass(frozen=True, slots=True)
class FileDiff:
    """The changes in path order, and how many declared files are there as they should be."""

    changes: tuple[FileChange, ...] = ()
    unchanged: int = 0


def diff_files(declared: Iterable[KnowledgeFile], live: Iterable[StoreFile]) -> FileDiff:
    """What makes a store hold what is declared, and of ours nothing else."""
    held = _by_path(live)
    wanted = {one.file.path: one for one in declared}
    changes: list[FileChange] = []
    unchanged = 0
    for path in sorted({*wanted, *held}):
        found = _one(wanted[path], held.get(path, ())) if path in wanted else [_gone(path, held[path])]
        changes += found
        unchanged += not found
    return FileDiff(tuple(changes), unchanged)


def removals(live: Iterable[StoreFile]) -> tuple[FileChange, ...]:
    """Every file of ours taken away: what goes with a store that is deleted."""
    return tuple(_gone(path, files) for path, files in sorted(_by_path(live).items()))


def _by_path(live: Iterable[StoreFile]) -> dict[str, list[StoreFile]]:
    """The files of ours, oldest first."""
    held: dict[str, list[StoreFile]] = {}
    for file in live:
        if file.path is not None:
            held.setdefault(file.path, []).append(file)
    return {path: sorted(files, key=lambda file: file.created_at) for path, files in held.items()}


def _one(wanted: KnowledgeFile, live: Sequence[StoreFile]) -> list[FileChange]:
    stays = _the_one_that_stays(wanted, live)
    if stays is None:
        return [_upload(wanted, live)]
    found = _adjusted(wanted, stays) if stays.status in _USABLE else [_once_more(wanted, stays)]
    if older := [file.id for file in live if file is not stays]:
        awaits = stays.id if stays.status != "completed" else ""
        reason = f"an upload that is not used: {stays.id} stays, with the declared content"
        found.append(_change(FileAction.REMOVE, wanted, older, reason=reason, awaits=awaits))
    return found


def _the_one_that_stays(wanted: KnowledgeFile, live: Sequence[StoreFile]) -> StoreFile | None:
    """The newest that is processed and has the declared content, or else the newest that is being processed, or else
    the newest that could not be: the bytes are there."""
    same_content = [file for file in live if file.attributes.get(SHA256) == wanted.file.sha256]
    for status in _USABLE:
        if found := [file for file in same_content if file.status == status]:
            return found[-1]
    return same_content[-1] if same_content else None


def _upload(wanted: KnowledgeFile, live: Sequence[StoreFile]) -> FileChange:
    ids = [file.id for file in live]
    usable = any(file.status in _USABLE for file in live)
    failed = [file for file in live if file.status not in _USABLE]
    reason = _why_not_processed(failed[-1]) if failed else ""
    return _change(FileAction.REPLACE if usable else FileAction.ADD, wanted, ids, reason=reason)


def _once_more(wanted: KnowledgeFile, live: StoreFile) -> FileChange:
    """The provider may have been at fault, or mended since; the same bytes need not be sent again to find out."""
    return _change(FileAction.REATTACH, wanted, [live.id], reason=_why_not_processed(live))


def _why_not_processed(live: StoreFile) -> str:
    reason = f"processing of {live.id} {'was cancelled' if live.status == 'cancelled' else 'failed'}"
    return f"{reason}: {live.error}" if live.error else reason


def _adjusted(wanted: KnowledgeFile, live: StoreFile) -> list[FileChange]:
    if live.attributes.get(CHUNKING) != chunking_text(wanted.chunking):
        return [_change(FileAction.REATTACH, wanted, [live.id])]
    theirs = {name: value for name, value in live.attributes.items() if not name.startswith(PREFIX)}
    if not same(plain(theirs), plain(wanted.attributes)):
        return [_change(FileAction.RELABEL, wanted, [live.id])]
    return []


def _change(
    action: FileAction, wanted: KnowledgeFile, ids: Sequence[str], *, reason: str = "", awaits: str = ""
) -> FileChange:
    path, attributes = wanted.file.path, attributes_for(wanted)
    return FileChange(action, path, wanted.file, attributes, wanted.chunking, tuple(ids), reason, awaits)


def _gone(path: str, live: Sequence[StoreFile]) -> FileChange:
    return FileChange(FileAction.REMOVE, path, ids=tuple(file.id for file in live))
