"""Vector stores on the wire: objects, files, batches, expiry, attachments, helpers, and what deleting leaves."""

from typing import Any

import pytest

from asstctl.emulator import open_emulator
from tests.emulator.harness import Api, Clock, serving
from tests.emulator.knowledge import names, rows, search, settled, store_of, swept, upload

pytestmark = pytest.mark.anyio

DAY = 86_400
STATIC = {"type": "static", "static": {"max_chunk_size_tokens": 100, "chunk_overlap_tokens": 50}}


async def test_an_empty_store_has_the_members_of_the_wire_in_their_order(api: Api) -> None:  # A4
    store = await api.post("/vector_stores", {"name": "docs"})
    assert list(store) == [
        "id",
        "object",
        "created_at",
        "name",
        "description",
        "usage_bytes",
        "file_counts",
        "status",
        "expires_after",
        "expires_at",
        "last_active_at",
        "metadata",
    ]
    assert (store["status"], store["object"], len(store["id"])) == ("completed", "vector_store", 35)
    assert store["file_counts"] == {"in_progress": 0, "completed": 0, "failed": 0, "cancelled": 0, "total": 0}


async def test_a_store_with_files_begins_in_progress_and_counts_them(api: Api) -> None:  # A4
    file_id = await upload(api, "a.txt", "text")
    store = await api.post("/vector_stores", {"file_ids": [file_id]})
    assert (store["status"], store["file_counts"]["in_progress"], store["file_counts"]["total"]) == (
        "in_progress",
        1,
        1,
    )
    store = await settled(api, store["id"])
    assert (store["status"], store["file_counts"]["completed"], store["usage_bytes"]) == ("completed", 1, 4)


async def test_a_store_is_changed_in_part_and_cleared_by_null(api: Api) -> None:  # A1, A3
    store = await api.post("/vector_stores", {"name": "a", "metadata": {"k": "v"}})
    path = f"/vector_stores/{store['id']}"
    assert (await api.post(path, {"metadata": {"x": "y"}}))["name"] == "a"
    after = await api.post(path, {"name": None, "metadata": None})
    assert (after["name"], after["metadata"]) == (None, {})


