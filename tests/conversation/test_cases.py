"""Reading conversations: what becomes of good files, and every problem of bad ones at its place."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from asstctl.conversation.case import CallMode, Case
from asstctl.conversation.reading.cases import load_cases
from asstctl.conversation.reading.signatures import Signature
from asstctl.core.diagnostic import Diagnostic, Severity

FUNCTIONS: Mapping[str, Mapping[str, Signature]] = {
    "guagua": {"ask_database": Signature(), "escalate": Signature()},
    "tutor": {},
}


def load(root: Path, files: Mapping[str, str], use: tuple[str, ...] = ()) -> tuple[list[Case], list[Diagnostic]]:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    cases, diagnostics = load_cases(
        [root / name for name in files if name.endswith(".convo.yaml")],
        root=root,
        use=[root / name for name in use],
        assistants=FUNCTIONS,
        functions=FUNCTIONS,
    )
    return list(cases), list(diagnostics)


FULL = """\
assistant: guagua
name: Schedule
tags: [smoke]
thread:
  metadata: {customer: c_42}
  messages:
    - user: 你好
    - assistant: 你好!
stubs:
  ask_database:
    - when: {query: {$icontains: courses}}
      return: [{name: RAG}]
    - return: ""
  escalate: {return: done}
turns:
  - user: 周三有什么课?
    calls:
      - ask_database: {query: {$icontains: courses}}
      - {call: escalate, times: 0}
    call_mode: in-order
    expect: {contains: [RAG, 周三], not-regex: "(?i)as an ai"}
  - expect:
      - contains: a
      - contains: b
"""


def test_a_file_is_a_conversation_named_after_it(tmp_path: Path) -> None:
    """Everything of the simple form arrives, each part with its line."""
    (case,), diagnostics = load(tmp_path, {"assistants/schedule.convo.yaml": FULL})

    assert diagnostics == []
    assert (case.assistant, case.id, case.name, case.tags) == ("guagua", "schedule", "Schedule", ("smoke",))
    assert case.metadata == {"customer": "c_42"}
    assert [(m.role, m.text) for m in case.messages] == [("user", "你好"), ("assistant", "你好!")]
    assert {name: len(rules) for name, rules in case.stubs.items()} == {"ask_database": 2, "escalate": 1}
    first, second = case.turns
    assert (first.user, second.user) == ("周三有什么课?", None)
    assert first.call_mode is CallMode.IN_ORDER
    assert [(c.name, c.times, c.where.line) for c in first.calls] == [("ask_database", None, 18), ("escalate", 0, 19)]
    assert [(e.operator, e.value, e.where.line, e.where.column) for e in first.expect] == [
        ("contains", "RAG", 21, 25),
        ("contains", "周三", 21, 30),
        ("not-regex", "(?i)as an ai", 21, 46),
    ]
    assert [(e.value, e.where.line) for e in second.expect] == [("a", 23), ("b", 24)]
    assert str(first.where) == "assistants/schedule.convo.yaml:16:11"


def test_several_conversations_share_what_stands_at_the_top(tmp_path: Path) -> None:
    """Own stubs are asked before the file's, those before a used file's, those before the project's."""
    text = """\
assistant: guagua
tags: [a]
use: [shared/one.stubs.yaml, /assistants/shared/two.stubs.yaml]
stubs: {escalate: {return: file}}
conversations:
  - id: first
    tags: [b, a]
    stubs: {escalate: {return: own}}
    turns: [{user: hi, expect: {contains: x}}]
  - id: second
    turns: [{user: hi, expect: {contains: x}}]
"""
    files = {
        "assistants/many.convo.yaml": text,
        "assistants/shared/one.stubs.yaml": "stubs: {escalate: {return: one}}",
        "assistants/shared/two.stubs.yaml": "stubs: {escalate: {return: two}}",
        "all.stubs.yaml": "stubs: {escalate: {return: all}}",
    }
    (first, second), diagnostics = load(tmp_path, files, use=("all.stubs.yaml",))

    assert diagnostics == []
    assert (first.id, first.tags, second.id, second.tags) == ("first", ("a", "b"), "second", ("a",))
    assert [rule.answer.value for rule in first.stubs["escalate"]] == ["own", "file", "two", "one", "all"]
    assert [rule.answer.value for rule in second.stubs["escalate"]] == ["file", "two", "one", "all"]
    assert first.where.line == 6


