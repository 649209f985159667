"""A stand-in for GitLab on this machine: as much of its REST API as `asstctl ci` asks, and what its runner sets.

    with GitLab() as gitlab:
        shop = gitlab.project("shop/bots", GitFolder.made(folder))
        pull = shop.pull("change")
        environ = pull.environ()               # CI_*, with GITLAB_TOKEN
        merged = pull.merge("squash")          # or merge, rebase
        environ = shop.environ("push")

A comment is a note here, and a pull request a merge request; they have the names of `tests.forges.github`.
"""

import itertools
import re
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from tests.forges.git_folder import GitFolder, How
from tests.forges.stand_in import Answer, Asked, StandIn, page_of

BOT = "project_7_bot"


class GitLab(StandIn):
    """The host. A token is the name of its bearer and whether it may write."""

    def __init__(self) -> None:
        super().__init__()
        self.page_size = 100
        self.numbers = itertools.count(2001)
        self.projects: dict[int, Project] = {}
        self.tokens: dict[str, tuple[str, bool]] = {}

    def project(self, path: str, git: GitFolder) -> "Project":
        """A private project, with the commits of a folder."""
        made = Project(self, path, git, next(self.numbers))
        self.projects[made.id] = made
        return made

    def token(self, login: str = BOT, *, writes: bool = True) -> str:
        """A new token."""
        made = f"glpat-{secrets.token_hex(12)}"
        self.tokens[made] = (login, writes)
        return made

    def answer(self, asked: Asked) -> Answer:
        bearer = self.tokens.get(asked.token or "")
        if bearer is None:
            return Answer(401, {"message": "401 Unauthorized"})
        if asked.path == "/api/v4/user":
            return Answer(200, author(bearer[0]))
        found = re.fullmatch(r"/api/v4/projects/(\d+)(/.*)", asked.path)
        project = self.projects.get(int(found[1])) if found else None
        if found is None or project is None:
            return Answer(404, {"message": "404 Project Not Found"})
        if asked.method != "GET" and not bearer[1]:
            return Answer(403, {"message": "403 Forbidden"})
        for method, pattern, handler in _ROUTES:
            if (fits := re.fullmatch(pattern, found[2])) and method == asked.method:
                try:
                    return handler(project, asked, bearer[0], *fits.groups())
                except LookupError:
                    break
        return Answer(404, {"message": "404 Not found"})


@dataclass(eq=False)
class Project:
    """One project: its git folder, and what the host knows beside."""

    gitlab: GitLab
    name: str
    git: GitFolder
    id: int
    pulls: list["Pull"] = field(default_factory=list)

    def pull(self, branch: str, into: str = "main", *, fork: bool = False) -> "Pull":
        """Open a merge request for a branch."""
        made = Pull(self, len(self.pulls) + 1, branch, into, fork)
        self.pulls.append(made)
        return made

    def environ(self, source: str, *, branch: str = "main", token: str | None = None) -> dict[str, str]:
        """What the runner sets in a pipeline of a branch."""
        return {
            "CI": "true",
            "GITLAB_CI": "true",
            "CI_API_V4_URL": f"{self.gitlab.url}/api/v4",
            "CI_PIPELINE_SOURCE": source,
            "CI_PIPELINE_ID": str(next(self.gitlab.numbers)),
            "CI_PIPELINE_URL": "https://gitlab.example/pipelines/1",
            "CI_PROJECT_ID": str(self.id),
            "CI_PROJECT_PATH": self.name,
            "CI_COMMIT_SHA": self.git.sha(branch),
            "CI_COMMIT_BRANCH": branch,
            "GITLAB_TOKEN": self.gitlab.token() if token is None else token,
        }


