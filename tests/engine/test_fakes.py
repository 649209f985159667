"""The fake keeps the promises of `core.ports.ResourceStore`, so that tests over it say something."""

import pytest

from asstctl.core.errors import AnswerLost, IncompleteListing, NotFound, RateLimited, Rejected
from asstctl.core.knowledge import attributes_for
from tests.engine.fake_files import knowledge, local_file
from tests.engine.fakes import EPOCH, KIND, STORE, FakeStore, Fault

pytestmark = pytest.mark.anyio


async def test_a_create_answers_with_what_was_sent_and_defaults() -> None:
    """Fields that are missing or None are at the server's default."""
    live = await FakeStore().create(KIND, {"model": "m", "name": "n", "temperature": None, "metadata": {"a": "b"}})

    assert (live.kind, live.id, live.created_at, live.metadata) == (KIND, "asst_1", EPOCH, {"a": "b"})
    assert (live.fields["name"], live.fields["temperature"], live.fields["tools"]) == ("n", 1.0, [])


async def test_a_create_without_a_model_is_rejected() -> None:
    """Nothing is made by it."""
    store = FakeStore()

    with pytest.raises(Rejected):
        await store.create(KIND, {"name": "n"})

    assert store.objects == {}


async def test_an_update_changes_the_given_fields_alone_and_none_resets() -> None:
    """Metadata is replaced whole."""
    store = FakeStore()
    made = await store.create(KIND, {"model": "m", "name": "n", "temperature": 0.2, "metadata": {"a": "b", "c": "d"}})

    live = await store.update(KIND, made.id, {"temperature": None, "metadata": {"a": "x"}})

    assert live.fields == {**made.fields, "temperature": 1.0, "metadata": {"a": "x"}}
    assert await store.get(KIND, made.id) == live


async def test_what_is_gone_is_not_found() -> None:
    """By get, update and delete alike."""
    store = FakeStore()
    made = await store.create(KIND, {"model": "m"})
    await store.delete(KIND, made.id)

    for again in (store.get(KIND, made.id), store.update(KIND, made.id, {}), store.delete(KIND, made.id)):
        with pytest.raises(NotFound):
            await again


async def test_a_listing_is_oldest_first_and_a_looping_one_an_error() -> None:
    """Objects of one second are in the order of creation."""
    store = FakeStore()
    for name in "abc":
        await store.create(KIND, {"model": "m", "name": name})

    assert [live.name for live in (await store.list(KIND)).objects] == ["a", "b", "c"]
    store.looping = True
    with pytest.raises(IncompleteListing):
        await store.list(KIND)


async def test_a_lagging_listing_misses_what_is_new() -> None:
    """A get finds it at once."""
    store = FakeStore()
    store.lag = 5
    made = await store.create(KIND, {"model": "m"})

    assert (await store.list(KIND)).objects == ()
    assert await store.get(KIND, made.id) == made
    store.clock.time += 5
    assert (await store.list(KIND)).objects == (made,)


@pytest.mark.parametrize("after, objects", [(False, 0), (True, 1)])
async def test_a_fault_comes_before_or_after_the_effect(after: bool, objects: int) -> None:
    """One fault is for one call, and every call is counted."""
    store = FakeStore()
    store.faults["create"].append(Fault(AnswerLost("lost"), after=after))

    with pytest.raises(AnswerLost):
        await store.create(KIND, {"model": "m"})
    assert len(store.objects) == objects
    await store.create(KIND, {"model": "m"})
    assert (len(store.objects), store.count("create"), store.writes) == (objects + 1, 2, 2)


async def test_a_lasting_fault_meets_every_call() -> None:
    """Those of the queue come first."""
    store = FakeStore()
    store.faults["list"].append(None)
    store.always["list"] = Fault(RateLimited("slow down", retry_after=7))

    await store.list(KIND)
    for _ in range(2):
        with pytest.raises(RateLimited):
            await store.list(KIND)


