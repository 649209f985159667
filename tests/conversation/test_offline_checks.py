"""What no playing is needed to know: names that stubs cannot find, calls that contradict each other, rules that are
never asked, and problems that hide no others."""

from pathlib import Path

import pytest

from asstctl.conversation.case import Case, Expectation, Turn
from asstctl.conversation.reading.cited import unknown_files
from asstctl.core.diagnostic import Severity
from asstctl.core.json_types import Json
from tests.conversation.reading import TURNS, read
from tests.conversation.samples import where

HEAD = "assistant: bot\n"

TEMPLATES: list[tuple[str, list[tuple[str, str]]]] = [
    ("{{ args.order_id }} {{ vars.shop }} {{ matrix.lang }} {{ saved.ref }}", []),
    ("{{ args.order }}", [("`order` is not an argument of the function", "did you mean `order_id`?")]),
    ("{{ vars.shp }}", [("`vars.shp` is not defined", "did you mean `shop`?")]),
    ("{{ matrix.lng }}", [("`matrix.lng` is not defined", "did you mean `lang`?")]),
    ("{{ saved.rf }}", [("`saved.rf` is not defined", "did you mean `ref`?")]),
    ("{{ arg.order_id }}", [("`arg` is not defined", "did you mean `args`?")]),
    ("{{ shop }}", [("`shop` is not defined", "write `vars.shop`")]),
    ("{{ args.ordr_id }} {{ vars.x }}", [("`ordr_id` is not", "`order_id`"), ("`vars.x` is not", "declare it under")]),
    ("{{ vars.x | default('a') }}{% if vars.y is defined %}{{ vars.y }}{% endif %}{{ z | d(1) }}", []),
    ("{% for key in args.items() %}{{ key }} {{ loop.index }}{% endfor %}{% set a = 1 %}{{ a }}", []),
]


@pytest.mark.parametrize("template, expected", TEMPLATES)
@pytest.mark.parametrize("form", ['{{template: "{}"}}', '{{sequence: [{{template: "{}"}}]}}'])
def test_names_that_a_template_of_a_stub_cannot_find_are_errors(
    tmp_path: Path, form: str, template: str, expected: list[tuple[str, str]]
) -> None:
    """Each in its line, with what was meant."""
    text = (
        HEAD
        + f"vars: {{shop: x}}\nmatrix: {{lang: [en, de]}}\nstubs:\n  refund: {form.format(template)}\n"
        + "turns: [{user: hi, expect: {contains: x}, save: {ref: reply}}]\n"
    )
    _, diagnostics = read(tmp_path, text)

    assert len(diagnostics) == len(expected)
    assert all(one.where and one.where.line == 5 and one.severity is Severity.ERROR for one in diagnostics)
    for one, (summary, hint) in zip(diagnostics, expected, strict=True):
        assert summary in one.summary
        assert hint in one.hint


@pytest.mark.parametrize("name", ["get_order", '"*"'])
def test_arguments_of_a_function_that_takes_any_are_not_looked_at(tmp_path: Path, name: str) -> None:
    _, diagnostics = read(tmp_path, f"{HEAD}stubs: {{{name}: {{template: '{{{{ args.x }}}}'}}}}\n{TURNS}")

    assert diagnostics == []


BESIDE: list[tuple[str, list[str]]] = [
    (
        "matrix: {lang: [en]}\nexclude: [{lng: en}]\nturns: [{user: '{{ matrix.nope }}'}]",
        ["unknown-key", "undefined-variable"],
    ),
    (
        "matrix: {lang: en}\nturns: [{user: '{{ matrix.nope }}'}, {user: '{{ matrix.lang }} {{ saved.x }}'}]",
        ["wrong-type", "undefined-variable", "undefined-variable"],
    ),
    (
        "repeat: {runs: 0}\nthread: {files: [{path: gone.pdf, for: file_search}]}\nturns: [{user: '{{ saved.x }}'}]",
        ["limit", "missing-file", "undefined-variable"],
    ),
    (
        "turns: [{user: [{attachment: a.pdf, for: nobody}, {image: gone.png}]}]",
        ["unknown-value", "missing-file", "missing-file"],
    ),
    (
        "thread: {messages: [{user: [{image: gone.png}], assistant: x}]}\nturns: [{user: a}]",
        ["bad-message", "missing-file"],
    ),
    ("turns: [{user: a, calls: [{call: refnd, tmes: 1}]}]", ["unknown-function", "unknown-key"]),
]


