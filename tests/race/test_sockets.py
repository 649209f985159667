"""Two applies at once over sockets, held until both are about to create."""

import asyncio
import json
from collections import Counter, defaultdict
from functools import partial

import pytest

from asstctl.core.outcome import Applied, OutcomeStatus
from asstctl.emulator.asgi import Asgi, Receive, Scope, Send
from asstctl.emulator.faults.exchange import giving, read_body
from asstctl.workspace.apply import Conduct, apply
from asstctl.workspace.workspace import Workspace
from tests.faults.account import Account, is_post
from tests.faults.scene import Scene

ADDRESSES = 3


def in_pairs(collection: str, app: Asgi) -> Asgi:
    """The creates of one name wait for each other, and go on once there are two of them."""
    waiting: Counter[str] = Counter()
    complete: dict[str, asyncio.Event] = defaultdict(asyncio.Event)
    is_create = is_post(to=collection)

    async def held(scope: Scope, receive: Receive, send: Send) -> None:
        if is_create(scope):
            body = await read_body(receive)
            name = json.loads(body)["name"]
            waiting[name] += 1
            if waiting[name] == 2:
                complete[name].set()
            await complete[name].wait()
            receive = giving(body, receive)
        await app(scope, receive, send)

    return held


def race(scene: Scene, account: Account) -> list[Applied]:
    """Two applies; each create is let through when the other's has come."""
    account.strike(around=partial(in_pairs, account.collection))

    async def both() -> list[Applied]:
        workspaces = Workspace(scene.root), Workspace(scene.root)
        return await asyncio.gather(*(apply(one, Conduct(approve=lambda _: True)) for one in workspaces))

    return asyncio.run(both())


def rounds(scene: Scene, number: int) -> None:
    account, scene.count = scene.account, ADDRESSES
    scene.write()
    for _ in range(number):
        account.forget()
        reports = [applied.report for applied in race(scene, account)]
        assert None not in reports
        account.strike()

        assert Counter(method for method, _ in account.done) == {"POST": 2 * ADDRESSES, "DELETE": ADDRESSES}, reports
        assert set(account.marked().values()) == {1}
        there = {one["metadata"]["asstctl_key"]: one["id"] for one in account.everything()}
        outcomes = [o for report in reports if report for o in report.outcomes]
        for address, id in there.items():
            own = [o for o in outcomes if str(o.address) == address]
            assert sorted(o.status for o in own) == [OutcomeStatus.APPLIED, OutcomeStatus.FAILED]
            assert {o.remote_id for o in own} == {id}
        for report in reports:
            assert report is not None
            lost = any(o.status is OutcomeStatus.FAILED for o in report.outcomes)
            assert int(report.exit_code) == (1 if lost else 0)
        ran = scene.apply()
        assert (ran.code, ran.writes, len(there)) == (0, 0, ADDRESSES)
        for id in there.values():
            account.ask("DELETE", f"{account.collection}/{id}")


def test_two_applies_at_once_over_sockets_leave_one_object_per_address(scene: Scene) -> None:
    # each round waits for the end of a second where ties are in no order
    rounds(scene, 3 if scene.account.api == "agents" else 10)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_hundred_rounds_of_them_do(scene: Scene) -> None:
    rounds(scene, 100)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_two_processes_at_once_leave_one_object_per_address(scene: Scene) -> None:
    """The loser exits with 1; where each lost some, both do."""
    account, scene.count = scene.account, ADDRESSES
    scene.write()
    for _ in range(10):
        account.strike(around=partial(in_pairs, account.collection))
        with scene.start() as one, scene.start() as other:
            codes = sorted((one.wait(timeout=60), other.wait(timeout=60)))
        account.strike()
        assert codes in ([0, 1], [1, 1])
        assert account.marked() == {f"assistant.a{number:02}": 1 for number in range(ADDRESSES)}
        ran = scene.apply()
        assert (ran.code, ran.writes) == (0, 0)
        for live in account.everything():
            account.ask("DELETE", f"{account.collection}/{live['id']}")
