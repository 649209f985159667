"""Several targets side by side in Markdown: a row per address, a column per target that answered, and each plan whole
below; the sections of the targets are those of a nightly check, too.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from asstctl.core.address import Address
from asstctl.core.change import Change
from asstctl.core.errors import InvalidInput
from asstctl.core.plan import Plan
from asstctl.core.plans import Drift, Plans, TargetPlan
from asstctl.render.drift import drift_summary
from asstctl.render.markdown.folding import Forms
from asstctl.render.markdown.frame import named, paragraphs
from asstctl.render.markdown.plan import header, plan_parts, shown, written
from asstctl.render.markdown.text import code, inline, prose, table
from asstctl.render.plan import plan_summary, symbol_of
from asstctl.render.plans import differs, what_words


@dataclass(frozen=True, slots=True)
class Section:
    """One target: what is said of it, its changes, and these and its notes."""

    head: Forms
    changes: tuple[Change, ...] = ()
    rest: tuple[Forms, ...] = ()

    @property
    def parts(self) -> tuple[Forms, ...]:
        """All of it, in the order in which it is written."""
        return (self.head, *self.rest)


def plans_markdown(plans: Plans) -> str:
    """All of it."""
    sections = sections_of(plans)
    levels = [0] * sum(len(section.parts) for section in sections)
    return paragraphs("### Targets side by side", *_table(plans), *written_sections(sections, levels))


def sections_of(plans: Plans) -> list[Section]:
    """A section for each target, in the order they were named."""
    return [_section(one) for one in plans.targets]


def written_sections(sections: Sequence[Section], levels: Sequence[int]) -> Iterator[str]:
    """Each target with its parts in their forms."""
    left = iter(levels)
    for section in sections:
        yield section.head[next(left)]
        yield from written(section.rest, list(islice(left, len(section.rest))))


def _section(one: TargetPlan) -> Section:
    heading = f"#### {code(named(one.name))}"
    match one.found:
        case Plan() as plan:
            summary, promoted_from = plan_summary(plan), plan.promoted_from
        case Drift() as drift:
            summary, promoted_from = drift_summary(drift), ""
        case None:
            return Section((paragraphs(heading, _error(one)), f"- {code(named(one.name))}: no answer\n"))
    said = f"**{inline(summary)}**"
    head = paragraphs(heading, header(one.found.target, promoted_from), said)
    changes = tuple(shown(one.found.changes))
    return Section((head, paragraphs(heading, said)), changes, tuple(plan_parts(one.found)))


def _error(one: TargetPlan) -> str:
    error = one.error
    assert error is not None
    lines = [f"**{code(f'error[{error.code}]')} {inline(named(error.summary))}**"]
    details = [str(found.summary) for found in error.diagnostics] if isinstance(error, InvalidInput) else []
    rows = details or [*error.detail.splitlines(), *error.hint.splitlines()]
    return "<br>\n".join([*lines, *(prose(named(row)) for row in rows[:12])])


def _table(plans: Plans) -> Iterator[str]:
    answered = [(one.name, one.found) for one in plans.targets if one.found is not None]
    found = [{change.address: change for change in one.changes} for _, one in answered]
    everywhere = sorted({address for changes in found for address in changes})
    different = [a for a in everywhere if any(differs(changes.get(a)) for changes in found)]
    if different:
        rows = ([code(str(address)), *(_cell(changes, address) for changes in found)] for address in different)
        yield "\n".join(table(("address", *(code(name) for name, _ in answered)), rows))
    if unchanged := len(everywhere) - len(different):
        yield f"({unchanged:,} unchanged everywhere)"


def _cell(changes: dict[Address, Change], address: Address) -> str:
    change = changes.get(address)
    if change is None:
        return ""
    if not differs(change):
        return "="
    return f"{code(symbol_of(change))} {inline(what_words(change))}"