@pytest.mark.parametrize(
    ("path", "body", "status", "param", "code"),
    [
        ("", {"color": 1}, 400, "color", "unknown_parameter"),
        (
            "",
            {"expires_after": {"anchor": "last_active_at", "days": 0}},
            400,
            "expires_after.days",
            "integer_below_min_value",
        ),
        (
            "",
            {"expires_after": {"anchor": "last_active_at", "days": 366}},
            400,
            "expires_after.days",
            "integer_above_max_value",
        ),
        ("", {"expires_after": {"anchor": "created_at", "days": 1}}, 400, "expires_after.anchor", "invalid_value"),
        ("", {"file_ids": ["file-x"] * 501}, 400, "file_ids", "array_above_max_length"),
        ("", {"file_ids": ["file-unknown"]}, 404, "id", None),
        ("/search", {}, 400, "query", "missing_required_parameter"),
        ("/search", {"query": []}, 400, "query", "empty_array"),
        ("/search", {"query": "a", "max_num_results": 51}, 400, "max_num_results", "integer_above_max_value"),
        ("/search", {"query": "a", "filters": {"type": "like"}}, 400, "filters.type", "invalid_value"),
        (
            "/search",
            {"query": "a", "filters": {"type": "eq", "key": "a"}},
            400,
            "filters.value",
            "missing_required_parameter",
        ),
        (
            "/search",
            {"query": "a", "filters": {"type": "in", "key": "a", "value": 1}},
            400,
            "filters.value",
            "invalid_type",
        ),
        (
            "/search",
            {"query": "a", "filters": {"type": "eq", "key": "a", "value": [1]}},
            400,
            "filters.value",
            "invalid_type",
        ),
        ("/search", {"query": "a", "filters": {"type": "and", "filters": []}}, 400, "filters.filters", "empty_array"),
        (
            "/search",
            {"query": "a", "ranking_options": {"score_threshold": 2}},
            400,
            "ranking_options.score_threshold",
            "decimal_above_max_value",
        ),
        ("/files", {}, 400, "file_id", "missing_required_parameter"),
        ("/files", {"file_id": "undefined"}, 404, "id", None),
        ("/files", {"file_id": "file-unknown"}, 404, "id", None),
        ("/files", {"file_id": "file-x", "attributes": {"a": []}}, 400, "attributes.a", "invalid_type"),
        (
            "/files",
            {"file_id": "file-x", "attributes": {"a": "x" * 513}},
            400,
            "attributes.a",
            "string_above_max_length",
        ),
        (
            "/files",
            {"file_id": "file-x", "attributes": {"k" * 65: 1}},
            400,
            "attributes",
            "property_name_above_max_length",
        ),
        (
            "/files",
            {"file_id": "file-x", "attributes": {str(n): n for n in range(17)}},
            400,
            "attributes",
            "object_above_max_properties",
        ),
        (
            "/files",
            {
                "file_id": "file-x",
                "chunking_strategy": {
                    "type": "static",
                    "static": {"max_chunk_size_tokens": 100, "chunk_overlap_tokens": 51},
                },
            },
            400,
            "chunking_strategy.static.chunk_overlap_tokens",
            "integer_above_max_value",
        ),
        ("/file_batches", {}, 400, "file_ids", "missing_required_parameter"),
        ("/file_batches", {"file_ids": []}, 400, "file_ids", "empty_array"),
        ("/file_batches", {"file_ids": ["file-x"] * 2001}, 400, "file_ids", "array_above_max_length"),
        (
            "/file_batches",
            {"file_ids": ["file-x"], "files": [{"file_id": "file-x"}]},
            400,
            "files",
            "mutually_exclusive_parameters",
        ),
        ("/file_batches", {"files": [{"file_id": "file-unknown"}]}, 404, "id", None),
    ],
)
async def test_a3_limits_are_refused(api: Api, path: str, body: Any, status: int, param: str, code: str | None) -> None:
    store = await api.post("/vector_stores") if path else {"id": ""}
    got, error = await api.refused("POST", f"/vector_stores/{store['id']}{path}".rstrip("/"), body)
    assert (got, error["param"], error["code"]) == (status, param, code), error["message"]
    assert rows(api, "SELECT count(*) FROM store_files") == [(0,)]


async def test_filters_nested_without_end_are_refused(api: Api) -> None:
    store = await api.post("/vector_stores")
    test: Any = {"type": "eq", "key": "a", "value": 1}
    for _ in range(20):
        test = {"type": "and", "filters": [test]}
    status, error = await api.refused("POST", f"/vector_stores/{store['id']}/search", {"query": "a", "filters": test})
    assert (status, error["code"]) == (400, "invalid_value")


async def test_unknown_ids_are_refused_by_name(api: Api) -> None:  # A1, A8: the text is our choice
    status, error = await api.refused("GET", "/vector_stores/vs_x")
    assert (status, error["message"]) == (404, "No vector store found with id 'vs_x'.")
    store = await api.post("/vector_stores")
    status, error = await api.refused("GET", f"/vector_stores/{store['id']}/files/file-x")
    assert (status, error["message"]) == (404, "No vector store file found with id 'file-x'.")
    status, error = await api.refused("GET", f"/vector_stores/{store['id']}/file_batches/vsfb_x")
    assert (status, error["message"]) == (404, "No vector store file batch found with id 'vsfb_x'.")


async def test_chunking_comes_back_as_static(api: Api) -> None:  # A4
    file_id = await upload(api, "a.txt", "text")
    store = await api.post("/vector_stores")
    files = f"/vector_stores/{store['id']}/files"
    auto = await api.post(files, {"file_id": file_id, "chunking_strategy": {"type": "auto"}})
    assert auto["chunking_strategy"]["static"] == {"max_chunk_size_tokens": 800, "chunk_overlap_tokens": 400}
    assert (await api.post(files, {"file_id": file_id, "chunking_strategy": STATIC}))["chunking_strategy"] == STATIC
    assert (await settled(api, store["id"]))["file_counts"]["total"] == 1


