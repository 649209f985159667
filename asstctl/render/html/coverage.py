"""What of each assistant the conversations exercised: a share, and a table of everything it declares."""

from collections.abc import Sequence
from itertools import groupby

from asstctl.core.coverage import Coverage, Covered
from asstctl.render.coverage import share
from asstctl.render.html.markup import Content, Markup, tag
from asstctl.render.html.texts import lines_of
from asstctl.render.values import place


def coverage_section(coverage: Coverage | None) -> Content:
    """The section, where it was asked for."""
    if coverage is None:
        return None
    wanted = "" if coverage.minimum is None else f", at least {coverage.minimum:g}% asked for"
    verdict = "" if coverage.minimum is None else "good" if coverage.enough else "bad"
    said = tag("p", tag("b", share(coverage), class_=verdict), f" exercised{wanted}.")
    groups = [(name, tuple(items)) for name, items in groupby(coverage.items, lambda item: item.assistant)]
    parts = [_assistant(name, items) for name, items in groups]
    return tag("section", lines_of(tag("h2", "Coverage"), said, *parts), id="coverage")


def _assistant(name: str, items: Sequence[Covered]) -> Markup:
    part = Coverage(tuple(items))
    drawn = tag("svg", _bars(part), class_="shares", width="100%", height=8, aria_hidden="true")
    head = tag("summary", tag("b", name), " ", tag("span", share(part), class_="numbers"), drawn)
    heads = tag("thead", tag("tr", [tag("th", said, scope="col") for said in ("Declared", "What", "Conversations")]))
    body = tag("tbody", lines_of(*(_row(item) for item in items)))
    table = tag("div", tag("table", heads, body), class_="scroll", tabindex="0", role="region", aria_label=name)
    return tag("details", head, table, class_="table covered")


def _bars(part: Coverage) -> list[Content]:
    return [
        tag("rect", x=0, y=0, width="100%", height=8, class_="share skipped"),
        tag("rect", x=0, y=0, width=f"{part.percentage:.3f}%", height=8, class_="share passed"),
    ]


def _row(item: Covered) -> Markup:
    title = place(item.where)
    name = tag("th", tag("code", item.name or item.assistant, title=title), scope="row")
    often = f"{item.conversations:,}" if item.conversations else tag("span", "none", class_="bad")
    return tag("tr", name, tag("td", str(item.subject)), tag("td", often, class_="number"))
