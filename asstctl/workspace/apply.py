"""Use case: make the target match the files, through a gate of conversations where one is asked for."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from asstctl.core import spans
from asstctl.core.errors import Refused
from asstctl.core.exit_codes import ExitCode
from asstctl.core.outcome import Applied, Outcome, Progress
from asstctl.core.plan import Plan
from asstctl.core.ports import Provider, unseen
from asstctl.engine.applying.apply import Run
from asstctl.engine.applying.apply import apply as carry_out
from asstctl.engine.applying.progress import OnError
from asstctl.engine.applying.requests import Pace
from asstctl.engine.planning.destroy import make_destroy_plan
from asstctl.engine.planning.policy import Policy
from asstctl.engine.read import Reading, interest_in, read
from asstctl.kinds import KINDS
from asstctl.workspace.choices import DEFAULT, Choices, check, max_deletes
from asstctl.workspace.journal import begin_journal, earlier_runs
from asstctl.workspace.model_list import remembered
from asstctl.workspace.plan import ownership_of, plan_chosen, with_models
from asstctl.workspace.saved_plans import Agreement, check_target, hold_against
from asstctl.workspace.selection import select
from asstctl.workspace.veil import veiled
from asstctl.workspace.workspace import Workspace

if TYPE_CHECKING:
    from asstctl.core.suite import SuiteResult
    from asstctl.workspace.conversations.gate import Gate

Passing = Callable[[], Awaitable["SuiteResult | None"]]
"""Has the conversations of a gate, and says how they went; None where none is concerned."""


@dataclass(frozen=True, slots=True)
class Conduct:
    """How an apply is watched and steered: who sees and approves the plan, who hears of outcomes, what stops it.

    `approve` is asked only where something would change; `on_start` is told when the first write may follow. `gate` is
    what has to pass before that is asked.
    """

    approve: Callable[[Plan], bool]
    on_plan: Callable[[Plan], None] = lambda plan: None
    on_start: Callable[[], None] = lambda: None
    on_outcome: Callable[[Outcome], None] = lambda outcome: None
    on_progress: Callable[[Progress], None] = lambda progress: None
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    parallelism: int = 8
    on_error: OnError = OnError.CONTINUE
    object_timeout: float = 300.0
    gate: "Gate | None" = None


async def apply(
    workspace: Workspace,
    conduct: Conduct,
    choices: Choices = DEFAULT,
    *,
    agreement: Agreement | None = None,
    promoted_from: str = "",
) -> Applied:
    """Plan, ask `conduct.approve`, and carry the plan out. Changes that are blocked are reported as skipped.

    With an `agreement`, of whose choices these must be, raises Refused or PlanChanged where the plan of now is not
    covered by it.
    """
    if agreement:
        check_target(agreement, workspace.info)
    check(workspace, choices)
    gated = _gated(workspace, conduct.gate) if conduct.gate else None
    async with workspace.open() as provider:
        plan, reading = await plan_chosen(workspace, provider, choices)
        if agreement:
            hold_against(agreement, plan)
        known = remembered(workspace)
        plan = with_models(workspace, replace(plan, promoted_from=promoted_from), known.offered if known else None)
        command = "promote" if promoted_from else "apply"
        passing = partial(gated, provider, plan, reading) if gated else None
        return await carry_out_plan(workspace, plan, reading, provider, conduct, command, passing)


def _gated(workspace: Workspace, gate: "Gate") -> "Callable[[Provider, Plan, Reading], Awaitable[SuiteResult | None]]":
    """The gate with its conversations, which are loaded only where there is one."""
    from asstctl.workspace.conversations.gate import pass_gate, tagged

    return partial(pass_gate, workspace, gate, tagged(workspace, gate))


async def destroy(workspace: Workspace, conduct: Conduct, choices: Choices = DEFAULT) -> Applied:
    """Delete what this project owns on the target. The files must load and declare something."""
    desired = workspace.desired()
    if not desired:
        raise Refused(
            "the files declare nothing",
            detail="destroy works from an intact project only, so that a wrong folder cannot empty an account",
            hint="run it in the project's folder, or name the folder with -C DIR",
        )
    async with workspace.open() as provider:
        interest = interest_in(desired, project=workspace.project.name, everything=True)
        with workspace.tracer.span(spans.reading(workspace.target.name, workspace.target.provider)):
            reading = await read(provider.store, KINDS, files=provider.files, interest=interest)
        info, capabilities = workspace.info, provider.store.capabilities
        borne = ownership_of(workspace, provider, reading).borne
        only = select(choices.only, {*borne, *(one.address for one in desired)}, "--only")
        policy = Policy(only=only or None, max_deletes=max_deletes(workspace, choices))
        plan = make_destroy_plan(
            desired, reading.objects, target=info, capabilities=capabilities, policy=policy, files=reading.files
        )
        plan = veiled(plan, workspace.project.secrets)
        return await carry_out_plan(workspace, plan, reading, provider, conduct, "destroy")


async def carry_out_plan(
    workspace: Workspace,
    plan: Plan,
    reading: Reading,
    provider: Provider,
    conduct: Conduct,
    command: str,
    passing: Passing | None = None,
) -> Applied:
    """Show a plan, have it pass its gate, ask, carry it out and write it down as a run of this command."""
    conduct.on_plan(plan)
    gated = await passing() if passing and plan.pending else None
    if gated and gated.exit_code is not ExitCode.DONE:
        return Applied(plan, None, gated)
    if plan.pending and not conduct.approve(plan):
        return Applied(plan, None, gated)
    conduct.on_start()
    root = workspace.project.root
    async with aclosing(begin_journal(root, command, plan.target, plan.revision)) as journal:
        run = Run(
            Pace(concurrency=conduct.parallelism, object_timeout=conduct.object_timeout),
            conduct.on_outcome,
            conduct.stop,
            on_progress=conduct.on_progress,
            on_error=conduct.on_error,
            recorder=journal,
            earlier=partial(earlier_runs, root, plan.target, but=journal.run),
            root=root,
            observer=workspace.observer or unseen,
            tracer=workspace.tracer,
        )
        return Applied(plan, await carry_out(plan, provider.store, reading, run, files=provider.files), gated)
