"""Use case: talk to the assistants and check how they behave (FORMAT section 4, "What a test talks to").

On `local` the store is first brought to what the files say: the files are what is tested. On any other
target an assistant whose plan is not empty is refused, because its answers would prove nothing about the
files.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from asstctl.core.address import Address
from asstctl.core.change import Action, Change
from asstctl.core.conversation import CaseResult
from asstctl.core.diagnostic import has_errors, in_reading_order, strictly
from asstctl.core.errors import InvalidInput, Refused
from asstctl.core.outcome import OutcomeStatus
from asstctl.core.plan import Plan
from asstctl.core.ports import Provider
from asstctl.core.suite import SuiteResult
from asstctl.engine.applying.apply import Run
from asstctl.engine.applying.apply import apply as carry_out
from asstctl.engine.planning.policy import EVERYTHING, Policy
from asstctl.workspace.conversations import load_conversations
from asstctl.workspace.journal import begin_journal, earlier_runs
from asstctl.workspace.plan import plan_on
from asstctl.workspace.workspace import Workspace

if TYPE_CHECKING:
    from asstctl.conversation.case import Case


@dataclass(frozen=True, slots=True)
class Testing:
    """How a run is made and watched. `files` as typed; `turn_timeout` in seconds."""

    files: tuple[str, ...] = ()
    jobs: int = 8
    turn_timeout: float = 120.0
    allow_code: bool = True
    strict: bool = False
    on_start: "Callable[[Sequence[Case]], None]" = lambda cases: None
    on_result: Callable[[CaseResult], None] = lambda result: None
    on_warning: Callable[[str], None] = lambda warning: None


async def test(workspace: Workspace, testing: Testing) -> SuiteResult:
    """Run the conversations. Raises InvalidInput for files with errors, Refused for a target that differs."""
    from asstctl.conversation.runner import run_cases

    desired = workspace.desired()
    cases, diagnostics = load_conversations(workspace, workspace.loaded, testing.files)
    if testing.strict:
        diagnostics = strictly(diagnostics)
    if has_errors(diagnostics):
        raise InvalidInput(in_reading_order(diagnostics))
    for diagnostic in diagnostics:
        testing.on_warning(f"{diagnostic.where}: {diagnostic.summary}")
    replies, exercised = replies_of(workspace)
    started = time.perf_counter()
    if not cases:
        return SuiteResult((), workspace.info, replies, exercised)
    named = {Address("assistant", case.assistant) for case in cases}
    addresses = frozenset(one.address for one in desired if one.address in named)
    async with workspace.open() as provider:
        if workspace.is_embedded:
            ids, warnings = await _bring_up(workspace, provider, addresses)
        else:
            ids, warnings = await _as_deployed(workspace, provider, addresses), ()
        testing.on_start(cases)
        run = await run_cases(
            cases,
            hosts=provider.thread_host,
            assistant_ids={address.key: id for address, id in ids.items() if address.kind == "assistant"},
            jobs=testing.jobs,
            turn_timeout=testing.turn_timeout,
            stub_env=stub_environment(workspace),
            allow_code=testing.allow_code,
            on_result=testing.on_result,
        )
    return SuiteResult(
        run.results,
        workspace.info,
        replies,
        exercised,
        seconds=time.perf_counter() - started,
        interrupted=run.interrupted,
        warnings=warnings,
        left_behind=run.left_behind,
    )


async def _bring_up(
    workspace: Workspace, provider: Provider, tested: frozenset[Address]
) -> tuple[Mapping[Address, str], tuple[str, ...]]:
    """Make the local store what the files say: drift overwritten and said, nothing deleted.

    What cannot be brought there is refused where it is tested, and a warning elsewhere.
    """
    plan, reading = await plan_on(workspace, provider, Policy(overwrite_drift=frozenset({EVERYTHING})))
    root = workspace.project.root
    async with aclosing(begin_journal(root, "test", plan.target, plan.revision)) as journal:
        run = Run(recorder=journal, earlier=partial(earlier_runs, root, plan.target), root=root)
        report = await carry_out(plan, provider.store, reading, run, files=provider.files)
    ids = ids_of(plan)
    ways = {change.address: _ways(change) for change in plan.blocked}
    warnings = [*report.warnings, *_overwritten(plan)]
    for outcome in report.outcomes:
        if outcome.status is OutcomeStatus.APPLIED:
            ids |= {outcome.address: outcome.remote_id} if outcome.remote_id else {}
            continue
        said = f"{outcome.address} cannot be brought to what your files say"
        if outcome.address in tested:
            hint = outcome.hint or ways.get(outcome.address) or plan.target.command("plan")
            raise Refused(said, detail=outcome.detail, hint=hint)
        warnings.append(f"{said}: {outcome.detail}")
    return ids, tuple(warnings)


async def _as_deployed(
    workspace: Workspace, provider: Provider, addresses: frozenset[Address]
) -> Mapping[Address, str]:
    plan, _ = await plan_on(workspace, provider, Policy(only=workspace.with_dependencies(addresses)))
    if differing := [change for change in plan.changes if change.pending or change.block]:
        raise Refused(
            "the target is not what your files say",
            detail="\n".join(f"{change.address} on {plan.target.name}: {_difference(change)}" for change in differing),
            hint="\n".join(dict.fromkeys(_ways(change, plan.target.command("apply")) for change in differing)),
        )
    return ids_of(plan)


def _ways(change: Change, apply: str = "") -> str:
    """How to get past what stands between a change and its files."""
    if change.block:
        return "\n".join(f"{way.text}: {way.command}" for way in change.block.ways)
    return f"apply them first: {apply}"


def ids_of(plan: Plan) -> dict[Address, str]:
    """The remote ids that a plan knows."""
    return {change.address: change.remote_id for change in plan.changes if change.remote_id}


def _difference(change: Change) -> str:
    if change.action is Action.CREATE:
        return "it is not there"
    return change.block.reason if change.block else change.reason


def _overwritten(plan: Plan) -> tuple[str, ...]:
    return tuple(
        f"{change.address}: {field.name} was changed outside of git and was overwritten"
        for change in plan.changes
        for field in change.fields
        if field.overwritten
    )


def replies_of(workspace: Workspace) -> tuple[str, bool]:
    """Where answers come from, in words, and whether the assistant's own instructions have a part in them."""
    if not workspace.is_embedded:
        return f"from {workspace.target.provider}", True
    replies: Any = workspace.target.replies
    if replies == "echo":
        return "echoed", False
    if "script" in replies:
        return f"scripted ({str(replies['script']).rsplit('/', 1)[-1]})", False
    return f"from a model at {replies['chat']['base_url']}", True


def stub_environment(workspace: Workspace) -> Mapping[str, str]:
    """What a stub's child process sees of the environment beside the names that every child needs."""
    given, withheld = workspace.environ, workspace.project.withheld
    return {name: given[name] for name in workspace.project.test.env if name in given and name not in withheld}
