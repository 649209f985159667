"""Proof of uniqueness after a wave of creates (ENGINE promise 3): one listing, no earlier than the lag.

Of two applies that made the same address at once, the later loses: it deletes the object of its own nonce,
by the id that its own create returned, and says so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from asstctl.core.address import Address
from asstctl.core.change import Change
from asstctl.core.errors import AsstctlError
from asstctl.core.outcome import OutcomeStatus
from asstctl.core.plan import TargetInfo
from asstctl.core.ports import ResourceStore
from asstctl.engine.applying.creates import delete_own, reread
from asstctl.engine.applying.recording import Recording
from asstctl.engine.applying.written import Written
from asstctl.engine.planning.ownership import sort_out


async def prove(
    store: ResourceStore, recording: Recording, target: TargetInfo, created: Sequence[tuple[Change, Written]]
) -> Mapping[Address, Written]:
    """What becomes of these creates after the proof, by address: unchanged, or lost to an earlier twin."""
    done = {change.address: written for change, written in created}
    # nobody else makes the copies of a run of tests, and a reading leaves them out
    alone = {address: written for address, written in done.items() if not address.is_candidate}
    made = {address: written for address, written in alone.items() if written.nonce and written.remote_id}
    if not made:
        return done
    capabilities, requests, again = store.capabilities, recording.requests, target.command("plan")
    wait = capabilities.list_lag
    if not capabilities.ties_in_creation_order:
        # Age is (created_at, id) there, so a twin made later in this second could still turn out older. A whole
        # second is longer than what is left of it, whatever the server's clock says, and then it may be listed late.
        wait += 1.0
    if wait:
        await requests.pace.sleep(wait)
    try:
        reading = await reread(store, requests, frozenset(change.address.kind for change, _ in created))
    except AsstctlError as error:
        warning = f"the listing that proves uniqueness failed ({error}); to see whether there are twins: {again}"
        first = next(iter(made))
        return {**done, first: replace(made[first], warnings=(*made[first].warnings, warning))}
    owned = sort_out(reading.objects, target.project, ties_in_creation_order=capabilities.ties_in_creation_order).owned
    for change, written in created:
        address = change.address
        if address not in made:
            continue
        holder = owned.get(change.address)
        listed = [] if holder is None else [holder.live.id, *(copy.id for copy in holder.copies)]
        if holder is None or written.remote_id not in listed:
            # what is not listed may be older or younger than what is; with no proof nothing is deleted
            warning = f"{address}: {written.remote_id} was created and is not listed; to look again: {again}"
            done[address] = replace(written, warnings=(*written.warnings, warning))
        elif holder.live.id != written.remote_id:
            done[address] = replace(await _yield_to(holder.live.id, change, written, store, recording), hint=again)
        elif holder.copies:
            twins = ", ".join(copy.id for copy in holder.copies)
            warning = f"{address}: {twins} was made at the same time and bears the address too"
            done[address] = replace(written, warnings=(*written.warnings, warning))
    return done


async def _yield_to(
    winner: str, change: Change, written: Written, store: ResourceStore, recording: Recording
) -> Written:
    assert written.remote_id is not None
    id = written.remote_id
    said = f"another apply created {winner} first"
    try:
        await delete_own(store, recording, change, id)
    except AsstctlError as error:
        return replace(written, status=OutcomeStatus.FAILED, detail=f"{said}; deleting {id} failed: {error}")
    return replace(
        written,
        status=OutcomeStatus.FAILED,
        remote_id=winner,
        detail=f"{said}; {id} was deleted again",
    )
