"""AgentsStore over the service on paper: one request per write, halves read as late as can be, headers where they
belong, and what a later version of the service adds."""

import json
from typing import Any

import httpx2
import pytest

from asstctl.core.errors import BadAnswer, IncompleteListing, NoSuchApi, NotFound, Refused, TapeMissing
from asstctl.providers import recorded
from asstctl.providers.agents.provider import Provider, open_provider
from asstctl.providers.settings import OpenAISettings
from tests.providers.agents.paper import Paper
from tests.providers.agents.samples import function

pytestmark = pytest.mark.anyio


def asked(paper: Paper) -> list[str]:
    return [f"{one.method} {one.url.path.removeprefix('/v1')}" for one in paper.seen]


async def test_a_create_is_one_request_and_answers_with_the_agent() -> None:
    paper = Paper()
    async with paper.provider() as opened:
        live = await opened.store.create("assistant", {"model": "m", "name": "x", "tools": [function()]})

    assert asked(paper) == ["POST /agents"]
    assert (live.id, live.fields["tools"], live.request_id) == ("agent_0", [function()], "req_agent_0")


async def test_an_update_of_a_key_of_its_own_reads_nothing() -> None:
    paper = Paper()
    async with paper.provider() as opened:
        live = await opened.store.create("assistant", {"model": "m"})
        await opened.store.update("assistant", live.id, {"name": "y", "metadata": {"a": "b"}})

    assert asked(paper) == ["POST /agents", "POST /agents/agent_0"]
    assert paper.bodies[-1] == {"name": "y", "metadata": {"a": "b"}}


async def test_an_update_of_half_a_key_sends_the_other_half_as_it_is_now() -> None:
    """Somebody may have changed it since the last listing: their change stays."""
    paper = Paper()
    async with paper.provider() as opened:
        live = await opened.store.create("assistant", {"model": "m", "tools": [function()]})
        paper.agents[live.id]["tools"].append({"type": "tool_search"})
        changed = await opened.store.update("assistant", live.id, {"tools": [function("new")]})

    assert asked(paper) == ["POST /agents", "GET /agents/agent_0", "POST /agents/agent_0"]
    assert changed.fields["extensions.tools"] == [{"type": "tool_search"}]
    assert changed.fields["tools"] == [function("new")]


async def test_a_listing_follows_its_pages_oldest_first() -> None:
    paper = Paper()
    async with paper.provider() as opened:
        made = [(await opened.store.create("assistant", {"model": "m"})).id for _ in range(205)]
        paper.seen.clear()
        listing = await opened.store.list("assistant")

    assert [live.id for live in listing.objects] == made
    assert [str(one.url.query, "ascii") for one in paper.seen] == [
        "order=asc&limit=100",
        "order=asc&limit=100&after=agent_99",
        "order=asc&limit=100&after=agent_199",
    ]


async def test_only_the_agents_api_gets_the_beta_header_and_all_of_it_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_ORG_ID", "org-1")
    paper = Paper()
    async with paper.provider() as opened:
        await opened.store.list("assistant")
        await opened.store.list("vector_store")
        assert opened.files is not None
        await opened.files.attached("vs_1")

    assert [one.headers.get("openai-beta") for one in paper.seen] == ["agents=v1", None, None]
    for one in paper.seen:
        assert one.headers["authorization"] == "Bearer sesame-open"
        assert not [name for name in one.headers if name.startswith(("x-", "openai-o"))]


def answering(*answers: tuple[int, Any]) -> Provider:
    left = list(answers)

    def answer(request: httpx2.Request) -> httpx2.Response:
        status, body = left.pop(0)
        return httpx2.Response(status, json=body)

    return Provider("https://api.openai.com/v1", httpx2.MockTransport(answer), place="api.openai.com", key="sesame")


NOT_FOUND = (404, {"error": {"code": "not_found_error", "message": "no such agent"}})
AGENT = {"id": "agent_1", "object": "agent", "created_at": 1, "model": "m", "tools": [], "text": {}, "reasoning": {}}


async def test_a_listing_whose_cursor_is_lost_is_incomplete() -> None:
    async with answering((200, {"data": [AGENT], "has_more": True}), NOT_FOUND) as opened:
        with pytest.raises(IncompleteListing):
            await opened.store.list("assistant")


async def test_a_project_without_the_api_is_told_so() -> None:
    async with answering(NOT_FOUND) as opened:
        with pytest.raises(NoSuchApi, match="has no Agents API for this key"):
            await opened.store.list("assistant")


async def test_another_agent_than_the_one_asked_for_is_a_bad_answer() -> None:
    async with answering((200, AGENT), (200, AGENT)) as opened:
        with pytest.raises(BadAnswer):
            await opened.store.get("assistant", "agent_2")
        with pytest.raises(BadAnswer):
            await opened.store.update("assistant", "agent_2", {"name": "x"})


async def test_an_agent_that_is_gone_before_its_half_is_read_is_not_found() -> None:
    async with answering(NOT_FOUND) as opened:
        with pytest.raises(NotFound):
            await opened.store.update("assistant", "agent_1", {"tools": []})


async def test_the_lag_of_listings_is_the_wires_or_the_targets() -> None:
    """Five seconds, where the target says nothing."""
    assert open_provider(OpenAISettings("http://127.0.0.1:1/v1")).store.capabilities.list_lag == 5
    assert open_provider(OpenAISettings("http://127.0.0.1:1/v1", list_lag=0)).store.capabilities.list_lag == 0


def test_no_key_goes_where_it_could_be_read() -> None:
    with pytest.raises(Refused):
        open_provider(OpenAISettings("http://example.org/v1", api_key="sesame-open"))


# A service that is newer than this program.

NEWER = Paper(
    adds={"guardrails": {"level": 3}, "text": {"tone": "warm"}, "compaction": {"threshold": 0.8}},
    adds_tools=({"type": "holodeck", "deck": 3},),
)


async def test_what_a_newer_service_adds_survives_a_read() -> None:
    async with NEWER.provider() as opened:
        made = await opened.store.create("assistant", {"model": "m", "tools": [function()]})
        live = await opened.store.get("assistant", made.id)

    assert live.fields["extensions.guardrails"] == {"level": 3}
    assert live.fields["tools"] == [function(), {"type": "holodeck", "deck": 3}]
    assert live.raw["text"]["tone"] == "warm"
    assert "extensions.text" not in live.fields


async def test_what_a_newer_service_adds_is_sent_back_by_no_update() -> None:
    """An update of something else goes through; one that would need it is refused before it is sent."""
    async with NEWER.provider() as opened:
        made = await opened.store.create("assistant", {"model": "m"})
        NEWER.bodies.clear()
        await opened.store.update("assistant", made.id, {"name": "x", "extensions.compaction": {"async": True}})
        await opened.store.update("assistant", made.id, {"tools": [function()]})
        with pytest.raises(Refused, match="holodeck"):
            await opened.store.update("assistant", made.id, {"extensions.tools": [{"type": "tool_search"}]})
        with pytest.raises(Refused, match=r"text\.tone"):
            await opened.store.update("assistant", made.id, {"response_format": None})

    sent = json.dumps(NEWER.bodies)
    assert len(NEWER.bodies) == 2
    assert not [word for word in ("guardrails", "tone", "threshold", "holodeck") if word in sent]


async def test_where_answers_stand_on_tapes_nothing_is_sent() -> None:
    """No key is needed, and nobody is asked."""
    async with recorded("openai")(OpenAISettings("https://example.org/v1")) as opened:
        assert opened.place == "example.org"
        with pytest.raises(TapeMissing):
            await opened.store.list("assistant")
