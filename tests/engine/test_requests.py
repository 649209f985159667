"""Requests of one apply: what is repeated, how long is waited, and when it is given up."""

import asyncio

import pytest

from asstctl.core.address import Address
from asstctl.core.errors import (
    AnswerLost,
    AuthFailed,
    BadAnswer,
    IncompleteListing,
    NoSuchApi,
    NotFound,
    ProviderError,
    RateLimited,
    Rejected,
    ServerFault,
    Unreachable,
)
from asstctl.core.limiter import Limiter
from asstctl.core.requests import Exchange, Pause
from asstctl.engine.applying.requests import Pace, Requests
from tests.engine.fakes import Clock

pytestmark = pytest.mark.anyio

ADDRESS = Address("assistant", "tutor")


class Sender:
    """Answers with these errors in turn, then with `done`."""

    def __init__(self, *errors: ProviderError) -> None:
        self.errors = list(errors)
        self.sent = 0

    async def __call__(self) -> str:
        self.sent += 1
        if self.errors:
            raise self.errors.pop(0)
        return "done"


def requests(clock: Clock, stop: asyncio.Event | None = None, **pace: int) -> Requests:
    return Requests(Pace(clock=clock, sleep=clock.sleep, **pace), stop)


@pytest.mark.parametrize("error", [Unreachable("refused"), RateLimited("slow down")])
async def test_what_certainly_did_not_happen_is_sent_again(error: ProviderError) -> None:
    """After a pause, up to four times."""
    clock, sender = Clock(), Sender(error, error, error)

    assert await requests(clock).safely(sender) == "done"
    assert (sender.sent, len(clock.slept)) == (4, 3)
    assert clock.slept[0] < 0.5 < clock.slept[2] < 2


@pytest.mark.parametrize(
    "kind", [AnswerLost, ServerFault, BadAnswer, Rejected, NotFound, AuthFailed, NoSuchApi, IncompleteListing]
)
async def test_nothing_else_is_sent_again(kind: type[ProviderError]) -> None:
    """It may have happened, or will not go better."""
    clock, sender = Clock(), Sender(kind("no"))

    with pytest.raises(kind):
        await requests(clock).safely(sender)
    assert (sender.sent, clock.slept) == (1, [])


async def test_a_wait_is_told_as_it_begins() -> None:
    """With the try that it is before, and why; not once nothing more is to be sent."""
    clock, told = Clock(), list[Exchange | Pause]()
    asked = Requests(Pace(clock=clock, sleep=clock.sleep), observer=told.append)

    await asked.safely(Sender(RateLimited("slow down", retry_after=42), Unreachable("refused")))

    first, second = told
    assert first == Pause(42, 2, "slow down", "rate-limited", asked=True)
    assert isinstance(second, Pause)
    assert (second.attempt, second.why, second.asked) == (3, "refused", False)
    assert [42, second.seconds] == clock.slept


async def test_the_server_says_how_long_to_wait() -> None:
    """Retry-After is honoured to the second."""
    clock, sender = Clock(), Sender(RateLimited("slow down", retry_after=42))

    await requests(clock).safely(sender)
    assert clock.slept == [42]


async def test_a_wait_that_is_too_long_is_not_begun() -> None:
    """Coming back earlier than we were told would not honour it."""
    clock, sender = Clock(), Sender(RateLimited("slow down", retry_after=3600))
    asked = requests(clock)

    with pytest.raises(RateLimited):
        await asked.safely(sender)
    assert (clock.slept, sender.sent) == ([], 1)
    assert asked.hopeless is not None


@pytest.mark.parametrize(
    "kind, hopeless", [(Unreachable, True), (AuthFailed, True), (NoSuchApi, True), (Rejected, False), (NotFound, False)]
)
async def test_an_error_that_would_meet_every_request_ends_the_waiting(
    kind: type[ProviderError], hopeless: bool
) -> None:
    """The next request is tried once and not again."""
    clock = Clock()
    asked = requests(clock)
    with pytest.raises(kind):
        await asked.safely(Sender(*[kind("no")] * 4))

    assert bool(asked.hopeless) is hopeless
    clock.slept.clear()
    if hopeless:
        with pytest.raises(Unreachable):
            await asked.safely(Sender(Unreachable("refused")))
        assert clock.slept == []


async def test_a_limit_that_lets_others_through_is_not_hopeless() -> None:
    """One that lets nobody through is."""
    clock = Clock()
    asked, limited = requests(clock), [RateLimited("slow down")] * 4
    with pytest.raises(RateLimited):
        await asyncio.gather(asked.safely(Sender(*limited)), asked.safely(Sender()))
    assert asked.hopeless is None

    with pytest.raises(RateLimited):
        await asked.safely(Sender(*limited))
    assert asked.hopeless is not None


