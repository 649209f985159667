"""Knowledge: uploads whose answers are lost, files that cannot be processed, and stores that go away meanwhile."""

import asyncio
import signal
from collections import Counter
from collections.abc import Iterable

import pytest

from asstctl.emulator.asgi import Asgi, Receive, Scope, Send
from tests.faults.account import writes
from tests.faults.scene import Ran, Scene
from tests.faults.table import Row, file

pytestmark = pytest.mark.parametrize("scene", ["assistants"], indirect=True)
"""Files and stores are of one wire, whatever speaks of assistants beside it: tests/contract holds that."""

FILES = 5
AT_ONCE = 8
LONGER = 35
HANDBOOK = "kind: vector_store\nkey: handbook\nname: Handbook\nfiles: [/docs/*.md]\n"


def with_handbook(scene: Scene, *, changed: str = "") -> None:
    """A store of five files, and no assistant."""
    scene.count = 0
    scene.write()
    (scene.root / "assistants/all.yaml").write_text(HANDBOOK)
    (scene.root / "docs").mkdir(exist_ok=True)
    for number in range(FILES):
        (scene.root / f"docs/f{number}.md").write_text(f"Chapter {number} of the handbook. {changed}")


def held(scene: Scene) -> Counter[str]:
    """The status of each file in the one store, each told by the path that it stands for; nothing twice."""
    (store,) = scene.account.everything("/vector_stores")
    files = scene.account.everything(f"/vector_stores/{store['id']}/files")
    paths = Counter(one["attributes"]["asstctl_path"] for one in files)
    assert set(paths.values()) <= {1}
    return Counter(one["status"] for one in files)


def uploads(scene: Scene) -> int:
    return len(scene.account.everything("/files"))


def file_knowledge(scene: Scene, fault: str, does: str, ran: Ran, *, mended: str = "", there: str = "") -> None:
    """As Scene.file: the next apply puts right what is left, and the one after it writes nothing."""
    there = there or f"{len(uploads_of(scene))} uploads of {FILES}"
    scene.account.strike()
    following, last = scene.apply(), scene.apply()
    assert (following.code, last.code, last.writes, last.outcomes) == (0, 0, 0, {}), following.told
    assert (held(scene), uploads(scene)) == ({"completed": FILES}, FILES)
    written = "0 writes" if not following.writes else f"{following.writes} writes"
    file(Row(fault, does, str(ran), there, str(ran.writes), str(ran.code), mended + written, "0 writes"))


def uploads_of(scene: Scene) -> list[object]:
    return scene.account.everything("/files")


def test_an_upload_whose_answer_is_lost_is_found_and_not_sent_again(scene: Scene) -> None:
    with_handbook(scene)
    scene.account.strike("drop-after-commit=3:POST /files")
    ran = scene.apply()

    assert (ran.code, ran.done.count(("POST", "/files"))) == (0, FILES)
    file_knowledge(
        scene,
        "the answer to an upload is lost",
        "finds it among the uploads, by name, size and time, and does not send it again",
        ran,
    )


def test_a_file_that_cannot_be_processed_leaves_its_predecessor(scene: Scene) -> None:
    with_handbook(scene)
    assert scene.apply().code == 0
    bad = scene.root / "docs/f2.md"
    bad.write_bytes(bytes(range(32)) * 40)
    ran = scene.apply()

    assert ran.code == 1
    assert "docs/f2.md" in ran.told
    (store,) = scene.account.everything("/vector_stores")
    files = scene.account.everything(f"/vector_stores/{store['id']}/files")
    good = [one for one in files if one["attributes"]["asstctl_path"] == "docs/f2.md" and one["status"] == "completed"]
    assert len(good) == 1
    there = f"{len(files_of(scene))} files in the store, the predecessor among them"
    bad.write_text("Readable again.")
    file_knowledge(
        scene,
        "a file that replaces another cannot be processed",
        "keeps the predecessor, and names the file and the reason",
        ran,
        mended="the file mended: ",
        there=there,
    )


