"""What a playing is held against once it is over: what its file remembers, or the same one on another target.

How they differ is found by `conversation.comparing`. Here it is called where it holds nobody up, and a judge measures
how alike replies are in meaning; that it cannot is said, and is no failure of the conversation.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace

from asstctl.conversation.comparing import measurable, measured
from asstctl.conversation.judging.questions import NoVerdict, likeness_of
from asstctl.conversation.playing.player import INTERRUPTED
from asstctl.conversation.prices import Used, cost_of
from asstctl.core.comparison import Comparing, Comparison
from asstctl.core.conversation import CaseResult
from asstctl.core.errors import AsstctlError, TapeMissing
from asstctl.core.ports import Judge
from asstctl.core.price import Price
from asstctl.core.thread import Usage

_NOT_TAPED = "its tape was recorded without --compare"


async def compared(
    held: Callable[[], Comparison],
    result: CaseResult,
    *,
    comparing: Comparing,
    judge: Callable[[], Judge],
    prices: Mapping[str, Price],
    seconds: float,
) -> CaseResult:
    """The result of a playing with its comparison, which `held` makes. Survives a cancellation.

    `judge` opens the one that measures; it is asked for so many seconds, and once at most.
    """
    try:
        # in a thread, for an expected call may hold a pattern, and replies may be long
        comparison = await asyncio.to_thread(held)
    except asyncio.CancelledError:
        return replace(result, comparison=Comparison(why_not=INTERRUPTED, undecided=True))
    pairs = measurable(comparison, result) if comparing.measured else []
    if not pairs:
        return replace(result, comparison=comparison)
    try:
        async with asyncio.timeout(seconds):
            embedded = await judge().embed([text for _, before, now in pairs for text in (before, now)])
        vectors = embedded.vectors
        alike = {number: likeness_of(vectors[2 * i : 2 * i + 2]) for i, (number, _, _) in enumerate(pairs)}
    except asyncio.CancelledError:
        return replace(result, comparison=replace(comparison, unmeasured=INTERRUPTED))
    except TapeMissing:
        return replace(result, comparison=replace(comparison, unmeasured=_NOT_TAPED))
    except TimeoutError:
        return replace(result, comparison=replace(comparison, unmeasured=f"no answer within {seconds:g} s"))
    except (AsstctlError, NoVerdict) as problem:
        return replace(result, comparison=replace(comparison, unmeasured=str(problem)))
    used = Used(embedded.model, embedded.usage)
    return _with_usage(replace(result, comparison=measured(comparison, alike)), used, prices)


def _with_usage(result: CaseResult, used: Used, prices: Mapping[str, Price]) -> CaseResult:
    if used.usage is None:
        return result
    cost = cost_of(used.usage, used.model, prices)
    before = 0.0 if result.judged is None else result.judge_cost
    whole = None if cost is None or before is None else before + cost
    return replace(result, judged=(result.judged or Usage(0, 0)) + used.usage, judge_cost=whole)