def test_shared_stubs_of_other_assistants_are_left_out(tmp_path: Path) -> None:
    """A project-wide stub is for those who declare the function; nobody else's conversation counts as code."""
    files = {
        "a.convo.yaml": "assistant: tutor\nturns: [{user: hi, expect: {contains: x}}]\n",
        "all.stubs.yaml": "stubs: {ask_database: {return: 1}}\n",
    }
    (case,), diagnostics = load(tmp_path, files, use=("all.stubs.yaml",))

    assert diagnostics == []
    assert case.stubs == {}


def test_an_assistant_whose_functions_are_not_known_is_trusted(tmp_path: Path) -> None:
    """A manifest with errors is reported once, not again by each of its conversations."""
    path = tmp_path / "a.convo.yaml"
    path.write_text("assistant: guagua\nstubs: {f: {return: 1}}\nturns: [{user: hi, calls: [g: {}]}]\n")

    cases, diagnostics = load_cases([path], root=tmp_path, assistants=["guagua"], functions={})

    assert (len(cases), diagnostics) == (1, ())
    assert set(cases[0].stubs) == {"f"}


HEAD = "assistant: guagua\n"

BAD: list[tuple[str, str, list[tuple[str, str, str]]]] = [
    ("no assistant", "turns: [{user: hi, calls: [escalate: {}]}]", [("1:1", "missing-key", "add `assistant:`")]),
    (
        "unknown assistant",
        "assistant: guaga\nturns: [{user: hi, calls: [x: {}]}]",
        [("1:12", "unknown-assistant", "did you mean `guagua`?")],
    ),
    ("no turns", HEAD + "turns: []", [("2:8", "limit", "change the value")]),
    ("unknown key", HEAD + "turn: 1\nturns: [{user: hi}]", [("2:1", "unknown-key", "did you mean `turns`?")]),
    (
        "a misplaced key",
        HEAD + "defaults: {}\nturns: [{user: hi, calls: [escalate: {}]}]",
        [("2:1", "unknown-key", "")],
    ),
    (
        "unknown key of a turn",
        HEAD + "turns:\n  - user: hi\n    expects: {}\n",
        [("4:5", "unknown-key", "did you mean `expect`?")],
    ),
    (
        "unknown operator",
        HEAD + "turns:\n  - user: hi\n    expect: {contians: x}\n",
        [("4:14", "unknown-key", "did you mean `contains`?")],
    ),
    (
        "operator's value",
        HEAD + "turns:\n  - user: hi\n    expect: {contains: [a, 1], regex: '('}\n",
        [("4:28", "operator-value", "quote it: '1'"), ("4:39", "operator-value", "correct the value")],
    ),
    (
        "unknown matcher",
        HEAD + "turns:\n  - user: hi\n    calls: [escalate: {why: {$icontain: x}}]\n",
        [("4:30", "matcher", "did you mean `$icontains`?")],
    ),
    (
        "unknown function",
        HEAD + "turns:\n  - user: hi\n    calls: [ask_databas: {}, {call: esc, times: 0}]\n",
        [
            ("4:13", "unknown-function", "did you mean `ask_database`?"),
            ("4:37", "unknown-function", "choose from: ask_database, escalate"),
        ],
    ),
    (
        "stub of an unknown function",
        HEAD + "stubs: {ask: {return: 1}}\nturns: [{user: hi, calls: [escalate: {}]}]",
        [("2:9", "unknown-function", "")],
    ),
    ("short form's arguments", HEAD + "turns:\n  - calls: [escalate: never]\n", [("3:23", "call-shape", "forbids")]),
    ("not a call", HEAD + "turns:\n  - calls: [escalate]\n", [("3:13", "call-shape", "write `- function")]),
    (
        "long form",
        HEAD + "turns:\n  - calls: [{call: escalate, time: 0, match: some}]\n",
        [("3:30", "unknown-key", "did you mean `times`?"), ("3:46", "unknown-value", "choose from: partial, exact")],
    ),
    ("times", HEAD + "turns:\n  - calls: [{call: escalate, times: -1}]\n", [("3:37", "limit", "change the value")]),
    (
        "exact without args",
        HEAD + "turns:\n  - calls: [{call: escalate, match: exact}]\n",
        [("3:37", "call-shape", "add `args: {}` for none")],
    ),
    ("call mode", HEAD + "turns:\n  - {user: hi, call_mode: inorder}\n", [("3:27", "unknown-value", "`in-order`")]),
    (
        "metadata of ours",
        HEAD + "thread: {metadata: {asstctl_key: x}}\nturns: [{calls: [escalate: {}]}]",
        [("2:20", "reserved-metadata", "rename it")],
    ),
    (
        "a message of two",
        HEAD + "thread: {messages: [{user: a, assistant: b}]}\nturns: [{calls: [escalate: {}]}]",
        [("2:21", "bad-message", "write each as")],
    ),
    (
        "stub without an answer",
        HEAD + "stubs: {escalate: {when: {}}}\nturns: [{}]",
        [("2:19", "stub-shape", "`return`")],
    ),
    (
        "stub with two answers",
        HEAD + "stubs: {escalate: {return: 1, template: x}}\nturns: [{}]",
        [("2:31", "stub-shape", "`return`")],
    ),
    (
        "stub's key",
        HEAD + "stubs: {escalate: [{retrun: 1}]}\nturns: [{}]",
        [("2:21", "unknown-key", "did you mean `return`?")],
    ),
    (
        "stub's pattern",
        HEAD + "stubs: {escalate: {when: {a: {$x: 1}}, return: 1}}\nturns: [{}]",
        [("2:31", "matcher", "")],
    ),
    (
        "stub's template",
        HEAD + "stubs: {escalate: {template: '{{ args. }}'}}\nturns: [{}]",
        [("2:30", "template-syntax", "")],
    ),
    ("used file", HEAD + "use: [no.stubs.yaml]\nturns: [{}]", [("2:7", "missing-file", "leading /")]),
    ("used file outside", HEAD + "use: [../x.stubs.yaml]\nturns: [{}]", [("2:7", "outside-project", "")]),
    ("YAML", HEAD + "turns: [", [("2:9", "yaml-syntax", "")]),
    ("twice", HEAD + "assistant: tutor\nturns: [{calls: [escalate: {}]}]", [("2:1", "duplicate-key", "")]),
    (
        "an id of several",
        HEAD + "conversations: [{id: a b, turns: [{calls: [escalate: {}]}]}]",
        [("2:22", "bad-id", "letters, digits")],
    ),
]


