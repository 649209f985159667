"""The head of the page: the verdict in one sentence, how many ended how, what was talked to, and what to beware of."""

from collections import Counter

from asstctl.core.conversation import Status
from asstctl.core.suite import SuiteResult
from asstctl.render.comparison import found_words, measure_words, uncompared, unmeasured
from asstctl.render.failure import BAD
from asstctl.render.html.conversations import ENDS, SIGNS, words_of
from asstctl.render.html.frame import facts, notices
from asstctl.render.html.markup import Content, Markup, tag
from asstctl.render.html.texts import lines_of
from asstctl.render.test import skips_words, spend_words
from asstctl.render.values import counted

_MODES = {
    "record": "recorded on tapes",
    "replay": "replayed from tapes",
    "auto": "replayed from tapes where they are fresh, else recorded",
}


def verdict(suite: SuiteResult) -> str:
    """What a colleague reads first."""
    total = len(suite.cases)
    if not total:
        return "Interrupted" if suite.interrupted else "Nothing to test"
    said = f"All {total:,} conversations passed" if total > 1 else "The conversation passed"
    if bad := sum(suite.count(status) for status in BAD):
        said = f"{bad:,} of {counted(total, 'conversation')} {_ended(suite)}"
    elif (passed := suite.count(Status.PASSED)) < total:
        said = f"{passed:,} of {counted(total, 'conversation')} passed"
    return f"Interrupted: {said}" if suite.interrupted else said


def _ended(suite: SuiteResult) -> str:
    """In one word where one says it all."""
    return "failed" if not any(suite.count(status) for status in BAD - {Status.FAILED}) else "did not pass"


def summary(suite: SuiteResult) -> Markup:
    """The section."""
    return tag("section", lines_of(_counts(suite), _notices(suite), _facts(suite)), id="summary", aria_label="Summary")


def _counts(suite: SuiteResult) -> Markup:
    tiles = [
        tag(
            "li",
            tag("b", f"{suite.count(status):,}"),
            tag("span", tag("span", SIGNS[status], aria_hidden="true"), f" {words_of(status)}"),
            class_=f"tile {status}",
        )
        for status in ENDS
        if suite.count(status) or status is Status.PASSED
    ]
    tiles.append(tag("li", tag("b", f"{suite.seconds:,.1f} s"), tag("span", "in all"), class_="tile"))
    return tag("div", tag("ul", tiles, class_="tiles"), _shares(suite), class_="counts")


def _shares(suite: SuiteResult) -> Content:
    total = len(suite.cases)
    if not total:
        return None
    bars: list[Content] = []
    x = 0.0
    for status in ENDS:
        width = 100 * suite.count(status) / total
        if width:
            bars.append(tag("rect", x=f"{x:.3f}%", y=0, width=f"{width:.3f}%", height=8, class_=f"share {status}"))
        x += width
    return tag("svg", bars, class_="shares", width="100%", height=8, aria_hidden="true")


def _notices(suite: SuiteResult) -> Content:
    said: list[tuple[str, Content]] = []
    if not suite.instructions_exercised and suite.cases:
        what = (suite.replies, ": instructions were ", tag("b", "NOT exercised"), ".")
        said.append(("Replies", what))
    if suite.interrupted:
        said.append(("Interrupted", "what had not ended has no verdict."))
    if suite.stopped:
        said.append(("Stopped", suite.stopped))
    for reason, number in Counter(case.skipped for case in suite.cases if case.skipped).items():
        said.append((f"Skipped {number:,}", reason))
    if skips_words(suite):
        said.append(("Verdict", skips_words(suite)))
    not_run = (case.not_run or "it was not begun" for case in suite.cases if case.status is Status.NOT_RUN)
    said += [(f"Not run {number:,}", reason) for reason, number in Counter(not_run).items()]
    said += [("Warning", warning) for warning in suite.warnings]
    if suite.left_behind:
        many = f"{len(suite.left_behind):,} could not be deleted: {', '.join(suite.left_behind)}"
        said.append(("Left behind", many))
    return notices(said)


def _found(suite: SuiteResult) -> Content:
    if suite.comparing is None or not suite.cases:
        return None
    left = [f"Not compared {len(names):,}: {reason}" for reason, names in uncompared(suite).items()]
    said = ". ".join([measure_words(suite), *left, *unmeasured(suite)])
    return (tag("b", found_words(suite.compared)), " ", tag("span", said, class_="faint"))


def _facts(suite: SuiteResult) -> Content:
    target = suite.target
    told: list[tuple[str, Content]] = [
        ("Target", (tag("b", target.name), " ", tag("span", f"{target.wire} on {target.place}", class_="faint"))),
        ("Talked to", "candidate copies of what the files say" if suite.candidate else ""),
        ("Replies", suite.replies),
        ("Mode", _MODES.get(suite.mode, "")),
        ("Project", target.project),
        ("Chosen", suite.selection),
        ("Compared", _found(suite)),
        ("Used", spend_words(suite.spend)),
        ("Run", tag("code", suite.run) if suite.run else ""),
    ]
    return facts(told)
