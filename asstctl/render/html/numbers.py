"""The numbers of each conversation as a table: what the charts show, for eyes, ears and spreadsheets."""

from collections.abc import Sequence

from asstctl.core.conversation import CaseResult, Status
from asstctl.render.html.conversations import words_of
from asstctl.render.html.entries import Entry
from asstctl.render.html.markup import Content, Markup, tag
from asstctl.render.html.texts import lines_of
from asstctl.render.values import dollars

_HEADS = ("Conversation", "Status", "Began", "Seconds", "Turns", "Prompt", "Completion", "Cost")


def numbers(entries: Sequence[Entry]) -> Markup:
    """All of them, folded."""
    head = tag("thead", tag("tr", [tag("th", name, scope="col") for name in _HEADS]))
    body = tag("tbody", lines_of(*(_row(entry) for entry in entries)))
    said = tag("summary", "The same in a table")
    table = tag("div", tag("table", head, body), class_="scroll", tabindex="0", role="region", aria_label="Numbers")
    return tag("details", said, table, class_="table")


def _row(entry: Entry) -> Markup:
    case = entry.case
    link = tag("a", f"{case.assistant}/{case.id}", href=f"#{entry.anchor}")
    cells = [tag("td", said, class_="number") for said in _cells(case)]
    return tag("tr", tag("th", link, scope="row"), tag("td", words_of(case.status)), cells)


def _cells(case: CaseResult) -> list[Content]:
    played = case.status not in {Status.SKIPPED, Status.NOT_RUN}
    usage = case.usage
    return [
        f"{case.began:.2f}" if played else "",
        f"{case.seconds:.2f}" if played else "",
        f"{len(case.turns):,}",
        f"{usage.prompt_tokens:,}" if usage else "",
        f"{usage.completion_tokens:,}" if usage else "",
        dollars(case.cost) if case.cost is not None else "",
    ]