@pytest.mark.parametrize("text, expected", [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_a_problem_has_code_place_and_hint(tmp_path: Path, text: str, expected: list[tuple[str, str, str]]) -> None:
    """And its source line; a conversation with an error is not played."""
    cases, diagnostics = load(tmp_path, {"a.convo.yaml": text})
    errors = [d for d in diagnostics if d.severity is Severity.ERROR]

    assert [(f"{d.where.line}:{d.where.column}", d.code) for d in errors if d.where] == [e[:2] for e in expected]
    for diagnostic, (_, _, hint) in zip(errors, expected, strict=True):
        assert hint in diagnostic.hint
        assert diagnostic.hint
        assert diagnostic.where is not None
        assert diagnostic.where.path == "a.convo.yaml"
        assert diagnostic.where.text == text.splitlines()[diagnostic.where.line - 1]
    assert cases == []


def test_all_problems_come_at_once(tmp_path: Path) -> None:
    """A wrong key hides no wrong turn, a wrong file no other, a wrong conversation none of its neighbours."""
    text = """\
assistant: guagua
colour: red
conversations:
  - id: bad
    nme: x
    thread: {metdata: {}}
    stubs: {escalat: {return: 1}}
    turns:
      - {user: 1, expect: {contain: x}}
      - {calls: [f: {}]}
  - id: good
    turns: [{user: hi, expect: {contains: x}}]
"""
    files = {"a.convo.yaml": text, "b.convo.yaml": "turns: [", "c.stubs.yaml": "stub: {}", "d.convo.yaml": FULL}
    cases, diagnostics = load(tmp_path, files, use=("c.stubs.yaml", "none.stubs.yaml"))

    assert [f"{d.where} {d.code}" for d in diagnostics] == [
        "a.convo.yaml:2:1 unknown-key",
        "a.convo.yaml:5:5 unknown-key",
        "a.convo.yaml:6:14 unknown-key",
        "a.convo.yaml:7:13 unknown-function",
        "a.convo.yaml:9:16 wrong-type",
        "a.convo.yaml:9:28 unknown-key",
        "a.convo.yaml:10:18 unknown-function",
        "b.convo.yaml:1:9 yaml-syntax",
        "c.stubs.yaml:1:1 unknown-key",
        "none.stubs.yaml:1:1 missing-file",
    ]
    assert [case.id for case in cases] == ["good", "d"]


def test_an_id_is_unique_per_assistant(tmp_path: Path) -> None:
    """Two files of one name in two folders are two conversations of one id; of two assistants they are not."""
    text = "assistant: {}\nturns: [{{user: hi, expect: {{contains: x}}}}]\n"
    files = {
        "a/hello.convo.yaml": text.format("guagua"),
        "b/hello.convo.yaml": text.format("guagua"),
        "c/hello.convo.yaml": text.format("tutor"),
    }
    cases, (problem,) = load(tmp_path, files)

    assert [(case.assistant, case.id) for case in cases] == [("guagua", "hello"), ("tutor", "hello")]
    assert (problem.code, str(problem.where)) == ("duplicate-id", "b/hello.convo.yaml:1:1")
    assert problem.hint == "the other is at a/hello.convo.yaml:1; rename one"


def test_a_project_wide_stub_needs_an_assistant_that_declares_it(tmp_path: Path) -> None:
    """So a renamed function is found although no conversation names it."""
    _, (problem,) = load(tmp_path, {"x.stubs.yaml": "stubs: {ask_databse: {return: 1}}"}, use=("x.stubs.yaml",))

    assert (problem.code, str(problem.where)) == ("unknown-function", "x.stubs.yaml:1:9")
    assert problem.hint == "did you mean `ask_database`?"


def test_a_used_file_may_hold_stubs_for_other_assistants(tmp_path: Path) -> None:
    """It is shared; only what a file says itself must be of its own assistant."""
    files = {
        "one.convo.yaml": "assistant: tutor\nuse: [x.stubs.yaml]\nturns: [{user: hi, expect: {contains: x}}]\n",
        "two.convo.yaml": "assistant: tutor\nuse: [x.stubs.yaml]\n"
        "conversations: [{id: a, use: [x.stubs.yaml], turns: [{user: hi, expect: {contains: x}}]}]\n",
        "x.stubs.yaml": "stubs: {ask_database: {return: 1}}\n",
    }
    cases, diagnostics = load(tmp_path, files)

    assert diagnostics == []
    assert [(case.id, case.stubs) for case in cases] == [("one", {}), ("a", {})]


def test_a_setup_file_that_is_used_twice_is_asked_once(tmp_path: Path) -> None:
    """By the conversation and by the project."""
    files = {
        "a.convo.yaml": HEAD + "use: [x.stubs.yaml]\nturns: [{user: hi, expect: {contains: x}}]\n",
        "x.stubs.yaml": "stubs: {escalate: {return: 1}}\n",
    }
    (case,), _ = load(tmp_path, files, use=("x.stubs.yaml",))

    assert len(case.stubs["escalate"]) == 1


def test_conversations_without_an_id_are_not_called_twins(tmp_path: Path) -> None:
    """That each lacks one is enough."""
    turns = "turns: [{user: hi, expect: {contains: x}}]"
    _, diagnostics = load(tmp_path, {"a.convo.yaml": f"{HEAD}conversations: [{{{turns}}}, {{{turns}}}]"})

    assert [d.code for d in diagnostics] == ["missing-key", "missing-key"]


@pytest.mark.parametrize(
    "turn, warned",
    [
        ("{user: hi}", True),
        ("{user: hi, expect: {}}", True),
        ("{user: hi, call_mode: only}", False),
        ("{user: hi, calls: [{call: escalate, times: 0}]}", False),
    ],
)
def test_a_conversation_that_expects_nothing_is_a_warning(tmp_path: Path, turn: str, warned: bool) -> None:
    """It is played all the same."""
    cases, diagnostics = load(tmp_path, {"a.convo.yaml": HEAD + f"turns: [{turn}]"})

    assert len(cases) == 1
    assert [(d.severity, d.code) for d in diagnostics] == [(Severity.WARNING, "no-expectation")] * warned


def test_a_function_may_be_named_call(tmp_path: Path) -> None:
    """The long form is told by a text under `call`; a map under it is arguments of that function."""
    path = tmp_path / "a.convo.yaml"
    path.write_text("assistant: x\nturns: [{user: hi, calls: [call: {args: 1, times: 0}]}]\n")

    (case,), diagnostics = load_cases([path], root=tmp_path, assistants=["x"], functions={"x": {"call": Signature()}})

    assert diagnostics == ()
    assert [(c.name, c.args, c.times) for c in case.turns[0].calls] == [("call", {"args": 1, "times": 0}, None)]
