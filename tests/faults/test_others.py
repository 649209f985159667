"""Other people: edits between plan and apply, dashboard copies, marks that are gone."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from asstctl.core.mark import Mark
from asstctl.emulator.asgi import Asgi, Receive, Scope, Send
from asstctl.emulator.faults.exchange import giving, read_body
from asstctl.kinds.canonical import digest
from tests.engine.fakes import World, address
from tests.faults.account import writes
from tests.faults.scene import COUNT, Scene
from tests.faults.virtual import file_world, ten

EDITED = "assistant.a3"


def edit(world: World) -> None:
    world.store.edit(world.store.one(EDITED).id, temperature=0.9)


def undo_edit(world: World) -> None:
    world.store.edit(world.store.one(EDITED).id, temperature=1.0)


def remove(world: World) -> None:
    world.store.remove(world.store.one(EDITED).id)


@pytest.mark.anyio
@pytest.mark.parametrize(
    "fault, does, meanwhile, mend, mended",
    [
        (
            "between plan and apply: an object is edited",
            "reads each object again that was read more than 2 s ago, and skips the one that changed",
            edit,
            undo_edit,
            "the edit taken back: ",
        ),
        (
            "between plan and apply: an object is deleted",
            "skips it, and says that it was deleted since the plan",
            remove,
            lambda world: None,
            "",
        ),
    ],
)
async def test_what_changed_since_the_plan_is_not_written(
    fault: str, does: str, meanwhile: Callable[[World], None], mend: Callable[[World], None], mended: str
) -> None:
    world = World()
    await world.apply(*ten())
    reading = await world.read()
    plan = world.decide(reading, *ten(temperature=0.5))
    world.store.requests.clear()
    meanwhile(world)
    world.clock.time += 3
    report = await world.carry_out(plan, reading)

    assert (report.exit_code, world.store.writes) == (1, COUNT - 1)
    await file_world(
        world,
        fault,
        does,
        report,
        *ten(temperature=0.5),
        writes=COUNT - 1,
        mend=lambda: mend(world),
        mended=mended,
    )


def elsewhere(world: World) -> None:
    mark = Mark(
        "agiclass", address("a3"), nonce="riv4lriv", fields={"mo": digest("gpt-4o"), "na": digest("Assistant 3")}
    )
    world.store.put(name="Assistant 3", metadata=mark.metadata())


def namesake(world: World) -> None:
    world.store.put(name="Assistant 3")


def remove_namesake(world: World) -> None:
    (foreign,) = (live for live in world.store.lives if not live.metadata)
    world.store.remove(foreign.id)


@pytest.mark.anyio
@pytest.mark.parametrize(
    "fault, does, meanwhile, mend, mended",
    [
        (
            "between plan and apply: the address is created elsewhere",
            "lists again before creates that rest on a listing older than 2 s, and skips the one that is there",
            elsewhere,
            lambda world: None,
            "",
        ),
        (
            "between plan and apply: the name is given to a foreign object",
            "the same, and leaves the foreign object alone",
            namesake,
            remove_namesake,
            "the foreign one gone: ",
        ),
    ],
)
async def test_what_was_created_since_the_plan_is_not_created_again(
    fault: str, does: str, meanwhile: Callable[[World], None], mend: Callable[[World], None], mended: str
) -> None:
    world = World()
    reading = await world.read()
    plan = world.decide(reading, *ten())
    meanwhile(world)
    world.clock.time += 3
    report = await world.carry_out(plan, reading)

    assert (report.exit_code, world.store.writes) == (1, COUNT - 1)
    await file_world(world, fault, does, report, *ten(), writes=COUNT - 1, mend=lambda: mend(world), mended=mended)


def live_one(scene: Scene) -> Any:
    return next(one for one in scene.account.everything() if one["name"] == "Assistant 3")


def test_a_younger_copy_is_reported_and_left_alone(scene: Scene) -> None:
    """The oldest keeps the address, and an update reaches it alone."""
    with scene.account.earlier():
        scene.edited()
    original = live_one(scene)
    copy = {name: original[name] for name in ("name", "model", "instructions", "metadata")}
    pasted = scene.account.ask("POST", scene.account.collection, copy)["id"]
    ran = scene.apply()

    assert (ran.code, ran.writes, ran.outcomes) == (0, COUNT, {"applied": COUNT})
    assert pasted in ran.told
    assert scene.account.ask("GET", f"{scene.account.collection}/{pasted}")["instructions"] == "Answer at 0.2 degrees."
    scene.file(
        "a dashboard copy of an object, younger",
        "writes to the oldest alone, names the copy in every plan, and leaves it alone",
        ran,
        mend=lambda: scene.account.ask("DELETE", f"{scene.account.collection}/{pasted}"),
        mended="the copy deleted by hand: ",
    )


def test_an_older_object_with_a_copied_mark_blocks_its_address_alone(scene: Scene) -> None:
    """It takes the address, being the oldest; what it holds is not what was applied."""
    with scene.account.earlier():
        older = scene.account.ask("POST", scene.account.collection, {"model": "gpt-4", "name": "Older"})["id"]
    scene.edited()
    scene.account.ask("POST", f"{scene.account.collection}/{older}", {"metadata": live_one(scene)["metadata"]})
    ran = scene.apply()

    assert (ran.code, ran.writes) == (1, COUNT - 1)
    assert ran.outcomes == {"applied": COUNT - 1, "skipped": 1}
    assert scene.account.ask("GET", f"{scene.account.collection}/{older}")["model"] == "gpt-4"
    scene.file(
        "a dashboard copy of an object, older",
        "takes the oldest for the address, finds it changed outside of git, and blocks it alone",
        ran,
        mend=lambda: scene.account.ask("DELETE", f"{scene.account.collection}/{older}"),
        mended="the copy deleted by hand: ",
    )


def test_an_object_whose_mark_was_removed_is_foreign_and_blocks_its_name(scene: Scene) -> None:
    scene.edited()
    original = live_one(scene)
    scene.account.ask("POST", f"{scene.account.collection}/{original['id']}", {"metadata": {}})
    ran = scene.apply()

    assert (ran.code, ran.writes) == (1, COUNT - 1)
    assert ran.outcomes == {"applied": COUNT - 1, "skipped": 1}
    scene.file(
        "the mark is removed by hand",
        "the object is foreign now: never written to, and its name blocks the create of another",
        ran,
        mend=lambda: scene.account.ask(
            "POST", f"{scene.account.collection}/{original['id']}", {"metadata": original["metadata"]}
        ),
        mended="the mark put back by hand: ",
    )


def forgetful(app: Asgi) -> Asgi:
    """A server that takes no metadata."""

    async def dropping(scope: Scope, receive: Receive, send: Send) -> None:
        if writes(scope) and scope["method"] == "POST":
            body = {**json.loads(await read_body(receive)), "metadata": {}}
            receive = giving(json.dumps(body).encode(), receive)
        await app(scope, receive, send)

    return dropping


def test_a_server_that_drops_metadata_is_left_as_it_was(scene: Scene) -> None:
    scene.account.strike(around=forgetful)
    ran = scene.apply()

    assert ran.code == 1
    assert scene.account.everything() == []
    assert "does not keep metadata" in ran.told
    scene.file(
        "the server drops metadata",
        "reads the object again, deletes it by the id that its own create returned, and makes nothing more",
        ran,
        mended="on a server that keeps it: ",
    )
