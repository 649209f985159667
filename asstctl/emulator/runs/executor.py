"""The tasks that execute runs, or turns of sessions, in this process, and the heartbeat that keeps their leases.

What is said of runs here holds of turns, which go by the id of their session; `work.py` says what differs.

A run goes on when the client that started it disconnects; it ends with the server, which then says so in the run.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from asstctl.emulator.ids import new_id
from asstctl.emulator.objects import RUN
from asstctl.emulator.replies.values import Backend
from asstctl.emulator.runs import leases
from asstctl.emulator.runs.ending import end_run
from asstctl.emulator.runs.events import Announcements, Event
from asstctl.emulator.runs.work import Carried, Work
from asstctl.emulator.services import Services

_log = logging.getLogger("asstctl.emulator")


@dataclass(slots=True)
class _Playing:
    execution: Carried
    task: asyncio.Task[None]


class Executor:
    """Starts, cancels and stops executions. One per server; its `owner` is the name on the leases."""

    def __init__(self, backend: Backend, work: Work) -> None:
        self.backend = backend
        self._work = work
        self.owner = new_id("server_")
        self.announcements = Announcements()
        self._playing: dict[str, _Playing] = {}
        self._finishing: set[asyncio.Task[None]] = set()
        self._heartbeat: asyncio.Task[None] | None = None
        self._closed = False

    def executes(self, run_id: str) -> bool:
        playing = self._playing.get(run_id)
        return playing is not None and not playing.task.done()

    def save(self, run_id: str) -> Sequence[Event]:
        """Inside a transaction: what this process has told of a run's open message, before somebody closes it.

        Answers what is to be told of that after the commit.
        """
        playing = self._playing.get(run_id)
        return playing.execution.save() if playing is not None else ()

    def when_stopped(self, run_id: str, call: Callable[[], None]) -> None:
        """Have something called once this process does not execute the run any more, whatever became of it."""
        playing = self._playing.get(run_id)
        if playing is None:
            call()
        else:
            playing.task.add_done_callback(lambda _: call())

    def start(self, services: Services, run_id: str) -> None:
        """Execute a queued run whose lease is ours."""
        execution = self._work.carried(services, run_id)
        if self._closed:
            # A request that was still under way.
            self._fail_stopped(run_id, execution)
            return
        task = asyncio.get_running_loop().create_task(self._play(services, run_id, execution))
        self._playing[run_id] = _Playing(execution, task)
        if self._heartbeat is None or self._heartbeat.done():
            self._heartbeat = asyncio.get_running_loop().create_task(self._beat(services))

    def cancel(self, services: Services, run_id: str) -> None:
        """See a run that is `cancelling` to its end, soon but not before the answer to the request."""
        playing = self._playing.get(run_id)
        self.drop(services, run_id)
        finish = _finish_cancel(services, run_id, playing.execution if playing is not None else None)
        task = asyncio.get_running_loop().create_task(finish)
        self._finishing.add(task)
        task.add_done_callback(self._finishing.discard)

    def drop(self, services: Services, run_id: str) -> None:
        """Stop executing a run that somebody else has ended or will end."""
        playing = self._playing.pop(run_id, None)
        if playing is None:
            services.sandbox.forget(run_id)
        else:
            playing.task.cancel()
            self._finishing.add(playing.task)
            playing.task.add_done_callback(self._finishing.discard)

    def lose(self, services: Services, run_id: str) -> None:
        """Stop executing a run that turned out to be in other hands."""
        playing = self._playing.get(run_id)
        if playing is not None:
            playing.execution.keep_told()
        self.drop(services, run_id)

    def wind_up(self) -> None:
        """Let go of streams on which nothing goes on: the server is about to end."""
        if self._work.ending is not None:
            self.announcements.tell_all(self._work.ending)

    async def aclose(self, grace: float = 0.0) -> None:
        """Let runs go on for `grace` seconds, then end them; afterwards no task of ours is left."""
        clock = asyncio.get_running_loop().time
        end = clock() + grace
        # Requests that are still under way may start others meanwhile.
        while self._playing and (left := end - clock()) > 0:
            await asyncio.wait([playing.task for playing in self._playing.values()], timeout=left)
        self._closed = True
        tasks = [playing.task for playing in self._playing.values()]
        for task in tasks:
            task.cancel()
        if self._heartbeat is not None:
            self._heartbeat.cancel()
            tasks.append(self._heartbeat)
        await asyncio.gather(*tasks, *self._finishing, return_exceptions=True)
        for run_id, playing in list(self._playing.items()):
            # Cancelled before its first step, so the task itself could say nothing.
            self._fail_stopped(run_id, playing.execution)
        self._playing.clear()
        self.announcements.tell_all(self._work.closing)
        await self.backend.aclose()

    async def _play(self, services: Services, run_id: str, execution: Carried) -> None:
        try:
            await execution.play()
        except asyncio.CancelledError:
            # A run that was dropped is no longer among ours, and its end is somebody else's to tell.
            if run_id in self._playing:
                self._fail_stopped(run_id, execution)
            raise
        except sqlite3.Error as error:
            # The run's end could not be written; its lease runs out, and the next touch of the thread writes it.
            _log.warning("run %s was left: %s", run_id, error)
            self.announcements.tell(run_id, [self._work.unwritten(run_id)])
        finally:
            if not execution.waits:
                services.sandbox.forget(run_id)
            if run_id in self._playing and self._playing[run_id].execution is execution:
                del self._playing[run_id]

    async def _beat(self, services: Services) -> None:
        while self._playing:
            await asyncio.sleep(leases.DURATION / 3)
            try:
                with services.store.write():
                    lost = self._work.renew(services.store, self.owner, self._playing, services.clock())
            except sqlite3.Error as error:
                _log.warning("leases were not renewed: %s", error)
                continue
            for run_id in lost:
                self.lose(services, run_id)

    def _fail_stopped(self, run_id: str, execution: Carried) -> None:
        try:
            execution.fail(self._work.stopped)
        except sqlite3.Error as error:
            _log.warning("run %s was left: %s", run_id, error)


async def _finish_cancel(services: Services, run_id: str, execution: Carried | None) -> None:
    store = services.store
    try:
        with store.write():
            run = store.find(RUN, run_id)
            if run is None or run["status"] != "cancelling":
                return
            if execution is not None:
                execution.save()
            events = end_run(store, run, "cancelled", int(services.clock()))
    except sqlite3.Error as error:
        _log.warning("run %s was left: %s", run_id, error)
        return
    services.executor.announcements.tell(run_id, events)
