"""The embedded server as a process of its own, and what it was asked."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Server:
    """Where it listens, and where it notes each request."""

    url: str
    log: Path

    def counts(self) -> Counter[str]:
        """Requests so far, by method and shape of the path: `POST /assistants/ID`."""
        entries = [json.loads(line) for line in self.log.read_text("utf-8").splitlines()] if self.log.exists() else []
        return Counter(shape(entry["method"], entry["path"]) for entry in entries)


def shape(method: str, path: str) -> str:
    """A request as it is counted: its ids left out."""
    words = {"submit_tool_outputs", "vector_stores", "file_batches"}
    parts = path.removeprefix("/v1").split("/")
    return f"{method} " + "/".join("ID" if "_" in part and part not in words else part for part in parts)


@contextmanager
def server(folder: Path, *options: str) -> Iterator[Server]:
    """Serve over `folder/server.db` until the block ends."""
    log = folder / "requests.jsonl"
    log.unlink(missing_ok=True)
    command = [sys.executable, "-m", "asstctl.emulator", "--database", str(folder / "server.db"), "--log", str(log)]
    with subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("listening on "), line
        try:
            yield Server(line.removeprefix("listening on ").strip(), log)
        finally:
            process.terminate()


def write_project(
    folder: Path, url: str | None, *, assistants: int, functions: int = 0, conversations: int = 0
) -> None:
    """A project of many assistants on target `bench`, each in a file of its own."""
    target = "{provider: local}" if url is None else f"{{provider: assistants, base_url: '{url}'}}"
    (folder / "asstctl.yaml").write_text(
        f"version: 1\nproject: bench\ndefault_target: bench\ntargets:\n  bench: {target}\n", "utf-8"
    )
    manifests = folder / "assistants"
    manifests.mkdir(exist_ok=True)
    for number in range(assistants):
        tools = "tools:\n" + "".join(_function(f"function_{i}") for i in range(functions)) if functions else ""
        (manifests / f"a{number:04}.yaml").write_text(
            f"kind: assistant\nname: Assistant {number}\nmodel: gpt-4o\n"
            f"instructions: You are assistant number {number}. Answer briefly and say when you do not know.\n"
            f"temperature: 0.2\nmetadata: {{team: bench}}\n{tools}",
            "utf-8",
        )
    for number in range(conversations):
        (manifests / f"c{number:04}.convo.yaml").write_text(
            f"assistant: a{number % assistants:04}\nturns:\n"
            f"  - user: Hello number {number}\n    expect: {{contains: Hello number {number}}}\n",
            "utf-8",
        )


def _function(name: str) -> str:
    return f"""\
  - type: function
    function:
      name: {name}
      description: Look something up by its id, its day and a limit.
      strict: true
      parameters:
        type: object
        properties:
          id: {{type: string, description: What to look up.}}
          day: {{type: string, enum: [mon, tue, wed, thu, fri]}}
          limit: {{type: [integer, "null"], description: How many at most.}}
        required: [id, day, limit]
        additionalProperties: false
"""


def asstctl(*arguments: str) -> Sequence[str]:
    """The command line that runs the program."""
    return [sys.executable, "-m", "asstctl", *arguments]
