"""Use cases: list what this project has on a target, and show one resource of it."""

from collections.abc import Mapping
from dataclasses import dataclass

from asstctl.core.address import Address
from asstctl.core.change import Action, BlockCode, Change
from asstctl.core.errors import Refused
from asstctl.core.json_types import Json
from asstctl.core.plan import TargetInfo
from asstctl.core.resource import Desired, Live
from asstctl.engine.mark import without_mark
from asstctl.engine.ownership import sort_out
from asstctl.workspace.plan import plan_on
from asstctl.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Resource:
    """One address: what the files say, what is live, and in a few words where it stands."""

    address: Address
    status: str
    desired: Desired | None
    live: Live | None

    @property
    def fields(self) -> Mapping[str, Json]:
        """The live fields, our mark left out; the declared ones where nothing is live."""
        if self.live is not None:
            return {**self.live.fields, "metadata": without_mark(self.live.metadata)}
        return self.desired.fields if self.desired else {}


@dataclass(frozen=True, slots=True)
class Inventory:
    """Every resource that is declared or owned, by address."""

    target: TargetInfo
    resources: tuple[Resource, ...]


async def inventory(workspace: Workspace) -> Inventory:
    """Look at everything that the files declare and everything that bears this project's mark."""
    desired = {one.address: one for one in workspace.desired()}
    async with workspace.open() as provider:
        plan, reading = await plan_on(workspace, provider)
    owned = sort_out(
        reading.objects,
        workspace.project.name,
        ties_in_creation_order=workspace.capabilities.ties_in_creation_order,
    ).owned
    planned = {change.address: change for change in plan.changes}
    resources = tuple(
        Resource(
            address,
            _status(planned.get(address)),
            desired.get(address),
            owned[address].live if address in owned else None,
        )
        for address in sorted({*desired, *owned})
    )
    return Inventory(plan.target, resources)


async def resource(workspace: Workspace, text: str) -> tuple[TargetInfo, Resource]:
    """One resource by its address, or by its key where that is enough. Raises Refused when there is none."""
    everything = await inventory(workspace)
    for one in everything.resources:
        if text in (str(one.address), one.address.key):
            return everything.target, one
    raise Refused(
        f"there is no {text}",
        detail=f"neither in the files nor, with this project's mark, on {everything.target.name}",
        hint=f"see {everything.target.command('list')}",
    )


def _status(change: Change | None) -> str:
    match change:
        case None:
            return "not declared"
        case Change(block=block) if block:
            return "changed outside of git" if block.code is BlockCode.DRIFT else f"blocked: {block.code}"
        case Change(action=Action.CREATE):
            return "not created"
        case Change(action=Action.UPDATE):
            return "differs"
    return "in sync"
