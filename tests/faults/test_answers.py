"""Answers that are lost, wrong or late, and writes that are refused."""

import json
from collections import Counter

import pytest

from asstctl.emulator.asgi import Asgi, Receive, Scope, Send, refused
from asstctl.emulator.faults.exchange import giving, read_body
from asstctl.emulator.refusals import Refusal
from tests.faults.account import each, is_post, writes
from tests.faults.scene import COUNT, Scene

CREATE, UPDATE, DELETE = "POST {0}", "POST {0}/", "DELETE {0}/"
"""Requests of a collection."""


@pytest.mark.parametrize(
    "fault, strike",
    [
        ("the answer to a create is lost", f"drop-after-commit=3:{CREATE}"),
        ("500 after a create took effect", f"answer-after-commit=500:3:{CREATE}"),
    ],
)
def test_a_create_whose_answer_is_lost_is_found_by_its_nonce(scene: Scene, fault: str, strike: str) -> None:
    scene.account.strike(strike.format(scene.account.collection))
    ran = scene.apply()

    assert (ran.code, ran.writes, ran.outcomes) == (0, COUNT, {"applied": COUNT})
    scene.file(fault, "finds the object in a listing by the nonce in its mark, and sends nothing twice", ran)


def test_a_create_that_cannot_be_found_is_unknown_and_not_repeated(scene: Scene) -> None:
    scene.account.strike(f"answer=500:3:{CREATE}".format(scene.account.collection))
    ran = scene.apply()

    assert (ran.code, ran.writes) == (3, COUNT - 1)
    assert ran.outcomes == {"applied": COUNT - 1, "unknown": 1}
    scene.file(
        "500 before a create took effect",
        "looks twice for the nonce, does not send the create again, and says that its end is unknown",
        ran,
    )


def test_a_create_whose_answer_comes_too_late_is_found_by_its_nonce(scene: Scene) -> None:
    scene.settings = ", timeout: 0.5"
    scene.write()

    def late(app: Asgi) -> Asgi:
        async def answering_late(scope: Scope, receive: Receive, send: Send) -> None:
            async def nowhere(message: object) -> None:
                """Nobody waits for it any more."""

            await app(scope, receive, nowhere)
            while (await receive())["type"] != "http.disconnect":
                pass

        return answering_late

    scene.account.strike(around=each(1, is_post(to=scene.account.collection), late))
    ran = scene.apply()

    assert (ran.code, ran.writes, ran.outcomes) == (0, COUNT, {"applied": COUNT})
    scene.file(
        "the answer to a create comes after the time limit",
        "stops waiting, and finds the object by its nonce",
        ran,
    )


@pytest.mark.parametrize(
    "fault, strike",
    [
        ("the answer to an update is lost", f"drop-after-commit=3:{UPDATE}"),
        ("500 after an update took effect", f"answer-after-commit=500:3:{UPDATE}"),
    ],
)
def test_an_update_whose_answer_is_lost_is_read_and_found_done(scene: Scene, fault: str, strike: str) -> None:
    scene.edited().account.strike(strike.format(scene.account.collection))
    ran = scene.apply()

    assert (ran.code, ran.writes, ran.outcomes) == (0, COUNT, {"applied": COUNT})
    scene.file(fault, "reads the object, sees its own mark and values there, and goes on", ran)


@pytest.mark.parametrize(
    "fault, strike",
    [
        ("the answer to a delete is lost", f"drop-after-commit=3:{DELETE}"),
        ("500 after a delete took effect", f"answer-after-commit=500:3:{DELETE}"),
    ],
)
def test_a_delete_whose_answer_is_lost_is_read_and_found_done(scene: Scene, fault: str, strike: str) -> None:
    def destroy() -> object:
        return scene.command("destroy", "--yes", "--max-deletes", str(COUNT))

    scene.applied().account.strike(strike.format(scene.account.collection))
    ran = destroy()

    assert (ran.code, ran.writes, ran.outcomes) == (0, COUNT, {"applied": COUNT})
    scene.file(fault, "(`destroy`) reads the object and sees that it is gone", ran, again=destroy, left=0)


def limited(app: Asgi) -> Asgi:
    """429, with the header that the server's own rate limit sends."""

    async def refusing(scope: Scope, receive: Receive, send: Send) -> None:
        headers = {"retry-after": "1", "retry-after-ms": "20"}
        text = "Rate limit reached."
        answer = refused(Refusal(429, text, kind="requests", code="rate_limit_exceeded", headers=headers))
        await answer(scope, receive, send)

    return refusing


def test_a_storm_of_429_slows_an_apply_and_loses_nothing(scene: Scene) -> None:
    tries: Counter[str] = Counter()

    def around(app: Asgi) -> Asgi:
        storm = limited(app)

        async def counting(scope: Scope, receive: Receive, send: Send) -> None:
            if not writes(scope):
                await app(scope, receive, send)
                return
            body = await read_body(receive)
            name = json.loads(body)["name"]
            tries[name] += 1
            await (storm if tries[name] < 3 else app)(scope, giving(body, receive), send)

        return counting

    scene.account.strike(around=around)
    ran = scene.apply()

    assert (ran.code, ran.writes, ran.outcomes) == (0, COUNT, {"applied": COUNT})
    assert set(tries.values()) == {3}
    scene.file(
        "429 to the first two tries of each write, with `Retry-After`",
        "waits as long as it is told, halves how many writes run at once, and sends again",
        ran,
    )


def test_a_limit_that_does_not_end_is_given_up(scene: Scene) -> None:
    scene.account.strike(around=each(10**6, writes, limited))
    ran = scene.apply()

    assert (ran.code, ran.writes) == (1, 0)
    assert ran.outcomes.total() == COUNT
    assert len([one for one in ran.asked if one[0] == "POST"]) <= 4 * 8
    scene.file("429 to every write", "tries each write at most four times, then starts no more and says why", ran)


@pytest.mark.parametrize("status", [400, 422])
def test_one_rejected_object_leaves_the_others_alone(scene: Scene, status: int) -> None:
    scene.account.strike(f"answer={status}:4:{CREATE}".format(scene.account.collection))
    ran = scene.apply()

    assert (ran.code, ran.writes) == (1, COUNT - 1)
    assert ran.outcomes == {"applied": COUNT - 1, "failed": 1}
    scene.file(
        f"one object of ten is rejected with {status}", "makes the others, and names the one with its reason", ran
    )
