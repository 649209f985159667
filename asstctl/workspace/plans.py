"""Use cases: the plans of several targets side by side, and what was changed outside of git on one or more."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from asstctl.core.errors import AsstctlError, WrongUsage
from asstctl.core.plan import Plan
from asstctl.core.plans import Drift, Plans, TargetPlan
from asstctl.engine.planning.outside import check_drift_can_be_told, drift_of
from asstctl.workspace.choices import DEFAULT, Choices, policy_of
from asstctl.workspace.plan import ownership_of, plan, plan_on
from asstctl.workspace.workspace import Workspace

Question = Callable[[Workspace], Awaitable[Plan | Drift]]


async def plans(workspaces: Sequence[Workspace], choices: Choices = DEFAULT) -> Plans:
    """The plan of every target, all of them at once."""
    return await _ask_all(workspaces, lambda workspace: plan(workspace, choices))


async def drifts(workspaces: Sequence[Workspace], choices: Choices = DEFAULT) -> Plans:
    """The drift of every target, all of them at once."""
    return await _ask_all(workspaces, lambda workspace: drift(workspace, choices))


async def drift(workspace: Workspace, choices: Choices = DEFAULT) -> Drift:
    """What somebody else changed on the target since the last apply. Raises Refused where nobody can know that."""
    policy = policy_of(workspace, choices)
    async with workspace.open() as provider:
        check_drift_can_be_told(workspace.info, provider.store.capabilities)
        made, reading = await plan_on(workspace, provider, policy)
        ownership = ownership_of(workspace, provider, reading)
    return drift_of(made, ownership, policy)


async def _ask_all(workspaces: Sequence[Workspace], ask: Question) -> Plans:
    return Plans(tuple(await asyncio.gather(*(_ask(workspace, ask) for workspace in workspaces))))


async def _ask(workspace: Workspace, ask: Question) -> TargetPlan:
    name = workspace.target.name
    try:
        return TargetPlan(name, await ask(workspace))
    except WrongUsage:
        raise
    except AsstctlError as error:
        return TargetPlan(name, error=error)
