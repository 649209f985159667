"""The table behind docs/checks.md and its tests: for each operator, matcher and call mode an example that passes,
one that fails, and the exact text of its explanation. To add a row is to document it."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import indent
from typing import Any

from asstctl.conversation.case import Turn
from asstctl.conversation.observed import Observed
from asstctl.conversation.reading.cases import load_cases
from asstctl.core.change import ABSENT
from asstctl.core.conversation import CallMade, Failure, Mismatch
from asstctl.core.diagnostic import Where
from asstctl.core.thread import Citation, CodeRun, Passage, Usage
from asstctl.documents.yaml import parse_one

LINE = Where("a.convo.yaml", 10)


def block(message: str, mismatches: tuple[Mismatch, ...]) -> str:
    """A failure as the page shows it."""
    return "\n".join([message, *(f"  {m.path}   expected {m.expected}    got {m.actual}" for m in mismatches)])


def yaml_value(text: str) -> Any:
    """What a snippet of the page says."""
    document, problems = parse_one(text, "snippet.yaml")
    assert document is not None
    assert not problems, problems
    return document.value


def turn_of(snippet: str, folder: Path) -> Turn:
    """The turn that holds a snippet of the page, read as users' files are."""
    file = folder / "snippet.convo.yaml"
    file.write_text(f"assistant: a\nturns:\n  - user: hi\n{indent(snippet, ' ' * 4)}\n", encoding="utf-8")
    (case,), problems = load_cases([file], root=folder, assistants=["a"], functions={})
    assert problems == ()
    return case.turns[0]


def made(name: str, **arguments: Any) -> CallMade:
    return CallMade(name, json.dumps(arguments, ensure_ascii=False))


@dataclass(frozen=True)
class OperatorSample:
    """One operator: what it means, how it is written, what passes, what fails, and what a failure says."""

    name: str
    group: str
    means: str
    yaml: str
    good: Observed
    bad: Observed
    failure: str

    @property
    def value(self) -> Any:
        return yaml_value(self.yaml)[self.name]


@dataclass(frozen=True)
class MatcherSample:
    """One matcher: values of an argument `x` that fit `{x: {$matcher: ...}}`, values that do not, and how it is shown.

    The first of `misses` is the one the page shows.
    """

    name: str
    means: str
    yaml: str
    fits: list[Any]
    misses: list[Any]
    shown: str

    @property
    def pattern(self) -> Any:
        return yaml_value(self.yaml)


@dataclass(frozen=True)
class CallsSample:
    """One way to expect calls. `covers` are the words of the format that it is about."""

    title: str
    means: str
    yaml: str
    good: list[CallMade]
    bad: list[CallMade]
    failure: str
    covers: frozenset[str] = field(default_factory=frozenset)
    schemas: dict[str, Any] = field(default_factory=dict)


TEXT, DATA, SOURCES, EFFORT, JUDGED = (
    "The text of the reply",
    "JSON in the reply",
    "Files and code",
    "Time, size and the run",
    "What a model judges",
)

INTRO = {
    TEXT: "`contains`, `icontains`, `regex` and their twins take one text or a list, and a list means all of them.",
    DATA: (
        "The whole reply is JSON, or the first object or list between code fences is taken. The patterns are those of "
        "[matchers](#matchers). A path of names and positions gives one value; any other (`[*]`, `..`, filters) gives "
        "a list, which may be empty. The functions `match()` and `search()` are left out; `$regex` does their work."
    ),
    SOURCES: (
        "A file is named as in the project or by the last part of its path, and `*` and `?` stand for what they "
        "usually do. `retrieves` and `code` read the steps of the run; where a server has none, the conversation is "
        "skipped and the reason said."
    ),
    EFFORT: (
        "In `finally` these speak of the whole conversation. What cannot be measured has not been met: a failure says "
        "what is missing."
    ),
    JUDGED: (
        "They are asked last, and only if everything else of the turn holds. The judges are named under `test.judges` "
        "in the project file."
    ),
}

LINES = '{"state": "done", "lines": [{"sku": "SKU-1"}, {"sku": "SKU-2"}]}'

