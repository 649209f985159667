"""The pages of what was changed outside of git, and of several targets: who says what, and the ways on."""

from collections.abc import Iterator

from asstctl.core.change import Change
from asstctl.core.errors import InvalidInput
from asstctl.core.pipeline import DriftReport, Place
from asstctl.core.plan import Plan
from asstctl.core.plans import Drift, Plans, TargetPlan
from asstctl.render.drift import drift_summary
from asstctl.render.html.changes import changes_section, counts, shown
from asstctl.render.html.frame import document, facts, header, notices
from asstctl.render.html.markup import Content, Markup, tag
from asstctl.render.html.plan import STYLE, headline, place_facts, target_fact, tiles, verdict
from asstctl.render.html.texts import lines_of, prose
from asstctl.render.plan import plan_summary, target_place
from asstctl.render.values import counted, listed

CHECKED = "Changed outside of git"


def drift_html(drift: Drift) -> str:
    """Of one target."""
    changes = shown(drift.changes)
    said = f"{counted(len(changes), 'object')} changed outside of git" if changes else "No drift"
    told: list[tuple[str, Content]] = [("Note", prose(note)) for note in drift.notes]
    known: list[tuple[str, Content]] = [
        ("Target", target_fact(drift.target)),
        ("Project", drift.target.project),
        ("Looked at", counted(drift.checked, "object")),
    ]
    summed = tag("p", drift_summary(drift), class_="faint")
    section = tag("section", lines_of(summed, notices(told), facts(known)), id="summary", aria_label="Summary")
    return document(
        f"{said} on {drift.target.name}",
        header(("Drift on ", tag("b", drift.target.name)), said, verdict(0, len(changes) + len(drift.notes))),
        lines_of(section, changes_section({drift.target.name: changes}, {}, CHECKED) if changes else None),
        style=STYLE,
        skip_to=("changes" if changes else "summary", "changes"),
    )


def plans_html(plans: Plans) -> str:
    """Of several targets."""
    drifts = all(isinstance(one.found, Drift) for one in plans.targets if one.found is not None)
    return _several(plans, Place(), "Drift" if drifts else "Plans")


def drift_report_html(report: DriftReport) -> str:
    """What a nightly check found."""
    return _several(report.drifts, report.place, "Drift")


def _several(plans: Plans, place: Place, what: str) -> str:
    groups = {one.name: shown(one.found.changes) for one in plans.targets if one.found is not None}
    every = [change for changes in groups.values() for change in changes]
    names = listed([one.name for one in plans.targets])
    blocked = sum(change.block is not None for change in every)
    silent = sum(one.found is None for one in plans.targets)
    notes = sum(len(one.found.notes) for one in plans.targets if isinstance(one.found, Drift))
    said = _headline(every, what, silent)
    headings = {one.name: _heading(one) for one in plans.targets if one.found is not None}
    summed = tag(
        "section",
        lines_of(tiles(counts(every)) if what != "Drift" else None, *_told(plans, place)),
        id="summary",
        aria_label="Summary",
    )
    section = changes_section(groups, headings, CHECKED if what == "Drift" else "Changes") if groups else None
    return document(
        f"{said} on {names}",
        header((f"{what} on ", tag("b", names)), said, verdict(len(every) - blocked, blocked + silent + notes)),
        lines_of(summed, section),
        style=STYLE,
        skip_to=("changes" if groups else "summary", "changes"),
    )


def _headline(every: list[Change], what: str, silent: int) -> str:
    blocked = sum(change.block is not None for change in every)
    if what == "Drift":
        said = f"{counted(len(every), 'object')} changed outside of git" if every else "No drift"
    else:
        said = headline(len(every) - blocked, blocked, "No changes")
    return f"{said}, {silent:,} without an answer" if silent else said


def _told(plans: Plans, place: Place) -> Iterator[Content]:
    errors = [(one.name, _error(one)) for one in plans.targets if one.error is not None]
    notes = [(one.name, prose(note)) for one in plans.targets if one.found is not None for note in one.found.notes]
    yield notices([*errors, *notes])
    found = [(one.name, target_place(one.found.target)) for one in plans.targets if one.found is not None]
    yield facts([*found, *place_facts(place)])


def _error(one: TargetPlan) -> Content:
    error = one.error
    assert error is not None
    found = [diagnostic.summary for diagnostic in error.diagnostics] if isinstance(error, InvalidInput) else []
    rows = found or [*error.detail.splitlines(), *error.hint.splitlines()]
    return (tag("b", prose(error.summary)), [tag("div", prose(row)) for row in rows])


def _heading(one: TargetPlan) -> Markup:
    said = plan_summary(one.found) if isinstance(one.found, Plan) else drift_summary(one.found) if one.found else ""
    return tag("h3", tag("span", one.name), " ", tag("span", said, class_="faint"))
