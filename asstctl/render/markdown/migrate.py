"""A migration as Markdown: the report for a pull request that brings what it wrote."""

from collections.abc import Iterator

from asstctl.core.migration import Fate, Migrated, Prospect
from asstctl.render.markdown.text import code, fenced, inline, prose, table
from asstctl.render.migrate import MEANINGS, closing, fields_of, meanings


def migrated_markdown(migrated: Migrated) -> str:
    """All of it."""
    return "\n".join(_lines(migrated)) + "\n"


def _lines(migrated: Migrated) -> Iterator[str]:
    yield "## From the Assistants API"
    yield ""
    yield inline(closing(migrated))
    if migrated.assistants:
        yield ""
        rows = (
            [code(str(one.address)), code(one.id) if one.id else "", inline(one.name)] for one in migrated.assistants
        )
        yield from table(("assistant", "was", "name"), rows)
    if migrated.threads:
        yield ""
        threads = (
            [code(one.path), code(one.id), str(one.turns), "<br>".join(map(prose, one.notes))]
            for one in migrated.threads
        )
        yield from table(("conversation", "was", "turns", "not in it"), threads)
    if migrated.unbrought:
        yield ""
        yield "### Not written"
        yield ""
        left = ([inline(one.what), prose(one.reason), prose(one.hint)] for one in migrated.unbrought)
        yield from table(("what", "why", "way on"), left)
    if migrated.notes:
        yield ""
        yield from (f"- {prose(note)}" for note in migrated.notes)
    if migrated.prospect and migrated.prospect.fates:
        yield ""
        yield from _prospect(migrated.prospect)


def _prospect(prospect: Prospect) -> Iterator[str]:
    yield f"### What {inline(prospect.target)} would make of them"
    yield ""
    yield prose(f"{prospect.dialect}. {' '.join(prospect.notes)}".strip())
    yield ""
    rows = (
        [code(str(address)), *(", ".join(map(code, fields_of(fates, fate))) for fate in Fate)]
        for address, fates in prospect.fates.items()
    )
    yield from table(("assistant", *Fate), rows)
    for fate, heading in MEANINGS.items():
        if found := meanings(prospect, fate):
            yield ""
            yield f"#### {heading}"
            yield ""
            cells = ([code(one.field), str(number), prose(one.said), prose(one.way)] for one, number in found)
            yield from table(("field", "assistants", "what is different", "way on"), cells)
    if prospect.accepting:
        yield ""
        yield f"To accept these losses, have this under {code(f'targets.{prospect.target}')} of `asstctl.yaml`:"
        yield ""
        yield from fenced(prospect.accepting, "yaml")
