"""Two applies at once, a hundred rounds each way: both have planned before either creates."""

import asyncio
import random
from collections import Counter
from dataclasses import replace

import pytest

from asstctl.core.capabilities import Capabilities
from asstctl.core.mark import KEY_NAME
from asstctl.core.outcome import ApplyReport, OutcomeStatus
from tests.engine.fakes import CAPABILITIES, wanted
from tests.race.virtual_time import Distant, Racer, run

ROUNDS = 100
LAG = 5.0
WIRES = {
    "no lag": CAPABILITIES,
    "lag 5 s": replace(CAPABILITIES, list_lag=LAG),
    "ties in no order": replace(CAPABILITIES, ties_in_creation_order=False),
    "lag 5 s, ties in no order": replace(CAPABILITIES, list_lag=LAG, ties_in_creation_order=False),
}


async def one_round(capabilities: Capabilities, seed: int, addresses: int) -> None:
    chance = random.Random(seed)
    store = Distant(capabilities, chance)
    desired = [wanted(f"a{number}") for number in range(addresses)]
    racers = [Racer(store, concurrency=chance.choice((1, 2, 8))) for _ in range(2)]
    # a fraction of a second that is not always the first one of a whole second
    await asyncio.sleep(chance.uniform(0, 1))
    readings = [await racer.read() for racer in racers]
    plans = [racer.decide(reading, *desired) for racer, reading in zip(racers, readings, strict=True)]

    async def apply(number: int) -> ApplyReport:
        await asyncio.sleep(chance.uniform(0, 1))
        return await racers[number].carry_out(plans[number], readings[number])

    reports = await asyncio.gather(apply(0), apply(1))

    there = {live.metadata[KEY_NAME]: live.id for live in store.lives}
    assert len(store.objects) == len(there) == addresses
    for one in desired:
        outcomes = [o for report in reports for o in report.outcomes if o.address == one.address]
        assert sorted(o.status for o in outcomes) == [OutcomeStatus.APPLIED, OutcomeStatus.FAILED]
        assert {o.remote_id for o in outcomes} == {there[str(one.address)]}
    for report in reports:
        lost = any(o.status is OutcomeStatus.FAILED for o in report.outcomes)
        assert int(report.exit_code) == (1 if lost else 0)
    assert Counter(verb for verb, _ in store.requests)["create"] == 2 * addresses
    await asyncio.sleep(60)
    await racers[0].settled(*desired, objects=addresses, writes=3 * addresses)


@pytest.mark.parametrize("addresses", [1, 5])
@pytest.mark.parametrize("wire", WIRES)
def test_of_two_applies_at_once_one_object_per_address_is_left_and_both_name_it(wire: str, addresses: int) -> None:
    """The loser exits with 1, the winner with 0; of several addresses each may lose some."""
    for seed in range(ROUNDS):
        try:
            run(lambda seed=seed: one_round(WIRES[wire], seed, addresses))  # type: ignore[misc]
        except AssertionError as error:
            raise AssertionError(f"round {seed}") from error