@dataclass(eq=False)
class Pull:
    """A merge request. Its head and base move with their branches until it is merged."""

    project: Project
    number: int
    branch: str
    into: str
    fork: bool
    comments: list[dict[str, Any]] = field(default_factory=list)
    approved: list[str] = field(default_factory=list)
    merged: tuple[str, str, str, How] | None = None  # head, base, what the merge made, how

    @property
    def head(self) -> str:
        """Its last commit; one that was merged by rebasing is what that made."""
        if self.merged:
            return self.merged[2] if self.merged[3] == "rebase" else self.merged[0]
        return self.project.git.sha(self.branch)

    @property
    def base(self) -> str:
        """The commit that it goes into."""
        return self.merged[1] if self.merged else self.project.git.sha(self.into)

    def merge(self, how: How = "merge") -> str:
        """Merge it and move the branch that it goes into; the commit that this made."""
        git, head, base = self.project.git, self.head, self.base
        made = git.merged(base, head, how)
        git.move(self.into, made)
        self.merged = (head, base, made, how)
        return made

    def comment(self, login: str, body: str) -> dict[str, Any]:
        """Leave a note as somebody."""
        made = {"id": next(self.project.gitlab.numbers), "body": body, "author": author(login), "system": False}
        self.comments.append(made)
        return made

    def review(self, login: str) -> None:
        """Approve it."""
        self.approved.append(login)

    def environ(self, token: str | None = None) -> dict[str, str]:
        """What the runner sets in its pipeline; that of a fork runs in the fork."""
        environ = self.project.environ("merge_request_event", branch=self.branch, token=token)
        source = str(self.project.id + 1_000_000) if self.fork else environ["CI_PROJECT_ID"]
        del environ["CI_COMMIT_BRANCH"]
        return {
            **environ,
            "CI_PROJECT_ID": source,
            "CI_PROJECT_PATH": "stranger/fork" if self.fork else self.project.name,
            "CI_MERGE_REQUEST_IID": str(self.number),
            "CI_MERGE_REQUEST_PROJECT_ID": str(self.project.id),
            "CI_MERGE_REQUEST_PROJECT_PATH": self.project.name,
            "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": source,
            "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": self.into,
            "CI_MERGE_REQUEST_DIFF_BASE_SHA": self.base,
        }

    @property
    def body(self) -> dict[str, Any]:
        """The merge request as the API shows it."""
        made, how = (self.merged[2], self.merged[3]) if self.merged else (None, None)
        return {
            "id": self.number + 90_000,
            "iid": self.number,
            "state": "merged" if self.merged else "opened",
            "sha": self.head,
            "merge_commit_sha": made if how == "merge" else None,
            "squash_commit_sha": made if how == "squash" else None,
            "target_branch": self.into,
            "source_project_id": self.project.id + 1_000_000 * self.fork,
            "target_project_id": self.project.id,
            "diff_refs": {"base_sha": self.base, "start_sha": self.base, "head_sha": self.head},
            "web_url": f"https://gitlab.example/{self.project.name}/-/merge_requests/{self.number}",
        }


def author(login: str) -> dict[str, Any]:
    """A person or a bot as the API shows it."""
    return {"id": sum(login.encode()), "username": login}


_ROUTES: list[tuple[str, str, Callable[..., Answer]]] = []


def _route(method: str, path: str) -> Callable[[Callable[..., Answer]], Callable[..., Answer]]:
    def entered(handler: Callable[..., Answer]) -> Callable[..., Answer]:
        _ROUTES.append((method, path, handler))
        return handler

    return entered


def _pull(project: Project, number: str) -> Pull:
    for one in project.pulls:
        if one.number == int(number):
            return one
    raise LookupError(number)


def _page(project: Project, asked: Asked, items: list[Any]) -> Answer:
    shown, headers = page_of(items, asked, 20, project.gitlab.page_size)
    return Answer(200, shown, headers)


@_route("GET", r"/merge_requests/(\d+)")
def _request(project: Project, asked: Asked, login: str, number: str) -> Answer:
    return Answer(200, _pull(project, number).body)


@_route("GET", r"/merge_requests/(\d+)/approvals")
def _approvals(project: Project, asked: Asked, login: str, number: str) -> Answer:
    return Answer(200, {"approved_by": [{"user": author(one)} for one in _pull(project, number).approved]})


@_route("GET", r"/merge_requests/(\d+)/notes")
def _notes(project: Project, asked: Asked, login: str, number: str) -> Answer:
    return _page(project, asked, _pull(project, number).comments)


@_route("POST", r"/merge_requests/(\d+)/notes")
def _note(project: Project, asked: Asked, login: str, number: str) -> Answer:
    return Answer(201, _pull(project, number).comment(login, asked.body["body"]))


@_route("PUT", r"/merge_requests/(\d+)/notes/(\d+)")
def _edit(project: Project, asked: Asked, login: str, number: str, id: str) -> Answer:
    for one in _pull(project, number).comments:
        if one["id"] == int(id):
            one["body"] = asked.body["body"]
            return Answer(200, one)
    raise LookupError(id)


@_route("GET", r"/repository/commits/(\w+)/merge_requests")
def _requests_of(project: Project, asked: Asked, login: str, commit: str) -> Answer:
    project.git.sha(commit)
    found = [one for one in project.pulls if commit == one.head or (one.merged and commit == one.merged[2])]
    return _page(project, asked, [{k: v for k, v in one.body.items() if k != "diff_refs"} for one in found])


@_route("GET", r"/repository/branches/(.+)")
def _branch(project: Project, asked: Asked, login: str, name: str) -> Answer:
    return Answer(200, {"name": unquote(name), "commit": {"id": project.git.sha(f"refs/heads/{unquote(name)}")}})


@_route("GET", r"/repository/compare")
def _compare(project: Project, asked: Asked, login: str) -> Answer:
    between = project.git.between(project.git.sha(asked.query["from"]), project.git.sha(asked.query["to"]))
    return Answer(200, {"commits": [{"id": one} for one in between], "diffs": []})


def running() -> Iterator[GitLab]:
    """A stand-in that lives as long as a fixture does: `gitlab = pytest.fixture(running)`."""
    with GitLab() as gitlab:
        yield gitlab
