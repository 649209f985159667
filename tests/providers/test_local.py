"""The embedded provider: its folder, its file, and what is said when they cannot be used."""

import sqlite3
import stat
from pathlib import Path

import pytest

from asstctl.core.errors import InvalidInput, StoreError
from asstctl.core.thread import Said
from asstctl.emulator import open_emulator
from asstctl.net.failures import Asked, Failure
from asstctl.providers.local.failures import explain
from asstctl.providers.local.folder import prepare_folder
from asstctl.providers.local.provider import LocalProvider, open_provider
from asstctl.providers.settings import LocalSettings

pytestmark = pytest.mark.anyio


async def test_the_folder_is_private_and_kept_out_of_git(tmp_path: Path) -> None:
    """It is made when missing, with mode 0700 and a .gitignore of its own."""
    database = tmp_path / ".asstctl" / "local.db"

    async with open_provider(LocalSettings(database)):
        assert database.exists()

    assert database.parent.stat().st_mode & 0o777 == 0o700
    assert (database.parent / ".gitignore").read_text() == "*\n"


def test_a_folder_that_is_there_is_left_as_it_is(tmp_path: Path) -> None:
    """Also its .gitignore; a folder of another name gets none."""
    folder = tmp_path / ".asstctl"
    folder.mkdir()
    (folder / ".gitignore").write_text("mine\n")

    prepare_folder(folder / "local.db")
    prepare_folder(tmp_path / "elsewhere.db")

    assert (folder / ".gitignore").read_text() == "mine\n"
    assert not (tmp_path / ".gitignore").exists()


@pytest.mark.parametrize(("before", "after"), [(0o777, 0o700), (0o775, 0o700), (0o755, 0o755), (0o500, 0o500)])
def test_a_folder_that_others_may_write_in_is_closed(tmp_path: Path, before: int, after: int) -> None:
    """A folder of another name is its user's: a database that somebody put there does not close it."""
    folder, elsewhere = tmp_path / ".asstctl", tmp_path / "data"
    for one in (folder, elsewhere):
        one.mkdir()
        (one / ".gitignore").write_text("*\n")
        one.chmod(before)

    prepare_folder(folder / "local.db")
    prepare_folder(elsewhere / "local.db")

    assert [stat.S_IMODE(one.stat().st_mode) for one in (folder, elsewhere)] == [after, before]


