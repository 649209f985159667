"""Templates in conversation files: what they may name, where, and what they come to."""

from pathlib import Path
from typing import Any

import pytest

from asstctl.conversation.case import Case
from asstctl.conversation.late import Late, NotFilled, filled, filled_closing, filled_turn, is_late
from asstctl.conversation.reading.filling import Withheld
from asstctl.conversation.reading.signatures import Signature
from asstctl.core.diagnostic import Severity
from tests.conversation.reading import BOT, TURNS, read

HEAD = "assistant: bot\n"


def one(root: Path, text: str, **more: Any) -> Case:
    (case,), diagnostics = read(root, text, **more)
    assert diagnostics == []
    return case


def test_variables_of_the_conversation_go_before_the_files_and_the_projects(tmp_path: Path) -> None:
    """And each may name those outside of it."""
    text = """\
assistant: bot
vars: {order: file, name: "{{ vars.who }} of the file"}
conversations:
  - id: a
    vars: {greeting: "Hello {{ vars.name }}", order: own}
    turns: [{user: "{{ vars.greeting }}, {{ vars.order }} {{ vars.who }}", expect: {contains: x}}]
"""
    case = one(tmp_path, text, vars={"order": "project", "who": "Ann"})

    assert case.turns[0].user == "Hello Ann of the file, own Ann"


@pytest.mark.parametrize(
    ("given", "user"),
    [
        ({"order": "typed"}, "typed 1 for project"),
        ({"count": "2", "who": "Bea"}, "own 2 for Bea"),
        ({"count": "many"}, "own many for project"),
    ],
)
def test_what_was_typed_goes_before_the_variables_of_every_file(
    tmp_path: Path, given: dict[str, Any], user: str
) -> None:
    """A text becomes a number where the file that declares it has one; where nothing does it is what it is."""
    text = """\
assistant: bot
vars: {order: file, next: "{{ vars.count if vars.count is string else vars.count + 1 }}", count: 1}
conversations:
  - id: a
    vars: {order: own, count: 1}
    turns: [{user: "{{ vars.order }} {{ vars.count }} for {{ vars.who }}", expect: {contains: "{{ vars.order }}"}}]
"""
    project = {"who": "project", "count": 7}
    assert one(tmp_path, text, vars={**project, **given}, given=given).turns[0].user == user


def test_a_lone_expression_keeps_its_type_where_a_type_matters(tmp_path: Path) -> None:
    """Lists and maps too; texts that people say are texts whatever is put into them."""
    text = """\
assistant: bot
vars: {n: 5, whole: {sku: A}, words: [a, b], yes: true}
thread: {metadata: {n: "{{ vars.n }}"}, messages: [{user: "{{ vars.yes }}"}]}
run: {temperature: "{{ vars.n - 4 }}"}
turns:
  - user: "{{ vars.n }}"
    calls: [refund: {amount: "{{ vars.n }}", order_id: "{{ vars.n }}-x", lines: ["{{ vars.whole }}"]}]
    expect: {contains: "{{ vars.n }}", contains-any: "{{ vars.words }}", length: {max_chars: "{{ vars.n }}"}}
"""
    case = one(tmp_path, text)
    (turn,) = case.turns

    assert (turn.user, case.metadata, case.messages[0].text) == ("5", {"n": "5"}, "true")
    assert case.overrides == {"temperature": 1}
    assert turn.calls[0].args == {"amount": 5, "order_id": "5-x", "lines": [{"sku": "A"}]}
    assert [e.value for e in turn.expect] == ["5", ["a", "b"], {"max_chars": 5}]


def test_a_number_that_was_typed_is_no_text(tmp_path: Path) -> None:
    """Only what a template gives is made one."""
    _, (problem,) = read(tmp_path, HEAD + "turns: [{user: a, expect: {contains: 5}}]")

    assert problem.code == "operator-value"


def test_keys_ids_and_code_are_no_templates(tmp_path: Path) -> None:
    text = """\
assistant: bot
stubs:
  get_order: [{when: {"{{ vars.x }}": 1}, template: "{{ args.a }}"}, {python: "code.py:f"}]
turns: [{user: a, expect: {contains: x}}]
"""
    case = one(tmp_path, text, files={"code.py": "def f(**_): ..."})

    assert case.stubs["get_order"][0].when == {"{{ vars.x }}": 1}


