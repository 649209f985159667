"""Rates: how a conversation that is played several times comes to one result. Pure.

Playings are begun in batches, each as large as is certain to be needed for a verdict however they end: so several go on
at once, and none is begun that playing them one after the other would not have begun too.
"""

from collections.abc import Sequence
from dataclasses import replace

from asstctl.conversation.case import Repeat
from asstctl.core.conversation import CaseResult, Rate, Status
from asstctl.core.thread import Usage

UNPLAYED = frozenset({Status.SKIPPED, Status.NOT_RUN})
"""What a playing is that was cut off, or never begun."""


def still_needed(repeat: Repeat, ended: Sequence[Status]) -> int:
    """How many playings more it takes at least until the verdict is certain; 0: it is.

    It is certain that it passed, that it failed, or that neither can be reached any more for want of verdicts.
    """
    passed, failed = ended.count(Status.PASSED), ended.count(Status.FAILED)
    undecided = len(ended) - passed - failed
    to_pass = repeat.needed - passed
    to_fail = repeat.runs - repeat.needed + 1 - failed
    to_neither = max(to_pass, to_fail) - undecided
    return max(0, min(to_pass, to_fail, to_neither))


def merged(repeat: Repeat, playings: Sequence[CaseResult], seconds: float) -> CaseResult:
    """The result of them all: the turns are those of the first that did not pass."""
    ran = [one for one in playings if one.status not in UNPLAYED]
    cut_off = next((one for one in playings if one.status in UNPLAYED), None)
    shown = next((one for one in playings if one.status is not Status.PASSED), playings[0])
    judged = [one.judged for one in playings if one.judged]
    costs = [one.judge_cost for one in playings if one.judged and one.judge_cost is not None]
    return replace(
        shown,
        seconds=seconds,
        skipped=cut_off.skipped if cut_off else "",
        not_run=cut_off.not_run if cut_off else "",
        rate=Rate(sum(one.status is Status.PASSED for one in ran), len(ran), repeat.needed, repeat.runs),
        repeats=tuple(playings),
        retries=sum(one.retries for one in playings),
        judged=sum(judged, Usage(0, 0)) if judged else None,
        judge_cost=sum(costs) if judged and len(costs) == len(judged) else None,
    )
