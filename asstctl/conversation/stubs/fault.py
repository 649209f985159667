"""`fault: word`: what a tool says when it fails, for an assistant that shall cope; `{slow: 5, return: 1}` only waits.

What the assistant gets is an output like any other. Nothing is really late but `slow`, which the time limits of the
turn count as they count everything.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from asstctl.conversation.stubs.kind import Answer, Faulty, Read, StubCall, StubKind, StubSource
from asstctl.core.diagnostic import error

FAULTS: Mapping[str, str] = {
    "timeout": '{"error": {"type": "timeout", "message": "the request timed out; there is no result"}}',
    "malformed": '{"result": [{"id": 1, "na',
    "empty": "",
    "rate_limit": '{"error": {"type": "rate_limit", "message": "too many requests; try again in 30 seconds"}}',
}
"""Each fault, and the output that the assistant gets."""

SLOWEST = 600.0


@dataclass(frozen=True, slots=True)
class Failing:
    """An output that says that the tool failed."""

    runs_code: ClassVar[bool] = False
    output: Faulty

    async def answer(self, call: StubCall) -> str:
        return self.output


@dataclass(frozen=True, slots=True)
class Slow:
    """Another answer, late."""

    seconds: float
    then: Answer

    @property
    def runs_code(self) -> bool:
        return self.then.runs_code

    async def answer(self, call: StubCall) -> str:
        import asyncio

        await asyncio.sleep(self.seconds)
        return await self.then.answer(call)


_HINT = f"choose from: {', '.join(FAULTS)}; or `{{slow: 5, return: ...}}`, an answer that takes 5 seconds"


def _read(source: StubSource) -> Read:
    value = source.value
    if isinstance(value, str) and value in FAULTS:
        return Failing(Faulty(FAULTS[value]))
    if not isinstance(value, Mapping) or "slow" not in value:
        return (error("stub-shape", "`fault` names no fault", source.where, hint=_HINT),)
    seconds = value["slow"]
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 < seconds <= SLOWEST:
        hint = f"a number from above 0 to {SLOWEST:g}"
        return (error("stub-shape", "`slow` is not a number of seconds", source.below("slow").where, hint=hint),)
    if set(value) == {"slow"}:
        hint = f"say what it answers in the end: `{{slow: {seconds:g}, return: ...}}`"
        return (error("stub-shape", "`slow` only waits, and says no answer", source.where, hint=hint),)
    then = source.nested(source, ("slow",))
    return then if isinstance(then, tuple) else Slow(float(seconds), then)


FAULT = StubKind(
    "fault",
    _read,
    {"if": {"type": "object"}, "then": {"$ref": "#/definitions/LateAnswer"}, "else": {"enum": list(FAULTS)}},
)
