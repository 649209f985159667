"""A made-up run as teams have it: some assistants, every end, long and CJK texts, and texts that try to break out."""

from dataclasses import replace

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
from asstctl.core.json_text import json_text
from asstctl.core.suite import Spend, SuiteResult
from asstctl.core.thread import Citation, CodeRun, Passage, Usage
from tests.render.samples import STAGING

HOSTILE = (
    "<script>alert(1)</script></style></script><img src=x onerror=alert(2)>\"><svg onload=alert(3)>' "
    "onmouseover='alert(4) &lt;b&gt; javascript:alert(5) <!-- ]]> \u202egnp.exe\u2066 \x1b[31m\x00 \u200b"
    "<base href=//evil.example><meta http-equiv=refresh content=0>"
)
LONG = "\n\n".join(
    f"Paragraph {n}: the policy says that a delivered order may be returned within fourteen days, in its original "
    "packaging, and that the refund goes to the means of payment with which it was bought."
    for n in range(1, 90)
)


def at(file: str, line: int = 1) -> Where:
    return Where(f"assistants/{file}.convo.yaml", line)


def turn(number: int, user: str | None, reply: str, seconds: float = 0.8, **more: object) -> TurnResult:
    made = TurnResult(number, Status.PASSED, user, (), reply, (), seconds, usage=Usage(420 * number, 90), cost=0.0021)
    return replace(made, first_token=round(seconds / 3, 2), **more)  # type: ignore[arg-type]


