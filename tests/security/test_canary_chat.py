"""A secret in a chat, in whatever pieces it comes; and one that is cut in two by whoever tells it shortened."""

import io
import random

import pytest

from asstctl.conversation.playing.veil import Veiled
from asstctl.conversation.tapes.secrets import Sieve
from tests.cli.conftest import Project
from tests.security.test_canary import forms_of
from tests.security.test_canary_conversations import FORMS, SECRET, TOKEN, chatty

__all__ = ["chatty"]

LINES = "-----BEGIN\nfirst-line-of-a-key-0123\nsecond-line-of-a-key-456\n-----END"


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("secret", [TOKEN, SECRET, "aaaaaaaa", "abababababab"])
def test_no_pieces_add_up_to_a_secret(secret: str, seed: int) -> None:
    """However the reply is cut, what is shown is what would be shown of the whole."""
    draw = random.Random(seed)
    forms = [form.decode() for form in forms_of(secret)]
    parts = draw.choices([*forms, secret[:5], secret[1:], "aaa", " and ", "\n", "ab"], k=12)
    text = "".join(parts)
    sieve, shown, at = Sieve([secret]), list[str](), 0
    veiled = Veiled(sieve, shown.append)
    while at < len(text):
        size = draw.randint(1, 7)
        veiled.take(text[at : at + size])
        at += size
    veiled.end()
    assert secret not in "".join(shown)
    assert "".join(shown) == sieve.without(text)


def test_what_is_no_beginning_of_a_secret_is_not_held_back() -> None:
    shown: list[str] = []
    veiled = Veiled(Sieve([TOKEN]), shown.append)
    veiled.take("Hello you")
    assert shown == ["Hello you"]


def test_a_chat_shows_it_nowhere(chatty: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the reply nor the call, nor a stub's answer or failure, nor what stood in the script itself."""
    chatty.write(
        "stubs.stubs.yaml",
        "stubs: {look: [{when: {a: b}, python: '/stubs.py:environment'}, {python: '/stubs.py:fails'}]}\n",
    )
    typed = ["reply now", "argument", "by hand", "call", f"I say {SECRET}", "/save-test assistants/new.convo.yaml"]
    monkeypatch.setattr("sys.stdin", io.StringIO("".join(f"{line}\n" for line in typed)))

    result = chatty.run("chat", "--stubs", "stubs.stubs.yaml")

    said = (result.out + result.err).encode()
    assert "***" in result.out
    assert "answer" in result.out, result
    assert [form for form in FORMS if form in said] == []
    assert not (chatty.root / "assistants/new.convo.yaml").exists()


@pytest.mark.parametrize("before", range(960, 1001, 5))
def test_a_failure_that_is_cut_shows_no_half_of_it(chatty: Project, before: int) -> None:
    """What a stub complains of is masked before it is shortened."""
    chatty.write(
        "stubs.py",
        f"import os\ndef fails(a=None):\n    raise ValueError('x' * {before} + os.environ['CANARY_TOKEN'])\n",
    )
    result = chatty.run("test", "assistants/failure.convo.yaml", "--format", "json")
    assert TOKEN[:7] not in result.out
    assert "xxxx" in result.out


def test_half_of_one_before_an_ellipsis_is_masked() -> None:
    assert Sieve([TOKEN]).without(f"he said {TOKEN[:12]}…") == "he said ***…"
    assert Sieve([TOKEN]).without("he said so…") == "he said so…"


def test_each_line_of_a_secret_with_several_is_one() -> None:
    """Who quotes it joins its lines by blanks, or quotes the last."""
    sieve = Sieve([LINES])
    assert sieve.without(LINES) == "***"
    assert "of-a-key" not in sieve.without(" ".join(LINES.splitlines()))
    assert sieve.without("-----END") == "-----END"
