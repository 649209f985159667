"""`test gc`: what was removed, what was not, and a line that counts it, as text and as JSON."""

import json

import pytest

from asstctl.core.errors import ServerFault
from asstctl.core.ledger import Leftover, Made, Swept
from asstctl.render.gc import swept_text
from asstctl.render.json.gc import swept_json
from tests.render.samples import FAR

RUN = "20261122-163000-k3x9"
COPY = Leftover(RUN, Made.ASSISTANT, f"assistant.guagua~{RUN}", "asst_1")
THREAD = Leftover(RUN, Made.THREAD, "schedule", "thread_1")
LOST = Leftover(RUN, Made.THREAD, "greets")
OTHER = Leftover("20261121-080000-aaaa", Made.VECTOR_STORE, "", "vs_1")

TABLE = {
    "nothing": (Swept(FAR), ["Nothing to remove on"]),
    "removed": (Swept(FAR, (COPY, THREAD)), ["- assistant", "- thread", "thread_1", "Removed 2 objects from"]),
    "failed": (
        Swept(FAR, failed=(Leftover(RUN, Made.FILE, "a.csv", "file_1", "the server refused"),)),
        ["! file", "the server refused", "Removed 0 objects", "1 object could not be"],
    ),
    "lost": (Swept(FAR, lost=(LOST,)), ["thread greets: nobody can find, if it is there at all"]),
    "doubtful": (
        Swept(FAR, lost=(Leftover(RUN, Made.FILE, "a.csv", bytes=812, maybe=("file_1", "file_2")),)),
        ["? file", "a.csv", "one of these uploads of 812 bytes", "file_1, file_2", "Nothing to remove on"],
    ),
    "cut off": (
        Swept(FAR, (COPY,), error=ServerFault("the server failed", detail="GET /vector_stores")),
        ["- assistant", "Removed 1 object from", "could not look for more", "the server failed", "GET /vector_stores"],
    ),
    "spared": (Swept(FAR, spared=(OTHER, COPY)), ["vector store vs_1 and assistant asst_1", "runs on other machines"]),
    "kept": (
        Swept(FAR, kept=(THREAD, THREAD, Leftover(RUN, Made.FILE, "a.csv", "file_1"))),
        [
            "2 threads and 1 file that were kept on purpose",
            "remove them too: asstctl test gc --target production-eu --all",
        ],
    ),
    "alive": (Swept(FAR, alive=(RUN,)), [f"1 run still goes on here: {RUN}"]),
    "unreadable": (Swept(FAR, unreadable=(RUN,)), [f"The ledger of {RUN} cannot be read."]),
}


@pytest.mark.parametrize("name", TABLE)
def test_everything_is_said(name: str) -> None:
    swept, parts = TABLE[name]
    said = " ".join(swept_text(swept).split())

    assert [part for part in parts if part not in said] == []


@pytest.mark.parametrize("name", TABLE)
def test_json_holds_the_same_facts(name: str) -> None:
    swept, _ = TABLE[name]
    found = json.loads(swept_json(swept))

    assert found["schema"] == "asstctl/test-gc/v1"
    assert [one["id"] for one in found["removed"]] == [one.id for one in swept.removed]
    assert [one["id"] for one in found["lost"]] == [None for _ in swept.lost]
    assert [one["id"] for one in found["kept"]] == [one.id for one in swept.kept]
    assert [one["maybe"] for one in found["lost"]] == [[*one.maybe] for one in swept.lost]
    assert (found["error"] or {}).get("summary") == (swept.error.summary if swept.error else None)
    assert (found["alive"], found["unreadable"]) == ([*swept.alive], [*swept.unreadable])


@pytest.mark.parametrize(
    ("name", "code"),
    [("removed", 0), ("kept", 0), ("lost", 0), ("doubtful", 0), ("failed", 1), ("cut off", 3), ("unreadable", 1)],
)
def test_what_should_have_gone_and_is_there_is_a_failure(name: str, code: int) -> None:
    assert TABLE[name][0].exit_code == code


def test_names_of_others_are_harmless() -> None:
    assert "\x1b" not in swept_text(Swept(FAR, (Leftover(RUN, Made.THREAD, "\x1b[31mred", "thread_1"),)))
