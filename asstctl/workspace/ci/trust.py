"""Whether a plan that an earlier run left may be believed to be the one that was approved. Pure.

A record is as good as the run that wrote it. Whoever may push a branch can write a workflow of their own, have it leave
any artifact under any name, and write any comment. So a record counts only where the forge vouches for its run, where
that was of the pull request's last commit, and where what it did was said by files that the base branch has byte for
byte.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from asstctl.core.forge import Artifact, Event, Pipeline, PullRequest, Versions, WorkflowRun
from asstctl.core.pipeline import FORMAT, Record
from asstctl.core.plan import TargetInfo
from asstctl.engine.planning.approval import digest
from asstctl.render.values import listed

AGAIN = "run the workflow of the pull request again"


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why a plan does not count as approved, in one sentence, and what to do so that one does."""

    why: str
    way_on: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a record has to be of: the label and the target, and the pull request's commit. `onto` is what its base has
    to be a part of: what is checked out, or the base branch while the pull request is open. `workflow` is the file
    whose runs alone count, or nothing."""

    label: str
    target: TargetInfo
    pull_request: PullRequest
    onto: str
    workflow: str = ""

    @property
    def head(self) -> str:
        """The commit that the plan was made of."""
        return self.pull_request.head

    @property
    def artifact(self) -> str:
        """The name under which it was left."""
        return artifact_name(self.label)


def artifact_name(label: str) -> str:
    """The name of the artifact that holds the plan of a label."""
    return f"asstctl-{label}"


def short(commit: str) -> str:
    """A commit as people name it."""
    return commit[:7]


def doubt_of_merge(pull: PullRequest | None, pipeline: Pipeline, *, base_has_it: bool = False) -> Doubt | None:
    """Why what is checked out is not what a pull request was merged as.

    `base_has_it`: what the forge gives for the base branch before the merge holds the merge already, so that it says
    nothing of what the pull request changed.
    """
    if pull is None:
        return Doubt(
            f"no pull request was merged as {short(pipeline.commit)}",
            "open one for what is to change, and merge it once its plan is approved",
        )
    if pull.merged_as != pipeline.commit:
        merged = f"was merged as {short(pull.merged_as)}" if pull.merged_as else "is not merged"
        return Doubt(
            f"pull request {pull.number} {merged}, and {short(pipeline.commit)} is checked out",
            "apply in the run of its merge",
        )
    if pipeline.branch and pipeline.branch != pull.base_branch:
        return Doubt(
            f"pull request {pull.number} was merged into {pull.base_branch}, and this is a run of {pipeline.branch}",
            f"apply in a run of {pull.base_branch}",
        )
    if pull.fork:
        return Doubt(
            f"pull request {pull.number} came out of a fork, where nothing is planned",
            "open one from a branch of this repository with the same commits",
        )
    if base_has_it:
        return Doubt(
            f"{short(pull.base)}, which pull request {pull.number} is said to go out from, holds its merge already",
            "open another pull request, from a branch that is up to date",
        )
    return None


def doubt_of_run(wanted: Wanted, artifact: Artifact, run: WorkflowRun, versions: Versions) -> Doubt | None:
    """Why an artifact may not be what our own plan left: whoever wrote it could have been somebody else.

    `versions` are those of the run's files, at the commit that it was of and at the base branch before the merge.
    """
    said = f"run {run.id}"
    if artifact.run != run.id or artifact.name != wanted.artifact:
        return Doubt(f"{artifact.name} of run {artifact.run} is not {wanted.artifact} of {said}", AGAIN)
    for what, head in (("the artifact of run", artifact.head), ("run", run.head)):
        if head != wanted.head:
            return Doubt(f"{what} {run.id} is of {short(head)}, and not of {short(wanted.head)}", AGAIN)
    if run.fork:
        return Doubt(f"{said} was of a fork", "open a pull request from a branch of this repository")
    if run.event != Event.PULL_REQUEST:
        return Doubt(f"{said} was started by {run.event} and not by its pull request", AGAIN)
    into = wanted.pull_request.base_branch
    if others := [base or "another branch" for base in run.bases if base != into] or ([] if run.bases else ["nothing"]):
        return Doubt(
            f"{said} may have been of a merge with {listed(others)}, whose files nobody compares with those of {into}",
            f"have one pull request of a branch at a time, into {into} from its beginning, and push to it once more",
        )
    if wanted.workflow and run.files[:1] != (wanted.workflow,):
        came = f"{said} was of {run.files[0]}" if run.files else f"nobody can say what {said} was of"
        return Doubt(f"{came}, and plans come from {wanted.workflow}", AGAIN)
    if not run.files or not versions.there.keys() >= {*run.files} or not any(versions.there.values()):
        return Doubt(f"nobody can say which files said what {said} does", AGAIN)
    if versions.differing:
        files = ", ".join(versions.differing)
        return Doubt(
            f"what {said} did is said by files that are not those of {wanted.pull_request.base_branch}: {files}",
            "merge what changes workflows or actions on its own, and bring other pull requests up to date with that",
        )
    return None


def doubt_of_record(wanted: Wanted, artifact: Artifact, record: Record, contained: Iterable[str]) -> Doubt | None:
    """Why a record is not of what is wanted. `contained` are the commits that `wanted.onto` is known to have."""
    said = f"the record of run {artifact.run}"
    for name, (is_, should) in _bindings(wanted, artifact, record).items():
        if is_ != should:
            return Doubt(f"{said} is of {name} {is_ or 'none'}, and not of {should or 'none'}", AGAIN)
    if record.base not in contained:
        return Doubt(
            f"{said} is of a plan beside {short(record.base)}, which {short(wanted.onto)} does not have",
            "bring the pull request up to date with its base branch, and have it planned again",
        )
    if record.digest != digest(record.approved):
        return Doubt(f"the digest in {said} is not that of its content", AGAIN)
    return None


def _bindings(wanted: Wanted, artifact: Artifact, record: Record) -> Mapping[str, tuple[str, str]]:
    """What a record says of itself, and what it should: each of them has to be the same."""
    info, approved = wanted.target, record.approved
    return {
        "format": (str(record.format), str(FORMAT)),
        "label": (record.label, wanted.label),
        "commit": (record.head, wanted.head),
        "run": (record.run, artifact.run),
        "target": (record.target, info.name),
        "a plan for target": (approved.target, info.name),
        "project": (approved.project, info.project),
        "provider": (approved.provider, info.provider),
        "address": (approved.url, info.url),
    }
