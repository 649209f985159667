"""The document: one file that shows a run to people who were not there.

Style and script are in it, and its Content-Security-Policy names them by their digests and permits nothing else: not
even text that got past the escaping could fetch, run or style anything.
"""

import hashlib
from base64 import b64encode
from functools import cache
from importlib.resources import files

from asstctl._version import __version__
from asstctl.core.suite import SuiteResult
from asstctl.render.html.charts import charts
from asstctl.render.html.conversations import conversations
from asstctl.render.html.coverage import coverage_section
from asstctl.render.html.entries import entries_of
from asstctl.render.html.markup import Markup, tag
from asstctl.render.html.numbers import numbers
from asstctl.render.html.summary import summary, verdict
from asstctl.render.html.texts import lines_of


def suite_html(suite: SuiteResult) -> str:
    """The whole run."""
    entries = entries_of(suite.cases)
    main = tag(
        "main",
        lines_of(
            summary(suite),
            conversations(suite, entries),
            charts(suite, entries, numbers(entries)),
            coverage_section(suite.coverage),
        ),
    )
    skip = tag("a", "Skip to the conversations", href="#conversations", class_="skip")
    footer = tag("footer", f"asstctl {__version__}. This page is one file; it asks nothing of any server.")
    script = tag("script", _asset("report.js"))
    body = tag("body", lines_of(skip, _header(suite), main, footer, script))
    page = tag("html", lines_of(_head(suite), body), lang="en")
    return f"<!doctype html>\n{page}\n"


def _head(suite: SuiteResult) -> Markup:
    style, script = _asset("report.css"), _asset("report.js")
    policy = (
        f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    return tag(
        "head",
        lines_of(
            tag("meta", charset="utf-8"),
            tag("meta", http_equiv="Content-Security-Policy", content=policy),
            tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
            tag("meta", name="color-scheme", content="light dark"),
            tag("meta", name="referrer", content="no-referrer"),
            tag("title", f"{verdict(suite)} on {suite.target.name}"),
            tag("link", rel="icon", href="data:,"),
            tag("style", style),
        ),
    )


def _header(suite: SuiteResult) -> Markup:
    what = tag("p", "Conversation tests on ", tag("b", suite.target.name), class_="faint")
    theme = tag("button", "Dark", type="button", id="theme", hidden=True)
    ended = {0: "passed", 1: "failed"}.get(int(suite.exit_code), "undecided")
    return tag("header", tag("div", what, tag("h1", verdict(suite))), theme, class_=f"page-head {ended}")


@cache
def _asset(name: str) -> Markup:
    """A file of this package, as it stands in the page."""
    return Markup((files(__package__) / name).read_text("utf-8"))


def _digest(text: str) -> str:
    return f"sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
