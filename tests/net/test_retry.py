"""Repeating: only what can do no harm, only as often and as long as allowed."""

import pytest

from asstctl.core.errors import (
    AnswerLost,
    AuthFailed,
    BadAnswer,
    ProviderError,
    RateLimited,
    Rejected,
    ServerFault,
    Unreachable,
)
from asstctl.net.retry import ONCE, RetryPolicy, may_repeat, pause, repeating

QUICK = RetryPolicy(tries=3, first=0.0)


@pytest.mark.parametrize(
    ("error", "read", "write"),
    [
        (Unreachable, True, True),
        (RateLimited, True, True),
        (AnswerLost, True, False),
        (ServerFault, True, False),
        (BadAnswer, False, False),
        (AuthFailed, False, False),
        (Rejected, False, False),
    ],
)
def test_what_may_be_repeated(error: type[ProviderError], read: bool, write: bool) -> None:
    """A write is repeated only where it certainly had no effect."""
    assert may_repeat(False, error("x")) is read
    assert may_repeat(True, error("x")) is write


def test_pauses_double_and_end() -> None:
    """The pauses grow around 0.4 and 0.8 s, and after the third try there is none."""
    error = Unreachable("x")

    assert [pause(RetryPolicy(), False, error, tried, 0.5) for tried in (1, 2, 3)] == [0.4, 0.8, None]
    assert pause(RetryPolicy(), False, error, 1, 0.0) == pytest.approx(0.3)
    assert pause(RetryPolicy(), False, error, 1, 1.0) == pytest.approx(0.5)
    assert pause(ONCE, False, error, 1, 0.5) is None


def test_the_servers_word_on_waiting_is_kept() -> None:
    """Retry-After is waited out, or not at all when it is too long."""
    assert pause(RetryPolicy(), True, RateLimited("x", retry_after=7.0), 1, 0.5) == 7.0
    assert pause(RetryPolicy(longest=5.0), True, RateLimited("x", retry_after=7.0), 1, 0.5) is None


@pytest.mark.anyio
async def test_the_first_success_counts() -> None:
    """Tries before it leave no trace."""
    tries = iter([Unreachable("x"), Unreachable("x"), "done"])

    async def attempt() -> str:
        outcome = next(tries)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    assert await repeating(QUICK, True, attempt) == "done"


@pytest.mark.anyio
async def test_the_last_error_says_how_often_it_was_tried() -> None:
    """The detail of the error that ends it counts the tries; a single try is not counted."""

    async def attempt() -> None:
        raise Unreachable("cannot reach x", detail="connection refused")

    with pytest.raises(Unreachable) as several:
        await repeating(QUICK, True, attempt)
    with pytest.raises(Unreachable) as single:
        await repeating(ONCE, True, attempt)

    assert several.value.detail.startswith("connection refused, 3 tries in 0.")
    assert single.value.detail == "connection refused"