def test_shared_stubs_are_filled_for_each_conversation(tmp_path: Path) -> None:
    """Those of the project too, with the names of each cell; in a sequence and in a pattern as well."""
    shared = """\
stubs:
  get_order:
    when: {order_id: "{{ vars.order }}"}
    sequence: [{return: "{{ matrix.n }}"}, {fault: "{{ vars.fault }}"}]
"""
    text = """\
assistant: bot
conversations:
  - {id: a, vars: {order: A}, matrix: {n: [1, 2]}, turns: [{user: a, expect: {contains: x}}]}
  - {id: b, vars: {order: B}, matrix: {n: [3]}, turns: [{user: a, expect: {contains: x}}]}
"""
    cases, diagnostics = read(
        tmp_path, text, {"x.stubs.yaml": shared}, use=("x.stubs.yaml",), vars={"fault": "timeout"}
    )

    assert diagnostics == []
    rules = [case.stubs["get_order"][0] for case in cases]
    assert [rule.when["order_id"] for rule in rules] == ["A", "A", "B"]
    assert [rule.answer.answers[0].value for rule in rules] == [1, 2, 3]


def test_shared_stubs_of_other_assistants_are_not_filled(tmp_path: Path) -> None:
    """What they name need not be there."""
    shared = {"x.stubs.yaml": "stubs: {elsewhere: {return: '{{ vars.none }}'}}"}
    functions = {**BOT, "tutor": {"elsewhere": Signature()}}
    (case,), diagnostics = read(tmp_path, HEAD + "use: [x.stubs.yaml]\n" + TURNS, shared, functions=functions)

    assert diagnostics == []
    assert case.stubs == {}


FAULTS: list[tuple[str, str, list[tuple[str, str, str]]]] = [
    ("misspelt", "turns: [{user: '{{ vars.oder }}'}]", [("2:25", "undefined-variable", "did you mean `order`?")]),
    ("inside", "turns: [{user: '{{ vars.map.b }}'}]", [("2:29", "undefined-variable", "choose from: a")]),
    ("no root", "turns: [{user: '{{ order }}'}]", [("2:20", "undefined-variable", "write `vars.order`")]),
    ("roots", "turns: [{user: '{{ foo }}'}]", [("2:20", "undefined-variable", "choose from: vars, matrix, saved")]),
    ("roots before", "name: '{{ foo }}'\n" + TURNS, [("2:11", "undefined-variable", "choose from: vars, matrix")]),
    ("no matrix", "turns: [{user: '{{ matrix.x }}'}]", [("2:27", "undefined-variable", "add it to the `matrix`")]),
    ("nothing saved", "turns: [{user: '{{ saved.x }}'}]", [("2:26", "undefined-variable", "an earlier turn can")]),
    (
        "saved later",
        "turns: [{user: '{{ saved.x }}'}, {save: {x: reply}, user: b}]",
        [("2:26", "undefined-variable", "an earlier turn can")],
    ),
    (
        "misspelt saved",
        "turns: [{user: a, save: {refund: reply}}, {user: '{{ saved.refnd }}'}]",
        [("2:60", "undefined-variable", "did you mean `refund`?")],
    ),
    (
        "beside saved",
        "turns: [{user: a, save: {r: reply}}, {user: '{{ saved.r }} {{ vars.oder }}'}]",
        [("2:68", "undefined-variable", "did you mean `order`?")],
    ),
    ("too early", "name: '{{ saved.x }}'\n" + TURNS, [("2:11", "undefined-variable", "while the conversation is")]),
    ("in a stub", "stubs: {get_order: {return: '{{ vars.x }}'}}\n" + TURNS, [("2:38", "undefined-variable", "")]),
    ("syntax", "turns: [{user: '{{ vars. }}'}]", [("2:17", "template-syntax", "literal braces")]),
    ("refused", "turns: [{user: '{{ vars.map.__class__ }}'}]", [("2:17", "template-refused", "`vars`")]),
    ("a path", "turns: [{user: a, save: {r: reply}}, {user: [{image: '{{ saved.r }}'}]}]", [("2:54", "late-text", "")]),
    (
        "what is saved",
        "turns: [{save: {r: reply}}, {save: {s: 'calls.{{ saved.r }}.output'}}]",
        [("2:40", "late-text", "")],
    ),
    (
        "a wrong type",
        "run: {temperature: '{{ vars.order }}'}\n" + TURNS,
        [("2:20", "wrong-type", "write a number")],
    ),
]


@pytest.mark.parametrize("text, expected", [row[1:] for row in FAULTS], ids=[row[0] for row in FAULTS])
def test_a_fault_of_a_template_has_its_code_place_and_hint(
    tmp_path: Path, text: str, expected: list[tuple[str, str, str]]
) -> None:
    """And nothing else is said of the text that could not be filled."""
    cases, diagnostics = read(tmp_path, HEAD + text, vars={"order": "A", "map": {"a": 1}})
    found = [d for d in diagnostics if d.severity is Severity.ERROR]

    assert [(f"{d.where.line}:{d.where.column}", d.code) for d in found if d.where] == [e[:2] for e in expected]
    for diagnostic, (_, _, hint) in zip(found, expected, strict=True):
        assert hint in diagnostic.hint
        assert diagnostic.hint
    assert cases == []


