"""After the merge, with the stand-in for GitHub: what is applied, what is refused and what it then says, and every way
to forge an approval.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from asstctl.core.approval import read_approved
from asstctl.engine.planning.approval import digest
from asstctl.workspace.ci.records import read_record, record_json
from tests.ci.conftest import APPLY_WORKFLOW, TUTOR, Desk, Ran
from tests.forges.git_folder import How
from tests.forges.github import PLAN_WORKFLOW, Pull, Run

KIND = TUTOR.replace("a patient tutor", "a kind tutor")
RUDE = TUTOR.replace("a patient tutor", "a rude tutor")
SECOND = TUTOR.replace("tutor", "poet").replace("Tutor", "Poet")

LEFT = Path(".asstctl/ci/local")


def left() -> dict[str, bytes]:
    """What a plan left, to be kept by somebody else."""
    return {one.name: one.read_bytes() for one in LEFT.iterdir()}


def again(desk: Desk) -> None:
    """Nothing is left to do."""
    assert "No changes." in desk.ci(None, "plan").out


@pytest.mark.parametrize("how", ["merge", "squash", "rebase"])
def test_what_was_approved_is_applied_however_it_was_merged(desk: Desk, how: How) -> None:
    """The record of the last commit counts, and a second run has nothing to do."""
    pull = desk.proposed({"assistants/tutor.yaml": KIND})
    planned = desk.planned(pull)
    assert "will not count" not in planned.said
    desk.merged(pull, how)

    ran = desk.applied()

    assert ran.code == 0, ran
    assert desk.instructions == "You are a kind tutor."
    assert (ran.told["changes"], ran.told["plan-digest"]) == ("true", planned.told["plan-digest"])
    assert json.loads(ran.told["ids"])["ids"].keys() == {"assistant.tutor"}
    assert "failure-reason" not in ran.told
    assert {one.name for one in Path(ran.told["folder"]).iterdir()} >= {"apply.json", "apply.md", "journal.jsonl"}
    again(desk)


def test_a_plan_with_permissions_is_carried_out_with_them(desk: Desk) -> None:
    """Nobody has to say `--prune` once more."""
    pull = desk.proposed({"assistants/tutor.yaml": SECOND, "assistants/tutor.convo.yaml": None})
    desk.planned(pull, "--prune")
    desk.merged(pull)

    assert desk.applied().code == 0
    assert desk.instructions == ""
    again(desk)


def test_of_several_plans_of_one_commit_the_newest_counts(desk: Desk) -> None:
    """It is the one that the pull request shows."""
    pull = desk.proposed({"assistants/tutor.yaml": KIND, "assistants/poet.yaml": SECOND})
    desk.planned(pull, "--only", "poet")
    desk.planned(pull)
    desk.merged(pull)

    assert desk.applied().code == 0
    assert desk.instructions == "You are a kind tutor."
    again(desk)


def test_what_is_left_of_an_approved_plan_goes_on(desk: Desk) -> None:
    """A part of it was done by an earlier run."""
    pull = desk.proposed({"assistants/tutor.yaml": KIND, "assistants/poet.yaml": SECOND})
    desk.planned(pull)
    desk.merged(pull)
    desk.ci(None, "plan")
    from asstctl.cli import run

    assert run(["apply", "--yes", "--only", "poet"]) == 0

    ran = desk.applied()

    assert ran.code == 0, ran
    assert "1 to update" in ran.out
    again(desk)


def test_a_plan_that_changed_since_is_refused_with_the_difference(desk: Desk) -> None:
    """What another merge brought was not approved with this one; the digest that is named is that of now."""
    pull = desk.proposed({"assistants/tutor.yaml": KIND})
    desk.planned(pull)
    desk.git.git("checkout", "-q", "main")
    desk.git.commit({"assistants/poet.yaml": SECOND})
    desk.merged(pull)

    ran = desk.applied()

    assert (ran.code, ran.told["failure-reason"]) == (1, "plan-changed")
    assert desk.instructions == "You are a patient tutor."
    assert "assistant.poet action approved nothing present create" in ran.said
    assert "assistant.poet" in ran.summary
    assert "Not applied" in pull.comments[0]["body"]
    report = (Path(ran.told["folder"]) / "apply.md").read_text("utf-8")
    assert "assistant.poet" in report
    named = ran.said.rpartition("--expect ")[2].split()[0]
    assert (ran.told["changes"], ran.told["plan-digest"]) == ("true", named)
    assert desk.applied("--expect", named, event="workflow_dispatch").code == 0
    again(desk)


def test_a_changed_value_is_told_by_what_was_approved_and_what_is_now(desk: Desk) -> None:
    """Both are read off the plans: the one that was kept, and the one of now."""
    pull = desk.proposed({"assistants/tutor.yaml": KIND})
    desk.planned(pull)
    desk.git.git("checkout", "-q", "main")
    desk.git.commit({"assistants/tutor.yaml": TUTOR.replace("name: Tutor", "name: Teacher")})
    desk.merged(pull)

    ran = desk.applied()

    assert ran.told["failure-reason"] == "plan-changed"
    assert "--max-deletes" not in ran.said
    assert 'name approved nothing present "Tutor" -> "Teacher"' in ran.said


def test_a_blocked_object_is_handled_as_apply_handles_it(desk: Desk) -> None:
    """It was shown in the plan; the rest goes on, and the exit code says so."""
    pull = desk.proposed({"assistants/poet.yaml": SECOND})
    desk.planned(pull)
    desk.merged(pull)
    _edit_tutor(desk, {"temperature": 0.9})

    ran = desk.applied()

    assert (ran.code, ran.told["failure-reason"]) == (1, "apply-failed")
    assert "assistant.poet created" in " ".join(ran.out.split())


def _edit_tutor(desk: Desk, fields: dict[str, object]) -> None:
    """A dashboard edit: our own store, written without the mark that belongs to it."""
    import sqlite3

    with sqlite3.connect(desk.git.path / ".asstctl/local.db") as store:
        tables = [name for (name,) in store.execute("select name from sqlite_master where type = 'table'")]
        assert "assistants" in tables, tables
        ((id, body),) = store.execute("select id, body from assistants").fetchall()
        store.execute("update assistants set body = ? where id = ?", (json.dumps({**json.loads(body), **fields}), id))


def test_where_nothing_is_to_be_done_nobody_has_to_approve(desk: Desk) -> None:
    """A push of something else than assistants."""
    desk.git.commit({"README.md": "A school\n"})

    ran = desk.applied()

    assert (ran.code, ran.told["changes"]) == (0, "false")
    assert "failure-reason" not in ran.told


def _kept(desk: Desk, run: Run, *words: str) -> Ran:
    """An apply in a run, whose files are kept, of its commit: in the place of what the run left before."""
    desk.git.git("checkout", "-q", run.head)
    ran = desk.ci(run, "apply", *words)
    kept = run.repository.artifacts
    kept[:] = [one for one in kept if (one.run, one.name) != (run, ran.told["artifact"])]
    run.upload(ran.told["artifact"], Path(ran.told["folder"]))
    desk.git.git("checkout", "-q", run.branch)
    return ran


def test_a_job_that_is_run_again_takes_nothing_back_that_was_applied_since(desk: Desk) -> None:
    """A change and its revert: yesterday's plan would fit again, and nobody approved it for today."""
    first = desk.proposed({"assistants/tutor.yaml": KIND})
    planned = desk.planned(first)
    desk.merged(first)
    yesterday = desk.repository.run("push", workflow=APPLY_WORKFLOW)
    assert _kept(desk, yesterday).code == 0
    second = desk.proposed({"assistants/tutor.yaml": TUTOR}, "revert")
    desk.planned(second)
    desk.merged(second)
    assert _kept(desk, desk.repository.run("push", workflow=APPLY_WORKFLOW)).code == 0
    assert desk.instructions == "You are a patient tutor."

    ran = _kept(desk, yesterday)

    assert (ran.code, ran.told["failure-reason"]) == (1, "moved-on")
    assert f"{desk.git.sha('main')[:7]} came later" in ran.said
    assert desk.instructions == "You are a patient tutor."
    assert "Applied 1 to local" in first.comments[0]["body"]

    named = _kept(desk, yesterday, "--expect", planned.told["plan-digest"])
    assert (named.code, named.told["failure-reason"]) == (1, "moved-on")
    assert desk.instructions == "You are a patient tutor."
    again(desk)


