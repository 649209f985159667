"""When each conversation went on, and how many tokens it took, as inline SVG.

Widths are percentages and letters are not scaled, so that a chart reads on a narrow screen as on a wide one. The same
numbers stand in a table (`numbers`).
"""

import math
from collections.abc import Sequence

from asstctl.core.conversation import CaseResult, Status
from asstctl.core.suite import SuiteResult
from asstctl.render.html.entries import Entry
from asstctl.render.html.markup import Content, Markup, tag
from asstctl.render.html.texts import lines_of
from asstctl.render.text import clipped

_NAMED_ROWS = 30
"""Conversations that get a row with their name; more of them share rows, as many as went on at once."""

_MOST_BARS = 20
_TOP, _ROW, _LANE, _BAR = 22, 34, 14, 10
_NAME = 32
"""Columns of a name; what fits beside a number on a narrow screen."""

_TICKS = 4
_ROUNDED = 0.001
"""What a report that was read again may have lost of a time, in seconds."""


def charts(suite: SuiteResult, entries: Sequence[Entry], numbers: Content) -> Content:
    """The section with both, and `numbers` as the alternative in words; nothing where nothing was played."""
    played = [entry for entry in entries if entry.case.status not in {Status.SKIPPED, Status.NOT_RUN}]
    if not played:
        return None
    figures = tag("div", _timing(suite, played), _tokens(played), class_="figures")
    return tag("section", lines_of(tag("h2", "Time and tokens"), figures, numbers), id="charts")


def lanes_of(spans: Sequence[tuple[float, float]]) -> list[int]:
    """For each stretch of time, in order of its beginning, the first lane that is free by then."""
    free: list[float] = []
    lanes = []
    for began, ended in spans:
        lane = next((number for number, at in enumerate(free) if at <= began + _ROUNDED), len(free))
        free[lane : lane + 1] = [ended]
        lanes.append(lane)
    return lanes


def step_of(longest: float) -> float:
    """A round step by which an axis of this length has a few ticks."""
    exact = longest / _TICKS
    magnitude = 10.0 ** math.floor(math.log10(exact))
    return next(magnitude * factor for factor in (1, 2, 2.5, 5, 10) if magnitude * factor >= exact * 0.999)


def _timing(suite: SuiteResult, played: Sequence[Entry]) -> Content:
    # what was not even begun, for want of a tape, took no time
    ordered = sorted((entry for entry in played if entry.case.seconds), key=lambda entry: entry.case.began)
    if not ordered:
        return None
    longest = max(suite.seconds, *(entry.case.began + entry.case.seconds for entry in ordered))
    if len(ordered) <= _NAMED_ROWS:
        height = _TOP + _ROW * len(ordered)
        bars: list[Content] = [_named_bar(entry, number, longest) for number, entry in enumerate(ordered)]
        said = "One bar for each conversation."
    else:
        lanes = lanes_of([(entry.case.began, entry.case.began + entry.case.seconds) for entry in ordered])
        height = _TOP + _LANE * (max(lanes) + 1)
        pairs = zip(ordered, lanes, strict=True)
        bars = [_bar(entry, _TOP + _LANE * lane, longest) for entry, lane in pairs]
        said = f"{len(ordered):,} conversations, up to {max(lanes) + 1:,} at once; the table names each."
    if any(entry.case.recorded for entry in ordered):
        said += " Times of replayed ones are those of their recording."
    return _figure("timing", "When each went on", said, (_axis(longest, height), *bars), height)


def _tokens(played: Sequence[Entry]) -> Content:
    counts = [(entry, usage) for entry in played if (usage := entry.case.usage) and usage.total_tokens]
    if not counts:
        return None
    ordered = sorted(counts, key=lambda pair: -pair[1].total_tokens)
    most = ordered[0][1].total_tokens
    bars: list[Content] = []
    for number, (entry, usage) in enumerate(ordered[:_MOST_BARS]):
        y = _ROW * number
        given, made = (80 * part / most for part in (usage.prompt_tokens, usage.completion_tokens))
        pair = (
            tag("rect", x=0, y=y + 18, width=f"{given:.3f}%", height=_BAR, class_="prompt"),
            tag("rect", x=f"{given:.3f}%", y=y + 18, width=f"{made:.3f}%", height=_BAR, class_="completion"),
        )
        title = f"{_name(entry.case)}: {usage.prompt_tokens:,} prompt, {usage.completion_tokens:,} completion"
        total = tag("text", f"{usage.total_tokens:,}", x=f"{given + made:.3f}%", dx=6, y=y + 27, class_="value")
        bars += [_label(entry.case, y), _linked(entry, title, pair), total]
    rest = ordered[_MOST_BARS:]
    others = sum(usage.total_tokens for _, usage in rest)
    all_of_them = sum(usage.total_tokens for _, usage in ordered)
    said = f"{all_of_them:,} in all."
    if rest:
        said += f" The {_MOST_BARS} longest; {len(rest):,} more took {others:,}."
    legend = tag(
        "span",
        tag("span", "prompt", class_="key prompt"),
        tag("span", "completion", class_="key completion"),
        class_="legend",
    )
    height = _ROW * min(len(ordered), _MOST_BARS)
    return _figure("tokens", "Tokens of each", (said, " ", legend), bars, height)


def _figure(name: str, title: str, said: Content, bars: Content, height: int) -> Markup:
    heading = tag("figcaption", tag("h3", title, id=f"{name}-title"), tag("p", said, class_="faint"))
    drawn = tag("svg", bars, width="100%", height=height, role="group", aria_labelledby=f"{name}-title")
    return tag("figure", heading, drawn, id=name)


def _axis(longest: float, height: int) -> list[Content]:
    step = step_of(longest)
    parts: list[Content] = []
    for number in range(math.floor(longest / step) + 1):
        at = number * step
        x = f"{100 * at / longest:.3f}%"
        parts.append(tag("line", x1=x, x2=x, y1=16, y2=height, class_="tick"))
        # what would stand beyond the edge leans back from it
        anchor = "start" if not number else "end" if at > 0.93 * longest else "middle"
        parts.append(tag("text", f"{at:g} s", x=x, y=11, text_anchor=anchor, class_="axis"))
    return parts


def _named_bar(entry: Entry, number: int, longest: float) -> list[Content]:
    y = _TOP + _ROW * number
    value = tag("text", f"{entry.case.seconds:.2f} s", x="100%", y=y + 12, text_anchor="end", class_="value")
    return [_label(entry.case, y), value, _bar(entry, y + 18, longest)]


def _bar(entry: Entry, y: int, longest: float) -> Markup:
    case = entry.case
    x, width = 100 * case.began / longest, max(100 * case.seconds / longest, 0.4)
    drawn = tag(
        "rect", x=f"{min(x, 99.6):.3f}%", y=y, width=f"{width:.3f}%", height=_BAR, rx=2, class_=f"bar {case.status}"
    )
    title = f"{_name(case)}: {case.status}, from {case.began:.2f} s, {case.seconds:.2f} s"
    return _linked(entry, title, drawn)


def _label(case: CaseResult, y: int) -> Markup:
    return tag("text", clipped(_name(case), _NAME, "…"), x=0, y=y + 12, class_="name")


def _linked(entry: Entry, title: str, drawn: Content) -> Markup:
    # hundreds of bars would be hundreds of stops of the tab key; the table has a link for each
    return tag("a", tag("title", title), drawn, href=f"#{entry.anchor}", tabindex="-1")


def _name(case: CaseResult) -> str:
    return f"{case.assistant}/{case.id}"
