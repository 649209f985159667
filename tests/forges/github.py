"""A stand-in for GitHub on this machine: its REST API as far as `asstctl ci` asks it, and what its runner sets.

    with GitHub() as github:
        shop = github.repository("octo/shop", GitFolder.made(folder))
        shop.git.commit({"asstctl.yaml": "..."})                     # on main
        shop.git.commit({"a.yaml": "..."}, branch="change")
        pull = shop.pull("change")                                   # fork=True: from another repository
        run = pull.run()                                             # a run of .github/workflows/plan.yml
        environ = run.environ(tmp_path)                              # GITHUB_*, with token, event file, outputs
        run.upload("asstctl-prod", out_dir)
        pull.review("ada")                                           # pull.review(...).dismiss()
        pull.comments                                                # as they are now: dicts, oldest first
        merged = pull.merge("squash")                                # or merge, rebase
        push = shop.run("push", branch="main")
        github.fail("POST", "/comments$", 500, carried_out=True)     # it is stored, and then it fails
        github.lines("POST")                                         # what came

Repositories are private: a token needs the permission for all that it reads. `github.page_size` keeps pages small.
Artifacts come by redirect from another port, which refuses any `Authorization`.
"""

import base64
import io
import itertools
import json
import re
import secrets
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import unquote

from tests.forges.git_folder import GitFolder, How
from tests.forges.stand_in import Answer, Asked, StandIn, page_of

BOT = "github-actions[bot]"
LONGEST_COMMENT = 65_536
PLAN_WORKFLOW = ".github/workflows/plan.yml"
VERSIONS = ("2022-11-28", "2026-03-10")

WRITES = {"contents": "read", "pull-requests": "write", "actions": "read"}
READS = {"contents": "read", "pull-requests": "read", "actions": "read"}
"""What the token of a run for a fork may do, whatever its workflow says."""

_LEVELS = ("none", "read", "write")


@dataclass(frozen=True)
class Token:
    """Who bears a token, and what it may do in its repository."""

    login: str
    repository: int
    permissions: Mapping[str, str]

    @property
    def user(self) -> dict[str, Any]:
        """Its bearer as the API shows people and apps."""
        return user(self.login)

    def may(self, permission: str, level: str) -> bool:
        """Whether it has a permission, at this level or a higher one."""
        return _LEVELS.index(self.permissions.get(permission, "none")) >= _LEVELS.index(level)


def user(login: str) -> dict[str, Any]:
    """A person or an app as the API shows it."""
    return {"login": login, "id": sum(login.encode()), "type": "Bot" if login.endswith("[bot]") else "User"}


class GitHub(StandIn):
    """The host. `storage` is the other server, from which artifacts come."""

    def __init__(self) -> None:
        super().__init__()
        self.page_size = 100
        self.storage = Storage()
        self.numbers = itertools.count(1001)
        self.repositories: dict[str, Repository] = {}
        self.tokens: dict[str, Token] = {}

    def repository(self, name: str, git: GitFolder) -> "Repository":
        """A private repository, with the commits of a folder."""
        made = Repository(self, name, git, next(self.numbers))
        self.repositories[name.lower()] = made
        return made

    def now(self) -> str:
        """A time: each is later than the one before."""
        passed = next(self.numbers)
        return f"2026-11-23T{passed // 3600:02}:{passed // 60 % 60:02}:{passed % 60:02}Z"

    def answer(self, asked: Asked) -> Answer:
        if "user-agent" not in asked.headers:
            return _said(403, "Request forbidden by administrative rules. Please make sure your request has a UA")
        if asked.headers.get("x-github-api-version", VERSIONS[0]) not in VERSIONS:
            return _said(400, "The version of the API is not supported")
        token = self.tokens.get(asked.token or "")
        if token is None:
            return _said(401, "Requires authentication" if asked.token is None else "Bad credentials")
        if (asked.method, asked.path) == ("POST", "/graphql"):
            return Answer(200, {"data": {"viewer": {"login": token.login}}})
        if (asked.method, asked.path) == ("GET", "/user"):
            bot = token.login.endswith("[bot]")
            return _said(403, "Resource not accessible by integration") if bot else Answer(200, token.user)
        if found := re.fullmatch(r"/repos/([^/]+/[^/]+)(/.*)", asked.path):
            repository = self.repositories.get(found[1].lower())
            if repository is not None and repository.id == token.repository:
                return _routed(Call(repository, asked, token), found[2])
        return _said(404, "Not Found")

    def __enter__(self) -> Self:
        self.storage.__enter__()
        return super().__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, trace)
        self.storage.__exit__(kind, error, trace)


