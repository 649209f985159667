"""What PyYAML says about a text that is not YAML, in words that help."""

from typing import Any

from asstctl.core.diagnostic import Diagnostic, error
from asstctl.documents.source import Source

_HINTS = (
    ("mapping values are not allowed", "quote a value that contains `: `, or check the indentation"),
    ("undefined alias", "quote a value that begins with `*`, or define the anchor before it"),
    ("could not find expected ':'", "every key needs a colon after it; check the indentation"),
    ("did not find expected key", "check the indentation and the quotes of the lines before"),
    ("did not find expected '-' indicator", "a list and keys do not mix at one indentation"),
    ("did not find expected ','", "close the bracket, or separate the items by commas"),
    ("expected node content", "close the bracket, or write a value"),
    ("expected ',' or", "close the bracket, or separate the items by commas"),
    ("unexpected end of stream", "close the quote"),
    ("unknown escape", "use single quotes, or write the backslash twice"),
    ("duplicate anchor", "give each anchor a name of its own"),
)
_START_HINTS = {
    "\t": "indent with spaces, not with tabs",
    "@": "quote a value that begins with `@`",
    "`": "quote a value that begins with a backquote",
    "%": "quote a value that begins with `%`",
}


def describe_syntax(problem: Any, source: Source) -> Diagnostic:
    """One diagnostic for a YAMLError: PyYAML's own words, its position, and what to try."""
    said = problem.problem or "it cannot be read"
    mark, context = problem.problem_mark, problem.context_mark
    # At the end of the file there is nothing to see: show what was left open instead.
    if context is not None and (mark is None or not source.text[mark.index :].strip()):
        mark = context
    index = mark.index if mark is not None else 0
    written = len(source.text.rstrip())
    if index > written:  # on an empty line at the end
        index = max(0, written - 1)
    hint = next((hint for part, hint in _HINTS if part in said), "check the indentation and the quotes")
    if "cannot start any token" in said:
        hint = _START_HINTS.get(source.text[index : index + 1], "quote the value")
    detail = problem.context or ""
    return error("yaml-syntax", f"the file is not valid YAML: {said}", source.at(index, 1), hint=hint, detail=detail)
