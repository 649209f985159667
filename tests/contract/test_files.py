"""What every FileHost promises (core.ports): uploads and the files of vector stores."""

import asyncio
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from asstctl.core.errors import AnswerLost, NotFound, Refused, Rejected, ServerFault
from asstctl.core.knowledge import KnowledgeFile, LocalFile, StoreFile, attributes_for
from asstctl.core.ports import FileHost
from asstctl.net.upload import BLOCK
from asstctl.providers import opener
from asstctl.providers.assistants.provider import Provider
from asstctl.providers.settings import LocalSettings
from tests.contract.conftest import Account
from tests.local_files import sparse, written

pytestmark = pytest.mark.anyio

STATIC = {"type": "static", "static": {"max_chunk_size_tokens": 200, "chunk_overlap_tokens": 20}}


async def new_store(account: Account) -> str:
    return (await account.store.create("vector_store", {"name": "handbook"})).id


async def settled(files: FileHost, store: str, id: str) -> StoreFile:
    """The file once the server is done with it."""
    while (file := await files.attachment(store, id)).status == "in_progress":  # noqa: ASYNC110 - the wire has no events
        await asyncio.sleep(0.01)
    return file


async def test_an_upload_is_listed_and_deleted(files: FileHost, tmp_path: Path) -> None:
    """What an upload answers is what the listing shows, until it is deleted."""
    made = await files.upload(written(tmp_path, "docs/课程.md", "周三".encode()))

    assert (made.name, made.bytes) == ("课程.md", 6)
    assert made in await files.uploads()

    await files.delete(made.id)

    assert made not in await files.uploads()
    with pytest.raises(NotFound):
        await files.delete(made.id)


async def test_uploads_are_listed_oldest_first_and_whole(files: FileHost, tmp_path: Path) -> None:
    """More than a page of them."""
    file = written(tmp_path, "a.txt")
    made = [(await files.upload(file)).id for _ in range(105)]

    assert [one.id for one in await files.uploads() if one.id in made] == made
    await asyncio.gather(*(files.delete(id) for id in made))


async def test_progress_counts_the_bytes_of_the_file(files: FileHost, tmp_path: Path) -> None:
    """It grows and ends at the size of the file."""
    told: list[int] = []
    file = written(tmp_path, "big.bin", b"x" * (3 * BLOCK + 1))

    await files.upload(file, told.append)

    assert told == sorted(told)
    assert told[-1] == file.bytes


async def test_an_attached_file_bears_its_attributes(account: Account, tmp_path: Path) -> None:
    """Attributes of every type and the chunking come back from the attach, the read and the listing."""
    store = await new_store(account)
    file = KnowledgeFile(written(tmp_path, "docs/a.md", b"# A"), {"year": 2026, "draft": True, "lang": "zh"}, STATIC)
    id = (await account.files.upload(file.file)).id

    attached = await account.files.attach(store, id, attributes=attributes_for(file), chunking=file.chunking)

    assert attached.id == id
    assert attached.path == "docs/a.md"
    done = await settled(account.files, store, id)
    assert (done.status, done.error) == ("completed", "")
    assert done.attributes == attributes_for(file)
    assert done.chunking == STATIC
    assert await account.files.attached(store) == (done,)


async def test_a_relabel_replaces_all_attributes(account: Account, tmp_path: Path) -> None:
    """Those that are not given are gone."""
    store = await new_store(account)
    id = (await account.files.upload(written(tmp_path, "a.md"))).id
    await account.files.attach(store, id, attributes={"a": "1", "b": 2}, chunking=None)
    await settled(account.files, store, id)

    relabelled = await account.files.relabel(store, id, {"b": 3})

    assert relabelled.attributes == {"b": 3}
    assert (await account.files.attachment(store, id)).attributes == {"b": 3}


