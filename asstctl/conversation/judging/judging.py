"""Judging: what a model says of a turn, for the expectations that only a model can decide.

It comes last, once everything else of the turn has passed. How a judge is asked is in `questions`, what an operator
takes in `checks`; who the judges are is for the workspace.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from asstctl.conversation.case import Expectation
from asstctl.conversation.checks import CHECKS
from asstctl.conversation.checks.check import Operator, replies_or_reply
from asstctl.conversation.checks.rubric import RUBRIC, rubric_of
from asstctl.conversation.checks.similar import similar_of
from asstctl.conversation.judging.judge_names import judge_named, operator_of
from asstctl.conversation.judging.questions import (
    INSTRUCTIONS,
    VERDICT,
    NoVerdict,
    likeness_of,
    question_of,
    verdict_of,
)
from asstctl.conversation.observed import Observed
from asstctl.conversation.prices import Used, usage_of
from asstctl.core.conversation import Failure, FailureKind, Mismatch
from asstctl.core.errors import AsstctlError, BadAnswer, ProviderError, TapeMissing
from asstctl.core.ports import Judge
from asstctl.core.thread import Usage


@dataclass(frozen=True, slots=True)
class Judging:
    """What came of it: the expectations not met or not decided, in their order, and what each request used."""

    failures: tuple[Failure, ...] = ()
    used: tuple[Used, ...] = ()

    @property
    def usage(self) -> Usage | None:
        """All tokens, as far as judges count them."""
        return usage_of(self.used)


async def judge_with(
    expectations: Sequence[Expectation],
    observed: Observed,
    judges: Mapping[str, Judge],
    *,
    seconds: float | None = None,
    whole: bool = False,
) -> Judging:
    """Have all of these expectations judged at once. They are those of `verdict.for_judges`, filled in.

    `seconds`: for each of them. `whole`: they are about the conversation, not about a turn. What a judge does not do is
    a failure without a verdict, and raises nothing.
    """
    subject = replies_or_reply(whole=whole)
    asked = [_Asked(expectation, observed, judges, subject) for expectation in expectations]
    failures = await asyncio.gather(*(one.judged(seconds) for one in asked))
    return Judging(
        tuple(failure for failure in failures if failure is not None),
        tuple(used for one in asked for used in one.used),
    )


class _Asked:
    """One expectation on its way to a verdict."""

    def __init__(self, expectation: Expectation, observed: Observed, judges: Mapping[str, Judge], subject: str) -> None:
        self.used: list[Used] = []
        self._expectation = expectation
        self._observed = observed
        self._judges = judges
        self._subject = subject
        self._check: Operator = CHECKS[expectation.operator]

    async def judged(self, seconds: float | None) -> Failure | None:
        """None when it is met."""
        if wrong := self._check.refuses(self._expectation.value):  # it was filled in late, and is not what it has to be
            return self._failed(self._check.kind, f"`{self._check.name}` could not be checked: it {wrong}")
        name = judge_named(self._expectation)
        if name not in self._judges:
            return self._failed(FailureKind.JUDGE_INVALID, f"asstctl.yaml has no judge {name}")
        try:
            async with asyncio.timeout(seconds):
                if operator_of(self._expectation) == RUBRIC.name:
                    return await self._by_rubric(self._judges[name])
                return await self._by_likeness(self._judges[name])
        except TimeoutError:
            return self._failed(FailureKind.TIMEOUT, f"judge {name} gave no verdict within {seconds:g} s")
        except TapeMissing as missing:
            return self._failed(FailureKind.TAPE_MISSING, _words(missing))
        except NoVerdict as problem:
            return self._failed(FailureKind.JUDGE_INVALID, f"judge {name} gave no verdict: {problem}")
        except BadAnswer as bad:
            return self._failed(FailureKind.JUDGE_INVALID, _of_judge(name, _words(bad), " gave no verdict"))
        except ProviderError as trouble:
            return self._failed(FailureKind.PROVIDER_ERROR, _of_judge(name, _words(trouble)))

    def _failed(self, kind: FailureKind, message: str, *mismatches: Mismatch) -> Failure:
        return Failure(kind, message, mismatches, self._expectation.where)

    def _is_met(self, measured: float, minimum: float) -> bool:
        return (measured >= minimum) is not self._check.negated

    def _wanted(self, minimum: float) -> str:
        return f"{'below' if self._check.negated else 'at least'} {minimum:g}"

    async def _by_rubric(self, judge: Judge) -> Failure | None:
        """The first verdict decides if it is good, else what most of `confirm_fail` verdicts say, asked one by one."""
        rubric = rubric_of(self._expectation.value)
        question = question_of(rubric.says, self._observed)
        most = rubric.confirm_fail // 2 + 1
        against: list[tuple[float, str]] = []
        asked = 0
        while len(against) < most:
            score, reason = await self._verdict(judge, question)
            asked += 1
            if not self._is_met(score, rubric.minimum):
                against.append((score, reason))
            elif not against or asked - len(against) > rubric.confirm_fail - most:
                return None
        score, reason = against[0]
        by = f"judge {rubric.judge}" + (f", {len(against)} verdicts of {asked}" if asked > 1 else "")
        sentence = self._check.sentence(self._subject, self._expectation.value)
        sides = Mismatch("score", self._wanted(rubric.minimum), f"{score:g}")
        return self._failed(FailureKind.JUDGE_NO, f"{sentence} ({by}): {reason}", sides)

    async def _verdict(self, judge: Judge, question: str) -> tuple[float, str]:
        answered = await judge.ask(INSTRUCTIONS, question, schema=VERDICT)
        self.used.append(Used(answered.model, answered.usage))
        return verdict_of(answered)

    async def _by_likeness(self, judge: Judge) -> Failure | None:
        similar = similar_of(self._expectation.value)
        likeness = 0.0
        if self._observed.reply.strip():  # no model has a vector for nothing
            embedded = await judge.embed([similar.to, self._observed.reply])
            self.used.append(Used(embedded.model, embedded.usage))
            likeness = likeness_of(embedded.vectors)
        if self._is_met(likeness, similar.minimum):
            return None
        sentence = self._check.sentence(self._subject, self._expectation.value)
        sides = Mismatch("similarity", self._wanted(similar.minimum), f"{likeness:g}")
        return self._failed(FailureKind.JUDGE_NO, f"{sentence} (judge {similar.judge})", sides)


def _of_judge(name: str, words: str, did: str = "") -> str:
    """What is said of a judge, which words of its server may name already."""
    return words if f"judge {name}" in words else f"judge {name}{did}: {words}"


def _words(problem: AsstctlError) -> str:
    return f"{problem}; {problem.hint}" if problem.hint else str(problem)