def files_of(scene: Scene) -> list[object]:
    (store,) = scene.account.everything("/vector_stores")
    return scene.account.everything(f"/vector_stores/{store['id']}/files")


def test_a_store_that_is_deleted_meanwhile_is_made_again_by_the_next_apply(scene: Scene) -> None:
    with_handbook(scene)
    assert scene.apply().code == 0
    with_handbook(scene, changed="The second edition.")
    (store,) = scene.account.everything("/vector_stores")
    turn, gone = asyncio.Lock(), []

    def around(app: Asgi) -> Asgi:
        async def deleting(scope: Scope, receive: Receive, send: Send) -> None:
            async with turn:
                if writes(scope) and not gone:
                    gone.append(scope["path"])
                    await asyncio.to_thread(scene.account.ask, "DELETE", f"/vector_stores/{store['id']}")
            await app(scope, receive, send)

        return deleting

    scene.account.strike(around=around)
    ran = scene.apply()

    assert ran.code == 1
    assert scene.account.everything("/vector_stores") == []
    for one in scene.account.everything("/files"):
        if one["bytes"] < LONGER:
            scene.account.ask("DELETE", f"/files/{one['id']}")  # those of the store that somebody deleted
    file_knowledge(
        scene,
        "a store is deleted while its files are uploaded",
        "says so; the next apply makes the store again, and takes the uploads that its journal knows",
        ran,
        there="no store",
    )


def recovered(scene: Scene) -> None:
    """Each file is there once, and an upload whose end a killed run never heard of is the most that is left over."""
    following, last = scene.apply(), scene.apply()
    assert (following.code, last.code, last.writes, last.outcomes) == (0, 0, 0, {}), following.told
    assert held(scene) == {"completed": FILES}
    assert FILES <= uploads(scene) <= FILES + AT_ONCE


def start_over(scene: Scene) -> None:
    for kind in ("/vector_stores", "/files"):
        for one in scene.account.everything(kind):
            scene.account.ask("DELETE", f"{kind}/{one['id']}")


def filling(scene: Scene, points: Iterable[int]) -> None:
    with_handbook(scene)
    for point in points:
        start_over(scene)
        assert scene.killed_at(point) in ENDS
        recovered(scene)


def replacing(scene: Scene, points: Iterable[int]) -> None:
    with_handbook(scene)
    assert scene.apply().code == 0
    for point in points:
        with_handbook(scene, changed=f"Edition {point}, with more to read than before.")
        assert scene.killed_at(point) in ENDS
        recovered(scene)
        start_over(scene)
        assert scene.apply().code == 0


ENDS = (-signal.SIGKILL, 0)
"""Killed, or done: a run may make fewer writes."""

FILL, REPLACE = range(1, 2 * FILES + 2), range(1, 4 * FILES + 1)


def test_filling_a_store_may_be_killed(scene: Scene) -> None:
    filling(scene, (4,))


def test_replacing_files_may_be_killed(scene: Scene) -> None:
    replacing(scene, (12,))


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_filling_a_store_may_be_killed_at_each_write(scene: Scene) -> None:
    filling(scene, FILL)
    file_kills("filling a store of five files", len(FILL))


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_replacing_files_may_be_killed_at_each_write(scene: Scene) -> None:
    replacing(scene, REPLACE)
    file_kills("replacing its five files", len(REPLACE))


def file_kills(what: str, points: int) -> None:
    file(
        Row(
            f"asstctl is gone: kill -9 at each write of {what}",
            "the next apply finds store and files by their marks, and uploads by the journal",
            "none: it was killed",
            f"{FILES} of {FILES} files after the next apply, each once",
            f"k and what was on its way, k = 1…{points}",
            "-9",
            "what is left",
            "0 writes",
        )
    )
