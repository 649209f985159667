"""The same promises over the embedded server, whose objects are not the fake's."""

from typing import Any

import pytest

from asstctl.core.exit_codes import ExitCode
from asstctl.core.plan import Plan
from asstctl.core.resource import Desired
from asstctl.engine.applying.apply import apply
from asstctl.engine.planning.plan import decide
from asstctl.engine.planning.policy import Policy
from asstctl.engine.read import Reading, read
from asstctl.providers import opener
from asstctl.providers.settings import LocalSettings
from tests.engine.fakes import KIND, TARGET, wanted

pytestmark = pytest.mark.anyio

FULL: dict[str, Any] = {
    "name": "瓜瓜",
    "description": "Answers\r\nquestions.",
    "instructions": "Be kind.\r\nBe short.\r\n",
    "tools": [
        {"type": "function", "function": {"name": "tell"}},
        {"type": "file_search"},
        {"type": "function", "function": {"name": "ask", "description": "", "strict": True, "parameters": {
            "type": "object", "properties": {"n": {"type": "integer", "maximum": 2.0}}, "required": ["n"]}}},
        {"type": "code_interpreter"},
    ],
    "metadata": {"lang": "zh"},
    "temperature": 1,
    "top_p": 0.5,
    "reasoning_effort": None,
    "response_format": {"type": "json_schema", "json_schema": {"name": "answer", "schema": {"type": "object"}}},
}  # fmt: skip
STEPS = [
    pytest.param([wanted(**FULL)], id="every field"),
    pytest.param([wanted(**dict.fromkeys(FULL))], id="every field at its default"),
    pytest.param([wanted()], id="the least"),
    pytest.param([wanted(**FULL), wanted(**{**FULL, "temperature": 0.2, "name": "x"})], id="an edit"),
    pytest.param([wanted(**FULL), wanted()], id="every field taken out"),
    pytest.param([wanted(**FULL), wanted(**dict.fromkeys(FULL))], id="every field set back"),
    pytest.param([wanted(), wanted(**FULL), wanted(protect=True)], id="in, out and protected"),
]


async def planned(store: Any, desired: Desired) -> tuple[Plan, Reading]:
    reading = await read(store, [KIND])
    return decide(
        [desired], reading.objects, target=TARGET, capabilities=store.capabilities, revision="1a2b3c4"
    ).plan, reading


@pytest.mark.parametrize("steps", STEPS)
async def test_every_field_is_applied_and_then_nothing_is_left_to_do(steps: list[Desired]) -> None:
    """No value is rewritten, nothing is refreshed, and one object is there."""
    async with opener("local")(LocalSettings(":memory:")) as provider:
        for desired in steps:
            plan, reading = await planned(provider.store, desired)
            report = await apply(plan, provider.store, reading)
            assert (report.exit_code, report.warnings) == (ExitCode.DONE, ())
            again, reading = await planned(provider.store, desired)
            assert (again.pending, again.blocked, again.stale_marks, again.notes) == ((), (), (), ())
            assert len(reading.objects) == 1


async def test_drift_on_it_is_seen_and_overwritten_on_demand() -> None:
    """By the field that was edited."""
    async with opener("local")(LocalSettings(":memory:")) as provider:
        plan, reading = await planned(provider.store, wanted(**FULL))
        await apply(plan, provider.store, reading)
        (live,) = (await read(provider.store, [KIND])).objects
        await provider.store.update(KIND, live.id, {"top_p": 0.9})
        plan, reading = await planned(provider.store, wanted(**FULL))
        assert plan.counts == {"blocked:drift": 1}

        plan = decide(
            [wanted(**FULL)],
            reading.objects,
            target=TARGET,
            capabilities=provider.store.capabilities,
            policy=Policy(overwrite_drift=frozenset({"assistant.guagua.top_p"})),
        ).plan
        assert (await apply(plan, provider.store, reading)).exit_code is ExitCode.DONE
        assert (await planned(provider.store, wanted(**FULL)))[0].is_empty
