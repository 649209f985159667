"""A real LiteLLM proxy in front of our server: `make test-litellm`, which installs it, runs this file.

It is no `test_` file, so that nobody collects it by accident: the proxy takes half a minute to start.
"""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.cli.conftest import Project, empty
from tests.contract.conftest import serving
from tests.dialects.conftest import CONVERSATION, HANDBOOK, TUTOR

__all__ = ["empty"]

pytestmark = pytest.mark.timeout(300)

UPSTREAM, MASTER = "sk-upstream-0123456789", "sk-proxy-0123456789"
PATIENCE = 120.0

CONFIG = """
assistant_settings:
  custom_llm_provider: openai
  litellm_params: {{api_key: {key}, api_base: "{url}"}}
files_settings:
  - {{custom_llm_provider: openai, api_base: "{url}", api_key: {key}}}
general_settings: {{master_key: {master}}}
"""


@dataclass(frozen=True)
class Gateway:
    """The proxy, by its root, and the server behind it, with its log of requests."""

    root: str
    server: str
    log: Path

    def behind(self, method: str, path: str, body: Any = None) -> Any:
        """What the server behind the proxy answers."""
        headers = {"authorization": f"Bearer {UPSTREAM}"}
        answer = httpx2.request(method, self.server + path, json=body, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def assistants(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.behind("GET", "/assistants")["data"]
        return found

    def writes(self) -> int:
        text = self.log.read_text("utf-8") if self.log.exists() else ""
        return text.count('"method": "POST"') + text.count('"method": "DELETE"')


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """Both of them, started once."""
    folder = tmp_path_factory.mktemp("litellm")
    with serving(folder / "server.db", "--api-key", UPSTREAM, "--log", str(folder / "log")) as url:
        config = folder / "config.yaml"
        config.write_text(CONFIG.format(key=UPSTREAM, url=url, master=MASTER), "utf-8")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        environ = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        environ |= {"OPENAI_API_BASE": url, "OPENAI_API_KEY": UPSTREAM, "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
        command = [os.environ["LITELLM"], "--config", str(config), "--host", "127.0.0.1", "--port", str(port)]
        with (folder / "proxy.log").open("wb") as said:
            process = subprocess.Popen(command, stdout=said, stderr=said, env=environ, cwd=folder)
        try:
            root = f"http://127.0.0.1:{port}"
            _wait_for(f"{root}/health/liveliness", process, folder / "proxy.log")
            yield Gateway(root, url, folder / "log")
        finally:
            process.terminate()
            process.wait(timeout=30)


def _wait_for(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and process.poll() is None:
        try:
            if httpx2.get(url, timeout=5).status_code == 200:
                return
        except httpx2.HTTPError:
            time.sleep(0.5)
    sys.stderr.write(log.read_text("utf-8", "replace")[-4000:])
    raise AssertionError("the proxy did not start")


@pytest.fixture
def project(empty: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.setenv("PROXY_KEY", MASTER)
    empty.write("assistants/tutor.yaml", TUTOR)
    empty.write("assistants/handbook.yaml", HANDBOOK)
    empty.write("assistants/docs/rules.md", "# Rules\nBe kind.\n")
    empty.write("assistants/tutor.convo.yaml", CONVERSATION)
    return empty


def point_at(project: Project, settings: str) -> None:
    text = f"version: 1\nproject: school\ndefault_target: far\ntargets:\n  far: {{provider: assistants, {settings}}}\n"
    project.write("asstctl.yaml", text)


@pytest.mark.parametrize("base", ["/v1", "/openai"])
def test_one_door_alone_is_refused(gateway: Gateway, project: Project, base: str) -> None:
    """What is missing is named, and nothing is written."""
    point_at(project, f"base_url: {gateway.root}{base}, api_key: {{env: PROXY_KEY}}")
    before = gateway.writes()

    result = project.run("apply", "--yes")

    assert (result.code, "passthrough_url" in result.err) == (1, True), result
    assert (gateway.writes(), gateway.assistants()) == (before, [])


def test_a_wrong_key_is_said_as_such(gateway: Gateway, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a database the proxy answers 400 to it."""
    monkeypatch.setenv("PROXY_KEY", "sk-wrong-0123456789")
    point_at(
        project,
        f"base_url: {gateway.root}/v1, passthrough_url: {gateway.root}/openai, api_key: {{env: PROXY_KEY}}",
    )
    result = project.run("plan")
    assert (result.code, "error[auth]" in result.err) == (3, True), result


def test_both_doors_together_carry_a_project(gateway: Gateway, project: Project) -> None:
    """Plan, apply, edit, plan again, converse, destroy; each apply ends with an empty plan."""
    point_at(
        project,
        f"base_url: {gateway.root}/v1, passthrough_url: {gateway.root}/openai, api_key: {{env: PROXY_KEY}}",
    )
    before = gateway.writes()
    assert "(LiteLLM)" in project.done("plan")
    assert gateway.writes() == before

    applied = project.run("apply", "--yes")
    assert applied.code == 0, applied
    [tutor] = gateway.assistants()
    assert (tutor["metadata"]["team"], tutor["reasoning_effort"]) == ("school", "low")
    [store] = gateway.behind("GET", "/vector_stores")["data"]
    assert (store["metadata"]["asstctl_key"], store["file_counts"]["total"]) == ("vector_store.handbook", 1)
    nothing_left(gateway, project)

    project.write("assistants/tutor.yaml", TUTOR.replace("mathematics", "physics"))
    project.write("assistants/docs/rules.md", "# Rules\nBe kind, and brief.\n")
    edited = project.run("apply", "--yes")
    assert edited.code == 0, edited
    [tutor] = gateway.assistants()
    assert (tutor["instructions"], tutor["metadata"]["team"]) == ("You teach physics.", "school")
    nothing_left(gateway, project)

    tested = project.run("test")
    assert tested.code == 0, tested

    destroyed = project.run("destroy", "--yes")
    assert destroyed.code == 0, destroyed
    assert gateway.assistants() == []
    assert gateway.behind("GET", "/vector_stores")["data"] == []
    assert gateway.behind("GET", "/files")["data"] == []


def nothing_left(gateway: Gateway, project: Project) -> None:
    writes = gateway.writes()
    result = project.run("plan", "--detailed-exitcode")
    assert (result.code, gateway.writes()) == (0, writes), result
