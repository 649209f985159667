"""An account on the embedded server in this process, with a wire that tests may cut; and a project on it.

Somebody else reaches the same account past that wire: what they do meets no fault and is not counted.
"""

import asyncio
import hashlib
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

from asstctl.core.knowledge import KnowledgeFile, LocalFile, StoreFile, Uploaded
from asstctl.core.mark import KEY_NAME
from asstctl.core.outcome import ApplyReport
from asstctl.core.plan import Plan
from asstctl.core.resource import Desired, Live
from asstctl.emulator import open_emulator
from asstctl.emulator.asgi import Asgi, Message, Receive, Scope, Send
from asstctl.emulator.faults.single import ConnectionDropped
from asstctl.engine.applying.apply import Run, apply
from asstctl.engine.applying.requests import Pace
from asstctl.engine.planning.plan import decide
from asstctl.engine.planning.policy import Policy
from asstctl.engine.read import Reading, interest_in, read
from asstctl.engine.runs.journal import Journal, new_run
from asstctl.engine.runs.journals import records_with_files
from asstctl.kinds import KINDS
from asstctl.net.asgi import AsgiTransport
from asstctl.providers.assistants.dialects import EMBEDDED
from asstctl.providers.assistants.provider import Provider
from tests.engine.fakes import TARGET
from tests.engine.test_journal import header
from tests.local_files import written

URL = "http://local/v1"
CUT = {"type": "static", "static": {"max_chunk_size_tokens": 200, "chunk_overlap_tokens": 50}}
BAD = b"\x00\x01\xff\xfe\x80 no text at all"
"""What no server can process."""


class Wire:
    """Around the server: counts our requests, and strikes those that it is told to.

    `faults` are used up one by one by our writes, None meaning no fault: `refuse` answers 500 without doing
    anything, `lose` does it and breaks off, `limit` answers 429. From request number `dies_at` on nothing is answered
    any more, as nothing reaches a client that was killed: the last one has (`done`) or has not been carried out.
    """

    def __init__(self, app: Asgi) -> None:
        self._app = app
        self.asked: list[str] = []
        self.faults: list[str | None] = []
        self.dies_at: int | None = None
        self.done = False
        self.dead, self.buried = asyncio.Event(), asyncio.Event()

    @property
    def counted(self) -> Counter[str]:
        """How many requests of each shape there were."""
        return Counter(self.asked)

    def forget(self) -> None:
        self.asked.clear()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        parts = scope["path"].removeprefix("/v1/").split("/")
        self.asked.append(f"{scope['method']} {'/'.join(p if i % 2 == 0 else 'ID' for i, p in enumerate(parts))}")
        if self.dies_at is not None and len(self.asked) >= self.dies_at:
            await self._die(scope, receive)
        match self.faults.pop(0) if self.faults and scope["method"] != "GET" else None:
            case "refuse":
                await _answer(500, receive, send)
            case "limit":
                await _answer(429, receive, send)
            case "lose":
                await self._app(scope, receive, _silent)
                raise ConnectionDropped("the answer was lost")
            case _:
                await self._app(scope, receive, send)

    async def _die(self, scope: Scope, receive: Receive) -> None:
        if not self.dead.is_set() and self.done:
            await self._app(scope, receive, _silent)
        self.dead.set()
        await self.buried.wait()
        raise ConnectionDropped("there is nobody to hear an answer")


async def _silent(message: Message) -> None:
    """Nobody hears the answer."""


