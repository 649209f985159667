"""Operators of `expect`: pass, fail, and the words of a failure."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asstctl.conversation.case import Expectation
from asstctl.conversation.checks import CHECKS
from asstctl.conversation.checks.check import Check, Explanation, Source
from asstctl.conversation.checks.judged import JudgedCheck
from asstctl.conversation.judging.judging import judge_with
from asstctl.conversation.observed import Observed
from asstctl.conversation.text import fold
from asstctl.core.conversation import CallMade
from asstctl.core.diagnostic import Diagnostic
from asstctl.core.thread import CodeRun, Need, Passage, Usage
from tests.conversation.fake_judge import ScriptedJudge
from tests.conversation.operators import LINE, OPERATORS, OperatorSample, block, failure_block, turn_of

CHECKED = [sample for sample in OPERATORS if isinstance(CHECKS[sample.name], Check)]
JUDGED = [sample for sample in OPERATORS if isinstance(CHECKS[sample.name], JudgedCheck)]


def explained(name: str, value: Any, observed: Observed, **more: Any) -> Explanation | None:
    check = CHECKS[name]
    assert isinstance(check, Check)
    return check.explain(observed, value, **more)


def message(name: str, value: Any, observed: Observed, **more: Any) -> str:
    found = explained(name, value, observed, **more)
    return found.message if found else ""


@pytest.mark.parametrize("sample", CHECKED, ids=lambda sample: sample.name)
def test_an_operator_holds_or_explains(sample: OperatorSample) -> None:
    """It is silent where the example passes, and explains the other in exactly these words."""
    assert CHECKS[sample.name].refuses(sample.value) is None
    assert explained(sample.name, sample.value, sample.good) is None

    failed = explained(sample.name, sample.value, sample.bad)

    assert failed is not None
    assert block(failed.message, failed.mismatches) == sample.failure


def test_files_say_what_the_page_says(tmp_path: Path) -> None:
    """Each snippet is read as users' files are."""
    for sample in OPERATORS:
        (expected,) = turn_of(f"expect:\n  {sample.yaml}", tmp_path).expect
        assert (expected.operator, expected.value) == (sample.name, sample.value)


@pytest.mark.parametrize("sample", [s for s in CHECKED if CHECKS[s.name].has_twin], ids=lambda sample: sample.name)
def test_a_twin_is_turned_round(sample: OperatorSample) -> None:
    """It explains what the operator lets pass, with its own name beside what was seen."""
    twin = f"not-{sample.name}"
    assert CHECKS[twin].refuses(sample.value) is None
    assert explained(twin, sample.value, sample.bad) is None

    failed = explained(twin, sample.value, sample.good)

    assert failed is not None
    assert failed.message == sample.failure.splitlines()[0].replace("must", "must not", 1)
    (sides,) = failed.mismatches
    assert sides.expected.startswith(f"{twin} ")


def test_limits_and_the_run_have_no_twin() -> None:
    """Their other limit says the same better."""
    assert {name for name, one in CHECKS.items() if not one.has_twin} == {
        *("length", "latency", "tokens", "cost", "calls-count", "run")
    }


@pytest.mark.anyio
@pytest.mark.parametrize("sample", JUDGED, ids=lambda sample: sample.name)
async def test_a_judged_operator_holds_or_explains(sample: OperatorSample) -> None:
    """As the judge says, in exactly these words."""
    expected = Expectation(sample.name, sample.value, LINE)
    yes = ScriptedJudge([0.9], vectors=((1.0, 0.0), (1.0, 0.0)))
    no = ScriptedJudge([{"score": 0.2, "reason": "no amount is named"}], vectors=((1.0, 0.0), (0.6, 0.8)))

    assert (await judge_with([expected], sample.good, {"default": yes})).failures == ()
    (failure,) = (await judge_with([expected], sample.bad, {"default": no})).failures

    assert failure_block(failure) == sample.failure


NO_TEXT = "takes a text with something in it"

