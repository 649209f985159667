"""Use case: the results of several runs in one, as shards of a suite leave them.

The runs have to be of one target. A conversation that is in two of the files counts once, by its worse end; one that
was planned and is in none of them was not run.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from asstctl.core.conversation import CaseResult, Status
from asstctl.core.coverage import Coverage, Covered
from asstctl.core.diagnostic import Diagnostic
from asstctl.core.errors import InvalidInput, Refused
from asstctl.core.suite import Planned, Spend, SuiteResult
from asstctl.documents.source import read_plain

_LARGEST = 1024 * 1024 * 1024


def merged(paths: Sequence[Path]) -> SuiteResult:
    """One result of all. Raises InvalidInput for files with errors, Refused for runs that cannot be joined."""
    from asstctl.conversation.results import Results, read_results

    read: list[Results] = []
    problems: list[Diagnostic] = []
    for path in dict.fromkeys(paths):
        try:
            read.append(read_results(_text(path), str(path)))
        except InvalidInput as invalid:
            problems += invalid.diagnostics
    if problems:
        raise InvalidInput(problems, sends=False)
    first = read[0]
    for other in read[1:]:
        for what, one, two in (
            ("targets", _target(first.suite), _target(other.suite)),
            ("kinds of assistants", _talked_to(first.suite), _talked_to(other.suite)),
            ("comparisons", _compared(first.suite), _compared(other.suite)),
        ):
            if one != two:
                raise Refused(
                    f"the runs are of different {what}",
                    detail=f"{first.name}: {one}\n{other.name}: {two}",
                    hint="join runs that can be compared",
                )
    return _joined(
        [one.suite for one in read],
        names=[one.name for one in read],
        broken_off=[one.name for one in read if not one.complete],
        planned=[planned for one in read for planned in one.began.planned],
    )


def durations(path: Path) -> Mapping[str, float]:
    """How long each conversation took in an earlier run, by node. Raises InvalidInput, Refused."""
    from asstctl.conversation.results import read_results

    return {case.node: case.seconds for case in read_results(_text(path), str(path)).suite.cases if _was_played(case)}


def _text(path: Path) -> str:
    try:
        return read_plain(path, _LARGEST).decode("utf-8", "replace")
    except OSError as problem:
        raise Refused(f"cannot read {path}", detail=problem.strerror or str(problem)) from problem


def _target(suite: SuiteResult) -> str:
    target = suite.target
    return f"{target.name} (project {target.project}, {target.provider})"


def _talked_to(suite: SuiteResult) -> str:
    return "candidate copies" if suite.candidate else "what is deployed"


def _compared(suite: SuiteResult) -> str:
    if suite.comparing is None:
        return "not compared"
    said = f"compared with {suite.comparing.against}, replies up to {suite.comparing.distance:g} apart"
    return f"{said}; differences are failures" if suite.comparing.fails else said


def _was_played(case: CaseResult) -> bool:
    return case.status not in {Status.SKIPPED, Status.NOT_RUN}


def _joined(
    suites: Sequence[SuiteResult], *, names: Sequence[str], broken_off: Sequence[str], planned: Sequence[Planned]
) -> SuiteResult:
    warnings = [f"{name} breaks off: its run did not come to its end" for name in broken_off]
    found: dict[str, CaseResult] = {}
    holder: dict[str, str] = {}
    for suite, name in zip(suites, names, strict=True):
        for case in suite.cases:
            before = found.get(case.node)
            if before is not None and _was_played(before) and _was_played(case):
                worse = Status.worst(before.status, case.status)
                warnings.append(f"{case.node} is in {holder[case.node]} and in {name}: {_said(worse)} counts")
            if before is None or not _was_played(before) or (_was_played(case) and _is_worse(case, before)):
                found[case.node], holder[case.node] = case, name
    order = dict.fromkeys((*(one.node for one in planned), *found))
    wanted = {one.node: one for one in planned}
    cases = tuple(found.get(node) or _left_out(wanted[node]) for node in order)
    return replace(
        suites[0],
        cases=cases,
        replies=" and ".join(dict.fromkeys(suite.replies for suite in suites if suite.replies)) or "unknown",
        instructions_exercised=all(suite.instructions_exercised for suite in suites),
        seconds=max(suite.seconds for suite in suites),
        interrupted=any(suite.interrupted for suite in suites),
        warnings=tuple(dict.fromkeys((*warnings, *(text for suite in suites for text in suite.warnings)))),
        left_behind=tuple(dict.fromkeys(one for suite in suites for one in suite.left_behind)),
        run=", ".join(dict.fromkeys(suite.run for suite in suites if suite.run)),
        mode=suites[0].mode if len({suite.mode for suite in suites}) == 1 else "live",
        stopped="; ".join(dict.fromkeys(suite.stopped for suite in suites if suite.stopped)),
        selection=f"{len(suites)} runs joined" if len(suites) > 1 else suites[0].selection,
        everything=all(suite.everything for suite in suites),
        empty_is_fine=all(suite.empty_is_fine for suite in suites),
        no_skips=any(suite.no_skips for suite in suites),
        spend=_spend([suite.spend for suite in suites]),
        coverage=_coverage([suite.coverage for suite in suites if suite.coverage]),
    )


def _is_worse(one: CaseResult, other: CaseResult) -> bool:
    return one.status is not other.status and Status.worst(one.status, other.status) is one.status


def _left_out(planned: Planned) -> CaseResult:
    reason = "no file holds its result: is a shard missing?"
    return CaseResult(
        planned.assistant, planned.id, planned.where, (), name=planned.name, tags=planned.tags, not_run=reason
    )


def _said(status: Status) -> str:
    return status.replace("_", " ")


def _spend(spends: Sequence[Spend]) -> Spend:
    return Spend(
        sum(one.tokens for one in spends),
        _sum(one.cost for one in spends if one.tokens),
        sum(one.judge_tokens for one in spends),
        _sum(one.judge_cost for one in spends if one.judge_tokens),
        sum(one.known_cost for one in spends),
        sum(one.judge_known_cost for one in spends),
    )


def _sum(costs: Iterable[float | None]) -> float | None:
    """Unknown where any of them is."""
    known = list(costs)
    return sum(cost for cost in known if cost is not None) if known and None not in known else None


def _coverage(parts: Sequence[Coverage]) -> Coverage | None:
    if not parts:
        return None
    items: dict[tuple[str, str, str], Covered] = {}
    for item in (item for part in parts for item in part.items):
        key = (item.assistant, item.subject, item.name)
        before = items.get(key)
        items[key] = replace(item, conversations=item.conversations + (before.conversations if before else 0))
    minimums = [part.minimum for part in parts if part.minimum is not None]
    return Coverage(tuple(items.values()), max(minimums, default=None))
