"""Conversations on servers that cannot do all that is asked for, or do it in a way of their own."""

import asyncio
from pathlib import Path

import httpx2
import pytest

from asstctl.core.thread import RUN_KEY, Attached, Need, RunOptions, Said, Tool
from asstctl.providers import opener
from asstctl.providers.assistants.dialects import DIALECTS, EMBEDDED
from asstctl.providers.settings import AssistantsSettings
from tests.contract.conftest import serving
from tests.dialects.conftest import KEY, SPOKEN, Spoken

pytestmark = pytest.mark.anyio

ASTRA = next(one for one in SPOKEN if one.name == "Astra")


async def test_a_thread_on_astra_is_closed_under_a_run_that_cannot_be_cancelled(tmp_path: Path) -> None:
    """Nobody waits for it, and nothing is left."""
    with serving(tmp_path / "server.db", "--fault", "dialect=astra", "--reply-delay", "5") as url:
        token = {"astra-api-token": ASTRA.headers["astra-api-token"]}
        async with opener("assistants")(AssistantsSettings(url, dialect="astra", headers=token)) as provider:
            live = await provider.store.create("assistant", {"model": "m", "name": "Ola"})
            host = provider.thread_host()
            thread = (await host.open(messages=[Said("user", "hello")])).thread
            running = asyncio.create_task(host.run(thread, live.id))
            async with asyncio.timeout(5):
                while not httpx2.get(f"{url}/threads/{thread}/runs", headers=dict(ASTRA.headers)).json()["data"]:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
            running.cancel()
            await asyncio.wait([running])

            async with asyncio.timeout(3):
                await host.close(thread)

            with pytest.raises(Exception, match="not found"):
                await host.post(thread, Said("user", "still there?"))


FILE_RULES = """
rules:
  - user: "^find (.*)"
    search: "{{ match.1 }}"
  - tool: file_search
    say: "{{ output }}{{ passages.0.marker }}"
"""


@pytest.mark.parametrize("spoken", SPOKEN, ids=lambda one: one.name)
async def test_a_conversation_with_a_file_leaves_nothing_on_any_server(spoken: Spoken, tmp_path: Path) -> None:
    """Sent, searched, streamed, told again and deleted; what a dialect lacks is in its capabilities."""
    rules, file = tmp_path / "a.replies.yaml", tmp_path / "notes.md"
    rules.write_text(FILE_RULES, encoding="utf-8")
    file.write_text("Otters hold hands while they sleep.\n", encoding="utf-8")
    faults = [part for fault in spoken.faults for part in ("--fault", fault)]
    with serving(tmp_path / "server.db", "--replies", str(rules), "--api-key", KEY, *faults) as url:
        root = url.removesuffix("/v1")
        through = f"{root}/openai/v1" if spoken.name == "LiteLLM" else ""
        base = f"{root}/v1" if through else f"{root}{spoken.base}"
        dialect = {"Foundry classic": "foundry", "Astra": "astra"}.get(spoken.name, "")
        settings = AssistantsSettings(
            base, api_key=KEY, dialect=dialect, passthrough_url=through, headers=dict(spoken.headers)
        )
        async with opener("assistants")(settings) as provider:
            missing = provider.store.capabilities.missing
            tools = [{"type": "file_search"}]
            live = await provider.store.create("assistant", {"model": "m", "name": "Ola", "tools": tools})
            host = provider.thread_host()
            id = await host.upload(file, purpose="assistants")
            attached = [Attached(id, (Tool.FILE_SEARCH,))]
            opened = await host.open(messages=[Said("user", "find otters")], metadata={RUN_KEY: "r"}, files=attached)
            ear: list[str] = []
            options = RunOptions(stream=True, steps=Need.STEPS not in missing, hear=ear.append)

            state = await host.run(opened.thread, live.id, options)

            assert ("hold hands" in state.reply, "".join(ear)) == (True, state.reply)
            assert [one.file for one in state.citations] == ["notes.md"]
            assert len(state.passages) == (0 if Need.STEPS in missing else 1)
            assert [one.reply for one in await host.history(opened.thread)] == [state.reply]
            await host.close(opened.thread)
            for store in opened.stores:
                await host.discard("vector_store", store)
            await host.discard("file", id)
            headers = {"authorization": f"Bearer {KEY}", **spoken.headers}
            for collection in ("files", "vector_stores"):
                listed = httpx2.get(f"{root}{spoken.base}/{collection}", headers=headers, params=dict(spoken.query))
                assert listed.json()["data"] == []


def test_what_dialects_lack_is_said_with_a_way_on() -> None:
    """By the words of conversations; a server of the full wire and our own lack nothing."""
    lacking = {
        name: {need for need in Need if need in dialect.capabilities.missing}
        for name, dialect in {**DIALECTS, "embedded": EMBEDDED}.items()
    }

    assert lacking == {"full": set(), "embedded": set(), "litellm": set(), "foundry": set(), "astra": {Need.STEPS}}
    assert "test on another target" in DIALECTS["astra"].capabilities.missing[Need.STEPS]
