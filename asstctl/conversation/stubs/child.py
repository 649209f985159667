"""One call of a Python function or a program of the project, in a child process of its own.

The child is an isolated interpreter (`-I`): nothing of the caller's environment reaches it but what is
handed over, no module of the working directory shadows another, and no call sees what an earlier one left
behind. A program is started by such a child too, which ends with it should we be killed. What may be run is decided
before, by `python` and `command`.
"""

import asyncio
import contextlib
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, SubprocessStreamProtocol
from collections.abc import Mapping, Sequence
from pathlib import Path
from weakref import WeakKeyDictionary

from asstctl.conversation.stubs.kind import StubFailed
from asstctl.conversation.stubs.seconds import SECONDS
from asstctl.core.json_types import Json, JsonObject
from asstctl.documents.paths import shown

AT_ONCE = 16
"""How many children run at the same time."""

MAX_OUTPUT = 1024 * 1024
_TAIL = 64 * 1024
_BUFFER = 64 * 1024
_LAST_WORDS = 1.0
_MAIN = Path(__file__).with_name("child_main.py")
_ROOMS: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()
_BASE = ("PATH", "HOME", "LANG")


def child_environment(environ: Mapping[str, str], allowed: Mapping[str, str]) -> dict[str, str]:
    """All that a child gets to see: PATH, HOME and LANG of ours, and what the project allows by name."""
    return {name: environ[name] for name in _BASE if name in environ} | dict(allowed)


async def call_function(
    file: Path,
    function: str,
    arguments: JsonObject,
    *,
    root: Path,
    environment: Mapping[str, str],
    seconds: float = SECONDS,
) -> str:
    """The function's result as text: a str as it is, anything else as JSON. Raises StubFailed."""
    request = {"file": str(file), "function": function, "arguments": arguments, "root": str(root)}
    return await _answered(request, root, environment, seconds)


async def call_command(
    command: Sequence[str],
    arguments: JsonObject,
    *,
    root: Path,
    environment: Mapping[str, str],
    seconds: float = SECONDS,
) -> str:
    """What the program prints, given the arguments on its standard input. Raises StubFailed."""
    request = {"command": list(command), "arguments": arguments, "most": MAX_OUTPUT}
    return await _answered(request, root, environment, seconds)


async def _answered(request: JsonObject, root: Path, environment: Mapping[str, str], seconds: float) -> str:
    async with _room():
        asked = asyncio.create_task(_asked(request, root, environment, seconds))
        try:
            return await asyncio.shield(asked)
        except asyncio.CancelledError:
            await _cancelled(asked)
            raise


async def _cancelled(work: asyncio.Task[str]) -> None:
    """Break it off once, however often we are: cut off twice, the end of a child would be left half done."""
    if not work.cancelling():
        work.cancel()
    while not work.done():
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait([work])
    if not work.cancelled():
        work.exception()  # it came too late to matter


async def _asked(request: JsonObject, root: Path, environment: Mapping[str, str], seconds: float) -> str:
    process, pipes = await _start(root, environment)
    try:
        async with asyncio.timeout(seconds):
            said, complaints = await _talk(pipes, json.dumps(request).encode() + b"\n")
            await pipes.exited.wait()
    except TimeoutError:
        raise StubFailed(f"took longer than {seconds:g} s") from None
    finally:
        await _end(process, pipes)
    return _result(said, complaints, process.get_returncode(), root)


def _room() -> asyncio.Semaphore:
    """What holds the children of one event loop to AT_ONCE, however many calls a model makes in one breath."""
    loop = asyncio.get_running_loop()
    return _ROOMS.setdefault(loop, asyncio.Semaphore(AT_ONCE))


class _Pipes(SubprocessStreamProtocol):
    """The pipes of a child. It has `exited` when it has; it is `over` when our ends of its pipes are closed as well."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(_BUFFER, loop)
        self.exited, self.over = asyncio.Event(), asyncio.Event()

    def process_exited(self) -> None:
        super().process_exited()
        self.exited.set()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.over.set()


async def _start(root: Path, environment: Mapping[str, str]) -> tuple[asyncio.SubprocessTransport, _Pipes]:
    loop = asyncio.get_running_loop()
    try:
        return await loop.subprocess_exec(
            lambda: _Pipes(loop),
            *(sys.executable, "-I", "-B", "-X", "utf8", str(_MAIN)),
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            env=dict(environment),
            cwd=root,
            start_new_session=True,  # a Ctrl-C is ours to handle, and what it starts can be ended with it
        )
    except OSError as problem:
        raise StubFailed(f"no child process could be started: {problem.strerror or problem}") from None


async def _talk(process: _Pipes, request: bytes) -> tuple[bytes, bytes]:
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    complaints = asyncio.ensure_future(_tail(process.stderr))
    try:
        with contextlib.suppress(
            BrokenPipeError, ConnectionResetError
        ):  # it ended early; its reason is in `complaints`
            process.stdin.write(request)
            await process.stdin.drain()
        # It stays open: its end tells the child that we are gone.
        said = bytearray()
        while chunk := await process.stdout.read(65536):
            said += chunk
            if len(said) > 2 * MAX_OUTPUT:  # JSON escapes make it longer than the text that counts
                raise StubFailed("answered with more than 1 MiB")
        return bytes(said), await complaints
    finally:
        complaints.cancel()


async def _tail(stream: asyncio.StreamReader) -> bytes:
    kept = b""
    while chunk := await stream.read(65536):
        kept = (kept + chunk)[-_TAIL:]
    return kept


async def _end(process: asyncio.SubprocessTransport, pipes: _Pipes) -> None:
    """End the child and all that it started, and close its pipes: a grandchild that left the group may hold them."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.get_pid(), signal.SIGKILL)
    await _within(_LAST_WORDS, pipes.exited)
    process.close()
    await _within(_LAST_WORDS, pipes.over)


async def _within(seconds: float, event: asyncio.Event) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()


def _result(said: bytes, complaints: bytes, status: int | None, root: Path) -> str:
    match _response(said):
        case {"output": str(output)} if len(output) <= MAX_OUTPUT:
            return output
        case {"output": str()}:
            raise StubFailed("answered with more than 1 MiB")
        case {"error": str(problem), "place": [str(file), int(line)]}:
            raise StubFailed(f"{shown(root, Path(file))}:{line}: {problem}")
        case {"error": str(problem)}:
            raise StubFailed(problem)
        case {"status": int(ended)}:
            raise StubFailed(f"ended with status {ended}{_last_line(complaints)}")
    raise StubFailed(f"ended with status {status} and no answer{_last_line(complaints)}")


def _last_line(complaints: bytes) -> str:
    """What was complained of last, if that is a whole line: one whose beginning is lost may begin within a secret."""
    lines = complaints.decode(errors="replace").strip().splitlines()
    if len(lines) == 1 and len(complaints) >= _TAIL:
        return ""
    return f": {lines[-1]}" if lines else ""


def _response(said: bytes) -> Json:
    """What came back. The code under test can write there too, so it may be anything."""
    try:
        response: Json = json.loads(said)
        json.dumps(response, ensure_ascii=False).encode()  # half of a surrogate pair cannot be sent on
    except (ValueError, RecursionError):
        return None
    return response
