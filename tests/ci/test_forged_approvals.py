"""What somebody might do who wants a plan to count that nobody approved: each makes a record of the merged files, and
leaves it in a way of its own.
"""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from asstctl.core.approval import read_approved
from asstctl.engine.planning.approval import digest
from asstctl.workspace.ci.records import read_record, record_json
from tests.ci.conftest import KIND, LEFT, TUTOR, Desk, left
from tests.forges.github import PLAN_WORKFLOW, Pull, Run

RUDE = TUTOR.replace("a patient tutor", "a rude tutor")


def _by_comment(desk: Desk, pull: Pull) -> None:
    """Write a comment like ours, with the digest in it."""
    desk.ci(None, "plan")
    body = f"<!-- asstctl:plan:local -->\n{(LEFT / 'plan.md').read_text('utf-8')}"
    pull.comment("mallory", body)
    pull.comment("github-actions[bot]", body, app="github-actions")


def _forged(desk: Desk, run: Run, *, head: str = "", **changes: str) -> dict[str, bytes]:
    """What a run would have to leave, made by hand."""
    desk.ci(None, "plan")
    record = read_record((LEFT / "record.json").read_bytes())
    assert run.pull
    bound = replace(record, head=head or run.pull.head, base=run.pull.base, run=str(run.id))
    return {**left(), "record.json": record_json(replace(bound, **changes)).encode()}


def _of_a_fork(desk: Desk, pull: Pull) -> None:
    """Propose the same commit out of a fork, too, and let that run leave it."""
    run = desk.repository.pull(pull.branch, fork=True).run()
    run.upload("asstctl-local", _forged(desk, run, head=pull.head))


def _of_another_commit(desk: Desk, pull: Pull) -> None:
    """Plan an earlier commit."""
    run = pull.run()
    run.head = pull.base
    run.upload("asstctl-local", _forged(desk, run))


def _of_an_own_workflow(desk: Desk, pull: Pull) -> None:
    """Run a workflow file that the pull request brings."""
    run = pull.run(workflow=".github/workflows/mine.yml")
    run.upload("asstctl-local", _forged(desk, run))


def _of_another_event(desk: Desk, pull: Pull) -> None:
    """Run the right workflow, by hand."""
    run = pull.run("workflow_dispatch")
    run.upload("asstctl-local", _forged(desk, run))


def _of_a_push(desk: Desk, pull: Pull) -> None:
    """Run it on the push of the branch."""
    run = desk.repository.run("push", branch=pull.branch)
    run.pull = pull
    run.upload("asstctl-local", _forged(desk, run))


def _expired(desk: Desk, pull: Pull) -> None:
    """Leave it long ago."""
    run = pull.run()
    run.upload("asstctl-local", _forged(desk, run)).expired = True


def _with_another_digest(desk: Desk, pull: Pull) -> None:
    """Put a digest over a content that it is not of."""
    run = pull.run()
    run.upload("asstctl-local", _forged(desk, run, digest=f"sha256:{'0' * 64}"))


def _of_another_run(desk: Desk, pull: Pull) -> None:
    """Leave the record of one run in another."""
    run, other = pull.run(), pull.run()
    run.upload("asstctl-local", _forged(desk, other))


def _of_another_label(desk: Desk, pull: Pull) -> None:
    """Leave the plan of one label under the name of another."""
    run = pull.run()
    run.upload("asstctl-local", _forged(desk, run, label="other"))


def _of_another_base(desk: Desk, pull: Pull) -> None:
    """Plan beside a commit that the base branch does not have."""
    run = pull.run()
    beside = desk.git.git("commit-tree", f"{pull.base}^{{tree}}", "-m", "beside")
    run.upload("asstctl-local", _forged(desk, run, base=beside))


def _of_no_base(desk: Desk, pull: Pull) -> None:
    """Name a base that is nowhere."""
    run = pull.run()
    run.upload("asstctl-local", _forged(desk, run, base="f" * 40))


def _garbage(desk: Desk, pull: Pull) -> None:
    """Leave what is no record."""
    run = pull.run()
    for content in (b"", b"[]", b'{"schema": "asstctl/record/v1"}', b"{" * 1000, b"\xff"):
        run.upload("asstctl-local", {"record.json": content})
    run.upload("asstctl-local", {"plan.json": b"{}"})
    run.upload_zip("asstctl-local", b"no archive")


