"""Runs that were compared, for the golden files: with what was said then, and with another target."""

from dataclasses import replace

from asstctl.core.comparison import WAS, ArgumentDiffers, Comparing, Comparison, TurnComparison
from asstctl.core.conversation import CallMade, CaseResult, Rate, Status, TurnResult
from asstctl.core.diagnostic import Where
from asstctl.core.suite import SuiteResult
from tests.render.samples import LOCAL, STAGING

_WHERE = Where("assistants/clerk.convo.yaml", 4)


def _turn(number: int, user: str, reply: str, *calls: CallMade, status: Status = Status.PASSED) -> TurnResult:
    return TurnResult(number, status, user, calls, reply, where=_WHERE)


def _case(id: str, *turns: TurnResult, held: Comparison | None = None) -> CaseResult:
    return CaseResult("clerk", id, _WHERE, turns, 0.4, comparison=held)


def _often(*playings: CaseResult) -> CaseResult:
    passed = sum(one.status is Status.PASSED for one in playings)
    return replace(playings[0], rate=Rate(passed, len(playings), passed, len(playings)), repeats=playings)


_ORDER = _turn(
    1,
    "Where is order A-17?",
    "Your order A-17 has been delivered.",
    CallMade("get_order", '{"order_id": "A-17"}', "{}"),
)
_THANKS = _turn(2, "Thank you", "You are welcome!\nIs there anything else?")
_ALIKE = Comparison((TurnComparison(1, before="Your order A-17 has been delivered.", distance=0.0),), other="passed")
_CALLS = Comparison(
    (
        TurnComparison(
            1,
            missing=("cancel_order",),
            added=("get_order",),
            arguments=(
                ArgumentDiffers("get_customer", "id", '"c_41"', '"c_42"'),
                ArgumentDiffers("get_customer", "full", "missing", "true"),
            ),
            before="I have cancelled your order A-17, as you wished.",
            distance=0.6,
            far=True,
            likeness=0.41,
        ),
        TurnComparison(
            2, before="You are welcome!\nCan I help you with something else?", distance=0.4444, likeness=0.93
        ),
    ),
    other="passed",
)
_WORDED = Comparison((TurnComparison(1, before="Order A-17 has been delivered.", distance=0.0909),), other="passed")
_UNREACHED = Comparison(
    (
        TurnComparison(1, before="Your order A-17 has been delivered.", distance=0.0),
        TurnComparison(2, unreached="prod"),
    ),
    other="failed",
    verdicts_agree=False,
)
_TROUBLE = Comparison(why_not="prod: no answer within 120 s", undecided=True, other="error")
_NOT_MEASURED = replace(_WORDED, unmeasured="JUDGE_KEY is not set")

COMPARED = {
    "test-compared-target": SuiteResult(
        (
            _often(_case("order", _ORDER, _THANKS, held=_ALIKE), _case("order", _ORDER, _THANKS, held=_CALLS)),
            _often(_case("worded", _ORDER, held=_WORDED), _case("worded", _ORDER, held=_NOT_MEASURED)),
            _often(_case("thanks", _ORDER, _THANKS, held=_UNREACHED), _case("thanks", _ORDER, held=_ALIKE)),
            _often(_case("slow", _ORDER, held=_TROUBLE), _case("slow", _ORDER, held=_TROUBLE)),
        ),
        STAGING,
        "from assistants at 127.0.0.1:8000",
        True,
        12.0,
        comparing=Comparing("prod", "staging", "from openai at api.openai.com", measured="near", fails=True),
    ),
    "test-compared-was": SuiteResult(
        (
            _case("order", _ORDER, _THANKS, held=replace(_CALLS, other="")),
            _case("worded", _ORDER, held=replace(_WORDED, other="")),
            _case("hello", _THANKS, held=Comparison(why_not="it has no `was:`")),
        ),
        LOCAL,
        "from a model at 127.0.0.1:8080",
        True,
        0.9,
        comparing=Comparing(WAS, "local"),
    ),
    "test-compared-nothing": SuiteResult(
        (_case("hello", _THANKS, held=Comparison(why_not="it has no `was:`")),),
        LOCAL,
        "echoed",
        False,
        0.1,
        comparing=Comparing(WAS, "local", fails=True),
    ),
}
