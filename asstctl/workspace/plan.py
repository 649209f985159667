"""Use case: show what apply would do. Sends only GETs."""

from dataclasses import dataclass

from asstctl.core.plan import Plan
from asstctl.core.ports import Provider
from asstctl.engine.plan import make_plan
from asstctl.engine.policy import CAUTIOUS, Policy
from asstctl.engine.read import Reading, read
from asstctl.kinds import KINDS
from asstctl.workspace.revision import git_revision
from asstctl.workspace.selection import select, select_fields
from asstctl.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Choices:
    """What the command line chooses, as it was typed."""

    only: tuple[str, ...] = ()
    overwrite_drift: tuple[str, ...] = ()
    allow_same_name: tuple[str, ...] = ()
    max_deletes: int | None = None


DEFAULT = Choices()
"""Nothing chosen."""


def policy_of(workspace: Workspace, choices: Choices) -> Policy:
    """The choices, checked against the files. Raises WrongUsage for an address that is not declared."""
    declared = {one.address for one in workspace.desired()}
    only = select(choices.only, declared, "--only")
    return Policy(
        overwrite_drift=select_fields(choices.overwrite_drift, declared, "--overwrite-drift"),
        allow_same_name=select(choices.allow_same_name, declared, "--allow-same-name"),
        only=workspace.with_dependencies(only) if only else None,
    )


async def plan(workspace: Workspace, choices: Choices = DEFAULT) -> Plan:
    """The plan for the workspace's target."""
    policy = policy_of(workspace, choices)
    async with workspace.open() as provider:
        made, _ = await plan_on(workspace, provider, policy)
    return made


async def plan_on(workspace: Workspace, provider: Provider, policy: Policy = CAUTIOUS) -> tuple[Plan, Reading]:
    """The plan on a provider that is open already, and the reading that it rests on."""
    desired = workspace.desired()
    reading = await read(provider.store, KINDS)
    made = make_plan(
        desired,
        reading.objects,
        target=workspace.info,
        capabilities=provider.store.capabilities,
        policy=policy,
        revision=git_revision(workspace.project.root),
    )
    return made, reading