@pytest.mark.parametrize("words", [(), ("--expect", f"sha256:{64 * '0'}")])
def test_a_job_that_is_run_again_keeps_what_its_first_run_wrote(desk: Desk, words: tuple[str, ...]) -> None:
    """It has nothing to do, or is refused, and what it leaves takes the place of the journal: by which earlier jobs
    are told that it was applied."""
    first = desk.proposed({"assistants/tutor.yaml": KIND})
    desk.planned(first)
    desk.merged(first)
    yesterday = desk.repository.run("push", workflow=APPLY_WORKFLOW)
    _kept(desk, yesterday)
    second = desk.proposed({"assistants/tutor.yaml": TUTOR}, "revert")
    desk.planned(second)
    desk.merged(second)
    today = desk.repository.run("push", workflow=APPLY_WORKFLOW)
    assert _kept(desk, today).code == 0
    _kept(desk, today, *words)

    ran = _kept(desk, yesterday)

    assert (ran.code, ran.told.get("failure-reason")) == (1, "moved-on")
    assert desk.instructions == "You are a patient tutor."


def test_a_run_of_a_tag_takes_nothing_back_that_was_applied_since(desk: Desk) -> None:
    """It is of no branch; what it brings was merged into one."""
    first = desk.proposed({"assistants/tutor.yaml": KIND})
    desk.planned(first)
    desk.merged(first)
    old = desk.repository.run("push", workflow=APPLY_WORKFLOW)
    second = desk.proposed({"assistants/tutor.yaml": TUTOR}, "revert")
    _kept(desk, old)
    desk.planned(second)
    desk.merged(second)
    _kept(desk, desk.repository.run("push", workflow=APPLY_WORKFLOW))
    desk.git.git("checkout", "-q", old.head)

    ran = desk.ci(old, "apply", GITHUB_REF="refs/tags/v1")

    assert (ran.code, ran.told.get("failure-reason")) == (1, "moved-on")
    assert desk.instructions == "You are a patient tutor."


