"""The page of a plan: what a reviewer opens from a pull request, where everything is that a comment folds."""

from collections.abc import Sequence

from asstctl.core.pipeline import Outdated, Place, PlanReport
from asstctl.core.plan import Plan, TargetInfo
from asstctl.render.escape import is_address
from asstctl.render.files import uploads
from asstctl.render.html.changes import changes_section, counts, shown
from asstctl.render.html.frame import document, facts, header, notices
from asstctl.render.html.markup import Content, Markup, tag
from asstctl.render.html.texts import lines_of, prose
from asstctl.render.plan import plan_summary, target_place
from asstctl.render.values import counted

STYLE = "changes.css"


def plan_html(plan: Plan) -> str:
    """The whole plan."""
    return plan_report_html(PlanReport(plan))


def plan_report_html(report: PlanReport) -> str:
    """The same with what a pull request knows of it."""
    plan = report.plan
    changes = shown(plan.changes)
    listed = changes_section({plan.target.name: changes}, {}, "Changes") if changes else None
    nothing = "Nothing to delete" if plan.deletes else "No changes"
    said = headline(len(plan.pending), len(plan.blocked), nothing)
    return document(
        f"{said} on {plan.target.name}",
        header(("Plan for ", tag("b", plan.target.name)), said, verdict(len(plan.pending), len(plan.blocked))),
        lines_of(_summary(report), listed),
        style=STYLE,
        skip_to=("changes" if changes else "summary", "changes"),
    )


def headline(pending: int, blocked: int, otherwise: str) -> str:
    """`3 changes, 1 blocked`; where there is neither, what is said then."""
    parts = [counted(pending, "change")] if pending else []
    parts += [f"{blocked:,} blocked"] if blocked else []
    return ", ".join(parts) or otherwise


def verdict(pending: int, blocked: int) -> str:
    """The class of the page's head."""
    return "undecided" if blocked else "changing" if pending else "passed"


def tiles(numbers: Sequence[tuple[str, str, int]]) -> Content:
    """How many of what; nothing where there is nothing to count."""
    shown = [tag("li", tag("b", f"{many:,}"), tag("span", word), class_=f"tile {end}") for end, word, many in numbers]
    return tag("ul", shown, class_="tiles") if shown else None


def target_fact(target: TargetInfo) -> Content:
    """A target and where it is."""
    return (tag("b", target.name), " ", tag("span", target_place(target), class_="faint"))


def place_facts(report: Place) -> list[tuple[str, Content]]:
    """Of which commits a report was made, and by which run."""
    run: Content = None
    if report.run_url:
        shown = tag("code", report.run_url)
        run = tag("a", shown, href=report.run_url, rel="noreferrer") if is_address(report.run_url) else shown
    return [
        ("Commit", tag("code", report.head) if report.head else None),
        ("Base", tag("code", report.base) if report.base else None),
        ("Run", run),
    ]


def _summary(report: PlanReport) -> Markup:
    plan, target = report.plan, report.plan.target
    numbers = counts(shown(plan.changes))
    if unchanged := plan.counts.get("unchanged"):
        numbers.append(("unchanged", "unchanged", unchanged))
    warned = [("Outdated", _outdated(one, plan.digest)) for one in report.outdated]
    told: list[tuple[str, Content]] = [*warned, *(("Note", prose(note)) for note in plan.notes)]
    if target.terms:
        told.append(("Here", target.terms))
    known: list[tuple[str, Content]] = [
        ("Target", target_fact(target)),
        ("Project", target.project),
        ("Promoted from", plan.promoted_from),
        ("Options", " ".join(plan.flags)),
        ("To send", str(uploads(plan.pending))),
        ("Revision", tag("code", plan.revision) if plan.revision else None),
        *place_facts(report.place),
        ("Digest", tag("code", plan.digest) if plan.digest else None),
    ]
    said = tag("p", plan_summary(plan), class_="faint")
    return tag(
        "section", lines_of(tiles(numbers), said, notices(told), facts(known)), id="summary", aria_label="Summary"
    )


def _outdated(one: Outdated, present: str) -> Content:
    what = (
        tag("code", one.digest) if one.digest else ("commit ", tag("code", one.commit), ", of which no plan is known")
    )
    now = tag("code", present) if present else "another one"
    return (tag("b", one.author), " approved ", what, "; the plan is now ", now, ".")