class Storage(StandIn):
    """Where the bytes of artifacts lie, behind addresses that whoever has them may read."""

    def __init__(self) -> None:
        super().__init__()
        self.blobs: dict[str, bytes] = {}

    def address(self, content: bytes) -> str:
        """A new address of some bytes; its query is what lets one in."""
        signature = secrets.token_hex(8)
        self.blobs[signature] = content
        return f"{self.url}/artifact.zip?sig={signature}"

    def answer(self, asked: Asked) -> Answer:
        if "authorization" in asked.headers:
            return Answer(400, b"<Error><Code>InvalidAuthenticationInfo</Code></Error>")
        content = self.blobs.get(asked.query.get("sig", ""))
        if content is None:
            return Answer(403, b"<Error><Code>AuthenticationFailed</Code></Error>")
        return Answer(200, content, {"content-type": "application/zip"})


@dataclass(eq=False)
class Repository:
    """One repository: its git folder, and what the host knows beside."""

    github: GitHub
    name: str
    git: GitFolder
    id: int
    pulls: list["Pull"] = field(default_factory=list)
    runs: dict[int, "Run"] = field(default_factory=dict)
    artifacts: list["Kept"] = field(default_factory=list)

    def token(self, permissions: Mapping[str, str] = WRITES, *, login: str = BOT) -> str:
        """A new token: `login` bears it."""
        made = f"ghs_{secrets.token_hex(18)}"
        self.github.tokens[made] = Token(login, self.id, permissions)
        return made

    def pull(self, branch: str, into: str = "main", *, fork: bool = False) -> "Pull":
        """Open a pull request for a branch."""
        made = Pull(self, len(self.pulls) + 1, branch, into, fork)
        self.pulls.append(made)
        return made

    def run(
        self,
        event: str,
        *,
        branch: str = "main",
        workflow: str = PLAN_WORKFLOW,
        referenced: Sequence[str] = (),
        pull: "Pull | None" = None,
    ) -> "Run":
        """Begin a run for the commit that a branch has now."""
        head = pull.head if pull else self.git.sha(branch)
        made = Run(self, next(self.github.numbers), event, head, branch, workflow, tuple(referenced), pull)
        self.runs[made.id] = made
        return made

    @property
    def short(self) -> dict[str, Any]:
        """The repository within other objects."""
        return {"id": self.id, "full_name": self.name, "name": self.name.partition("/")[2]}

    def short_of(self, fork: bool) -> dict[str, Any]:
        """Itself, or the fork that somebody has of it."""
        return {"id": self.id + 1_000_000, "full_name": "stranger/fork", "name": "fork"} if fork else self.short


@dataclass(eq=False)
class Pull:
    """A pull request. Its head and base move with their branches until it is merged."""

    repository: Repository
    number: int
    branch: str
    into: str
    fork: bool
    comments: list[dict[str, Any]] = field(default_factory=list)
    reviews: list["ReviewMade"] = field(default_factory=list)
    merged: tuple[str, str, str] | None = None  # head, base, what the merge made
    created: str = "2026-11-23T00:00:00Z"
    closed: str | None = None
    happened: list[dict[str, Any]] = field(default_factory=list)

    @property
    def head(self) -> str:
        """Its last commit."""
        return self.merged[0] if self.merged else self.repository.git.sha(self.branch)

    @property
    def base(self) -> str:
        """The commit that it goes into."""
        return self.merged[1] if self.merged else self.repository.git.sha(self.into)

    def run(
        self, event: str = "pull_request", *, workflow: str = PLAN_WORKFLOW, referenced: Sequence[str] = ()
    ) -> "Run":
        """Begin a run for it."""
        return self.repository.run(event, branch=self.branch, workflow=workflow, referenced=referenced, pull=self)

    def merge(self, how: How = "merge") -> str:
        """Merge it and move the branch that it goes into; the commit that this made."""
        git, head, base = self.repository.git, self.head, self.base
        made = git.merged(base, head, how, f"Merge pull request #{self.number}")
        git.move(self.into, made)
        self.merged = (head, base, made)
        return made

    def retarget(self, into: str) -> None:
        """Let it go into another branch."""
        self.into = into
        id, now = next(self.repository.github.numbers), self.repository.github.now()
        self.happened.append({"id": id, "event": "base_ref_changed", "created_at": now})

    def review(
        self, author: str, state: str = "APPROVED", *, association: str = "MEMBER", commit: str = ""
    ) -> "ReviewMade":
        """Leave a review of the commit that it has now, or of another."""
        made = ReviewMade(next(self.repository.github.numbers), author, state, association, commit or self.head)
        self.reviews.append(made)
        return made

    def comment(self, author: str, body: str, *, app: str | None = None) -> dict[str, Any]:
        """Leave a comment as somebody."""
        id, now = next(self.repository.github.numbers), self.repository.github.now()
        made = {
            "id": id,
            "body": body,
            "user": user(author),
            "author_association": "NONE",
            "performed_via_github_app": {"slug": app} if app else None,
            "html_url": f"https://github.example/{self.repository.name}/pull/{self.number}#issuecomment-{id}",
            "created_at": now,
            "updated_at": now,
        }
        self.comments.append(made)
        return made

    @property
    def body(self) -> dict[str, Any]:
        """The pull request as the API shows it, and as events do."""
        shop = self.repository
        return {
            "id": self.number + 90_000,
            "number": self.number,
            "state": "closed" if self.merged or self.closed else "open",
            "created_at": self.created,
            "closed_at": "2026-11-23T12:00:00Z" if self.merged else self.closed,
            "html_url": f"https://github.example/{shop.name}/pull/{self.number}",
            "merged": self.merged is not None,
            "merged_at": "2026-11-23T12:00:00Z" if self.merged else None,
            "merge_commit_sha": self.merged[2] if self.merged else "0" * 40,
            "head": {"ref": self.branch, "sha": self.head, "repo": shop.short_of(self.fork)},
            "base": {"ref": self.into, "sha": self.base, "repo": shop.short},
        }


