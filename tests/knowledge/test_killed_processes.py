"""An apply that is killed with SIGKILL at each of its writes: the next one ends it with what was sent already."""

import signal
from collections import Counter

import pytest

from tests.faults.conftest import scene
from tests.faults.scene import Scene

__all__ = ["scene"]

pytestmark = pytest.mark.parametrize("scene", ["assistants"], indirect=True)
"""Agents have neither stores nor files for code."""

FILES, CODE = 6, 2
WRITES = 1 + 2 * FILES + CODE + 1
AT_ONCE = 8
MANIFESTS = """\
kind: vector_store
key: handbook
files: [/docs/*.md]
---
kind: assistant
key: tutor
model: gpt-4o
tools: [{type: file_search}, {type: code_interpreter}]
tool_resources:
  file_search: {vector_stores: [handbook]}
  code_interpreter: {files: [/data/*.csv]}
"""


def prepare(scene: Scene) -> None:
    scene.count = 0
    scene.write()
    (scene.root / "assistants" / "all.yaml").write_text(MANIFESTS)
    for folder, ending, count in (("docs", "md", FILES), ("data", "csv", CODE)):
        (scene.root / folder).mkdir()
        for n in range(count):
            (scene.root / folder / f"{n}.{ending}").write_text(f"Page {n}, of {folder}.")


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_an_apply_of_knowledge_may_be_killed_at_each_of_its_writes(scene: Scene) -> None:
    """Nothing is made twice, nothing of others is touched, and what was sent is used."""
    account = scene.account
    prepare(scene)
    for point in range(1, WRITES + 1):
        theirs = account.ask("POST", "/vector_stores", {"name": "theirs"})["id"]
        assert scene.killed_at(point) == -signal.SIGKILL
        before = {one["id"] for one in account.everything("/files")}
        following, last = scene.apply(), scene.apply()

        assert (following.code, last.code, last.writes) == (0, 0, 0), (point, following.told)
        assert account.marked("/vector_stores") == {"vector_store.handbook": 1}
        assert account.marked() == {"assistant.tutor": 1}
        assert theirs in {one["id"] for one in account.everything("/vector_stores")}
        store, assistant = scene_objects(scene)
        held = account.everything(f"/vector_stores/{store['id']}/files")
        assert Counter(one["attributes"]["asstctl_path"] for one in held) == {f"docs/{n}.md": 1 for n in range(FILES)}
        assert {one["status"] for one in held} == {"completed"}
        code = assistant["tool_resources"]["code_interpreter"]["file_ids"]
        assert len(code) == CODE
        used = {*code, *(one["id"] for one in held)}
        left = {one["id"] for one in account.everything("/files")} - used
        # of those in flight when it was killed nobody learned the id; each is named, and none was made since
        assert len(left) <= AT_ONCE
        assert left <= before
        assert all(id in following.told for id in left)
        start_over(scene, theirs)


def scene_objects(scene: Scene) -> tuple[dict[str, object], dict[str, dict[str, dict[str, list[str]]]]]:
    (store,) = [one for one in scene.account.everything("/vector_stores") if one["name"] != "theirs"]
    (assistant,) = scene.account.everything()
    return store, assistant


def start_over(scene: Scene, theirs: str) -> None:
    assert scene.command("destroy", "--yes").code == 0
    account = scene.account
    account.ask("DELETE", f"/vector_stores/{theirs}")
    for one in account.everything("/files"):
        account.ask("DELETE", f"/files/{one['id']}")
    assert (account.everything(), account.everything("/vector_stores")) == ([], [])
