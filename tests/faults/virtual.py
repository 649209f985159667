"""The engine over an account in memory with a clock of its own: what takes seconds, or happens between two steps.

`Late` is an account whose listings show, for some seconds, each object as it was; the fakes of `tests.engine` know
only new objects that are missing. An object read by its id is current.
"""

import copy
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

from asstctl.core.json_types import Json
from asstctl.core.outcome import ApplyReport
from asstctl.core.resource import Desired, Listing, Live
from tests.engine.fakes import CAPABILITIES, Clock, FakeStore, Stored, World, wanted
from tests.faults.scene import COUNT
from tests.faults.table import Row, file


class Late(FakeStore):
    """Listings show each object as it was `seconds` ago, or as it was first."""

    def __init__(self, seconds: float, capabilities: Any = CAPABILITIES) -> None:
        super().__init__(Clock(), capabilities)
        self._seconds = seconds
        self._versions: dict[str, list[tuple[float, Stored]]] = defaultdict(list)

    async def create(self, kind: str, fields: Mapping[str, Json]) -> Live:
        return self._noted(await super().create(kind, fields))

    async def update(self, kind: str, id: str, fields: Mapping[str, Json]) -> Live:
        return self._noted(await super().update(kind, id, fields))

    def edit(self, id: str, **fields: Any) -> None:
        super().edit(id, **fields)
        self._noted(self.objects[id].live())

    async def list(self, kind: str) -> Listing:
        current = await super().list(kind)
        return Listing(kind, tuple(self._as_listed(live) for live in current.objects))

    def _noted(self, live: Live) -> Live:
        self._versions[live.id].append((self.clock.time, copy.deepcopy(self.objects[live.id])))
        return live

    def _as_listed(self, live: Live) -> Live:
        versions = self._versions[live.id]
        seen = [stored for at, stored in versions if at <= self.clock.time - self._seconds]
        return (seen[-1] if seen else versions[0][1]).live()


def ten(**fields: Any) -> list[Desired]:
    """Ten assistants of these fields."""
    return [wanted(f"a{number}", name=f"Assistant {number}", **fields) for number in range(COUNT)]


async def file_world(
    world: World,
    fault: str,
    does: str,
    report: ApplyReport,
    *desired: Desired,
    writes: int,
    mend: Callable[[], Any] = lambda: None,
    mended: str = "",
    later: float = 60.0,
) -> None:
    """As Scene.file: the faults are over, a minute later the same apply puts right what is left, then nothing is."""
    store = world.store
    there = sum(len(store.bearing(str(one.address))) for one in desired)
    store.faults.clear()
    store.before = lambda verb, id: None
    store.clock.time += later
    mend()
    before = store.writes, store.count("create")
    following = await world.apply(*desired)
    wrote, created = store.writes - before[0], store.count("create") - before[1]
    assert following.exit_code == 0, following
    last = await world.apply(*desired)
    assert (last.exit_code, last.outcomes) == (0, ())
    assert store.writes == before[0] + wrote
    assert [len(store.bearing(str(one.address))) for one in desired] == [1] * len(desired)
    outcomes: dict[str, int] = {}
    for outcome in report.outcomes:
        outcomes[outcome.status] = outcomes.get(outcome.status, 0) + 1
    file(
        Row(
            fault,
            does,
            ", ".join(f"{number} {status}" for status, number in sorted(outcomes.items())) or "none",
            f"{there} of {len(desired)}",
            str(writes),
            str(int(report.exit_code)),
            mended + (f"{_number(created, 'create')}" if created else _number(wrote, "write")),
            "0 writes",
        )
    )


def _number(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
