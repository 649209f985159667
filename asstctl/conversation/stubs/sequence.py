"""`sequence: [answer, answer, ...]`: the first call gets the first answer, and so on.

Each is written as a rule writes its answer, `{return: 1}` or `{fault: timeout}`. A call after the last one fails the
turn: an assistant that asks more often than was foreseen shall be noticed. `then: last` repeats the last instead.
"""

from dataclasses import dataclass
from typing import Literal

from asstctl.conversation.shapes import ANSWER, list_of, means
from asstctl.conversation.stubs.kind import Answer, Read, StubCall, StubFailed, StubKind, StubSource
from asstctl.conversation.text import times
from asstctl.core.diagnostic import Diagnostic, error

Then = Literal["fail", "last"]


@dataclass(frozen=True, slots=True)
class InTurn:
    """Answers one after the other."""

    answers: tuple[Answer, ...]
    then: Then = "fail"

    @property
    def runs_code(self) -> bool:
        return any(one.runs_code for one in self.answers)

    async def answer(self, call: StubCall) -> str:
        last = len(self.answers) - 1
        if call.before > last and self.then == "fail":
            held = f"its `sequence` holds {len(self.answers)} {'answer' if last == 0 else 'answers'}"
            raise StubFailed(f"{held} and it was called {times(call.before + 1)}; `then: last` would repeat the last")
        return await self.answers[min(call.before, last)].answer(call)


def _read(source: StubSource) -> Read:
    value, then = source.value, source.beside("then")
    if not isinstance(value, list) or not value:
        hint = "write `sequence: [{return: first}, {return: second}]`"
        return (error("stub-shape", "`sequence` is not a list of answers", source.where, hint=hint),)
    found = [source.nested(source.below(i), ()) for i in range(len(value))]
    problems: list[Diagnostic] = [problem for one in found if isinstance(one, tuple) for problem in one]
    if then.value not in (None, "fail", "last"):
        problems.append(error("stub-shape", "`then` is `fail` or `last`", then.where, hint="remove it, or say `last`"))
    if problems:
        return tuple(problems)
    answers = tuple(one for one in found if not isinstance(one, tuple))
    return InTurn(answers, "last" if then.value == "last" else "fail")


SEQUENCE = StubKind(
    "sequence",
    _read,
    list_of(ANSWER),
    beside={
        "then": means(
            "What a call after the last answer gets: none, or the last again.", {"enum": ["fail", "last", None]}
        )
    },
)
