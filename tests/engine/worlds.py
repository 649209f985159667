"""Worlds in which something was applied already, and the words that several modules have for them."""

from dataclasses import replace
from typing import Any

from asstctl.core.errors import AnswerLost, BadAnswer, ServerFault
from asstctl.core.exit_codes import ExitCode
from asstctl.core.outcome import OutcomeStatus
from asstctl.core.resource import Desired
from asstctl.engine.planning.policy import Policy
from tests.engine.fakes import CAPABILITIES, World, address

GUAGUA = "assistant.guagua"
APPLIED, FAILED, SKIPPED, UNKNOWN = OutcomeStatus
ALL = Policy(overwrite_drift=frozenset({"all"}))
LAGGING = replace(CAPABILITIES, list_lag=5.0)
ASK = {"type": "function", "function": {"name": "ask", "parameters": {"type": "object", "properties": {}}}}
LOST = [AnswerLost("dropped"), ServerFault("500"), BadAnswer("not JSON")]


async def applied(*desired: Desired) -> World:
    """A world in which this was applied, with its counts at zero."""
    world = await applied_and_counted(*desired)
    world.store.requests.clear()
    return world


async def applied_and_counted(*desired: Desired) -> World:
    """A world in which this was applied, with what that took still counted."""
    world = World()
    report = await world.apply(*desired)
    assert report.exit_code is ExitCode.DONE
    assert [outcome.status for outcome in report.outcomes] == [APPLIED] * len(desired)
    return world


def field_states(plan: Any, key: str = "guagua") -> dict[str, str]:
    (change,) = (c for c in plan.changes if c.address == address(key))
    return {field.name: field.state.value for field in change.fields}


def mark_of(world: World, **pairs: str | None) -> None:
    world.store.edit_metadata(world.store.one(GUAGUA).id, **pairs)
