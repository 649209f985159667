"""What lives on a target: whose it is, seen from this project, and what there is twice or no longer declared.

By the listings that a plan asks for, sorted out as a plan does.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

from asstctl.core.change import Block
from asstctl.core.doctor import Finding, Standing
from asstctl.core.errors import AsstctlError
from asstctl.core.mark import PREFIX, PROJECT, candidate_run
from asstctl.core.plan import TargetInfo
from asstctl.core.resource import Desired, Live
from asstctl.engine.planning.blocks import same_name, unusable_mark
from asstctl.engine.planning.identities import Identities, settle
from asstctl.engine.planning.ownership import Ownership
from asstctl.render.values import counted
from asstctl.workspace.conversations.gc import OLD
from asstctl.workspace.conversations.ledger import ledger_runs
from asstctl.workspace.doctor.patient import Patient
from asstctl.workspace.plan import ownership_of

NAME = "objects"


async def check(patient: Patient) -> Iterable[Finding]:
    """A finding for each thing that is odd, else one for what is there; nothing where nobody answered."""
    if patient.withheld or patient.is_unborn or not await patient.answers():
        return []
    try:
        reading, provider = await patient.reading(), await patient.provider()
    except AsstctlError as error:
        return [patient.finding(NAME, error)]
    workspace, loaded = patient.workspace, patient.loaded
    info, desired = workspace.info, loaded.desired
    ownership = ownership_of(workspace, provider, reading)
    # what has errors is declared all the same
    identities = settle(ownership, reading.objects, loaded.declared, loaded.decisions, info)
    found = [
        *_twice(ownership),
        *_damaged(ownership),
        *(_orphans(identities, info) if patient.is_clear else ()),
        *_same_names(desired, ownership, identities, info),
        *_copies(reading.objects, ledger_runs(workspace.project.root), info, workspace.now().timestamp()),
    ]
    return found or [Finding(NAME, Standing.FINE, _there(desired, identities, clear=patient.is_clear))]


def _twice(ownership: Ownership) -> Iterator[Finding]:
    for address, owned in sorted(ownership.owned.items()):
        if owned.copies:
            copies = ", ".join(map(_dated, owned.copies))
            bear = "bears it too" if len(owned.copies) == 1 else "bear it too"
            yield Finding(
                NAME,
                Standing.WARNING,
                f"{address} is there {_times(len(owned.copies) + 1)}",
                f"Delete the copy where it was made, or remove the {PREFIX} keys from its metadata.",
                f"{_dated(owned.live)} keeps the address; {copies} {bear} and is left alone",
            )


def _damaged(ownership: Ownership) -> Iterator[Finding]:
    for live, damaged in ownership.damaged:
        block = unusable_mark(live, damaged)
        yield Finding(NAME, Standing.WARNING, block.reason, _ways(block), f"{_what(live)} is left alone")


def _orphans(identities: Identities, info: TargetInfo) -> Iterator[Finding]:
    orphans = sorted(set(identities.leaving) - set(identities.removed))
    if orphans:
        said = "1 object is" if len(orphans) == 1 else f"{len(orphans)} objects are"
        ids = ", ".join(f"{address} ({identities.leaving[address].live.id})" for address in orphans)
        hint = f"Name them under `removed` in a kind: changes file, or delete them: {info.command('apply --prune')}"
        yield Finding(NAME, Standing.WARNING, f"{said} no longer declared", hint, ids)


def _same_names(
    desired: Iterable[Desired], ownership: Ownership, identities: Identities, info: TargetInfo
) -> Iterator[Finding]:
    taken = {owned.live.id for owned in identities.owned.values()}
    foreign: dict[tuple[str, str], Live] = {}
    for live in ownership.foreign:
        if live.id not in taken:
            foreign.setdefault((live.kind, live.name), live)
    for one in desired:
        twin = foreign.get((one.address.kind, one.name)) if one.name else None
        if twin is None:
            continue
        if one.address in identities.owned:
            summary = f"{_dated(twin)} is named {one.name!r} like {one.address}, and bears no mark"
            yield Finding(NAME, Standing.NOTE, summary, "Delete it where it was made, if nobody needs it.")
        else:
            block = same_name(one, twin, info)
            yield Finding(
                NAME, Standing.WARNING, block.reason, _ways(block), f"{one.address} is not created", one.where
            )


def _copies(objects: Iterable[Live], known: Sequence[str], info: TargetInfo, now: float) -> Iterator[Finding]:
    """Copies that runs of tests made and did not remove."""
    runs = [(candidate_run(live.metadata), live) for live in objects if live.metadata.get(PROJECT) == info.project]
    left = [(run, live) for run, live in runs if run]
    if not left:
        return
    made = f"{counted(len(left), 'object')} made by tests {'is' if len(left) == 1 else 'are'} there"
    ids = ", ".join(live.id for _, live in left)
    hint = f"Once no test is going on, remove them: {info.command('test gc', named=2)}"
    # what is younger may be of a run that goes on
    over = any(run in known or live.created_at < now - OLD for run, live in left)
    yield Finding(NAME, Standing.WARNING if over else Standing.NOTE, made, hint, ids)


def _there(desired: Sequence[Desired], identities: Identities, *, clear: bool) -> str:
    if not clear:
        return f"{counted(len(identities.owned), 'object')} of this project"
    there = sum(one.address in identities.owned for one in desired)
    return f"{there} of {counted(len(desired), 'declared object')} there" if desired else "none is declared"


def _ways(block: Block) -> str:
    return "\n".join(f"{way.text[0].upper()}{way.text[1:]}: {way.command}" for way in block.ways)


def _times(number: int) -> str:
    return "twice" if number == 2 else f"{number} times"


def _what(live: Live) -> str:
    return f"{live.kind.replace('_', ' ')} {live.name!r}" if live.name else live.id


def _dated(live: Live) -> str:
    return f"{live.id} ({datetime.fromtimestamp(live.created_at, UTC):%Y-%m-%d %H:%M:%S}Z)"
