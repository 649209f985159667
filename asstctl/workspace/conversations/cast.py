"""Cast: which assistants the conversations of a run talk to (FORMAT section 4, "What a test talks to").

On a target in this process the files are what is tested: its store is first brought to what they say. On any other one
an assistant that is not what the files say is refused, because its answers would prove nothing about them, unless what
is deployed is meant (`live`), or copies of what the files say (`candidates`).
"""

from collections.abc import Iterable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from functools import partial

from asstctl.core.address import Address
from asstctl.core.change import Action, BlockCode, Change
from asstctl.core.errors import Refused
from asstctl.core.json_types import EMPTY
from asstctl.core.outcome import OutcomeStatus
from asstctl.core.plan import Plan
from asstctl.core.ports import Provider, unseen
from asstctl.engine.applying.apply import Run
from asstctl.engine.applying.apply import apply as carry_out
from asstctl.engine.planning.policy import EVERYTHING, Policy
from asstctl.workspace.conversations.equipment import Equipment, equipment, stores_in
from asstctl.workspace.journal import begin_journal, earlier_runs
from asstctl.workspace.plan import plan_on
from asstctl.workspace.workspace import Workspace

_NOT_OURS = (BlockCode.DAMAGED_MARK, BlockCode.NEWER_MARK)


@dataclass(frozen=True, slots=True)
class Cast:
    """The remote ids of assistants by their keys: those that are talked to, and what is `deployed` where that is to be
    compared, each with its equipment. `warnings` are sentences."""

    ids: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    deployed: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    equipment: Mapping[str, Equipment] = field(default_factory=lambda: EMPTY)
    deployed_equipment: Mapping[str, Equipment] = field(default_factory=lambda: EMPTY)
    warnings: tuple[str, ...] = ()


async def brought_up(workspace: Workspace, provider: Provider, tested: frozenset[Address]) -> Cast:
    """Make the local store what the files say: drift overwritten and said, nothing deleted.

    What cannot be brought there is refused where it is tested, and a warning elsewhere.
    """
    plan, reading = await plan_on(workspace, provider, Policy(overwrite_drift=frozenset({EVERYTHING})))
    root = workspace.project.root
    async with aclosing(begin_journal(root, "test", plan.target, plan.revision)) as journal:
        run = Run(
            recorder=journal,
            earlier=partial(earlier_runs, root, plan.target),
            root=root,
            observer=workspace.observer or unseen,
            tracer=workspace.tracer,
        )
        report = await carry_out(plan, provider.store, reading, run, files=provider.files)
    ids = {change.address: change.remote_id for change in plan.changes if change.remote_id}
    ways = {change.address: _ways(change) for change in plan.blocked}
    warnings = [*report.warnings, *_overwritten(plan)]
    for outcome in report.outcomes:
        if outcome.status is OutcomeStatus.APPLIED:
            ids |= {outcome.address: outcome.remote_id} if outcome.remote_id else {}
            continue
        said = f"{outcome.address} cannot be brought to what your files say"
        if outcome.address in tested:
            hint = outcome.hint or ways.get(outcome.address) or plan.target.command("plan")
            raise Refused(said, detail=outcome.detail, hint=hint)
        warnings.append(f"{said}: {outcome.detail}")
    return Cast(_by_key(ids), equipment=equipment(workspace.desired(), ids), warnings=tuple(warnings))


def as_declared(workspace: Workspace, plan: Plan, tested: Iterable[Address], *, copies: bool = True) -> Cast:
    """What is deployed, where it is what the files say. Raises Refused where it is not, with the ways on; `copies` are
    one of them."""
    differing = differences(workspace, plan, tested)
    found, deployed = [_differs(plan, *one) for one in differing], deployed_ids(plan)
    ways = ["Test the files: --candidate."] if copies else []
    if any(address.key in deployed for address, _ in differing):
        ways.append("Test what is deployed: --live.")
    if any(address.key not in deployed for address, _ in differing):
        ways.append(f"Deploy them: {plan.target.command('apply')}")
    if len(found) == 1:
        raise Refused(f"{found[0]}. {' '.join(ways)}")
    if found:
        said = f"{len(found)} assistants on {plan.target.name} are not what your files say"
        raise Refused(said, detail="\n".join(found), hint=" ".join(ways))
    return Cast(deployed, equipment=equipment(workspace.desired(), stores_in(plan)))


def live(workspace: Workspace, plan: Plan, tested: Iterable[Address]) -> Cast:
    """What is deployed, whatever the files say. Raises Refused for what is not there, or not ours."""
    addresses, ids, target = sorted(tested), deployed_ids(plan), plan.target
    if absent := [address for address in addresses if address.key not in ids]:
        raise Refused(
            f"{', '.join(map(str, absent))} {'is' if len(absent) == 1 else 'are'} not deployed on {target.name}",
            detail="--live tests what is deployed and is this project's",
            hint=f"test the files: {target.command('test --candidate')}",
        )
    warnings = tuple(_differs(plan, *one) for one in differences(workspace, plan, addresses))
    return Cast(ids, equipment=equipment(workspace.desired(), stores_in(plan)), warnings=warnings)


def deployed_ids(plan: Plan) -> dict[str, str]:
    """What is deployed and ours, by the assistant's key, whether it is what the files say or not."""
    ours = {
        change.address: change.remote_id
        for change in plan.changes
        if change.remote_id
        and change.action not in (Action.CREATE, Action.ADOPT, Action.DELETE, Action.FORGET)
        and not (change.block and change.block.code in _NOT_OURS)
    }
    return _by_key(ours)


def differences(workspace: Workspace, plan: Plan, tested: Iterable[Address]) -> tuple[tuple[Address, str], ...]:
    """The assistants that are not what the files say, each with what of it, and of what it uses, is not."""
    differing = {change.address: change for change in plan.changes if change.pending or change.block}
    found = []
    for address in sorted(tested):
        needed = sorted(workspace.with_dependencies(frozenset({address})) - {address})
        own = [_difference(differing[address])] if address in differing else []
        used = [f"{one}: {_difference(differing[one])}" for one in needed if one in differing]
        if own or used:
            found.append((address, "; ".join([*own, *used])))
    return tuple(found)


def _differs(plan: Plan, address: Address, why: str) -> str:
    return f"{address} on {plan.target.name} is not what your files say ({why})"


def _by_key(ids: Mapping[Address, str]) -> dict[str, str]:
    return {address.key: id for address, id in ids.items() if address.kind == "assistant"}


def _ways(change: Change) -> str:
    """How to get past what stands between a change and its files."""
    return "\n".join(f"{way.text}: {way.command}" for way in change.block.ways) if change.block else ""


def _difference(change: Change) -> str:
    if change.action is Action.CREATE and not change.block:
        return "it is not there"
    return change.block.reason if change.block else change.reason


def _overwritten(plan: Plan) -> tuple[str, ...]:
    return tuple(
        f"{change.address}: {field.name} was changed outside of git and was overwritten"
        for change in plan.changes
        for field in change.fields
        if field.overwritten
    )
