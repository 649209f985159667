"""The page of a run of conversations."""

from asstctl.core.suite import SuiteResult
from asstctl.render.html.charts import charts
from asstctl.render.html.conversations import conversations
from asstctl.render.html.coverage import coverage_section
from asstctl.render.html.entries import entries_of
from asstctl.render.html.frame import document, header
from asstctl.render.html.markup import tag
from asstctl.render.html.numbers import numbers
from asstctl.render.html.summary import summary, verdict
from asstctl.render.html.texts import lines_of


def suite_html(suite: SuiteResult) -> str:
    """The whole run."""
    entries = entries_of(suite.cases)
    ended = {0: "passed", 1: "failed"}.get(int(suite.exit_code), "undecided")
    main = lines_of(
        summary(suite),
        conversations(suite, entries),
        charts(suite, entries, numbers(entries)),
        coverage_section(suite.coverage),
    )
    return document(
        f"{verdict(suite)} on {suite.target.name}",
        header(("Conversation tests on ", tag("b", suite.target.name)), verdict(suite), ended),
        main,
        style="report.css",
        skip_to=("conversations", "conversations"),
    )
