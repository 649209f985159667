"""Results -> text, JSON, JUnit, SARIF, Markdown, HTML and lines for a .env file. Decides nothing, prints nothing: every
function takes values and returns a string, which is empty or ends with a newline.

Text has one module per result (`plan`, `apply`, `test`, `diagnostics`, `errors`, `tables`), JSON one in `json/`,
Markdown one in `markdown/`, and `html/` makes pages.
Text is built from spans that mean something (`style`), escaped where they are made (`escape`), and becomes
plain text or ANSI in one place (`text`).

VIEWS is the only list of which result is shown in which format. A format for a result is a function in a module
and a name in this table. Importing this module loads none of the others.
"""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import cast

TEXT = "text"
"""The format for people: the only one that has a look, and that is printed bit by bit by what takes long."""

VIEWS: Mapping[str, Mapping[str, str]] = {
    "Plan": {
        TEXT: "plan:plan_text",
        "json": "json.plan:plan_json",
        "markdown": "markdown.plan:plan_markdown",
        "html": "html.plan:plan_html",
    },
    "Drift": {
        TEXT: "drift:drift_text",
        "json": "json.drift:drift_json",
        "markdown": "markdown.drift:drift_markdown",
        "html": "html.drift:drift_html",
    },
    "Plans": {
        TEXT: "plans:plans_text",
        "json": "json.plans:plans_json",
        "markdown": "markdown.plans:plans_markdown",
        "html": "html.drift:plans_html",
    },
    "Applied": {
        TEXT: "apply:applied_text",
        "json": "json.apply:applied_json",
        "markdown": "markdown.apply:applied_markdown",
    },
    "Pulled": {TEXT: "pull:pulled_text", "json": "json.pull:pull_json"},
    "Migrated": {
        TEXT: "migrate:migrated_text",
        "json": "json.migrate:migrated_json",
        "markdown": "markdown.migrate:migrated_markdown",
    },
    "Runs": {TEXT: "runs:runs_text", "json": "json.runs:runs_json"},
    "SuiteResult": {
        TEXT: "test:closing_text",
        "json": "json.test:suite_json",
        "jsonl": "json.test_lines:suite_lines",
        "junit": "junit:suite_junit",
        "html": "html.page:suite_html",
        "markdown": "markdown.test:suite_markdown",
    },
    "Chosen": {TEXT: "chosen:chosen_text", "json": "json.chosen:chosen_json"},
    "Swept": {TEXT: "gc:swept_text", "json": "json.gc:swept_json"},
    "Validation": {
        TEXT: "diagnostics:validation_text",
        "json": "json.validate:validation_json",
        "markdown": "markdown.validate:validation_markdown",
        "sarif": "sarif:validation_sarif",
    },
    "Formatted": {TEXT: "fmt:formatted_text"},
    "Examination": {TEXT: "doctor:examination_text", "json": "json.doctor:examination_json"},
    "Inventory": {TEXT: "tables:list_text", "json": "json.list:list_json"},
    "Ids": {TEXT: "tables:ids_text", "json": "json.ids:ids_json", "env": "env:ids_env"},
    "Explanation": {TEXT: "explain:explanation_text", "json": "json.explain:explanation_json"},
    "Shown": {TEXT: "tables:show_text", "json": "json.show:show_json"},
    "AsstctlError": {
        TEXT: "errors:error_text",
        "json": "json.error:error_json",
        "markdown": "markdown.error:error_markdown",
    },
    "PlanReport": {"markdown": "markdown.plan:plan_report_markdown", "html": "html.plan:plan_report_html"},
    "SuiteReport": {"markdown": "markdown.test:suite_report_markdown"},
    "AppliedReport": {"markdown": "markdown.apply:applied_report_markdown"},
    "DriftReport": {"markdown": "markdown.drift:drift_report_markdown", "html": "html.drift:drift_report_html"},
}
"""Result type of `core` -> format -> `module:function` in this package.

A function takes the result; one of TEXT takes a Look beside it. Reports are for pull requests and have no text. For
`Applied` and `SuiteResult` the text is the end of what was told while they came about.
"""


def formats(*results: str) -> tuple[str, ...]:
    """The formats that any of these result types has, in the order of the table."""
    return tuple(dict.fromkeys(form for result in results for form in VIEWS[result]))


def common_formats(*results: str) -> tuple[str, ...]:
    """The formats that all of these result types have: for a command that may show either of them."""
    return tuple(form for form in VIEWS[results[0]] if all(form in VIEWS[result] for result in results))


def view(result: object, form: str) -> Callable[..., str]:
    """The function that shows a result, or a subclass of one, in a format; a KeyError where there is none."""
    name = next(base.__name__ for base in type(result).__mro__ if base.__name__ in VIEWS)
    module, _, function = VIEWS[name][form].partition(":")
    return cast("Callable[..., str]", getattr(import_module(f"{__name__}.{module}"), function))
