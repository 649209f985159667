"""What every ThreadHost promises of files: sent, searched, shown, and gone afterwards."""

import asyncio
from pathlib import Path

import pytest

from asstctl.core.errors import NotFound, Refused, Rejected
from asstctl.core.ports import ThreadHost
from asstctl.core.thread import RUN_KEY, Attached, Image, Need, RunOptions, Said, Tool
from asstctl.providers.assistants.provider import Provider
from tests.contract.conftest import Needs

pytestmark = pytest.mark.anyio

SEARCH, CODE = (Tool.FILE_SEARCH,), (Tool.CODE_INTERPRETER,)
RUN = {RUN_KEY: "20261122-101500-abcd"}
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360000000000200015d0b2ab40000000049454e44ae426082"
)


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    file = tmp_path / "notes.md"
    file.write_text("Otters hold hands while they sleep.\n", encoding="utf-8")
    return file


async def held(provider: Provider) -> set[str]:
    """Every file and every vector store on the server."""
    assert provider.files is not None
    stores = (await provider.store.list("vector_store")).objects
    return {one.id for one in stores} | {one.id for one in await provider.files.uploads()}


async def test_a_thread_has_a_store_of_its_files(
    provider: Provider, threads: ThreadHost, notes: Path, needs: Needs
) -> None:
    """It is ready, bears the thread's metadata and is named, so that whoever opened it can delete it."""
    needs(Need.THREAD_FILES)
    before = await held(provider)
    file = await threads.upload(notes, purpose="assistants")

    opened = await threads.open(metadata=RUN, files=[Attached(file, SEARCH)])

    [store] = opened.stores
    live = await provider.store.get("vector_store", store)
    assert live.fields["metadata"] == RUN
    assert live.raw["file_counts"]["completed"] == 1
    await threads.close(opened.thread)
    await threads.discard("vector_store", store)
    await threads.discard("file", file)
    assert await held(provider) == before


async def test_a_search_shows_passages_and_is_cited_by_name(threads: ThreadHost, reader: str, notes: Path) -> None:
    """With `steps` the passages are there with their text; citations are there in any case."""
    file = await threads.upload(notes, purpose="assistants")
    opened = await threads.open(
        assistant=reader, messages=[Said("user", "find otters")], files=[Attached(file, SEARCH)]
    )

    state = await threads.run(opened.thread, reader, RunOptions(steps=True))

    [passage] = state.passages
    assert (passage.file, passage.text.strip()) == ("notes.md", "Otters hold hands while they sleep.")
    assert passage.score > 0
    [citation] = state.citations
    assert (citation.file, citation.text in state.reply) == ("notes.md", True)
    await threads.close(opened.thread)
    await threads.discard("vector_store", opened.stores[0])


async def test_a_citation_is_named_by_a_host_that_did_not_send_the_file(
    provider: Provider, threads: ThreadHost, reader: str, notes: Path
) -> None:
    """It asks the server for the name, and without `steps` shows no passages."""
    file = await threads.upload(notes, purpose="assistants")
    opened = await threads.open(
        assistant=reader, messages=[Said("user", "find otters")], files=[Attached(file, SEARCH)]
    )

    state = await provider.thread_host().run(opened.thread, reader)

    assert [one.file for one in state.citations] == ["notes.md"]
    assert state.passages == ()


async def test_what_is_attached_to_a_first_message_has_a_store_of_ours(
    provider: Provider, threads: ThreadHost, reader: str, notes: Path
) -> None:
    """Nothing is left once it and the file are discarded."""
    before = await held(provider)
    file = await threads.upload(notes, purpose="assistants")
    said = Said("user", "find otters", attachments=(Attached(file, SEARCH),))

    opened = await threads.open(assistant=reader, messages=[said], metadata=RUN)

    [store] = opened.stores
    assert (await provider.store.get("vector_store", store)).fields["metadata"] == RUN
    assert "hold hands" in (await threads.run(opened.thread, reader)).reply
    await threads.close(opened.thread)
    await threads.discard("vector_store", store)
    await threads.discard("file", file)
    assert await held(provider) == before


async def test_a_store_that_a_later_message_brought_goes_with_the_thread(
    provider: Provider, threads: ThreadHost, reader: str, notes: Path
) -> None:
    """The server makes it on its own, and nobody else could name it."""
    before = await held(provider)
    file = await threads.upload(notes, purpose="assistants")
    opened = await threads.open(assistant=reader, metadata=RUN)
    assert opened.stores == ()

    await threads.post(opened.thread, Said("user", "find otters", attachments=(Attached(file, SEARCH),)))
    assert "hold hands" in (await threads.run(opened.thread, reader)).reply
    await threads.close(opened.thread)

    await threads.discard("file", file)
    assert await held(provider) == before


