"""Processes that are killed: asstctl at each of its writes, and the server under it."""

import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.emulator.process import Server
from tests.faults.scene import Ran, Scene
from tests.faults.table import Row, file

MANY = 50
AT_ONCE = 8
SOME = (26,)


def killed_at(point: int, scene: Scene) -> Ran:
    """Killed after so many writes, and what it had done by then."""
    code = scene.killed_at(point)
    done = [*scene.account.done]
    assert code == -signal.SIGKILL
    assert point <= len(done) < point + AT_ONCE
    return Ran(code, scene.account.marked(), done, [*scene.account.asked], "")


def recovered(scene: Scene, killed: Ran, missing: Callable[[Ran], int]) -> None:
    """What the killed run left to do is done by the next, once each, and the one after it has nothing to do."""
    twins = scene.account.marked()
    assert set(twins.values()) <= {1}
    following, last = scene.apply(), scene.apply()

    assert (following.code, following.writes) == (0, missing(killed))
    assert (last.code, last.writes, last.outcomes) == (0, 0, {})
    there = scene.account.marked()
    assert (len(there), set(there.values())) == (MANY, {1})


def start_over(scene: Scene) -> None:
    for one in scene.account.everything():
        scene.account.ask("DELETE", f"{scene.account.collection}/{one['id']}")


def at_each_create(scene: Scene, points: tuple[int, ...]) -> None:
    scene.count = MANY
    scene.write()
    for point in points:
        start_over(scene)
        recovered(scene, killed_at(point, scene), lambda killed: MANY - killed.writes)


def at_each_update(scene: Scene, points: tuple[int, ...]) -> None:
    scene.count = MANY
    scene.applied()
    for point in points:
        scene.temperature = point / 100
        scene.write()
        recovered(scene, killed_at(point, scene), lambda killed: MANY - killed.writes)


def file_kills(fault: str, does: str, what: str) -> None:
    objects = f"k to k+{AT_ONCE - 1} of {MANY}, k = 1…{MANY}" if what == "creates" else f"{MANY} of {MANY}"
    file(
        Row(
            fault,
            does,
            "none: it was killed",
            objects,
            f"k to k+{AT_ONCE - 1}",
            "-9",
            f"the {what} that are left",
            "0 writes",
        )
    )


def test_a_killed_apply_of_creates_is_finished_by_the_next(scene: Scene) -> None:
    at_each_create(scene, SOME)


def test_a_killed_apply_of_updates_is_finished_by_the_next(scene: Scene) -> None:
    at_each_update(scene, SOME)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_an_apply_may_be_killed_at_each_of_its_creates(scene: Scene) -> None:
    at_each_create(scene, tuple(range(1, MANY + 1)))
    file_kills(
        "asstctl is gone: kill -9 at each of 50 creates in turn",
        "the next apply finds by the marks what was made, and makes the rest",
        "creates",
    )


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_an_apply_may_be_killed_at_each_of_its_updates(scene: Scene) -> None:
    at_each_update(scene, tuple(range(1, MANY + 1)))
    file_kills(
        "asstctl is gone: kill -9 at each of 50 updates in turn",
        "marks and values were written together, so the next apply writes only what is left",
        "updates",
    )


@pytest.mark.slow
def test_a_server_that_is_gone_in_the_middle_is_given_up_and_lost_nothing(scene: Scene, tmp_path: Path) -> None:
    """It is killed after a commit and before the reply; another one goes on with its database."""
    account, scene.count = scene.account, MANY
    database = tmp_path / "elsewhere.db"
    api = ("--api", account.api)
    stopping = Server(database, *api, "--fault", f"stop-after-commit=25:POST {account.collection}")
    home, account.url = account.url, stopping.url
    scene.write()
    ran = scene.apply()
    stopping.stop()
    assert ran.code == 1
    assert 25 - AT_ONCE < ran.outcomes["applied"] < 25
    assert 1 <= ran.outcomes["unknown"] <= AT_ONCE

    revived = Server(database, *api)
    try:
        account.url = revived.url
        scene.write()
        survivors = account.marked()
        assert (set(survivors.values()), len(survivors)) == ({1}, 25)
        following, last = scene.apply(), scene.apply()
        assert (following.code, following.outcomes) == (0, {"applied": MANY - len(survivors)})
        assert (last.code, last.outcomes) == (0, {})
        there = account.marked()
        assert (len(there), set(there.values())) == (MANY, {1})
    finally:
        account.url = home
        revived.stop()
    file(
        Row(
            "the server is gone in the middle (kill -9 after a commit)",
            "looks for what was in flight and says that it is unknown, starts nothing more and says why",
            "applied, unknown, skipped",
            "25 of 50",
            "25",
            "1",
            "25 creates",
            "0 writes",
        )
    )