@pytest.mark.parametrize("text, codes", BESIDE)
def test_one_problem_hides_no_other(tmp_path: Path, text: str, codes: list[str]) -> None:
    cases, diagnostics = read(tmp_path, HEAD + text)

    assert cases == []
    assert sorted(one.code for one in diagnostics) == sorted(codes)


CALLS: list[tuple[str, bool]] = [
    ("[{call: refund, times: 0}, {refund: {}}]", True),
    ("[{call: refund, times: 0}, {call: refund, times: 0}]", False),
    ("[{call: refund, times: 0, args: {amount: 1}}, {refund: {amount: 2}}]", False),
    ("[{call: refund, times: 0}, {get_order: {}}]", False),
]


@pytest.mark.parametrize("calls, refused", CALLS)
def test_a_call_that_is_expected_and_forbidden_is_an_error(tmp_path: Path, calls: str, refused: bool) -> None:
    cases, diagnostics = read(tmp_path, f"{HEAD}turns: [{{user: a, calls: {calls}}}]")

    assert [one.code for one in diagnostics] == (["call-contradiction"] if refused else [])
    assert bool(cases) is not refused


def test_a_rule_behind_one_that_answers_all_is_a_warning(tmp_path: Path) -> None:
    text = "stubs: {get_order: [{when: {a: 1}, return: x}, {return: y}, {when: {a: 2}, return: z}]}\n"
    cases, (problem,) = read(tmp_path, HEAD + text + TURNS)

    assert (problem.code, problem.severity) == ("unreachable-stub", Severity.WARNING)
    assert problem.where
    assert problem.where.column == 61
    assert len(cases) == 1


WORDS: list[tuple[str, str, str]] = [
    ('contains: ""', "takes a text with something in it", "correct the value"),
    ("contains: []", "takes a text with something in it", "correct the value"),
    ("contains: 12", "takes a text with something in it", "quote it: '12'"),
    ("refusal: true", "`refusal` is not an operator", "`rubric"),
    ("not-language: de", "`not-language` is not an operator", "`regex"),
    ("rubric: {says: x, confirm_fail: 2}", "it is even, and 1 against 1 decides nothing", "correct the value"),
]


@pytest.mark.parametrize("expect, summary, hint", WORDS)
def test_a_wrong_expectation_says_how_it_is_written(tmp_path: Path, expect: str, summary: str, hint: str) -> None:
    _, (problem,) = read(tmp_path, f"{HEAD}turns: [{{user: a, expect: {{{expect}}}}}]")

    assert summary in problem.summary
    assert hint in problem.hint


def test_a_stub_that_only_waits_is_shown_how_to_answer(tmp_path: Path) -> None:
    _, (problem,) = read(tmp_path, f"{HEAD}stubs: {{get_order: {{fault: {{slow: 5}}}}}}\n{TURNS}")

    assert "`{slow: 5, return: ...}`" in problem.hint


CITED: list[tuple[str, Json, list[str]]] = [
    ("cites", "policy.pdf", []),
    ("cites", "polcy.pdf", ["did you mean `policy.pdf`?"]),
    ("not-cites", "polcy.pdf", ["did you mean `policy.pdf`?"]),
    ("cites", "pol*.pdf", []),
    ("retrieves", {"file": "other.txt"}, ["check the name, or the files of its vector stores"]),
    ("retrieves", {"contains": "x"}, []),
    ("contains", "polcy.pdf", []),
]


@pytest.mark.parametrize("operator, value, hints", CITED)
def test_a_file_that_the_assistant_cannot_know_is_a_warning(operator: str, value: Json, hints: list[str]) -> None:
    case = Case("bot", "a", where(1), (Turn(where(1), "hi", expect=(Expectation(operator, value, where(2)),)),))

    found = [*unknown_files([case], {"bot": frozenset({"docs/policy.pdf"})})]

    assert [(one.code, one.severity, one.hint) for one in found] == [
        ("unknown-file", Severity.WARNING, hint) for hint in hints
    ]
    assert [*unknown_files([case], {})] == []
