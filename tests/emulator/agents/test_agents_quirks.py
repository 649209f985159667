"""Quirks: how they are spelled, and what those do that concern saved agents."""

import asyncio
import math
from pathlib import Path
from typing import Any

import pytest

from asstctl.emulator import Quirks, QuirkSpecError
from asstctl.emulator.__main__ import main
from asstctl.emulator.asgi import Message, Receive, Scope, Send
from asstctl.emulator.faults.lag import list_lag
from tests.emulator.agents.world import AgentsApi, agents

pytestmark = pytest.mark.anyio

LAG = 0.2


async def _names(api: AgentsApi, **query: Any) -> list[str]:
    return [agent["name"] for agent in (await api.get("/agents", order="asc", **query))["data"]]


async def _until(api: AgentsApi, names: list[str]) -> None:
    async with asyncio.timeout(5):
        while await _names(api) != names:  # noqa: ASYNC110 - a lag ends by itself
            await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    ("specs", "quirks"),
    [
        ([], Quirks()),
        (["list-lag=5"], Quirks(list_lag="5")),
        (["list-lag=0.5:bodies"], Quirks(list_lag="0.5:bodies")),
        (["late-usage=2", "pending-calls=0.3"], Quirks(late_usage=2.0, pending_calls=0.3)),
        (["late-usage=never"], Quirks(late_usage=math.inf)),
        (["cost=5"], Quirks(cost=5)),
        (["reasoning-effort=medium", "reasoning-effort=low"], Quirks(reasoning_effort="low")),
    ],
)
def test_quirks_are_spelled_as_name_and_value(specs: list[str], quirks: Quirks) -> None:
    assert Quirks.parsed(specs) == quirks


@pytest.mark.parametrize(
    "spec",
    [
        *("", "slow=1", "list-lag", "list-lag=x", "list-lag=1:names", "late-usage=-1", "late-usage=nan"),
        *("pending-calls=never", "pending-calls=inf", "reasoning-effort=huge"),
        *("cost=", "cost=-1", "cost=0.5", "cost=²"),
    ],
)
def test_a_quirk_that_cannot_be_read_says_why(spec: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(QuirkSpecError):
        Quirks.parsed([spec])
    assert main(["--database", ":memory:", "--api", "agents", "--quirk", spec]) == 1
    said = capsys.readouterr().err
    assert ("quirk" in said, "convert" in said) == (True, False)


def test_quirks_are_of_agents_only(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--database", ":memory:", "--quirk", "list-lag=1"])
    assert "--api agents" in capsys.readouterr().err


async def test_an_effort_that_was_left_open_is_filled_in() -> None:
    async with agents(quirks=Quirks(reasoning_effort="medium")) as api:
        agent = await api.agent(reasoning={"summary": "auto"})
        assert agent["reasoning"] == {"effort": "medium", "summary": "auto"}
        path = f"/agents/{agent['id']}"
        assert (await api.post(path, {"reasoning": {"effort": "none"}}))["reasoning"]["effort"] == "none"
        assert (await api.post(path, {"name": "a"}))["reasoning"]["effort"] == "none"
        assert (await api.post(path, {"reasoning": None}))["reasoning"]["effort"] == "medium"
        assert (await api.get(path))["reasoning"] == {"effort": "medium", "summary": None}


async def test_a_listing_learns_of_new_agents_late_and_a_read_at_once() -> None:
    async with agents(quirks=Quirks(list_lag=str(LAG))) as api:
        agent = await api.agent(name="a")
        assert await _names(api) == []
        assert await api.get(f"/agents/{agent['id']}") == agent
        await _until(api, ["a"])
        await api.post(f"/agents/{agent['id']}", {"name": "b"})
        await api.agent(name="new")
        assert await _names(api) == ["b"]
        assert await _names(api, limit=0) == ["b"]


async def test_a_listing_shows_agents_as_they_were() -> None:
    async with agents(quirks=Quirks(list_lag=f"{LAG}:bodies")) as api:
        agent = await api.agent(name="a")
        await asyncio.sleep(LAG)  # so that the first body is known everywhere
        await api.post(f"/agents/{agent['id']}", {"name": "b"})
        assert await _names(api) == ["a"]
        assert (await api.get(f"/agents/{agent['id']}"))["name"] == "b"
        await _until(api, ["b"])


async def test_an_agent_that_was_there_before_lags_too(tmp_path: Path) -> None:
    async with agents(tmp_path / "a.db") as api:
        agent = await api.agent(name="a")
    async with agents(tmp_path / "a.db", quirks=Quirks(list_lag="60:bodies")) as api:
        await api.post(f"/agents/{agent['id']}", {"name": "b"})
        assert await _names(api) == ["a"]


async def test_a_listing_that_lags_shows_what_became_of_a_session_by_itself() -> None:
    async with agents(quirks=Quirks(list_lag=f"{LAG}:bodies")) as api:
        body = {"environment": {"type": "none"}, "agent": {"model": "gpt-5"}, "input": "hello"}
        await api.post("/agents/sessions", body)
        async with asyncio.timeout(5):
            while (await api.get("/agents/sessions"))["data"][0]["status"] != "idle":  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.01)


async def test_a_listing_that_lags_goes_on_after_what_was_deleted() -> None:
    async with agents(quirks=Quirks(list_lag=str(LAG))) as api:
        ids = [(await api.agent(name=str(number)))["id"] for number in range(4)]
        await _until(api, list("0123"))
        await api.delete(f"/agents/{ids[1]}")
        assert await _names(api, after=ids[1]) == ["2", "3"]
        await api.delete(f"/agents/{ids[3]}")
        assert await _names(api, after=ids[3]) == []
        assert (await api.refused("GET", "/agents?after=agent_nowhere"))[0] == 404


async def test_a_stream_of_events_does_not_lag() -> None:
    """It has no end that could be waited for, neither where it is read nor where an event is sent."""
    told: list[Message] = []
    reads = 0

    async def endless(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal reads
        if scope["method"] == "GET":
            reads += 1
            await send({"type": "http.response.body", "body": b"data: {}\n\n", "more_body": True})
            await asyncio.Event().wait()
        await send({"type": "http.response.start", "status": 202, "headers": []})

    async def note(message: Message) -> None:
        told.append(message)

    async def nothing() -> Message:
        return {"type": "http.request"}

    lagging = list_lag("60")(endless)
    path = "/v1/agents/sessions/sess_1/events"
    await lagging({"type": "http", "method": "POST", "path": path, "headers": []}, nothing, note)
    assert (reads, [each["type"] for each in told]) == (0, ["http.response.start"])
    reading = asyncio.create_task(
        lagging({"type": "http", "method": "GET", "path": path, "headers": []}, nothing, note)  # type: ignore[arg-type]
    )
    async with asyncio.timeout(5):
        while len(told) < 2:  # noqa: ASYNC110 - the stream goes on by itself
            await asyncio.sleep(0)
    reading.cancel()
