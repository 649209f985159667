"""The `openai` package over saved agents, strict about every answer: in memory, and once through a socket."""

from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.emulator.agents.test_agents import EVERYTHING, STORED
from tests.emulator.agents.world import ASK, sdk
from tests.emulator.process import Server

pytestmark = pytest.mark.anyio

Json = Any

TOOLS: list[Json] = [
    ASK,
    {"type": "tool_search"},
    {"type": "programmatic_tool_calling"},
    {"type": "mcp", "server_label": "a", "transport": {"type": "http", "server_url": "https://x.example"}},
    {"type": "mcp", "server_label": "b", "transport": {"type": "stdio", "command": "c", "cwd": "/"}},
    {"type": "web_search", "location": {"city": "Oslo"}},
    {"type": "computer_use"},
    {"type": "automations"},
]


async def test_the_package_reads_every_answer_about_an_agent() -> None:
    async with sdk() as client:
        agents = client.beta.agents
        made = await agents.create(model="gpt-5", **{**EVERYTHING, "compaction": {"async_": True}, "tools": TOOLS})
        assert made.compaction is not None
        assert made.compaction.async_
        assert [tool.type for tool in made.tools] == [tool["type"] for tool in TOOLS]
        assert await agents.retrieve(made.id) == made
        changed = await agents.update(made.id, name=None, reasoning={"effort": "high"})
        assert (changed.name, changed.reasoning.effort, changed.reasoning.summary) == (None, "high", None)
        assert [each async for each in agents.list()] == [changed]
        assert (await agents.delete(made.id)).object == "agent.deleted"


async def test_the_package_reads_an_agent_of_a_model_alone() -> None:
    async with sdk() as client:
        agent = await client.beta.agents.create(model="gpt-5")
        assert (agent.name, agent.metadata, agent.multi_agent.max_concurrent_subagents) == (None, {}, None)


@pytest.mark.parametrize("order", ["asc", "desc"])
async def test_the_package_pages_through_every_agent_once(order: Any) -> None:
    async with sdk() as client:
        made = [(await client.beta.agents.create(model="gpt-5", name=str(number))).id for number in range(7)]
        seen = [agent.id async for agent in client.beta.agents.list(limit=3, order=order)]
        assert seen == (made if order == "asc" else made[::-1])


async def test_whoever_deletes_while_paging_misses_none() -> None:
    async with sdk() as client:
        for number in range(5):
            await client.beta.agents.create(model="gpt-5", name=str(number))
        async for agent in client.beta.agents.list(limit=2):
            await client.beta.agents.delete(agent.id)
        assert [agent async for agent in client.beta.agents.list()] == []


async def test_the_package_shows_what_a_refusal_says() -> None:
    async with sdk() as client:
        with pytest.raises(openai.BadRequestError) as caught:
            await client.beta.agents.create(model="gpt-5", extra_body={"temperature": 1})
        error = caught.value
        assert (error.code, error.type, error.param) == ("invalid_request_error",) * 2 + ("temperature",)
        assert error.request_id is not None
        with pytest.raises(openai.NotFoundError) as missing:
            await client.beta.agents.retrieve("agent_missing")
        assert missing.value.code == "not_found_error"


async def test_files_and_vector_stores_are_on_the_same_host() -> None:
    async with sdk() as client:
        file = await client.files.create(file=("notes.txt", b"hello"), purpose="assistants")
        store = await client.vector_stores.create(name="notes", file_ids=[file.id])
        found = await client.vector_stores.search(store.id, query="hello")
        assert found.object == "vector_store.search_results.page"


_CHANGES = st.lists(
    st.dictionaries(st.sampled_from(sorted(EVERYTHING)), st.booleans(), max_size=4),
    max_size=6,
)


@pytest.mark.parametrize("lenient", [False, True])
def test_an_agent_is_what_its_last_writes_said(lenient: bool) -> None:
    """Fields apart, each is as the last write that had it left it, whatever came between."""
    import anyio

    @settings(max_examples=15, deadline=None)
    @given(_CHANGES)
    def law(changes: list[dict[str, bool]]) -> None:
        anyio.run(_check, changes, lenient)

    law()


async def _check(changes: list[dict[str, bool]], lenient: bool) -> None:
    async with sdk(lenient=lenient) as client:
        raw = client.beta.agents.with_raw_response
        agent = (await raw.create(model="gpt-5")).http_response.json()
        expected = dict(agent)
        for change in changes:
            body = {name: EVERYTHING[name] if is_set else _unset(name) for name, is_set in change.items()}
            answer = (await raw.update(agent["id"], extra_body=body)).http_response.json()
            expected |= {name: STORED[name] if is_set else agent[name] for name, is_set in change.items()}
            assert answer == {**expected, "updated_at": answer["updated_at"]}
        kept = (await raw.retrieve(agent["id"])).http_response.json()
        assert kept == {**expected, "updated_at": kept["updated_at"]}


def _unset(name: str) -> Json:
    return {"time_awareness": False} if name == "experimental" else None


def test_the_package_over_a_socket(tmp_path: Path) -> None:
    server = Server(tmp_path / "a.db", "--api", "agents", "--quirk", "reasoning-effort=low")
    try:
        strict: Any = {"_strict_response_validation": True}
        with openai.OpenAI(base_url=server.url, api_key="any", max_retries=0, **strict) as client:
            agent = client.beta.agents.create(model="gpt-5", tools=TOOLS)
            assert agent.reasoning.effort == "low"
            assert [each.id for each in client.beta.agents.list()] == [agent.id]
            assert client.beta.agents.delete(agent.id).deleted
        assert httpx2.get(f"{server.url}/agents").status_code == 400
    finally:
        assert server.stop() == (0, "")
