"""GitLabForge: the port `core.ports.Forge` over GitLab's REST API. Runs keep nothing here.

A job's own token cannot write notes: the token is one of the project, with the role Developer and the scope `api`.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from urllib.parse import quote

from asstctl.core.errors import NotFound
from asstctl.core.forge import Artifact, Comment, Pipeline, PullRequest, Review, Versions, WorkflowRun
from asstctl.core.ports import Observer
from asstctl.core.tracing import UNTRACED, Tracer
from asstctl.forges.api import PATIENT, Api, Manners, OverApi, Way
from asstctl.forges.comments import Desk, bears, write_comment
from asstctl.forges.gitlab.bodies import approvals_of, comment_of, pull_request_of
from asstctl.forges.gitlab.pipeline import project
from asstctl.forges.reading import commit, items, member, number
from asstctl.net.body import json_value
from asstctl.net.failures import Asked, Failure, retry_after_of
from asstctl.net.retry import RetryPolicy

_PASS_TOKEN = "Set GITLAB_TOKEN, masked, to an access token of the project: Settings > CI/CD > Variables."  # noqa: S105


def open_forge(
    pipeline: Pipeline,
    environ: Mapping[str, str],
    *,
    observer: Observer | None = None,
    tracer: Tracer = UNTRACED,
    retry: RetryPolicy = PATIENT,
) -> "GitLabForge":
    """The API that the runner names, with the token of the project. Raises Refused without one; sends nothing."""
    way = Way(
        url=(environ.get("CI_API_V4_URL") or "https://gitlab.com/api/v4").rstrip("/"),
        url_name="CI_API_V4_URL",
        token=environ.get("GITLAB_TOKEN", "").strip(),
        token_name="GITLAB_TOKEN",  # noqa: S106 - the name of a variable
        how_to_pass=_PASS_TOKEN,
    )
    api = Api(way, _MANNERS, observer=observer, tracer=tracer, retry=retry)
    return GitLabForge(api, pipeline, f"/projects/{project(environ)}")


class GitLabForge(OverApi):
    """One project on GitLab."""

    can_keep = False

    def __init__(self, api: Api, pipeline: Pipeline, root: str) -> None:
        super().__init__(api)
        self._branch = pipeline.branch
        self._root = root
        self._own = 0

    async def pull_request(self, number: int) -> PullRequest:
        path = f"{self._root}/merge_requests/{number}"
        body = await self._api.get(path)
        with self._api.read(path):
            return pull_request_of(body)

    async def merged_by(self, commit: str) -> PullRequest | None:
        """The one that was merged as this commit; into the branch of this pipeline, where it is a branch's."""
        path = f"{self._root}/repository/commits/{commit}/merge_requests"
        for body in await self._api.pages(path):
            with self._api.read(path):
                # the list leaves out what a merge request is compared with
                found = await self.pull_request(number(body, "iid"))
            if found.merged_as == commit and found.base_branch == (self._branch or found.base_branch):
                return found
        return None

    async def tip(self, branch: str) -> str:
        path = f"{self._root}/repository/branches/{quote(branch, safe='')}"
        body = await self._api.get(path)
        with self._api.read(path):
            return commit(body, "commit", "id")

    async def reviews(self, number: int) -> tuple[Review, ...]:
        path = f"{self._root}/merge_requests/{number}/approvals"
        body = await self._api.get(path)
        with self._api.read(path):
            return approvals_of(body)

    async def comments(self, number: int, marker: str) -> tuple[Comment, ...]:
        path = f"{self._root}/merge_requests/{number}/notes"
        notes = await self._api.pages(path, sort="asc", order_by="created_at")
        bodies = [body for body in notes if bears(str(body.get("body") or ""), marker)]
        if not bodies:
            return ()
        own = await self._own_id()
        with self._api.read(path):
            return tuple(comment_of(body) for body in bodies if member(body, "author", "id") == own)

    async def write_comment(self, number: int, body: str, *, over: str = "") -> Comment:
        notes = f"{self._root}/merge_requests/{number}/notes"
        desk = Desk(self._api, notes, notes, "PUT", comment_of, partial(self.comments, number))
        return await write_comment(desk, body, over=over)

    async def artifacts(self, name: str, head: str) -> tuple[Artifact, ...]:
        """None: there is nothing that GitLab would vouch for."""
        return ()

    async def left_on(self, branch: str, name: str) -> tuple[Artifact, ...]:
        """None, for the same reason."""
        return ()

    async def content(self, artifact: Artifact, path: str, *, at_most: int) -> bytes:
        raise NotFound("GitLab keeps no artifacts of ours", detail=artifact.name)

    async def run(self, id: str) -> WorkflowRun:
        raise NotFound("GitLab keeps no runs of ours", detail=id)

    async def versions(self, paths: Sequence[str], commit: str, base: str) -> Versions:
        raise NotFound("GitLab keeps no runs of ours", detail=commit)

    async def contains(self, commit: str, ancestor: str) -> bool:
        """Nothing is in the ancestor that the commit has not."""
        path = f"{self._root}/repository/compare"
        compared = await self._api.get(path, **{"from": commit, "to": ancestor, "straight": "false"})
        with self._api.read(path):
            return not items(compared, "commits")

    async def _own_id(self) -> int:
        """Who bears the token: the bot of a project, or a person."""
        if not self._own:
            body = await self._api.get("/user")
            with self._api.read("/user"):
                self._own = number(body, "id")
        return self._own


def _permission(asked: Asked) -> str:
    role = "Developer" if asked.writes else "Reporter"
    return f"Give the token of GITLAB_TOKEN the role {role} and the scope `api`."


def _said(failure: Failure) -> str:
    body = json_value(failure.body)
    told = (member(body, name) for name in ("message", "error", "error_description"))
    return ": ".join(part for part in told if isinstance(part, str))


def _wait(failure: Failure) -> tuple[bool, float | None]:
    return failure.status == 429, retry_after_of(failure)


_MANNERS = Manners(said=_said, wait=_wait, permission=_permission)
