"""The comment on a pull request: one for each label, only ever ours, edited in place, and never two."""

import pytest

from asstctl.core.forge import Comment, Review
from asstctl.core.pipeline import Outdated
from asstctl.forges import FORGES
from asstctl.render.markdown.folding import LIMIT
from asstctl.workspace.ci.comments import Policy, Posting, posting, with_status
from asstctl.workspace.ci.outdated import outdated
from tests.ci.conftest import KIND, TUTOR, Desk
from tests.forges.github import BOT, READS, Pull

MARK = "<!-- asstctl:plan:local -->"
OURS, LATER = Comment("1", "mark\nold"), Comment("2", "mark\nlater")


def test_what_is_folded_fits_the_comments_of_every_forge() -> None:
    """Also where somebody posts what `plan --format markdown` prints."""
    assert min(forge.comment_limit for forge in FORGES.values()) == LIMIT


@pytest.mark.parametrize(
    ("policy", "existing", "body", "worth_it", "wanted"),
    [
        (Policy.ALWAYS, (), "new", True, Posting("new")),
        (Policy.ALWAYS, (), "new", False, Posting("new")),
        (Policy.ALWAYS, (OURS,), "new", False, Posting("new", "1")),
        (Policy.ALWAYS, (OURS, LATER), "new", True, Posting("new", "1")),
        (Policy.ALWAYS, (OURS,), "mark\nold", True, None),
        (Policy.ALWAYS, (Comment("1", "mark\r\nold\r\n"),), "mark\nold\n", True, None),
        (Policy.CHANGES, (), "new", True, Posting("new")),
        (Policy.CHANGES, (), "new", False, None),
        (Policy.CHANGES, (OURS,), "new", False, Posting("new", "1")),
        (Policy.NEVER, (), "new", True, None),
        (Policy.NEVER, (OURS,), "new", True, None),
    ],
)
def test_what_becomes_of_the_comment(
    policy: Policy, existing: tuple[Comment, ...], body: str, worth_it: bool, wanted: Posting | None
) -> None:
    """Written, edited, or left alone."""
    assert posting(policy, existing, body, worth_it=worth_it) == wanted


def test_a_status_stands_below_the_marker_and_takes_the_place_of_an_earlier_one() -> None:
    """The plan below it stays as it was, whatever line ends the forge made of it."""
    once = with_status("<!-- m -->\r\n### Plan\r\n", "Applied 1.")

    assert once == "<!-- m -->\n<!-- asstctl:status -->\n\nApplied 1.\n\n### Plan"
    assert with_status(once, "Applied 2.") == once.replace("Applied 1.", "Applied 2.")


def test_approvals_of_another_plan_are_outdated() -> None:
    """Those of the same plan are not, of whatever commit they were; one without a plan is."""
    reviews = (Review("ada", "c1"), Review("bob", "c2"), Review("cyd", "c3"))

    found = outdated(reviews, {"c1": "old", "c2": "now"}, "now")

    assert found == (Outdated("ada", "c1", "old"), Outdated("cyd", "c3", ""))


@pytest.fixture
def pull(desk: Desk) -> Pull:
    """A pull request with one change."""
    return desk.proposed({"assistants/tutor.yaml": KIND})


def bodies(pull: Pull) -> list[str]:
    """The comments as they are now."""
    return [one["body"] for one in pull.comments]


def test_labels_have_comments_of_their_own(desk: Desk, pull: Pull) -> None:
    """Plans of one pull request stand beside each other, and so do plans and tests."""
    for _ in range(2):
        desk.ci(pull.run(), "plan")
        desk.ci(pull.run(), "plan", "--label", "other")
        desk.ci(pull.run(), "test")

    marks = [body.splitlines()[0] for body in bodies(pull)]
    assert marks == [MARK, "<!-- asstctl:plan:other -->", "<!-- asstctl:test:local -->"]


def test_strangers_with_our_marker_are_left_alone(desk: Desk, pull: Pull) -> None:
    """Theirs is neither edited nor counted as ours."""
    pull.comment("mallory", f"{MARK}\nmine")

    desk.ci(pull.run(), "plan")
    desk.ci(pull.run(), "plan", "--prune")

    theirs, ours = pull.comments
    assert theirs["body"] == f"{MARK}\nmine"
    assert (ours["user"]["login"], ours["body"].splitlines()[0]) == (BOT, MARK)


@pytest.mark.parametrize("carried_out", [True, False])
@pytest.mark.parametrize("status", [500, None])
def test_a_comment_whose_posting_failed_midway_is_not_posted_twice(
    desk: Desk, pull: Pull, status: int | None, carried_out: bool
) -> None:
    """Whether it was stored or not, whatever the next run finds is edited, and there is one in the end."""
    desk.repository.github.fail("POST", "/comments$", status, carried_out=carried_out)

    first = desk.ci(pull.run(), "plan")
    assert len(bodies(pull)) == int(carried_out)
    second = desk.ci(pull.run(), "plan", "--prune")

    assert (first.code, second.code) == (0, 0)
    assert len(bodies(pull)) == 1
    assert ("has no comment on this" in first.said) is not carried_out