async def test_a_file_attached_again_with_the_same_settings_is_not_taken_in_again(api: Api) -> None:
    store, ids = await store_of(api, {"a.txt": "text"})
    again = await api.post(f"/vector_stores/{store['id']}/files", {"file_id": ids["a.txt"], "attributes": {"n": 1}})
    assert (again["status"], again["attributes"]) == ("completed", {"n": 1})


async def test_one_file_is_in_two_stores_with_attributes_of_its_own(api: Api) -> None:
    one, ids = await store_of(api, {"a.txt": "text"})
    two = await api.post("/vector_stores", {"file_ids": [ids["a.txt"]]})
    await settled(api, two["id"])
    path = f"/vector_stores/{{}}/files/{ids['a.txt']}"
    await api.post(path.format(one["id"]), {"attributes": {"in": "one"}})
    assert (await api.get(path.format(two["id"])))["attributes"] == {}
    await api.delete(path.format(one["id"]))
    assert (await api.get(path.format(two["id"])))["status"] == "completed"
    assert await names(api, two["id"], "text") == ["a.txt"]
    assert await names(api, one["id"], "text") == []


async def test_attributes_are_replaced_whole_and_null_empties_them(api: Api) -> None:
    store, ids = await store_of(api, {"a.txt": "text"})
    path = f"/vector_stores/{store['id']}/files/{ids['a.txt']}"
    assert (await api.post(path, {"attributes": {"a": 1, "b": True}}))["attributes"] == {"a": 1, "b": True}
    assert (await api.post(path, {"attributes": {"c": "x"}}))["attributes"] == {"c": "x"}
    assert (await api.post(path, {"attributes": None}))["attributes"] == {}


async def test_files_are_listed_by_status_and_a_cursor_outlives_its_status(api: Api) -> None:
    store, ids = await store_of(api, {"a.txt": "text", "b.txt": "text", "c.bin": bytes(9)})
    path = f"/vector_stores/{store['id']}/files"
    failed = await api.get(path, filter="failed")
    assert [each["id"] for each in failed["data"]] == [ids["c.bin"]]
    assert failed["data"][0]["last_error"]["code"] == "unsupported_file"
    done = await api.get(path, filter="completed", order="asc", after=ids["a.txt"])
    assert [each["id"] for each in done["data"]] == [ids["b.txt"]]
    assert (await api.get(path, filter="in_progress", after=ids["a.txt"]))["data"] == []
    status, error = await api.refused("GET", f"{path}?filter=done")
    assert (status, error["param"]) == (400, "filter")


async def test_reads_of_a_file_in_progress_say_when_to_come_again(api: Api) -> None:  # A1
    file_id = await upload(api, "a.txt", "text")
    store = await api.post("/vector_stores")
    begun = await api.send("POST", f"/vector_stores/{store['id']}/files", {"file_id": file_id})
    batch = await api.send("POST", f"/vector_stores/{store['id']}/file_batches", {"file_ids": [file_id]})
    assert int(begun.headers["openai-poll-after-ms"]) < 1000
    assert int(batch.headers["openai-poll-after-ms"]) < 1000
    await settled(api, store["id"])
    done = await api.send("GET", f"/vector_stores/{store['id']}/files/{file_id}")
    assert "openai-poll-after-ms" not in done.headers


async def test_content_is_the_text_that_was_taken_in(api: Api) -> None:
    text = "Refunds take thirty days. 七天无理由退货。\n" * 200
    store, ids = await store_of(api, {"a.txt": text}, chunking_strategy=STATIC)
    page = await api.get(f"/vector_stores/{store['id']}/files/{ids['a.txt']}/content")
    assert page == {
        "object": "vector_store.file_content.page",
        "data": [{"type": "text", "text": text}],
        "has_more": False,
        "next_page": None,
    }