@pytest.mark.parametrize("what", ["folder symlink", "database symlink", "file"])
def test_a_folder_that_leads_elsewhere_is_refused(tmp_path: Path, what: str) -> None:
    """A symlink is not followed, and a file is no folder."""
    folder, elsewhere = tmp_path / ".asstctl", tmp_path / "elsewhere"
    elsewhere.mkdir()
    match what:
        case "folder symlink":
            folder.symlink_to(elsewhere)
        case "database symlink":
            folder.mkdir()
            (folder / "local.db").symlink_to(elsewhere / "stolen.db")
        case "file":
            folder.write_text("")

    with pytest.raises(StoreError, match=r"symlink|not a folder"):
        open_provider(LocalSettings(folder / "local.db"))

    assert list(elsewhere.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_said() -> None:
    """The system's reason is in the message; below a device not even root makes a folder."""
    with pytest.raises(StoreError, match="not a directory"):
        prepare_folder(Path("/dev/null/.asstctl/local.db"))


async def test_objects_outlive_the_program(tmp_path: Path) -> None:
    """Opened again, the file shows what was made before."""
    settings = LocalSettings(tmp_path / ".asstctl" / "local.db")
    async with open_provider(settings) as provider:
        live = await provider.store.create("assistant", {"model": "gpt-4o"})

    async with open_provider(settings) as provider:
        assert (await provider.store.list("assistant")).objects == (live,)


async def test_a_file_that_is_no_database_is_said(tmp_path: Path) -> None:
    """It is not written over."""
    database = tmp_path / ".asstctl" / "local.db"
    prepare_folder(database)
    database.write_bytes(b"my poems, which are long enough to be read as a header" * 100)

    with pytest.raises(StoreError) as caught:
        open_provider(LocalSettings(database))

    assert caught.value.summary == "the local database cannot be used"
    assert b"my poems" in database.read_bytes()


async def test_a_database_of_a_newer_program_is_said(tmp_path: Path) -> None:
    """The way on is a newer program or another file."""
    database = tmp_path / ".asstctl" / "local.db"
    async with open_provider(LocalSettings(database)):
        pass
    with sqlite3.connect(database) as connection:
        connection.execute("PRAGMA user_version = 9999")
    connection.close()

    with pytest.raises(StoreError) as caught:
        open_provider(LocalSettings(database))

    assert caught.value.summary == "the local database is newer than this program"
    assert "Upgrade asstctl" in caught.value.hint


async def test_a_bad_rules_file_is_bad_input_with_its_places(tmp_path: Path) -> None:
    """Each fault in a rules file is a diagnostic with file and line."""
    rules = tmp_path / "demo.replies.yaml"
    rules.write_text("rules:\n  - sya: hello\n  - user: '('\n    say: x\n")

    with pytest.raises(InvalidInput) as caught:
        open_provider(LocalSettings(tmp_path / ".asstctl" / "local.db", replies={"script": str(rules)}))

    found = [d for d in caught.value.diagnostics if d.where]
    assert [(d.code, d.where and (d.where.line, d.where.column, d.where.length, d.where.text)) for d in found] == [
        ("unknown-key", (2, 5, 3, "  - sya: hello")),
        ("bad-regex", (3, 11, 3, "  - user: '('")),
    ]
    assert {d.where and Path(d.where.path).name for d in found} == {"demo.replies.yaml"}
    assert found[0].hint == "did you mean `say`?"


async def test_replies_that_do_not_exist_are_bad_input() -> None:
    """The message names what there is."""
    with pytest.raises(InvalidInput, match="no reply backend 'oracle'"):
        open_provider(LocalSettings(":memory:", replies={"oracle": {}}))


def test_a_full_disk_is_a_store_error() -> None:
    """The server's 507 becomes a message about the disk, not about a server."""
    failure = Failure(Asked("POST", "/assistants", ".asstctl/local.db"), 507, {}, b"{}")

    error = explain(failure)

    assert isinstance(error, StoreError)
    assert error.summary == "the disk is full"


async def test_a_full_database_fails_without_writing(tmp_path: Path) -> None:
    """A database that may not grow refuses the create; what it held is still there."""
    emulator = open_emulator(tmp_path / "local.db")
    async with LocalProvider(emulator, place="local.db", timeout=5.0, observer=None) as provider:
        live = await provider.store.create("assistant", {"model": "gpt-4o"})
        connection = emulator.services.store.connection
        connection.execute(f"PRAGMA max_page_count = {connection.execute('PRAGMA page_count').fetchone()[0]}")

        with pytest.raises(StoreError, match="the disk is full"):
            await provider.store.create("assistant", {"model": "gpt-4o", "instructions": "x" * 100_000})

        assert (await provider.store.list("assistant")).objects == (live,)


async def test_a_turn_costs_six_requests(tmp_path: Path) -> None:
    """Open, post, run, a look at the run (more only on a busy machine), its messages, delete."""
    seen: list[tuple[str, str]] = []
    settings = LocalSettings(tmp_path / ".asstctl" / "local.db")
    async with open_provider(settings, observer=lambda one: seen.append((one.method, one.path))) as provider:
        live = await provider.store.create("assistant", {"model": "gpt-4o"})
        host = provider.thread_host()
        seen.clear()
        thread = (await host.open(messages=[Said("user", "first")], metadata={"case": "1"})).thread
        await host.post(thread, Said("user", "hello"))
        run = (await host.run(thread, live.id)).id
        await host.close(thread)

    path = f"/v1/threads/{thread}"
    assert list(dict.fromkeys(seen)) == [
        ("POST", "/v1/threads"),
        ("POST", f"{path}/messages"),
        ("POST", f"{path}/runs"),
        ("GET", f"{path}/runs/{run}"),
        ("GET", f"{path}/messages"),
        ("DELETE", path),
    ]
    assert len([method for method, _ in seen if method != "GET"]) == 4


def test_the_place_is_the_path_from_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a person would type it; a file elsewhere has its whole path."""
    monkeypatch.chdir(tmp_path)

    assert LocalSettings(tmp_path / ".asstctl" / "local.db").place == ".asstctl/local.db"
    assert LocalSettings(Path("/elsewhere/local.db")).place == "/elsewhere/local.db"
    assert LocalSettings(":memory:").place == "memory"


@pytest.mark.parametrize("name", [".gitignore", "local.db-wal", "local.db-shm", "local.db-journal"])
def test_a_link_beside_the_database_is_not_followed(tmp_path: Path, name: str) -> None:
    folder = tmp_path / ".asstctl"
    folder.mkdir()
    (folder / name).symlink_to(tmp_path / "elsewhere")

    with pytest.raises(StoreError, match="symlink"):
        prepare_folder(folder / "local.db")

    assert not (tmp_path / "elsewhere").exists()


async def test_a_damaged_database_is_said_and_not_a_bug(tmp_path: Path) -> None:
    database = tmp_path / "local.db"
    async with open_provider(LocalSettings(database)) as provider:
        await provider.store.create("assistant", {"model": "m"})
    pages = database.read_bytes()
    database.write_bytes(pages[:4096] + b"A" * (len(pages) - 4096))

    with pytest.raises(StoreError, match=r"malformed|damaged"):
        async with open_provider(LocalSettings(database)) as provider:
            await provider.store.list("assistant")


def test_a_database_that_would_run_its_own_statements_is_refused(tmp_path: Path) -> None:
    """It may have come with a checkout, and a view can go on for ever."""
    connection = sqlite3.connect(tmp_path / "local.db")
    connection.execute("CREATE VIEW assistants AS SELECT 1 AS id")
    connection.close()

    with pytest.raises(StoreError, match="a view or a trigger"):
        open_provider(LocalSettings(tmp_path / "local.db"))
