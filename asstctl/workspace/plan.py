"""Use case: show what apply would do. Sends only GETs."""

from dataclasses import replace

from asstctl.core import spans
from asstctl.core.collector import collector_paused
from asstctl.core.models import Offered
from asstctl.core.plan import Plan
from asstctl.core.ports import Provider
from asstctl.engine.planning.approval import approved_of, digest
from asstctl.engine.planning.ownership import Ownership, sort_out
from asstctl.engine.planning.plan import Decided, decide
from asstctl.engine.planning.policy import CAUTIOUS, Policy
from asstctl.engine.read import Reading, interest_in, read
from asstctl.kinds import KINDS
from asstctl.manifest.model_lint import notes
from asstctl.workspace.choices import DEFAULT, Choices, check, policy_of
from asstctl.workspace.model_list import asked_beside
from asstctl.workspace.revision import git_revision
from asstctl.workspace.veil import veiled
from asstctl.workspace.workspace import Workspace


async def plan(workspace: Workspace, choices: Choices = DEFAULT) -> Plan:
    """The plan for the workspace's target."""
    check(workspace, choices)
    async with workspace.open() as provider, asked_beside(workspace, provider) as models:
        made, _ = await plan_chosen(workspace, provider, choices)
        return with_models(workspace, made, await models.offered())


def with_models(workspace: Workspace, made: Plan, offered: Offered | None) -> Plan:
    """The plan with what is to be said of the models in it, by what is known of the account."""
    planned = {change.address for change in made.changes}
    uses = [one for one in workspace.loaded.models.get(workspace.target.name, ()) if one.address in planned]
    said = notes(uses, workspace.vendors[workspace.target.name], made.target.place, workspace.now().date(), offered)
    return replace(made, notes=(*made.notes, *said))


async def plan_chosen(workspace: Workspace, provider: Provider, choices: Choices) -> tuple[Plan, Reading]:
    """The plan with what was chosen, on a provider that is open already, and the reading that it rests on."""
    if not (choices.prune and choices.only):
        return await plan_on(workspace, provider, policy_of(workspace, choices))
    # an address that is no longer declared is known only once it was seen
    reading = await look(workspace, provider, Policy(prune=True))
    borne = ownership_of(workspace, provider, reading).borne
    return make(workspace, provider, reading, policy_of(workspace, choices, borne)), reading


async def plan_on(workspace: Workspace, provider: Provider, policy: Policy = CAUTIOUS) -> tuple[Plan, Reading]:
    """The plan on a provider that is open already, and the reading that it rests on."""
    with collector_paused():
        reading = await look(workspace, provider, policy)
        return make(workspace, provider, reading, policy), reading


async def look(workspace: Workspace, provider: Provider, policy: Policy) -> Reading:
    """What a plan of the files with this policy has to see."""
    interest = interest_in(
        workspace.desired(), project=workspace.project.name, policy=policy, decisions=workspace.loaded.decisions
    )
    with workspace.tracer.span(spans.reading(workspace.target.name, workspace.target.provider)):
        return await read(provider.store, KINDS, files=provider.files, interest=interest)


def ownership_of(workspace: Workspace, provider: Provider, reading: Reading) -> Ownership:
    """Whose each live object is, seen from this project."""
    ties = provider.store.capabilities.ties_in_creation_order
    return sort_out(reading.objects, workspace.project.name, ties_in_creation_order=ties)


def make(workspace: Workspace, provider: Provider, reading: Reading, policy: Policy) -> Plan:
    """The plan that follows from a reading."""
    return decided(workspace, provider, reading, policy).plan


def decided(workspace: Workspace, provider: Provider, reading: Reading, policy: Policy) -> Decided:
    """The same, with what the plan rests on."""
    with workspace.tracer.span(spans.planning(workspace.target.name, workspace.target.provider)):
        made = decide(
            workspace.desired(),
            reading.objects,
            target=workspace.info,
            capabilities=provider.store.capabilities,
            policy=policy,
            decisions=workspace.loaded.decisions,
            files=reading.files,
            revision=git_revision(workspace.project.root),
        )
    plan = veiled(made.plan, workspace.project.secrets)
    return replace(made, plan=replace(plan, digest=digest(approved_of(plan))))
