"""Bodies of GitLab's API as values. Pure; a ValueError names the member that is wrong."""

from typing import Any

from asstctl.core.forge import Comment, PullRequest, Review
from asstctl.forges.reading import commit, items, member, number, text


def pull_request_of(body: Any) -> PullRequest:
    """A merge request. What its merge made is a commit of a merge or of a squash, or, forwarded, its own last one."""
    merged = member(body, "state") == "merged"
    made = next((name for name in ("merge_commit_sha", "squash_commit_sha") if member(body, name)), "sha")
    return PullRequest(
        number=number(body, "iid"),
        head=commit(body, "sha"),
        base=commit(body, "diff_refs", "start_sha"),
        base_branch=text(body, "target_branch"),
        fork=member(body, "source_project_id") != number(body, "target_project_id"),
        merged_as=commit(body, made) if merged else None,
        url=str(member(body, "web_url") or ""),
    )


def approvals_of(body: Any) -> tuple[Review, ...]:
    """Who approves; GitLab does not say of which commit."""
    return tuple(Review(text(one, "user", "username"), "") for one in items(body, "approved_by"))


def comment_of(body: Any) -> Comment:
    """A note."""
    return Comment(str(number(body, "id")), str(member(body, "body") or ""))