ORDER = CallMade(
    "get_order",
    '{"order_id": "A-1017"}',
    '{"id": "A-1017", "status": "delivered", "lines": [{"sku": "MUG-02", "quantity": 2, "price": 12.5}, '
    '{"sku": "TEA-11", "quantity": 1, "price": 7.9}], "customer": {"name": "Ana Ruiz", "since": 2021}}',
    matched=True,
)
REFUND = CallMade("refund", '{"order_id": "A-1017", "amount": "25", "reason": "arrived broken, photo attached"}', "{}")
WRONG_ARGUMENT = CaseResult(
    "refund-clerk",
    "refund-of-a-broken-mug",
    at("refunds", 12),
    (
        turn(
            1,
            "Hello! Two mugs of order A-1017 arrived broken, here is a photo. 😢",
            "I am sorry about the mugs. Your order A-1017 was delivered on Monday, so they can be refunded. "
            "Shall I refund both of them?",
            1.42,
            calls=(ORDER,),
            files=("fixtures/broken-mugs.jpg", "fixtures/receipt.pdf"),
            citations=(Citation("policy.pdf", "【4:0†source】", "Delivered orders may be returned within 14 days."),),
            passages=(
                Passage("policy.pdf", 0.91, "Delivered orders may be returned within 14 days, if they …"),
                Passage("faq.md", 0.62, "Broken on arrival? Send a photo."),
            ),
            saved={"order": {"id": "A-1017", "total": 32.9}},
        ),
        replace(
            turn(2, "Yes, both please.", "Done: I have refunded 25 euros to your card.", 2.1, calls=(REFUND,)),
            status=Status.FAILED,
            failures=(
                Failure(
                    FailureKind.CALL_ARGS,
                    "refund was called with other arguments",
                    (
                        Mismatch("amount", "25 (an integer)", '"25" (a string)'),
                        Mismatch("reason", '$icontains "damaged"', '"arrived broken, photo attached"'),
                    ),
                    at("refunds", 21),
                    call=0,
                ),
                Failure(FailureKind.CALL_MISSING, "notify_warehouse was not called", where=at("refunds", 24)),
                Failure(
                    FailureKind.JUDGE_NO,
                    "the reply does not meet the rubric (judge default, 2 verdicts of 3): it names the amount, but "
                    "not when the money arrives, as the rubric asks",
                    (Mismatch("score", "at least 0.7", "0.4"),),
                    at("refunds", 26),
                ),
            ),
        ),
        TurnResult(3, Status.NOT_RUN, "Thank you!"),
        TurnResult(4, Status.NOT_RUN),
    ),
    3.6,
    name="Refund of a broken mug, with a photo",
    tags=("smoke", "billing"),
    thread="thread_8f2k1mq",
    kept=True,
    began=0.1,
    judged=Usage(610, 84),
    judge_cost=0.0011,
)
SCHEDULE = CaseResult(
    "瓜瓜",
    "课程表",
    at("schedule", 3),
    (
        turn(1, "周三有什么课?", "周三晚上有《大模型应用开发》,老师是孙志岗。\n要不要我提醒你?📚", 0.9),
        replace(
            turn(2, "好的,谢谢!那周四呢?", "周四没有课。", 0.7),
            status=Status.FAILED,
            failures=(
                Failure(
                    FailureKind.TEXT,
                    'the reply contains none of ["微调", "fine-tuning"]',
                    (Mismatch("", 'contains-any ["微调", "fine-tuning"]', "周四没有课。"),),
                    at("schedule", 9),
                ),
            ),
        ),
    ),
    1.7,
    name="周三和周四的课",
    tags=("smoke",),
    began=0.3,
)
BROKEN_OUT = CaseResult(
    "tutor",
    f"hostile {HOSTILE}",
    Where(f"assistants/{HOSTILE}.convo.yaml", 7),
    (
        replace(
            turn(1, HOSTILE, HOSTILE, 0.2),
            status=Status.FAILED,
            calls=(CallMade(HOSTILE, HOSTILE, HOSTILE), CallMade("x", json_text({HOSTILE: [HOSTILE]}), "{}")),
            failures=(Failure(FailureKind.TEXT, HOSTILE, (Mismatch(HOSTILE, HOSTILE, HOSTILE + "!"),), call=1),),
            files=(HOSTILE,),
            citations=(Citation(HOSTILE, HOSTILE, HOSTILE),),
            passages=(Passage(HOSTILE, 0.5, HOSTILE),),
            code=(CodeRun(HOSTILE, HOSTILE),),
            saved={HOSTILE: HOSTILE},
        ),
    ),
    0.2,
    name=HOSTILE,
    tags=(HOSTILE, "smoke"),
    thread=HOSTILE,
    tape=HOSTILE,
    began=1.9,
)
CODE = CaseResult(
    "tutor",
    "computes-a-mean",
    at("tutor", 30),
    (
        turn(
            1,
            "What is the mean of the sales?",
            "The mean is 1,204.5.",
            3.4,
            code=(
                CodeRun(
                    "import pandas as pd\n\nsales = pd.read_csv('sales.csv')\nprint(sales.amount.mean())", "1204.5\n", 1
                ),
            ),
        ),
    ),
    3.4,
    tags=("code",),
    began=0.4,
)
LENGTHY = CaseResult(
    "tutor", "tells-all", at("tutor", 44), (turn(1, "Tell me everything.", LONG, 4.8),), 4.8, began=1.2, tags=("slow",)
)
DEPLOYED = CaseResult(
    "refund-clerk",
    "opening-hours",
    at("hours"),
    (turn(1, "When are you open?", "We are open from 9 to 17 on weekdays.\nOn Saturdays we are closed."),),
    0.8,
)
CANDIDATE = replace(
    DEPLOYED,
    turns=(
        turn(1, "When are you open?", "We are open from 9 to 18 on weekdays.\nOn Saturdays we open from 10 to 14. 🕙"),
    ),
    deployed=DEPLOYED,
    began=0.6,
    tags=("smoke",),
)
_ONCE = CaseResult(
    "refund-clerk", "greets[formal]", at("greets", 5), (turn(1, "Good day.", "Good day, how can I help?", 0.5),), 0.5
)


def _badly(reply: str) -> CaseResult:
    sides = (Mismatch("", 'icontains "Good day"', reply),)
    failure = Failure(FailureKind.TEXT, 'the reply does not contain "Good day"', sides, at("greets", 8))
    said = replace(turn(1, "Good day.", reply, 0.4), status=Status.FAILED, failures=(failure,))
    return replace(_ONCE, turns=(said,))