FORGERIES: dict[str, tuple[Callable[[Desk, Pull], None], str]] = {
    "a comment's text": (_by_comment, "no run left asstctl-local"),
    "an artifact of a fork": (_of_a_fork, "no run left asstctl-local"),
    "an artifact of another commit": (_of_another_commit, "no run left asstctl-local"),
    "an artifact of a workflow of the pull request": (_of_an_own_workflow, "not those of main"),
    "an artifact of another event": (_of_another_event, "started by workflow_dispatch"),
    "an artifact of a push": (_of_a_push, "started by push"),
    "an expired artifact": (_expired, "no run left asstctl-local for"),
    "a digest that is not of its content": (_with_another_digest, "is not that of its content"),
    "a record of another run": (_of_another_run, "is of run"),
    "a record of another label": (_of_another_label, "is of label other"),
    "a record of another base": (_of_another_base, "which"),
    "a record of a base that is nowhere": (_of_no_base, "beside fffffff"),
    "what is no record": (_garbage, "the record of run"),
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forged_approval_is_none(desk: Desk, forgery: str) -> None:
    """Nothing is applied, and why is said."""
    forge, why = FORGERIES[forgery]
    own = {".github/workflows/mine.yml": "on: pull_request\n"} if forge is _of_an_own_workflow else {}
    pull = desk.proposed({"assistants/tutor.yaml": RUDE, **own})
    forge(desk, pull)
    desk.merged(pull)

    ran = desk.applied()

    assert (ran.code, ran.told.get("failure-reason")) == (1, "not-approved"), ran
    assert why in ran.said
    assert desk.instructions == "You are a patient tutor."


def test_a_workflow_that_the_pull_request_changed_cannot_approve(desk: Desk) -> None:
    """Its file is on the base branch after the merge; what counts is what was there before."""
    pull = desk.proposed({"assistants/tutor.yaml": RUDE, PLAN_WORKFLOW: "on: [pull_request, push]\n"})
    early = desk.planned(pull)
    assert "after the merge this plan will not count as approved" in early.said
    desk.merged(pull)

    ran = desk.applied()

    assert ran.told["failure-reason"] == "not-approved"
    assert f"not those of main: {PLAN_WORKFLOW}" in ran.said
    assert desk.instructions == "You are a patient tutor."


@pytest.mark.parametrize("way", ["second", "retargeted", "closed"])
def test_a_workflow_that_came_with_another_base_cannot_approve(desk: Desk, way: str) -> None:
    """A run is of the merge of its head with its base, and the head alone looks as it should."""
    desk.git.git("branch", "evil", "main")
    desk.git.commit({PLAN_WORKFLOW: "on: pull_request # and leave what I like\n"}, branch="evil")
    desk.git.git("checkout", "-q", "main")
    pull = desk.proposed({"assistants/tutor.yaml": RUDE})
    other = pull if way == "retargeted" else desk.repository.pull(pull.branch, "evil")
    other.into = "evil"
    run = other.run()
    run.upload("asstctl-local", _forged(desk, run, base=desk.git.sha("main")))
    if way == "retargeted":
        pull.retarget("main")
        run.created = pull.happened[0]["created_at"]
    if way == "closed":
        other.closed = run.created
    desk.merged(pull)

    ran = desk.applied()

    assert (ran.code, ran.told["failure-reason"]) == (1, "not-approved")
    assert f"a merge with {'another branch' if way == 'retargeted' else 'evil'}" in ran.said
    assert desk.instructions == "You are a patient tutor."


def test_a_branch_may_have_been_proposed_elsewhere_before(desk: Desk) -> None:
    """What ended long before the run has nothing to do with it."""
    desk.git.git("branch", "release", "main")
    pull = desk.proposed({"assistants/tutor.yaml": KIND})
    earlier = desk.repository.pull(pull.branch, "release")
    earlier.created, earlier.closed = "2026-11-01T08:00:00Z", "2026-11-02T08:00:00Z"
    pull.retarget("main")
    pull.happened[0]["created_at"] = "2026-11-02T08:00:00Z"
    planned = desk.planned(pull)
    assert "will not count" not in planned.said
    desk.merged(pull)

    assert desk.applied().code == 0
    assert desk.instructions == "You are a kind tutor."


def test_only_runs_of_the_named_workflow_count(desk: Desk) -> None:
    """Another one, which runs code of pull requests, is on the base branch too."""
    desk.git.commit({".github/workflows/tests.yml": "on: pull_request\n"})
    pull = desk.proposed({"assistants/tutor.yaml": RUDE})
    desk.planned(pull, workflow=".github/workflows/tests.yml")
    desk.merged(pull)

    ran = desk.applied("--workflow", PLAN_WORKFLOW)

    assert ran.told["failure-reason"] == "not-approved"
    assert f"plans come from {PLAN_WORKFLOW}" in ran.said
    assert desk.applied("--workflow", ".github/workflows/tests.yml").code == 0


def test_an_untrusted_artifact_hides_no_trusted_one(desk: Desk) -> None:
    """Whoever may push cannot keep others from applying what was approved, either."""
    pull = desk.proposed({"assistants/tutor.yaml": KIND})
    desk.planned(pull)
    _of_another_event(desk, pull)
    _garbage(desk, pull)
    desk.merged(pull)

    assert desk.applied().code == 0
    assert desk.instructions == "You are a kind tutor."


def test_a_kept_plan_that_was_exchanged_is_not_shown(desk: Desk) -> None:
    """The record decides; what it shows of an older plan is left away where it is not of that."""
    pull = desk.proposed({"assistants/tutor.yaml": KIND})
    desk.git.git("checkout", "-q", pull.branch)
    run = pull.run()
    desk.ci(run, "plan")
    shown = json.loads((LEFT / "plan.json").read_bytes())
    assert digest(read_approved(shown["approved"])) == shown["digest"]
    shown["changes"][0]["fields"][0]["after"] = "You are somebody else."
    run.upload("asstctl-local", {**left(), "plan.json": json.dumps(shown)})
    desk.git.git("checkout", "-q", "main")
    desk.git.commit({"assistants/tutor.yaml": TUTOR.replace("name: Tutor", "name: Teacher")})
    desk.merged(pull)

    ran = desk.applied()

    assert ran.told["failure-reason"] == "plan-changed"
    assert "somebody else" not in ran.out + ran.err + ran.summary
