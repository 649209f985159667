"""Proof of uniqueness after a wave of creates (ENGINE promise 3): one listing, no earlier than the lag.

Of two applies that made the same address at once, the later loses: it deletes the object of its own nonce,
by the id that its own create returned, and says so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from asstctl.core.change import Change
from asstctl.core.errors import NotFound, ProviderError
from asstctl.core.outcome import OutcomeStatus
from asstctl.core.ports import ResourceStore
from asstctl.engine.ownership import sort_out
from asstctl.engine.requests import Requests
from asstctl.engine.writes import Written, reread


async def prove(
    store: ResourceStore, requests: Requests, project: str, created: Sequence[tuple[Change, Written]]
) -> Mapping[str, Written]:
    """What becomes of these creates after the proof, by address: unchanged, or lost to an earlier twin."""
    done = {str(change.address): written for change, written in created}
    made = {address: written for address, written in done.items() if written.status is OutcomeStatus.APPLIED}
    if not made:
        return done
    pace, capabilities = requests.pace, store.capabilities
    wait = capabilities.list_lag
    if not capabilities.ties_in_creation_order:
        # age is (created_at, id) there, so a twin made later in this second could still turn out older
        wait = max(wait, 1 - pace.now() % 1)
    if wait:
        await pace.sleep(wait)
    try:
        reading = await reread(store, requests, frozenset(change.address.kind for change, _ in created))
    except ProviderError as error:
        warning = f"the listing that proves uniqueness failed ({error}); plan again to see whether there are twins"
        first = next(iter(made))
        return {**done, first: replace(made[first], warnings=(*made[first].warnings, warning))}
    owned = sort_out(reading.objects, project, ties_in_creation_order=capabilities.ties_in_creation_order).owned
    for change, written in created:
        address = str(change.address)
        if address not in made or written.remote_id is None:
            continue
        holder = owned.get(change.address)
        if holder is None:
            warning = f"{address}: {written.remote_id} was created and is not listed; plan again"
            done[address] = replace(written, warnings=(*written.warnings, warning))
        elif holder.live.id != written.remote_id:
            done[address] = await _yield_to(holder.live.id, change, written, store, requests)
        elif holder.copies:
            twins = ", ".join(copy.id for copy in holder.copies)
            warning = f"{address}: {twins} was made at the same time and bears the address too"
            done[address] = replace(written, warnings=(*written.warnings, warning))
    return done


async def _yield_to(winner: str, change: Change, written: Written, store: ResourceStore, requests: Requests) -> Written:
    assert written.remote_id is not None
    id = written.remote_id
    said = f"another apply created {winner} first"
    try:
        await requests.safely(lambda: store.delete(change.address.kind, id))
    except NotFound:
        pass
    except ProviderError as error:
        return replace(written, status=OutcomeStatus.FAILED, detail=f"{said}; deleting {id} failed: {error}")
    return replace(
        written,
        status=OutcomeStatus.FAILED,
        remote_id=winner,
        detail=f"{said}; {id} was deleted again",
        hint="plan again",
    )
