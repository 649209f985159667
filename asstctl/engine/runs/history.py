"""History: what one run did, told by its journal: its writes gathered by object. Pure.

A write that certainly failed did nothing. Of one whose end is not known the live objects tell whether it happened,
so it is kept here like any other. What a journal says of fields is not trusted: a name that no kind has makes it
unusable, before anything is planned of it.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from asstctl.core.address import Address
from asstctl.core.change import Action
from asstctl.core.errors import StoreError
from asstctl.core.journal import Begun, Record, Step
from asstctl.core.json_types import Json
from asstctl.core.mark import Mark, read_mark
from asstctl.core.outcome import OutcomeStatus
from asstctl.core.resource import EXTENSION, Live
from asstctl.core.runs import RunSummary
from asstctl.kinds import KINDS


@dataclass
class Touched:
    """What a run did to one object, all its writes taken together.

    `before` is what it was before the first of them, nothing for one that the run made; `sent` has of each field
    the last value that was sent. `id` is None where nobody knows it; then `nonce` is what tells the object.
    """

    address: Address
    id: str | None
    nonce: str = ""
    before: Mapping[str, Json] | None = None
    sent: dict[str, Json] = field(default_factory=dict)
    deleted: bool = False

    @property
    def created(self) -> bool:
        """Whether the run made it."""
        return bool(self.nonce)


@dataclass(frozen=True, slots=True)
class FileStep:
    """One write about a file: which upload, and the store where it was about its place in one."""

    step: Step
    address: Address
    path: str
    id: str | None
    store: str


@dataclass(frozen=True, slots=True)
class History:
    """Everything that a run did, or may have done."""

    objects: tuple[Touched, ...]
    files: tuple[FileStep, ...]

    @property
    def gone(self) -> frozenset[str]:
        """Uploads that the run deleted: their bytes are nowhere on the provider."""
        return frozenset(one.id for one in self.files if one.step is Step.DELETE and one.id)


def history(record: Record, objects: Iterable[Live]) -> History:
    """Gather the writes of a run. `objects` are live; their nonces tell the ids of creates without an answer."""
    by_nonce = {mark.nonce: live.id for live in objects if isinstance(mark := read_mark(live.metadata), Mark)}
    touched: dict[str, Touched] = {}
    files: list[FileStep] = []
    for begun in record.begun:
        ended = record.ended.get(begun.number)
        if ended and ended.status is OutcomeStatus.FAILED:
            continue
        if begun.address.kind not in KINDS:
            raise _unusable(record, f"there are no objects of kind {begun.address.kind}")
        id = begun.remote_id or (ended.remote_id if ended else None)
        if begun.file is not None:
            files.append(_step(record, begun, id))
            continue
        _check_names(record, begun)
        if begun.action is Action.CREATE:
            id = id or by_nonce.get(begun.nonce)
            touched[id or begun.nonce] = Touched(begun.address, id, begun.nonce, sent=dict(begun.sent))
        elif id is not None:
            one = touched.setdefault(id, Touched(begun.address, id, before=begun.before))
            one.address = begun.address
            one.sent.update(begun.sent)
            one.deleted = begun.action is Action.DELETE
    return History(tuple(touched.values()), tuple(files))


def summary(record: Record) -> RunSummary:
    """What a list of runs says of one."""
    actions: dict[Address, Action] = {}
    failed = unknown = uploads = 0
    for begun in record.begun:
        ended = record.ended.get(begun.number)
        status = ended.status if ended else OutcomeStatus.UNKNOWN
        failed += status is OutcomeStatus.FAILED
        unknown += status is OutcomeStatus.UNKNOWN
        if status is not OutcomeStatus.APPLIED:
            continue
        if begun.file is not None:
            uploads += begun.file.get("step") == Step.UPLOAD.value
        if begun.action is not Action.KEEP:
            actions.setdefault(begun.address, begun.action)
    header = record.header
    return RunSummary(
        header.run,
        header.command,
        header.target,
        header.started,
        header.revision,
        dict(Counter(actions.values())),
        uploads,
        failed,
        unknown,
    )


def pairs_of(fields: Mapping[str, Json] | None) -> Mapping[str, str]:
    """The metadata among what a journal holds of an object; that its values are texts has been looked at."""
    pairs = (fields or {}).get("metadata")
    return pairs if isinstance(pairs, Mapping) else {}


def _step(record: Record, begun: Begun, id: str | None) -> FileStep:
    file = begun.file or {}
    try:
        step = Step(str(file.get("step")))
    except ValueError as error:
        raise _unusable(record, f"line {begun.number} does something to a file that nothing here does") from error
    return FileStep(step, begun.address, str(file.get("path") or ""), id, str(file.get("store") or ""))


def _check_names(record: Record, begun: Begun) -> None:
    fields = KINDS[begun.address.kind].fields
    for side in (begun.before or {}, begun.sent):
        if strange := [name for name in side if name not in fields and not name.startswith(EXTENSION)]:
            raise _unusable(record, f"{strange[0]} is no field of {begun.address.kind}")
        metadata = side.get("metadata")
        if metadata is not None and not (
            isinstance(metadata, Mapping) and all(isinstance(value, str) for value in metadata.values())
        ):
            raise _unusable(record, "metadata that is no map of texts")


def _unusable(record: Record, why: str) -> StoreError:
    return StoreError("a journal cannot be used", detail=f"run {record.header.run}: {why}", hint="Choose another run.")