async def test_a_detached_file_stays_uploaded(account: Account, tmp_path: Path) -> None:
    """It is gone from the store alone, and can be attached again with another chunking."""
    store = await new_store(account)
    made = await account.files.upload(written(tmp_path, "a.md"))
    await account.files.attach(store, made.id, attributes={}, chunking=None)

    await account.files.detach(store, made.id)

    assert await account.files.attached(store) == ()
    assert made in await account.files.uploads()
    with pytest.raises(NotFound):
        await account.files.detach(store, made.id)
    with pytest.raises(NotFound):
        await account.files.attachment(store, made.id)
    with pytest.raises(NotFound):
        await account.files.relabel(store, made.id, {})
    assert (await account.files.attach(store, made.id, attributes={}, chunking=STATIC)).chunking == STATIC


async def test_a_deleted_upload_leaves_every_store(account: Account, tmp_path: Path) -> None:
    """One delete is enough."""
    stores = [await new_store(account), await new_store(account)]
    id = (await account.files.upload(written(tmp_path, "a.md"))).id
    for store in stores:
        await account.files.attach(store, id, attributes={}, chunking=None)

    await account.files.delete(id)

    assert [await account.files.attached(store) for store in stores] == [(), ()]


async def test_what_is_not_there_is_not_found(account: Account) -> None:
    """A store that was deleted, and a file that never was."""
    store = await new_store(account)
    with pytest.raises(NotFound):
        await account.files.attach(store, "file-0000000000000000000000", attributes={}, chunking=None)

    await account.store.delete("vector_store", store)

    with pytest.raises(NotFound):
        await account.files.attached(store)


async def test_the_files_of_a_store_are_listed_oldest_first_and_whole(account: Account, tmp_path: Path) -> None:
    """More than a page of them, attached eight at once; the store is the only one that has them."""
    store, other = await new_store(account), await new_store(account)
    some = [KnowledgeFile(written(tmp_path, f"{number}.md", b"# %d" % number)) for number in range(110)]
    eight = asyncio.Semaphore(8)

    async def add(file: KnowledgeFile) -> str:
        async with eight:
            id = (await account.files.upload(file.file)).id
            await account.files.attach(store, id, attributes=attributes_for(file), chunking=None)
            return id

    ids = await asyncio.gather(*map(add, some))

    listed = await account.files.attached(store)
    assert sorted(file.id for file in listed) == sorted(ids)
    assert {file.path for file in listed} == {file.file.path for file in some}
    assert [file.created_at for file in listed] == sorted(file.created_at for file in listed)
    assert await account.files.attached(other) == ()


# What only a server can say.


def files_of(provider: Provider) -> FileHost:
    assert provider.files is not None
    return provider.files


async def test_a_file_that_cannot_be_read_fails_with_a_reason(provider: Provider, tmp_path: Path) -> None:
    """The code and the server's words."""
    account = Account(provider.store, files_of(provider))
    store = await new_store(account)
    id = (await account.files.upload(written(tmp_path, "a.bin", bytes(range(256))))).id
    await account.files.attach(store, id, attributes={}, chunking=None)

    failed = await settled(account.files, store, id)

    assert failed.status == "failed"
    assert failed.error.startswith(("unsupported_file: ", "invalid_file: "))


async def test_what_a_wire_does_not_take_is_rejected(provider: Provider, tmp_path: Path) -> None:
    """An attribute that is too long."""
    account = Account(provider.store, files_of(provider))
    store = await new_store(account)
    id = (await account.files.upload(written(tmp_path, "a.md"))).id

    with pytest.raises(Rejected, match="string too long"):
        await account.files.attach(store, id, attributes={"a": "x" * 513}, chunking=None)


@pytest.mark.parametrize(
    ("name", "arrives"),
    [
        ("课程 表 é 😀.md", "课程 表 é 😀.md"),
        ("it's; a=b, c.md", "it's; a=b, c.md"),
        ('say "hi".md', "say %22hi%22.md"),
        ("a\r\nx-evil: 1.md", "a%0D%0Ax-evil: 1.md"),
        ("a\\", "a%5C"),
    ],
)
async def test_names_arrive(provider: Provider, tmp_path: Path, name: str, arrives: str) -> None:
    """As they are, but for what would end the header that carries them."""
    assert (await files_of(provider).upload(written(tmp_path, name))).name == arrives


@pytest.mark.parametrize("size", [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK])
async def test_every_size_arrives_whole(provider: Provider, tmp_path: Path, size: int) -> None:
    """Around the size of a block."""
    assert (await files_of(provider).upload(written(tmp_path, "a.bin", b"x" * size))).bytes == size


