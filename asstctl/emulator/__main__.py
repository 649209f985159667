"""The server as a process, for tests and for trying things: loopback only, one readiness line, graceful stop.

It takes faults and notes every request, and guards nothing; the server that people run is `asstctl serve`.
"""

import argparse
import sys
from pathlib import Path

from asstctl.emulator.agents.quirks import Quirks
from asstctl.emulator.emulator import open_emulator
from asstctl.emulator.errors import EmulatorError
from asstctl.emulator.replies import Replies
from asstctl.emulator.request_log import RequestLog
from asstctl.emulator.server import listen, run_server

_HOST = "127.0.0.1"
_GRACE = 0.5


def main(arguments: list[str] | None = None) -> int:
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.quirk and options.api != "agents":
        parser.error("quirks are of --api agents")
    log = RequestLog(options.log) if options.log else None
    try:
        listener = listen(_HOST, options.port)
    except EmulatorError as error:
        return _refused(error)
    try:
        emulator = open_emulator(
            options.database,
            api=options.api,
            quirks=Quirks.parsed(options.quirk),
            replies=_replies(options.replies),
            lenient=options.lenient,
            reply_delay=options.reply_delay,
            api_key=options.api_key,
            require_beta=options.require_beta,
            withhold_files=options.withhold_files,
            faults=options.fault,
            log=log,
        )
    except EmulatorError as error:
        listener.close()
        return _refused(error)
    run_server(emulator, listener, ready=_say_ready, grace=_GRACE)
    return 0


def _refused(error: EmulatorError) -> int:
    sys.stderr.write(f"{error}\n")
    return 1


def _say_ready(url: str) -> None:
    sys.stdout.write(f"listening on {url}\n")
    sys.stdout.flush()


def _replies(text: str) -> Replies:
    return {"script": str(Path(text).absolute())} if text.endswith((".yaml", ".yml")) else text


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m asstctl.emulator", description=__doc__)
    parser.add_argument("--database", required=True, help="the SQLite file, made if it is not there")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one (default)")
    parser.add_argument("--api", choices=("assistants", "agents"), default="assistants")
    parser.add_argument("--replies", default="echo", metavar="echo|FILE", help="echo, or a .replies.yaml file")
    parser.add_argument("--reply-delay", type=float, default=0.0, metavar="SECONDS")
    parser.add_argument("--api-key", help="refuse every other key")
    parser.add_argument("--require-beta", action="store_true", help="refuse what comes without the beta header")
    parser.add_argument("--withhold-files", action="store_true", help="give files for assistants not back")
    parser.add_argument("--lenient", action="store_true", help="refuse nothing that an SDK can send")
    parser.add_argument("--log", type=Path, metavar="FILE", help="append a JSON line for every request")
    parser.add_argument("--quirk", action="append", default=[], metavar="NAME=VALUE", help="see agents/quirks.py")
    parser.add_argument("--fault", action="append", default=[], metavar="SPEC", help="for tests, see faults/")
    return parser


if __name__ == "__main__":
    sys.exit(main())
