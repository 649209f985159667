"""The server as a process, for tests and for trying things: loopback only, one readiness line, graceful stop."""

import argparse
import asyncio
import contextlib
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import uvicorn

from asstctl.emulator.emulator import Emulator, open_emulator
from asstctl.emulator.errors import EmulatorError
from asstctl.emulator.replies import Replies
from asstctl.emulator.request_log import RequestLog

_HOST = "127.0.0.1"
_GRACE = 0.5


class _Server(uvicorn.Server):
    """Says when it is ready, and leaves signals to `_serve`.

    uvicorn's own handlers would raise the signal again and end the process before the database is closed.
    """

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for listener in sockets or ():
            sys.stdout.write(f"listening on http://{_HOST}:{listener.getsockname()[1]}/v1\n")
            sys.stdout.flush()


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    log = RequestLog(options.log) if options.log else None
    try:
        emulator = open_emulator(
            options.database,
            replies=_replies(options.replies),
            lenient=options.lenient,
            reply_delay=options.reply_delay,
            api_key=options.api_key,
            faults=options.fault,
            log=log,
        )
    except EmulatorError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return asyncio.run(_serve(emulator, options.port))


async def _serve(emulator: Emulator, port: int) -> int:
    # Named TCP, or asyncio leaves Nagle's algorithm on, and each answer waits 40 ms for an acknowledgement.
    listener = socket.socket(proto=socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((_HOST, port))
        except OSError as error:
            sys.stderr.write(f"port {port} on {_HOST} cannot be used: {error.strerror}\n")
            return 1
        config = uvicorn.Config(
            emulator.app, lifespan="off", access_log=False, log_level="warning", timeout_graceful_shutdown=2
        )
        server = _Server(config)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, setattr, server, "should_exit", True)
        await server.serve(sockets=[listener])
    finally:
        listener.close()
        await emulator.aclose(_GRACE)
    return 0


def _replies(text: str) -> Replies:
    return {"script": str(Path(text).absolute())} if text.endswith((".yaml", ".yml")) else text


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m asstctl.emulator", description=__doc__)
    parser.add_argument("--database", required=True, help="the SQLite file, made if it is not there")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one (default)")
    parser.add_argument("--replies", default="echo", metavar="echo|FILE", help="echo, or a .replies.yaml file")
    parser.add_argument("--reply-delay", type=float, default=0.0, metavar="SECONDS")
    parser.add_argument("--api-key", help="refuse every other key")
    parser.add_argument("--lenient", action="store_true", help="ignore unknown parameters")
    parser.add_argument("--log", type=Path, metavar="FILE", help="append a JSON line for every request")
    parser.add_argument("--fault", action="append", default=[], metavar="SPEC", help="for tests, see faults.py")
    return parser


if __name__ == "__main__":
    sys.exit(main())
