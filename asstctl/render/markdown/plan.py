"""A plan in Markdown: whole, for a file or a job's summary; or as the comment of a pull request, which has to fit and
says when an approval no longer holds.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from asstctl.core.change import Change
from asstctl.core.pipeline import Outdated, PlanReport
from asstctl.core.plan import Plan, TargetInfo, counts_of
from asstctl.core.plans import Drift
from asstctl.render.markdown.changes import change_forms
from asstctl.render.markdown.folding import Forms, Levels, fitted
from asstctl.render.markdown.frame import bullets, marker, named, origin, paragraphs, whole_is
from asstctl.render.markdown.text import code, inline, prose
from asstctl.render.plan import counts_words, header_words, plan_summary
from asstctl.render.values import counted, listed

_MOST_OUTDATED = 5
_FOLDED = {1: "the names of fields", 2: "one line"}
"""To what a change is folded at each level, before it is only counted."""


def plan_markdown(plan: Plan) -> str:
    """The whole plan."""
    parts = plan_parts(plan)
    return paragraphs(*_head(plan), *written(parts, (0,) * len(parts)), _digest(plan))


def plan_report_markdown(report: PlanReport) -> str:
    """A comment: the mark first, then what somebody who approved has to know, then the plan as far as it fits."""
    plan, place = report.plan, report.place
    parts = plan_parts(plan)

    def write(levels: Levels) -> str:
        told = folding_words(shown(plan.changes), levels, whole_is(place, "plan.html"))
        head = (_outdated(report.outdated, plan.digest), *_head(plan), told)
        body = paragraphs(*head, *written(parts, levels), _digest(plan), origin(place))
        return f"{marker('plan', place.label)}\n{body}"

    return fitted(parts, write)


def plan_parts(plan: Plan | Drift) -> list[Forms]:
    """The changes in their order, and all notes as the last part."""
    return [*map(change_forms, shown(plan.changes)), notes_forms(plan.notes)]


def shown(changes: Iterable[Change]) -> list[Change]:
    """The changes that a reviewer is shown."""
    return [change for change in changes if change.pending or change.block]


def notes_forms(notes: Sequence[str]) -> Forms:
    """All of them, or their number."""
    if not notes:
        return ("",)
    return (bullets([prose(f"Note: {note}") for note in notes]), f"- {counted(len(notes), 'note')}, not shown here\n")


def written(parts: Sequence[Forms], levels: Sequence[int]) -> Iterator[str]:
    """The parts in their forms: lines that follow each other are one list."""
    lines = ""
    for level, forms in zip(levels, parts, strict=True):
        form = forms[level]
        if form.startswith("<"):
            yield lines
            yield form
            lines = ""
        else:
            lines += form
    yield lines


def folding_words(changes: Sequence[Change], levels: Levels, whole: str) -> str:
    """What was folded so that it fits, and where it is whole; nothing where nothing was. `levels` are those of the
    changes and of what stands beside them."""
    numbers = Counter(levels[: len(changes)])
    said = [f"{counted(number, 'change')} to {_FOLDED[level]}" for level in _FOLDED if (number := numbers[level])]
    gone = [change for change, level in zip(changes, levels, strict=False) if level not in {0, *_FOLDED}]
    if gone:
        said.append(f"{counted(len(gone), 'change')} to a number ({counts_words(counts_of(gone))})")
    said += ["the notes"] if any(levels[len(changes) :]) else []
    return f"Folded, so that it fits into a comment: {listed(said)}. {whole}" if said else ""


def header(target: TargetInfo, promoted_from: str = "") -> str:
    """Which target, where it is, and whose objects; below it what holds of all differences."""
    first, *rest = (inline(named(word)) for word in header_words(target, promoted_from))
    terms = f"\n\n{prose(named(target.terms))}" if target.terms else ""
    return " · ".join([f"**{first}**", *rest]) + terms


def _head(plan: Plan) -> tuple[str, ...]:
    return (
        f"### Plan for {code(named(plan.target.name))}",
        header(plan.target, plan.promoted_from),
        f"**{inline(plan_summary(plan))}**",
    )


def _digest(plan: Plan) -> str:
    return f"Digest: {code(plan.digest)}" if plan.digest else ""


def _outdated(outdated: Sequence[Outdated], present: str) -> str:
    """One line, whoever approved and however often."""
    if not outdated:
        return ""
    told = [
        f"{code(named(one.author))} approved "
        + (code(named(one.digest)) if one.digest else f"commit {code(one.commit[:7])}, of which no plan is known")
        for one in outdated[:_MOST_OUTDATED]
    ]
    told += [f"{len(outdated) - _MOST_OUTDATED:,} more"] if len(outdated) > _MOST_OUTDATED else []
    now = f"the plan is now {code(named(present))}" if present else "the plan is now another one"
    what = "An approval is outdated" if len(outdated) == 1 else "Approvals are outdated"
    return f"**{what}**: {listed(told)}; {now}."
