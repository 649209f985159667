"""An account on the embedded server, over a socket in a thread of this process: faults may change while it serves.

What it counts is what took effect: a write that was refused is none, one whose answer was lost is one.
"""

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import uvicorn

from asstctl.core.mark import KEY_NAME
from asstctl.emulator import open_emulator
from asstctl.emulator.asgi import Asgi, Message, Receive, Scope, Send, header
from asstctl.emulator.emulator import Api
from asstctl.emulator.faults import with_faults
from asstctl.emulator.server import listen, url_of

BESIDE = "x-beside"
"""The header of a request that is another writer's: it meets no fault and is not counted."""

_BETA: Mapping[str, Mapping[str, str]] = {"assistants": {}, "agents": {"openai-beta": "agents=v1"}}

Around = Callable[[Asgi], Asgi]


def same(app: Asgi) -> Asgi:
    """No fault at all."""
    return app


class Account:
    """One account of assistants or of agents. `asked` holds every request that reached the server, `done` the writes
    that took effect, `collection` is where its assistants are. `ago`: its clock is so many seconds behind."""

    def __init__(self, database: Path, api: Api = "assistants") -> None:
        self.api = api
        self.collection = f"/{api}"
        self.asked: list[tuple[str, str]] = []
        self.done: list[tuple[str, str]] = []
        self.url = ""
        self.ago = 0.0
        self._running = 0
        self._emulator = open_emulator(database, api=api, clock=lambda: time.time() - self.ago)
        self._faulty = self._counted
        self._listener = listen("127.0.0.1", 0)
        self._server = uvicorn.Server(
            uvicorn.Config(self._app, interface="asgi3", lifespan="off", log_config=None, access_log=False)
        )
        self._thread = threading.Thread(target=self._serve)
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop
        self._over: asyncio.Event

    def strike(self, *specs: str, around: Around = same) -> None:
        """From now on these faults, and no others; `around` is the outermost."""
        self._faulty = around(with_faults(self._counted, specs))

    def forget(self) -> None:
        """Count from here."""
        self.asked.clear()
        self.done.clear()

    def settle(self) -> None:
        """Wait until all that a dead client had sent was handled, and its connections are closed."""
        while self._running or self._server.server_state.connections:
            time.sleep(0.001)

    @contextmanager
    def earlier(self) -> Iterator[None]:
        """What is made in this block is older than all else, also where ties are in no order."""
        self.ago = 5.0
        yield
        self.ago = 0.0

    def ask(self, method: str, path: str, body: Any = None, *, beside: bool = True, **params: Any) -> Any:
        """A request of somebody else; it meets the faults too if it is not `beside` them."""
        headers = {**_BETA[self.api], **({BESIDE: "1"} if beside else {})}
        with httpx2.Client(trust_env=False, headers=headers) as client:
            answer = client.request(method, self.url + path, json=body, params=params)
        assert answer.status_code in (200, 201), answer.text
        return answer.json()

    def everything(self, path: str = "") -> list[Any]:
        """Every object of a listing, oldest first; of assistants, where no other is named."""
        path = path or self.collection
        found, after = [], {}
        while True:
            page = self.ask("GET", path, limit=100, order="asc", **after)
            found += page["data"]
            if not page["has_more"]:
                return found
            after = {"after": page["last_id"]}

    def marked(self, path: str = "") -> Counter[str]:
        """How many objects bear each address."""
        return Counter(one["metadata"][KEY_NAME] for one in self.everything(path) if KEY_NAME in one["metadata"])

    async def _app(self, scope: Scope, receive: Receive, send: Send) -> None:
        if header(scope, BESIDE.encode()):
            await self._emulator.app(scope, receive, send)
            return
        self.asked.append((scope["method"], scope["path"].removeprefix("/v1")))
        self._running += 1
        try:
            await self._faulty(scope, receive, send)
        except ConnectionError:
            for connection in tuple(self._server.server_state.connections):
                if getattr(connection, "client", None) == scope["client"]:
                    connection.transport.abort()  # type: ignore[union-attr]
            while (await receive())["type"] != "http.disconnect":
                pass
        finally:
            self._running -= 1

    async def _counted(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def counting(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] < 400 and scope["method"] != "GET":
                self.done.append((scope["method"], scope["path"].removeprefix("/v1")))
            await send(message)

        await self._emulator.app(scope, receive, counting)

    def _serve(self) -> None:
        async def serve() -> None:
            server, config = self._server, self._server.config
            self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
            config.load()
            server.lifespan = config.lifespan_class(config)
            try:
                # uvicorn's own loop looks ten times a second whether it is to end
                await server.startup(sockets=[self._listener])
                self._ready.set()
                await self._over.wait()
                server.force_exit = True
                await server.shutdown(sockets=[self._listener])
            finally:
                self._ready.set()
                self._listener.close()
                await self._emulator.aclose()

        asyncio.run(serve())

    @contextmanager
    def serving(self) -> Iterator["Account"]:
        """Serve until the block ends."""
        self.url = url_of(self._listener)
        self._thread.start()
        self._ready.wait(timeout=20)
        try:
            yield self
        finally:
            self._loop.call_soon_threadsafe(self._over.set)
            self._thread.join(timeout=20)


# Faults that only tests of asstctl need, beside those of the emulator.


def each(count: int, matches: Callable[[Scope], bool], strike: Callable[[Asgi], Asgi]) -> Around:
    """The first `count` requests that match meet the fault, the rest do not."""
    left = [count]

    def around(app: Asgi) -> Asgi:
        struck = strike(app)

        async def choosing(scope: Scope, receive: Receive, send: Send) -> None:
            hit = left[0] > 0 and matches(scope)
            left[0] -= hit
            await (struck if hit else app)(scope, receive, send)

        return choosing

    return around


def told(hear: Callable[[Scope], None], matches: Callable[[Scope], bool]) -> Around:
    """Somebody hears of each request that matched, once it has taken effect and before its answer goes out."""

    def around(app: Asgi) -> Asgi:
        async def telling(scope: Scope, receive: Receive, send: Send) -> None:
            async def hearing(message: Message) -> None:
                if message["type"] == "http.response.start" and message["status"] < 400:
                    hear(scope)
                await send(message)

            await app(scope, receive, hearing if matches(scope) else send)

        return telling

    return around


def writes(scope: Scope) -> bool:
    """Whether a request writes."""
    return scope["type"] == "http" and scope["method"] != "GET"


def is_post(*, to: str) -> Callable[[Scope], bool]:
    """Whether a request posts to this path, or below it where it ends in a slash."""

    def matches(scope: Scope) -> bool:
        path = scope["path"].removeprefix("/v1")
        return scope["method"] == "POST" and (path.startswith(to) if to.endswith("/") else path == to)

    return matches
