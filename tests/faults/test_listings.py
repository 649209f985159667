"""Listings that lag behind, go in circles or never end."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from asstctl.core.errors import AnswerLost
from asstctl.emulator.asgi import Asgi, Receive, Scope, Send
from asstctl.emulator.faults.exchange import ask, envelope
from asstctl.providers.assistants.paging import MAX_PAGES
from tests.engine.fakes import CAPABILITIES, FakeStore, Fault, World
from tests.faults.scene import COUNT, Scene
from tests.faults.virtual import Late, file_world, ten

LAG = 5.0
LAGGING = replace(CAPABILITIES, list_lag=LAG)


@pytest.mark.anyio
async def test_a_lost_answer_is_looked_for_no_earlier_than_the_lag() -> None:
    world = World(FakeStore(capabilities=LAGGING))
    world.store.lag = LAG
    world.store.faults["create"].extend([None, None, Fault(AnswerLost("dropped"), after=True)])
    report = await world.apply(*ten())

    assert (report.exit_code, world.store.count("create")) == (0, COUNT)
    await file_world(
        world,
        "listings show new objects 5 s late, and an answer is lost",
        "(`list_lag: 5`) waits out the lag before it looks for the nonce, and before the listing that proves one "
        "object each",
        report,
        *ten(),
        writes=COUNT,
    )


@pytest.mark.anyio
async def test_an_apply_right_after_another_makes_no_twins_on_a_lagging_server() -> None:
    """The first waits out the lag before it ends."""
    world = World(FakeStore(capabilities=LAGGING))
    world.store.lag = LAG
    await world.apply(*ten())
    report = await world.apply(*ten())

    assert (report.outcomes, world.store.writes) == ((), COUNT)
    await file_world(
        world,
        "listings show new objects 5 s late, two applies in a row",
        "(`list_lag: 5`) the first ends only when its objects are listed, so the second finds them",
        report,
        *ten(),
        writes=COUNT,
    )


@pytest.mark.anyio
async def test_what_a_late_listing_shows_is_read_again_before_it_is_written() -> None:
    """An edit that the listing does not show yet is not written over; our own write is not made twice."""
    world = World(Late(LAG, LAGGING))
    await world.apply(*ten())
    world.clock.time += 60
    await world.apply(*ten(temperature=0.5))
    world.clock.time += 1
    wrote = world.store.writes
    report = await world.apply(*ten(temperature=0.5))

    assert (report.exit_code, world.store.writes) == (0, wrote)
    await file_world(
        world,
        "listings show changes 5 s late",
        "(`list_lag: 5`) reads each object by its id before it is written: what is there already is not written again, "
        "and what somebody else changed meanwhile is left alone",
        report,
        *ten(temperature=0.5),
        writes=0,
    )


@pytest.mark.anyio
async def test_an_edit_that_a_late_listing_does_not_show_is_not_written_over() -> None:
    world = World(Late(LAG, LAGGING))
    await world.apply(*ten())
    world.clock.time += 60
    edited = world.store.one("assistant.a3").id
    world.store.edit(edited, temperature=0.9)
    world.clock.time += 1
    report = await world.apply(*ten(temperature=0.5))

    assert (report.exit_code, world.store.objects[edited].fields["temperature"]) == (1, 0.9)
    assert "changed on local since the plan" in next(o.detail for o in report.outcomes if o.detail)


SECONDS = 0.6
only_agents = pytest.mark.parametrize("scene", ["agents"], indirect=True)


def lagging(scene: Scene, way: str, *faults: str) -> Scene:
    """A target that says how far its listings lag, as they do from now on: in who is in them, or in what each says."""
    scene.account.strike(f"list-lag={SECONDS}:{way}", *faults)
    scene.list_lag = SECONDS + 0.2
    scene.write()
    return scene


@only_agents
def test_on_agents_a_lost_create_is_found_once_its_listing_shows_it(scene: Scene) -> None:
    """And the apply right after it finds what was made, since the first ends only then."""
    lagging(scene, "members", f"drop-after-commit=3:POST {scene.account.collection}")
    first, second = scene.apply(), scene.apply()

    assert (first.code, first.writes, first.outcomes) == (0, COUNT, {"applied": COUNT})
    assert (second.code, second.writes, second.outcomes) == (0, 0, {})
    assert set(scene.account.marked().values()) == {1}
    assert len(scene.account.everything()) == COUNT


@only_agents
def test_on_agents_a_change_that_a_listing_does_not_show_yet_is_not_made_twice(scene: Scene) -> None:
    lagging(scene, "bodies")
    scene.applied()
    scene.temperature = 0.7
    scene.write()
    time.sleep(SECONDS)
    first, second = scene.apply(), scene.apply()

    assert (first.code, first.writes) == (0, COUNT)
    assert (second.code, second.writes) == (0, 0)
    time.sleep(SECONDS)
    assert (scene.apply().outcomes, scene.account.done) == ({}, [])


@only_agents
def test_on_agents_an_edit_that_a_listing_does_not_show_yet_is_not_written_over(scene: Scene) -> None:
    lagging(scene, "bodies")
    scene.applied()
    time.sleep(SECONDS)
    edited = scene.account.everything()[3]["id"]
    path = f"{scene.account.collection}/{edited}"
    scene.account.ask("POST", path, {"instructions": "Somebody's own."}, beside=False)
    scene.temperature = 0.7
    scene.write()
    ran = scene.apply()

    assert (ran.code, ran.writes, ran.outcomes) == (1, COUNT - 1, {"applied": COUNT - 1, "skipped": 1})
    assert scene.account.ask("GET", path)["instructions"] == "Somebody's own."
    scene.account.ask("POST", path, {"instructions": "Answer at 0.2 degrees."}, beside=False)
    time.sleep(SECONDS)
    assert (scene.apply().code, scene.apply().writes) == (0, 0)


def endless(scene: Scene, answer: Callable[[dict[str, Any], int], Any]) -> None:
    """Every page of the listing of assistants is what `answer` makes of it and of its number."""
    number = [0]

    def around(app: Asgi) -> Asgi:
        async def paging(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["method"] != "GET" or scope["path"] != f"/v1{scene.account.collection}":
                await app(scope, receive, send)
                return
            page = await ask(app, {**scope, "query_string": b"limit=100&order=asc"})
            number[0] += 1
            page.json = answer(page.json["data"][0], number[0])
            await page.send(send)

        return paging

    scene.account.strike(around=around)


@pytest.mark.parametrize(
    "fault, does, requests, page",
    [
        (
            "a listing ignores its cursor",
            "sees the first object again on the second page, and refuses to plan: absence would prove nothing",
            2,
            lambda first, number: envelope([first], has_more=True),
        ),
        (
            "a listing never ends",
            f"stops after {MAX_PAGES:,} requests, and refuses to plan",
            MAX_PAGES,
            lambda first, number: envelope([{**first, "id": f"asst_{number}"}], has_more=True),
        ),
    ],
)
def test_a_listing_without_an_end_ends_the_command(
    scene: Scene, fault: str, does: str, requests: int, page: Callable[[Any, int], Any]
) -> None:
    endless(scene.edited(), page)
    ran = scene.apply()

    assert (ran.code, ran.writes) == (3, 0)
    assert ran.asked.count(("GET", scene.account.collection)) == requests
    scene.file(fault, does, ran)
