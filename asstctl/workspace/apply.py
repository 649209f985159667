"""Use case: make the target match the files."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from asstctl.core.errors import Refused
from asstctl.core.outcome import Applied, Outcome
from asstctl.core.plan import Plan
from asstctl.core.ports import Provider
from asstctl.engine.apply import Run
from asstctl.engine.apply import apply as carry_out
from asstctl.engine.destroy import make_destroy_plan
from asstctl.engine.ownership import sort_out
from asstctl.engine.policy import CAUTIOUS, Policy
from asstctl.engine.read import Reading, read
from asstctl.engine.requests import Pace
from asstctl.kinds import KINDS
from asstctl.workspace.plan import DEFAULT, Choices, plan_on, policy_of
from asstctl.workspace.selection import select
from asstctl.workspace.workspace import Workspace


def _nobody(outcome: Outcome) -> None:
    """Tell no one."""


@dataclass(frozen=True, slots=True)
class Conduct:
    """How an apply is watched and steered: who sees and approves the plan, who hears of outcomes, what stops it.

    `approve` is asked only where something would change; `on_start` is told when the first write may follow.
    """

    approve: Callable[[Plan], bool]
    on_plan: Callable[[Plan], None] = lambda plan: None
    on_start: Callable[[], None] = lambda: None
    on_outcome: Callable[[Outcome], None] = _nobody
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    parallelism: int = 8


async def apply(workspace: Workspace, conduct: Conduct, choices: Choices = DEFAULT) -> Applied:
    """Plan, ask `conduct.approve`, and carry the plan out. Changes that are blocked are reported as skipped."""
    policy = policy_of(workspace, choices)
    async with workspace.open() as provider:
        plan, reading = await plan_on(workspace, provider, policy)
        return await _carry_out(plan, reading, provider, conduct)


async def destroy(workspace: Workspace, conduct: Conduct, choices: Choices = DEFAULT) -> Applied:
    """Delete what this project owns on the target. The files must load and declare something."""
    desired = workspace.desired()
    if not desired:
        raise Refused(
            "the files declare nothing",
            detail="destroy works from an intact project only, so that a wrong folder cannot empty an account",
            hint="run it in the project's folder, or name the folder with -C DIR",
        )
    limits = (choices.max_deletes, workspace.target.max_deletes, CAUTIOUS.max_deletes)
    async with workspace.open() as provider:
        reading = await read(provider.store, KINDS)
        info, capabilities = workspace.info, provider.store.capabilities
        owned = sort_out(
            reading.objects, info.project, ties_in_creation_order=capabilities.ties_in_creation_order
        ).owned
        only = select(choices.only, {*owned, *(one.address for one in desired)}, "--only")
        policy = Policy(only=only or None, max_deletes=next(limit for limit in limits if limit is not None))
        plan = make_destroy_plan(desired, reading.objects, target=info, capabilities=capabilities, policy=policy)
        return await _carry_out(plan, reading, provider, conduct)


async def _carry_out(plan: Plan, reading: Reading, provider: Provider, conduct: Conduct) -> Applied:
    conduct.on_plan(plan)
    if plan.pending and not conduct.approve(plan):
        return Applied(plan, None)
    conduct.on_start()
    run = Run(Pace(concurrency=conduct.parallelism), conduct.on_outcome, conduct.stop)
    return Applied(plan, await carry_out(plan, provider.store, reading, run))
