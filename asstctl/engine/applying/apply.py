"""Applying a plan: waves in turn, the changes of a wave at once, every outcome said.

It acts on the plan alone and never looks at a manifest. A failure skips its dependents only; when asked to
stop it starts nothing more, lets what runs finish, and reports (ENGINE promise 6).
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from asstctl.core.address import Address
from asstctl.core.change import Action, Change
from asstctl.core.journal import Record, Recorder
from asstctl.core.mark import draw_nonce
from asstctl.core.outcome import ApplyReport, Outcome, OutcomeStatus, Progress
from asstctl.core.plan import Plan
from asstctl.core.ports import FileHost, Observer, ResourceStore, unseen
from asstctl.core.tracing import UNTRACED, Tracer
from asstctl.engine.applying.absences import Absences
from asstctl.engine.applying.carrying import Carrier, Tracing
from asstctl.engine.applying.progress import OnError, Outcomes
from asstctl.engine.applying.proof import prove
from asstctl.engine.applying.recording import Recording
from asstctl.engine.applying.requests import NORMAL, Pace, Requests
from asstctl.engine.applying.uploads import Uploads
from asstctl.engine.applying.writes import Writer
from asstctl.engine.applying.written import Written
from asstctl.engine.planning.order import waves
from asstctl.engine.planning.resolve import CODE_FILES, CODE_KEY, items_of
from asstctl.engine.read import STORE, Reading


def _nobody(outcome: Outcome) -> None:
    """Tell no one."""


def _no_bars(progress: Progress) -> None:
    """Show no one."""


@dataclass(frozen=True, slots=True)
class Run:
    """What one apply is given beside plan and store: its pace, who hears of outcomes and of files under way, how it
    is stopped, and where its writes are written down.

    `earlier` reads the journals of runs before it. `root` is the folder that the paths of code files begin at.
    `observer` hears of waits before something is sent again, `tracer` sees each change as a span.
    """

    pace: Pace = NORMAL
    on_outcome: Callable[[Outcome], None] = _nobody
    stop: asyncio.Event | None = None
    draw_nonce: Callable[[], str] = draw_nonce
    on_progress: Callable[[Progress], None] = _no_bars
    on_error: OnError = OnError.CONTINUE
    recorder: Recorder | None = None
    earlier: Callable[[], Iterable[Record]] = tuple
    root: Path = Path()
    observer: Observer = unseen
    tracer: Tracer = UNTRACED


PLAIN = Run()

Proof = Callable[[Sequence[tuple[Change, Written]]], Awaitable[Mapping[Address, Written]]]
"""What becomes of the creates of a wave once the listing after it was seen."""


async def apply(
    plan: Plan, store: ResourceStore, reading: Reading, run: Run = PLAIN, *, files: FileHost | None = None
) -> ApplyReport:
    """Carry out the pending changes and refresh the stale marks. `reading` is what the plan was made from."""
    requests = Requests(run.pace, run.stop, run.observer)
    recording = Recording(requests, run.recorder)
    absences = Absences(plan.target.project, store, requests, reading)
    outcomes = Outcomes(plan, requests, absences, run.on_outcome, run.on_progress, run.on_error)
    for change in plan.blocked:
        assert change.block is not None
        outcomes.end(change, Written(OutcomeStatus.SKIPPED, change.remote_id, detail=f"blocked: {change.block.reason}"))
    writer = Writer(store, recording, reading, target=plan.target, draw_nonce=run.draw_nonce)
    uploads = None
    if files is not None:
        lag = store.capabilities.list_lag
        uploads = Uploads(files, recording, lag, run.earlier, _held(reading, plan), _unseen(reading))
    tracing = Tracing(run.tracer, plan.target.provider)
    carrier = Carrier(writer, requests, outcomes, reading, run.root, plan.target.command("plan"), uploads, tracing)
    proof = partial(prove, store, recording, plan.target)
    for wave in waves((*plan.pending, *plan.stale_marks)):
        await absences.look_again(wave)
        async with asyncio.TaskGroup() as group:
            group.create_task(_make([change for change in wave if change.action is Action.CREATE], carrier, proof))
            for change in wave:
                if change.action is not Action.CREATE:
                    group.create_task(carrier.whole(change))
    if uploads:
        await uploads.look_back()
        outcomes.warn(*uploads.warnings)
    return outcomes.report()


async def _make(creates: Sequence[Change], carrier: Carrier, proof: Proof) -> None:
    """Objects first, then the proof that each is the only one, and only then the files of stores."""
    made: dict[Address, Written] = {}

    async def one(change: Change) -> None:
        made[change.address] = written = await carrier.object(change)
        if written.status is not OutcomeStatus.APPLIED or not change.files:
            carrier.say(change, written)

    async def settle(change: Change, written: Written, final: Written) -> None:
        if final.status is not written.status:
            await carrier.discard(change, written.uploads)
        if change.files:
            await carrier.finish(change, final)
        elif final != written:
            carrier.say(change, final)

    rest, doubt = [*creates], False
    while rest and not (carrier.writer.creates.proven or doubt):
        # one alone proves the server or stops everything; where it proves nothing, the others are not kept waiting:
        # each is read back, and the first that lost its mark ends it for all that are not under way
        first = rest.pop(0)
        await one(first)
        end = made[first.address]
        doubt = end.status is OutcomeStatus.UNKNOWN or end.remote_id is not None
    async with asyncio.TaskGroup() as group:
        for change in rest:
            group.create_task(one(change))
    proven = await proof([(change, made[change.address]) for change in creates])
    async with asyncio.TaskGroup() as group:
        for change in creates:
            group.create_task(settle(change, made[change.address], proven[change.address]))


def _unseen(reading: Reading) -> frozenset[str]:
    """The stores whose files were not looked at."""
    return frozenset(live.id for live in reading.objects if live.kind == STORE and live.id not in reading.files)


def _held(reading: Reading, plan: Plan) -> frozenset[str]:
    """The uploads that something live is seen to hold, or that the files name by their ids."""
    values = [live.fields.get(CODE_FILES) for live in reading.objects]
    values += [change.send.get(CODE_FILES) for change in plan.changes]
    code = (items_of(value, CODE_KEY) for value in values)
    stored = (file.id for files in reading.files.values() for file in files)
    return frozenset({*stored, *(id for ids in code for id in ids if isinstance(id, str))})
