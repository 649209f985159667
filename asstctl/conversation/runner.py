"""Many conversations at once: who plays when, what is skipped, and what remains after an interruption.

How one conversation goes is for `player`; which assistants there are and what the results mean for an exit
code is for the callers.
"""

import asyncio
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from asstctl.conversation.case import Case
from asstctl.conversation.cleanup import unhurried
from asstctl.conversation.player import INTERRUPTED, Limits, Played, case_result, play
from asstctl.conversation.stubs.child import child_environment
from asstctl.core.conversation import CaseResult, Failure, FailureKind
from asstctl.core.errors import ProviderError
from asstctl.core.json_types import EMPTY
from asstctl.core.ports import ThreadHost

NO_CODE = "its stubs run code (`python:`), and --no-code is given"


@dataclass(frozen=True, slots=True)
class SuiteRun:
    """All results in the order of the cases, ids of threads that could not be deleted, and whether it was cut off."""

    results: tuple[CaseResult, ...]
    left_behind: tuple[str, ...] = ()
    interrupted: bool = False


async def run_cases(
    cases: Sequence[Case],
    *,
    hosts: Callable[[], ThreadHost],
    assistant_ids: Mapping[str, str],
    jobs: int = 8,
    turn_timeout: float,
    stub_env: Mapping[str, str] = EMPTY,
    allow_code: bool = True,
    on_result: Callable[[CaseResult], None] | None = None,
    cleanup_timeout: float = 10.0,
) -> SuiteRun:
    """Play all cases, `jobs` at a time, each on a thread host of its own.

    `assistant_ids` maps an assistant's key to its remote id. `stub_env` is what stubs may see of the
    environment beside PATH, HOME and LANG. `on_result` hears of each conversation as it ends.
    Cancelling it does not raise: threads are deleted, and what is known is returned as `interrupted`.
    """
    suite = _Suite(
        hosts=hosts,
        assistant_ids=assistant_ids,
        environment=child_environment(os.environ, stub_env),
        limits=Limits(turn_timeout, cleanup_timeout),
        allow_code=allow_code,
        on_result=on_result,
    )
    waiting = iter(enumerate(cases))
    workers = [asyncio.create_task(suite.work(waiting)) for _ in range(min(max(jobs, 1), len(cases)))]
    await suite.finish(workers)
    results = (suite.results.get(i) or case_result(case, skipped=INTERRUPTED) for i, case in enumerate(cases))
    return SuiteRun(tuple(results), tuple(suite.left_behind), suite.interrupted)


@dataclass
class _Suite:
    hosts: Callable[[], ThreadHost]
    assistant_ids: Mapping[str, str]
    environment: Mapping[str, str]
    limits: Limits
    allow_code: bool
    on_result: Callable[[CaseResult], None] | None
    results: dict[int, CaseResult] = field(default_factory=dict)
    left_behind: list[str] = field(default_factory=list)
    interrupted: bool = False

    async def work(self, waiting: Iterator[tuple[int, Case]]) -> None:
        """Play one case after the other until none is waiting."""
        while not self.interrupted and (entry := next(waiting, None)):
            index, case = entry
            played = await self._one(case)
            self.results[index] = played.result
            if played.left_behind:
                self.left_behind.append(played.left_behind)
            if self.on_result is not None:
                self.on_result(played.result)

    async def finish(self, workers: Sequence["asyncio.Task[None]"]) -> None:
        """Wait until every worker has ended and cleaned up; a defect of ours in one ends the others too."""
        pending = set(workers)
        while pending:
            try:
                _, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_EXCEPTION)
            except asyncio.CancelledError:
                task = asyncio.current_task()
                assert task is not None
                task.uncancel()
            # Back before all are done: cancelled, or one of them raised. A second Ctrl-C hurries nothing.
            if pending and not self.interrupted:
                self.interrupted = True
                for worker in pending:
                    worker.cancel()
        for worker in workers:
            if not worker.cancelled():
                worker.result()

    async def _one(self, case: Case) -> Played:
        if case.runs_code and not self.allow_code:
            return Played(case_result(case, skipped=NO_CODE))
        remote = self.assistant_ids.get(case.assistant)
        if remote is None:
            message = f"assistant.{case.assistant} is not on this target"
            missing = Failure(FailureKind.PROVIDER_ERROR, message, where=case.where)
            return Played(case_result(case, failure=missing))
        host = self.hosts()
        try:
            return await play(case, host, remote, environment=self.environment, limits=self.limits)
        finally:
            await self._give_back(host)

    async def _give_back(self, host: ThreadHost) -> None:
        try:
            await unhurried(host.aclose(), self.limits.cleanup)
        except ProviderError:
            return  # a connection that breaks while it is closed is closed