@dataclass(eq=False)
class ReviewMade:
    """A review. Dismissing one changes its state and leaves it where it was."""

    id: int
    author: str
    state: str
    association: str
    commit: str

    def dismiss(self) -> None:
        """Take it back."""
        self.state = "DISMISSED"

    @property
    def body(self) -> dict[str, Any]:
        """The review as the API shows it."""
        return {
            "id": self.id,
            "user": user(self.author),
            "state": self.state,
            "author_association": self.association,
            "commit_id": self.commit,
            "body": "",
        }


@dataclass(eq=False)
class Run:
    """One run of a workflow."""

    repository: Repository
    id: int
    event: str
    head: str
    branch: str
    workflow: str
    referenced: tuple[str, ...]
    pull: Pull | None
    created: str = "2026-11-23T06:00:00Z"

    @property
    def fork(self) -> bool:
        """Whether it runs for a branch of another repository."""
        return self.pull is not None and self.pull.fork

    def upload(self, name: str, files: Path | Mapping[str, bytes | str]) -> "Kept":
        """Leave a folder, or some files, under a name."""
        if isinstance(files, Path):
            files = {str(one.relative_to(files)): one.read_bytes() for one in sorted(files.rglob("*")) if one.is_file()}
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for path, content in files.items():
                archive.writestr(path, content)
        return self.upload_zip(name, buffer.getvalue())

    def upload_zip(self, name: str, content: bytes) -> "Kept":
        """Leave bytes as they are, as if they were the zip."""
        made = Kept(next(self.repository.github.numbers), name, content, self, self.repository.github.now())
        self.repository.artifacts.append(made)
        return made

    @property
    def checked_out(self) -> str:
        """What `GITHUB_SHA` is: for a pull request the commit that merges it, for try."""
        if self.pull and self.event == "pull_request":
            made = self.repository.git.merged(self.pull.base, self.pull.head, message="Merge for try")
            self.repository.git.git("update-ref", f"refs/pull/{self.pull.number}/merge", made)
            return made
        return self.repository.git.sha(self.pull.into) if self.pull else self.head

    def environ(self, folder: Path, token: str | None = None) -> dict[str, str]:
        """What the runner sets for a step, `GITHUB_TOKEN` among it; its files are made in `folder`."""
        folder.mkdir(parents=True, exist_ok=True)
        event, output, summary = folder / "event.json", folder / "output", folder / "summary.md"
        event.write_text(json.dumps(self.payload), "utf-8")
        output.touch()
        summary.touch()
        ref = f"refs/pull/{self.pull.number}/merge" if self.pull else f"refs/heads/{self.branch}"
        if token is None:
            token = self.repository.token(READS if self.fork else WRITES)
        return {
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_API_URL": self.repository.github.url,
            "GITHUB_SERVER_URL": "https://github.example",
            "GITHUB_REPOSITORY": self.repository.name,
            "GITHUB_RUN_ID": str(self.id),
            "GITHUB_EVENT_NAME": self.event,
            "GITHUB_EVENT_PATH": str(event),
            "GITHUB_SHA": self.checked_out,
            "GITHUB_REF": ref,
            "GITHUB_OUTPUT": str(output),
            "GITHUB_STEP_SUMMARY": str(summary),
            "GITHUB_TOKEN": token,
        }

    @property
    def payload(self) -> dict[str, Any]:
        """The event as its file says it."""
        about: dict[str, Any] = {"repository": self.repository.short}
        if self.pull:
            return {**about, "action": "synchronize", "number": self.pull.number, "pull_request": self.pull.body}
        if self.event == "push":
            return {**about, "ref": f"refs/heads/{self.branch}", "after": self.head}
        return about

    @property
    def body(self) -> dict[str, Any]:
        """The run as the API shows it."""
        return {
            "id": self.id,
            "event": self.event,
            "status": "completed",
            "conclusion": "success",
            "head_sha": self.head,
            "head_branch": self.branch,
            "created_at": self.created,
            "path": self.workflow,
            "html_url": f"https://github.example/{self.repository.name}/actions/runs/{self.id}",
            "repository": self.repository.short,
            "head_repository": self.repository.short_of(self.fork),
            "referenced_workflows": [{"path": path, "sha": self.head} for path in self.referenced],
        }