def test_secrets_and_variables_without_a_value_are_refused(tmp_path: Path) -> None:
    """As in manifests: named or written out, in a stub too."""
    withheld = Withheld(
        secret=frozenset({"key"}),
        unset={"crm": "set the environment variable CRM_URL"},
        leaks=lambda value: _containing(value, "hunter22"),
    )
    text = """\
assistant: bot
stubs: {refund: {return: {id: "hunter22"}}, get_order: {return: "{{ vars.got }}"}}
turns:
  - {user: "{{ vars.key }}", expect: {contains: "{{ vars.crm }}"}}
  - {user: "my {{ vars.got }}", expect: {contains: x}}
"""
    cases, diagnostics = read(tmp_path, text, vars={"got": "hunter22"}, withheld=withheld)

    assert cases == []
    assert [(str(d.where), d.code, d.hint) for d in diagnostics] == [
        ("a.convo.yaml:2:31", "secret-in-conversation", "take it out, and change the secret"),
        ("a.convo.yaml:2:65", "secret-in-conversation", "take it out, and change the secret"),
        ("a.convo.yaml:4:21", "secret-in-conversation", "use it in target settings alone"),
        ("a.convo.yaml:4:58", "undefined-variable", "set the environment variable CRM_URL"),
        ("a.convo.yaml:5:12", "secret-in-conversation", "take it out, and change the secret"),
    ]


def _containing(value: Any, secret: str, path: tuple[str | int, ...] = ()) -> Any:
    if isinstance(value, str) and secret in value:
        yield path, "KEY"
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from _containing(item, secret, (*path, key))


LATE = """\
assistant: bot
vars: {n: 2}
turns:
  - {user: a, save: {ref: reply, lines: {json-path: $.lines}}, expect: {contains: x}}
  - user: "about {{ saved.ref }} and {{ vars.n }}"
    calls: [{call: refund, args: {order_id: "{{ saved.ref }}", lines: "{{ saved.lines }}"},
             where: {$.a: "{{ saved.ref }}"}}]
    expect: {contains: ["{{ saved.ref }}", b], regex: "{{ saved.ref }}("}
    save: {m: {regex: "{{ saved.ref }}-x"}}
finally: {calls: [refund: {order_id: "{{ saved.ref }}"}], expect: {contains: "{{ saved.m }}"}}
"""


def test_what_names_saved_is_filled_when_the_turn_comes(tmp_path: Path) -> None:
    """Each part of the turn, and of `finally`; a lone expression keeps its type."""
    case = one(tmp_path, LATE)
    saved = {"ref": "R-9", "lines": [{"sku": "A"}], "m": "M"}
    turn = filled_turn(case.turns[1], saved)
    assert case.closing is not None
    closing = filled_closing(case.closing, saved)

    assert turn.user == "about R-9 and 2"
    assert turn.calls[0].args == {"order_id": "R-9", "lines": [{"sku": "A"}]}
    assert turn.calls[0].paths == (("$.a", "R-9"),)
    assert [e.value for e in turn.expect] == ["R-9", "b", "R-9("]
    assert turn.save[0].path == "R-9-x"
    assert (closing.calls[0].args, closing.expect[0].value) == ({"order_id": "R-9"}, "M")
    assert not is_late([turn.user, dict(turn.calls[0].args), closing.expect[0].value])
    assert filled_turn(case.turns[0], saved) == case.turns[0]


def test_what_cannot_be_filled_says_why() -> None:
    late = Late.of("{{ saved.a.b }}", {"vars": {}, "matrix": {}})

    with pytest.raises(NotFilled, match=r"`saved.a.b` is not defined"):
        filled({"x": [late]}, {"a": {"c": 1}})


def test_texts_of_one_message_are_filled_together(tmp_path: Path) -> None:
    (case,), _ = read(tmp_path, HEAD + "turns: [{user: a, save: {r: reply}}, {user: ['{{ saved.r }}', y]}]")

    assert filled_turn(case.turns[1], {"r": "R"}).user == "R\ny"


def test_a_text_with_braces_cannot_be_joined_to_a_late_one(tmp_path: Path) -> None:
    """It would be rendered a second time."""
    text = HEAD + "turns: [{user: a, save: {r: reply}}, {user: ['{{ saved.r }}', \"{{ '{{' }}\"]}]"
    _, diagnostics = read(tmp_path, text)

    assert [(str(d.where), d.code) for d in diagnostics] == [("a.convo.yaml:2:45", "late-text")]
