"""Conversations played in the background: one event loop in a thread of its own, and one run for each project in it.

The thread of pytest says which conversations are wanted and waits for their results; everything else happens in the
loop. A run is one call of the use case `workspace.conversations.test`, so that a target is read, and brought up, once.
"""

import asyncio
import os
import threading
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from asstctl.core.conversation import CaseResult
from asstctl.core.diagnostic import Diagnostic, Severity
from asstctl.core.errors import AsstctlError, Interrupted, InvalidInput
from asstctl.core.json_types import EMPTY
from asstctl.core.suite import CaseEnded, Moment, SuiteResult
from asstctl.pytest_plugin.failures import NotPassed
from asstctl.pytest_plugin.options import Chosen
from asstctl.workspace.conversations.options import Selected, Testing
from asstctl.workspace.conversations.test import test
from asstctl.workspace.workspace import Workspace

if TYPE_CHECKING:
    from asstctl.conversation.case import Case

T = TypeVar("T")


class Background:
    """An event loop in a thread, from here until it is closed."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="asstctl")
        self._thread.start()
        self._ready.wait()

    def tell(self, function: Callable[..., object], *arguments: object) -> None:
        """Call it in the loop, soon."""
        assert self._loop is not None
        self._loop.call_soon_threadsafe(function, *arguments)

    def begin(self, work: Callable[[], Awaitable[T]]) -> "Future[T]":
        """Do it in the loop; cancelling the future cancels the work."""

        async def done() -> T:
            return await work()

        assert self._loop is not None
        return asyncio.run_coroutine_threadsafe(done(), self._loop)

    def close(self) -> None:
        """End it, once nothing is left to do in it."""
        self.tell(self._over.set)
        self._thread.join()

    def _serve(self) -> None:
        asyncio.run(self._until_closed())

    async def _until_closed(self) -> None:
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        self._ready.set()
        await self._over.wait()


@dataclass(frozen=True, slots=True)
class How:
    """How the conversations of one project are played, and what of the result is shown where it is."""

    workspace: Workspace
    testing: Testing
    no_skips: bool = False

    @classmethod
    def chosen(
        cls,
        root: Path,
        chosen: Chosen,
        beside: Path,
        *,
        variables: Mapping[str, Any] = EMPTY,
        in_memory: bool = False,
        workers: int = 1,
    ) -> "How":
        """As the options say. `beside` is where commands would be typed, `workers` how many have a share of a cost."""
        folder = "" if root == beside.resolve() else os.path.relpath(root, beside)
        typed = tuple(chosen["var"] or ())
        files = tuple(Path(beside, file) for file in chosen["var_file"] or ())
        workspace = Workspace(
            root, chosen["target"], typed, files, folder=folder, values=variables, in_memory=in_memory
        )
        settings = {
            "jobs": chosen["jobs"],
            "turn_timeout": chosen["timeout"],
            "mode": chosen["mode"],
            "repeat": chosen["repeat"],
            "max_cost": chosen["max_cost"] and chosen["max_cost"] / workers,
            **{name: chosen[name] for name in ("offline", "live", "candidate", "keep_failed", "strict")},
        }
        testing = Testing(**{name: value for name, value in settings.items() if value is not None})
        return cls(workspace, replace(testing, allow_code=not chosen["no_code"]), bool(chosen["no_skips"]))


class ProjectRun:
    """One run of conversations of one project. `nodes` are those that may be wanted, in the order of the session."""

    def __init__(self, background: Background, how: How, nodes: Iterable[str]) -> None:
        self.how = how
        self.suite: SuiteResult | None = None
        self.warnings: list[str] = []
        self._background = background
        self._results: dict[str, Future[CaseResult]] = {node: Future() for node in nodes}
        self._asked: set[str] = set()
        self._taken: set[str] = set()
        self._over: Future[None] = Future()
        # the loop's own
        self._files = dict.fromkeys(node.partition("::")[0] for node in self._results)
        self._places: dict[str, int] = {}
        self._early: list[str | None] = []
        self._queue: asyncio.Queue[int | None] | None = None
        self._ended: BaseException | None = None
        background.tell(self._begin)

    def want(self, node: str) -> None:
        """It is to be played now; again, where its result was taken already."""
        if node in self._taken:
            self._taken.remove(node)
            self._results[node] = Future()
        elif node in self._asked:
            return
        self._asked.add(node)
        self._background.tell(self._feed, node)

    def result(self, node: str) -> CaseResult:
        """How it ended, once it did; asked again, how it ends another time. Raises NotPassed and AsstctlError where it
        could not be played."""
        self.want(node)
        try:
            return self._results[node].result()
        finally:
            self._taken.add(node)

    def close(self) -> None:
        """Nothing else is wanted: what still goes on is broken off, and what the run made is removed."""
        finished = self._asked and all(self._results[node].done() for node in self._asked)
        self._background.tell(self._feed if finished else self._break_off, None)
        self._over.result()

    # In the loop from here on.

    def _begin(self) -> None:
        self._task = asyncio.create_task(self._play())
        self._task.add_done_callback(lambda task: self._over.set_result(None))

    def _break_off(self, nothing: None) -> None:
        self._task.cancel()

    async def _play(self) -> None:
        try:
            await self._play_sound_files()
            self._end(Interrupted("it was not played", detail="the run of its project had ended"))
        except AsstctlError as problem:
            self._end(problem)
        except asyncio.CancelledError:
            self._end(Interrupted("interrupted", detail="what was made for the tests was removed first"))
        except Exception as bug:
            self._end(bug)

    async def _play_sound_files(self) -> None:
        """One file with errors keeps no other from being played."""
        while self._files:
            self.warnings.clear()
            try:
                self.suite = await test(self.how.workspace, self._testing())
            except InvalidInput as problem:
                if not self._fail_files(problem.diagnostics):
                    raise
            else:
                return

    def _testing(self) -> Testing:
        root = self.how.workspace.project.root
        return replace(
            self.how.testing,
            files=tuple(str(root / file) for file in self._files),
            select=self._select,
            feed=self._next,
            on_start=self._started,
            hear=self._heard,
            on_warning=self.warnings.append,
        )

    def _select(self, cases: "Sequence[Case]", root: Path) -> Selected:
        order = {node: place for place, node in enumerate(self._results)}
        return Selected(tuple(sorted((c for c in cases if c.node in order), key=lambda case: order[case.node])))

    def _started(self, cases: "Sequence[Case]") -> None:
        self._queue = asyncio.Queue()
        self._places = {case.node: place for place, case in enumerate(cases)}
        for node in self._early:
            self._feed(node)

    async def _next(self) -> int | None:
        assert self._queue is not None
        place = await self._queue.get()
        if place is None:
            self._queue.put_nowait(None)  # for the others who wait
        return place

    def _feed(self, node: str | None) -> None:
        """Hand it to the run, or hold it for one that has not begun; None: no other comes."""
        if self._ended is not None:
            if node is not None:
                self._settle(node, self._ended)
        elif self._queue is None:
            self._early.append(node)
        elif node is None:
            self._queue.put_nowait(None)
        elif node in self._places:
            self._queue.put_nowait(self._places[node])
        else:
            why = f"its file holds no conversation `{node.partition('::')[2]}`"
            self._settle(node, Interrupted("it was not played", detail=why))

    def _heard(self, moment: Moment) -> None:
        if isinstance(moment, CaseEnded):
            future = self._results[moment.result.node]
            if not future.done():
                future.set_result(moment.result)

    def _fail_files(self, diagnostics: Sequence[Diagnostic]) -> bool:
        """Whether something is wrong with conversation files, whose conversations have failed by that."""
        from asstctl.render.diagnostics import diagnostics_text

        about: dict[str, list[Diagnostic]] = {}
        for one in diagnostics:
            if one.where is not None and one.where.path in self._files:
                about.setdefault(one.where.path, []).append(one)
        found = False
        for path, those in about.items():
            errors = [one for one in those if one.severity is Severity.ERROR]
            if errors:
                found = True
                del self._files[path]
                failed = NotPassed(f"{errors[0].summary} at {errors[0].where}", diagnostics_text(those))
                for node in self._results:
                    if node.partition("::")[0] == path:
                        self._settle(node, failed)
        return found

    def _end(self, problem: BaseException) -> None:
        self._ended = problem
        for node in self._results:
            self._settle(node, problem)

    def _settle(self, node: str, problem: BaseException) -> None:
        future = self._results[node]
        if not future.done():
            future.set_exception(problem)


def close_all(background: Background, runs: Iterable[ProjectRun]) -> None:
    """End every run, then the loop."""
    with suppress(CancelledError):
        for run in runs:
            run.close()
    background.close()


def play_one(how: How, node: str) -> CaseResult:
    """Play one conversation on its own."""
    background = Background()
    run = ProjectRun(background, how, [node])
    try:
        return run.result(node)
    finally:
        close_all(background, [run])
