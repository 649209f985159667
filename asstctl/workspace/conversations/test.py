"""Use case: talk to the assistants and check how they behave.

The composition, and nothing else: which conversations there are (`loading`), which of them are meant (a Select)
and concerned (`affected`), whom they talk to (`partners`), where else they are had to be compared (`other_target`) and
on which stage (`stage`). How they are played is for `conversation.playing.runner`.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, closing
from dataclasses import replace
from typing import TYPE_CHECKING

from asstctl.core.comparison import Comparing
from asstctl.core.errors import Refused, WrongUsage
from asstctl.core.plan import Plan
from asstctl.core.ports import Provider
from asstctl.core.suggest import some_of
from asstctl.core.suite import SuiteResult
from asstctl.core.thread import run_pair
from asstctl.engine.runs.journal import new_run
from asstctl.workspace.conversations.affected import Concerned, concerned
from asstctl.workspace.conversations.cast import Cast
from asstctl.workspace.conversations.coverage import coverage_of
from asstctl.workspace.conversations.judges import open_judges
from asstctl.workspace.conversations.ledger import FileLedger
from asstctl.workspace.conversations.loading import assistants_of, cases_of, models_of
from asstctl.workspace.conversations.options import Selected, Testing, counted
from asstctl.workspace.conversations.other_target import OtherTarget, check_comparing, comparing_of, other_target
from asstctl.workspace.conversations.partners import Seen, looked_at, replies_of, talked_to
from asstctl.workspace.conversations.stage import NoTapes, ProjectStage
from asstctl.workspace.conversations.tape_files import unused_tapes, unused_warning
from asstctl.workspace.conversations.tapes import ProjectTapes, mode_of, recorded_provider, secret_values
from asstctl.workspace.workspace import Workspace

if TYPE_CHECKING:
    from asstctl.conversation.case import Case
    from asstctl.conversation.playing.conduct import Conduct


async def test(workspace: Workspace, testing: Testing) -> SuiteResult:
    """Run the conversations. Raises InvalidInput for files with errors, Refused for a target that differs."""
    if testing.live and testing.candidate:
        raise WrongUsage(
            "--live and --candidate exclude each other",
            detail="the one tests what is deployed, the other what your files say",
        )
    mode = mode_of(testing.mode, offline=testing.offline, live=testing.live)
    check_comparing(workspace, testing, mode)
    cases = cases_of(workspace, testing)
    if unused := unused_tapes(workspace, cases):
        testing.on_warning(unused_warning(unused))
    selected = testing.select(cases, workspace.project.root)
    if not selected.cases:
        return replace(_nothing(workspace, selected), mode=mode)
    if testing.max_cost is not None and mode != "replay":
        _check_prices(workspace, testing, selected.cases)
    origin = replies_of(workspace)
    tapes = None if mode == "live" else ProjectTapes(workspace, mode, replies=origin, repeat=testing.repeat)
    testing = replace(testing, mode=mode)
    if tapes and mode == "replay" and testing.repeat:
        _check_repeats(workspace, tapes, selected.cases, testing.repeat)
    unanswered = _unanswered(tapes, testing, selected.cases)
    if tapes and not testing.candidate and not testing.affected and not unanswered:
        async with recorded_provider(workspace) as provider:
            return await play(workspace, provider, testing, selected, tapes=tapes, recorded=True)
    if mode == "replay":
        raise WrongUsage(
            "tapes say nothing of what a target holds now",
            detail="--affected and --candidate have to ask it",
            hint="leave them out: a tape knows itself when its assistant changed",
        )
    async with workspace.open() as provider:
        seen = await looked_at(workspace, provider, testing, selected.cases)
        if seen and testing.affected:
            selected = _concerned(workspace, testing, seen.plan, selected)
            if not selected.cases:
                return replace(_nothing(workspace, selected), mode=mode)
        return await play(workspace, provider, testing, selected, seen, tapes, unanswered=unanswered)


def _unanswered(tapes: ProjectTapes | None, testing: Testing, cases: "Sequence[Case]") -> "Sequence[Case]":
    """The conversations for which somebody has to be asked: of a replay, nobody is."""
    if tapes and testing.mode == "auto":
        return [case for case in cases if not tapes.is_fresh(case, testing.repeat or case.repeat.runs)]
    return () if testing.mode == "replay" else cases


def _check_prices(workspace: Workspace, testing: Testing, cases: "Iterable[Case]") -> None:
    """Warns of models without a price. Raises WrongUsage where no price is known at all: a limit of cost that cannot be
    measured is none."""
    from asstctl.conversation.reading.unpriced import unpriced, written_as

    tested, prices = assistants_of(cases), workspace.project.test.prices
    models = unpriced(models_of(one for one in workspace.desired() if one.address in tested).values(), prices)
    if prices:
        for model in models:
            what = f"--max-cost cannot be kept for {model}, which has no price"
            testing.on_warning(f"{what}: write to asstctl.yaml, for a million tokens, {written_as([model])}")
        return
    priced = (f"    {model}: {{input: USD, output: USD}}" for model in models)
    lines = ["test:", "  prices:  # US dollars for a million tokens", *priced]
    raise WrongUsage(
        "--max-cost needs prices, and asstctl.yaml has none",
        detail="what a run costs is known only by `test.prices`, and nothing was played",
        hint="\n".join(["write to asstctl.yaml, with the prices of your provider:", *lines]),
    )


def _check_repeats(workspace: Workspace, tapes: ProjectTapes, cases: "Sequence[Case]", runs: int) -> None:
    """Raises WrongUsage where a repeat has no tape of its own: one tape played several times is no rate."""
    if lacking := tapes.lacking(cases, runs):
        raise WrongUsage(
            f"--repeat {runs} needs a tape of its own for each repeat",
            detail=f"there is no {some_of(lacking)}",
            hint=f"record them: {workspace.info.command(f'test --record --repeat {runs}')}",
        )


async def play(
    workspace: Workspace,
    provider: Provider,
    testing: Testing,
    selected: Selected,
    seen: Seen | None = None,
    tapes: ProjectTapes | None = None,
    *,
    recorded: bool = False,
    unanswered: "Sequence[Case] | None" = None,
) -> SuiteResult:
    """Play these conversations on a provider that is open, which answers from tapes alone if it is `recorded`: then the
    target is opened only if a tape may be made anew. Of the others those are `unanswered` that no tape is there for;
    None: all.

    Without what was `seen` a store in this process is brought up first.
    """
    from asstctl.conversation.judging.judge_names import judges_named
    from asstctl.conversation.playing.runner import run_cases

    started, cases = time.perf_counter(), selected.cases
    comparing = comparing_of(workspace, testing)
    measured = comparing.measured if comparing else ""
    # nobody's key has to be there for a measure alone
    asked = judges_named(cases if unanswered is None and not recorded else unanswered or ())
    with closing(FileLedger(workspace.project.root, new_run(), workspace.info)) as ledger:
        async with (
            open_judges(workspace, {*judges_named(cases), *filter(None, [measured])}, asked=asked) as judges,
            talked_to(workspace, provider, testing, cases, seen, None if recorded else ledger) as (cast, made),
            AsyncExitStack() as later,
        ):

            async def ask() -> tuple[Provider, Cast]:
                """The target itself, where tapes were to answer."""
                opened = await later.enter_async_context(workspace.open())
                found = await looked_at(workspace, opened, testing, cases)
                partners = talked_to(workspace, opened, testing, cases, found, ledger)
                return opened, (await later.enter_async_context(partners))[0]

            other = None
            if comparing and comparing.of_target:
                other = await later.enter_async_context(other_target(workspace, testing, cases))
            testing.on_start(cases)
            stage = ProjectStage(
                provider,
                cast,
                judges,
                tapes or NoTapes(),
                ask if recorded else None,
                there=(other.provider, other.cast) if other else None,
                measured=measured,
            )
            conduct = _conduct(workspace, provider, testing, ledger, comparing, other)
            run = await run_cases(cases, stage=stage, conduct=conduct)
            cast = stage.cast
        replies, exercised = (tapes.origin if tapes else None) or replies_of(workspace)
        left = (*run.left_behind, *made.left_behind)
        targets = (workspace.info, *([other.workspace.info] if other else ())) if left else ()
        ways = (f"to remove what was left behind: {one.command('test gc', named=2)}" for one in targets)
        covered = coverage_of(workspace, run.results, testing.min_coverage) if testing.coverage else None
        return SuiteResult(
            run.results,
            workspace.info,
            replies,
            exercised,
            seconds=time.perf_counter() - started,
            interrupted=run.interrupted,
            warnings=(*cast.warnings, *(other.warnings if other else ()), *ways),
            left_behind=left,
            run=ledger.run,
            mode=testing.mode,
            candidate=testing.candidate,
            deployed=testing.live,
            stopped=run.stopped,
            selection=selected.words,
            everything=not testing.files and not selected.words,
            no_skips=testing.no_skips,
            spend=run.spend,
            coverage=covered,
            comparing=comparing,
        )


def _conduct(
    workspace: Workspace,
    provider: Provider,
    testing: Testing,
    ledger: FileLedger,
    comparing: Comparing | None = None,
    other: OtherTarget | None = None,
) -> "Conduct":
    from asstctl.conversation.case import Repeat
    from asstctl.conversation.playing.conduct import Conduct
    from asstctl.conversation.tapes.secrets import Sieve

    runs, secrets = testing.repeat, tuple(secret_values(workspace))
    conduct = Conduct(
        bears=run_pair(workspace.project.name, ledger.run),
        jobs=testing.jobs,
        turn_timeout=testing.turn_timeout,
        timeout=testing.timeout,
        time_limit=testing.max_time,
        stub_env=stub_environment(workspace),
        allow_code=testing.allow_code,
        hear=testing.hear,
        ledger=ledger,
        prices=workspace.project.test.prices,
        max_cost=testing.max_cost,
        fail_fast=testing.fail_fast,
        repeat=None if runs is None else Repeat(runs, testing.needed or runs),
        # a replay plays each of them from its own tape, and what is compared is counted
        every_repeat=testing.mode in ("record", "auto") or comparing is not None,
        compare=testing.candidate,
        comparing=comparing,
        keep_failed=testing.keep_failed,
        cannot=provider.store.capabilities.missing,
        feed=testing.feed,
        veil=Sieve(secrets).without if secrets else None,
        tracer=workspace.tracer,
        provider=workspace.target.provider,
    )
    if other is None:
        return conduct
    there = replace(
        conduct,
        bears=run_pair(workspace.project.name, other.ledger.run),
        ledger=other.ledger,
        cannot=other.provider.store.capabilities.missing,
        provider=other.workspace.target.provider,
    )
    return replace(conduct, there=there)


def _concerned(workspace: Workspace, testing: Testing, plan: Plan, selected: Selected) -> Selected:
    """Those that a change concerns."""
    found = concerned(workspace, plan, selected.cases, testing.since)
    for warning in found.warnings:
        testing.on_warning(warning)
    refuse_scripted(workspace, testing, plan, found)
    words = f"{len(found.cases):,} of {counted(selected.cases)}: those that the change concerns"
    return Selected(found.cases, "; ".join(part for part in (selected.words, words) if part), empty_is_fine=True)


def refuse_scripted(workspace: Workspace, testing: Testing, plan: Plan, found: Concerned) -> None:
    """Raises Refused where instructions alone changed and no model would read them."""
    replies, exercised = replies_of(workspace)
    if exercised or testing.allow_scripted or not found.instructions_alone:
        return
    changed = ", ".join(map(str, sorted(found.differing)))
    raise Refused(
        f"instructions changed alone ({changed}), and replies on {plan.target.name} are {replies}",
        detail="no model reads the instructions there: whatever is replied, the new ones had no part in it",
        hint="test on a target with a model (--target NAME), or go on all the same: --allow-scripted",
    )


def _nothing(workspace: Workspace, selected: Selected) -> SuiteResult:
    replies, exercised = replies_of(workspace)
    fine = selected.empty_is_fine
    return SuiteResult((), workspace.info, replies, exercised, selection=selected.words, empty_is_fine=fine)


def stub_environment(workspace: Workspace) -> Mapping[str, str]:
    """What a stub's child process sees of the environment beside the names that every child needs."""
    given, withheld = workspace.environ, workspace.project.withheld
    return {name: given[name] for name in workspace.project.test.env if name in given and name not in withheld}
