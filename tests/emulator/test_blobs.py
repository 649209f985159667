"""The bytes of files on disk: where they lie, in which order row and blob come and go, and what a kill leaves."""

import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from asstctl.emulator import DatabaseUnusable, open_emulator
from asstctl.emulator.files import blobs
from asstctl.emulator.files.blobs import Blobs
from tests.emulator.harness import Api, serving

pytestmark = pytest.mark.anyio


async def test_files_lie_beside_the_database_and_are_the_owners(tmp_path: Path) -> None:
    database = tmp_path / "local.db"
    async with serving(database) as api:
        folder = tmp_path / "local.db.files"
        assert not folder.exists()
        file = await api.file(content=b"hello")
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert stat.S_IMODE((folder / file["id"]).stat().st_mode) == 0o600
        assert (folder / file["id"]).read_bytes() == b"hello"
    async with serving(database) as api:
        assert (await api.http.get(f"/files/{file['id']}/content")).content == b"hello"


async def test_a_database_in_memory_leaves_no_files_behind() -> None:
    async with serving() as api:
        await api.file()
        folder = api.emulator.services.blobs.folder
        assert folder.is_dir()
    assert not folder.exists()


async def test_a_folder_that_was_removed_is_made_again(tmp_path: Path) -> None:
    async with serving(tmp_path / "local.db") as api:
        file = await api.file()
        blob = tmp_path / "local.db.files" / file["id"]
        blob.unlink()
        blob.parent.rmdir()
        assert await api.file()


def test_a_link_in_place_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "local.db.files").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DatabaseUnusable, match="is not a folder"):
        open_emulator(tmp_path / "local.db")


@pytest.mark.parametrize("file_id", ["", "..", "file-", "file-a/../b", "/etc/passwd", "local.db", "file-a\n", "vs_a"])
def test_only_our_own_ids_become_paths(tmp_path: Path, file_id: str) -> None:
    with pytest.raises(ValueError, match="not the id of a blob"):
        Blobs(tmp_path / "local.db").path(file_id)


async def test_two_servers_on_one_database_see_each_others_files(tmp_path: Path) -> None:
    async with serving(tmp_path / "local.db") as one, serving(tmp_path / "local.db") as two:
        file = await one.file(content=b"hello")
        assert (await two.http.get(f"/files/{file['id']}/content")).content == b"hello"
        await two.delete(f"/files/{file['id']}")
        assert (await one.refused("GET", f"/files/{file['id']}"))[0] == 404


async def test_a_blob_is_complete_before_its_row_can_be_seen(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bytes] = []
    store = api.emulator.services.store
    commit = store.write

    @contextmanager
    def watched() -> Iterator[None]:
        seen.extend(path.read_bytes() for path in api.emulator.services.blobs.folder.glob("file-*"))
        with commit():
            yield

    monkeypatch.setattr(store, "write", watched)
    await api.file(content=b"hello")
    assert seen == [b"hello"]


async def test_a_row_that_cannot_be_written_takes_its_blob_along(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise RuntimeError("no")

    with monkeypatch.context() as patch:
        patch.setattr(api.emulator.services.store, "insert", refuse)
        response = await api.http.post("/files", files={"file": ("a", b"x")}, data={"purpose": "vision"})
        assert response.status_code == 500
    assert list(api.emulator.services.blobs.folder.iterdir()) == []


async def test_a_row_goes_before_its_blob(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    file = await api.file()
    statuses = []
    remove = Blobs.remove

    def watched(self: Blobs, *file_ids: str) -> None:
        rows = api.emulator.services.store.connection.execute("SELECT count(*) FROM files").fetchone()[0]
        statuses.append((file_ids, rows, self.path(file["id"]).exists()))
        remove(self, *file_ids)

    monkeypatch.setattr(Blobs, "remove", watched)
    await api.delete(f"/files/{file['id']}")
    assert statuses == [((file["id"],), 0, True)]


async def test_opening_sweeps_what_a_kill_left_an_hour_ago(tmp_path: Path) -> None:
    async with serving(tmp_path / "local.db") as api:
        file = await api.file()
        upload = await api.post(
            "/uploads", {"filename": "a", "purpose": "vision", "bytes": 1, "mime_type": "text/plain"}
        )
        part = (await api.http.post(f"/uploads/{upload['id']}/parts", files={"data": ("blob", b"x")})).json()
    folder = tmp_path / "local.db.files"
    old = time.time() - 3700
    for name in ("file-orphan", "part_orphan", ".incoming-old", "of-somebody-else"):
        (folder / name).write_bytes(b"x")
    for path in folder.iterdir():
        os.utime(path, (old, old))
    for name in ("file-young", ".incoming-young"):
        (folder / name).write_bytes(b"x")
    async with serving(tmp_path / "local.db"):
        left = {path.name for path in folder.iterdir()}
    assert left == {file["id"], part["id"], "of-somebody-else", "file-young", ".incoming-young"}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no disk here that is always full")
@pytest.mark.parametrize("size", [10, 3_000_000])
async def test_a_full_disk_is_507_and_leaves_nothing_behind(
    api: Api, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    reopen = os.fdopen

    def full(descriptor: int, mode: str) -> Any:
        os.close(descriptor)
        return reopen(os.open("/dev/full", os.O_WRONLY), mode)

    with monkeypatch.context() as patch:
        patch.setattr(blobs.os, "fdopen", full)
        files = {"file": ("a.txt", b"x" * size)}
        response = await api.http.post("/files", files=files, data={"purpose": "vision"})
    assert (response.status_code, response.json()["error"]["code"]) == (507, "database_full")
    assert response.headers["x-should-retry"] == "false"
    assert list(api.emulator.services.blobs.folder.iterdir()) == []
    assert await api.file()