async def _answer(status: int, receive: Receive, send: Send) -> None:
    while (await receive()).get("more_body"):
        pass
    body = b'{"error": {"message": "Not now.", "type": "server_error", "param": null, "code": null}}'
    headers = [(b"content-type", b"application/json"), (b"retry-after", b"0")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@dataclass
class Project:
    """A folder with files, the account, and the commands over both. `their` is somebody else's way there."""

    root: Path
    wire: Wire
    provider: Provider
    their: Provider
    concurrency: int = 8
    everything: bool = False
    warned: list[str] = field(default_factory=list)

    def file(self, path: str, content: bytes) -> LocalFile:
        return written(self.root, path, content)

    def knowledge(self, path: str, content: bytes, *, chunking: Any = None, **attributes: Any) -> KnowledgeFile:
        return KnowledgeFile(self.file(path, content), attributes, chunking)

    async def plan(self, desired: Sequence[Desired]) -> tuple[Plan, Reading]:
        interest = interest_in(desired, project=TARGET.project)
        reading = await read(self.provider.store, KINDS, files=self.provider.files, interest=interest)
        policy = Policy(overwrite_drift=frozenset({"all"} if self.everything else ()))
        capabilities = self.provider.store.capabilities
        plan = decide(
            desired, reading.objects, target=TARGET, capabilities=capabilities, policy=policy, files=reading.files
        ).plan
        return plan, reading

    async def apply(self, desired: Sequence[Desired]) -> ApplyReport:
        plan, reading = await self.plan(desired)
        report = await self.carry_out(plan, reading)
        self.warned += report.warnings
        return report

    async def carry_out(self, plan: Plan, reading: Reading) -> ApplyReport:
        folder = self.root / ".asstctl" / "journal"
        journal = Journal(folder, header(new_run()))
        # what is waited for comes at once here, and a test waits for nothing else
        pace = Pace(self.concurrency, first_pause=0.0, second_look=0.0, first_look=0.001, longest_look=0.005)
        run = Run(pace, recorder=journal, earlier=lambda: records_with_files(folder), root=self.root)
        try:
            return await apply(plan, self.provider.store, reading, run, files=self.provider.files)
        finally:
            await journal.aclose()

    async def killed(self, desired: Sequence[Desired], request: int, *, done: bool) -> bool:
        """Apply until this request, once; whether it came to that. Nothing is heard of anything afterwards."""
        self.wire.forget()
        self.wire.dies_at, self.wire.done = request, done
        applying, dying = asyncio.ensure_future(self.apply(desired)), asyncio.ensure_future(self.wire.dead.wait())
        await asyncio.wait([applying, dying], return_when=asyncio.FIRST_COMPLETED)
        died = self.wire.dead.is_set()
        for one in (applying, dying):
            one.cancel()
        await asyncio.gather(applying, dying, return_exceptions=True)
        self.wire.dies_at = None
        self.wire.buried.set()
        return died

    async def settled(self, desired: Sequence[Desired]) -> None:
        """A further plan finds nothing, an apply of it sends no write, and no address has two objects."""
        plan, _ = await self.plan(desired)
        assert (plan.pending, plan.blocked, plan.stale_marks) == ((), (), ())
        self.wire.forget()
        assert (await self.apply(desired)).outcomes == ()
        assert not [one for one in self.wire.asked if not one.startswith("GET ")]
        assert {*Counter(one.metadata.get(KEY_NAME, one.id) for one in await self.objects()).values()} <= {1}

    # What is there, as somebody else sees it.
    async def objects(self) -> list[Live]:
        return [live for kind in KINDS for live in (await self.their.store.list(kind)).objects]

    async def one(self, kind: str) -> Live:
        """The only object of a kind."""
        (live,) = (await self.their.store.list(kind)).objects
        return live

    async def stored(self, store: str) -> tuple[StoreFile, ...]:
        assert self.their.files is not None
        return await self.their.files.attached(store)

    async def uploads(self) -> Mapping[str, Uploaded]:
        assert self.their.files is not None
        return {one.id: one for one in await self.their.files.uploads()}

    async def content(self, id: str) -> bytes:
        """The bytes of an upload, which the embedded server gives back."""
        transport = AsgiTransport(self.app)
        async with httpx2.AsyncClient(transport=transport, base_url=URL) as client:
            answer = await client.get(f"/files/{id}/content")
        assert answer.status_code == 200, answer.text
        return answer.content

    @property
    def app(self) -> Asgi:
        return self.wire._app

    # What somebody else does.
    async def put_upload(self, name: str = "theirs.txt", content: bytes = b"Not ours.") -> str:
        assert self.their.files is not None
        digest = hashlib.sha256(content).hexdigest()
        source = self.root / "elsewhere" / digest
        source.parent.mkdir(exist_ok=True)
        source.write_bytes(content)
        return (await self.their.files.upload(LocalFile(name, len(content), digest, source))).id

    async def put(self, store: str, name: str = "theirs.txt", content: bytes = b"Not ours.") -> str:
        """A foreign file in a store."""
        assert self.their.files is not None
        id = await self.put_upload(name, content)
        await self.their.files.attach(store, id, attributes={"team": "x"}, chunking=None)
        return id


@asynccontextmanager
async def project(root: Path, around: Callable[[Asgi], Asgi] = lambda app: app) -> AsyncIterator[Project]:
    """A project on a new account."""
    emulator = open_emulator(":memory:")
    wire = Wire(emulator.app)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(emulator.aclose)
        ways = [Provider(URL, AsgiTransport(app), place="here", dialect=EMBEDDED) for app in (wire, emulator.app)]
        ours, theirs = [await stack.enter_async_context(way) for way in ways]
        yield Project(root, wire, ours, theirs)