OPERATORS = [
    OperatorSample(
        "equals",
        TEXT,
        "The whole reply, character by character.",
        "equals: x = 1",
        Observed("x = 1"),
        Observed("x = 1."),
        'the reply must be exactly "x = 1"\n  reply   expected equals "x = 1"    got "x = 1."',
    ),
    OperatorSample(
        "contains",
        TEXT,
        "Every text is in the reply, character by character.",
        "contains: 周三",
        Observed("周三有数学课。"),
        Observed("星期三有数学课。"),
        'the reply must contain "周三"\n  reply   expected contains "周三"    got "星期三有数学课。"',
    ),
    OperatorSample(
        "contains-any",
        TEXT,
        "At least one of the texts is in the reply.",
        "contains-any: [周三, 星期三]",
        Observed("星期三有数学课。"),
        Observed("周四有课。"),
        'the reply must contain any of "周三", "星期三"\n'
        '  reply   expected contains-any ["周三", "星期三"]    got "周四有课。"',
    ),
    OperatorSample(
        "icontains",
        TEXT,
        "As `contains`, whatever the case and the width of letters.",
        "icontains: refund",
        Observed("Your ＲＥＦＵＮＤ is on its way."),
        Observed("Your money is on its way."),
        'the reply must contain "refund" (both sides compared NFKC-casefolded)\n'
        '  reply   expected icontains "refund"    got "Your money is on its way."',
    ),
    OperatorSample(
        "regex",
        TEXT,
        "The pattern is found somewhere in the reply. Flags are written in the pattern: `(?i)`.",
        r"regex: 'R-\d+'",
        Observed("It has the number R-12."),
        Observed("It has no number."),
        'the reply must match the pattern "R-\\\\d+"\n  reply   expected regex "R-\\\\d+"    got "It has no number."',
    ),
    OperatorSample(
        "starts-with",
        TEXT,
        "How the reply begins.",
        "starts-with: Dear",
        Observed("Dear Ms Li, it is done."),
        Observed("It is done."),
        'the reply must start with "Dear"\n  reply   expected starts-with "Dear"    got "It is done."',
    ),
    OperatorSample(
        "ends-with",
        TEXT,
        "How the reply ends.",
        'ends-with: "?"',
        Observed("Which order do you mean?"),
        Observed("It is done."),
        'the reply must end with "?"\n  reply   expected ends-with "?"    got "It is done."',
    ),
    OperatorSample(
        "length",
        TEXT,
        "How many characters the reply has.",
        "length: {min_chars: 2, max_chars: 20}",
        Observed("It is done."),
        Observed("It is done, and I would like to tell you why."),
        "the reply must have at least 2 characters and have at most 20 characters\n"
        "  length   expected at most 20 characters    got 45 characters",
    ),
    OperatorSample(
        "json-path",
        DATA,
        "What each JSONPath (RFC 9535) finds is as its pattern says.",
        'json-path: {"$.state": done, "$.lines[*].sku": {$contains: SKU-1}}',
        Observed(LINES),
        Observed('{"state": "open", "lines": []}'),
        'the reply must be JSON with $.state: "done" and $.lines[*].sku: $contains "SKU-1"\n'
        '  $.state   expected "done"    got "open"\n'
        '  $.lines[*].sku   expected $contains "SKU-1"    got []',
    ),
    OperatorSample(
        "json-schema",
        DATA,
        "The value fits a JSON Schema, written in place or in a file of the project that is named.",
        "json-schema: {type: object, required: [state], properties: {state: {enum: [open, done]}, total: {type: "
        "number}}}",
        Observed(LINES),
        Observed('{"state": "lost", "total": "41,50"}'),
        "the reply must be JSON that fits the schema\n"
        '  $.state   expected one of "open", "done"    got "lost"\n'
        '  $.total   expected number    got "41,50"',
    ),
    OperatorSample(
        "cites",
        SOURCES,
        "The reply cites every one of these files.",
        "cites: policy.pdf",
        Observed("30 days.", citations=(Citation("policy.pdf"),)),
        Observed("30 days.", citations=(Citation("faq.md"),)),
        "the reply must cite policy.pdf\n  citations   expected policy.pdf    got faq.md",
    ),
    OperatorSample(
        "retrieves",
        SOURCES,
        "A search found a passage of which all of this is true. Line breaks in it count as blanks.",
        "retrieves: {file: docs/policy.pdf, contains: within 30 days, min_score: 0.5}",
        Observed("30 days.", passages=(Passage("policy.pdf", 0.81, "Return it within\n30 days."),)),
        Observed(
            "30 days.", passages=(Passage("policy.pdf", 0.31, "Return it within 30 days."), Passage("faq.md", 0.9))
        ),
        'a search must find a passage of docs/policy.pdf that contains "within 30 days" and has a score of at '
        "least 0.5\n"
        '  passages   expected a passage of docs/policy.pdf that contains "within 30 days" and has a score of '
        "at least 0.5"
        "    got policy.pdf (0.31), faq.md (0.90)",
    ),
    OperatorSample(
        "code",
        SOURCES,
        "The code interpreter ran code of which all of this is true: `input` and `logs` take a text that they "
        "contain or "
        "a matcher, `images` a number or a matcher. `{}` asks for any code.",
        'code: {logs: "42", images: {$gte: 1}}',
        Observed("It is 42.", code=(CodeRun("print(6 * 7)", "42\n", 1),)),
        Observed("It is 42.", code=(CodeRun("print(6 * 7)", "42\n", 0),)),
        'the code interpreter must run code with logs containing "42" and images number, x >= 1\n'
        '  code   expected code with logs containing "42" and images number, x >= 1'
        '    got input "print(6 * 7)", logs "42\\n", images 0',
    ),
    OperatorSample(
        "latency",
        EFFORT,
        "How long it took, and how long until the first text came. Of a replayed conversation: what was recorded.",
        "latency: {max_seconds: 8, first_token_seconds: 2}",
        Observed("Done.", seconds=3.2, first_token=0.4),
        Observed("Done.", seconds=9.25, first_token=0.4),
        "the turn must take at most 8 s and begin its reply within 2 s\n  seconds   expected at most 8 s    got 9.25 s",
    ),
    OperatorSample(
        "tokens",
        EFFORT,
        "How many tokens the runs used: `max`, `max_prompt`, `max_completion`. Judges count apart.",
        "tokens: {max: 900}",
        Observed("Done.", usage=Usage(700, 50)),
        Observed("Done.", usage=Usage(1100, 50)),
        "the turn must use at most 900 tokens\n  tokens   expected at most 900    got 1,150",
    ),
    OperatorSample(
        "cost",
        EFFORT,
        "What the runs cost, by the prices under `test.prices` in the project file. A model without a price fails it.",
        "cost: {max_usd: 0.02}",
        Observed("Done.", cost=0.0009),
        Observed("Done.", cost=0.0315),
        "the turn must cost at most $0.02\n  cost   expected at most $0.02    got $0.0315",
    ),
    OperatorSample(
        "calls-count",
        EFFORT,
        "How many functions were called, whichever they were: `min`, `max`.",
        "calls-count: {max: 1}",
        Observed("Done.", calls=(made("get_order"),)),
        Observed("Done.", calls=(made("get_order"), made("get_order"))),
        "the turn must make at most 1 call\n  calls   expected at most 1 call    got 2 calls",
    ),
    OperatorSample(
        "run",
        EFFORT,
        "How the run ends (`completed`, `failed`, `incomplete`, `expired`, `cancelled`, or a list of them), and "
        "what the "
        "provider says of one that failed. Without it a run that does not complete is a failure.",
        "run: {status: incomplete, error: {$contains: max_completion_tokens}}",
        Observed("Once upon", status="incomplete", error="max_completion_tokens reached"),
        Observed("Once upon a time."),
        'the run must end as incomplete with the error $contains "max_completion_tokens"\n'
        "  status   expected incomplete    got completed\n"
        '  error   expected $contains "max_completion_tokens"    got missing',
    ),
    OperatorSample(
        "similar",
        JUDGED,
        "The reply means about the same, as embeddings measure it: a text, or `{to, min, judge}` with the least "
        "cosine.",
        "similar: {to: We are sorry, min: 0.8}",
        Observed("We are sorry for that."),
        Observed("Anything else?"),
        'the reply must be similar to "We are sorry" (judge default)\n  similarity   expected at least 0.8    got 0.6',
    ),
    OperatorSample(
        "rubric",
        JUDGED,
        "The reply is as the text says: a text, or `{says, min, judge, confirm_fail}`. `confirm_fail: 3` asks "
        "again after "
        "a no, and most of three verdicts decide.",
        "rubric: {says: confirms the refund and the amount, confirm_fail: 3}",
        Observed("We are sorry. You get 41.50 EUR back."),
        Observed("It is done."),
        'the reply must fulfil "confirms the refund and the amount" (judge default, 2 verdicts of 2): '
        "no amount is named\n  score   expected at least 0.7    got 0.2",
    ),
]

