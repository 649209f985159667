"""Every key of a conversation file: what it becomes, and what is said of each way to get it wrong."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from asstctl.conversation.case import Budget, CallMode, Case, Cleanup, Repeat, Retry, Save, Trouble
from asstctl.conversation.late import Late
from asstctl.core.thread import Need, Tool
from tests.conversation.reading import TURNS, read

HEAD = "assistant: bot\n"
FILES = {"photo.png": "", "policy.pdf": "", "note.txt": ""}

BECOMES: list[tuple[str, str, Callable[[Case], Any], Any]] = [
    ("name", "name: Refund\n" + TURNS, lambda c: c.name, "Refund"),
    ("repeat", "repeat: {runs: 5, pass: 4}\n" + TURNS, lambda c: c.repeat, Repeat(5, 4)),
    ("each of them", "repeat: {runs: 3}\n" + TURNS, lambda c: c.repeat, Repeat(3, 3)),
    (
        "retry",
        "retry: {on: [rate_limit, timeout], max: 2}\n" + TURNS,
        lambda c: c.retry,
        Retry(2, frozenset({Trouble.RATE_LIMIT, Trouble.TIMEOUT})),
    ),
    ("retry after all", "retry: {}\n" + TURNS, lambda c: c.retry, Retry(1, frozenset(Trouble))),
    (
        "timeout",
        "timeout: {turn: 30, conversation: 120.5}\n" + TURNS,
        lambda c: (c.turn_timeout, c.timeout),
        (30.0, 120.5),
    ),
    ("run", "run: {temperature: 0, model: x}\n" + TURNS, lambda c: dict(c.overrides), {"model": "x", "temperature": 0}),
    ("cleanup", "cleanup: on-pass\n" + TURNS, lambda c: c.cleanup, Cleanup.ON_PASS),
    ("budget", "budget: {cost_usd: 0.5}\n" + TURNS, lambda c: c.budget, Budget("a.convo.yaml", 0.5, None)),
    (
        "nothing",
        TURNS,
        lambda c: (c.repeat, c.retry, c.budget, c.cleanup, c.needs),
        (Repeat(), Retry(), None, Cleanup.ALWAYS, frozenset()),
    ),
    (
        "thread files",
        "thread: {files: [{path: policy.pdf, for: file_search}, {path: /note.txt, for: [code_interpreter]}]}\n" + TURNS,
        lambda c: [(f.shown, f.tools) for f in c.files],
        [("policy.pdf", (Tool.FILE_SEARCH,)), ("note.txt", (Tool.CODE_INTERPRETER,))],
    ),
    (
        "message with an image",
        "thread: {messages: [{user: [Look, {image: photo.png, detail: low}]}, {assistant: I see}]}\n" + TURNS,
        lambda c: [(m.role, m.text, [(f.shown, f.tools, f.detail) for f in m.files]) for m in c.messages],
        [("user", "Look", [("photo.png", None, "low")]), ("assistant", "I see", [])],
    ),
    (
        "user's texts and files",
        "turns: [{user: [a, {attachment: note.txt, for: [file_search, code_interpreter]}, b], expect: {contains: x}}]",
        lambda c: (c.turns[0].user, [(f.shown, f.path and f.path.name, f.tools) for f in c.turns[0].files]),
        ("a\nb", [("note.txt", "note.txt", (Tool.FILE_SEARCH, Tool.CODE_INTERPRETER))]),
    ),
    (
        "image by URL",
        "turns: [{user: [{image: 'https://example.com/a.png'}], expect: {contains: x}}]",
        lambda c: [(f.url, f.path, f.tools) for f in c.turns[0].files],
        [("https://example.com/a.png", None, None)],
    ),
    ("no user", "turns: [{expect: {contains: x}}]", lambda c: c.turns[0].user, None),
    ("was", "turns: [{user: a, was: '{{ b }}', expect: {contains: x}}]", lambda c: c.turns[0].was, "{{ b }}"),
    (
        "save",
        "turns: [{save: {a: reply, b: {regex: R-}, c: {json-path: $.x}, d: 'calls.refund[0].args'}, call_mode: only}]",
        lambda c: [(s.name, s.source, s.path) for s in c.turns[0].save],
        [
            ("a", "reply", ""),
            ("b", "regex", "R-"),
            ("c", "json-path", "$.x"),
            ("d", "calls", "calls.refund[0].args"),
        ],
    ),
    (
        "where",
        "turns: [{user: a, calls: [{call: refund, where: {'$.lines[*].sku': {$contains: X}}}]}]",
        lambda c: c.turns[0].calls[0].paths,
        (("$.lines[*].sku", {"$contains": "X"}),),
    ),
    (
        "finally",
        "finally: {calls: [{call: refund, times: 0}], call_mode: only, expect: {not-contains: sorry}}\n" + TURNS,
        lambda c: (
            c.closing
            and ([x.name for x in c.closing.calls], c.closing.call_mode, [e.operator for e in c.closing.expect])
        ),
        (["refund"], CallMode.ONLY, ["not-contains"]),
    ),
    ("vars", "vars: {a: [1]}\n" + TURNS, lambda c: c.values, {"vars": {"a": [1]}, "matrix": {}}),
    (
        "any other call",
        "stubs: {'*': fail, refund: {return: {id: x}}}\n" + TURNS,
        lambda c: set(c.stubs),
        {"*", "refund"},
    ),
    ("schemas", TURNS, lambda c: (set(c.schemas), set(c.returns)), ({"refund"}, {"refund"})),
]


@pytest.mark.parametrize("text, of, expected", [row[1:] for row in BECOMES], ids=[row[0] for row in BECOMES])
def test_a_key_becomes_a_part_of_the_case(
    tmp_path: Path, text: str, of: Callable[[Case], Any], expected: object
) -> None:
    """Of a single conversation as of one of several, which are the same but for the id and the budget."""
    (case,), diagnostics = read(tmp_path, HEAD + text, FILES)

    assert diagnostics == []
    assert of(case) == expected


NEEDS: list[tuple[str, set[Need]]] = [
    (TURNS, set()),
    ("thread: {messages: [{user: a}]}\n" + TURNS, set()),
    ("thread: {messages: [{assistant: a}]}\n" + TURNS, {Need.SEED_ASSISTANT_MESSAGE}),
    ("turns: [{expect: {contains: x}}]", {Need.ASSISTANT_SPEAKS_FIRST}),
    ("thread: {messages: [{user: a}]}\nturns: [{expect: {contains: x}}]", set()),
    (
        "thread: {messages: [{user: a}]}\nturns: [{user: a}, {expect: {contains: x}}]",
        {Need.ASSISTANT_SPEAKS_FIRST},
    ),
    ("turns: [{user: [{image: photo.png}], expect: {contains: x}}]", {Need.IMAGES}),
    ("thread: {messages: [{user: [{image: photo.png}]}]}\n" + TURNS, {Need.IMAGES}),
    ("turns: [{user: [a, {attachment: note.txt, for: file_search}], expect: {contains: x}}]", {Need.ATTACHMENTS}),
    ("thread: {files: [{path: note.txt, for: file_search}]}\n" + TURNS, {Need.THREAD_FILES}),
    ("run: {temperature: 0}\n" + TURNS, {Need.RUN_OPTIONS}),
    ("finally: {expect: {latency: {max_seconds: 3}}}\n" + TURNS, set()),
    ("turns: [{user: a, expect: {latency: {first_token_seconds: 2}}}]", {Need.STREAM}),
]


@pytest.mark.parametrize("text, needed", NEEDS)
def test_a_case_knows_what_it_needs_of_the_wire(tmp_path: Path, text: str, needed: set[Need]) -> None:
    """So that a target that cannot do it skips it and says why."""
    (case,), diagnostics = read(tmp_path, HEAD + text, FILES)

    assert diagnostics == []
    assert case.needs == needed


WRONG: list[tuple[str, str, list[tuple[str, str, str]]]] = [
    ("repeat", "repeat: {runs: 2, pass: 3}\n" + TURNS, [("2:9", "bad-value", "lower `pass`")]),
    ("no runs", "repeat: {pass: 3}\n" + TURNS, [("2:1", "missing-key", "add `runs:`")]),
    ("retry", "retry: {on: [rate]}\n" + TURNS, [("2:14", "unknown-value", "rate_limit")]),
    ("retries", "retry: {max: 99}\n" + TURNS, [("2:14", "limit", "change")]),
    ("timeout", "timeout: {turn: 5s}\n" + TURNS, [("2:17", "wrong-type", "write a number")]),
    ("no time", "timeout: {turn: 0}\n" + TURNS, [("2:17", "limit", "change")]),
    ("run", "run: {temprature: 1}\n" + TURNS, [("2:7", "unknown-key", "did you mean `temperature`?")]),
    ("tools", "run: {tool_choice: x}\n" + TURNS, [("2:20", "unknown-value", "`none`")]),
    ("cleanup", "cleanup: on-fail\n" + TURNS, [("2:10", "unknown-value", "on-pass")]),
    ("budget", "budget: {usd: 1}\n" + TURNS, [("2:10", "unknown-key", "cost_usd")]),
    ("free", "budget: {cost_usd: 0}\n" + TURNS, [("2:20", "limit", "change")]),
    ("vars", "vars: {a-b: 1}\n" + TURNS, [("2:8", "bad-name", "use letters")]),
    (
        "reader",
        "thread: {files: [{path: note.txt, for: search}]}\n" + TURNS,
        [("2:40", "unknown-value", "`file_search`")],
    ),
    ("no reader", "thread: {files: [{path: note.txt}]}\n" + TURNS, [("2:18", "missing-key", "add `for:`")]),
    (
        "no file",
        "thread: {files: [{path: no.txt, for: file_search}]}\n" + TURNS,
        [("2:25", "missing-file", "leading /")],
    ),
    ("outside", "turns: [{user: [{image: ../a.png}]}]", [("2:25", "outside-project", "copy")]),
    ("hidden", "turns: [{user: [{image: .env.png}]}]", [("2:25", "forbidden-path", "elsewhere")]),
    ("no image", "turns: [{user: [{image: note.txt}]}]", [("2:25", "bad-image", "`attachment`")]),
    ("a part", "turns: [{user: [a, {imag: x}]}]", [("2:21", "unknown-key", "did you mean `image`?")]),
    ("no part", "turns: [{user: []}]", [("2:16", "limit", "change")]),
    (
        "two speakers",
        "thread: {messages: [{user: a, assistant: b}]}\n" + TURNS,
        [("2:21", "bad-message", "write each")],
    ),
    ("speaker", "thread: {messages: [{system: a}]}\n" + TURNS, [("2:22", "unknown-key", "user, assistant")]),
    ("save", "turns: [{user: a, save: 1}]", [("2:25", "wrong-type", "write `{id:")]),
    ("saved name", "turns: [{user: a, save: {a-b: reply}}]", [("2:26", "bad-name", "use letters")]),
    ("no source", "turns: [{user: a, save: {a: replay}}]", [("2:29", "bad-save", "calls.refund")]),
    ("call's path", "turns: [{user: a, save: {a: calls.refund}}]", [("2:29", "bad-save", "calls.FUNCTION")]),
    ("its function", "turns: [{user: a, save: {a: calls.refnd.output}}]", [("2:29", "unknown-function", "`refund`")]),
    ("saving", "turns: [{user: a, save: {a: {rgx: x}}}]", [("2:30", "unknown-key", "did you mean `regex`?")]),
    ("saved regex", "turns: [{user: a, save: {a: {regex: '('}}}]", [("2:37", "bad-save", "correct it")]),
    ("saved path", "turns: [{user: a, save: {a: {json-path: x}}}]", [("2:41", "bad-save", "correct it")]),
    ("finally", "finally: {expct: {}}\n" + TURNS, [("2:11", "unknown-key", "did you mean `expect`?")]),
    ("where", "turns: [{user: a, calls: [{call: refund, where: {'x[': 1}}]}]", [("2:50", "matcher", "RFC 9535")]),
    ("used file", "use: [x.stubs.yaml]\n" + TURNS, [("2:7", "missing-file", "leading /")]),
]


@pytest.mark.parametrize("text, expected", [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
def test_a_mistake_has_its_code_place_and_hint(tmp_path: Path, text: str, expected: list[tuple[str, str, str]]) -> None:
    """And the conversation is not played."""
    cases, diagnostics = read(tmp_path, HEAD + text, FILES)

    assert [(f"{d.where.line}:{d.where.column}", d.code) for d in diagnostics if d.where] == [e[:2] for e in expected]
    for diagnostic, (_, _, hint) in zip(diagnostics, expected, strict=True):
        assert hint in diagnostic.hint
    assert cases == []


DEFAULTS = """\
assistant: bot
tags: [all]
budget: {tokens: 100}
defaults:
  tags: [slow]
  timeout: {turn: 30, conversation: 60}
  run: {model: x, temperature: 0}
  thread: {metadata: {team: a}}
  matrix: {lang: [en, de]}