@dataclass(eq=False)
class Kept:
    """An artifact."""

    id: int
    name: str
    content: bytes
    run: Run
    created: str
    expired: bool = False

    @property
    def body(self) -> dict[str, Any]:
        """The artifact as the API shows it."""
        shop = self.run.repository
        return {
            "id": self.id,
            "name": self.name,
            "size_in_bytes": len(self.content),
            "expired": self.expired,
            "created_at": self.created,
            "workflow_run": {
                "id": self.run.id,
                "repository_id": shop.id,
                "head_repository_id": shop.short_of(self.run.fork)["id"],
                "head_branch": self.run.branch,
                "head_sha": self.run.head,
            },
        }


# The API, route by route


@dataclass(frozen=True)
class Call:
    """A request to one repository, by whoever bears a token."""

    repository: Repository
    asked: Asked
    token: Token

    def page(self, items: list[Any], under: str = "") -> Answer:
        """A page of a list, bare or within an object."""
        shown, headers = page_of(items, self.asked, 30, self.repository.github.page_size)
        return Answer(200, {"total_count": len(items), under: shown} if under else shown, headers)

    def pull(self, number: str) -> Pull:
        """A pull request by its number."""
        for one in self.repository.pulls:
            if one.number == int(number):
                return one
        raise LookupError(number)


Handler = Callable[..., Answer]
_ROUTES: list[tuple[str, re.Pattern[str], str, str, Handler]] = []


def _route(method: str, path: str, permission: str, level: str = "read") -> Callable[[Handler], Handler]:
    def entered(handler: Handler) -> Handler:
        _ROUTES.append((method, re.compile(path), permission, level, handler))
        return handler

    return entered


def _routed(call: Call, path: str) -> Answer:
    for method, pattern, permission, level, handler in _ROUTES:
        found = pattern.fullmatch(path)
        if found and method == call.asked.method:
            if not call.token.may(permission, level):
                return _said(403, "Resource not accessible by integration")
            try:
                return handler(call, *found.groups())
            except LookupError:
                return _said(404, "Not Found")
    return _said(404, "Not Found")


def _said(status: int, message: str, **more: Any) -> Answer:
    return Answer(status, {"message": message, "documentation_url": "https://docs.github.com/rest", **more})


@_route("GET", r"/pulls/(\d+)", "pull-requests")
def _pull(call: Call, number: str) -> Answer:
    return Answer(200, _of_version(call, call.pull(number).body))


@_route("GET", r"/pulls", "pull-requests")
def _every_pull(call: Call) -> Answer:
    assert call.asked.query["state"] == "all"
    owner = call.repository.name.partition("/")[0]
    found = [one for one in call.repository.pulls if f"{owner}:{one.branch}" == call.asked.query["head"]]
    return call.page([_of_version(call, one.body) for one in found if not one.fork])


@_route("GET", r"/issues/(\d+)/events", "pull-requests")
def _events(call: Call, number: str) -> Answer:
    return call.page(call.pull(number).happened)


@_route("GET", r"/commits/(\w+)/pulls", "pull-requests")
def _pulls_of(call: Call, commit: str) -> Answer:
    git = call.repository.git
    if not git.has(commit):
        return _said(422, f"No commit found for SHA: {commit}")
    found = [
        one for one in call.repository.pulls if (one.merged and one.merged[2] == commit) or commit in _commits(one)
    ]
    return call.page([_of_version(call, one.body) for one in found])


