"""What is said at the lines of the files that a pull request shows, as diagnostics. Pure.

A runner shows them where the lines are looked at; their paths are made relative to the repository here, because a
project may lie in a folder of it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import PurePosixPath

from asstctl.core.change import Change
from asstctl.core.conversation import CaseResult, Failure, Status
from asstctl.core.diagnostic import Diagnostic, Severity, Validation, Where
from asstctl.core.plan import Plan
from asstctl.core.plans import Drift
from asstctl.core.suite import SuiteResult
from asstctl.render.escape import visible

_UNHAPPY = (Status.FAILED, Status.ERROR, Status.STALE, Status.MISSING)


def of_plan(plan: Plan) -> tuple[Diagnostic, ...]:
    """A notice for each change, a warning for each object that is blocked."""
    return tuple(_of_change(change, plan.target.name) for change in plan.changes if change.pending or change.block)


def of_drift(drift: Drift) -> tuple[Diagnostic, ...]:
    """A warning for each object that was changed outside of git."""
    pull = drift.target.command("pull")
    return tuple(
        Diagnostic(
            Severity.WARNING,
            "drift",
            f"{change.address} was changed on {drift.target.name} outside of git",
            _field_where(change),
            detail=_names(change) or change.reason,
            hint=f"bring it in: {pull}",
        )
        for change in drift.changes
    )


def of_suite(suite: SuiteResult) -> tuple[Diagnostic, ...]:
    """An error at each line of a conversation that was not met; a warning where there is no verdict."""
    return tuple(found for case in suite.cases if case.status in _UNHAPPY for found in _of_case(case))


def in_repository(diagnostics: Iterable[Diagnostic], folder: PurePosixPath) -> tuple[Diagnostic, ...]:
    """The same, of a project that lies in a folder of its repository."""
    return tuple(replace(one, where=_moved(one.where, folder)) if one.where else one for one in diagnostics)


def readable(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """The same for a log, where what controls, reorders or hides is spelled out."""
    return tuple(
        replace(
            one,
            summary=visible(one.summary),
            detail=_visible_lines(one.detail),
            hint=_visible_lines(one.hint),
            where=replace(one.where, path=visible(one.where.path)) if one.where else None,
        )
        for one in diagnostics
    )


def validation_in_repository(validation: Validation, folder: PurePosixPath) -> Validation:
    """The same of what a look at all files gave."""
    return replace(validation, diagnostics=in_repository(validation.diagnostics, folder))


def _visible_lines(text: str) -> str:
    return "\n".join(visible(line) for line in text.split("\n"))


def _moved(where: Where, folder: PurePosixPath) -> Where:
    return replace(where, path=str(folder / where.path))


def _of_change(change: Change, target: str) -> Diagnostic:
    if change.block:
        ways = "; ".join(f"{way.text}: {way.command}" for way in change.block.ways)
        summary = f"{change.address} is blocked on {target}"
        where = _field_where(change)
        return Diagnostic(Severity.WARNING, str(change.block.code), summary, where, ways, change.block.reason)
    summary = f"{change.address}: {change.action} on {target}"
    return Diagnostic(Severity.NOTE, str(change.action), summary, change.where, detail=_names(change))


def _field_where(change: Change) -> Where | None:
    """The line of the one field that it is about, else that of the object."""
    places = [field.where for field in change.fields if field.where]
    return places[0] if len(places) == 1 else change.where


def _names(change: Change) -> str:
    """What of it changes: names alone, because values may be long."""
    return ", ".join([*(field.name for field in change.fields), *(file.path for file in change.files)])


def _of_case(case: CaseResult) -> Iterator[Diagnostic]:
    severity = Severity.ERROR if case.status is Status.FAILED else Severity.WARNING
    playing = next((one for one in case.playings if one.status is case.status), case)
    turn = playing.first_bad_turn
    failures = [(failure, turn.where if turn else None) for failure in (turn.failures if turn else ())]
    outside = [*([playing.failure] if playing.failure else []), *playing.closing]
    for failure, where in [*failures, *((one, None) for one in outside)]:
        yield _of_failure(severity, case, failure, where)
    if not failures and not outside:
        yield Diagnostic(severity, str(case.status), f"{case.assistant}/{case.id}: {case.status}", case.where)


def _of_failure(severity: Severity, case: CaseResult, failure: Failure, where: Where | None) -> Diagnostic:
    told = "; ".join(f"{one.path} expected {one.expected}, got {one.actual}" for one in failure.mismatches)
    summary = f"{case.assistant}/{case.id}: {failure.message}"
    return Diagnostic(severity, str(failure.kind), summary, failure.where or where or case.where, detail=told)
