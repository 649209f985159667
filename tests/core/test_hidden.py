"""Secrets are found in what a server repeats, plain or encoded."""

import base64
from urllib.parse import quote

import pytest

from asstctl.core.hidden import Hidden
from asstctl.emulator.replies.keyless import forms_of

KEY = "sk-a/b+c=d-0123456789"


@pytest.mark.parametrize(
    "said",
    [
        KEY,
        f"Bearer {KEY}",
        quote(KEY),
        quote(KEY, safe=""),
        base64.b64encode(KEY.encode()).decode(),
        *(base64.b64encode(f"{shift}{KEY}{shift}".encode()).decode() for shift in ("u", "u:", "usr", "user:")),
        base64.urlsafe_b64encode(b"\xff\xfe" + KEY.encode()).decode(),
    ],
)
def test_a_secret_is_found_in_every_form(said: str) -> None:
    hidden = Hidden(KEY)
    assert hidden.stands_in(said.encode())
    assert not hidden.stands_in(hidden.taken_out(said.encode()))
    assert "***" in hidden.out_of(said)
    assert KEY not in repr(hidden)


def test_a_token_that_is_drawn_later_is_hidden_from_then_on() -> None:
    hidden = Hidden(KEY, None)
    assert hidden.out_of("eyJ-token-2") == "eyJ-token-2"
    hidden.add("eyJ-token-2")
    assert hidden.out_of(f"eyJ-token-2 and {KEY}") == "*** and ***"


def test_a_short_secret_condemns_no_answer() -> None:
    """It may stand there by chance; in an error it is taken out all the same."""
    hidden = Hidden("key")
    assert not hidden.stands_in(b"a key to everything")
    assert hidden.taken_out(b"wrong key") == b"wrong ***"


@pytest.mark.parametrize("key", [KEY, "short", "sk-plain-0123456789", "a~b/\u00fc %-0123456789"])
def test_the_embedded_server_knows_the_same_forms(key: str) -> None:
    """It is a program of its own and keeps a copy."""
    assert {form.encode() for form in forms_of(key)} == set(Hidden(key).forms)
