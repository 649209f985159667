"""`asstctl serve`"""

import json
import os
from ipaddress import ip_address
from typing import TYPE_CHECKING

import click

from asstctl.cli.options import shared_command
from asstctl.cli.session import Session
from asstctl.core.errors import Refused, WrongUsage
from asstctl.core.exit_codes import ExitCode

if TYPE_CHECKING:
    from asstctl.emulator import Quirks
    from asstctl.emulator.emulator import Api

DEFAULT_PORT = 8642
KEY = "ASSTCTL_SERVE_API_KEY"


@shared_command("serve")
@click.option(
    "--api",
    type=click.Choice(("assistants", "agents")),
    default="assistants",
    show_default=True,
    envvar="ASSTCTL_SERVE_API",
    help="assistants: the Assistants v2 API. agents: OpenAI's Agents API (beta agents=v1).",
)
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    metavar="ADDRESS",
    envvar="ASSTCTL_SERVE_HOST",
    help="Any other than loopback needs a key.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=DEFAULT_PORT,
    show_default=True,
    envvar="ASSTCTL_SERVE_PORT",
    help="0 takes a free one.",
)
@click.option(
    "--database",
    metavar="FILE|:memory:",
    envvar="ASSTCTL_SERVE_DATABASE",
    help="Default: the one of the local target.",
)
@click.option(
    "--replies",
    metavar="echo|FILE",
    envvar="ASSTCTL_SERVE_REPLIES",
    help="echo, or a .replies.yaml file. Default: those of the local target.",
)
@click.option(
    "--api-key",
    metavar="KEY",
    envvar=KEY,
    help=f"Refuse every other key. Other users of this machine can see a key typed here; {KEY} is safer.",
)
@click.option(
    "--api-key-env",
    metavar="NAME",
    envvar="ASSTCTL_SERVE_API_KEY_ENV",
    help="Take the key from this environment variable.",
)
@click.option("--allow-host", metavar="NAME", multiple=True, help="Also answer to this Host; may be repeated.")
@click.option("--allow-origin", metavar="ORIGIN", multiple=True, help="Let pages of this origin in; may be repeated.")
@click.option(
    "--lenient",
    is_flag=True,
    envvar="ASSTCTL_SERVE_LENIENT",
    help="Ignore unknown parameters, and refuse nothing else that an SDK can send.",
)
@click.option(
    "--require-beta",
    is_flag=True,
    envvar="ASSTCTL_SERVE_REQUIRE_BETA",
    help="Refuse requests without `OpenAI-Beta: assistants=v2`, as the hosted service did. "
    "The Agents API always wants its own.",
)
@click.option(
    "--withhold-files",
    is_flag=True,
    envvar="ASSTCTL_SERVE_WITHHOLD_FILES",
    help="Refuse to give files for assistants back, as the hosted service did.",
)
@click.option(
    "--quirk",
    "quirks",
    metavar="NAME=VALUE",
    multiple=True,
    help="Of the Agents API, as the hosted service shows them: list-lag=SECONDS, late-usage=SECONDS or never, "
    "pending-calls=SECONDS, reasoning-effort=LEVEL, cost=CENTS. May be repeated.",
)
def command(
    session: Session,
    api: "Api",
    host: str,
    port: int,
    database: str | None,
    replies: str | None,
    api_key: str | None,
    api_key_env: str | None,
    allow_host: tuple[str, ...],
    allow_origin: tuple[str, ...],
    lenient: bool,
    require_beta: bool,
    withhold_files: bool,
    quirks: tuple[str, ...],
) -> ExitCode:
    """Serve the Assistants v2 API over the local database, until Ctrl-C.

    What `asstctl apply` wrote to the local target is what programs see; point their OPENAI_BASE_URL at it.

    With --api agents it is OpenAI's Agents API instead, with agents and sessions of its own in the same database.
    Agents get there through programs, or from a target with `provider: openai` whose `base_url` is this server.

    With --log-format json readiness is a JSON line on stdout, and each request one on stderr.

    \b
    Examples:
      asstctl serve
      asstctl serve --port 0 --database :memory:
      asstctl serve --replies demo.replies.yaml
      asstctl serve --api agents --quirk list-lag=5
    """
    import signal

    from asstctl.workspace.serve import to_serve

    host = host.strip("[]")
    key = _key(api_key, api_key_env)
    _check(host, key, replies)
    taken = _taken(api, quirks)
    served = to_serve(session.workspace, database, replies)
    is_new = served.is_new

    with served.opening():
        from asstctl.emulator import open_emulator
        from asstctl.emulator.access_log import AccessLog, lines_to
        from asstctl.emulator.guard import Guard
        from asstctl.emulator.server import listen, run_server

        listener = listen(host, port)
        try:
            emulator = open_emulator(
                served.database,
                api=api,
                quirks=taken,
                replies=served.replies,
                api_key=key,
                lenient=lenient,
                require_beta=require_beta,
                withhold_files=withhold_files,
            )
        except BaseException:
            listener.close()
            raise

    log = AccessLog(lines_to(session.talk.stream), as_json=session.talk.as_json)
    guard = Guard(host, hosts=allow_host, origins=allow_origin)

    def ready(url: str) -> None:
        if session.talk.as_json:
            said = {"schema": "asstctl/serve/v1", "event": "ready", "url": url}
            session.result(json.dumps({**said, "api": api, "database": served.place, "replies": served.source}))
            return
        over = "the Agents API over " if api == "agents" else ""
        session.result(f"Serving {over}{served.place} at {url} (replies: {served.source})")
        session.result(f"  export OPENAI_BASE_URL={url}")
        session.result(f"  export OPENAI_API_KEY={'...  # the key that this server was given' if key else 'any'}")
        if is_new:
            what = "agent" if api == "agents" else "assistant"
            session.say(f"The database is new: programs find no {what} until one is made, or applied by asstctl apply.")
        session.say("Stop with Ctrl-C; a second one does not wait for runs to finish.")

    with log.listening():
        number = run_server(
            emulator,
            listener,
            ready=ready,
            around=lambda app: guard.around(app) if session.shared.quiet else log.around(guard.around(app)),
        )
    return ExitCode.INTERRUPTED if number == signal.SIGINT else ExitCode.DONE


