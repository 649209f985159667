"""What the program is measured against: the same requests with nothing around them.

python -m tests.bench.bare parse FOLDER | list URL N | create URL N | change URL N | upload URL N
    | chat URL|DATABASE N ASSISTANT | sdk URL N ASSISTANT IN_FLIGHT

A database is served in this process by the same emulator, replies as slow as those of the measured program; the
requests are then printed, by method and shape of the path.
"""

import asyncio
import json
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

IN_FLIGHT = {"create": 8, "change": 8, "upload": 8, "chat": 20}


def parse(folder: str) -> None:
    """Parse each file with PyYAML's quickest loader, and no more."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    for file in sorted(Path(folder).rglob("*.yaml")):
        yaml.load(file.read_text("utf-8"), Loader=loader)


async def here(what: str, database: str, number: int, assistant: str) -> None:
    """As `requests`, over the emulator in this process."""
    import httpx2

    from asstctl.emulator import open_emulator
    from tests.bench.server import shape
    from tests.bench.slow_replies import REPLY_DELAY

    sent: list[tuple[str, str]] = []
    emulator = open_emulator(database, reply_delay=REPLY_DELAY)
    await requests(what, "http://local/v1", number, assistant, httpx2.ASGITransport(app=emulator.app), sent)
    await emulator.aclose()
    print(json.dumps(Counter(shape(method, path) for method, path in sent)))


async def requests(
    what: str,
    url: str,
    number: int,
    assistant: str,
    transport: Any = None,
    sent: list[tuple[str, str]] | None = None,
) -> None:
    """List, create or converse, as many times as asked."""
    import httpx2

    headers = {"openai-beta": "assistants=v2"}
    async with httpx2.AsyncClient(base_url=url, headers=headers, timeout=30, transport=transport) as client:

        async def ask(method: str, path: str, **options: object) -> dict[str, object]:
            if sent is not None:
                sent.append((method, path))
            answer = await client.request(method, url + path, **options)  # type: ignore[arg-type]
            answer.raise_for_status()
            value: dict[str, object] = answer.json()
            return value

        async def create(i: int) -> None:
            await ask("POST", "/assistants", json={"model": "gpt-4o", "name": f"Assistant {i}", "temperature": 0.2})

        async def chat(i: int) -> None:
            said = [{"role": "user", "content": f"Hello number {i}"}]
            thread = (await ask("POST", "/threads", json={"messages": said}))["id"]
            run = await ask("POST", f"/threads/{thread}/runs", json={"assistant_id": assistant})
            while run["status"] in ("queued", "in_progress"):
                await asyncio.sleep(0.06)
                run = await ask("GET", f"/threads/{thread}/runs/{run['id']}")
            await ask("GET", f"/threads/{thread}/messages", params={"run_id": str(run["id"])})
            await ask("DELETE", f"/threads/{thread}")

        async def listing(path: str) -> list[Any]:
            found: list[Any] = []
            after: dict[str, str | int] = {}
            while True:
                page = await ask("GET", path, params={"order": "asc", "limit": 100, **after})
                found += page["data"]  # type: ignore[operator]
                if not page["has_more"]:
                    return found
                after = {"after": str(page["last_id"])}

        if what == "list":
            await listing("/assistants")
        elif what == "change":
            ids = [one["id"] for one in await listing("/assistants")]

            async def change(i: int) -> None:
                await ask("POST", f"/assistants/{ids[i]}", json={"temperature": 0.5})

            await _at_once(change, number, IN_FLIGHT[what])
        elif what == "upload":
            store = (await ask("POST", "/vector_stores", json={"name": "Handbook"}))["id"]
            text = b"How long may a lamp be kept? Thirty days.\n" * 20

            async def upload(i: int) -> None:
                form = {"files": {"file": (f"{i:04}.md", text)}, "data": {"purpose": "assistants"}}
                file = await ask("POST", "/files", **form)
                await ask("POST", f"/vector_stores/{store}/files", json={"file_id": file["id"]})

            await _at_once(upload, number, IN_FLIGHT[what])
            while True:
                files = await listing(f"/vector_stores/{store}/files")
                if all(one["status"] != "in_progress" for one in files):
                    break
                await asyncio.sleep(0.1)
        else:
            await _at_once(create if what == "create" else chat, number, IN_FLIGHT[what])


async def converse(url: str, number: int, assistant: str, in_flight: int) -> None:
    """One-turn conversations as people write them with the typed surface of the openai package."""
    import warnings

    from openai import AsyncOpenAI

    warnings.simplefilter("ignore")  # each call says that the API is deprecated
    async with AsyncOpenAI(base_url=url, api_key="any") as client:
        threads = client.beta.threads

        async def one(i: int) -> None:
            said = f"Hello number {i}"
            thread = await threads.create(messages=[{"role": "user", "content": said}])
            run = await threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant)
            messages = await threads.messages.list(thread.id, run_id=run.id)
            assert said in messages.data[0].content[0].text.value  # type: ignore[union-attr]
            await threads.delete(thread.id)

        await _at_once(one, number, in_flight)


async def _at_once(work: Callable[[int], Awaitable[None]], number: int, in_flight: int) -> None:
    limit = asyncio.Semaphore(in_flight)

    async def one(i: int) -> None:
        async with limit:
            await work(i)

    await asyncio.gather(*(one(i) for i in range(number)))


def main(arguments: list[str]) -> None:
    what, place, *rest = arguments
    if what == "parse":
        parse(place)
    elif what == "sdk":
        asyncio.run(converse(place, int(rest[0]), rest[1], int(rest[2])))
    else:
        work = requests if place.startswith("http") else here
        asyncio.run(work(what, place, int(rest[0]), rest[1] if len(rest) > 1 else ""))


if __name__ == "__main__":
    main(sys.argv[1:])
