"""What sort of run this is, what may be done in it, and what later steps are told of a plan."""

from dataclasses import replace

import pytest

from asstctl.core.address import Address
from asstctl.core.change import ABSENT, Action, Block, BlockCode, Change, FieldChange, FieldState
from asstctl.core.errors import Refused
from asstctl.core.exit_codes import ExitCode
from asstctl.core.forge import Event, Pipeline, PullRequest
from asstctl.core.outcome import Applied, ApplyReport, Outcome, OutcomeStatus
from asstctl.core.plan import Plan, TargetInfo
from asstctl.workspace.ci.modes import Mode, check_may_apply, mode_of
from asstctl.workspace.ci.outputs import failure_reason, plan_outputs

PIPELINE = Pipeline("github", Event.OTHER, "octo/shop", "1", "", "a" * 40)
PULL = PullRequest(7, "b" * 40, "a" * 40, "main")
TARGET = TargetInfo("prod", "local", "Assistants v2", "x.db", "school")


@pytest.mark.parametrize(
    ("pipeline", "mode"),
    [
        (None, Mode.HERE),
        (replace(PIPELINE, event=Event.PUSH), Mode.PUSHED),
        (replace(PIPELINE, event=Event.SCHEDULE), Mode.SCHEDULED),
        (replace(PIPELINE, event=Event.MANUAL), Mode.OTHER),
        (PIPELINE, Mode.OTHER),
        (replace(PIPELINE, event=Event.PULL_REQUEST, pull_request=PULL), Mode.PROPOSED),
        (replace(PIPELINE, event=Event.PULL_REQUEST, pull_request=replace(PULL, fork=True)), Mode.FORK),
        # of whom nobody says whose it is
        (replace(PIPELINE, event=Event.PULL_REQUEST), Mode.FORK),
        (replace(PIPELINE, pull_request=PULL), Mode.PROPOSED),
    ],
)
def test_a_run_is_of_one_sort(pipeline: Pipeline | None, mode: Mode) -> None:
    """By what set it going, and by whose its pull request is."""
    assert mode_of(pipeline) is mode


def test_in_a_forbidden_run_nothing_is_done() -> None:
    """Whatever else is said of it."""
    with pytest.raises(Refused, match="with secrets"):
        mode_of(replace(PIPELINE, event=Event.PULL_REQUEST, pull_request=PULL, forbidden="it runs with secrets"))


@pytest.mark.parametrize("mode", Mode)
def test_what_is_proposed_is_not_applied(mode: Mode) -> None:
    """Everywhere else an apply may go on, and asks for its approval."""
    if mode in (Mode.PROPOSED, Mode.FORK):
        with pytest.raises(Refused):
            check_may_apply(mode)
    else:
        check_may_apply(mode)


def change(action: Action, *states: FieldState, block: BlockCode | None = None) -> Change:
    fields = tuple(FieldChange(f"f{n}", state, ABSENT, 1) for n, state in enumerate(states))
    return Change(Address("assistant", action.value), action, fields, block=Block(block, "because") if block else None)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ((), ("false", "false", 0, 0, 0, 0)),
        ((change(Action.KEEP),), ("false", "false", 0, 0, 0, 0)),
        ((change(Action.CREATE), change(Action.DELETE)), ("true", "false", 1, 0, 1, 0)),
        (tuple(change(one) for one in Action), ("true", "false", 1, 5, 1, 0)),
        ((change(Action.UPDATE, FieldState.DRIFT, block=BlockCode.DRIFT),), ("false", "true", 0, 0, 0, 1)),
        ((change(Action.UPDATE, FieldState.CONFLICT),), ("true", "true", 0, 1, 0, 0)),
        ((change(Action.CREATE, block=BlockCode.SAME_NAME),), ("false", "false", 0, 0, 0, 1)),
    ],
)
def test_each_change_is_counted_once(changes: tuple[Change, ...], told: tuple[str, str, int, int, int, int]) -> None:
    """What is neither made nor gone afterwards is updated; what is blocked is only that."""
    outputs = plan_outputs(Plan(TARGET, changes, digest="sha256:1"))

    names = ("changes", "drift", "to-create", "to-update", "to-delete", "blocked")
    assert tuple(outputs[name] for name in names) == tuple(map(str, told))
    assert outputs["plan-digest"] == "sha256:1"


def ended(*statuses: OutcomeStatus, interrupted: bool = False) -> ApplyReport:
    where = Address("assistant", "a")
    return ApplyReport(tuple(Outcome(where, Action.UPDATE, one) for one in statuses), interrupted=interrupted)


@pytest.mark.parametrize(
    ("report", "reason"),
    [
        (ended(), ""),
        (ended(OutcomeStatus.APPLIED), ""),
        (ended(OutcomeStatus.APPLIED, OutcomeStatus.FAILED, OutcomeStatus.UNKNOWN), "apply-failed"),
        (ended(OutcomeStatus.SKIPPED), "apply-failed"),
        (ended(OutcomeStatus.APPLIED, OutcomeStatus.UNKNOWN), "unknown-outcome"),
        (ended(OutcomeStatus.SKIPPED, interrupted=True), "interrupted"),
        (None, "not-approved"),
    ],
)
def test_an_apply_that_is_not_done_says_why_in_a_word(report: ApplyReport | None, reason: str) -> None:
    """And one that is done gives no reason, as its exit code says."""
    applied = Applied(Plan(TARGET, ()), report)

    assert failure_reason(applied) == reason
    assert (applied.exit_code is ExitCode.DONE) is not bool(reason)
