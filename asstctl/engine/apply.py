"""Applying a plan: waves in turn, the changes of a wave at once, every outcome said.

It acts on the plan alone and never looks at a manifest. A failure skips its dependents only; when asked to
stop it starts nothing more, lets what runs finish, and reports (ENGINE promise 6).
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from asstctl.core.address import Address
from asstctl.core.change import Action, Change
from asstctl.core.outcome import ApplyReport, Outcome, OutcomeStatus
from asstctl.core.plan import Plan
from asstctl.core.ports import ResourceStore
from asstctl.engine.absences import Absences
from asstctl.engine.mark import draw_nonce
from asstctl.engine.order import needs_of, waves
from asstctl.engine.proof import prove
from asstctl.engine.read import Reading
from asstctl.engine.requests import NORMAL, Pace, Requests
from asstctl.engine.writes import Writer, Written


def _nobody(outcome: Outcome) -> None:
    """Tell no one."""


@dataclass(frozen=True, slots=True)
class Run:
    """What one apply is given beside plan and store: its pace, who hears of outcomes, and how it is stopped."""

    pace: Pace = NORMAL
    on_outcome: Callable[[Outcome], None] = _nobody
    stop: asyncio.Event | None = None
    draw_nonce: Callable[[], str] = draw_nonce

    @property
    def stopped(self) -> bool:
        return self.stop is not None and self.stop.is_set()


PLAIN = Run()


async def apply(plan: Plan, store: ResourceStore, reading: Reading, run: Run = PLAIN) -> ApplyReport:
    """Carry out the pending changes and refresh the stale marks. `reading` is what the plan was made from."""
    requests = Requests(run.pace, run.stop)
    report = _Report(run)
    for change in plan.blocked:
        assert change.block is not None
        report.end(change, Written(OutcomeStatus.SKIPPED, change.remote_id, detail=f"blocked: {change.block.reason}"))
    needs = needs_of(plan.changes)
    absences = Absences(plan.target.project, store, requests, reading)
    writer = Writer(
        store,
        requests,
        reading,
        project=plan.target.project,
        target=plan.target.name,
        revision=plan.revision,
        draw_nonce=run.draw_nonce,
    )

    async def carry_out(change: Change) -> tuple[Change, Written]:
        async with requests.limiter:
            # looked at only now that its turn has come: much may have happened since the wave began
            if reason := _why_not(change, report.outcomes, needs, absences, run, requests):
                written, seconds = Written(OutcomeStatus.SKIPPED, change.remote_id, detail=reason), 0.0
            else:
                started = run.pace.clock()
                written = await writer.write(change)
                seconds = run.pace.clock() - started
        report.end(change, written, seconds)
        return change, written

    for wave in waves((*plan.pending, *plan.stale_marks)):
        await absences.look_again(wave)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(carry_out(change)) for change in wave]
        created = [task.result() for task in tasks if task.result()[0].action is Action.CREATE]
        proven = await prove(store, requests, plan.target.project, created)
        for change, written in created:
            if (final := proven[str(change.address)]) != written:
                report.end(change, final, report.outcomes[change.address].seconds)
    return report.final(plan)


class _Report:
    """Outcomes as they come."""

    def __init__(self, run: Run) -> None:
        self.outcomes: dict[Address, Outcome] = {}
        self._warnings: dict[str, None] = {}
        self._run = run

    def end(self, change: Change, written: Written, seconds: float = 0.0) -> None:
        outcome = Outcome(
            change.address,
            change.action,
            written.status,
            written.remote_id,
            seconds,
            written.detail,
            written.hint,
            written.request_id,
            refresh=change.refresh and change.block is None,
        )
        known = self.outcomes.get(change.address)
        self.outcomes[change.address] = outcome
        self._warnings.update(dict.fromkeys(written.warnings))
        silent = outcome.refresh and outcome.status is OutcomeStatus.APPLIED
        if not silent and outcome != known:
            self._run.on_outcome(outcome)

    def final(self, plan: Plan) -> ApplyReport:
        ordered = tuple(self.outcomes[c.address] for c in plan.changes if c.address in self.outcomes)
        return ApplyReport(ordered, tuple(self._warnings), interrupted=self._run.stopped)


def _why_not(
    change: Change,
    outcomes: Mapping[Address, Outcome],
    needs: Mapping[Address, Iterable[Address]],
    absences: Absences,
    run: Run,
    requests: Requests,
) -> str:
    """Why a change is not even attempted, or nothing."""
    if run.stopped:
        return "interrupted before it was started"
    if requests.hopeless:
        return f"not attempted: {requests.hopeless.summary}"
    for address in needs[change.address]:
        if address in outcomes and outcomes[address].status is not OutcomeStatus.APPLIED:
            return f"{address}, which it needs, was not applied"
    return absences.why_not(change) if change.action is Action.CREATE else ""
