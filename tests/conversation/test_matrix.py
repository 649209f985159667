"""The matrix of a conversation: its cells, their names, and what is wrong with one."""

from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asstctl.conversation.reading.matrix import MAX_CELLS, read_matrix
from asstctl.core.json_text import json_text
from asstctl.documents.yaml import parse_one
from tests.conversation.reading import TURNS, read

HEAD = "assistant: bot\n"


def test_each_cell_is_a_case_with_its_values(tmp_path: Path) -> None:
    """In the order of the file, the last key turning fastest; a lone expression keeps its type."""
    text = (
        HEAD
        + "matrix: {lang: [en, de], amount: [1, 2.5], gift: [true]}\nexclude: [{lang: de, amount: 1}]\n"
        + "turns: [{user: 'in {{ matrix.lang }}', calls: [refund: {amount: '{{ matrix.amount }}'}]}]\n"
    )
    cases, diagnostics = read(tmp_path, text)

    assert diagnostics == []
    assert [case.id for case in cases] == ["a[en-1-true]", "a[en-2.5-true]", "a[de-2.5-true]"]
    assert [case.turns[0].user for case in cases] == ["in en", "in en", "in de"]
    assert [case.turns[0].calls[0].args for case in cases] == [{"amount": 1}, {"amount": 2.5}, {"amount": 2.5}]
    assert cases[2].values["matrix"] == {"lang": "de", "amount": 2.5, "gift": True}
    assert len({case.where for case in cases}) == 1
    assert cases[0].node == "a.convo.yaml::a[en-1-true]"


WRONG: list[tuple[str, list[tuple[str, str, str]]]] = [
    ("matrix: []", [("2:9", "wrong-type", "write `matrix:")]),
    ("matrix: {lang: en}", [("2:16", "wrong-type", "write `matrix:")]),
    ("matrix: {lang: []}", [("2:16", "wrong-type", "write `matrix:")]),
    ("matrix: {lang: [en, {a: 1}]}", [("2:21", "wrong-type", "under `vars`")]),
    ("matrix: {lang: [en, null]}", [("2:21", "wrong-type", "under `vars`")]),
    ("matrix: {lang: [en, en]}", [("2:21", "duplicate-value", "remove one")]),
    ("matrix: {a b: [en]}", [("2:10", "bad-name", "use letters")]),
    ("matrix: {lang: [a b, 'a:b']}", [("2:9", "duplicate-id", "letters or digits")]),
    ("matrix: {lang: [en]}\nexclude: {lang: en}", [("3:10", "wrong-type", "write `exclude:")]),
    ("matrix: {lang: [en]}\nexclude: [{}]", [("3:11", "wrong-type", "name a value")]),
    ("matrix: {lang: [en]}\nexclude: [{lng: en}]", [("3:12", "unknown-key", "did you mean `lang`?")]),
    ("matrix: {lang: [en, de]}\nexclude: [{lang: fr}]", [("3:18", "unknown-value", "choose from: en, de")]),
    ("matrix: {n: [1]}\nexclude: [{n: true}]", [("3:15", "unknown-value", "choose from: 1")]),
    ("matrix: {lang: [en]}\nexclude: [{lang: en}]", [("3:10", "empty-matrix", "exclude fewer")]),
    ("exclude: [{lang: en}]", [("2:12", "unknown-key", "there is no `matrix`")]),
]


@pytest.mark.parametrize("text, expected", WRONG)
def test_a_wrong_matrix_has_code_place_and_hint(
    tmp_path: Path, text: str, expected: list[tuple[str, str, str]]
) -> None:
    """And hides nothing of the rest."""
    cases, diagnostics = read(tmp_path, f"{HEAD}{text}\nnme: x\n{TURNS}")

    assert cases == []
    assert diagnostics[-1].code == "unknown-key"
    found = diagnostics[:-1]
    assert [(f"{d.where.line}:{d.where.column}", d.code) for d in found if d.where] == [e[:2] for e in expected]
    for diagnostic, (_, _, hint) in zip(found, expected, strict=True):
        assert hint in diagnostic.hint


def test_nothing_is_said_of_what_a_wrong_matrix_might_hold(tmp_path: Path) -> None:
    _, diagnostics = read(
        tmp_path, HEAD + "matrix: {lang: en}\nturns: [{user: '{{ matrix.lang }}', calls: [refund: {}]}]"
    )

    assert [d.code for d in diagnostics] == ["wrong-type"]


def test_a_problem_in_every_cell_is_said_once(tmp_path: Path) -> None:
    _, diagnostics = read(tmp_path, HEAD + "matrix: {n: [1, 2, 3]}\nturns: [{user: '{{ vars.x }}', expct: {}}]")

    assert [d.code for d in diagnostics] == ["undefined-variable", "unknown-key"]


def test_a_matrix_has_an_end(tmp_path: Path) -> None:
    many = list(range(40))
    _, (problem,) = read(tmp_path, f"{HEAD}matrix: {{a: {many}, b: {many}}}\n{TURNS}")

    assert (problem.code, problem.summary) == ("limit", f"the matrix has 1600 cells, and {MAX_CELLS} is the most")


VALUES = st.lists(st.sampled_from(["x", "y", "z", 1, 2, True]), min_size=1, max_size=3, unique_by=repr)


@given(axes=st.dictionaries(st.sampled_from(["a", "b", "c"]), VALUES, min_size=1), data=st.data())
def test_cells_are_the_product_less_what_is_excluded(
    axes: dict[str, list[str | int | bool]], data: st.DataObject
) -> None:
    """Whatever the axes and whatever is excluded."""
    pairs = st.fixed_dictionaries({}, optional={name: st.sampled_from(values) for name, values in axes.items()})
    excluded = data.draw(st.lists(pairs.filter(bool), max_size=2))
    document, _ = parse_one(json_text({"matrix": axes, "exclude": excluded}), "a.convo.yaml")
    assert document is not None
    cells, diagnostics = read_matrix(document)

    def same(left: object, right: object) -> bool:
        return left == right and isinstance(left, bool) is isinstance(right, bool)

    wanted = [
        dict(zip(axes, values, strict=True))
        for values in product(*axes.values())
        if not any(all(same(dict(zip(axes, values, strict=True))[k], v) for k, v in one.items()) for one in excluded)
    ]
    assert [dict(cell.values) for cell in cells] == wanted
    assert bool(diagnostics) is not bool(wanted)
    assert len({cell.id for cell in cells}) == len(cells)
