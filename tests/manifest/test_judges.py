"""Judges and prices of the project file: what they mean, and what must not stand there."""

import pytest

from asstctl.core.price import Price
from asstctl.manifest import open_project
from asstctl.manifest.project import JudgeTarget
from tests.manifest.conftest import Write, places, refused

JUDGE = "test: {judges: {default: {model: m, base_url: 'https://x/v1'%s}}}\n"


def test_a_judge_holds_its_settings(write: Write) -> None:
    text = (
        "test:\n  judges:\n    default:\n      base_url: https://judge.example/v1/\n      api_key: {env: JUDGE_KEY}\n"
        "      model: gpt-4o\n      embedding_model: small\n      timeout: 5\n"
    )
    judge = open_project(write({"asstctl.yaml": text}), {"JUDGE_KEY": "judge-sekret"}).test.judges["default"]

    assert (judge.base_url, judge.model, judge.embedding_model) == ("https://judge.example/v1", "gpt-4o", "small")
    assert (judge.name, judge.timeout, judge.api_key_env) == ("default", 5.0, "JUDGE_KEY")
    assert judge.api_key is not None
    assert judge.api_key.reveal() == "judge-sekret"


def test_a_judge_without_a_key_needs_none(write: Write) -> None:
    text = "test: {judges: {j: {base_url: 'http://127.0.0.1:1/v1', embedding_model: e}}}\n"

    judge = open_project(write({"asstctl.yaml": text}), {}).test.judges["j"]

    assert judge == JudgeTarget("j", "http://127.0.0.1:1/v1", embedding_model="e")


def test_a_judges_key_is_a_secret_of_the_project(write: Write) -> None:
    project = open_project(
        write({"asstctl.yaml": JUDGE % ", api_key: {env: ORDINARY}"}), {"ORDINARY": "judge-sekret", "OTHER": "x"}
    )

    assert [one.reveal() for one in project.secrets] == ["judge-sekret"]
    assert "OTHER" not in project.environment
    assert "sekret" not in repr(project)


def test_a_key_that_is_not_set_is_no_error(write: Write) -> None:
    judge = open_project(write({"asstctl.yaml": JUDGE % ", api_key: {env: JUDGE_KEY}"}), {}).test.judges["default"]

    assert (judge.api_key, judge.api_key_env) == (None, "JUDGE_KEY")


def test_a_key_that_is_not_named_for_reading_counts_as_not_set(write: Write) -> None:
    environ = {"JUDGE_KEY": "judge-sekret", "ASSTCTL_ALLOW_ENV": "OTHER"}

    project = open_project(write({"asstctl.yaml": JUDGE % ", api_key: {env: JUDGE_KEY}"}), environ)

    assert project.test.judges["default"].api_key is None
    assert project.withheld == {"JUDGE_KEY"}
    assert [one.code for one in project.diagnostics] == ["withheld-variable"]


def test_code_under_test_does_not_see_a_judges_key(write: Write) -> None:
    text = "test:\n  env: [PLAIN]\n  judges: {j: {model: m, base_url: 'https://x', api_key: {env: PLAIN}}}\n"

    assert places(refused(write({"asstctl.yaml": text}))) == [("secret-in-test", "asstctl.yaml:2:9")]


def test_prices_are_by_model(write: Write) -> None:
    text = "test: {prices: {gpt-4o: {input: 2.5, output: 10}, free: {input: 0, output: 0}}}\n"

    prices = open_project(write({"asstctl.yaml": text}), {}).test.prices

    assert prices == {"gpt-4o": Price(2.5, 10.0), "free": Price(0.0, 0.0)}


@pytest.mark.parametrize(
    "text, code, place",
    [
        (JUDGE % ", modle: x", "unknown-key", "1:63"),
        (JUDGE % ", api_key: sk-abc", "secret-in-file", "1:72"),
        (JUDGE % ", timeout: 0", "limit", "1:72"),
        ("test: {judges: {j: {base_url: 'https://x'}}}\n", "missing-key", "1:17"),
        ("test: {judges: {j: {model: m}}}\n", "missing-key", "1:17"),
        ("test: {judges: {'a b': {model: m, base_url: 'https://x'}}}\n", "bad-name", "1:17"),
        ("test: {judges: {j: {model: m, base_url: 'ftp://x'}}}\n", "bad-url", "1:41"),
        ("test: {judges: {j: {model: m, base_url: 'https://u:p@x'}}}\n", "secret-in-file", "1:41"),
        (
            "test: {judges: {j: {model: m, base_url: 'http://x', api_key: {env: K}}}}\n",
            "insecure-key",
            "1:41",
        ),
        ("test: {prices: {'*': {input: 1, output: 1}}}\n", "bad-name", "1:17"),
        ("test: {prices: {gpt-4o: {input: -1, output: 1}}}\n", "limit", "1:33"),
        ("test: {prices: {gpt-4o: {input: 1}}}\n", "missing-key", "1:17"),
        ("test: {prices: {gpt-4o: 2.5}}\n", "wrong-type", "1:25"),
    ],
)
def test_a_mistake_is_one_diagnostic_at_its_place(write: Write, text: str, code: str, place: str) -> None:
    assert places(refused(write({"asstctl.yaml": text}))) == [(code, f"asstctl.yaml:{place}")]


def test_no_message_shows_a_judges_key(write: Write) -> None:
    """Wherever else in the file somebody wrote it."""
    text = JUDGE % ", api_key: {env: PLAIN}" + "vars: {note: judge-sekret, a b: judge-sekret}\n"

    found = refused(write({"asstctl.yaml": text}), {"PLAIN": "judge-sekret"})

    assert found
    assert "sekret" not in repr(found)
