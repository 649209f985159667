"""Faults on purpose and the request log."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from asstctl.emulator import FaultSpecError, RequestEntry, RequestLog, open_emulator
from asstctl.emulator.faults import ConnectionDropped
from tests.emulator.harness import Api, serving

pytestmark = pytest.mark.anyio


async def _names(api: Api) -> list[str]:
    return [each["name"] for each in (await api.get("/assistants", order="asc"))["data"]]


@pytest.mark.parametrize(
    "about", ["", ":POST /v1/assistants", ":POST /assistants", ":POST", ":/assistants", ":post /v1/assist"]
)
async def test_drop_after_commit_keeps_the_write_and_loses_the_reply(about: str) -> None:
    async with serving(faults=[f"drop-after-commit=2{about}"]) as api:
        await api.assistant(name="a")
        with pytest.raises(ConnectionDropped):
            await api.assistant(name="b")
        await api.assistant(name="c")
        assert await _names(api) == ["a", "b", "c"]


async def test_a_filter_leaves_other_requests_alone() -> None:
    async with serving(faults=["drop-after-commit=1:DELETE /assistants"]) as api:
        assistant = await api.assistant(name="a")
        assert (await api.refused("DELETE", "/assistants/asst_x"))[0] == 404
        with pytest.raises(ConnectionDropped):
            await api.delete(f"/assistants/{assistant['id']}")
        assert await _names(api) == []


async def test_answer_replaces_the_nth_request() -> None:
    async with serving(faults=["answer=429:2:POST /assistants", "answer=500:1:DELETE"]) as api:
        await api.assistant(name="a")
        response = await api.send("POST", "/assistants", {"model": "m"})
        assert (response.status_code, response.json()["error"]["code"]) == (429, "rate_limit_exceeded")
        assert (response.headers["retry-after"], response.headers["retry-after-ms"]) == ("1", "50")
        assistant = await api.assistant(name="b")
        status, error = await api.refused("DELETE", f"/assistants/{assistant['id']}")
        assert (status, error["type"]) == (500, "server_error")
        assert await _names(api) == ["a", "b"]


async def test_delay_holds_up_every_request() -> None:
    async with serving(faults=["delay=0.02"]) as api:
        began = time.perf_counter()
        await api.get("/assistants")
        assert time.perf_counter() - began >= 0.02


@pytest.mark.parametrize(
    "spec", ["", "slow=1", "delay=x", "delay", "answer=429", "answer=x:1", "drop-after-commit=0", "stop-after-commit=a"]
)
def test_a_fault_that_cannot_be_read_is_refused(spec: str) -> None:
    with pytest.raises(FaultSpecError):
        open_emulator(":memory:", faults=[spec])


def test_a_server_without_faults_does_not_load_them() -> None:
    code = (
        "import sys; from asstctl.emulator import open_emulator; open_emulator(':memory:').services.store.close();"
        "print(sorted(name for name in sys.modules if name.startswith('asstctl')"
        " and not name.startswith('asstctl.emulator')), 'asstctl.emulator.faults' in sys.modules,"
        " [name for name in ('yaml', 'httpx2', 'openai', 'pydantic', 'jinja2', 'uvicorn') if name in sys.modules])"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed == "['asstctl'] False []\n"


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = "import sys, asstctl.emulator; print([n for n in ('starlette', 'sqlite3', 'asyncio') if n in sys.modules])"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed == "[]\n"


async def test_the_request_log_notes_what_was_asked(tmp_path: Path) -> None:
    file = tmp_path / "requests.jsonl"
    log = RequestLog(file)
    async with serving(log=log, faults=["drop-after-commit=2:POST"]) as api:
        await api.assistant(name="a")
        with pytest.raises(ConnectionDropped):
            await api.assistant(name="b")
        await api.refused("GET", "/assistants/asst_x?limit=3")
    expected = [
        RequestEntry("POST", "/v1/assistants", 200, 1),
        RequestEntry("POST", "/v1/assistants", None, 1),
        RequestEntry("GET", "/v1/assistants/asst_x", 404, 1),
    ]
    assert log.entries == expected
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert lines[1] == {"method": "POST", "path": "/v1/assistants", "status": None, "in_flight": 1}
    assert len(lines) == 3