async def test_a_large_file_is_never_whole_in_memory(provider: Provider, tmp_path: Path) -> None:
    """Neither here nor, in-process, in the server."""
    file = sparse(tmp_path, "big.bin", 64)
    tracemalloc.start()
    try:
        made = await files_of(provider).upload(file)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert made.bytes == 64 * 1024**2
    assert peak < 8 * 1024**2


def shrink(file: LocalFile) -> None:
    with file.source.open("r+b") as opened:
        opened.truncate(2 * BLOCK)


def grow(file: LocalFile) -> None:
    with file.source.open("ab") as opened:
        opened.write(b"more")


def rewrite(file: LocalFile) -> None:
    with file.source.open("r+b") as opened:
        opened.seek(-1, 2)
        opened.write(b"y")


@pytest.mark.parametrize("change", [shrink, grow, rewrite])
async def test_a_file_that_changes_while_it_is_sent_is_refused(
    provider: Provider, tmp_path: Path, change: Callable[[LocalFile], None]
) -> None:
    """The request is broken off before its end, nothing of it is left, and the next upload goes through."""
    files = files_of(provider)
    name = f"{tmp_path.name}.bin"
    file = written(tmp_path, name, b"x" * (8 * BLOCK))
    changed = False

    def told(sent: int) -> None:
        nonlocal changed
        if not changed:
            change(file)
            changed = True

    with pytest.raises(Refused) as caught:
        await files.upload(file, told)

    assert changed
    assert caught.value.summary == f"{name} changed while it was being sent"
    assert name not in [one.name for one in await files.uploads()]
    now = written(tmp_path, name, b"short")
    assert (await files.upload(now)).bytes == 5


@pytest.mark.parametrize("content", [b"hellO", b"hello!", b""])
async def test_a_file_that_changed_since_it_was_read_is_refused(
    provider: Provider, tmp_path: Path, content: bytes
) -> None:
    """Whether its size tells or only its hash."""
    files = files_of(provider)
    name = f"{tmp_path.name}.md"
    file = written(tmp_path, name)
    file.source.write_bytes(content)

    with pytest.raises(Refused, match="changed while it was being sent"):
        await files.upload(file)

    assert name not in [one.name for one in await files.uploads()]


async def test_a_lost_answer_is_lost_and_the_upload_is_there(tmp_path: Path) -> None:
    """The server commits and drops the connection: the caller learns that it may have been carried out."""
    faults = ("drop-after-commit=1:POST /files",)
    async with opener("local")(LocalSettings(tmp_path / ".asstctl" / "local.db", faults=faults)) as provider:
        with pytest.raises(AnswerLost, match="may have been carried out"):
            await provider.files.upload(written(tmp_path, "a.md"))

        assert [one.name for one in await provider.files.uploads()] == ["a.md"]


@pytest.mark.parametrize("size", [5, 64 * BLOCK])
async def test_a_refused_upload_is_not_repeated(tmp_path: Path, size: int) -> None:
    """An answer that comes before the file was read ends it too."""
    seen: list[str] = []
    settings = LocalSettings(tmp_path / ".asstctl" / "local.db", faults=("answer=500:1:POST /files",))
    async with opener("local")(settings, observer=lambda one: seen.append(one.method)) as provider:
        with pytest.raises(ServerFault):
            await provider.files.upload(written(tmp_path, "a.md", b"x" * size))

        assert seen == ["POST"]
        assert await provider.files.uploads() == ()


async def test_an_upload_that_is_given_up_leaves_nothing(provider: Provider, tmp_path: Path) -> None:
    """Cancelled in the middle of the file."""
    files = files_of(provider)
    name = f"{tmp_path.name}.bin"
    file = written(tmp_path, name, b"x" * (64 * BLOCK))
    upload = asyncio.create_task(files.upload(file, lambda sent: upload.cancel()))
    await asyncio.wait([upload])

    assert upload.cancelled()
    assert name not in [one.name for one in await files.uploads()]
    assert (await files.upload(replace(file, path=f"again-{name}"))).bytes == file.bytes