def test_merges_that_wait_for_each_other_are_applied_in_turn(desk: Desk) -> None:
    """The branch has moved on, but nothing of that is applied yet: the first one goes on with what was approved."""
    first = desk.proposed({"assistants/tutor.yaml": KIND})
    desk.planned(first)
    desk.git.git("checkout", "-q", "main")
    second = desk.proposed({"assistants/poet.yaml": SECOND}, "poet")
    desk.planned(second)
    desk.merged(first)
    waiting = desk.repository.run("push", workflow=APPLY_WORKFLOW)
    desk.merged(second)

    early = _kept(desk, desk.repository.run("push", workflow=APPLY_WORKFLOW))
    assert early.told["failure-reason"] == "plan-changed"
    assert _kept(desk, waiting).code == 0
    assert desk.applied().code == 0
    again(desk)


def test_a_direct_push_is_refused_and_told_how_to_go_on(desk: Desk) -> None:
    """Nobody approved it; whoever looks at it may."""
    desk.git.commit({"assistants/tutor.yaml": KIND})

    ran = desk.applied()

    assert (ran.code, ran.told["failure-reason"]) == (1, "not-approved")
    assert "no pull request was merged as" in ran.said
    assert "Plan: 1 to update." in ran.out
    named = ran.said.rpartition("--expect ")[2].split()[0]
    assert (ran.told["changes"], ran.told["plan-digest"]) == ("true", named)
    assert desk.applied("--expect", named, event="workflow_dispatch").code == 0
    again(desk)


