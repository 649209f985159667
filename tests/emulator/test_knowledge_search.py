"""What a search finds: English, Chinese and mixed, with filters, whatever the query holds, with FTS5 and without."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from asstctl.emulator.knowledge import ingestion
from asstctl.emulator.knowledge.index import _rows
from tests.emulator.harness import Api, serving
from tests.emulator.knowledge import DEADLINE, names, rows, search, settled, store_of, swept, upload

pytestmark = pytest.mark.anyio

DOCS: dict[str, bytes | str] = {
    "refunds.md": "Refunds: you get your money back within thirty days of buying.",
    "shipping.md": "Shipping takes three days. Parcels are insured.",
    "退款.txt": "我们的退款政策：七天无理由退货，退款三天内到账。",
    "发货.txt": "发货时间：下单后四十八小时内发货，节假日顺延。",
    "mixed.txt": "iPhone 15 Pro 的保修期是一年，请保留发票 invoice。ＡＢＣ１２３ 是型号。",
    "日本語.txt": "返品は到着後七日以内にお願いします。カタカナも検索できる。",
    "한국어.txt": "환불은 구매 후 칠 일 이내에 가능합니다.",
}


@pytest.fixture(params=["fts5", "plain"])
async def library(
    request: pytest.FixtureRequest, anyio_backend: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[Api, str]]:
    if request.param == "plain":
        monkeypatch.setattr(ingestion, "has_full_text", lambda connection: False)
    async with serving() as api:
        store, _ = await store_of(api, DOCS)
        yield api, store["id"]


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("refund", "refunds.md"),
        ("REFUNDS", "refunds.md"),
        ("How do I get my money back?", "refunds.md"),
        ("insured parcel", "shipping.md"),
        ("退款", "退款.txt"),
        ("无理由退货", "退款.txt"),
        ("退款什么时候到账？", "退款.txt"),
        ("顺", "发货.txt"),
        ("延", "发货.txt"),
        ("什么时候发货", "发货.txt"),
        ("iphone", "mixed.txt"),
        ("iPhone保修", "mixed.txt"),
        ("abc123", "mixed.txt"),
        ("返品", "日本語.txt"),
        ("カタカナ", "日本語.txt"),
        ("환불", "한국어.txt"),
    ],
)
async def test_the_document_that_is_meant_comes_first(library: tuple[Api, str], query: str, first: str) -> None:
    api, store_id = library
    assert (await names(api, store_id, query))[:1] == [first]


@pytest.mark.parametrize("query", ["guarantee", "款退", "货退", "", "  ", "？！", "\x00", "🙂", "x" * 200])
async def test_nothing_is_found_where_nothing_fits(library: tuple[Api, str], query: str) -> None:
    api, store_id = library
    assert await names(api, store_id, query) == []


@pytest.mark.parametrize(
    "query",
    [
        '"refund',
        'refund"',
        "refund*",
        "^refund",
        "NEAR(refund days, 2)",
        "refund AND",
        "OR refund",
        "NOT refund",
        "(refund",
        "words:refund",
        "{words}: refund",
        "-refund",
        "refund + days",
        "refund; DROP TABLE chunks",
        "refund' OR '1'='1",
        "re\x00 refund",
        "refund " * 5_000,
        "\ufdfa refund \u0130",
        '"" refund ""',
    ],
)
async def test_no_query_is_syntax(library: tuple[Api, str], query: str) -> None:
    api, store_id = library
    assert "refunds.md" in await names(api, store_id, query)


async def test_scores_fall_from_the_best_and_lie_between_0_and_1(library: tuple[Api, str]) -> None:
    api, store_id = library
    scores = [hit["score"] for hit in await search(api, store_id, "refund days 退款 七天 发货 iPhone")]
    assert len(scores) >= 4
    assert scores == sorted(scores, reverse=True)
    assert all(0 < score <= 1 for score in scores)


async def test_limits_and_thresholds_hold(library: tuple[Api, str]) -> None:
    api, store_id = library
    hits = await search(api, store_id, "days 退款 发货", max_num_results=2)
    assert len(hits) == 2
    threshold = {"score_threshold": hits[0]["score"]}
    assert await names(api, store_id, "days 退款 发货", ranking_options=threshold) == [hits[0]["filename"]]


async def test_several_queries_are_answered_as_one(library: tuple[Api, str]) -> None:
    api, store_id = library
    page = await api.post(f"/vector_stores/{store_id}/search", {"query": ["refunds", "发货"], "rewrite_query": True})
    assert (page["object"], page["search_query"]) == ("vector_store.search_results.page", ["refunds", "发货"])
    assert {hit["filename"] for hit in page["data"]} == {"refunds.md", "发货.txt"}
    assert (page["has_more"], page["next_page"]) == (False, None)


def _eq(key: str, value: Any, kind: str = "eq") -> dict[str, Any]:
    return {"type": kind, "key": key, "value": value}


FILES = {
    "a.txt": {"year": 2024, "lang": "en", "draft": False},
    "b.txt": {"year": 2025.5, "lang": "zh", "draft": True},
    "c.txt": {"lang": "en-GB"},
    "d.txt": {},
}


@pytest.fixture
async def shelf(anyio_backend: str) -> AsyncIterator[tuple[Api, str]]:
    async with serving() as api:
        store = await api.post("/vector_stores")
        for name, attributes in FILES.items():
            body = {"file_id": await upload(api, name, "same words"), "attributes": attributes}
            await api.post(f"/vector_stores/{store['id']}/files", body)
        await settled(api, store["id"])
        yield api, store["id"]


@pytest.mark.parametrize(
    ("test", "expected"),
    [
        (_eq("lang", "en"), "a"),
        (_eq("year", 2024.0), "a"),
        (_eq("year", "2024"), ""),
        (_eq("draft", True), "b"),
        (_eq("draft", 1), ""),
        (_eq("lang", "en", "ne"), "bcd"),
        (_eq("year", 2024, "gt"), "b"),
        (_eq("year", 2024, "gte"), "ab"),
        (_eq("year", 2025.5, "lt"), "a"),
        (_eq("year", 2025.5, "lte"), "ab"),
        (_eq("lang", "en", "gt"), "bc"),
        (_eq("lang", 1, "gt"), ""),
        (_eq("lang", ["en", "zh"], "in"), "ab"),
        (_eq("year", [2024, "x"], "in"), "a"),
        (_eq("lang", ["en", "zh"], "nin"), "cd"),
        (_eq("lang", [], "in"), ""),
        ({"type": "and", "filters": [_eq("lang", "en"), _eq("draft", False)]}, "a"),
        ({"type": "or", "filters": [_eq("lang", "zh"), _eq("lang", "en-GB")]}, "bc"),
        (
            {
                "type": "or",
                "filters": [{"type": "and", "filters": [_eq("year", 2024), _eq("lang", "en")]}, _eq("draft", True)],
            },
            "ab",
        ),
        (_eq("'; DROP TABLE chunks --", "x"), ""),
    ],
)
async def test_filters(shelf: tuple[Api, str], test: Any, expected: str) -> None:  # A3
    api, store_id = shelf
    assert sorted(name[0] for name in await names(api, store_id, "words", filters=test)) == list(expected)


async def test_results_carry_the_attributes_of_their_file(shelf: tuple[Api, str]) -> None:
    api, store_id = shelf
    (hit,) = await search(api, store_id, "words", filters=_eq("lang", "en"))
    assert hit["attributes"] == FILES["a.txt"]
    assert hit["content"] == [{"type": "text", "text": "same words"}]


async def test_what_other_stores_hold_changes_no_score(api: Api) -> None:
    store, _ = await store_of(api, DOCS)
    alone = await search(api, store["id"], "refunds days 退款")
    for _ in range(3):
        await store_of(api, {f"{n}.txt": "refunds 退款 days " * 3 for n in range(4)})
    again = await search(api, store["id"], "refunds days 退款")
    assert [hit["filename"] for hit in again] == [hit["filename"] for hit in alone]
    # How long chunks are on average FTS5 counts over all stores, which shifts scores a little and no order.
    assert [hit["score"] for hit in again] == pytest.approx([hit["score"] for hit in alone], abs=0.05)


async def test_a_rare_word_weighs_more_than_a_common_one(library: tuple[Api, str]) -> None:
    api, _ = library
    files = {f"{n}.txt": "common words about nothing" for n in range(6)}
    store, _ = await store_of(api, {**files, "rare.txt": "an uncommon zebra", "both.txt": "common zebra"})
    assert (await names(api, store["id"], "common zebra"))[:2] == ["both.txt", "rare.txt"]


async def test_a_query_of_common_words_is_answered_too(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("asstctl.emulator.knowledge.index._MOST_ROWS", 3)
    store, _ = await store_of(api, {f"{n}.txt": "the same words" for n in range(6)})
    assert len(await names(api, store["id"], "the words")) == 3


async def test_the_rows_that_fts5_counts_are_those_that_there_are(api: Api) -> None:
    store, _ = await store_of(api, {f"{n}.txt": f"text {n}" for n in range(150)})
    connection = api.emulator.services.store.connection
    assert _rows(connection) == rows(api, "SELECT count(*) FROM chunks")[0][0] == 150
    await api.delete(f"/vector_stores/{store['id']}")
    await swept(api)
    assert _rows(connection) == 0


async def test_chunks_written_without_fts5_are_indexed_by_a_build_that_has_it(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as without:
        without.setattr(ingestion, "has_full_text", lambda connection: False)
        async with serving(tmp_path / "local.db") as api:
            store, _ = await store_of(api, DOCS)
    async with serving(tmp_path / "local.db") as api:
        async with asyncio.timeout(DEADLINE):
            while not rows(api, "SELECT 1 FROM chunks WHERE indexed = 1"):
                await api.get("/vector_stores")
        assert await names(api, store["id"], "退款") == ["退款.txt"]
