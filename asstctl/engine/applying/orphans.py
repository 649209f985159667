"""Orphans: uploads that earlier runs sent and that nothing holds, told by their journals. Pure.

Ours for certain are those whose id a journal knows. Where a run was killed before the answer came, an upload of the
same name and size that was made after it began is possibly ours: it is said, and never touched (ENGINE promise 7). So
is one whose delete was cut off and which is there still.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from asstctl.core.journal import Begun, Record, Step
from asstctl.core.knowledge import LocalFile, Uploaded
from asstctl.core.outcome import OutcomeStatus

CLOCKS_DIFFER = 300
"""Seconds by which a server's clock may be behind ours."""


@dataclass(frozen=True, slots=True)
class Orphan:
    """An upload of ours that nothing is known to hold. `stores` are those that it was put into, or may have been."""

    id: str
    path: str
    sha256: str
    bytes: int
    stores: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """What the provider calls it."""
        return self.path.rpartition("/")[2]

    def fits(self, file: LocalFile, store: str) -> bool:
        """Whether it can be used for this file in this store (in no store: "")."""
        same = (self.name, self.sha256, self.bytes) == (file.name, file.sha256, file.bytes)
        # a store that holds it shows it to the plan, and then it is no file that has to be sent
        return same and self.stores <= {store}


@dataclass(frozen=True, slots=True)
class Orphans:
    """What earlier runs left: `ours` for certain, oldest first, and what is `possibly` ours."""

    ours: tuple[Orphan, ...] = ()
    possibly: tuple[Uploaded, ...] = ()


def orphans(records: Iterable[Record], uploads: Iterable[Uploaded], used: Collection[str] = ()) -> Orphans:
    """Sort out which of these uploads earlier runs left. `used` are ids that something known holds."""
    listed = {one.id: one for one in uploads}
    sent: dict[str, Begun] = {}
    stores: dict[str, set[str]] = {}
    gone: set[str] = set()
    half_gone: set[str] = set()  # nobody knows how their delete ended
    nameless: list[tuple[Begun, float]] = []
    # oldest first, so that what happened to an upload later has the last word
    for record in sorted(records, key=lambda one: one.header.run):
        for begun in record.begun:
            if begun.file is None:
                continue
            ended = record.ended.get(begun.number)
            done = ended is not None and ended.status is OutcomeStatus.APPLIED
            certainly_not = ended is not None and ended.status is OutcomeStatus.FAILED
            id = (ended.remote_id if ended else None) or begun.remote_id
            match begun.file.get("step"):
                case Step.UPLOAD.value if id and done:
                    sent[id] = begun
                case Step.UPLOAD.value if not certainly_not:
                    nameless.append((begun, _time(record.header.started)))
                case Step.ATTACH.value if id and not certainly_not:
                    stores.setdefault(id, set()).add(str(begun.file.get("store")))
                case Step.DETACH.value if id and done:
                    stores.get(id, set()).discard(str(begun.file.get("store")))
                    sent.setdefault(id, begun)
                case Step.DELETE.value if id and not certainly_not:
                    gone.add(id)
                    half_gone.discard(id) if done else half_gone.add(id)
    ours = [
        _orphan(id, begun, frozenset(stores.get(id, ())))
        for id, begun in sent.items()
        if id in listed and id not in gone and id not in used and _is(listed[id], begun)
    ]
    known = {*sent, *gone, *used}
    possibly = [
        one
        for one in listed.values()
        if (one.id in half_gone and one.id not in used)
        or (
            one.id not in known
            and any(_is(one, begun) and one.created_at >= since - CLOCKS_DIFFER for begun, since in nameless)
        )
    ]
    return Orphans(tuple(ours), tuple(possibly))


def _is(upload: Uploaded, begun: Begun) -> bool:
    file = begun.file or {}
    return (upload.name, upload.bytes) == (str(file.get("path")).rpartition("/")[2], file.get("bytes"))


def _orphan(id: str, begun: Begun, stores: frozenset[str]) -> Orphan:
    file = begun.file or {}
    return Orphan(id, str(file.get("path")), str(file.get("sha256")), int(file.get("bytes") or 0), stores)


def _time(iso: str) -> float:
    """Seconds since 1970; the beginning of time for what is no date."""
    try:
        return datetime.fromisoformat(iso).timestamp()
    except ValueError:
        return 0.0
