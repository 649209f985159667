"""The changes of a plan: a line for each that opens to its fields, those that somebody has to decide open already."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from asstctl.core.change import Action, Change
from asstctl.render.escape import visible
from asstctl.render.files import uploads
from asstctl.render.html.fields import fields, sign
from asstctl.render.html.filters import choice, filters, none_fit
from asstctl.render.html.frame import command, facts
from asstctl.render.html.markup import Content, Markup, tag
from asstctl.render.html.texts import lines_of, prose
from asstctl.render.plan import hidden_words, reason_words, symbol_of, what_happens
from asstctl.render.plans import differs
from asstctl.render.values import counted, place

BLOCKED = "blocked"
_MOST_OPEN = 25
"""Changes that are open from the beginning; a page of hundreds is to be leafed through."""

ENDS: Mapping[str, str] = {
    BLOCKED: "blocked",
    Action.CREATE: "to create",
    Action.UPDATE: "to update",
    Action.REPLACE: "to replace",
    Action.DELETE: "to delete",
    Action.ADOPT: "to adopt",
    Action.MOVE: "to move",
    Action.FORGET: "to forget",
}
"""What may become of an object, and the words behind its number: what stands in the way first."""


def shown(changes: Iterable[Change]) -> list[Change]:
    """Those that a reviewer is shown."""
    return [change for change in changes if differs(change)]


def end_of(change: Change) -> str:
    """A key of ENDS."""
    return BLOCKED if change.block else str(change.action)


def counts(changes: Iterable[Change]) -> list[tuple[str, str, int]]:
    """Each end that there is, its words and its number."""
    found = Counter(end_of(change) for change in changes)
    return [(end, word, found[end]) for end, word in ENDS.items() if found[end]]


def changes_section(groups: Mapping[str, Sequence[Change]], headings: Mapping[str, Content], what: str) -> Markup:
    """The section with its filters. The changes of each target are a group; `headings` stand above them, and alone
    where a target has none."""
    every = [change for group in groups.values() for change in group]
    opened = _MOST_OPEN if len(every) > _MOST_OPEN else len(every)
    parts: list[Content] = [tag("h2", what)]
    if every:
        ends = counts(every)
        named = [choice("target", "All targets", list(groups))]
        parts.append(filters(len(every), ends if len(ends) > 1 else (), named))
    several = len(groups) > 1
    for name, group in groups.items():
        rows = []
        for change in group:
            opened -= 1
            rows.append(_change(change, name if several else "", opened=opened >= 0 and _is_open(change, len(every))))
        parts.append(tag("section", lines_of(headings.get(name), *rows), class_="group"))
    parts.append(none_fit("change"))
    return tag("section", lines_of(*parts), id="changes")


def _is_open(change: Change, number: int) -> bool:
    return change.block is not None or number <= 3


def _change(change: Change, target: str, *, opened: bool) -> Markup:
    body = lines_of(_about(change), fields(change), _hidden(change), _ways(change))
    anchor = visible(f"{target}/{change.address}" if target else str(change.address)).replace(" ", "_")
    return tag(
        "details",
        _line(change),
        tag("div", body, class_="body"),
        id=anchor,
        class_=f"case {end_of(change)}",
        open=opened,
        data_status=end_of(change),
        data_target=target or None,
    )


def _line(change: Change) -> Markup:
    where = tag("code", place(change.where), class_="path") if change.where else None
    who = tag(
        "span", tag("b", str(change.address)), tag("span", what_happens(change), class_="name"), where, class_="title"
    )
    sent = str(uploads([change])) if change.pending else ""
    number = [counted(len(change.fields), "field") if change.fields else "", sent]
    told = [tag("span", one) for one in number if one]
    return tag(
        "summary",
        sign(symbol_of(change), end_of(change), ENDS[end_of(change)]),
        who,
        tag("span", told, class_="numbers") if told else None,
    )


def _about(change: Change) -> Content:
    told: list[tuple[str, Content]] = [
        ("Why", prose(reason_words(change)) if reason_words(change) else None),
        ("Id", tag("code", change.remote_id) if change.remote_id else None),
        ("Was", tag("code", str(change.previous)) if change.previous else None),
    ]
    return facts(told, "about")


def _hidden(change: Change) -> Content:
    said = hidden_words(change)
    return tag("p", said, class_="faint") if said else None


def _ways(change: Change) -> Content:
    ways = change.block.ways if change.block else ()
    return tag("div", [command(way.text, way.command) for way in ways], class_="ways") if ways else None
