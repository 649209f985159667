"""Bodies of GitHub's API, and of its events, as values. Pure; a ValueError names the member that is wrong."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from asstctl.core.forge import Artifact, Comment, PullRequest, Review, WorkflowRun
from asstctl.forges.reading import commit, member, number, text

ACTIONS = ".github/actions"
"""Where actions of a repository lie by custom."""

SETTLED = timedelta(hours=1)
"""A run begins later than what set it going: what ended this much earlier did not."""

_NEW_BASES = frozenset({"base_ref_changed", "automatic_base_change_succeeded"})
_WRITERS = frozenset({"OWNER", "MEMBER", "COLLABORATOR"})
_WORDS = frozenset({"APPROVED", "CHANGES_REQUESTED", "DISMISSED"})
"""A review that only comments leaves what was said before."""


def pull_request_of(body: Any) -> PullRequest:
    """A pull request. What `merge_commit_sha` says before the merge is a commit made for try."""
    merged = bool(member(body, "merged_at"))
    return PullRequest(
        number=number(body, "number"),
        head=commit(body, "head", "sha"),
        base=commit(body, "base", "sha"),
        base_branch=text(body, "base", "ref"),
        # a fork that was deleted has no repository any more
        fork=member(body, "head", "repo", "id") != number(body, "base", "repo", "id"),
        merged_as=commit(body, "merge_commit_sha") if merged else None,
        url=str(member(body, "html_url") or ""),
    )


def approvals_of(bodies: Iterable[Any]) -> tuple[Review, ...]:
    """The approvals that stand, of reviews in the order in which they were given."""
    last: dict[str, Mapping[str, Any]] = {}
    for body in bodies:
        author = member(body, "user", "login")
        if isinstance(author, str) and body.get("state") in _WORDS and body.get("author_association") in _WRITERS:
            last.pop(author, None)
            last[author] = body
    return tuple(
        Review(author, str(body.get("commit_id") or ""))
        for author, body in last.items()
        if body.get("state") == "APPROVED"
    )


def comment_of(body: Any) -> Comment:
    """A comment; one without a text has an empty one."""
    return Comment(str(number(body, "id")), str(member(body, "body") or ""), str(member(body, "html_url") or ""))


def is_by(body: Any, login: str) -> bool:
    """Whether a comment's author is who we are; only apps have `[bot]` in their names."""
    kind = "Bot" if login.endswith("[bot]") else "User"
    return (member(body, "user", "login"), member(body, "user", "type")) == (login, kind)


def artifact_of(body: Any) -> Artifact | None:
    """An artifact that is still there, of a run for a commit of this very repository; None for another."""
    run = member(body, "workflow_run")
    own = member(run, "repository_id")
    if member(body, "expired") is not False or own is None or own != member(run, "head_repository_id"):
        return None
    return Artifact(str(number(body, "id")), text(body, "name"), str(number(run, "id")), commit(run, "head_sha"))


def run_of(body: Any, repository: str) -> WorkflowRun:
    """A run. `files` are the workflow files of this repository alone; others cannot be changed by its branches."""
    called = [member(one, "path") for one in member(body, "referenced_workflows") or ()]
    own = [_own(path, repository) for path in (text(body, "path"), *called) if isinstance(path, str)]
    return WorkflowRun(
        id=str(number(body, "id")),
        event=text(body, "event"),
        head=commit(body, "head_sha"),
        files=tuple(dict.fromkeys((*filter(None, own), ACTIONS))),
        fork=member(body, "head_repository", "id") != number(body, "repository", "id"),
        url=str(member(body, "html_url") or ""),
    )


def _own(path: str, repository: str) -> str:
    """The path within this repository of what is written `[OWNER/NAME/]PATH[@REF]`; empty for another's."""
    path = path.partition("@")[0]
    if path.startswith(".github/"):
        return path
    return path[len(repository) + 1 :] if path.lower().startswith(f"{repository.lower()}/") else ""


def may_have_run(pull: Any, began: datetime) -> bool:
    """Whether a pull request was open when a run began, give or take some time."""
    closed = member(pull, "closed_at")
    opened = moment(pull, "created_at") - SETTLED
    return opened <= began and (closed is None or began <= moment(pull, "closed_at") + SETTLED)


def is_of_another_base(event: Any, began: datetime) -> bool:
    """Whether what happened to a pull request is that it went into another branch when a run began, or shortly
    before."""
    return member(event, "event") in _NEW_BASES and began <= moment(event, "created_at") + SETTLED


def moment(value: Any, *path: str) -> datetime:
    """A time with its zone."""
    found = datetime.fromisoformat(text(value, *path))
    if found.tzinfo is None:
        raise ValueError(f"{'.'.join(path)} has no zone")
    return found