async def test_once_asked_to_stop_nothing_is_sent_again() -> None:
    """A long wait is broken off."""
    stop = asyncio.Event()
    asked = Requests(Pace(sleep=asyncio.sleep), stop)
    sender = Sender(*[RateLimited("slow down", retry_after=60)] * 4)
    waiting = asyncio.create_task(asked.safely(sender))
    await asyncio.sleep(0)
    stop.set()

    with pytest.raises(RateLimited):
        await asyncio.wait_for(waiting, 5)
    assert sender.sent == 2


async def test_the_limit_is_halved_by_a_429_and_restored_one_by_one() -> None:
    """Never below one, never above the ceiling."""
    clock = Clock()
    asked = requests(clock, concurrency=8)
    widths = []
    for error in [RateLimited("slow down"), *[None] * 5]:
        await asked.safely(Sender(*([error] if error else [])))
        widths.append(asked.limiter.width)

    assert widths == [5, 6, 7, 8, 8, 8]
    for _ in range(5):
        asked.limiter.halve()
    assert asked.limiter.width == 1


@pytest.mark.parametrize("ceiling", [0, 1, 3])
async def test_no_more_run_at_once_than_the_limiter_admits(ceiling: int) -> None:
    """Also while it is narrowed and widened."""
    limiter, running, most = Limiter(ceiling), 0, []

    async def work(number: int) -> None:
        nonlocal running
        async with limiter:
            running += 1
            most.append(running)
            await asyncio.sleep(0)
            limiter.halve() if number % 3 == 2 else limiter.widen()
            running -= 1

    await asyncio.gather(*(work(number) for number in range(30)))
    assert len(most) == 30
    assert max(most) == max(1, ceiling)


async def test_a_place_wakes_one_that_waits_and_not_all() -> None:
    """Thousands wait in a large apply: what each place costs must not grow with them."""
    limiter = Limiter(1)

    async def work() -> None:
        async with limiter:
            pass

    await limiter.__aenter__()
    tasks = [asyncio.ensure_future(work()) for _ in range(3)]
    await asyncio.sleep(0)
    turns = [*limiter._waiting]
    await limiter.__aexit__(None, None, None)

    assert [turn.done() for turn in turns] == [True, False, False]
    await asyncio.gather(*tasks)


@pytest.mark.parametrize("given", [False, True], ids=["while it waits", "when its turn has just come"])
async def test_a_place_is_not_lost_with_one_that_is_cancelled(given: bool) -> None:
    """The next one gets it."""
    limiter, done = Limiter(1), []

    async def work(name: str) -> None:
        async with limiter:
            done.append(name)

    await limiter.__aenter__()
    cancelled, next_one = (asyncio.ensure_future(work(name)) for name in ("cancelled", "next"))
    await asyncio.sleep(0)
    if given:
        await limiter.__aexit__(None, None, None)
    cancelled.cancel()
    if not given:
        await limiter.__aexit__(None, None, None)
    await asyncio.wait_for(next_one, 5)
    assert done == ["next"]


@pytest.mark.parametrize("error", [ServerFault("down", retry_after=3600), RateLimited("later", retry_after=3600)])
async def test_nobody_waits_for_an_hour(error: ProviderError) -> None:
    """A server that asks for so long a pause is not asked again."""
    clock, sender = Clock(), Sender(error)
    with pytest.raises(type(error)):
        await requests(clock).repeatedly(sender)

    assert (sender.sent, clock.slept) == (1, [])


@pytest.mark.parametrize("error", [AnswerLost("lost"), Unreachable("refused")])
async def test_nothing_is_repeated_once_asked_to_stop(error: ProviderError) -> None:
    """Even what may be sent twice."""
    stop, sender = asyncio.Event(), Sender(error)
    stop.set()
    with pytest.raises(type(error)):
        await requests(Clock(), stop).repeatedly(sender)

    assert sender.sent == 1


def timed(clock: Clock, seconds: float) -> Requests:
    return Requests(Pace(clock=clock, sleep=clock.sleep, object_timeout=seconds))


@pytest.mark.parametrize(
    "error", [RateLimited("slow down", retry_after=40), Unreachable("refused")], ids=["told to wait", "with pauses"]
)
async def test_after_the_time_of_a_change_nothing_more_is_begun_for_it(error: ProviderError) -> None:
    """A wait that would end after it is not begun either."""
    clock, sender = Clock(), Sender(*[error] * 4)
    asked = timed(clock, 0.5)

    with asked.of(ADDRESS):
        async with asked.place():
            with pytest.raises(type(error)):
                await asked.safely(sender)
    assert clock.time <= 0.5
    assert sender.sent == (1 if error.retry_after else 2)


async def test_a_change_without_time_looks_once_for_what_was_lost() -> None:
    """The first look is never left out: it is what tells whether the write happened."""
    clock = Clock()
    for seconds, waits in ((300.0, [5.0, 0.5]), (5.2, [5.0]), (1.0, [5.0])):
        asked = timed(clock, seconds)
        with asked.of(ADDRESS):
            async with asked.place():
                waited = []
                for pause in asked.looks(5.0):
                    waited.append(pause)
                    await clock.sleep(pause)
        assert waited == waits
