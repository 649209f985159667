"""The composition root: a database, a reply backend and the application over them, as one thing to open and close."""

import sqlite3
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from asstctl.emulator.agents.quirks import NO_QUIRKS, Quirks
from asstctl.emulator.app import App
from asstctl.emulator.asgi import Asgi
from asstctl.emulator.code.sandbox import Sandbox
from asstctl.emulator.errors import DatabaseUnusable
from asstctl.emulator.files.blobs import Blobs
from asstctl.emulator.files.keeping import sweep
from asstctl.emulator.knowledge.knowledge import Knowledge
from asstctl.emulator.replies import Replies, make_backend
from asstctl.emulator.replies.delayed import Delayed
from asstctl.emulator.runs.executor import Executor
from asstctl.emulator.runs.work import Work
from asstctl.emulator.services import Services
from asstctl.emulator.shapes import Rules
from asstctl.emulator.store import Store
from asstctl.emulator.wire import Assistants, Wire

if TYPE_CHECKING:
    from asstctl.emulator.request_log import RequestLog

Api = Literal["assistants", "agents"]
"""Which API a server speaks. Files, vector stores and models are in both."""


class Emulator:
    """A running server without a socket: `app` is the ASGI callable, with the wire under `/v1`."""

    def __init__(self, app: Asgi, services: Services) -> None:
        self.app = app
        self.services = services
        self._closed = False

    async def aclose(self, grace: float = 0.0) -> None:
        """Let runs go on for `grace` seconds, fail those that are left, and close the database."""
        if self._closed:
            return
        self._closed = True
        try:
            await self.services.executor.aclose(grace)
            await self.services.knowledge.aclose()
            await self.services.sandbox.aclose()
        finally:
            self.services.store.close()
            self.services.blobs.close()


def open_emulator(
    database: Path | str,
    *,
    api: Api = "assistants",
    replies: Replies = "echo",
    lenient: bool = False,
    withhold_files: bool = False,
    copied: bool = False,
    reply_delay: float = 0.0,
    clock: Callable[[], float] = time.time,
    api_key: str | None = None,
    require_beta: bool = False,
    quirks: Quirks = NO_QUIRKS,
    faults: Iterable[str] = (),
    log: "RequestLog | None" = None,
) -> Emulator:
    """Open a server over a database, which `":memory:"` keeps in memory. Needs no running event loop.

    api: the one that it speaks, Assistants v2 or the Agents API.
    replies: `"echo"`, `{"script": PATH}`, `{"chat": {"base_url": ..., "api_key": ..., "models": {...}}}` or a backend.
    lenient: refuse nothing that an SDK can send: ignore what the wire does not know, and enforce no limits.
    withhold_files: refuse to give back the content of files for assistants, as the real service does.
    copied: work on a copy of the database in memory, without the bytes of its files: nothing is left of what is done.
    reply_delay: seconds that each turn of the model takes.
    api_key: when given, any other key is refused with 401.
    require_beta: refuse what comes without the beta header of Assistants v2, as the real service did. The Agents API
    always does.
    quirks: for tests, how the Agents API dawdles and what it fills in.
    faults: for tests, specifications as the package `faults` lists them.
    log: for tests, where every request is noted.
    """
    backend = make_backend(replies)
    if reply_delay > 0:
        backend = Delayed(backend, reply_delay)
    wire = _wire(api, lenient=lenient, require_beta=require_beta)
    services = Services(
        store=Store(database, copied=copied),
        executor=Executor(backend, wire.work),
        clock=clock,
        rules=Rules(lenient=lenient, withhold_files=withhold_files),
        blobs=Blobs(":memory:" if copied else database),
        knowledge=Knowledge(),
        sandbox=Sandbox(),
        quirks=quirks,
    )
    try:
        _settle(services, wire.work)
        app: Asgi = App(services, wire, api_key=api_key)
        specs = (*faults, *(() if quirks.list_lag is None else (f"list-lag={quirks.list_lag}",)))
        if specs:
            # For tests only, so that a server without faults does not even load them.
            from asstctl.emulator.faults import with_faults

            app = with_faults(app, specs)
        if log is not None:
            app = log.around(app)
    except BaseException:
        services.store.close()
        services.blobs.close()
        raise
    return Emulator(app, services)


def _wire(api: Api, *, lenient: bool, require_beta: bool) -> Wire:
    if api == "assistants":
        return Assistants(require_beta=require_beta)
    # Who serves assistants does not load the other API.
    from asstctl.emulator.agents.wire import Agents

    return Agents(lenient=lenient)


def _settle(services: Services, work: Work) -> None:
    try:
        work.settle(services)
        sweep(services)
    except sqlite3.DatabaseError as error:
        raise DatabaseUnusable(services.store.name, str(error)) from error