def _key(given: str | None, env: str | None) -> str | None:
    if env is None:
        if given is not None and not given.strip():
            raise WrongUsage("the API key is empty", hint=f"export {KEY}=...")
        return given
    if given is not None:
        raise WrongUsage("there are two API keys", detail=f"--api-key-env {env}, and --api-key or {KEY}")
    if not os.environ.get(env, "").strip():
        raise Refused(f"{env} is not set", detail="--api-key-env names it", hint=f"export {env}=...")
    return os.environ[env]


def _check(host: str, key: str | None, replies: str | None) -> None:
    if not host:
        raise WrongUsage("--host is empty", hint="asstctl serve --host 127.0.0.1")
    if not key and not _is_loopback(host):
        raise WrongUsage(
            "other machines could reach this server, and it has no API key",
            detail=f"{host} is not a loopback address",
            hint=f"{KEY}=... asstctl serve --host {host}",
        )
    if replies is not None and replies != "echo" and not replies.endswith((".yaml", ".yml")):
        raise WrongUsage(f"there are no replies {replies!r}", hint="asstctl serve --replies echo, or a .replies.yaml")


def _taken(api: str, specs: tuple[str, ...]) -> "Quirks":
    from asstctl.emulator import Quirks, QuirkSpecError

    if specs and api != "agents":
        raise WrongUsage("quirks are of the Agents API", hint=f"asstctl serve --api agents --quirk {specs[0]}")
    try:
        return Quirks.parsed(specs)
    except QuirkSpecError as error:
        raise WrongUsage(str(error), hint="asstctl serve --help") from error


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
