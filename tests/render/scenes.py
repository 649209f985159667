"""Conversations that do not pass, played with hosts that do what a script says: what a reader of their results sees.

Each scene is a file of conversations, what the assistant says and calls, and what else is unusual about the run.
"""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from asstctl.conversation.playing.conduct import Conduct
from asstctl.conversation.playing.runner import run_cases
from asstctl.conversation.reading.cases import load_cases
from asstctl.conversation.reading.signatures import Signature
from asstctl.core.conversation import CaseResult
from asstctl.core.errors import ServerFault, TapeMissing, TapeStale
from asstctl.core.json_types import JsonObject
from asstctl.core.plan import TargetInfo
from asstctl.core.price import Price
from asstctl.core.suite import SuiteResult
from asstctl.core.thread import RunState, Usage
from tests.conversation.fakes import FakeStage, Hang, ScriptedJudge, Step, World, calls, says

STAGING = TargetInfo("staging", "assistants", "assistants-v2", "127.0.0.1:8000", "shop")
LIVE = SuiteResult((), STAGING, "from assistants at 127.0.0.1:8000", True)
REPLAYED = replace(LIVE, mode="replay", replies="recorded from assistants at 127.0.0.1:8000 on staging")
FILE = "assistants/refunds.convo.yaml"


def _function(**properties: JsonObject) -> Signature:
    return Signature({"type": "object", "properties": properties, "required": [*properties]})


FUNCTIONS = {
    "get_order": _function(order_id={"type": "string"}),
    "refund_order": _function(order_id={"type": "string"}, amount={"type": "number"}, note={"type": "string"}),
    "escalate": Signature({"type": "object", "properties": {}}),
}
STUBS = """
stubs:
  get_order: {return: {status: delivered, total: 41.5}}
  refund_order: {return: {id: R-9}}
  escalate: {return: {}}
"""


@dataclass(frozen=True, slots=True)
class Scene:
    """`text` is the file; `script` and `deployed` are what a host does for the candidate and for what is deployed."""

    text: str
    script: Sequence[Step]
    deployed: Sequence[Step] = ()
    scripts: Mapping[int, Sequence[Step]] = field(default_factory=dict)
    """Of single repeats."""
    judge: ScriptedJudge | None = None
    problem: Exception | None = None
    recorded: bool = False
    conduct: Conduct = field(default_factory=Conduct)
    suite: SuiteResult = LIVE


def used(state: RunState, prompt: int, completion: int) -> RunState:
    return replace(state, usage=Usage(prompt, completion), model="gpt-4o")


GET = calls(("get_order", '{"order_id": "A-17"}'))
REFUND = ("refund_order", '{"order_id": "A-17", "amount": 41.5, "note": "Refund of A-17"}')
PRICES = {"gpt-4o": Price(2.5, 10.0)}
ASKS = f"assistant: clerk\n{STUBS}turns:\n  - user: I want my money back for order A-17\n"