async def test_deleting_a_file_takes_it_out_of_every_store(api: Api) -> None:  # A5
    one, ids = await store_of(api, {"a.txt": "text", "b.txt": "text"})
    two = await settled(api, (await api.post("/vector_stores", {"file_ids": [ids["a.txt"]]}))["id"])
    await api.delete(f"/files/{ids['a.txt']}")
    assert (await api.get(f"/vector_stores/{one['id']}"))["file_counts"]["total"] == 1
    assert (await api.get(f"/vector_stores/{two['id']}"))["usage_bytes"] == 0
    assert await names(api, one["id"], "text") == ["b.txt"]
    await swept(api)
    assert rows(api, "SELECT count(*) FROM chunks") == rows(api, "SELECT count(*) FROM chunk_words") == [(1,)]


async def test_deleting_a_store_leaves_its_files_and_nothing_of_its_chunks(api: Api) -> None:  # A5
    store, ids = await store_of(api, {"a.txt": "text " * 500}, chunking_strategy=STATIC)
    deleted = await api.delete(f"/vector_stores/{store['id']}")
    assert deleted == {"id": store["id"], "object": "vector_store.deleted", "deleted": True}
    assert (await api.get(f"/files/{ids['a.txt']}"))["id"] == ids["a.txt"]
    await swept(api)
    for table in ("chunks", "chunk_words", "store_files", "file_batches"):
        assert rows(api, f"SELECT count(*) FROM {table}") == [(0,)]


async def test_detaching_answers_and_leaves_the_file(api: Api) -> None:
    store, ids = await store_of(api, {"a.txt": "text"})
    path = f"/vector_stores/{store['id']}/files/{ids['a.txt']}"
    assert await api.delete(path) == {"id": ids["a.txt"], "object": "vector_store.file.deleted", "deleted": True}
    assert (await api.refused("GET", path))[0] == 404
    assert (await api.get(f"/files/{ids['a.txt']}"))["id"] == ids["a.txt"]


# Expiry


async def _expiring(api: Api) -> tuple[Any, str]:
    store, ids = await store_of(api, {"a.txt": "refunds"}, expires_after={"anchor": "last_active_at", "days": 2})
    return store, ids["a.txt"]


async def test_a_store_expires_after_its_days_without_use() -> None:  # A4
    clock = Clock()
    async with serving(clock=clock) as api:
        store, file_id = await _expiring(api)
        assert store["expires_at"] == store["last_active_at"] + 2 * DAY
        clock.now += 2 * DAY
        path = f"/vector_stores/{store['id']}"
        assert (await api.get(path))["status"] == "expired"
        for method, below, body in (
            ("POST", "/search", {"query": "refunds"}),
            ("POST", "/files", {"file_id": file_id}),
            ("POST", "/file_batches", {"file_ids": [file_id]}),
        ):
            status, error = await api.refused(method, path + below, body)
            assert (status, "has expired" in error["message"]) == (400, True)
        assert [each["id"] for each in (await api.get(f"{path}/files"))["data"]] == [file_id]


async def test_a_search_puts_expiry_off() -> None:
    clock = Clock()
    async with serving(clock=clock) as api:
        store, _ = await _expiring(api)
        clock.now += 2 * DAY - 1
        assert len(await search(api, store["id"], "refunds")) == 1
        clock.now += 2 * DAY - 1
        after = await api.get(f"/vector_stores/{store['id']}")
        assert (after["status"], after["last_active_at"]) == ("completed", store["last_active_at"] + 2 * DAY - 1)


async def test_runs_do_not_search_a_store_that_has_expired() -> None:
    clock = Clock()
    async with serving(clock=clock) as api:
        store, _ = await _expiring(api)
        clock.now += 2 * DAY
        services = api.emulator.services
        assert await services.knowledge.search(services, [store["id"], "vs_gone"], ["refunds"], limit=5) == []