def _commits(pull: Pull) -> list[str]:
    return pull.repository.git.between(pull.base, pull.head)


def _of_version(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    """The version of 2026-03-10 says no more what a merge made."""
    if call.asked.headers.get("x-github-api-version") == VERSIONS[1]:
        return {name: value for name, value in body.items() if name != "merge_commit_sha"}
    return body


@_route("GET", r"/pulls/(\d+)/reviews", "pull-requests")
def _reviews(call: Call, number: str) -> Answer:
    return call.page([one.body for one in call.pull(number).reviews])


@_route("GET", r"/issues/(\d+)/comments", "pull-requests")
def _comments(call: Call, number: str) -> Answer:
    return call.page(call.pull(number).comments)


@_route("POST", r"/issues/(\d+)/comments", "pull-requests", "write")
def _comment(call: Call, number: str) -> Answer:
    pull = call.pull(number)
    if refusal := _too_long(call):
        return refusal
    app = call.token.login.removesuffix("[bot]") if call.token.login.endswith("[bot]") else None
    return Answer(201, pull.comment(call.token.login, call.asked.body["body"], app=app))


@_route("PATCH", r"/issues/comments/(\d+)", "pull-requests", "write")
def _edit(call: Call, id: str) -> Answer:
    found = next((one for pull in call.repository.pulls for one in pull.comments if one["id"] == int(id)), None)
    if found is None:
        return _said(404, "Not Found")
    if refusal := _too_long(call):
        return refusal
    found.update(body=call.asked.body["body"], updated_at=call.repository.github.now())
    return Answer(200, found)


def _too_long(call: Call) -> Answer | None:
    if len(call.asked.body["body"]) <= LONGEST_COMMENT:
        return None
    told = {"resource": "IssueComment", "code": "unprocessable", "field": "data", "message": "Body is too long"}
    return _said(422, "Validation Failed", errors=[told])


@_route("GET", r"/actions/artifacts", "actions")
def _artifacts(call: Call) -> Answer:
    wanted = call.asked.query.get("name")
    found = [one.body for one in reversed(call.repository.artifacts) if wanted in (None, one.name)]
    return call.page(found, "artifacts")


@_route("GET", r"/actions/artifacts/(\d+)/zip", "actions")
def _zip(call: Call, id: str) -> Answer:
    found = next((one for one in call.repository.artifacts if one.id == int(id)), None)
    if found is None:
        return _said(404, "Not Found")
    if found.expired:
        return _said(410, "Artifact has expired")
    return Answer(302, b"", {"location": call.repository.github.storage.address(found.content)})


@_route("GET", r"/actions/runs/(\d+)", "actions")
def _run(call: Call, id: str) -> Answer:
    return Answer(200, call.repository.runs[int(id)].body)


@_route("GET", r"/git/trees/(\w+)", "contents")
def _tree(call: Call, name: str) -> Answer:
    return Answer(200, {"sha": name, "tree": call.repository.git.tree(name), "truncated": False})


@_route("GET", r"/git/blobs/(\w+)", "contents")
def _blob(call: Call, sha: str) -> Answer:
    content = call.repository.git.git("cat-file", "blob", sha).encode()
    return Answer(200, {"sha": sha, "encoding": "base64", "content": base64.encodebytes(content).decode()})


@_route("GET", r"/branches/([^/]+)", "contents")
def _branch(call: Call, name: str) -> Answer:
    sha = call.repository.git.sha(f"refs/heads/{unquote(name)}")
    return Answer(200, {"name": unquote(name), "commit": {"sha": sha}, "protected": True})


@_route("GET", r"/compare/(\w+)\.\.\.(\w+)", "contents")
def _compare(call: Call, base: str, head: str) -> Answer:
    git = call.repository.git
    if not (git.has(base) and git.has(head)):
        return _said(404, "Not Found")
    ahead, behind = len(git.between(base, head)), len(git.between(head, base))
    status = {(False, False): "identical", (True, False): "ahead", (False, True): "behind"}
    said = status.get((bool(ahead), bool(behind)), "diverged")
    return Answer(200, {"status": said, "ahead_by": ahead, "behind_by": behind, "commits": [], "files": []})


def running() -> Iterator[GitHub]:
    """A stand-in that lives as long as a fixture does: `github = pytest.fixture(running)`."""
    with GitHub() as github:
        yield github
