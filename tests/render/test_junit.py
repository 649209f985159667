"""JUnit XML: well formed whatever it holds, with the block of the terminal and more facts than JUnit has places."""

from dataclasses import replace
from xml.etree import ElementTree

import pytest

from asstctl.core.conversation import CaseResult, Status, TurnResult
from asstctl.core.suite import SuiteResult
from asstctl.render.failure import failure_text, flags_of
from asstctl.render.junit import suite_junit
from tests.render import samples
from tests.render.suites import EVERY_FIELD, NOT_RUN, OFTEN, PLAIN, SKIPPED, STALE, WHERE


def parsed(suite: SuiteResult) -> ElementTree.Element:
    return ElementTree.fromstring(suite_junit(suite))


def case_of(suite: SuiteResult, id: str) -> ElementTree.Element:
    return next(case for case in parsed(suite).iter("testcase") if case.get("name") == id)


def properties(element: ElementTree.Element) -> dict[str | None, str | None]:
    return {one.get("name"): one.get("value") for one in element.findall("properties/property")}


def test_the_counts_are_those_of_the_run() -> None:
    root = parsed(EVERY_FIELD)

    assert root.attrib == {
        "name": "asstctl",
        "tests": "5",
        "failures": "3",
        "errors": "1",
        "skipped": "1",
        "time": "12.500",
    }


@pytest.mark.parametrize(("case", "tag"), [(PLAIN, "failure"), (OFTEN, "failure"), (STALE, "error")])
def test_a_failure_holds_the_block_of_the_terminal(case: CaseResult, tag: str) -> None:
    found = case_of(EVERY_FIELD, case.id).find(tag)

    assert found is not None
    assert found.text == failure_text(case, EVERY_FIELD.target, flags_of(EVERY_FIELD))
    assert found.get("type") == str(case.kind)


@pytest.mark.parametrize(("case", "reason"), [(SKIPPED, "it runs code"), (NOT_RUN, "not run: the budget is used up")])
def test_what_was_not_played_says_why(case: CaseResult, reason: str) -> None:
    found = case_of(replace(EVERY_FIELD, no_skips=False), case.id).find("skipped")

    assert found is not None
    assert found.get("message") == reason


def test_a_skip_that_counts_as_a_failure_is_one() -> None:
    found = case_of(replace(EVERY_FIELD, no_skips=True), SKIPPED.id).find("failure")

    assert found is not None
    assert found.get("message") == "skipped: it runs code"
    assert found.text == "skipped: it runs code; skips count as failures here (--no-skips)"


def test_properties_hold_what_junit_has_no_place_for() -> None:
    assert properties(case_of(EVERY_FIELD, "refund")) == {
        "name": "Refund of a delivered order",
        "tags": "smoke, billing",
        "tokens": "812",
        "cost_usd": "0.000900",
        "judge_tokens": "100",
        "thread": "thread_1",
        "thread_kept": "yes",
        "retries": "2",
        "tape": "assistants/tapes/refund.jsonl",
        "recorded": "yes",
    }
    assert properties(case_of(EVERY_FIELD, "often[de]"))["rate"] == "1 of 2 passed, 3 needed (certain after 2 of 3)"


def test_a_suite_says_where_replies_came_from() -> None:
    (suite,) = parsed(EVERY_FIELD).findall("testsuite")

    assert suite.get("name") == "assistants/refunds.convo.yaml"
    assert properties(suite) == {
        "target": "staging",
        "replies": "from assistants at 127.0.0.1:8000",
        "instructions_exercised": "yes",
        "mode": "auto",
        "candidate": "yes",
        "run": "20261122-120000-ab12",
        "selection": "5 of 9 conversations: -k x",
        "stopped": "the budget is used up",
        "used_by_the_run": "12,400 tokens, $0.03; judges 900 tokens, cost unknown",
        "compared": (
            "no difference found in 0 of 1 conversation x 2 (calls 0/2, arguments 0/2); compared with prod, replies "
            "echoed; replies lie 0.50 apart (median), at most 0.50 apart; up to 0.25 counts as no difference; cosines "
            "are of embeddings, by judge near; differences are failures here (--fail-on-difference)"
        ),
    }


def test_a_file_is_one_suite_wherever_its_conversations_stand() -> None:
    other = replace(NOT_RUN, where=replace(WHERE, path="other.convo.yaml"))

    names = [suite.get("name") for suite in parsed(replace(EVERY_FIELD, cases=(PLAIN, other, SKIPPED)))]

    assert names == ["assistants/refunds.convo.yaml", "other.convo.yaml"]


NASTY = 'a\x00b\x08\x0b\ufffe\uffff\ud800 ]]> <!-- &amp; "quoted" \'\n::error::x\x1b[31m'


def test_no_text_makes_it_another_document() -> None:
    """Every character of others, in every place that they reach."""
    turn = TurnResult(1, Status.FAILED, NASTY, reply=NASTY, failures=PLAIN.closing, files=(NASTY,))
    case = CaseResult(NASTY, NASTY, replace(WHERE, path=NASTY), (turn,), name=NASTY, tags=(NASTY,), thread=NASTY)
    suite = replace(EVERY_FIELD, cases=(case, replace(case, skipped=NASTY)), replies=NASTY, stopped=NASTY)

    text = suite_junit(suite)

    root = ElementTree.fromstring(text)
    assert [element.tag for element in root.iter() if element.tag in {"failure", "skipped"}] == ["failure", "failure"]
    assert not any(line.lstrip().startswith("::") for line in text.splitlines())


def test_a_run_without_conversations_is_a_document_too() -> None:
    root = parsed(samples.SUITES["test-nothing"])

    assert (root.get("tests"), len(root)) == ("0", 0)
