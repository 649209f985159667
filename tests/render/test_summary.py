"""What is said of a run as a whole, beside the golden files."""

from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import pytest

from asstctl.core.conversation import CaseResult
from asstctl.core.diagnostic import Where
from asstctl.core.suite import Spend, SuiteResult
from asstctl.render.failure import flags_of
from asstctl.render.html.page import suite_html
from asstctl.render.json.test import suite_json
from asstctl.render.junit import suite_junit
from asstctl.render.recordings import group_lines, groups_of
from asstctl.render.style import PLAIN
from asstctl.render.test import spend_words, suite_text
from asstctl.render.text import cells, written
from tests.render.samples import LOCAL, STAGING, SUITES, UNRECORDED, stale_cases
from tests.render.suites import EVERY_FIELD

SPENDS: list[tuple[Spend, str]] = [
    (Spend(), ""),
    (Spend(1200, 0.03, known_cost=0.03), "1,200 tokens, $0.03"),
    (Spend(1200, None), "1,200 tokens, cost unknown"),
    (Spend(1200, None, known_cost=0.0033), "1,200 tokens, at least $0.0033"),
    (
        Spend(10, 0.5, 20, None, 0.5, 0.25),
        "10 tokens, $0.50; judges 20 tokens, at least $0.25",
    ),
]


@pytest.mark.parametrize("spend, words", SPENDS)
def test_what_is_known_of_a_cost_is_said(spend: Spend, words: str) -> None:
    assert spend_words(spend) == words


def test_a_brief_look_shows_what_did_not_pass_and_the_summary() -> None:
    text = suite_text(replace(EVERY_FIELD, spend=Spend(5, 0.1)), replace(PLAIN, brief=True))

    assert "✓" not in text
    assert "Used: " not in text
    assert "Chosen: " not in text
    assert "✗ clerk" in text
    assert text.splitlines()[-2].startswith("0 passed, ") or "passed, " in text


@pytest.mark.parametrize("no_skips", [True, False])
def test_skips_that_count_as_failures_are_said_to(no_skips: bool) -> None:
    suite = replace(EVERY_FIELD, no_skips=no_skips)

    assert ("Skips count as failures here (--no-skips)." in suite_text(suite)) is no_skips
    assert ("Skips count as failures here (--no-skips)" in suite_html(suite)) is no_skips


def test_the_summary_is_folded_between_words() -> None:
    replies = "from a model at https://models.example/a/very/long/path/that/nobody/breaks/v1"
    suite = SuiteResult(SUITES["test-passed"].cases, STAGING, replies, True, 1.0)
    lines = suite_text(suite).splitlines()

    assert lines[-1] == "  https://models.example/a/very/long/path/that/nobody/breaks/v1."
    assert all(cells(line) <= PLAIN.width for line in lines)


@pytest.mark.parametrize(
    ("mode", "replies", "said"),
    [
        ("replay", "recorded from a model at x on local", "replies from tapes (recorded from a model at x on local)."),
        ("replay", "echoed", "replies from tapes."),
        ("record", "from a model at x", "replies from a model at x, recorded on tapes."),
    ],
)
def test_a_replay_says_where_its_tapes_come_from(mode: str, replies: str, said: str) -> None:
    suite = SuiteResult(SUITES["test-passed"].cases, STAGING, replies, True, 1.0, mode=mode)

    assert suite_text(suite, replace(PLAIN, width=120)).endswith(f"on staging, {said}\n")


@pytest.mark.parametrize(
    ("suite", "flags"),
    [
        (replace(EVERY_FIELD, mode="live", candidate=False, deployed=True), ("--live",)),
        (replace(EVERY_FIELD, mode="auto", candidate=True, deployed=False), ("--auto", "--candidate")),
        (replace(EVERY_FIELD, mode="live", candidate=False, deployed=False), ()),
    ],
)
def test_what_is_played_again_talks_to_the_same(suite: SuiteResult, flags: tuple[str, ...]) -> None:
    assert flags_of(suite) == flags


NEW_FILE = Where("assistants/new.convo.yaml", 3)


def record_command(stale: tuple[CaseResult, ...], others: tuple[CaseResult, ...] = (), **facts: Any) -> str:
    suite = SuiteResult((*stale, *others), LOCAL, "echoed", False, mode="replay", **facts)
    (group,) = groups_of(suite.cases)
    assert group.cases == stale
    lines = written(group_lines(group, suite, PLAIN), PLAIN).splitlines()
    return lines[-1].strip().removeprefix("record").strip()


@pytest.mark.parametrize(
    ("others", "facts", "command"),
    [
        ((), {"everything": True}, "asstctl test --record"),
        ((), {}, "asstctl test --record assistants/explains-0.convo.yaml assistants/explains-1.convo.yaml"),
        (
            (replace(UNRECORDED[0], where=NEW_FILE, failure=None),),
            {},
            "asstctl test --record assistants/explains-0.convo.yaml assistants/explains-1.convo.yaml",
        ),
        (
            (replace(UNRECORDED[0], where=Where("assistants/explains-1.convo.yaml", 40), failure=None),),
            {},
            "asstctl test --record assistants/explains-0.convo.yaml assistants/explains-1.convo.yaml::explains-4",
        ),
        (
            (),
            {"selection": "-k x"},
            "asstctl test --record " + " ".join(one.node for one in stale_cases(4)),
        ),
    ],
)
def test_one_command_records_what_is_stale_for_one_reason(
    others: tuple[CaseResult, ...], facts: dict[str, Any], command: str
) -> None:
    """Those alone: files whose other conversations are fresh, or were not chosen, are named by conversation."""
    assert record_command(stale_cases(4), others, **facts) == command


def test_too_many_names_are_left_to_what_knows_them() -> None:
    assert record_command(stale_cases(12), selection="-k x") == "asstctl test --auto"


def test_repeats_are_recorded_as_often() -> None:
    often = tuple(
        replace(one, failure=replace(one.failure, message=f"{one.failure.message} --record --repeat 3"))
        for one in stale_cases(4)
        if one.failure
    )
    assert record_command(often, everything=True) == "asstctl test --record --repeat 3"


def test_few_or_different_reasons_keep_their_blocks() -> None:
    three = stale_cases(3)
    assert groups_of((*three, *UNRECORDED)) == ()
    text = suite_text(SuiteResult((*three, *UNRECORDED), LOCAL, "echoed", False, mode="replay"))
    assert text.count("record it again: ") + text.count("asstctl test assistants/explains-0") >= 3
    assert "6 of 6 conversations need a new recording: asstctl test --auto" in text


def test_each_conversation_keeps_a_record_of_its_own() -> None:
    suite = SUITES["test-stale"]
    root = ElementTree.fromstring(suite_junit(suite))
    assert len(list(root.iter("error"))) == 15
    assert suite_json(suite).count("its tape is stale") == 12
