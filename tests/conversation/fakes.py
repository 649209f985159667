"""A thread host in memory that does what a script says and remembers what was asked; a stage that gives it out."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from asstctl.conversation.playing.stage import Playing
from asstctl.core.conversation import CaseResult
from asstctl.core.json_types import Json
from asstctl.core.ledger import Made
from asstctl.core.ports import Judge, ThreadHost
from asstctl.core.thread import (
    PLAIN,
    Attached,
    Embedded,
    FilePurpose,
    Judged,
    Opened,
    Passage,
    RunOptions,
    RunState,
    Said,
    Spoken,
    ToolCall,
    ToolOutput,
    Usage,
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
    on_upload: Step | None = None
    stores: tuple[str, ...] = ()
    """The stores that a thread is made with."""
    passages: tuple[Passage, ...] = ()
    """What every search finds."""
    on_search: Step | None = None
    meant: list[tuple[str, frozenset[str]]] = field(default_factory=list)
    """Whom each thread was opened for, with which tools."""
    limits: list[float | None] = field(default_factory=list)
    """What each thread may cost."""
    options: list[RunOptions] = field(default_factory=list)
    log: list[tuple[object, ...]] = field(default_factory=list)
    threads: set[str] = field(default_factory=set)
    opened: list[tuple[tuple[Said, ...], tuple[Attached, ...]]] = field(default_factory=list)
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
        await _take(self.world.on_upload)
        return f"file_{len(self.world.said('upload'))}"

    async def open(
        self,
        *,
        assistant: str = "",
        tools: frozenset[str] = frozenset(),
        messages: Sequence[Said] = (),
        metadata: Mapping[str, str] | None = None,
        files: Sequence[Attached] = (),
        max_cost: float | None = None,
    ) -> Opened:
        self.world.log.append(("open", tuple((m.role, m.text) for m in messages), metadata))
        self.world.meant.append((assistant, tools))
        self.world.limits.append(max_cost)
        await _take(self.world.on_open)
        thread = f"thread_{len(self.world.said('open'))}"
        self.world.threads.add(thread)
        self.world.in_flight += 1
        self.world.most_in_flight = max(self.world.most_in_flight, self.world.in_flight)
        self.world.opened.append((tuple(messages), tuple(files)))
        return Opened(thread, self.world.stores)

    async def post(self, thread: str, said: Said) -> None:
        self.world.log.append(("post", thread, said.text))

    async def run(self, thread: str, assistant: str, options: RunOptions = PLAIN) -> RunState:
        self.world.log.append(("run", thread, assistant))
        self.world.options.append(options)
        return await self._next()

    async def outputs(
        self, thread: str, run: str, outputs: Sequence[ToolOutput], options: RunOptions = PLAIN
    ) -> RunState:
        self.world.log.append(("outputs", thread, tuple((o.call_id, o.output) for o in outputs)))
        return await self._next()

    async def cancel(self, thread: str) -> bool:
        self.world.log.append(("cancel", thread))
        return True

    async def search(self, store: str, query: str) -> tuple[Passage, ...]:
        self.world.log.append(("search", store, query))
        await _take(self.world.on_search)
        return self.world.passages

    async def history(self, thread: str) -> tuple[Spoken, ...]:
        return ()

    async def bearing(self, metadata: Mapping[str, str]) -> None:
        return None

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


class FakeLedger:
    """A ledger in memory: a line for each thing, as it went."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.left: dict[int, tuple[Made, str]] = {}
        self.on_purpose: list[str] = []

    def intend(self, kind: Made, name: str) -> int:
        self.lines.append(f"intend {kind} {name}")
        self.left[len(self.lines)] = kind, ""
        return len(self.lines)

    def made(self, entry: int, id: str) -> None:
        self.lines.append(f"made {id}")
        self.left[entry] = self.left[entry][0], id

    def kept(self, entry: int) -> None:
        self.on_purpose.append(self.left[entry][1])

    def gone(self, entry: int) -> None:
        _, id = self.left.pop(entry)
        self.lines.append(f"gone {id}")


