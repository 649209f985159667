"""What a runner of GitHub Actions says of its run: its variables, and the one file that holds the event."""

import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from asstctl.core.errors import Refused
from asstctl.core.forge import Event, Pipeline
from asstctl.core.json_text import read_json
from asstctl.forges.github.bodies import pull_request_of
from asstctl.forges.reading import COMMIT, member, variable

LARGEST_EVENT = 32 * 1024 * 1024

REPOSITORY = r"[\w.-]+/[\w.-]+"

_EVENTS = {
    "pull_request": Event.PULL_REQUEST,
    "push": Event.PUSH,
    "schedule": Event.SCHEDULE,
    "workflow_dispatch": Event.MANUAL,
}

_OF_A_PULL_REQUEST = ("pull_request", "pull_request_review", "pull_request_review_comment")
"""Events whose runs are of a pull request, with no more rights than its author has."""

_WITH_SECRETS: Mapping[str, tuple[str, ...]] = {
    "pull_request_target": (),
    "issue_comment": ("issue", "pull_request"),
    "workflow_run": ("workflow_run", "event"),
}
"""Events that run with the secrets of the repository for what anybody may propose: always, or where the member at the
end of a path is there and, if it is a text, names a pull request."""


def pipeline(environ: Mapping[str, str]) -> Pipeline:
    """This run. Raises Refused where the runner does not say enough, or its event file is not one."""
    name = variable(environ, "GITHUB_EVENT_NAME")
    event = _EVENTS.get(name, Event.OTHER)
    repository = variable(environ, "GITHUB_REPOSITORY", REPOSITORY)
    run = variable(environ, "GITHUB_RUN_ID", r"\d+")
    server = environ.get("GITHUB_SERVER_URL") or "https://github.com"
    branch = environ.get("GITHUB_REF", "").removeprefix("refs/heads/") if event is not Event.PULL_REQUEST else ""
    pull_request, forbidden = None, False
    if name in _OF_A_PULL_REQUEST:
        path, content = _event(environ)
        try:
            pull_request = pull_request_of(content.get("pull_request"))
        except ValueError as error:
            raise _bad(path, f"pull_request: {error}") from error
    elif (at := _WITH_SECRETS.get(name)) is not None:
        of = member(_event(environ)[1], *at) if at else name
        forbidden = of.startswith("pull_request") if isinstance(of, str) else of is not None
    return Pipeline(
        forge="github",
        event=event,
        repository=repository,
        run=run,
        run_url=f"{server}/{repository}/actions/runs/{run}",
        commit=variable(environ, "GITHUB_SHA", COMMIT),
        branch="" if branch.startswith("refs/") else branch,
        pull_request=pull_request,
        forbidden=f"{name} runs with the secrets of this repository for what anybody may propose" if forbidden else "",
    )


def _event(environ: Mapping[str, str]) -> tuple[Path, Mapping[str, Any]]:
    path = Path(variable(environ, "GITHUB_EVENT_PATH", r".+"))
    try:
        about = path.stat()
        if not stat.S_ISREG(about.st_mode) or about.st_size > LARGEST_EVENT:
            raise _bad(path, f"it is not a file of at most {LARGEST_EVENT // 1024**2} MiB")
        value = read_json(path.read_bytes())
    except OSError as error:
        raise _bad(path, (error.strerror or "it cannot be read").lower()) from error
    except ValueError as error:
        raise _bad(path, "it is not JSON") from error
    if not isinstance(value, dict):
        raise _bad(path, "it is not a JSON object")
    return path, value


def _bad(path: Path, why: str) -> Refused:
    return Refused(
        "the event of this run cannot be read",
        detail=f"GITHUB_EVENT_PATH, {path}: {why}",
        hint="Run this in a step of a workflow, and leave the file of its event alone.",
    )