MATCHERS = [
    MatcherSample(
        "$eq",
        "this value; 1 is 1.0, and no matcher is looked for inside it",
        "{$eq: 1}",
        [1, 1.0],
        [2, True, "1", None],
        "1",
    ),
    MatcherSample("$ne", "a value, and not this one", "{$ne: 1}", [2, True, "1", None], [1, 1.0], "$ne 1"),
    MatcherSample("$in", "one of these values", "{$in: [a, 2]}", ["a", 2, 2.0], ["b", 3, None], '$in ["a", 2]'),
    MatcherSample(
        "$regex",
        "a text in which the pattern is found",
        r'{$regex: "(?i)weekday = \\d"}',
        ["SELECT Weekday = 3"],
        ["weekday", 3, None],
        '$regex "(?i)weekday = \\\\d"',
    ),
    MatcherSample(
        "$contains",
        "a text that contains this, or a list with this item; a list asks for all",
        "{$contains: [a, b]}",
        ["cab", ["b", "a", 1]],
        ["ca", ["a"], None, {"a": 1, "b": 2}],
        '$contains ["a", "b"]',
    ),
    MatcherSample(
        "$icontains",
        "a text that contains this, whatever the case and the width of letters",
        "{$icontains: courses}",
        ["FROM COURSES", "ＣＯＵＲＳＥＳ"],
        ["course", 1],
        '$icontains "courses"',
    ),
    MatcherSample(
        "$gt",
        "a number above this, or a text that sorts after it",
        "{$gt: 41}",
        [41.5, 42],
        [41, 40, "42", True, None],
        "number, x > 41",
    ),
    MatcherSample(
        "$gte",
        "the same or above",
        "{$gte: 41, $lte: 42}",
        [41, 41.0, 42],
        ["41,50", 40, 43, True],
        "number, 41 <= x <= 42",
    ),
    MatcherSample(
        "$lt",
        "below; dates in ISO form sort as text",
        '{$lt: "2026-02-01"}',
        ["2026-01-31"],
        ["2026-02-01", 1],
        'x < "2026-02-01"',
    ),
    MatcherSample("$lte", "the same or below", "{$lte: 2}", [2, -1.5], [3, "1", float("nan")], "number, x <= 2"),
    MatcherSample(
        "$approx",
        "a number that is no further away than `within`",
        "{$approx: {value: 41.5, within: 0.01}}",
        [41.5, 41.505],
        [41.6, "41.5", None, float("nan")],
        "41.5 ± 0.01",
    ),
    MatcherSample(
        "$length",
        "a text of so many characters, a list of so many items; a number or a matcher",
        "{$length: {$gte: 1, $lte: 3}}",
        ["a", [1, 2, 3], {"k": 1}],
        ["", [], [1, 2, 3, 4], 2, None],
        "$length number, 1 <= x <= 3",
    ),
    MatcherSample(
        "$not",
        "a value that does not fit this pattern",
        "{$not: {$contains: DROP}}",
        ["SELECT 1", 1, None],
        ["DROP TABLE t"],
        '$not $contains "DROP"',
    ),
    MatcherSample(
        "$each",
        "a list whose every item fits this pattern",
        "{$each: {sku: {$regex: ^SKU-}}}",
        [[], [{"sku": "SKU-1"}, {"sku": "SKU-2", "n": 1}]],
        [[{"sku": "SKU-1"}, {"sku": "x"}], "SKU-1", None],
        '$each {"sku": {"$regex": "^SKU-"}}',
    ),
    MatcherSample(
        "$some",
        "a list with an item that fits this pattern",
        "{$some: {$gt: 10}}",
        [[1, 11], [12]],
        [[], [1, 2], 11, None],
        "$some number, x > 10",
    ),
    MatcherSample(
        "$type", "a value of this JSON type", "{$type: integer}", [1, 1.0, 10**400], [1.5, True, "1"], '$type "integer"'
    ),
    MatcherSample("$present", "any value, `null` included", "{$present: true}", [1, None, ""], [ABSENT], "present"),
    MatcherSample("$absent", "nothing: the argument is not there", "{$absent: true}", [ABSENT], [None, 1], "absent"),
    MatcherSample("$any", "anything or nothing, for `match: exact`", "{$any: true}", [1, None, ABSENT], [], "anything"),
]