@dataclass
class ScriptedJudge:
    """A judge that gives these scores one after the other, the last one for ever."""

    scores: Sequence[float] = (1.0,)
    questions: list[str] = field(default_factory=list)
    closed: int = 0

    async def ask(self, instructions: str, question: str, *, schema: Mapping[str, Json]) -> Judged:
        score = self.scores[min(len(self.questions), len(self.scores) - 1)]
        self.questions.append(question)
        return Judged({"score": score, "reason": "because"}, Usage(10, 1), "judge-model")

    async def embed(self, texts: Sequence[str]) -> Embedded:
        return Embedded(tuple((1.0, 0.0) for _ in texts), Usage(2, 0), "judge-model")

    async def aclose(self) -> None:
        self.closed += 1


@dataclass
class FakeStage:
    """A stage on which hosts come from `hosts`, by the playing, and nothing is taped.

    `ids` None: every assistant is `asst_1`, or `asst_0` where it is the deployed one. `problem` is raised instead of a
    host, `refusal` when a playing has ended. What was `recorded` and lacked something is begun anew where it
    `renews`, and `unasked` is raised where nobody can be asked.
    """

    hosts: Callable[[Playing], ThreadHost]
    ids: Mapping[str, str] | None = None
    judged: Mapping[str, Judge] = field(default_factory=dict)
    measures: Judge | None = None
    tools: frozenset[str] = frozenset()
    searched: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    recorded: bool = False
    problem: Exception | None = None
    refusal: Exception | None = None
    renews: bool = False
    unasked: Exception | None = None
    clock: Callable[[], float] = time.perf_counter
    begun: list[Playing] = field(default_factory=list)
    over: list[tuple[Playing, CaseResult]] = field(default_factory=list)

    @classmethod
    def of(cls, world: World, **more: Any) -> "FakeStage":
        """Every playing in one world."""
        return cls(lambda playing: world.host(), **more)

    def assistant(self, playing: Playing) -> str | None:
        if self.ids is None:
            return "asst_0" if playing.other else "asst_1"
        return self.ids.get(playing.case.assistant)

    def thread_tools(self, playing: Playing) -> frozenset[str]:
        return self.tools

    def searches(self, playing: Playing) -> Mapping[str, tuple[str, ...]]:
        return self.searched

    def host(self, playing: Playing) -> ThreadHost:
        if self.problem is not None:
            raise self.problem
        self.begun.append(playing)
        return self.hosts(playing)

    def judges(self, playing: Playing) -> Mapping[str, Judge]:
        return self.judged

    def measuring(self, playing: Playing) -> Judge:
        assert self.measures is not None
        return self.measures

    def now(self, playing: Playing) -> float:
        return self.clock()

    def tape(self, playing: Playing) -> str:
        return f"tapes/{playing.case.id}.{playing.repeat}.jsonl" if self.recorded else ""

    def is_recorded(self, playing: Playing) -> bool:
        return self.recorded

    async def anew(self, playing: Playing) -> bool:
        if self.unasked is not None:
            raise self.unasked
        self.recorded = not self.renews
        return self.renews

    def ended(self, playing: Playing, result: CaseResult) -> None:
        self.over.append((playing, result))
        if self.refusal is not None:
            raise self.refusal


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock is advanced instead of waited for. It knows of nothing outside of it."""

    def __init__(self) -> None:
        super().__init__()
        self._passed = 0.0
        select = self._selector.select  # type: ignore[attr-defined]

        def at_once(timeout: float | None) -> object:
            if timeout is not None and timeout > 0:
                self._passed += timeout
                timeout = 0
            return select(timeout)

        self._selector.select = at_once  # type: ignore[attr-defined]

    def time(self) -> float:
        return self._passed
