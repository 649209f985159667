"""What GitHub's runner is told: outputs, the job's summary, annotations. Pure, but for what is drawn at random.

Nothing is masked, because nothing secret is ever said.
"""

import re
import secrets
from collections import Counter
from collections.abc import Mapping, Sequence

from asstctl.core.diagnostic import Diagnostic, Severity
from asstctl.core.forge import ToRunner, Written
from asstctl.forges import FORGES

SHOWN = 10
"""Annotations of each level that GitHub keeps of one step."""

_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}
_NAME = re.compile(r"[A-Za-z_][\w-]*", re.ASCII)


def outputs(environ: Mapping[str, str], values: Mapping[str, str]) -> ToRunner:
    """Outputs of a step. Each value ends at a word drawn for it, so that none can begin another output."""
    path = environ.get("GITHUB_OUTPUT")
    if not path:
        return ToRunner(notes=("GITHUB_OUTPUT is not set: later steps are told nothing",) if values else ())
    return ToRunner(files=(Written(path, "".join(_output(name, value) for name, value in values.items()), add=True),))


def _output(name: str, value: str) -> str:
    assert _NAME.fullmatch(name), name
    end = f"asstctl_{secrets.token_hex(16)}"
    return f"{name}<<{end}\n{value}\n{end}\n"


def summary(environ: Mapping[str, str], markdown: str) -> ToRunner:
    """The page of a run. A text that is too large is left out, and said to be."""
    path = environ.get("GITHUB_STEP_SUMMARY")
    if not path:
        return ToRunner(notes=("GITHUB_STEP_SUMMARY is not set: the page of this run shows nothing",))
    size, most = len(markdown.encode()), FORGES["github"].summary_limit
    if size <= most:
        return ToRunner(files=(Written(path, markdown.rstrip("\n") + "\n", add=True),))
    note = f"the summary has {size} bytes, and a step's may have {most}: it is in the files of this run alone"
    return ToRunner(files=(Written(path, f"asstctl: {note}.\n", add=True),), notes=(note,))


def annotations(environ: Mapping[str, str], diagnostics: Sequence[Diagnostic]) -> ToRunner:
    """Workflow commands, as many as GitHub keeps; the rest is counted."""
    by_level = {severity: [one for one in diagnostics if one.severity is severity] for severity in _LEVELS}
    rest = Counter({_LEVELS[severity]: len(found[SHOWN:]) for severity, found in by_level.items()})
    left = ", ".join(f"{count} more of level {level}" for level, count in rest.items() if count)
    return ToRunner(
        lines=tuple(_annotation(one) for found in by_level.values() for one in found[:SHOWN]),
        notes=(f"GitHub shows {SHOWN} annotations of each level: {left} are not shown",) if left else (),
    )


def _annotation(one: Diagnostic) -> str:
    about: dict[str, str | int] = {}
    if one.where:
        about = {"file": one.where.path, "line": one.where.line, "col": one.where.column}
        if one.where.length:
            about["endColumn"] = one.where.column + one.where.length
    said = "\n".join(filter(None, (one.detail, one.hint))) or one.summary
    named = ",".join(f"{name}={_property(str(value))}" for name, value in {**about, "title": one.summary}.items())
    return f"::{_LEVELS[one.severity]} {named}::{_data(said)}"


def _data(value: str) -> str:
    return value.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(value: str) -> str:
    return _data(value).replace(":", "%3A").replace(",", "%2C")
