"""Use case: bring a target to what another one holds already, as the files say it for each of them."""

from asstctl.core.change import Action, Change
from asstctl.core.errors import Refused, WrongUsage
from asstctl.core.outcome import Applied
from asstctl.workspace.apply import Conduct, apply
from asstctl.workspace.choices import DEFAULT, Choices
from asstctl.workspace.plan import plan
from asstctl.workspace.saved_plans import Agreement
from asstctl.workspace.workspace import Workspace


async def promote(
    source: Workspace,
    target: Workspace,
    conduct: Conduct,
    choices: Choices = DEFAULT,
    agreement: Agreement | None = None,
) -> Applied:
    """Apply to `target`, once `source` is exactly what the files say. Raises Refused where it is not."""
    if source.target.name == target.target.name:
        raise WrongUsage("--from and --to name the same target", hint=f"name two of: {_names(source)}")
    found = await plan(source, Choices(only=choices.only))
    if not found.is_empty:
        differing = [change for change in found.changes if change.pending or change.block]
        raise Refused(
            f"{found.target.name} is not what your files say, so it cannot be promoted",
            detail="\n".join(f"{change.address} on {found.target.name}: {_difference(change)}" for change in differing),
            hint=f"apply there first: {found.target.command('apply')}",
        )
    if not found.changes:
        raise Refused(f"nothing is declared for {found.target.name}", detail="there is nothing to promote")
    return await apply(target, conduct, choices, agreement=agreement, promoted_from=found.target.name)


def _difference(change: Change) -> str:
    if change.block:
        return change.block.reason
    return "it is not there" if change.action is Action.CREATE else change.reason or str(change.action)


def _names(workspace: Workspace) -> str:
    return ", ".join(sorted(workspace.project.targets))
