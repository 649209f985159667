"""The list of conversations: a line for each that opens to its transcript, those that did not pass first and open."""

from collections.abc import Mapping, Sequence

from asstctl.core.comparison import Comparing
from asstctl.core.conversation import CaseResult, Status
from asstctl.core.json_text import json_text
from asstctl.core.suite import SuiteResult
from asstctl.render.comparison import case_words
from asstctl.render.failure import flags_of, rate_words, removing, rerun, took, turn_of
from asstctl.render.html.entries import Entry, by_assistant
from asstctl.render.html.filters import choice, filters, none_fit
from asstctl.render.html.frame import command, facts
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
    parts.append(none_fit("conversation"))
    return tag("section", lines_of(*parts), id="conversations")


def _filters(suite: SuiteResult, entries: Sequence[Entry]) -> Markup:
    ends = [(str(status), words_of(status), suite.count(status)) for status in ENDS if suite.count(status)]
    differing: Content = None
    if any(differs(entry.case) for entry in entries):
        what = tag("span", "replies differ", class_="chip")
        differing = tag("label", tag("input", type="checkbox", name="differs", value="differs"), what)
    tags = sorted({word for entry in entries for word in entry.case.tags})
    chosen = [
        choice("assistant", "All assistants", sorted({entry.case.assistant for entry in entries})),
        choice("tag", "All tags", tags, least=1),
    ]
    return filters(len(entries), ends, chosen, differing)


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
    told: list[tuple[str, Content]] = []
    if why:
        told.append(("Skipped" if case.skipped else "Not run", why))
    if case.retries:
        told.append(("Retries", f"{case.retries}, after trouble with the infrastructure"))
    if case.cost is not None:
        told.append(("Cost", dollars(case.cost)))
    if case.judged:
        cost = "" if case.judge_cost is None else f", {dollars(case.judge_cost)}"
        told.append(("Judges", f"{counted(case.judged.total_tokens, 'token')}{cost}"))
    if case.tape:
        told.append(("Replayed from" if case.recorded else "Tape", tag("code", case.tape)))
    if case.thread:
        kept = (" (kept; to remove it: ", tag("code", removing(suite.target)), ")") if case.kept else ()
        told.append(("Thread", (tag("code", case.thread), *kept)))
    if case.deployed is not None and case.deployed.status is not case.status:
        told.append(("Deployed", words_of(case.deployed.status)))
    if compared := case_words(case):
        told.append(("Compared", compared))
    return facts(told, "about")


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


def _again(entry: Entry, typed: str) -> Markup:
    link = tag("a", "Link", href=f"#{entry.anchor}", class_="link", aria_label=f"Link to {entry.case.id}")
    return command("rerun", typed, link)
