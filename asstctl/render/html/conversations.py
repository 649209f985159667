"""The list of conversations: a line for each that opens to its transcript, those that did not pass first and open."""

from collections.abc import Mapping, Sequence

from asstctl.core.comparison import Comparing
from asstctl.core.conversation import CaseResult, Status
from asstctl.core.json_text import json_text
from asstctl.core.suite import SuiteResult
from asstctl.render.comparison import case_words
from asstctl.render.failure import flags_of, rate_words, removing, rerun, took, turn_of
from asstctl.render.html.entries import Entry, by_assistant
from asstctl.render.html.markup import Content, Markup, tag
from asstctl.render.html.texts import lines_of
from asstctl.render.html.transcript import differs, transcript
from asstctl.render.values import counted, dollars, place

SIGNS: Mapping[Status, str] = {
    Status.PASSED: "✓",
    Status.SKIPPED: "–",
    Status.NOT_RUN: "–",
    Status.STALE: "?",
    Status.MISSING: "?",
    Status.FAILED: "✗",
    Status.ERROR: "!",
}
ENDS = (
    Status.PASSED,
    Status.FAILED,
    Status.ERROR,
    Status.STALE,
    Status.MISSING,
    Status.SKIPPED,
    Status.NOT_RUN,
)
"""In the order in which a summary counts them."""

_MOST_OPEN = 25
"""Conversations that are open from the beginning; a page of hundreds of failures is to be leafed through."""


def words_of(status: Status) -> str:
    """`not run` for NOT_RUN."""
    return str(status).replace("_", " ")


def sign_of(status: Status) -> Markup:
    """A sign for the eye, and a word for whoever listens."""
    sign = tag("span", SIGNS[status], aria_hidden="true")
    return tag("span", sign, tag("span", words_of(status), class_="unseen"), class_=f"sign {status}")


def conversations(suite: SuiteResult, entries: Sequence[Entry]) -> Markup:
    """The section with its filters, which the script brings to life."""
    groups = by_assistant(entries)
    opened = {entry.anchor for group in groups.values() for entry in group if entry.is_bad}
    if len(opened) > _MOST_OPEN:
        listed = [entry.anchor for group in groups.values() for entry in group if entry.is_bad]
        opened = set(listed[:_MOST_OPEN])
    flags = flags_of(suite)
    parts: list[Content] = [tag("h2", "Conversations")]
    if entries:
        parts.append(_filters(suite, entries))
    else:
        parts.append(tag("p", "There was nothing to test.", class_="faint"))
    for name, group in groups.items():
        listed_cases = [_conversation(entry, suite, flags, opened=entry.anchor in opened) for entry in group]
        parts.append(tag("section", lines_of(_group_heading(name, group), *listed_cases), class_="group"))
    parts.append(tag("p", "No conversation fits these filters.", class_="none-fit", id="none-fit", hidden=True))
    return tag("section", lines_of(*parts), id="conversations")


def _filters(suite: SuiteResult, entries: Sequence[Entry]) -> Markup:
    ended = [status for status in ENDS if suite.count(status)]
    boxes = [
        tag(
            "label",
            tag("input", type="checkbox", name="status", value=str(status)),
            tag("span", words_of(status), " ", tag("b", f"{suite.count(status):,}"), class_=f"chip {status}"),
        )
        for status in ended
    ]
    if any(differs(entry.case) for entry in entries):
        what = tag("span", "replies differ", class_="chip")
        boxes.append(tag("label", tag("input", type="checkbox", name="differs", value="differs"), what))
    search = tag("input", type="search", name="text", id="search", placeholder="Search in names and texts")
    text = tag("label", tag("span", "Search", class_="unseen"), search, class_="search")
    tags = sorted({word for entry in entries for word in entry.case.tags})
    chosen = [
        _choice("assistant", "All assistants", sorted({entry.case.assistant for entry in entries})),
        _choice("tag", "All tags", tags),
    ]
    statuses = tag("fieldset", tag("legend", "Status", class_="unseen"), boxes)
    buttons = [
        tag("button", said, type="button", id=name) for name, said in (("open", "Open all"), ("close", "Close all"))
    ]
    shown = tag("output", f"{len(entries):,} of {len(entries):,}", id="shown", aria_live="polite")
    end = tag("span", shown, buttons, class_="ends")
    return tag("form", text, chosen, end, statuses, class_="filters", id="filters", role="search", hidden=True)


def _choice(name: str, every: str, values: Sequence[str]) -> Content:
    if len(values) < (2 if name == "assistant" else 1):
        return None
    options = [tag("option", value, value=value) for value in values]
    return tag("select", tag("option", every, value=""), options, name=name, aria_label=name.capitalize())