conversations:
  - id: plain
    turns: [{user: "{{ matrix.lang }}", expect: {contains: x}}]
  - id: own
    tags: [quick]
    matrix: null
    timeout: {turn: 5}
    run: {model: null, top_p: 0.5}
    thread: {metadata: {customer: c}}
    turns: [{user: hi, expect: {contains: x}}]
"""


def test_defaults_are_merged_into_each_conversation(tmp_path: Path) -> None:
    """As a merge patch: maps merge, lists and scalars replace, null takes away."""
    (en, de, own), diagnostics = read(tmp_path, DEFAULTS)

    assert diagnostics == []
    assert [case.id for case in (en, de, own)] == ["plain[en]", "plain[de]", "own"]
    assert (en.tags, own.tags) == (("all", "slow"), ("all", "quick"))
    assert (en.turn_timeout, own.turn_timeout, own.timeout) == (30, 5, 60)
    assert (dict(en.overrides), dict(own.overrides)) == (
        {"model": "x", "temperature": 0},
        {"temperature": 0, "top_p": 0.5},
    )
    assert own.metadata == {"team": "a", "customer": "c"}
    assert en.budget == own.budget == Budget("a.convo.yaml", None, 100)


def test_a_wrong_default_is_said_once_where_it_is_written(tmp_path: Path) -> None:
    text = DEFAULTS.replace("turn: 30", "turn: soon").replace("tags: [slow]", "tag: [slow]")
    cases, diagnostics = read(tmp_path, text)

    assert [(str(d.where), d.code) for d in diagnostics] == [
        ("a.convo.yaml:5:3", "unknown-key"),
        ("a.convo.yaml:6:19", "wrong-type"),
    ]
    assert [case.id for case in cases] == ["own"]


def test_setup_files_may_use_others(tmp_path: Path) -> None:
    """What a file says itself is asked before what it uses, and of two files the later goes first."""
    files = {
        "one.stubs.yaml": "use: [deep/two.stubs.yaml]\nstubs: {get_order: {return: one}}",
        "deep/two.stubs.yaml": "use: [/three.stubs.yaml]\nstubs: {get_order: {return: two}}",
        "three.stubs.yaml": "stubs: {get_order: {return: three}}",
        "last.stubs.yaml": "stubs: {get_order: {return: last}}",
    }
    (case,), diagnostics = read(tmp_path, HEAD + "use: [one.stubs.yaml, last.stubs.yaml]\n" + TURNS, files)

    assert diagnostics == []
    assert [rule.answer.value for rule in case.stubs["get_order"]] == ["last", "one", "two", "three"]


def test_setup_files_that_use_each_other_are_refused(tmp_path: Path) -> None:
    """With the way that leads round."""
    files = {"x.stubs.yaml": "use: [y.stubs.yaml]", "y.stubs.yaml": "use: [x.stubs.yaml]"}
    _, (problem,) = read(tmp_path, HEAD + "use: [x.stubs.yaml]\n" + TURNS, files)

    assert (str(problem.where), problem.code) == ("y.stubs.yaml:1:7", "use-cycle")
    assert problem.detail == "x.stubs.yaml -> y.stubs.yaml -> x.stubs.yaml"


def test_typed_is_all_that_has_a_part_in_what_is_said(tmp_path: Path) -> None:
    """Variables filled in, stubs of the assistant's functions alone, and code by its digest."""
    text = (
        HEAD
        + "name: x\nvars: {order: A-17}\n"
        + "stubs: {get_order: {python: 'code.py:f'}, refund: {return: {id: '{{ vars.order }}'}}}\n"
        + "turns: [{user: '{{ vars.order }}', expect: {contains: x}}]\n"
    )
    (case,), diagnostics = read(tmp_path, text, {"code.py": "def f(**_): pass\n"})

    assert diagnostics == []
    assert isinstance(case.typed, dict)
    assert case.typed["conversation"] == {"turns": [{"user": "A-17", "expect": {"contains": "x"}}]}
    assert case.typed["stubs"]["refund"] == [{"return": {"id": "A-17"}}]
    rule, code = case.typed["stubs"]["get_order"]
    assert rule == {"python": "code.py:f"}
    assert code == {"code": {"code.py": hashlib.sha256(b"def f(**_): pass\n").hexdigest()}}


def test_a_late_text_survives_every_form_of_a_message(tmp_path: Path) -> None:
    text = (
        HEAD
        + "turns:\n  - {user: a, save: {r: reply}, expect: {contains: x}}\n"
        + "  - user: ['see {{ saved.r }}', {image: 'https://example.com/{{ saved.r }}.png'}, now]\n"
        + "    expect: {contains: '{{ saved.r }}'}\n"
    )
    (case,), diagnostics = read(tmp_path, text)
    turn = case.turns[1]

    assert diagnostics == []
    assert isinstance(turn.user, Late)
    assert isinstance(turn.files[0].url, Late)
    assert isinstance(turn.expect[0].value, Late)
    assert case.turns[0].save == (Save("r", "reply", case.turns[0].save[0].where),)
