"""A judge in memory that answers in turn, and remembers what it was asked."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from asstctl.core.json_types import Json
from asstctl.core.thread import Embedded, Judged, Usage

Verdict = float | Mapping[str, Json] | Exception | None
"""A score, an answer as it is, an error, or (None) no answer at all."""


USED = Usage(100, 10)


@dataclass
class ScriptedJudge:
    """Verdicts are given one by one, the last of them for ever; `vectors` are for whatever texts come."""

    verdicts: Sequence[Verdict] = ()
    vectors: tuple[tuple[float, ...], ...] | Exception = ()
    usage: Usage | None = USED
    model: str = "judge-1"
    questions: list[tuple[str, str]] = field(default_factory=list)
    embedded: list[tuple[str, ...]] = field(default_factory=list)
    in_flight: int = 0
    most_in_flight: int = 0

    async def ask(self, instructions: str, question: str, *, schema: Mapping[str, Json]) -> Judged:
        verdict = self.verdicts[min(len(self.questions), len(self.verdicts) - 1)]
        self.questions.append((instructions, question))
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        await asyncio.sleep(0)
        self.in_flight -= 1
        if verdict is None:
            await asyncio.Event().wait()
        if isinstance(verdict, Exception):
            raise verdict
        reason = f"reason {len(self.questions)}"
        answer = verdict if isinstance(verdict, Mapping) else {"score": verdict, "reason": reason}
        return Judged(answer, self.usage, self.model)

    async def embed(self, texts: Sequence[str]) -> Embedded:
        self.embedded.append(tuple(texts))
        if isinstance(self.vectors, Exception):
            raise self.vectors
        return Embedded(self.vectors, Usage(20, 0), "embed-1")

    async def aclose(self) -> None:
        pass
