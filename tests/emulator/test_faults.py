"""Faults on purpose and the request log. How other servers are imitated is in `test_dialects.py`."""

import asyncio
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


async def test_an_answer_after_the_commit_lies_about_what_was_done() -> None:
    async with serving(faults=["answer-after-commit=500:2:POST /assistants"]) as api:
        await api.assistant(name="a")
        status, error = await api.refused("POST", "/assistants", {"model": "m", "name": "b"})
        assert (status, error["type"]) == (500, "server_error")
        await api.assistant(name="c")
        assert await _names(api) == ["a", "b", "c"]


async def test_members_of_a_listing_lag_and_objects_do_not() -> None:
    async with serving(faults=["list-lag=0.2"]) as api:
        first = await api.assistant(name="a")
        assert await _names(api) == []
        assert (await api.get(f"/assistants/{first['id']}"))["name"] == "a"
        await _until(api, ["a"])
        await api.post(f"/assistants/{first['id']}", {"name": "b"})
        assert await _names(api) == ["b"]
        await api.assistant(name="c")
        page = await api.get("/assistants")
        assert ([first["id"]], first["id"], False) == (
            [each["id"] for each in page["data"]],
            page["last_id"],
            page["has_more"],
        )


async def test_bodies_of_a_listing_lag_and_members_do_not() -> None:
    async with serving(faults=["list-lag=0.2:bodies"]) as api:
        assistant = await api.assistant(name="a")
        await _until(api, ["a"])
        await asyncio.sleep(0.2)  # so that the first body is known everywhere
        await api.post(f"/assistants/{assistant['id']}", {"name": "b"})
        assert await _names(api) == ["a"]
        assert (await api.get(f"/assistants/{assistant['id']}"))["name"] == "b"
        await _until(api, ["b"])


async def test_a_body_that_was_there_before_lags_too(tmp_path: Path) -> None:
    async with serving(tmp_path / "a.db") as api:
        assistant = await api.assistant(name="a")
    async with serving(tmp_path / "a.db", faults=["list-lag=60:bodies"]) as api:
        await api.post(f"/assistants/{assistant['id']}", {"name": "b"})
        assert await _names(api) == ["a"]


async def test_a_listing_that_lags_pages_as_any_other() -> None:
    async with serving(faults=["list-lag=0.2"]) as api:
        ids = [(await api.assistant(name=str(number)))["id"] for number in range(5)]
        await _until(api, list("01234"))
        await api.assistant(name="new")
        for query, expected, more in (
            ({"limit": 2}, "43", True),
            ({"limit": 2, "after": ids[3]}, "21", True),
            ({"order": "asc", "after": ids[2]}, "34", False),
            ({"order": "asc", "before": ids[3], "limit": 2}, "12", True),
            ({"before": ids[1]}, "432", False),
            ({"limit": ""}, "43210", False),
        ):
            page = await api.get("/assistants", **query)
            assert (list(expected), more) == ([each["name"] for each in page["data"]], page["has_more"])
        assert (await api.refused("GET", "/assistants?limit=0"))[0] == 400


async def test_the_header_switches_a_fault_on_for_one_request_where_it_is_allowed() -> None:
    body = {"model": "m", "name": "a"}
    async with serving(faults=["header"]) as api:
        for spec, status in (
            ("answer=429:1", 429),
            ("answer-after-commit=500:1", 500),
            ("delay=0.01,answer=503:1", 503),
        ):
            assert (
                await api.send("POST", "/assistants", body, headers={"x-asstctl-fault": spec})
            ).status_code == status
        for spec in ("slow=1", "list-lag=1", "header", "dialect=astra", "answer=1:1"):
            assert (await api.send("POST", "/assistants", body, headers={"x-asstctl-fault": spec})).status_code == 400
        with pytest.raises(ConnectionDropped):
            await api.send("POST", "/assistants", body, headers={"x-asstctl-fault": "drop-after-commit=1"})
        assert await _names(api) == ["a", "a"]
    async with serving() as api:
        sent = await api.send("POST", "/assistants", body, headers={"x-asstctl-fault": "answer=429:1"})
        assert sent.status_code == 200


async def _until(api: Api, names: list[str]) -> None:
    async with asyncio.timeout(5):
        while await _names(api) != names:  # noqa: ASYNC110 - a lag ends by itself
            await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    "spec",
    [
        *("", "slow=1", "delay=x", "delay", "answer=429", "answer=x:1", "drop-after-commit=0", "stop-after-commit=a"),
        *("answer=200:1", "answer-after-commit=500", "list-lag=x", "list-lag=1:names", "dialect=klingon"),
    ],
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
