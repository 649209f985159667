"""Equipment: what conversations are given because a target's wire cannot hold it (`on_unsupported`).

Tools that threads get in an assistant's place, and the stores that its function for `file_search` searches.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from asstctl.core.address import Address
from asstctl.core.capabilities import Way
from asstctl.core.json_types import EMPTY, Json
from asstctl.core.plan import Plan
from asstctl.core.reference import address_of
from asstctl.core.resource import Desired
from asstctl.engine.read import STORE


@dataclass(frozen=True, slots=True)
class Equipment:
    """That of one assistant: types of tools, and ids of stores by the function that searches them."""

    tools: frozenset[str] = frozenset()
    searches: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: EMPTY)


NOTHING = Equipment()


def equipment(desired: Iterable[Desired], stores: Mapping[Address, str]) -> Mapping[str, Equipment]:
    """That of each assistant by its key; `stores` are the ids of stores that are there."""
    return {one.address.key: _of(one, stores) for one in desired if one.losses}


def stores_in(plan: Plan) -> dict[Address, str]:
    """The ids of stores that are deployed, by address."""
    found = ((change.address, change.remote_id) for change in plan.changes)
    return {address: id for address, id in found if address.kind == STORE and id}


def recorded_stores(desired: Iterable[Desired]) -> dict[Address, str]:
    """An id for each declared store where tapes answer, which know nobody's id."""
    return {one.address: f"vs_recorded_{one.address.key}" for one in desired if one.address.kind == STORE}


def _of(one: Desired, stores: Mapping[Address, str]) -> Equipment:
    tools = frozenset(loss.tool for loss in one.losses if loss.way is Way.SESSION)
    searched = tuple(id for item in one.searched if (id := _id_of(item, stores)))
    return Equipment(tools, {loss.function: searched for loss in one.losses if loss.way is Way.FUNCTION})


def _id_of(item: Json, stores: Mapping[Address, str]) -> str:
    """The id of a store that a manifest names; "" for one that is not there."""
    address = address_of(item)
    return stores.get(address, "") if address else str(item)