REFUSED: list[tuple[str, Any, str]] = [
    ("equals", 1, "takes a text"),
    ("contains", "", NO_TEXT),
    ("contains", None, NO_TEXT),
    ("contains-any", "周三", "takes a list of texts"),
    ("contains-any", [], "takes a list of texts"),
    ("contains-any", ["a", 1], "takes a list of texts"),
    ("icontains", {"a": 1}, NO_TEXT),
    ("starts-with", "", NO_TEXT),
    ("ends-with", 1, NO_TEXT),
    ("regex", "(", "is not a regular expression: missing ), unterminated subpattern at position 0"),
    ("regex", "", "takes a regular expression"),
    ("length", 600, "takes a map of `min_chars`, `max_chars`"),
    ("length", {}, "takes a map of `min_chars`, `max_chars`"),
    ("length", {"max": 600}, "has no `max`; it takes `min_chars`, `max_chars`"),
    ("length", {"max_chars": "600"}, "has a wrong `max_chars`: it is not a number from 0 up"),
    ("latency", {"max_seconds": True}, "has a wrong `max_seconds`: it is not a number from 0 up"),
    ("cost", {"max_usd": -1}, "has a wrong `max_usd`: it is not a number from 0 up"),
    ("json-path", "$.a", 'takes a map of JSONPaths, such as {"$.state": done}'),
    ("json-path", {"a.b": 1}, "cannot be used: `a.b` is not a JSONPath: it has to begin with `$`"),
    ("json-path", {"$.a": {"$regx": 1}}, "cannot be used: `$regx` is not a matcher"),
    (
        "json-path",
        {"$..a": {"$absent": True}},
        "cannot be used: `$..a` finds a list, which is there even when it is empty",
    ),
    ("json-schema", True, "takes a JSON Schema, or the path of a file that holds one"),
    ("json-schema", {"type": "text"}, None),
    ("cites", "", "takes the name of a file, `*` and `?` allowed"),
    ("retrieves", "policy.pdf", "takes a map of `file`, `contains`, `min_score`"),
    ("retrieves", {"min_score": 2}, "has a wrong `min_score`: it is not a number from 0 to 1"),
    ("code", {"logs": {"$gt": True}}, "has a wrong `logs`: it cannot be used: `$gt` takes a number or a text"),
    (
        "run",
        {"status": "done"},
        "has a wrong `status`: it is none of completed, failed, incomplete, expired, cancelled",
    ),
]


@pytest.mark.parametrize("name, value, words", REFUSED)
def test_a_value_that_cannot_be_used_is_refused(name: str, value: Any, words: str | None) -> None:
    """Offline, in the words that follow the operator's name; the twin refuses the same."""
    refused = CHECKS[name].refuses(value)

    assert refused == words if words else refused
    if CHECKS[name].has_twin:
        assert CHECKS[f"not-{name}"].refuses(value) == refused


def test_some_values_have_a_meaning_that_others_lack() -> None:
    """No reply at all; any code at all."""
    assert CHECKS["equals"].refuses("") is None
    assert CHECKS["code"].refuses({}) is None
    assert explained("code", {}, Observed("", code=(CodeRun("1"),))) is None
    assert message("code", {}, Observed("")) == "the code interpreter must run code"
    assert message("not-code", {}, Observed("", code=(CodeRun("1"),))) == "the code interpreter must not run code"


UNKNOWN: list[tuple[str, Any, Observed, str]] = [
    ("regex", "(a+)+$", Observed("a" * 40 + "b"), "the pattern took too long on this reply"),
    ("not-regex", "(a+)+$", Observed("a" * 40 + "b"), "the pattern took too long on this reply"),
    ("tokens", {"max": 1}, Observed(""), "the provider counts no tokens"),
    (
        "cost",
        {"max_usd": 1},
        Observed("", usage=Usage(1, 1)),
        "the price of its model is unknown; add it to `test.prices` in asstctl.yaml",
    ),
    (
        "latency",
        {"first_token_seconds": 1},
        Observed("", seconds=0.1),
        "no text came, or none while it was written",
    ),
    (
        "not-retrieves",
        {"contains": "x"},
        Observed("", passages=(Passage("a.md", 0.9),)),
        "the provider does not show the text of passages",
    ),
    ("code", {"logs": {"$regex": "(a+)+$"}}, Observed("", code=(CodeRun("", "a" * 40 + "b"),)), None),
    ("contains", "", Observed("x"), f"it {NO_TEXT}"),  # filled in late with nothing
]


@pytest.mark.parametrize("name, value, observed, words", UNKNOWN)
def test_what_could_not_be_checked_has_not_been_met(
    name: str, value: Any, observed: Observed, words: str | None
) -> None:
    """Turned round or not, and the failure says what is missing."""
    said = message(name, value, observed)

    assert said.startswith(f"`{name}` could not be checked: ")
    assert words is None or said.endswith(words)


JSON_REPLIES: list[tuple[str, bool]] = [
    ('{"a": 1}', True),
    ('Here:\n```json\n{"a": 1}\n```\nAnything else?', True),
    ('```\nno json\n```\n```\n{"a": 1}\n```', True),
    ("It is done.", False),
    ('{"a": 1', False),
    ("", False),
]


