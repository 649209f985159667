"""What makes a record count as an approval, as values: each thing that is not as it must be is a reason why not."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from asstctl.core.approval import Approved
from asstctl.core.forge import Artifact, Event, Pipeline, PullRequest, Versions, WorkflowRun
from asstctl.core.pipeline import Record
from asstctl.core.plan import TargetInfo
from asstctl.engine.planning.approval import digest
from asstctl.workspace.ci.trust import Doubt, Wanted, doubt_of_merge, doubt_of_record, doubt_of_run

BASE, HEAD, MERGE, OTHER = (letter * 40 for letter in "abcd")
PLAN = ".github/workflows/plan.yml"
TARGET = TargetInfo("prod", "assistants", "Assistants v2", "127.0.0.1:1", "school", url="http://127.0.0.1:1/v1")
APPROVED = Approved("prod", "school", "assistants", "http://127.0.0.1:1/v1")


@dataclass(frozen=True)
class Scene:
    """All that is looked at."""

    pull: PullRequest
    pipeline: Pipeline
    artifact: Artifact
    run: WorkflowRun
    versions: Versions
    record: Record
    contained: frozenset[str]
    base_has_it: bool = False
    workflow: str = ""

    def with_(self, part: str, **changes: Any) -> "Scene":
        """The same with some of one part otherwise."""
        return replace(self, **{part: replace(getattr(self, part), **changes)})

    @property
    def doubt(self) -> Doubt | None:
        """The first reason not to believe it."""
        wanted = Wanted("prod", TARGET, self.pull, self.pipeline.commit, self.workflow)
        return (
            doubt_of_merge(self.pull, self.pipeline, base_has_it=self.base_has_it)
            or doubt_of_run(wanted, self.artifact, self.run, self.versions)
            or doubt_of_record(wanted, self.artifact, self.record, self.contained)
        )


SOUND = Scene(
    PullRequest(7, HEAD, BASE, "main", merged_as=MERGE),
    Pipeline("github", Event.PUSH, "octo/shop", "9", "", MERGE, "main"),
    Artifact("1", "asstctl-prod", "8", HEAD),
    WorkflowRun("8", "pull_request", HEAD, (PLAN, ".github/actions"), ("main",)),
    Versions({PLAN: "1", ".github/actions": None}, {PLAN: "1", ".github/actions": None}),
    Record("prod", "prod", HEAD, BASE, "8", digest(APPROVED), APPROVED),
    frozenset({BASE, HEAD, MERGE}),
)
"""As it must be."""


def test_a_record_of_the_last_commit_by_a_run_of_the_bases_own_workflow_counts() -> None:
    """Nothing is in its way."""
    assert SOUND.doubt is None


def test_a_record_of_the_workflow_that_plans_come_from_counts() -> None:
    """A workflow may be named, and then it is that one."""
    assert replace(SOUND, workflow=PLAN).doubt is None


FORGED: dict[str, tuple[Callable[[Scene], Scene], str]] = {
    "the merge is another": (lambda s: s.with_("pull", merged_as=OTHER), "was merged as ddddddd"),
    "it is not merged": (lambda s: s.with_("pull", merged_as=None), "is not merged"),
    "the branch is another": (lambda s: s.with_("pipeline", branch="release"), "was merged into main"),
    "it came out of a fork": (lambda s: s.with_("pull", fork=True), "out of a fork"),
    "the base is after the merge": (lambda s: replace(s, base_has_it=True), "holds its merge already"),
    "an artifact of another name": (lambda s: s.with_("artifact", name="asstctl-prod2"), "is not asstctl-prod"),
    "an artifact of another run": (lambda s: s.with_("artifact", run="6"), "of run 6"),
    "an artifact of another commit": (lambda s: s.with_("artifact", head=OTHER), "the artifact of run 8 is of ddddddd"),
    "a run of another commit": (lambda s: s.with_("run", head=OTHER), "run 8 is of ddddddd"),
    "a run of a fork": (lambda s: s.with_("run", fork=True), "was of a fork"),
    "a run by hand": (lambda s: s.with_("run", event="workflow_dispatch"), "started by workflow_dispatch"),
    "a run of a push": (lambda s: s.with_("run", event="push"), "started by push"),
    "a run with secrets": (lambda s: s.with_("run", event="pull_request_target"), "started by pull_request_target"),
    "a run of a merge with another branch": (
        lambda s: s.with_("run", bases=("main", "evil")),
        "may have been of a merge with evil,",
    ),
    "a run of a merge with a branch that is not known": (
        lambda s: s.with_("run", bases=("main", "")),
        "may have been of a merge with another branch,",
    ),
    "a run of no pull request that anybody knows": (lambda s: s.with_("run", bases=()), "a merge with nothing,"),
    "a run of nothing": (lambda s: s.with_("run", files=()), "nobody can say which files"),
    "a run of a workflow that is not there": (
        lambda s: s.with_("versions", there=dict.fromkeys(s.run.files)),
        "nobody can say which files",
    ),
    "a file that nobody looked at": (lambda s: s.with_("versions", there={PLAN: "1"}), "nobody can say which files"),
    "a workflow that the pull request changed": (
        lambda s: s.with_("versions", there={**s.versions.there, PLAN: "2"}),
        f"not those of main: {PLAN}",
    ),
    "a workflow that the pull request brought": (
        lambda s: s.with_("versions", base={**s.versions.base, PLAN: None}),
        f"not those of main: {PLAN}",
    ),
    "an action that the pull request brought": (
        lambda s: s.with_("versions", there={**s.versions.there, ".github/actions": "3"}),
        "not those of main: .github/actions",
    ),
    "another workflow than the one that plans": (
        lambda s: replace(s, workflow=".github/workflows/other.yml"),
        "plans come from .github/workflows/other.yml",
    ),
    "a record of another form": (lambda s: s.with_("record", format=2), "is of format 2"),
    "a record of another label": (lambda s: s.with_("record", label="staging"), "is of label staging"),
    "a record of another target": (lambda s: s.with_("record", target="staging"), "is of target staging"),
    "a record of another commit": (lambda s: s.with_("record", head=OTHER), f"is of commit {OTHER}"),
    "a record of another run": (lambda s: s.with_("record", run="5"), "is of run 5"),
    "a record of another base": (lambda s: s.with_("record", base=OTHER), "beside ddddddd"),
    "a record of no base": (lambda s: s.with_("record", base=""), "which ccccccc does not have"),
    "a digest of something else": (
        lambda s: s.with_("record", digest=f"sha256:{'0' * 64}"),
        "is not that of its content",
    ),
    "content of something else": (
        lambda s: s.with_("record", approved=replace(APPROVED, flags=("--prune",))),
        "is not that of its content",
    ),
    "a plan for another target": (
        lambda s: s.with_("record", approved=replace(APPROVED, target="staging")),
        "a plan for target staging",
    ),
    "a plan of another project": (
        lambda s: s.with_("record", approved=replace(APPROVED, project="mine")),
        "of project mine",
    ),
    "a plan for another address": (
        lambda s: s.with_("record", approved=replace(APPROVED, url="http://127.0.0.1:2/v1")),
        "of address http://127.0.0.1:2/v1",
    ),
}


@pytest.mark.parametrize("what", FORGED)
def test_what_is_not_as_it_must_be_is_a_reason_not_to_believe_it(what: str) -> None:
    """One sentence, and what to do so that a plan counts."""
    change, why = FORGED[what]
    doubt = change(SOUND).doubt
    assert doubt is not None
    assert why in doubt.why
    assert "\n" not in doubt.why
    assert doubt.way_on


def test_a_commit_that_no_pull_request_brought_has_no_approval() -> None:
    """It was pushed directly."""
    doubt = doubt_of_merge(None, SOUND.pipeline)
    assert doubt is not None
    assert doubt.why == "no pull request was merged as ccccccc"
