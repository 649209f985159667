"""Servers that speak the wire in a way of their own, and a project on each of them."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.cli.conftest import Project, empty
from tests.contract.conftest import serving
from tests.providers.test_entra import managed_identity

__all__ = ["empty", "managed_identity"]

KEY = "sk-dialect-0123456789"

TUTOR = """
kind: assistant
key: tutor
name: Tutor
model: gpt-4o
instructions: You teach mathematics.
reasoning_effort: low
metadata: {team: school}
tools:
  - type: function
    function: {name: look_up, description: Looks a word up., parameters: {type: object, properties: {}}}
"""

HANDBOOK = """
kind: vector_store
key: handbook
files: [docs/*.md]
"""

CONVERSATION = """
assistant: tutor
turns:
  - user: hello there
    expect: {icontains: hello}
"""


@dataclass(frozen=True)
class Spoken:
    """One dialect: how its server is started, what a target says, and how a program of its users asks it.

    `files`: it can hold vector stores. `mark_kept`: what an update writes into metadata is there afterwards.
    """

    name: str
    faults: tuple[str, ...]
    settings: str
    base: str = "/v1"
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    files: bool = True
    mark_kept: bool = True
    key: str = KEY


SPOKEN = (
    Spoken("full wire", (), "base_url: {root}/v1, api_key: {{env: GATEWAY_KEY}}"),
    Spoken(
        "LiteLLM",
        ("dialect=litellm-hybrid",),
        "base_url: {root}/v1, passthrough_url: {root}/openai/v1, api_key: {{env: GATEWAY_KEY}}",
        base="/openai/v1",
        mark_kept=False,
    ),
    Spoken(
        "Foundry classic",
        ("dialect=foundry",),
        "base_url: {root}/api/projects/demo, dialect: foundry, api_key: {{env: GATEWAY_KEY}}",
        base="/api/projects/demo",
        query={"api-version": "v1"},
    ),
    Spoken(
        "Astra",
        ("dialect=astra",),
        "base_url: {root}/v1, dialect: astra, api_key: {{env: GATEWAY_KEY}}, "
        "headers: {{astra-api-token: {{env: ASTRA_TOKEN}}}}",
        headers={"astra-api-token": "AstraCS:0123456789", "openai-beta": "assistants=v2"},
        files=False,
    ),
)


class Server:
    """A running server, and what it says of itself."""

    def __init__(self, url: str, log: Path, spoken: Spoken) -> None:
        self.root = url.removesuffix("/v1")
        self.log = log
        self.spoken = spoken

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """A request as a program of the server's users makes it."""
        headers = {"authorization": f"Bearer {self.spoken.key}", **self.spoken.headers}
        url = self.root + self.spoken.base + path
        answer = httpx2.request(method, url, json=body, headers=headers, params=dict(self.spoken.query))
        assert answer.status_code == 200, answer.text
        return answer.json()

    def assistants(self) -> list[dict[str, Any]]:
        """Every assistant there is, oldest first."""
        found: list[dict[str, Any]] = self.ask("GET", "/assistants")["data"]
        return found[::-1]

    def requests(self) -> Counter[str]:
        """How often each method came."""
        lines = self.log.read_text("utf-8").splitlines() if self.log.exists() else []
        return Counter(json.loads(line)["method"] for line in lines)

    def writes(self) -> int:
        """How many requests that may change something have come."""
        asked = self.requests()
        return asked["POST"] + asked["DELETE"]


@pytest.fixture
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Spoken], Server]]:
    """Starts the server of a dialect; it ends with the test."""
    folder = tmp_path_factory.mktemp("server")
    with ExitStack() as running:

        def started(spoken: Spoken) -> Server:
            faults = [part for fault in spoken.faults for part in ("--fault", fault)]
            log = folder / "requests.jsonl"
            arguments = ("--log", str(log), "--api-key", spoken.key, *faults)
            return Server(running.enter_context(serving(folder / "server.db", *arguments)), log, spoken)

        yield started


@pytest.fixture
def project(empty: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A tutor, and the keys of every dialect in the environment; the target is written by `target`."""
    monkeypatch.setenv("GATEWAY_KEY", KEY)
    monkeypatch.setenv("ASTRA_TOKEN", "AstraCS:0123456789")
    empty.write("assistants/tutor.yaml", TUTOR)
    return empty


def target(project: Project, server: Server, settings: str = "") -> None:
    """Point the project at a server."""
    said = (settings or server.spoken.settings).format(root=server.root)
    text = f"version: 1\nproject: school\ndefault_target: far\ntargets:\n  far: {{provider: assistants, {said}}}\n"
    project.write("asstctl.yaml", text)