def _group_heading(name: str, group: Sequence[Entry]) -> Markup:
    bad = sum(entry.is_bad for entry in group)
    said = f"{counted(len(group), 'conversation')}" + (f", {bad:,} did not pass" if bad else "")
    return tag("h3", tag("span", name), " ", tag("span", said, class_="faint"))


def _conversation(entry: Entry, suite: SuiteResult, flags: Sequence[str], *, opened: bool) -> Markup:
    case = entry.case
    unlike = differs(case)
    body = lines_of(
        _about(case, suite),
        transcript(case, suite.comparing),
        _repeats(case, suite.comparing),
        _again(entry, rerun(case, suite.target, flags)),
    )
    return tag(
        "details",
        _line(case, unlike=unlike),
        tag("div", body, class_="body"),
        id=entry.anchor,
        class_=f"case {case.status}",
        open=opened,
        data_status=str(case.status),
        data_assistant=case.assistant,
        data_tags=json_text(case.tags) if case.tags else None,
        data_differs=unlike,
    )


def _line(case: CaseResult, *, unlike: bool) -> Markup:
    name = tag("span", case.name, class_="name") if case.name else None
    who = tag("span", tag("b", case.id), name, tag("code", place(case.where), class_="path"), class_="title")
    chips: list[Content] = []
    if case.kind and case.status is not Status.PASSED:
        chips.append(tag("span", str(case.kind), class_=f"chip {case.status}"))
    if case.rate:
        chips.append(tag("span", rate_words(case.rate, early=False), class_="chip"))
    if unlike:
        chips.append(tag("span", "reply differs", class_="chip"))
    chips += [tag("span", word, class_="chip tag") for word in case.tags]
    return tag(
        "summary",
        sign_of(case.status),
        who,
        tag("span", chips, class_="chips") if chips else None,
        tag("span", [tag("span", fact) for fact in _numbers(case)], class_="numbers"),
    )


def _numbers(case: CaseResult) -> list[str]:
    if case.status in {Status.SKIPPED, Status.NOT_RUN}:
        return [words_of(case.status)]
    usage = case.usage
    turns = turn_of(case) or counted(len(case.turns), "turn")
    return [turns, counted(usage.total_tokens, "token") if usage else "", took(case)]


def _about(case: CaseResult, suite: SuiteResult) -> Content:
    """What concerns the conversation as a whole, and why it was not played."""
    why = case.skipped or case.not_run
    facts: list[tuple[str, Content]] = []
    if why:
        facts.append(("Skipped" if case.skipped else "Not run", why))
    if case.retries:
        facts.append(("Retries", f"{case.retries}, after trouble with the infrastructure"))
    if case.cost is not None:
        facts.append(("Cost", dollars(case.cost)))
    if case.judged:
        cost = "" if case.judge_cost is None else f", {dollars(case.judge_cost)}"
        facts.append(("Judges", f"{counted(case.judged.total_tokens, 'token')}{cost}"))
    if case.tape:
        facts.append(("Replayed from" if case.recorded else "Tape", tag("code", case.tape)))
    if case.thread:
        kept = (" (kept; to remove it: ", tag("code", removing(suite.target)), ")") if case.kept else ()
        facts.append(("Thread", (tag("code", case.thread), *kept)))
    if case.deployed is not None and case.deployed.status is not case.status:
        facts.append(("Deployed", words_of(case.deployed.status)))
    if compared := case_words(case):
        facts.append(("Compared", compared))
    if not facts:
        return None
    return tag("dl", [tag("div", tag("dt", name), tag("dd", said)) for name, said in facts], class_="about")


def _repeats(case: CaseResult, comparing: Comparing | None) -> Content:
    """Every playing of a repeated conversation; the one whose transcript stands above is only named."""
    if not case.repeats:
        return None
    played: list[Content] = []
    above = False
    for number, one in enumerate(case.repeats, start=1):
        head = (sign_of(one.status), " ", f"Playing {number}", " ", tag("span", took(one), class_="faint"))
        if not above and one.turns == case.turns and one.comparison == case.comparison:
            above = True
            played.append(tag("p", head, " ", tag("span", "the transcript above", class_="faint"), class_="playing"))
        else:
            played.append(tag("details", tag("summary", head), transcript(one, comparing), class_="playing"))
    said = f": {rate_words(case.rate)}" if case.rate else ""
    return tag("section", tag("h4", f"Played {counted(len(case.repeats), 'time')}{said}"), played, class_="repeats")


def _again(entry: Entry, command: str) -> Markup:
    copy = tag("button", "Copy", type="button", class_="copy", hidden=True)
    link = tag("a", "Link", href=f"#{entry.anchor}", class_="link", aria_label=f"Link to {entry.case.id}")
    return tag("div", tag("span", "rerun", class_="label"), tag("code", command), copy, link, class_="again")
