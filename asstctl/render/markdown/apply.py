"""What became of a plan, in Markdown: a line per change, what went wrong explained, or why nothing was applied."""

from collections.abc import Sequence

from asstctl.core.outcome import Applied, Outcome, OutcomeStatus
from asstctl.core.pipeline import AppliedReport
from asstctl.core.plans import Contrast
from asstctl.render.apply import TROUBLE, closing_words, end_word, sign_of
from asstctl.render.contrast import contrast_lines
from asstctl.render.markdown.folding import Forms, Levels, fitted
from asstctl.render.markdown.frame import WIDE, bullets, details, listing, marker, named, origin, paragraphs, whole_is
from asstctl.render.markdown.plan import header, written
from asstctl.render.markdown.text import code, inline, prose, tag_code, tag_text
from asstctl.render.test import summary_words
from asstctl.render.values import counted

_MOST_ROWS = 12


def applied_markdown(applied: Applied) -> str:
    """All of it."""
    parts = _parts(applied)
    return paragraphs(*_head(applied), *written(parts, (0,) * len(parts)))


def applied_report_markdown(report: AppliedReport) -> str:
    """The same for a pull request, as far as it fits; or the sentence that says why nothing was done."""
    place, applied = report.place, report.applied
    refusal = f"**Nothing was applied**: {prose(named(report.refusal))}" if report.refusal else ""
    way_on = bullets([code(named(row)) for row in report.way_on.splitlines()[:_MOST_ROWS]])
    head = _head(applied) if applied else ("### Not applied",)
    parts = [_contrasts(report.contrasts), *(_parts(applied) if applied else [])]

    def write(levels: Levels) -> str:
        gone = sum(level > 0 and not forms[level] for level, forms in zip(levels, parts, strict=True))
        told = f"{counted(gone, 'change')} left out, so that it fits. {whole_is(place, 'apply.json')}" if gone else ""
        body = paragraphs(head[0], refusal, way_on, *head[1:], told, *written(parts, levels), origin(place))
        return f"{marker('apply', place.label)}\n{body}"

    return fitted(parts, write)


def _contrasts(contrasts: Sequence[Contrast]) -> Forms:
    """What would be done beside or instead of what was approved."""
    if not contrasts:
        return ("",)
    whole = details("What is not as it was approved", listing(contrast_lines(contrasts, WIDE)), opened=True)
    return (whole, f"- {counted(len(contrasts), 'difference')} to what was approved\n")


def _head(applied: Applied) -> tuple[str, ...]:
    target = applied.plan.target
    return (f"### Applied to {code(named(target.name))}", header(target), f"**{_closing(applied)}**", _gate(applied))


def _closing(applied: Applied) -> str:
    report, target = applied.report, applied.plan.target
    if report is None:
        return "Nothing was changed."
    if not report.outcomes:
        return f"Nothing was to be done on {inline(named(target.name))}."
    return inline(closing_words(report, applied.plan))


def _gate(applied: Applied) -> str:
    if applied.gate is None:
        return ""
    held = "The gate is closed" if applied.is_held else "The gate let it through"
    return f"{held}: {inline(summary_words(applied.gate))}"


def _parts(applied: Applied) -> list[Forms]:
    if applied.report is None:
        return []
    outcomes = applied.report.outcomes
    troubled = [one for status in TROUBLE for one in outcomes if one.status is status]
    done = [one for one in outcomes if one.status is OutcomeStatus.APPLIED]
    warnings = bullets([f"warning: {prose(warning)}" for warning in applied.report.warnings])
    return [
        *((_trouble(one), f"{_line(one)}\n", "") for one in troubled),
        *((f"{_line(one)}\n", "") for one in done),
        (warnings, f"- {counted(len(applied.report.warnings), 'warning')}, not shown here\n" if warnings else ""),
    ]


def _line(outcome: Outcome) -> str:
    id = f" {code(outcome.remote_id)}" if outcome.remote_id else ""
    taken = "" if outcome.status is OutcomeStatus.SKIPPED else f", {outcome.seconds:.1f} s"
    return f"- {code(sign_of(outcome))} {code(str(outcome.address))} {end_word(outcome)}{id}{taken}"


def _trouble(outcome: Outcome) -> str:
    """What went wrong, and the way on; open, since somebody has to see to it."""
    what = "mark refresh" if outcome.refresh else str(outcome.action)
    told = (tag_code(sign_of(outcome)), tag_code(str(outcome.address)), tag_text(f"{what} {outcome.status}"))
    rows = [prose(row) for row in outcome.detail.splitlines() if row.strip()]
    rows += [f"{name} {code(id)}" for name, id in (("id", outcome.remote_id), ("request", outcome.request_id)) if id]
    rows += [prose(row) for row in outcome.hint.splitlines() if row.strip()]
    return details(" ".join(told), bullets(rows), opened=True)
