"""GitHubForge: the port `core.ports.Forge` over GitHub's REST API.

Lists are read to their end. Reads are repeated where that may help; a comment is added at most once.
"""

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import PurePosixPath
from urllib.parse import quote

from asstctl.core.errors import NotFound
from asstctl.core.forge import Artifact, Comment, Event, Pipeline, PullRequest, Review, Versions, WorkflowRun
from asstctl.core.ports import Observer
from asstctl.core.tracing import UNTRACED, Tracer
from asstctl.forges.api import PATIENT, Api, Manners, OverApi, Way
from asstctl.forges.comments import Desk, bears, write_comment
from asstctl.forges.github.artifacts import LARGEST_ZIP, file_in_zip
from asstctl.forges.github.bodies import (
    approvals_of,
    artifact_of,
    comment_of,
    is_by,
    is_of_another_base,
    may_have_run,
    moment,
    pull_request_of,
    run_of,
)
from asstctl.forges.github.trees import Trees
from asstctl.forges.github.workflows import ACTION_FILES, used_in
from asstctl.forges.reading import commit, member, number, text
from asstctl.net.body import json_value
from asstctl.net.failures import Asked, Failure, retry_after_of
from asstctl.net.retry import RetryPolicy

API_VERSION = "2022-11-28"
"""Later versions no longer say what a merge made (`merge_commit_sha`)."""

HEADERS = {"accept": "application/vnd.github+json", "x-github-api-version": API_VERSION}

MOST_ACTIONS = 50
"""So many actions of its own repository a run is believed to use, each of which is looked at."""

_PASS_TOKEN = "Give the step its token: env: GITHUB_TOKEN: ${{ github.token }}"  # noqa: S105 - says where one comes from


def open_forge(
    pipeline: Pipeline,
    environ: Mapping[str, str],
    *,
    observer: Observer | None = None,
    tracer: Tracer = UNTRACED,
    retry: RetryPolicy = PATIENT,
) -> "GitHubForge":
    """The API that the runner names, with the token of its job. Raises Refused without one; sends nothing."""
    way = Way(
        url=(environ.get("GITHUB_API_URL") or "https://api.github.com").rstrip("/"),
        url_name="GITHUB_API_URL",
        token=(environ.get("GITHUB_TOKEN") or environ.get("GH_TOKEN") or "").strip(),
        token_name="GITHUB_TOKEN",  # noqa: S106 - the name of a variable
        how_to_pass=_PASS_TOKEN,
    )
    api = Api(way, _MANNERS, headers=HEADERS, observer=observer, tracer=tracer, retry=retry)
    return GitHubForge(api, pipeline, way.url.removesuffix("/v3") + "/graphql")


