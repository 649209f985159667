"""A live server: what it holds is written, adopted and applied, and is afterwards what it was but for the mark."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from asstctl.core.mark import PREFIX
from asstctl.emulator.objects import ASSISTANT
from tests.cli.conftest import Project
from tests.cli.test_edits import writes
from tests.contract.conftest import serving
from tests.emulator.harness import serving as serving_here
from tests.migrate.saved import ASSISTANTS, FILE, STORE, Raw, is_crowded, unknown_tool

FILLED = ("id", "object", "created_at")


async def fill(database: Path) -> None:
    """Post them all, raw. Tools that the wire refuses are put into the store, where an older server left them."""
    async with serving_here(database) as api:
        file, store = await api.file("sales.csv"), await api.post("/vector_stores", {"name": "Handbook"})
        for raw in ASSISTANTS:
            ids = json.dumps(raw).replace(FILE, file["id"]).replace(STORE, store["id"])
            body = {name: value for name, value in json.loads(ids).items() if name not in FILLED}
            made = await api.post("/assistants", {**body, "tools": [] if unknown_tool(raw) else body["tools"]})
            if unknown_tool(raw):
                objects = api.emulator.services.store
                with objects.write():
                    objects.replace(ASSISTANT, {**made, "tools": raw["tools"]})


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server that holds them all."""
    database = tmp_path_factory.mktemp("server") / "server.db"
    asyncio.run(fill(database))
    with serving(database) as base_url:
        yield base_url


@pytest.fixture
def old(empty: Project, url: str) -> Project:
    """A project whose target `old` is that server."""
    empty.write(
        "asstctl.yaml", f"version: 1\nproject: school\ntargets: {{old: {{provider: assistants, base_url: '{url}'}}}}\n"
    )
    return empty


def held(url: str) -> dict[str, Raw]:
    with httpx2.Client(trust_env=False) as client:
        data: list[Raw] = client.get(f"{url}/assistants?limit=100&order=asc").json()["data"]
    return {raw["id"]: raw for raw in data}


def unmarked(raw: Raw) -> str:
    """As JSON, byte for byte, without our mark."""
    kept = {name: value for name, value in raw["metadata"].items() if not name.startswith(PREFIX)}
    return json.dumps({**raw, "metadata": kept}, ensure_ascii=False)


def test_a_live_server_is_migrated_adopted_and_changed_in_its_metadata_alone(old: Project, url: str) -> None:
    assert len(ASSISTANTS) >= 30
    before = held(url)
    assert len(before) == len(ASSISTANTS)
    crowded = {id for id, raw in before.items() if is_crowded(raw)}
    unknown = {id: kind for id, raw in before.items() if (kind := unknown_tool(raw))}
    assert (len(crowded), len(unknown)) == (2, 2)

    result = old.run("migrate", "--from", "old", "-v", "--format", "json")

    assert writes(result.err) == []
    told: dict[str, Any] = json.loads(result.out)
    assert (result.code, told["written"], told["again"]) == (1, True, [])
    assert {one["id"] for one in told["assistants"]} == before.keys() - crowded
    left = {one["what"]: one for one in told["unbrought"]}
    assert left.keys() >= crowded
    addresses = {one["id"]: one["address"] for one in told["assistants"]}
    for id, kind in unknown.items():
        assert f"a tool of type {kind} cannot be declared" in left[f"{addresses[id]}: tools"]["reason"]
        assert "tools:" not in manifest(old, addresses[id])
    assert left.keys() == crowded | {f"{addresses[id]}: tools" for id in unknown}

    applied = old.run("apply", "--yes", "--target", "old", "-v")

    assert applied.code == 0, applied.err
    assert len(writes(applied.err)) == len(before) - len(crowded)
    after = held(url)
    assert {id: unmarked(raw) for id, raw in after.items()} == {id: unmarked(raw) for id, raw in before.items()}
    marked = {id for id, raw in after.items() if f"{PREFIX}key" in raw["metadata"]}
    assert marked == before.keys() - crowded
    assert "No changes." in old.done("plan", "--target", "old")
    again = old.run("apply", "--yes", "--target", "old", "-v")
    assert (again.code, writes(again.err)) == (0, [])

    anew = json.loads(old.run("migrate", "--from", "old", "--format", "json").out)
    assert (anew["files"], {one["what"] for one in anew["unbrought"]}) == ([], crowded)
    assert "are valid" in old.done("validate")


def manifest(project: Project, address: str) -> str:
    key = address.partition(".")[2]
    (file,) = (path for path in Path(project.root / "assistants").glob(f"{key}.*") if path.suffix in (".yaml", ".md"))
    return file.read_text("utf-8")
