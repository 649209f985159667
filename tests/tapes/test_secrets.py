"""What refuses a tape."""

import base64
import json
from urllib.parse import quote

import pytest

from asstctl.conversation.tapes.secrets import Sieve
from asstctl.conversation.tapes.text import tape_lines
from asstctl.core.json_text import json_text
from tests.tapes.parts import answer, ask, stream, taped

SECRET = 'canary "secret"/of+a variable'


def leaks(text: str, *secrets: str) -> list[str]:
    return [str(one) for one in Sieve(secrets).leaks([{}, {"answer": {"data": [{"text": text}]}}])]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("use sk-" + "proj-abcDEF0123456789", "an API key"),
        ("Authorization: Bearer " + "abcdefghij0123456789", "a bearer token"),
        ("AKIA" + "IOSFODNN7EXAMPLE", "a key of AWS"),
        ("ghp_" + "a1" * 18, "a token of GitHub"),
        ("github_pat_" + "a1" * 20, "a token of GitHub"),
        ("glpat-" + "a1" * 10, "a token of GitLab"),
        ("xoxb-" + "1234567890-abc", "a token of Slack"),
        ("AIza" + "a" * 35, "a key of Google"),
        ("eyJhbGciOiJI" + "." + "eyJzdWIiOiIx" + "." + "SflKxwRJSMeK", "a JSON Web Token"),
        ("-----BEGIN RSA " + "PRIVATE KEY-----\nMII", "a private key"),
    ],
)
def test_what_looks_like_a_key_is_found(text: str, what: str) -> None:
    """With its place, and never with its value."""
    assert leaks(f"here: {text}.") == [f"line 2, answer.data[0].text: {what}"]


@pytest.mark.parametrize(
    "text",
    [
        "task-force-of-the-whole-department",
        "the bearer of this letter",
        "Bearer authentication",
        "sk-learn",
        "an eyJ of a kind",
        "-----BEGIN CERTIFICATE-----",
    ],
)
def test_what_people_say_is_none(text: str) -> None:
    """A tape that nobody can write is no use."""
    assert leaks(text) == []


@pytest.mark.parametrize(
    "form",
    [
        SECRET,
        quote(SECRET),
        quote(SECRET, safe=""),
        base64.b64encode(SECRET.encode()).decode(),
        base64.b64encode(b"ab" + SECRET.encode() + b"c").decode(),
        json_text(SECRET),
    ],
)
def test_a_secret_is_found_in_every_form(form: str) -> None:
    """As it is, encoded, and in a text within a text."""
    assert leaks(f"<{form}>", SECRET) == ["line 2, answer.data[0].text: the value of a secret"]


def test_a_secret_of_a_few_characters_is_not_looked_for() -> None:
    """It would be found everywhere."""
    assert leaks("a test of testing", "test") == []


def test_every_place_of_a_tape_is_looked_at() -> None:
    """Requests, answers, events, queries, and the names of fields."""
    secret = "correct-horse-battery"
    tape = taped(
        (ask("POST /a", {"content": secret}), answer({secret: 1})),
        (ask("GET /b", q=secret), stream(("x", f'{{"deep": ["{secret}"]}}'), (secret, f"[{secret}]"))),
    )

    assert [str(one) for one in Sieve([secret]).leaks(tape_lines(tape))] == [
        "line 2, body.content: the value of a secret",
        "line 2, answer: the value of a secret",
        "line 3, query[0][1]: the value of a secret",
        "line 3, events[0].data.deep[0]: the value of a secret",
        "line 3, events[1].event: the value of a secret",
        "line 3, events[1].text: the value of a secret",
    ]


@pytest.mark.parametrize(
    "form",
    [
        quote(SECRET, safe="").lower(),
        SECRET.replace("/", "\\/").replace('"', '\\"'),
        json_text({"a": json_text({"b": json_text({"c": SECRET})})}),
        json.dumps({"a": json.dumps({"b": "é" + SECRET + "é"})}).replace("/", "\\/"),
    ],
)
def test_a_secret_is_found_within_texts_within_texts(form: str) -> None:
    """However servers and stubs write their JSON; and it can be taken out of a text in the same forms."""
    assert leaks(f"<{form}>", SECRET) == ["line 2, answer.data[0].text: the value of a secret"]
    assert "canary" not in Sieve([SECRET]).without(f"<{form}>")


def test_a_secret_in_ascii_and_beyond_is_found() -> None:
    """A text that is all ASCII spells it otherwise."""
    assert leaks(json.dumps("pässword-of-ours"), "pässword-of-ours") != []


@pytest.mark.parametrize("secret", [SECRET, "sk-" + "abcDEF0123456789xyz"])
def test_a_secret_in_pieces_is_found(secret: str) -> None:
    """A stream may cut it anywhere."""
    pieces = [("thread.message.delta", json_text({"delta": {"text": {"value": one}}})) for one in ("<", *secret, ">")]
    tape = taped((ask("POST /threads/t/runs"), stream(*pieces)))
    assert [one.path for one in Sieve([SECRET]).leaks(tape_lines(tape))] == ["events, together: data.delta.text.value"]
