"""Use cases: the plans of several targets side by side, and what was changed outside of git on one or more."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from asstctl.core.change import BlockCode, Change, FieldState
from asstctl.core.errors import AsstctlError, WrongUsage
from asstctl.core.plan import Plan
from asstctl.core.plans import Drift, Plans, TargetPlan
from asstctl.engine.notes import outside_of_git
from asstctl.engine.ownership import Ownership
from asstctl.workspace.choices import DEFAULT, Choices, policy_of
from asstctl.workspace.plan import ownership_of, plan, plan_on
from asstctl.workspace.workspace import Workspace

Question = Callable[[Workspace], Awaitable[Plan | Drift]]

_OUTSIDE = (FieldState.DRIFT, FieldState.CONFLICT)
_MARKS = (BlockCode.DAMAGED_MARK, BlockCode.NEWER_MARK)


async def plans(workspaces: Sequence[Workspace], choices: Choices = DEFAULT) -> Plans:
    """The plan of every target, all of them at once."""
    return await _ask_all(workspaces, lambda workspace: plan(workspace, choices))


async def drifts(workspaces: Sequence[Workspace], choices: Choices = DEFAULT) -> Plans:
    """The drift of every target, all of them at once."""
    return await _ask_all(workspaces, lambda workspace: drift(workspace, choices))


async def drift(workspace: Workspace, choices: Choices = DEFAULT) -> Drift:
    """What somebody else changed on the target since the last apply."""
    policy = policy_of(workspace, choices)
    async with workspace.open() as provider:
        made, reading = await plan_on(workspace, provider, policy)
        ownership = ownership_of(workspace, provider, reading)
    return drift_of(made, ownership, outside_of_git(ownership, policy, said=_said(made)))


def drift_of(plan: Plan, ownership: Ownership, notes: tuple[str, ...]) -> Drift:
    """The part of a plan that is about what others did. An object that was never applied cannot have drifted."""
    changes = tuple(one for change in plan.changes if (one := _outside(change)) is not None)
    checked = {change.address for change in plan.changes if change.remote_id} | {*ownership.owned}
    return Drift(plan.target, changes, notes, len(checked))


def _outside(change: Change) -> Change | None:
    if change.block and change.block.code in _MARKS:
        return change
    fields = tuple(field for field in change.fields if field.state in _OUTSIDE)
    if not fields:
        return None
    others = len(change.fields) - len(fields)
    return replace(change, fields=fields, files=(), unchanged=change.unchanged + others, files_unchanged=0)


def _said(plan: Plan) -> frozenset[str | None]:
    return frozenset(change.remote_id for change in plan.changes if change.block and change.block.code in _MARKS)


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