def test_a_gate_is_not_passed_for_what_nobody_approved(desk: Desk) -> None:
    """Its copies would be writes too."""
    desk.git.commit({"assistants/tutor.yaml": KIND})

    ran = desk.applied("--gate", "smoke")

    assert ran.told["failure-reason"] == "not-approved"


def test_a_gate_that_stays_closed_is_a_reason_of_its_own(desk: Desk) -> None:
    """Nothing is changed."""
    talk = "assistant: tutor\ntags: [smoke]\nturns: [{user: hello, expect: {contains: never}}]\n"
    pull = desk.proposed({"assistants/tutor.yaml": KIND, "assistants/tutor.convo.yaml": talk})
    desk.planned(pull)
    desk.merged(pull)

    ran = desk.applied("--gate", "smoke", "--allow-scripted")

    assert (ran.code, ran.told["failure-reason"]) == (1, "gate-closed")
    assert desk.instructions == "You are a patient tutor."
    assert "the gate is closed" in pull.comments[0]["body"]


@pytest.mark.parametrize("fork", [False, True])
def test_a_pull_request_changes_no_target(desk: Desk, fork: bool) -> None:
    """Not even with a digest."""
    pull = desk.proposed({"assistants/tutor.yaml": KIND}, fork=fork)

    ran = desk.ci(pull.run(), "apply", "--expect", f"sha256:{'0' * 64}")

    assert (ran.code, ran.told["failure-reason"]) == (1, "refused")
    assert desk.instructions == "You are a patient tutor."


def test_without_a_forge_a_digest_is_asked_for(desk: Desk) -> None:
    """And taken."""
    desk.git.commit({"assistants/tutor.yaml": KIND})

    ran = desk.ci(None, "apply")

    assert ran.code == 1
    assert "nobody here can say what was approved" in ran.said
    named = ran.said.rpartition("--expect ")[2].split()[0]
    assert desk.ci(None, "apply", "--expect", named).code == 0
    again(desk)


def test_without_the_forges_answer_nothing_is_concluded(desk: Desk) -> None:
    """It is not taken for a refusal, and nothing is applied."""
    pull = desk.proposed({"assistants/tutor.yaml": KIND})
    desk.planned(pull)
    desk.merged(pull)
    desk.repository.github.fail("GET", "/actions/artifacts", 401)

    ran = desk.applied()

    assert (ran.code, ran.told["failure-reason"]) == (3, "auth")
    assert desk.instructions == "You are a patient tutor."


# What somebody might do who wants a plan to count that nobody approved: each makes a record of the merged files, and
# leaves it in a way of its own.


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


def ended(ran: Ran) -> tuple[int, str]:
    """The exit code, and why."""
    return ran.code, ran.told.get("failure-reason", "")


def test_a_release_branch_has_merges_of_its_own(desk: Desk) -> None:
    """What was merged into one branch is not applied from another."""
    desk.git.git("branch", "release", "main")
    desk.git.git("checkout", "-q", "release")
    desk.git.commit({"assistants/tutor.yaml": KIND}, branch="change")
    pull = desk.repository.pull("change", "release")
    desk.planned(pull)
    desk.merged(pull)
    desk.git.move("main", desk.git.sha("release"))

    desk.git.git("checkout", "-q", "main")
    assert ended(desk.applied()) == (1, "not-approved")
    desk.git.git("checkout", "-q", "release")
    assert ended(desk.applied()) == (0, "")
    assert APPLY_WORKFLOW in {run.workflow for run in desk.repository.runs.values()}
