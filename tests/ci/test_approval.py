"""After the merge, with the stand-in for GitHub: what is applied, what is refused, and what it then says. How
approvals might be forged is in `test_forged_approvals`.
"""

import json
from pathlib import Path

import pytest

from tests.ci.conftest import APPLY_WORKFLOW, KIND, TUTOR, Desk, Ran, ended
from tests.forges.git_folder import How
from tests.forges.github import Run

SECOND = TUTOR.replace("tutor", "poet").replace("Tutor", "Poet")


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
