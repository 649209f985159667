"""What a runner of GitLab CI says of its pipeline: the predefined variables."""

from collections.abc import Mapping

from asstctl.core.forge import Event, Pipeline, PullRequest
from asstctl.forges.reading import COMMIT, variable

_EVENTS = {
    "merge_request_event": Event.PULL_REQUEST,
    "push": Event.PUSH,
    "schedule": Event.SCHEDULE,
    "web": Event.MANUAL,
}


def pipeline(environ: Mapping[str, str]) -> Pipeline:
    """This pipeline. Raises Refused where the runner does not say enough."""
    event = _EVENTS.get(variable(environ, "CI_PIPELINE_SOURCE"), Event.OTHER)
    commit = variable(environ, "CI_COMMIT_SHA", COMMIT)
    proposed = event is Event.PULL_REQUEST
    return Pipeline(
        forge="gitlab",
        event=event,
        repository=variable(environ, "CI_MERGE_REQUEST_PROJECT_PATH" if proposed else "CI_PROJECT_PATH"),
        run=variable(environ, "CI_PIPELINE_ID", r"\d+"),
        run_url=environ.get("CI_PIPELINE_URL", ""),
        commit=commit,
        branch="" if proposed else environ.get("CI_COMMIT_BRANCH", ""),
        pull_request=_pull_request(environ, commit) if proposed else None,
    )


def project(environ: Mapping[str, str]) -> str:
    """The id of the project that is asked: where the merge request is, even if its pipeline runs in a fork."""
    name = "CI_MERGE_REQUEST_PROJECT_ID" if environ.get("CI_MERGE_REQUEST_PROJECT_ID") else "CI_PROJECT_ID"
    return variable(environ, name, r"\d+")


def _pull_request(environ: Mapping[str, str], commit: str) -> PullRequest:
    number = variable(environ, "CI_MERGE_REQUEST_IID", r"[1-9]\d*")
    at = environ.get("CI_MERGE_REQUEST_PROJECT_URL", "")
    source, target = (variable(environ, f"CI_MERGE_REQUEST_{which}PROJECT_ID", r"\d+") for which in ("SOURCE_", ""))
    # set in pipelines of a merged result alone, where what is checked out is a merge of these two
    head, base = (f"CI_MERGE_REQUEST_{which}_BRANCH_SHA" for which in ("SOURCE", "TARGET"))
    return PullRequest(
        number=int(number),
        head=variable(environ, head, COMMIT) if environ.get(head) else commit,
        base=variable(environ, base if environ.get(base) else "CI_MERGE_REQUEST_DIFF_BASE_SHA", COMMIT),
        base_branch=variable(environ, "CI_MERGE_REQUEST_TARGET_BRANCH_NAME"),
        fork=source != target,
        url=f"{at}/-/merge_requests/{number}" if at else "",
    )