class GitHubForge(OverApi):
    """One repository on GitHub. `asks` is where GraphQL is spoken: the only way for an app to learn who it is."""

    can_keep = True

    def __init__(self, api: Api, pipeline: Pipeline, asks: str) -> None:
        super().__init__(api)
        self._repository = pipeline.repository
        self._branch = pipeline.branch
        self._root = f"/repos/{pipeline.repository}"
        self._asks = asks
        self._login = ""
        self._trees = Trees(api, self._root)

    async def pull_request(self, number: int) -> PullRequest:
        path = f"{self._root}/pulls/{number}"
        body = await self._api.get(path)
        with self._api.read(path):
            return pull_request_of(body)

    async def merged_by(self, commit: str) -> PullRequest | None:
        """The one that was merged as this commit; into the branch of this run, where it is a branch's."""
        path = f"{self._root}/commits/{commit}/pulls"
        bodies = await self._api.pages(path)
        with self._api.read(path):
            for body in bodies:
                found = pull_request_of(body)
                if found.merged_as == commit and found.base_branch == (self._branch or found.base_branch):
                    return found
        return None

    async def tip(self, branch: str) -> str:
        path = f"{self._root}/branches/{quote(branch, safe='')}"
        body = await self._api.get(path)
        with self._api.read(path):
            return commit(body, "commit", "sha")

    async def reviews(self, number: int) -> tuple[Review, ...]:
        return approvals_of(await self._api.pages(f"{self._root}/pulls/{number}/reviews"))

    async def comments(self, number: int, marker: str) -> tuple[Comment, ...]:
        path = f"{self._root}/issues/{number}/comments"
        bodies = [body for body in await self._api.pages(path) if bears(str(body.get("body") or ""), marker)]
        if not bodies:
            return ()
        login = await self._own_login()
        with self._api.read(path):
            return tuple(comment_of(body) for body in bodies if is_by(body, login))

    async def write_comment(self, number: int, body: str, *, over: str = "") -> Comment:
        issues = f"{self._root}/issues"
        own = partial(self.comments, number)
        desk = Desk(self._api, f"{issues}/{number}/comments", f"{issues}/comments", "PATCH", comment_of, own)
        return await write_comment(desk, body, over=over)

    async def artifacts(self, name: str, head: str) -> tuple[Artifact, ...]:
        return tuple(one for one, _ in await self._kept(name) if one.head == head)

    async def left_on(self, branch: str, name: str) -> tuple[Artifact, ...]:
        return tuple(one for one, of in await self._kept(name) if branch in {"", of})

    async def _kept(self, name: str) -> list[tuple[Artifact, str]]:
        """Each artifact of a name, and the branch that its run was of; the newest first."""
        path = f"{self._root}/actions/artifacts"
        bodies = await self._api.pages(path, "artifacts", name=name)
        bodies.sort(key=lambda body: (str(body.get("created_at")), body["id"]), reverse=True)
        with self._api.read(path):
            found = [(artifact_of(body), str(member(body, "workflow_run", "head_branch"))) for body in bodies]
        return [(one, branch) for one, branch in found if one is not None and one.name == name]

    async def content(self, artifact: Artifact, path: str, *, at_most: int) -> bytes:
        where = f"{self._root}/actions/artifacts/{artifact.id}/zip"
        archive = await self._api.fetched(where, at_most=LARGEST_ZIP)
        with self._api.read(where):
            return file_in_zip(archive, path, at_most=at_most)

    async def run(self, id: str) -> WorkflowRun:
        """A run. Its files are followed into the actions of this repository that they use."""
        path = f"{self._root}/actions/runs/{id}"
        body = await self._api.get(path)
        with self._api.read(path):
            found = run_of(body, self._repository)
            branch, began = text(body, "head_branch"), moment(body, "created_at")
        bases = await self._bases(branch, began) if found.event == Event.PULL_REQUEST and not found.fork else ()
        return replace(found, files=await self._with_actions(found), bases=bases)

    async def _bases(self, branch: str, began: datetime) -> tuple[str, ...]:
        """The branches that pull requests of a branch went into when a run began. What runs is what a merge with one of
        them holds, workflow files and all, and the host does not say afterwards with which."""
        bases: dict[str, None] = {}
        path = f"{self._root}/pulls"
        pulls = await self._api.pages(path, state="all", head=f"{self._repository.partition('/')[0]}:{branch}")
        for body in pulls:
            with self._api.read(path):
                if not may_have_run(body, began):
                    continue
                bases[text(body, "base", "ref")] = None
                events = f"{self._root}/issues/{number(body, 'number')}/events"
            happened = await self._api.pages(events)
            with self._api.read(events):
                if any(is_of_another_base(one, began) for one in happened):
                    bases[""] = None
        return tuple(bases)

    async def _with_actions(self, run: WorkflowRun) -> tuple[str, ...]:
        known = dict.fromkeys(run.files)
        pending = list(run.files)
        while pending:
            path = pending.pop()
            for file in (path, *(str(PurePosixPath(path) / name) for name in ACTION_FILES)):
                for used in used_in(await self._trees.text(run.head, file)):
                    if used not in known:
                        known[used] = None
                        pending.append(used)
            if len(known) > MOST_ACTIONS:
                raise self._api.bad(f"run {run.id}", f"it uses more than {MOST_ACTIONS} files of its own repository")
        return tuple(known)

    async def versions(self, paths: Sequence[str], commit: str, base: str) -> Versions:
        return Versions(await self._trees.digests(paths, commit), await self._trees.digests(paths, base))

    async def contains(self, commit: str, ancestor: str) -> bool:
        try:
            compared = await self._api.get(f"{self._root}/compare/{ancestor}...{commit}", per_page=1)
        except NotFound as error:
            if "no common ancestor" in error.detail.lower():
                return False
            raise
        return compared.get("status") in {"identical", "ahead"}

    async def _own_login(self) -> str:
        """Who bears the token: a person, or the bot of an app."""
        if not self._login:
            answer = await self._api.ask(self._asks, {"query": "{ viewer { login } }"})
            with self._api.read("/graphql"):
                self._login = text(answer, "data", "viewer", "login")
        return self._login


_PERMISSIONS = (
    (re.compile(r"/issues/|/pulls(/|$)"), "pull-requests"),
    (re.compile(r"/actions/"), "actions"),
    (re.compile(r"/git/|/compare/|/branches/"), "contents"),
)


def _permission(asked: Asked) -> str:
    """The line that a job lacks for a request."""
    for path, name in _PERMISSIONS:
        if path.search(asked.path):
            return f"Add `{name}: {'write' if asked.writes else 'read'}` to the `permissions` of this job."
    return "Check what the token of this job may do."


def _said(failure: Failure) -> str:
    body = json_value(failure.body)
    errors = member(body, "errors")
    more = [member(one, "message") for one in errors] if isinstance(errors, list) else []
    return ": ".join(part for part in (member(body, "message"), *more) if isinstance(part, str))


def _wait(failure: Failure) -> tuple[bool, float | None]:
    """GitHub asks to slow down with 403 as well as with 429, and says until when in one of two headers."""
    if failure.status not in {403, 429}:
        return False, None
    seconds = retry_after_of(failure)
    if seconds is not None:
        return True, seconds
    if failure.headers.get("x-ratelimit-remaining") == "0":
        reset = failure.headers.get("x-ratelimit-reset", "")
        return True, max(0.0, int(reset) - time.time()) if re.fullmatch(r"[0-9]{1,12}", reset) else None
    return failure.status == 429 or "secondary rate limit" in _said(failure).lower(), None


_MANNERS = Manners(said=_said, wait=_wait, permission=_permission)
