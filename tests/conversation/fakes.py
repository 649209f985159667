"""A thread host in memory that does what a script says, and remembers what was asked of it."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from asstctl.core.thread import (
    PLAIN,
    Attached,
    FilePurpose,
    Opened,
    RunOptions,
    RunState,
    Said,
    Spoken,
    ToolCall,
    ToolOutput,
)


class Hang:
    """A step that never ends."""


Step = RunState | Exception | Hang | float
"""What a request comes to: an answer, an error, no answer; a number is a delay before the next step."""


def says(text: str) -> RunState:
    """A run that ends with this reply."""
    return RunState("run_1", "completed", reply=text)


def calls(*wanted: tuple[str, str]) -> RunState:
    """A run that asks for these functions: (name, arguments as JSON text)."""
    asked = tuple(ToolCall(f"call_{i}", name, arguments) for i, (name, arguments) in enumerate(wanted))
    return RunState("run_1", "requires_action", calls=asked)


async def until(condition: Callable[[], object]) -> None:
    """Wait for something that happens in another task or process and tells nobody."""
    while not condition():  # noqa: ASYNC110
        await asyncio.sleep(0.005)


@dataclass
class World:
    """What all hosts of a test have done together. `on_open` and `on_close` are steps like those of a script."""

    script: Sequence[Step] = ()
    on_open: Step | None = None
    on_close: Step | None = None
    log: list[tuple[object, ...]] = field(default_factory=list)
    threads: set[str] = field(default_factory=set)
    closed_hosts: int = 0
    hosts: int = 0
    in_flight: int = 0
    most_in_flight: int = 0

    def host(self) -> "ScriptedHost":
        self.hosts += 1
        return ScriptedHost(self, list(self.script))

    def said(self, verb: str) -> list[tuple[object, ...]]:
        return [entry for entry in self.log if entry[0] == verb]


@dataclass
class ScriptedHost:
    """One conversation's host: `run` and `outputs` take the next step of the script."""

    world: World
    steps: list[Step]

    async def upload(self, file: Path, *, purpose: FilePurpose) -> str:
        self.world.log.append(("upload", file.name, purpose))
        return f"file_{len(self.world.said('upload'))}"

    async def open(
        self,
        *,
        messages: Sequence[Said] = (),
        metadata: Mapping[str, str] | None = None,
        files: Sequence[Attached] = (),
    ) -> Opened:
        self.world.log.append(("open", tuple((m.role, m.text) for m in messages), metadata))
        await _take(self.world.on_open)
        thread = f"thread_{len(self.world.said('open'))}"
        self.world.threads.add(thread)
        self.world.in_flight += 1
        self.world.most_in_flight = max(self.world.most_in_flight, self.world.in_flight)
        return Opened(thread)

    async def post(self, thread: str, said: Said) -> None:
        self.world.log.append(("post", thread, said.text))

    async def run(self, thread: str, assistant: str, options: RunOptions = PLAIN) -> RunState:
        self.world.log.append(("run", thread, assistant))
        return await self._next()

    async def outputs(
        self, thread: str, run: str, outputs: Sequence[ToolOutput], options: RunOptions = PLAIN
    ) -> RunState:
        self.world.log.append(("outputs", thread, tuple((o.call_id, o.output) for o in outputs)))
        return await self._next()

    async def history(self, thread: str) -> tuple[Spoken, ...]:
        return ()

    async def discard(self, kind: Literal["file", "vector_store"], id: str) -> None:
        self.world.log.append(("discard", kind, id))

    async def close(self, thread: str) -> None:
        self.world.log.append(("close", thread))
        self.world.in_flight -= 1
        await _take(self.world.on_close)
        self.world.threads.discard(thread)

    async def aclose(self) -> None:
        self.world.closed_hosts += 1

    async def _next(self) -> RunState:
        step = self.steps.pop(0)
        while isinstance(step, float):
            await asyncio.sleep(step)
            step = self.steps.pop(0)
        await _take(step)
        assert isinstance(step, RunState)
        return step


async def _take(step: Step | None) -> None:
    if isinstance(step, Exception):
        raise step
    if isinstance(step, Hang):
        await asyncio.Event().wait()
    if isinstance(step, float):
        await asyncio.sleep(step)