@pytest.mark.parametrize(("metadata", "left"), [(RUN, 0), (None, 1)])
async def test_another_host_closes_what_a_run_of_tests_opened(
    provider: Provider, threads: ThreadHost, notes: Path, metadata: dict[str, str] | None, left: int, needs: Needs
) -> None:
    """After a kill: with the store, if the thread says that a run made it. Stores of other threads are left alone."""
    needs(Need.ATTACHMENTS)
    file = await threads.upload(notes, purpose="assistants")
    opened = await threads.open(metadata=metadata)
    await threads.post(opened.thread, Said("user", "find otters", attachments=(Attached(file, SEARCH),)))
    await threads.discard("file", file)
    before = await held(provider)

    await provider.thread_host().close(opened.thread)

    assert len(await held(provider)) == len(before) - 1 + left
    with pytest.raises(NotFound):
        await threads.post(opened.thread, Said("user", "still there?"))


async def test_code_reads_the_files_of_its_thread(threads: ThreadHost, reader: str, notes: Path) -> None:
    """A file for the code interpreter is there, and what ran is shown with what it printed."""
    file = await threads.upload(notes, purpose="assistants")
    opened = await threads.open(
        assistant=reader, messages=[Said("user", "compute 6 * 7")], files=[Attached(file, CODE)]
    )

    state = await threads.run(opened.thread, reader, RunOptions(steps=True))

    assert opened.stores == ()
    [ran] = state.code
    assert (ran.input, ran.logs.strip(), ran.images) == ("print('6 * 7')", "6 * 7", 0)
    await threads.close(opened.thread)


async def test_images_are_shown_by_upload_and_by_address(threads: ThreadHost, assistant: str, tmp_path: Path) -> None:
    """A message with pictures is answered like any other."""
    picture = tmp_path / "dot.png"
    picture.write_bytes(PNG)
    shown = Image(file=await threads.upload(picture, purpose="vision"), detail="low")
    said = Said("user", "say seen", images=(shown, Image(url="https://example.org/dot.png")))
    thread = (await threads.open(assistant=assistant, messages=[said])).thread

    assert (await threads.run(thread, assistant)).reply == "seen"
    assert [(one.user, one.images) for one in await threads.history(thread)] == [("say seen", 2)]
    await threads.close(thread)
    await threads.discard("file", shown.file)


async def test_a_file_that_cannot_be_searched_is_named(
    provider: Provider, threads: ThreadHost, tmp_path: Path, needs: Needs
) -> None:
    """And nothing stays of the thread or its store."""
    needs(Need.THREAD_FILES)
    picture = tmp_path / "dot.png"
    picture.write_bytes(PNG)
    file = await threads.upload(picture, purpose="assistants")
    before = await held(provider)

    with pytest.raises(Rejected, match=r"cannot search dot\.png"):
        await threads.open(metadata=RUN, files=[Attached(file, SEARCH)])

    assert await held(provider) == before
    await threads.discard("file", file)


async def test_a_store_is_searched(provider: Provider, threads: ThreadHost, notes: Path) -> None:
    """For a function that stands for `file_search`: passages with their file, their score and their text."""
    file = await threads.upload(notes, purpose="assistants")
    store = (await provider.store.create("vector_store", {"name": "Notes"})).id
    assert provider.files is not None
    found = await provider.files.attach(store, file, attributes={}, chunking=None)
    while found.status == "in_progress":
        await asyncio.sleep(0.01)
        found = await provider.files.attachment(store, file)

    [passage] = await threads.search(store, "otters")

    assert (passage.file, passage.text.strip()) == ("notes.md", "Otters hold hands while they sleep.")
    assert passage.score > 0
    await threads.discard("vector_store", store)
    await threads.discard("file", file)
    with pytest.raises(NotFound):
        await threads.search(store, "otters")


async def test_discarding_what_is_gone_is_no_error(threads: ThreadHost, notes: Path) -> None:
    file = await threads.upload(notes, purpose="assistants")

    await threads.discard("file", file)

    await threads.discard("file", file)
    await threads.discard("vector_store", "vs_00000000000000000000000000000000")


async def test_what_cannot_be_read_is_not_sent(provider: Provider, threads: ThreadHost, tmp_path: Path) -> None:
    before = await held(provider)

    with pytest.raises(Refused, match=r"nowhere\.md cannot be read"):
        await threads.upload(tmp_path / "nowhere.md", purpose="assistants")

    assert await held(provider) == before