SCENES: Mapping[str, Scene] = {
    "wrong-argument-type": Scene(
        ASKS
        + """
    calls:
      - get_order: {order_id: A-17}
      - refund_order: {order_id: A-17, amount: {$gte: 41, $lte: 42}, note: {$regex: "(?i)refund"}}
  - user: Thank you
""",
        [
            calls(
                ("get_order", '{"order_id": "A-17"}'),
                ("refund_order", '{"order_id": "A-17", "amount": "41,50"}'),
            ),
            used(says("Erledigt, ich habe 41,50 EUR erstattet."), 700, 112),
        ],
        conduct=Conduct(prices=PRICES),
    ),
    "missing-call": Scene(
        ASKS + "    calls:\n      - get_order: {order_id: A-17}\n      - {call: refund_order, times: 1}\n",
        [GET, says("It will be refunded.")],
    ),
    "forbidden-call": Scene(
        ASKS + "    calls:\n      - get_order: {}\n      - {call: escalate, times: 0}\n",
        [calls(("get_order", '{"order_id": "A-17"}'), ("escalate", "{}")), says("A colleague will call you.")],
    ),
    "call-out-of-order": Scene(
        ASKS + "    call_mode: in-order\n    calls: [get_order: {}, refund_order: {}]\n",
        [calls(REFUND), GET, says("Refunded.")],
    ),
    "text-mismatch": Scene(
        ASKS + """    expect: {icontains: [refund, "41.50"], not-regex: "(?i)as an ai"}\n""",
        [says("As an AI I cannot refund anything.\nAsk my colleagues.")],
    ),
    "judges-no": Scene(
        ASKS + "    expect: {rubric: {says: confirms the refund and the amount, confirm_fail: 3}}\n",
        [says("We will see.")],
        judge=ScriptedJudge((0.2,)),
    ),
    "timeout": Scene(
        "assistant: clerk\nturns:\n  - user: Hi\n    expect: {contains: Hi}\n  - user: And now?\n  - user: Well?\n",
        [says("Hi"), Hang()],
        conduct=Conduct(turn_timeout=0.05),
    ),
    "provider-failure": Scene(
        ASKS + "    expect: {contains: Hi}\n",
        [
            ServerFault(
                "the server failed",
                detail="POST /threads/thread_1/runs: 503 from 127.0.0.1:8000 (request req_7)",
                hint="Is the server healthy? Look at its log",
            )
        ],
    ),
    "unstubbed-call": Scene(
        "assistant: clerk\nturns:\n  - user: I want my money back\n    expect: {contains: Hi}\n", [GET]
    ),
    "stale": Scene(
        ASKS + "    expect: {contains: Hi}\n",
        [],
        problem=TapeStale(
            "its tape is stale",
            detail="assistant.clerk: instructions changed since it was recorded (lines 4-9); "
            "the stub of get_order changed since it was recorded",
            hint="record it again: asstctl test --record assistants/refunds.convo.yaml",
        ),
        suite=REPLAYED,
    ),
    "missing": Scene(
        ASKS + "    expect: {contains: Hi}\n",
        [],
        problem=TapeMissing(
            "it has no tape",
            detail="there is no assistants/tapes/refunds.jsonl",
            hint="record it: asstctl test --record assistants/refunds.convo.yaml",
        ),
        suite=REPLAYED,
    ),
    "recorded": Scene(
        ASKS + "    expect: {contains: Hi}\n",
        [says("No.")],
        recorded=True,
        suite=REPLAYED,
    ),
    "candidate-difference": Scene(
        f"""
assistant: clerk
{STUBS}
conversations:
  - id: refund
    turns:
      - user: I want my money back for order A-17
        expect: {{contains: refund}}
      - user: When?
""",
        [calls(REFUND), says("Your refund of 41.50 EUR is on its way to you."), says("Within two weeks.")],
        deployed=[GET, says("Your refund of 41.50 EUR is on its way."), says("Within two weeks.")],
        conduct=Conduct(compare=True),
        suite=replace(LIVE, candidate=True),
    ),
    "candidate-fails": Scene(
        ASKS + "    expect: {contains: refund}\n  - user: When?\n",
        [says("I am not allowed to do that.")],
        deployed=[says("Your refund is on its way."), says("Within two weeks.")],
        conduct=Conduct(compare=True),
        suite=replace(LIVE, candidate=True),
    ),
    "candidate-says-the-same": Scene(
        ASKS + "    expect: {contains: refund}\n",
        [says("Your refund is on its way.")],
        deployed=[says("Your refund is on its way.")],
        conduct=Conduct(compare=True),
        suite=replace(LIVE, candidate=True),
    ),
    "repeat": Scene(
        f"""
assistant: clerk
{STUBS}
conversations:
  - id: greets
    name: Says hello in English
    repeat: {{runs: 5, pass: 4}}
    turns:
      - user: Hi
        expect: {{contains: Hello}}
  - id: often
    repeat: {{runs: 3, pass: 2}}
    turns:
      - user: Hi
        expect: {{regex: "(?i)h"}}
""",
        [says("Hello")],
        scripts={2: [says("Hallo")], 4: [says("Moin")]},
    ),
    "budget-stop": Scene(
        f"""
assistant: clerk
{STUBS}
budget: {{tokens: 500}}
conversations:
  - {{id: first, turns: [{{user: Hi, expect: {{contains: Hello}}}}]}}
  - {{id: second, turns: [{{user: Hi, expect: {{contains: Hello}}}}]}}
  - {{id: third, turns: [{{user: Hi, expect: {{contains: Hello}}}}]}}
""",
        [used(says("Hello"), 700, 112)],
        conduct=Conduct(jobs=1, prices=PRICES),
    ),
    "budget-stop-between-turns": Scene(
        f"""
assistant: clerk
{STUBS}
budget: {{tokens: 500}}
conversations:
  - {{id: first, turns: [{{user: Hi, expect: {{contains: Hello}}}}, {{user: Bye, expect: {{contains: Bye}}}}]}}
  - {{id: second, turns: [{{user: Hi, expect: {{contains: Hello}}}}]}}
""",
        [used(says("Hello"), 700, 112)],
        conduct=Conduct(jobs=1, prices=PRICES),
    ),
    "cost-stop": Scene(
        f"""
assistant: clerk
{STUBS}
conversations:
  - {{id: first, turns: [{{user: Hi, expect: {{contains: Hello}}}}]}}
  - {{id: second, turns: [{{user: Hi, expect: {{contains: Hello}}}}]}}
""",
        [used(says("Hello"), 700, 112)],
        conduct=Conduct(jobs=1, prices=PRICES, max_cost=0.001),
    ),
    "files-of-a-message": Scene(
        """
assistant: clerk
turns:
  - user: [Here is a photo of the damage, {image: ../damage.png}]
    expect: {contains: Hello}
""",
        [says("Moin")],
    ),
    "finally": Scene(
        ASKS
        + """
    expect: {contains: way}
finally:
  calls: [{call: refund_order, times: 2}]
  expect: {tokens: {max: 100}}
""",
        [calls(REFUND), used(says("It is on its way."), 700, 112)],
        conduct=Conduct(keep_failed=True),
    ),
}


async def played(scene: Scene, root: Path) -> SuiteResult:
    """The run of a scene. Times are made up, for they differ."""
    file = root / FILE
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(scene.text, "utf-8")
    (root / "damage.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    cases, diagnostics = load_cases([file], root=root, assistants={"clerk"}, functions={"clerk": FUNCTIONS})
    assert [d for d in diagnostics if d.code != "no-expectation"] == []
    worlds: dict[tuple[str, int, bool], World] = {}

    def host(playing: object) -> object:
        key = (playing.case.id, playing.repeat, playing.other)  # type: ignore[attr-defined]
        alone = {} if key[0] == "often" else scene.scripts
        script = scene.deployed if key[2] else alone.get(key[1], scene.script)
        return worlds.setdefault(key, World(script)).host()

    ticks = itertools.count()
    stage = FakeStage(
        host,  # type: ignore[arg-type]
        judged={"default": scene.judge} if scene.judge else {},
        problem=scene.problem,
        recorded=scene.recorded,
        clock=lambda: next(ticks) * 0.1,
    )
    run = await run_cases(cases, stage=stage, conduct=scene.conduct)
    results = tuple(_timed(case) for case in run.results)
    return replace(scene.suite, cases=results, seconds=1.4, stopped=run.stopped, spend=run.spend)


def _timed(case: CaseResult) -> CaseResult:
    return replace(case, seconds=0.4, began=0.0)
