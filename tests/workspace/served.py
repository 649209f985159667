"""A project whose target is a server in a process of its own, and what is on that server."""

import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from asstctl.workspace.workspace import Workspace

GUAGUA = """
kind: assistant
key: guagua
name: Guagua
model: gpt-4o
instructions: Be brief.
"""


@dataclass(frozen=True)
class Served:
    """A folder, and the server that its target `far` means."""

    root: Path
    url: str

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text).lstrip("\n"), "utf-8")

    def begin(self, **files: str) -> None:
        """The project file, one assistant, and these."""
        targets = f"{{far: {{provider: assistants, base_url: '{self.url}'}}, local: {{provider: local}}}}"
        self.write("asstctl.yaml", f"version: 1\nproject: school\ndefault_target: far\ntargets: {targets}\n")
        self.write("assistants/guagua.yaml", GUAGUA)
        for name, text in files.items():
            self.write(name, text)

    @property
    def workspace(self) -> Workspace:
        """The files as they are now."""
        return Workspace(self.root)

    def call(self, method: str, path: str, body: Any = None) -> Any:
        with httpx2.Client(trust_env=False) as client:
            answer = client.request(method, f"{self.url}{path}", json=body)
        return answer.json()

    def listed(self, collection: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.call("GET", f"/{collection}?limit=100&order=asc")["data"]
        return found

    def counts(self) -> dict[str, int]:
        """How many objects the server holds."""
        return {name: len(self.listed(name)) for name in ("assistants", "vector_stores", "files")}
