"""JSON Lines of a run, read back: nothing is lost on the way, and everything that is wrong is said."""

import json
import random
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asstctl.conversation.results import SCHEMA, read_results
from asstctl.core.conversation import Status
from asstctl.core.errors import InvalidInput
from asstctl.render.json import test_lines
from tests.render.suites import EVERY_FIELD

NO_OBJECT, NO_HEADER = "the line is not a JSON object", f"the first line is not the header of {SCHEMA}"
NONE = "this is not the JSON Lines of a run of conversations"
NO_NUMBER = "Input should be a valid number, unable to parse string as a number"
LINES = test_lines.suite_lines(EVERY_FIELD)
HEADER, CASE, *_, SUMMARY = LINES.splitlines()


def test_every_field_comes_back() -> None:
    read = read_results(LINES, "a.jsonl")

    assert read.complete
    assert test_lines.suite_lines(read.suite) == LINES
    assert read.suite.cases == EVERY_FIELD.cases
    assert read.suite.exit_code is EVERY_FIELD.exit_code


def test_both_sides_mean_the_same_schema() -> None:
    assert test_lines.SCHEMA == SCHEMA


def test_conversations_come_in_the_order_of_the_run() -> None:
    """They are written as they end."""
    header, *cases, summary = LINES.splitlines()

    read = read_results("\n".join((header, *cases[::-1], summary)), "a.jsonl")

    assert read.suite.cases == EVERY_FIELD.cases


@pytest.mark.parametrize("kept", range(1, len(LINES.splitlines())))
def test_a_run_that_broke_off_is_known_as_far_as_it_came(kept: int) -> None:
    """Cut off between two lines, or in the middle of one."""
    lines = LINES.splitlines(keepends=True)
    for text in ("".join(lines[:kept]), "".join(lines[:kept]) + lines[kept][:40]):
        read = read_results(text, "a.jsonl")

        assert not read.complete
        assert read.suite.cases == EVERY_FIELD.cases[: kept - 1]
        assert read.suite.target.name == "staging"


def test_what_a_later_version_adds_is_left_out() -> None:
    lines = [json.dumps({**json.loads(line), "new": [1]}) for line in LINES.splitlines()]

    assert read_results("\n".join(lines), "a.jsonl").suite.cases == EVERY_FIELD.cases


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([], [(1, f"{NONE}: it is empty")]),
        (["{"], [(1, f"{NONE}: {NO_OBJECT}")]),
        (["[]", CASE], [(1, f"{NONE}: {NO_OBJECT}")]),
        (["id,name", "1,a", "2,b"], [(1, f"{NONE}: {NO_OBJECT}")]),
        ([CASE], [(1, f"{NONE}: {NO_HEADER}")]),
        ([HEADER.replace("lines/v1", "lines/v9")], [(1, f"{NONE}: {NO_HEADER}")]),
        ([HEADER, "no", "nor this", SUMMARY], [(2, NO_OBJECT), (3, NO_OBJECT)]),
        ([HEADER, CASE, CASE, SUMMARY], [(3, "its `index` is not that of one more conversation")]),
        ([HEADER, '{"line": "tale"}', SUMMARY], [(2, "`line` is not one of: case, summary")]),
        ([HEADER, SUMMARY, CASE], [(3, "nothing may follow the summary")]),
        (
            [HEADER, CASE.replace('"seconds": 1.3', '"seconds": "long"'), SUMMARY.replace('"replies"', '"answers"')],
            [
                (2, f"the line is not a conversation's result: `seconds`: {NO_NUMBER}"),
                (3, "the line is not a summary: `replies`: Field required"),
            ],
        ),
    ],
)
def test_all_that_is_wrong_is_said_with_its_line(lines: list[str], said: list[tuple[int, str]]) -> None:
    with pytest.raises(InvalidInput) as invalid:
        read_results("".join(f"{line}\n" for line in lines), "shard.jsonl")

    found = [(one.where.line, one.summary) for one in invalid.value.diagnostics if one.where]
    assert found == said
    assert all(one.where and one.where.path == "shard.jsonl" for one in invalid.value.diagnostics)


def test_a_status_is_worked_out_and_not_believed() -> None:
    lines = [line.replace('"status": "failed"', '"status": "passed"') for line in LINES.splitlines()]
    read = read_results("\n".join(lines), "a.jsonl")

    assert read.suite.cases[0].status is Status.FAILED


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(InvalidInput):
        read_results(text, "a.jsonl")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(st.integers(0, len(LINES.splitlines()) - 1), st.randoms(use_true_random=False), JSON)
def test_any_other_value_is_read_or_refused(line: int, chance: random.Random, value: object) -> None:
    """Whatever stands in the place of one value, somewhere in a line."""
    lines = LINES.splitlines()
    node = document = json.loads(lines[line])
    while isinstance(node, dict | list) and node:
        key = chance.choice(list(node) if isinstance(node, dict) else range(len(node)))
        if chance.random() < 0.3 or not isinstance(node[key], dict | list) or not node[key]:
            node[key] = value
            break
        node = node[key]
    lines[line] = json.dumps(document)

    with suppress(InvalidInput):
        test_lines.suite_lines(read_results("\n".join(lines), "a.jsonl").suite)
