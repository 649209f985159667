"""A made-up run in which every field of a result is in use, for the formats that carry all of them."""

from asstctl.core.comparison import ArgumentDiffers, Comparing, Comparison, TurnComparison
from asstctl.core.conversation import (
    CallMade,
    CaseResult,
    Failure,
    FailureKind,
    Mismatch,
    Rate,
    Status,
    TurnResult,
)
from asstctl.core.coverage import Coverage, Covered, Subject
from asstctl.core.diagnostic import Where
from asstctl.core.suite import Spend, SuiteResult
from asstctl.core.thread import Citation, CodeRun, Passage, Usage
from tests.render.samples import STAGING

WHERE = Where("assistants/refunds.convo.yaml", 12, 3, 4)
TALKED = TurnResult(
    1,
    Status.PASSED,
    "Here is a photo",
    (CallMade("get_order", '{"order_id": "A-17"}', '{"status": "delivered"}', matched=True),),
    "Thank you.",
    seconds=1.25,
    where=WHERE,
    files=("fixtures/damage.jpg",),
    usage=Usage(700, 112),
    cost=0.0009,
    first_token=0.4,
    citations=(Citation("policy.pdf", "【1】", "two weeks"),),
    passages=(Passage("policy.pdf", 0.82, "within two weeks"),),
    code=(CodeRun("print(1)", "1\n", 1),),
    saved={"ref": "R-9", "lines": [1, {"a": None}]},
)
FAILED = TurnResult(
    1,
    Status.FAILED,
    None,
    (),
    "No.",
    (Failure(FailureKind.TEXT, "the reply must say yes", (Mismatch("reply", "yes", '"No."'),), WHERE),),
    0.5,
    WHERE,
)
BEFORE = CaseResult("clerk", "refund", WHERE, (FAILED,), 0.5)
PLAIN = CaseResult(
    "clerk",
    "refund",
    WHERE,
    (TALKED, TurnResult(2, Status.NOT_RUN, "And?")),
    1.3,
    name="Refund of a delivered order",
    tags=("smoke", "billing"),
    closing=(Failure(FailureKind.BUDGET, "it cost more", (Mismatch("cost", "0.02", "0.03"),), WHERE),),
    thread="thread_1",
    kept=True,
    retries=2,
    deployed=BEFORE,
    began=0.75,
    tape="assistants/tapes/refund.jsonl",
    recorded=True,
    judged=Usage(80, 20),
    judge_cost=0.001,
)
HELD = Comparison(
    (
        TurnComparison(
            1,
            ("cancel",),
            ("get_order",),
            (ArgumentDiffers("get_order", "order_id", '"A-16"', '"A-17"'),),
            "Thanks.",
            0.5,
            far=True,
            likeness=0.8,
        ),
        TurnComparison(2, unreached="now"),
    ),
    "",
    undecided=True,
    other="failed",
    verdicts_agree=False,
    unmeasured="no key",
)
ONE, OTHER = (CaseResult("clerk", "often[de]", WHERE, (turn,), 0.5, comparison=HELD) for turn in (TALKED, FAILED))
OFTEN = CaseResult(
    "clerk", "often[de]", WHERE, (FAILED,), 1.0, rate=Rate(1, 2, 3, 3), repeats=(ONE, OTHER), name="名前 <&\"'>"
)
STOPPED = Failure(FailureKind.TAPE_STALE, "instructions changed\n[-old-]{+new+}", where=WHERE)
STALE = CaseResult("clerk", "stale", WHERE, (), failure=STOPPED)
SKIPPED = CaseResult("clerk", "skipped", WHERE, (), skipped="it runs code")
NOT_RUN = CaseResult("clerk", "late", WHERE, (), not_run="the budget is used up")
EVERY_FIELD = SuiteResult(
    (PLAIN, OFTEN, STALE, SKIPPED, NOT_RUN),
    STAGING,
    "from assistants at 127.0.0.1:8000",
    True,
    12.5,
    True,
    ("a warning",),
    ("thread_9",),
    "20261122-120000-ab12",
    "auto",
    True,
    "the budget is used up",
    "5 of 9 conversations: -k x",
    True,
    True,
    Spend(12_400, 0.03, 900, None),
    Coverage((Covered("clerk", Subject.FUNCTION, "get_order", 2, WHERE),), 80.0),
    deployed=True,
    everything=True,
    comparing=Comparing("prod", "staging", "echoed", 0.25, "near", fails=True),
)
