"""Ctrl-C at every moment of a suite: what was made is deleted, or stands in the ledger and is named."""

import asyncio
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from asstctl.conversation.case import Case, Cleanup, Turn, UserFile
from asstctl.conversation.playing.runner import SuiteRun
from asstctl.core.errors import AnswerLost, ServerFault, Unreachable
from asstctl.core.thread import Tool
from tests.conversation.fakes import FakeLedger, FakeStage, ScriptedHost, ScriptedJudge, Step, World, calls, says
from tests.conversation.samples import case, run, stub, turn, where

PDF = UserFile("files/a.pdf", where(3), Path("files/a.pdf"), tools=(Tool.FILE_SEARCH,))
CSV = UserFile("files/b.csv", where(4), Path("files/b.csv"), tools=(Tool.CODE_INTERPRETER,))
SCRIPT: tuple[Step, ...] = (calls(("look", "{}")), says("1"), says("2"))


@dataclass
class Counted(World):
    """A world that remembers what is there of all kinds, and yields to the loop before and after each request."""

    there: set[str] = field(default_factory=set)
    closing: Exception | None = None

    def host(self) -> ScriptedHost:
        self.hosts += 1
        return _Slow(self, list(self.script))


class _Slow(ScriptedHost):
    """Each request takes a few turns of the loop, and what it makes is there from the middle on."""

    world: Counted

    async def upload(self, file, *, purpose):  # type: ignore[no-untyped-def]
        await asyncio.sleep(0)
        id = await super().upload(file, purpose=purpose)
        self.world.there.add(id)
        await asyncio.sleep(0)
        return id

    async def open(self, **more):  # type: ignore[no-untyped-def]
        await asyncio.sleep(0)
        opened = await super().open(**more)
        opened = replace(opened, stores=(f"vs_{opened.thread}",))
        self.world.there |= {opened.thread, *opened.stores}
        await asyncio.sleep(0)
        return opened

    async def post(self, thread, said):  # type: ignore[no-untyped-def]
        await asyncio.sleep(0)
        await super().post(thread, said)

    async def _next(self):  # type: ignore[no-untyped-def]
        await asyncio.sleep(0)
        return await super()._next()

    async def discard(self, kind, id):  # type: ignore[no-untyped-def]
        await asyncio.sleep(0)
        if self.world.closing:
            raise self.world.closing
        self.world.there.discard(id)
        await super().discard(kind, id)

    async def close(self, thread):  # type: ignore[no-untyped-def]
        await asyncio.sleep(0)
        if self.world.closing:
            raise self.world.closing
        await super().close(thread)
        self.world.there.discard(thread)
        await asyncio.sleep(0)

    async def aclose(self) -> None:
        await asyncio.sleep(0)
        await super().aclose()


def _cases() -> list[Case]:
    def turns() -> tuple[Turn, ...]:
        return turn("a", files=(CSV,)), turn("b")

    answered = {"look": (stub("1"),)}
    plain = [case(*turns(), stubs=answered, files=(PDF,), id=f"c{n}") for n in range(3)]
    return [*plain, case(*turns(), stubs=answered, id="kept", cleanup=Cleanup.NEVER)]


async def _cut_at(moment: int, again: int, world: Counted, ledger: FakeLedger) -> tuple[SuiteRun | None, bool]:
    """A suite that is cancelled at this step of the loop, and again so many steps later; whether it was cut off."""
    stage = FakeStage(lambda playing: world.host(), judged={"default": ScriptedJudge()})
    task = asyncio.create_task(run(stage, *_cases(), ledger=ledger, jobs=2))
    steps = 0
    cut = False
    while not task.done():
        await asyncio.sleep(0)
        steps += 1
        if steps in (moment, moment + again) and not task.done():
            cut = True
            task.cancel()
    return (None if task.cancelled() else task.result()), cut


@pytest.mark.parametrize("again", [0, 1, 7], ids=["once", "twice at once", "twice"])
@pytest.mark.parametrize(
    ("opens", "closes"),
    [(None, None), (AnswerLost("lost"), None), (Unreachable("no"), None), (None, ServerFault("no"))],
    ids=["well", "an answer is lost", "nothing is made", "nothing can be deleted"],
)
def test_nothing_is_lost_whenever_it_is_cut_off(opens: Exception | None, closes: Exception | None, again: int) -> None:
    """Every step of the loop is tried until the suite is done before."""
    moment, cut, moments = 1, True, 0
    while cut:
        world = Counted(SCRIPT, on_open=opens, closing=closes)
        ledger = FakeLedger()
        suite, cut = asyncio.run(_cut_at(moment, again, world, ledger))
        moments += cut
        if suite is None:  # cut off before its first step
            assert not world.log
        else:
            noted = {id for _, id in ledger.left.values()} - {""}
            kept = set(ledger.on_purpose)
            assert world.there == noted, (moment, world.there, noted)
            assert noted <= {*suite.left_behind} | kept, (moment, noted, suite.left_behind)
            nameless = [one for one in suite.left_behind if "whose id nobody learned" in one]
            assert bool(nameless) == ("" in {id for _, id in ledger.left.values()})
            assert world.closed_hosts == world.hosts
            assert closes or not world.threads - kept
        moment += 1
    assert moments > 20