REPEATED = replace(
    _badly("Hey!"),
    seconds=1.9,
    rate=Rate(2, 4, 4, 5),
    repeats=(_ONCE, _badly("Hey!"), _ONCE, _badly("Hi there!")),
    began=0.8,
    tags=("tone",),
    retries=1,
)
TIMED_OUT = CaseResult(
    "refund-clerk",
    "answers-within-the-limit",
    at("slow", 2),
    (
        TurnResult(
            1,
            Status.ERROR,
            "Where is my parcel?",
            (CallMade("track_parcel", '{"order_id": "A-2041"}'),),
            "",
            (Failure(FailureKind.TIMEOUT, "no end of the run after 30 s"),),
            6.0,
        ),
    ),
    6.0,
    began=0.2,
)
STALE = CaseResult(
    "瓜瓜",
    "introduces-itself",
    at("who"),
    (TurnResult(1, Status.NOT_RUN, "你是谁?"),),
    failure=Failure(
        FailureKind.TAPE_STALE,
        "its tape is stale: instructions changed since it was recorded\n你叫瓜瓜。你是AGI课堂的[-助手-]{+智能助理+}。\n"
        "record it again: asstctl test assistants/who.convo.yaml --record",
    ),
    tape="assistants/tapes/introduces-itself.jsonl",
)
CASES = (
    WRONG_ARGUMENT,
    CANDIDATE,
    REPEATED,
    TIMED_OUT,
    CODE,
    LENGTHY,
    BROKEN_OUT,
    SCHEDULE,
    STALE,
    CaseResult(
        "refund-clerk", "speaks-german", at("german"), (), skipped="stubs that run code: --no-code", tags=("de",)
    ),
    CaseResult("refund-clerk", "last-of-all", at("last"), (), not_run="the budget of $0.50 is used up"),
)
COVERAGE = Coverage(
    (
        Covered("refund-clerk", Subject.ASSISTANT, "refund-clerk", 4),
        Covered("refund-clerk", Subject.FUNCTION, "get_order", 2, at("refunds")),
        Covered("refund-clerk", Subject.PARAMETER, "get_order.order_id", 2),
        Covered("refund-clerk", Subject.FUNCTION, "escalate", 0, at("refunds")),
        Covered("refund-clerk", Subject.ENUM, "escalate.level.urgent", 0),
        Covered("瓜瓜", Subject.ASSISTANT, "瓜瓜", 1),
        Covered("瓜瓜", Subject.FILE, "课程.md", 0),
    ),
    80.0,
)
SHOWCASE = SuiteResult(
    CASES,
    STAGING,
    "from assistants-v2 on 127.0.0.1:8000",
    True,
    6.3,
    warnings=("assistant.tutor: replies may differ, its temperature is 1.",),
    left_behind=("asst_refund-clerk~20261122-101500-k3x9",),
    run="20261122-101500-k3x9",
    candidate=True,
    stopped="the budget of $0.50 is used up",
    selection="11 of 48 conversations: --affected",
    spend=Spend(6_840, 0.031, 694, 0.0011),
    coverage=COVERAGE,
)


def many(number: int) -> SuiteResult:
    """A run of so many conversations of three turns, eight at once, of which every fortieth failed."""
    cases = []
    for n in range(number):
        talk = (
            turn(1, f"Question {n}: where is my order?", "Let me look that up for you. " * 4, 0.3, calls=(ORDER,)),
            turn(2, "And when does it come?", "It comes on Thursday, before noon. " * 3, 0.2),
            turn(3, "Thanks!", "You are welcome.", 0.1),
        )
        case = CaseResult(f"clerk-{n % 5}", f"case-{n:04}", at(f"generated/case-{n:04}"), talk, 0.6, began=n // 8 * 0.6)
        if n % 40 == 7:
            bad = replace(talk[2], status=Status.FAILED, failures=REPEATED.turns[0].failures)
            case = replace(case, turns=(*talk[:2], bad))
        cases.append(case)
    return replace(SHOWCASE, cases=tuple(cases), seconds=number / 8 * 0.6, stopped="", coverage=None, candidate=False)