async def test_values_are_stored_as_the_service_stores_them() -> None:
    """A function gets its defaults, file search its ranking options, tools their resources."""
    tools = [{"type": "function", "function": {"name": "f"}}, {"type": "file_search"}]
    live = await FakeStore().create(KIND, {"model": "m", "tools": tools})

    function, search = live.fields["tools"]
    assert function["function"]["strict"] is False
    assert search["file_search"]["ranking_options"]["ranker"] == "default_2024_08_21"
    assert live.fields["tool_resources.file_search"] == {"vector_store_ids": []}


async def test_another_writer_acts_before_a_request() -> None:
    """The hook sees verb and id."""
    store = FakeStore()
    made = store.put(name="theirs")
    store.before = lambda verb, id: store.edit(made.id, name="changed") if verb == "get" else None

    assert (await store.get(KIND, made.id)).name == "changed"


async def test_kinds_are_kept_apart() -> None:
    """An assistant is no vector store, whatever asks for it."""
    store = FakeStore()
    made = await store.create(STORE, {"name": "handbook", "metadata": {"a": "b"}})
    await store.create(KIND, {"model": "m"})

    assert (made.kind, made.id, made.fields["expires_after"]) == (STORE, "vs_1", None)
    assert [live.id for live in (await store.list(STORE)).objects] == ["vs_1"]
    assert [live.id for live in (await store.list(KIND)).objects] == ["asst_1"]
    for wrong in (store.get(KIND, "vs_1"), store.update(STORE, "asst_1", {}), store.delete(KIND, "vs_1")):
        with pytest.raises(NotFound):
            await wrong


# Files.


async def test_a_file_is_seen_in_progress_for_so_many_looks() -> None:
    """The answer of the attach is the first; each listing and each get is one more."""
    store = FakeStore()
    store.files.looks = 2
    made = await store.create(STORE, {"name": "handbook"})
    file = knowledge("docs/a.md", "four")
    upload = await store.files.upload(file.file)
    answer = await store.files.attach(made.id, upload.id, attributes=attributes_for(file), chunking=None)
    (listed,) = await store.files.attached(made.id)

    assert (upload.name, upload.bytes, listed.path) == ("a.md", 4, "docs/a.md")
    assert (answer.status, listed.status) == ("in_progress", "in_progress")
    assert (await store.files.attachment(made.id, upload.id)).status == "completed"
    assert store.files.held(made.id) == {"docs/a.md": upload.id}


async def test_processing_fails_by_name_and_says_why() -> None:
    """The upload itself is kept."""
    store = FakeStore()
    store.files.failing["a.md"] = "it is empty"
    made = await store.create(STORE, {})
    upload = await store.files.upload(local_file("docs/a.md"))

    answer = await store.files.attach(made.id, upload.id, attributes={}, chunking=None)

    assert (answer.status, answer.error, list(store.files.uploaded)) == ("failed", "it is empty", [upload.id])


async def test_a_deleted_upload_leaves_its_stores_and_a_deleted_store_its_uploads() -> None:
    """What is detached stays uploaded."""
    store = FakeStore()
    made = await store.create(STORE, {})
    gone, detached, kept = (store.files.put(made.id) for _ in range(3))
    await store.files.delete(gone)
    await store.files.detach(made.id, detached)
    assert list(store.files.held(made.id)) == [kept]

    await store.delete(STORE, made.id)

    assert list(store.files.uploaded) == [detached, kept]
    for wrong in (store.files.attached(made.id), store.files.delete(gone), store.files.detach(made.id, kept)):
        with pytest.raises(NotFound):
            await wrong


async def test_an_upload_whose_answer_is_lost_may_be_listed_late() -> None:
    """Or not at all."""
    store = FakeStore()
    store.files.faults["upload"].extend([Fault(AnswerLost("lost"), after=True, late=5), Fault(AnswerLost("lost"))])
    for _ in range(2):
        with pytest.raises(AnswerLost):
            await store.files.upload(local_file("docs/a.md"))

    assert await store.files.uploads() == ()
    store.clock.time += 5
    assert [upload.name for upload in await store.files.uploads()] == ["a.md"]
    assert store.files.writes == 2
