"""Drift in Markdown: per object what is live, what was last applied and what the files say, and both ways on."""

from collections.abc import Sequence
from itertools import islice

from asstctl.core.change import Change
from asstctl.core.pipeline import DriftReport
from asstctl.core.plans import Drift
from asstctl.render.drift import drift_summary
from asstctl.render.markdown.folding import Levels, fitted
from asstctl.render.markdown.frame import marker, named, origin, paragraphs, whole_is
from asstctl.render.markdown.plan import folding_words, header, plan_parts, written
from asstctl.render.markdown.plans import Section, sections_of, written_sections
from asstctl.render.markdown.text import code, inline


def drift_markdown(drift: Drift) -> str:
    """All of it."""
    parts = plan_parts(drift)
    name = code(named(drift.target.name))
    head = (f"### Drift on {name}", header(drift.target), f"**{inline(drift_summary(drift))}**")
    return paragraphs(*head, *written(parts, (0,) * len(parts)))


def drift_report_markdown(report: DriftReport) -> str:
    """What a nightly check found on each target, as far as it fits into one comment."""
    place = report.place
    sections = sections_of(report.drifts)
    parts = [forms for section in sections for forms in section.parts]

    def write(levels: Levels) -> str:
        told = folding_words(*_sorted(sections, levels), whole_is(place, "drift.html"))
        body = paragraphs("### Drift since the last apply", told, *written_sections(sections, levels), origin(place))
        return f"{marker('drift', place.label)}\n{body}"

    return fitted(parts, write)


def _sorted(sections: Sequence[Section], levels: Levels) -> tuple[list[Change], Levels]:
    """All changes, and their levels before those of what stands beside them."""
    left = iter(levels)
    of_changes: list[int] = []
    beside: list[int] = []
    for section in sections:
        beside.append(next(left))
        of_changes += islice(left, len(section.changes))
        beside += islice(left, len(section.rest) - len(section.changes))
    return [change for section in sections for change in section.changes], (*of_changes, *beside)