REFUND = {
    "refund_order": {
        "type": "object",
        "properties": {"order_id": {"type": "string"}, "amount": {"type": "number"}, "note": {"type": "string"}},
        "required": ["order_id", "note"],
    }
}

CALLS = [
    CallsSample(
        "In any order",
        "Every expected call was made; others may have been made too. Arguments are matched partially: what is "
        "not named "
        "may be anything. This is what `calls` means without `call_mode`.",
        "calls:\n  - get_order: {order_id: A-17}\n  - refund_order:\ncall_mode: any-order",
        [made("refund_order", amount=41.5), made("get_order", order_id="A-17", full=True)],
        [made("get_order", order_id="A-17")],
        "`refund_order` was not called",
        frozenset({"any-order"}),
    ),
    CallsSample(
        "In order",
        "Every expected call was made, in this order; others may stand between them.",
        "calls:\n  - get_order:\n  - refund_order:\ncall_mode: in-order",
        [made("get_order"), made("log"), made("refund_order")],
        [made("refund_order"), made("get_order")],
        "`refund_order` was called out of order (call_mode: in-order)\n"
        "  order   expected get_order, refund_order    got refund_order, get_order",
        frozenset({"in-order"}),
    ),
    CallsSample(
        "Only these",
        "Every expected call was made and no other, in any order. `calls: []` beside it forbids all calls.",
        "calls:\n  - get_order:\ncall_mode: only",
        [made("get_order")],
        [made("get_order"), made("escalate")],
        "`escalate` was called and is not expected here (call_mode: only)",
        frozenset({"only"}),
    ),
    CallsSample(
        "Exactly these",
        "Exactly the expected calls, in this order.",
        "calls:\n  - get_order:\n  - refund_order:\ncall_mode: exact",
        [made("get_order"), made("refund_order")],
        [made("refund_order"), made("get_order")],
        "`get_order` was called out of order (call_mode: exact)\n"
        "  order   expected get_order, refund_order    got refund_order, get_order",
        frozenset({"exact"}),
    ),
    CallsSample(
        "Other arguments than expected",
        "The call that comes closest is shown place by place, with what the function's own schema says where "
        "the call is "
        "not even what the function takes.",
        "calls:\n  - refund_order: {order_id: A-17, amount: {$gte: 41, $lte: 42}, note: {$regex: (?i)refund}}",
        [made("refund_order", order_id="A-17", amount=41.5, note="Refund")],
        [made("refund_order", order_id="A-17", amount="41,50")],
        "`refund_order` was not called with the expected arguments\n"
        '  amount   expected number, 41 <= x <= 42    got "41,50" (schema says number)\n'
        '  note   expected $regex "(?i)refund"    got missing (schema requires it)',
        schemas=REFUND,
    ),
    CallsSample(
        "So many times",
        "So many calls with these arguments, and no more.",
        "calls:\n  - {call: get_order, times: 2}",
        [made("get_order"), made("get_order")],
        [made("get_order")],
        "`get_order` was called once, expected twice",
        frozenset({"times"}),
    ),
    CallsSample(
        "Never",
        "`times: 0` forbids the call, or the call with these arguments.",
        "calls:\n  - {call: refund_order, args: {amount: {$gt: 100}}, times: 0}",
        [made("refund_order", amount=41.5)],
        [made("refund_order", amount=415)],
        "`refund_order` must not be called with these arguments",
        frozenset({"call", "args"}),
    ),
    CallsSample(
        "Exact arguments",
        "Arguments that are not named are refused. `ignore` takes names away on both sides, `defaults` fill in "
        "what a call "
        "may leave out.",
        "calls:\n"
        "  - {call: refund_order, args: {order_id: A-17}, match: exact, ignore: [key], defaults: {currency: EUR}}",
        [made("refund_order", order_id="A-17", currency="EUR", key="k1")],
        [made("refund_order", order_id="A-17", currency="USD", note="x")],
        "`refund_order` was not called with the expected arguments\n"
        '  currency   expected "EUR"    got "USD"\n'
        '  note   expected absent    got "x"',
        frozenset({"match", "ignore", "defaults"}),
    ),
    CallsSample(
        "By JSONPath",
        "What each path finds in the arguments is as its pattern says, as for `json-path`.",
        'calls:\n  - {call: order, where: {"$.lines[*].sku": {$contains: SKU-1}, "$.lines[0].n": 2}}',
        [made("order", lines=[{"sku": "SKU-1", "n": 2}])],
        [made("order", lines=[{"sku": "SKU-2", "n": 3}])],
        "`order` was not called with the expected arguments\n"
        '  $.lines[*].sku   expected $contains "SKU-1"    got ["SKU-2"]\n'
        "  $.lines[0].n   expected 2    got 3",
        frozenset({"where"}),
    ),
]


def failure_block(failure: Failure) -> str:
    return block(failure.message, failure.mismatches)