# Attachments and helpers (A5)


def _attached(file_id: str, *tools: str) -> dict[str, Any]:
    tools_given = [{"type": tool} for tool in tools]
    return {"role": "user", "content": "hi", "attachments": [{"file_id": file_id, "tools": tools_given}]}


async def test_an_attachment_for_search_makes_the_thread_a_store_once(api: Api) -> None:
    one, two = await upload(api, "a.txt", "refunds"), await upload(api, "b.txt", "shipping")
    thread = await api.post("/threads", {"messages": [_attached(one, "file_search")]})
    (store_id,) = thread["tool_resources"]["file_search"]["vector_store_ids"]
    message = await api.post(f"/threads/{thread['id']}/messages", _attached(two, "file_search"))
    assert message["attachments"] == [{"file_id": two, "tools": [{"type": "file_search"}]}]
    store = await settled(api, store_id)
    assert (store["name"], store["expires_after"]) == (None, {"anchor": "last_active_at", "days": 7})
    assert store["file_counts"]["completed"] == 2
    after = await api.get(f"/threads/{thread['id']}")
    assert after["tool_resources"]["file_search"]["vector_store_ids"] == [store_id]


async def test_an_attachment_goes_to_the_store_that_the_thread_has(api: Api) -> None:
    store = await api.post("/vector_stores", {"name": "mine"})
    resources = {"file_search": {"vector_store_ids": [store["id"]]}}
    file_id = await upload(api, "a.txt", "refunds")
    await api.post("/threads", {"tool_resources": resources, "messages": [_attached(file_id, "file_search")]})
    assert (await settled(api, store["id"]))["file_counts"]["total"] == 1
    assert len((await api.get("/vector_stores"))["data"]) == 1


async def test_an_attachment_for_code_is_among_the_threads_files_once(api: Api) -> None:
    file_id = await upload(api, "a.csv", "a,b")
    thread = await api.post("/threads", {"messages": [_attached(file_id, "code_interpreter")] * 2})
    assert thread["tool_resources"] == {"code_interpreter": {"file_ids": [file_id]}}


async def test_a_thread_holds_no_more_than_twenty_files_for_code(api: Api) -> None:  # A3
    ids = [await upload(api, "a.csv", "a,b") for _ in range(21)]
    thread = await api.post("/threads", {"messages": [_attached(file_id, "code_interpreter") for file_id in ids[:20]]})
    status, error = await api.refused(
        "POST", f"/threads/{thread['id']}/messages", _attached(ids[20], "code_interpreter")
    )
    assert (status, error["code"]) == (400, "array_above_max_length")
    assert len((await api.get(f"/threads/{thread['id']}/messages"))["data"]) == 20


async def test_attachments_of_additional_messages_count_too(api: Api) -> None:
    assistant, thread = await api.assistant(), await api.thread()
    file_id = await upload(api, "a.txt", "refunds")
    await api.run(thread["id"], assistant["id"], additional_messages=[_attached(file_id, "file_search")])
    resources = (await api.get(f"/threads/{thread['id']}"))["tool_resources"]
    (store_id,) = resources["file_search"]["vector_store_ids"]
    assert (await settled(api, store_id))["file_counts"]["completed"] == 1


async def test_an_attachment_after_the_threads_store_has_gone_makes_a_new_one(api: Api) -> None:
    file_id = await upload(api, "a.txt", "refunds")
    thread = await api.post("/threads", {"messages": [_attached(file_id, "file_search")]})
    (gone,) = thread["tool_resources"]["file_search"]["vector_store_ids"]
    await api.delete(f"/vector_stores/{gone}")
    await api.post(f"/threads/{thread['id']}/messages", _attached(file_id, "file_search"))
    resources = (await api.get(f"/threads/{thread['id']}"))["tool_resources"]
    assert resources["file_search"]["vector_store_ids"] != [gone]