def test_a_token_that_may_not_comment_is_a_warning(desk: Desk, pull: Pull) -> None:
    """The plan stands all the same, and the page of the run shows it."""
    ran = desk.ci(pull.run(), "plan", token=desk.repository.token(READS))

    assert ran.code == 0
    assert "the pull request has no comment on this" in ran.said
    assert "::warning title=the pull request has no comment on this" in ran.out
    assert "1 to update" in ran.summary
    assert bodies(pull) == []


def test_a_run_that_was_overtaken_says_nothing(desk: Desk, pull: Pull) -> None:
    """The comment is that of a later commit already, or is about to be."""
    old = pull.run()
    environ = old.environ(desk.folder.parent / "old")
    desk.git.commit({"assistants/tutor.yaml": KIND.replace("0.2", "0.3")})

    ran = desk.ci(None, "plan", **environ)

    assert ran.code == 0
    assert bodies(pull) == []


@pytest.mark.parametrize(("policy", "comments"), [("always", 1), ("changes", 0), ("never", 0)])
def test_a_plan_without_changes_is_said_where_it_is_wanted(desk: Desk, policy: str, comments: int) -> None:
    """`changes` says nothing of nothing."""
    pull = desk.proposed({"README.md": "A school\n"})

    desk.ci(pull.run(), "plan", "--comment", policy)

    assert len(bodies(pull)) == comments


def test_changes_that_are_gone_again_are_taken_back(desk: Desk, pull: Pull) -> None:
    """A comment that is there is edited, although there is nothing to see any more."""
    desk.ci(pull.run(), "plan", "--comment", "changes")
    desk.git.commit({"assistants/tutor.yaml": TUTOR})

    desk.ci(pull.run(), "plan", "--comment", "changes")

    (body,) = bodies(pull)
    assert "No changes." in body


def test_a_plan_that_stopped_takes_the_place_of_an_earlier_one(desk: Desk, pull: Pull) -> None:
    """What an earlier commit came to is not to be taken for this one's."""
    desk.ci(pull.run(), "plan")
    desk.git.commit({"assistants/tutor.yaml": "kind: assistant\nkye: tutor\n"})

    ran = desk.ci(pull.run(), "plan")

    (body,) = bodies(pull)
    assert (ran.code, ran.told["failure-reason"]) == (1, "invalid-input")
    assert body.startswith(f"{MARK}\n**Stopped**: the files have errors.")
    assert "::error file=assistants/tutor.yaml,line=2,col=1" in ran.out
    assert "`kye` is not a field" in ran.summary


def test_a_project_file_that_cannot_be_read_takes_the_place_of_an_earlier_plan_too(desk: Desk, pull: Pull) -> None:
    """Where the label or the target is named: the file cannot say what it is."""
    desk.ci(pull.run(), "plan")
    desk.git.commit({"asstctl.yaml": "version: 1\nproject: [\n"})

    ran = desk.ci(pull.run(), "plan", "--target", "local")

    (body,) = bodies(pull)
    assert ran.code == 1
    assert body.startswith(f"{MARK}\n**Stopped**: the files have errors.")


def test_an_approval_is_outdated_by_its_plan_and_not_by_a_commit(desk: Desk, pull: Pull) -> None:
    """A commit that changes nothing of the plan leaves it as it is."""
    desk.planned(pull)
    pull.review("ada")
    desk.git.commit({"README.md": "A school\n"})
    desk.planned(pull)
    assert "outdated" not in bodies(pull)[0]

    desk.git.commit({"assistants/tutor.yaml": KIND.replace("0.2", "0.3")})
    desk.planned(pull)

    assert "An approval is outdated" in bodies(pull)[0].splitlines()[1]


def test_an_approval_of_a_plan_that_nobody_vouches_for_is_outdated(desk: Desk, pull: Pull) -> None:
    """What is not trusted after the merge is not trusted before it."""
    desk.planned(pull, workflow=".github/workflows/mine.yml")
    pull.review("ada")

    desk.planned(pull)

    assert "of which no plan is known" in bodies(pull)[0].splitlines()[1]


def test_reviews_that_cannot_be_read_are_a_warning(desk: Desk, pull: Pull) -> None:
    """The plan is made and shown."""
    desk.repository.github.fail("GET", "/reviews$", 403)

    ran = desk.ci(pull.run(), "plan")

    assert ran.code == 0
    assert "what was approved before cannot be looked at" in ran.said
    assert len(bodies(pull)) == 1


def test_a_status_that_does_not_fit_takes_the_place_of_the_plan(desk: Desk, pull: Pull) -> None:
    """Nothing is cut."""
    desk.planned(pull)
    (comment,) = pull.comments
    comment["body"] = comment["body"].ljust(65_530, "x")
    desk.merged(pull)

    assert desk.applied().code == 0

    (body,) = bodies(pull)
    assert len(body) < 2_000
    assert body.splitlines()[:4] == [MARK, "<!-- asstctl:status -->", "", body.splitlines()[3]]
    assert "Applied 1 to local" in body
