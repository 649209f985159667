"""Conversations in Markdown: how many ended how, with whom they were had, and a block for each that did not pass, the
same as on a terminal.
"""

from collections.abc import Iterator, Sequence

from asstctl.core.conversation import CaseResult
from asstctl.core.pipeline import SuiteReport
from asstctl.core.suite import SuiteResult
from asstctl.render.comparison import closing_lines, comparison_lines
from asstctl.render.coverage import coverage_lines
from asstctl.render.failure import BAD, failure_lines, flags_of
from asstctl.render.junit import headline
from asstctl.render.markdown.folding import Forms, Levels, fitted
from asstctl.render.markdown.frame import WIDE, bullets, details, listing, marker, named, origin, paragraphs, whole_is
from asstctl.render.markdown.plan import header, written
from asstctl.render.markdown.text import code, fenced, inline, prose, tag_code, tag_text
from asstctl.render.recordings import Group, group_lines, groups_of, need_lines
from asstctl.render.replies import reply_lines
from asstctl.render.style import Look
from asstctl.render.test import case_sign, case_text, columns_for, remarks, summary_words
from asstctl.render.text import written as text_of
from asstctl.render.values import counted, listed


def suite_markdown(suite: SuiteResult) -> str:
    """The whole run."""
    parts = [*_failures(suite), *_rest(suite)]
    return paragraphs(*_head(suite), *written(parts, (0,) * len(parts)))


def suite_report_markdown(report: SuiteReport) -> str:
    """A comment of a run, as far as it fits."""
    suite, place = report.suite, report.place
    failures, rest = list(_failures(suite)), list(_rest(suite))

    def write(levels: Levels) -> str:
        told = _folding(failures, rest, levels)
        folded = f"Folded, so that it fits into a comment: {told}. {whole_is(place, 'test.html')}" if told else ""
        body = paragraphs(*_head(suite), folded, *written([*failures, *rest], levels), origin(place))
        return f"{marker('test', place.label)}\n{body}"

    return fitted([*failures, *rest], write)


def _head(suite: SuiteResult) -> tuple[str, ...]:
    name = code(named(suite.target.name))
    return (f"### Conversations on {name}", header(suite.target), f"**{inline(named(summary_words(suite)))}**")


def _folding(failures: Sequence[Forms], rest: Sequence[Forms], levels: Levels) -> str:
    of_failures, others = levels[: len(failures)], levels[len(failures) :]
    said = [(of_failures.count(1), "to one line"), (of_failures.count(2), "to a number")]
    words = [f"{counted(number, 'failure')} {how}" for number, how in said if number]
    return listed([*words, *(["what is not a failure"] if any(others) else [])])


def _failures(suite: SuiteResult) -> Iterator[Forms]:
    """Each that did not pass, or all of those whose tapes are of no use for one reason."""
    flags = flags_of(suite)
    groups = {id(case): group for group in groups_of(suite.cases) for case in group.cases}
    for case in suite.cases:
        group = groups.get(id(case))
        if group and case is group.cases[0]:
            yield _group(group, suite)
        elif case.status in BAD and not group:
            yield _failure(case, suite, flags)


def _failure(case: CaseResult, suite: SuiteResult, flags: Sequence[str]) -> Forms:
    sign, name, why = case_sign(case.status, WIDE), f"{case.assistant}/{case.id}", headline(case)
    lines = failure_lines(case, suite.target, flags, WIDE)
    block = details(f"{tag_code(sign)} {tag_code(name)} {tag_text(why)}", listing(lines), opened=True)
    return (block, f"- {code(sign)} {code(name)} {inline(why)}\n", "")


def _group(group: Group, suite: SuiteResult) -> Forms:
    sign = case_sign(group.status, WIDE)
    what = f"{counted(len(group.cases), 'conversation')}: {group.reason}"
    lines = group_lines(group, suite, WIDE)
    block = details(f"{tag_code(sign)} {tag_text(what)}", listing(lines), opened=True)
    return (block, f"- {code(sign)} {inline(what)}\n", "")


def _rest(suite: SuiteResult) -> Iterator[Forms]:
    """What is said of the run as a whole; all conversations, folded away."""
    if differing := reply_lines(suite.cases, WIDE):
        yield (details("What the candidate says otherwise", listing(differing)), "")
    if compared := [*comparison_lines(suite, WIDE), *closing_lines(suite, WIDE)]:
        yield (details("What comparing found", listing(compared)), "")
    if suite.coverage:
        yield (details("What was exercised", listing(coverage_lines(suite.coverage, WIDE))), "")
    if suite.cases:
        columns = columns_for((case.assistant, case.id) for case in suite.cases)
        every = "".join(case_text(case, columns, WIDE) for case in suite.cases)
        block = "\n".join(fenced(every.splitlines(), "text"))
        yield (details(f"All {counted(len(suite.cases), 'conversation')}", block), "")
    said = [f"{f'**{inline(one.word)}**: ' if one.word else ''}{prose(one.said)}" for one in remarks(suite)]
    said += [prose(text) for text in text_of(need_lines(suite, Look(width=1000)), WIDE).splitlines()]
    yield (bullets(said), "")