@pytest.mark.parametrize("reply, is_json", JSON_REPLIES)
def test_json_is_the_whole_reply_or_stands_between_fences(reply: str, is_json: bool) -> None:
    """A reply that is none fails both operators, and passes both twins."""
    for name, value in (("json-path", {"$.a": 1}), ("json-schema", {"required": ["a"]})):
        assert (explained(name, value, Observed(reply)) is None) is is_json
        assert (explained(f"not-{name}", value, Observed(reply)) is None) is not is_json


FILES: list[tuple[str, str, bool]] = [
    ("policy.pdf", "policy.pdf", True),
    ("docs/policy.pdf", "policy.pdf", True),
    ("policy.pdf", "docs/policy.pdf", True),
    ("docs/policy.pdf", "old/policy.pdf", False),
    ("*.pdf", "policy.pdf", True),
    ("docs/*.pdf", "docs/policy.pdf", True),
    ("policy.pdf", "Policy.pdf", False),
]


@pytest.mark.parametrize("written, name, same", FILES)
def test_files_are_told_by_their_names(written: str, name: str, same: bool) -> None:
    """With wildcards, and by the last part of the path where one side has no more."""
    observed = Observed("", passages=(Passage(name, 0.5),))

    assert (explained("retrieves", {"file": written}, observed) is None) is same


def test_a_search_that_found_nothing_and_no_citation_say_none() -> None:
    """So that nobody reads an empty place as a fault of the display."""
    for name, value in (("retrieves", {"min_score": 0}), ("cites", "a.md")):
        found = explained(name, value, Observed(""))
        assert found is not None
        assert found.mismatches[0].actual == "none"


def test_a_limit_speaks_of_the_conversation_in_finally() -> None:
    """The same operator, about the sum of all turns."""
    observed = Observed("", calls=(CallMade("f", "{}"),))

    assert message("calls-count", {"max": 0}, observed, whole=True) == "the conversation must make at most 0 calls"
    assert message("calls-count", {"min": 2}, observed) == "the turn must make at least 2 calls"


def test_what_may_not_stand_in_finally() -> None:
    """Whatever looks at one reply as a whole."""
    assert {name for name, one in CHECKS.items() if not one.closing and not one.negated} >= {
        *("equals", "starts-with", "ends-with", "json-path", "json-schema")
    }


def test_needs_of_the_wire_are_those_of_the_value() -> None:
    """A server without steps or streams is asked for them only where something depends on them."""
    assert CHECKS["retrieves"].needs({"file": "a"}) == CHECKS["not-code"].needs({}) == {Need.STEPS}
    assert CHECKS["latency"].needs({"first_token_seconds": 1}) == {Need.STREAM}
    assert CHECKS["latency"].needs({"max_seconds": 1}) == CHECKS["contains"].needs("x") == frozenset()


def test_a_schema_may_stand_in_a_file(tmp_path: Path) -> None:
    """It is read with the conversation, so that a check reads nothing; a file that is not there is said."""
    (tmp_path / "reply.json").write_text('{"required": ["a"]}')
    (tmp_path / "broken.json").write_text("{")
    resolve = CHECKS["json-schema"].resolve
    assert resolve is not None
    source = Source(tmp_path / "a.convo.yaml", tmp_path, LINE)

    assert resolve("reply.json", source) == {"required": ["a"]}
    assert resolve({"type": "object"}, source) == {"type": "object"}
    for name, code in (("absent.json", "missing-file"), ("../x.json", None), ("broken.json", None)):
        found = resolve(name, source)
        assert isinstance(found, Diagnostic)
        assert code is None or (found.code, found.where) == (code, LINE)


TEXTS = st.text(min_size=1, max_size=8)


@given(st.text(max_size=30), TEXTS, st.sampled_from(["equals", "contains", "icontains", "starts-with", "ends-with"]))
def test_a_twin_is_the_negation(reply: str, text: str, name: str) -> None:
    """Exactly one of the two explains, whatever the reply."""
    plain, twin = explained(name, text, Observed(reply)), explained(f"not-{name}", text, Observed(reply))

    assert (plain is None) is not (twin is None)


@given(st.text(max_size=30), st.lists(TEXTS, min_size=1, max_size=3))
def test_contains_any_is_the_union(reply: str, texts: list[str]) -> None:
    """It holds when one of its texts is contained, and its twin when none is."""
    one = any(explained("contains", text, Observed(reply)) is None for text in texts)

    assert (explained("contains-any", texts, Observed(reply)) is None) is one
    assert (explained("not-contains-any", texts, Observed(reply)) is None) is not one


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    """So both sides of a comparison may come folded or not."""
    assert fold(fold(text)) == fold(text)
