"""JUnit XML, as CI systems read it: a suite per file, a case per conversation, the failure block as on a terminal.

What JUnit has no place for (tokens, cost, thread, rate, where replies came from) is in properties. Written by hand:
the format is small, and no text of others may act in it (`escape`) or be illegal in XML.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from xml.sax.saxutils import escape, quoteattr

from asstctl.core.conversation import CaseResult, Status
from asstctl.core.suite import SuiteResult
from asstctl.render.comparison import case_words, found_words, measure_words
from asstctl.render.escape import defused, visible
from asstctl.render.failure import failure_text, flags_of, rate_words
from asstctl.render.test import spend_words
from asstctl.render.values import place

_ILLEGAL = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no XML 1.0 document may hold, not even as a reference."""

_ERRORS = frozenset({Status.ERROR, Status.STALE, Status.MISSING})
_UNPLAYED = frozenset({Status.SKIPPED, Status.NOT_RUN})


def suite_junit(suite: SuiteResult) -> str:
    """The whole run."""
    flags = flags_of(suite)
    lines = ['<?xml version="1.0" encoding="utf-8"?>']
    lines.append(f"<testsuites{_attributes(name='asstctl', **_totals(suite.cases, suite.seconds, suite))}>")
    by_file = sorted(suite.cases, key=lambda case: case.where.path)
    for path, cases in groupby(by_file, key=lambda case: case.where.path):
        lines += _suite(path, list(cases), suite, flags)
    lines.append("</testsuites>")
    return "\n".join(lines) + "\n"


def _suite(path: str, cases: Sequence[CaseResult], suite: SuiteResult, flags: Sequence[str]) -> Iterable[str]:
    seconds = sum(case.seconds for case in cases)
    yield f"  <testsuite{_attributes(name=path, **_totals(cases, seconds, suite))}>"
    yield from _properties(
        {
            "target": suite.target.name,
            "replies": suite.replies,
            "instructions_exercised": "yes" if suite.instructions_exercised else "no",
            "mode": suite.mode,
            "candidate": "yes" if suite.candidate else "",
            "run": suite.run,
            "selection": suite.selection,
            "stopped": suite.stopped,
            "used_by_the_run": spend_words(suite.spend),
            "compared": f"{found_words(suite.compared)}; {measure_words(suite)}" if suite.comparing else "",
        },
        "    ",
    )
    for case in cases:
        yield from _case(case, suite, flags)
    yield "  </testsuite>"


def _case(case: CaseResult, suite: SuiteResult, flags: Sequence[str]) -> Iterable[str]:
    where = case.where
    names = _attributes(
        classname=f"{where.path.removesuffix('.convo.yaml').replace('/', '.')}.{case.assistant}",
        name=case.id,
        file=where.path,
        line=str(where.line),
        time=f"{case.seconds:.3f}",
    )
    yield f"    <testcase{names}>"
    yield from _properties(properties_of(case), "      ")
    if case.status is Status.SKIPPED and suite.no_skips:
        said = _attributes(message=f"skipped: {case.skipped}", type="skipped")
        reason = f"skipped: {defused(visible(case.skipped))}; skips count as failures here (--no-skips)"
        yield f"      <failure{said}>{_legal(escape(reason))}</failure>"
    elif case.status in _UNPLAYED:
        reason = case.skipped or f"not run: {case.not_run or 'it was not begun'}"
        yield f"      <skipped{_attributes(message=reason)}/>"
    elif case.status is not Status.PASSED:
        tag = "error" if case.status in _ERRORS else "failure"
        block = failure_text(case, suite.target, flags)
        said = _attributes(message=headline(case), type=str(case.kind or case.status))
        yield f"      <{tag}{said}>{_legal(escape(block))}</{tag}>"
    yield "    </testcase>"


def properties_of(case: CaseResult) -> Mapping[str, str]:
    """What is known of a conversation beside how it ended; empty where it is not."""
    usage, rate = case.usage, case.rate
    return {
        "name": case.name,
        "tags": ", ".join(case.tags),
        "tokens": str(usage.total_tokens) if usage else "",
        "cost_usd": "" if case.cost is None else f"{case.cost:.6f}",
        "judge_tokens": str(case.judged.total_tokens) if case.judged else "",
        "thread": case.thread,
        "thread_kept": "yes" if case.kept else "",
        "rate": rate_words(rate) if rate else "",
        "retries": str(case.retries) if case.retries else "",
        "tape": case.tape,
        "recorded": "yes" if case.recorded else "",
        "compared": case_words(case),
    }


def headline(case: CaseResult) -> str:
    """Why it did not pass, in one line."""
    bad = case.first_bad_turn
    failures = (*(bad.failures if bad else ()), *case.closing, *((case.failure,) if case.failure else ()))
    said = failures[0].message.partition("\n")[0] if failures else str(case.status)
    return f"{case.kind or case.status} at {place(case.where)}: {said}"


def _totals(cases: Sequence[CaseResult], seconds: float, suite: SuiteResult) -> Mapping[str, str]:
    skips = Status.FAILED if suite.no_skips else Status.SKIPPED
    statuses = [skips if case.status is Status.SKIPPED else case.status for case in cases]
    return {
        "tests": str(len(statuses)),
        "failures": str(statuses.count(Status.FAILED)),
        "errors": str(sum(status in _ERRORS for status in statuses)),
        "skipped": str(sum(status in _UNPLAYED for status in statuses)),
        "time": f"{seconds:.3f}",
    }


def _properties(values: Mapping[str, str], indent: str) -> Iterable[str]:
    told = {name: value for name, value in values.items() if value}
    if told:
        yield f"{indent}<properties>"
        yield from (f"{indent}  <property{_attributes(name=name, value=value)}/>" for name, value in told.items())
        yield f"{indent}</properties>"


def _attributes(**values: str) -> str:
    return "".join(f" {name}={_legal(quoteattr(visible(value)))}" for name, value in values.items())


def _legal(text: str) -> str:
    return _ILLEGAL.sub("", text)
