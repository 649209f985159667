"""SARIF as code scanning reads it: of the schema, with regions that fit and fingerprints that last."""

import json
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asstctl.core.diagnostic import Diagnostic, Severity, Validation, Where, error, warning
from asstctl.render.sarif import MOST_RESULTS, validation_sarif
from tests.render import samples
from tests.render.sarif_schema import SCHEMA
from tests.render.showcase import HOSTILE

VALID = jsonschema_rs.validator_for(SCHEMA)


def run_of(*diagnostics: Diagnostic) -> Any:
    """The one run of what is written of these."""
    document = json.loads(validation_sarif(Validation(diagnostics, 1, {})))
    VALID.validate(document)
    (run,) = document["runs"]
    return run


@pytest.mark.parametrize("name", samples.VALIDATIONS)
def test_it_is_sarif(name: str) -> None:
    """Every sample, and each of its messages is a result or a notification."""
    run = run_of(*samples.VALIDATIONS[name].diagnostics)
    placed = [one for one in samples.VALIDATIONS[name].diagnostics if one.where]

    notices = run["invocations"][0].get("toolConfigurationNotifications", [])
    assert [result["ruleId"] for result in run["results"]] == [one.code for one in placed]
    assert len(notices) == len(samples.VALIDATIONS[name].diagnostics) - len(placed)


TEXTS = st.text(max_size=30)


@given(TEXTS, TEXTS, TEXTS, TEXTS, st.integers(0, 40), st.integers(0, 40), st.integers(0, 40))
def test_any_text_is_sarif(path: str, line: str, said: str, code: str, at: int, column: int, length: int) -> None:
    """And any place: its region is within its line."""
    where = Where(path, at, column, length, line)
    run = run_of(Diagnostic(Severity.WARNING, code or "c", said, where, said, said))

    (location,) = run["results"][0]["locations"]
    region = location["physicalLocation"]["region"]
    if line:
        units = len(line.encode("utf-16-le", "surrogatepass")) // 2
        assert 1 <= region["startColumn"] <= region["endColumn"] <= units + 1
    assert unquote(location["physicalLocation"]["artifactLocation"]["uri"]) == path


@pytest.mark.parametrize("text, column, length, start, end", [
    ("key: value", 6, 5, 6, 11),
    ("你叫: 瓜瓜", 5, 2, 5, 7),
    ("📚📚: 瓜📚", 5, 2, 7, 10),
    ("📚", 1, 0, 1, 3),
    ("end", 4, 0, 4, 4),
])  # fmt: skip
def test_columns_count_utf16_code_units(text: str, column: int, length: int, start: int, end: int) -> None:
    """As is declared, and as readers count that look at no declaration."""
    run = run_of(error("c", "s", Where("a.yaml", 3, column, length, text)))

    assert run["columnKind"] == "utf16CodeUnits"
    assert run["results"][0]["locations"][0]["physicalLocation"]["region"] == {
        "startLine": 3,
        "startColumn": start,
        "endColumn": end,
    }


def fingerprints(*diagnostics: Diagnostic) -> list[str]:
    return [result["partialFingerprints"]["asstctl/v1"] for result in run_of(*diagnostics)["results"]]


ONE = error("unknown-key", "`x` is not a field", Where("a.yaml", 4, 3, 1, "  x: 1"))


def test_a_fingerprint_survives_lines_above_it() -> None:
    """And another wording, and another indentation."""
    assert ONE.where is not None
    moved = replace(ONE, where=replace(ONE.where, line=99, column=5, text="    x: 1"), summary="there is no `x`")
    assert fingerprints(moved) == fingerprints(ONE)


def test_fingerprints_differ_where_the_results_do() -> None:
    """Another file, code or line; and the same line twice."""
    assert ONE.where is not None
    others = (
        replace(ONE, where=replace(ONE.where, path="b.yaml")),
        replace(ONE, code="other"),
        replace(ONE, where=replace(ONE.where, text="  y: 1")),
        replace(ONE, where=replace(ONE.where, line=9)),
    )
    assert len(set(fingerprints(ONE, *others))) == 5


def test_more_than_are_taken_are_left_out_and_counted() -> None:
    """The errors stay."""
    many = [warning("w", "s", Where("a.yaml", n + 1)) for n in range(MOST_RESULTS + 4)]
    run = run_of(*many, error("e", "s", Where("b.yaml")))

    assert len(run["results"]) == MOST_RESULTS
    assert run["results"][-1]["ruleId"] == "e"
    (notice,) = run["invocations"][0]["toolExecutionNotifications"]
    assert notice["message"]["text"].startswith("5 more results are left out")


def test_a_message_says_how_to_mend_it_and_links_nowhere() -> None:
    """Brackets before a parenthesis are a link in a message."""
    one = error("c", "see [x](https://evil.example)", Where("a"), detail=HOSTILE, hint="run it again")
    text = run_of(one)["results"][0]["message"]["text"]

    assert text.endswith("\nhelp: run it again")
    assert "](" not in text
    assert "\x1b" not in text


def test_rules_are_named_once_and_have_no_address() -> None:
    """There is no page of ours to name yet."""
    rules = run_of(ONE, ONE, replace(ONE, code="other"))["tool"]["driver"]["rules"]
    assert rules == [
        {"id": "unknown-key", "shortDescription": {"text": "Unknown key"}},
        {"id": "other", "shortDescription": {"text": "Other"}},
    ]