@pytest.mark.parametrize(("path", "days"), [("/assistants", None), ("/threads", 7)])
async def test_the_helper_makes_a_store_and_answers_with_its_id(api: Api, path: str, days: int | None) -> None:  # A3
    file_id = await upload(api, "a.txt", "refunds")
    helper = {"file_ids": [file_id], "chunking_strategy": STATIC, "metadata": {"k": "v"}}
    body: dict[str, Any] = {"tool_resources": {"file_search": {"vector_stores": [helper]}}}
    made = await api.post(path, {**body, **({"model": "gpt-4o"} if path == "/assistants" else {})})
    assert list(made["tool_resources"]["file_search"]) == ["vector_store_ids"]
    store = await settled(api, made["tool_resources"]["file_search"]["vector_store_ids"][0])
    assert (store["metadata"], store["file_counts"]["completed"]) == ({"k": "v"}, 1)
    assert (store["expires_after"] or {}).get("days") == days


@pytest.mark.parametrize("path", ["/assistants", "/threads"])
async def test_the_helper_and_ids_exclude_each_other(api: Api, path: str) -> None:
    store = await api.post("/vector_stores")
    resources = {"file_search": {"vector_store_ids": [store["id"]], "vector_stores": [{}]}}
    status, error = await api.refused(
        "POST",
        path,
        {"model": "gpt-4o", "tool_resources": resources} if path == "/assistants" else {"tool_resources": resources},
    )
    assert (status, error["code"]) == (400, "mutually_exclusive_parameters")
    assert len((await api.get("/vector_stores"))["data"]) == 1


async def test_the_helper_is_no_parameter_of_updates(api: Api) -> None:  # A3
    assistant, thread = await api.assistant(), await api.thread()
    body = {"tool_resources": {"file_search": {"vector_stores": [{}]}}}
    for path in (f"/assistants/{assistant['id']}", f"/threads/{thread['id']}"):
        status, error = await api.refused("POST", path, body)
        assert (status, error["code"]) == (400, "unknown_parameter")


async def test_stores_that_are_not_there_are_refused_wherever_they_are_named(api: Api) -> None:
    assistant, thread = await api.assistant(), await api.thread("hello")
    body = {"tool_resources": {"file_search": {"vector_store_ids": ["vs_unknown"]}}}
    for path, more in (
        ("/assistants", {"model": "gpt-4o"}),
        (f"/assistants/{assistant['id']}", {}),
        ("/threads", {}),
        (f"/threads/{thread['id']}", {}),
        ("/threads/runs", {"assistant_id": assistant["id"]}),
    ):
        status, error = await api.refused("POST", path, {**body, **more})
        assert (status, error["message"]) == (404, "No vector store found with id 'vs_unknown'."), path


async def test_an_unknown_attachment_is_refused_and_leaves_nothing(api: Api) -> None:  # A1
    thread = await api.thread()
    status, error = await api.refused("POST", f"/threads/{thread['id']}/messages", _attached("file-x", "file_search"))
    assert (status, error["message"]) == (404, "No such File object: file-x")
    assert (await api.get("/vector_stores"))["data"] == []


async def test_deleting_a_thread_leaves_its_store(api: Api) -> None:  # A5
    file_id = await upload(api, "a.txt", "refunds")
    thread = await api.post("/threads", {"messages": [_attached(file_id, "file_search")]})
    (store_id,) = thread["tool_resources"]["file_search"]["vector_store_ids"]
    await api.delete(f"/threads/{thread['id']}")
    assert (await settled(api, store_id))["file_counts"]["completed"] == 1


async def test_a_server_closes_while_it_takes_files_in() -> None:
    emulator = open_emulator(":memory:")
    api = Api(emulator)
    await api.post("/vector_stores", {"file_ids": [await upload(api, "a.html", "<p>text</p>")]})
    await api.http.aclose()
    await emulator.aclose()
    emulator.services.knowledge.start(emulator.services)
