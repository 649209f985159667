"""Use case: make the target match the files."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from asstctl.core.errors import Refused
from asstctl.core.outcome import ApplyReport, Outcome
from asstctl.core.plan import Plan
from asstctl.engine.apply import Run
from asstctl.engine.apply import apply as carry_out
from asstctl.engine.destroy import make_destroy_plan
from asstctl.engine.policy import CAUTIOUS, Policy
from asstctl.engine.read import Reading, read
from asstctl.engine.requests import Pace
from asstctl.kinds import KINDS
from asstctl.workspace.plan import DEFAULT, Choices, plan_on, policy_of
from asstctl.workspace.workspace import Workspace

if TYPE_CHECKING:
    from asstctl.providers.assistants.provider import Provider


def _nobody(outcome: Outcome) -> None:
    """Tell no one."""


@dataclass(frozen=True, slots=True)
class Conduct:
    """How an apply is watched and steered: who sees and approves the plan, who hears of outcomes, what stops it.

    `approve` is asked only where something would change.
    """

    approve: Callable[[Plan], bool]
    on_plan: Callable[[Plan], None] = lambda plan: None
    on_outcome: Callable[[Outcome], None] = _nobody
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    parallelism: int = 8


@dataclass(frozen=True, slots=True)
class Applied:
    """The plan and what came of it; no report where it was not approved."""

    plan: Plan
    report: ApplyReport | None


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
    limit = choices.max_deletes or workspace.target.max_deletes or CAUTIOUS.max_deletes
    only = workspace.addresses(choices.only, "--only", declared=False)
    async with workspace.open() as provider:
        reading = await read(provider.store, KINDS)
        plan = make_destroy_plan(
            desired,
            reading.objects,
            target=workspace.info(provider),
            capabilities=provider.store.capabilities,
            policy=Policy(only=only or None, max_deletes=limit),
        )
        return await _carry_out(plan, reading, provider, conduct)


async def _carry_out(plan: Plan, reading: Reading, provider: "Provider", conduct: Conduct) -> Applied:
    conduct.on_plan(plan)
    if plan.pending and not conduct.approve(plan):
        return Applied(plan, None)
    run = Run(Pace(concurrency=conduct.parallelism), conduct.on_outcome, conduct.stop)
    return Applied(plan, await carry_out(plan, provider.store, reading, run))
