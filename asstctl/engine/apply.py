"""Applying a plan: waves in turn, the changes of a wave at once, every outcome said.

It acts on the plan alone and never looks at a manifest. A failure skips its dependents only; when asked to
stop it starts nothing more, lets what runs finish, and reports (ENGINE promise 6).
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from asstctl.core.address import Address
from asstctl.core.change import Action, Change
from asstctl.core.mark import draw_nonce
from asstctl.core.outcome import ApplyReport, Outcome, OutcomeStatus
from asstctl.core.plan import Plan
from asstctl.core.ports import ResourceStore
from asstctl.engine.absences import Absences
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
    absences = Absences(plan.target.project, store, requests, reading)
    progress = _Progress(plan, run, requests, absences)
    for change in plan.blocked:
        assert change.block is not None
        progress.end(change, Written(OutcomeStatus.SKIPPED, change.remote_id, detail=f"blocked: {change.block.reason}"))
    writer = Writer(store, requests, reading, target=plan.target.name, draw_nonce=run.draw_nonce)

    async def carry_out(change: Change) -> tuple[Change, Written]:
        async with requests.limiter:
            # looked at only now that its turn has come: much may have happened since the wave began
            if reason := progress.why_not(change):
                written, seconds = Written(OutcomeStatus.SKIPPED, change.remote_id, detail=reason), 0.0
            else:
                started = run.pace.clock()
                written = await writer.write(change)
                seconds = run.pace.clock() - started
        progress.end(change, written, seconds)
        return change, written

    for wave in waves((*plan.pending, *plan.stale_marks)):
        await absences.look_again(wave)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(carry_out(change)) for change in wave]
        created = [task.result() for task in tasks if task.result()[0].action is Action.CREATE]
        proven = await prove(store, requests, plan.target.project, created)
        for change, written in created:
            if (final := proven[change.address]) != written:
                progress.end(change, final, progress.outcomes[change.address].seconds)
    return progress.report()


class _Progress:
    """Outcomes as they come, and what follows from them for the changes that are still to come."""

    def __init__(self, plan: Plan, run: Run, requests: Requests, absences: Absences) -> None:
        self.outcomes: dict[Address, Outcome] = {}
        self._plan = plan
        self._needs = needs_of(plan.changes)
        self._run = run
        self._requests = requests
        self._absences = absences
        self._warnings: dict[str, None] = {}
        self._deaf: Exception | None = None

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
        if silent or outcome == known:
            return
        try:
            self._run.on_outcome(outcome)
        except Exception as error:
            # a listener must not tear the writes of others apart: start nothing more, drain, then say so
            self._deaf = self._deaf or error

    def report(self) -> ApplyReport:
        """All outcomes in the plan's order. Raises what a listener raised, now that nothing is in flight."""
        if self._deaf:
            raise self._deaf
        ordered = tuple(self.outcomes[c.address] for c in self._plan.changes if c.address in self.outcomes)
        return ApplyReport(ordered, tuple(self._warnings), interrupted=self._run.stopped)

    def why_not(self, change: Change) -> str:
        """Why a change is not even attempted, or nothing."""
        if self._run.stopped or self._deaf:
            return "interrupted before it was started"
        if self._requests.hopeless:
            return f"not attempted: {self._requests.hopeless.summary}"
        for address in self._needs[change.address]:
            if address in self.outcomes and self.outcomes[address].status is not OutcomeStatus.APPLIED:
                return f"{address}, which it needs, was not applied"
        return self._absences.why_not(change) if change.action is Action.CREATE else ""
