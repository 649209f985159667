"""What GitLab's runner is told, by files that a job names as its reports. Pure.

`artifacts: reports: dotenv: DIR/asstctl.env` and `codequality: DIR/gl-code-quality-report.json`, where DIR is the
folder of what the command leaves. A job has no page of its own.
"""

import hashlib
from collections.abc import Mapping, Sequence

from asstctl.core.diagnostic import Diagnostic, Severity
from asstctl.core.forge import ToRunner, Written
from asstctl.core.json_text import json_lines

DOTENV = "asstctl.env"
CODE_QUALITY = "gl-code-quality-report.json"

DOTENV_LIMIT = 5 * 1024
"""Bytes that such a file may have; of a larger one GitLab takes nothing."""

_SEVERITIES = {Severity.ERROR: "major", Severity.WARNING: "minor", Severity.NOTE: "info"}


def outputs(environ: Mapping[str, str], values: Mapping[str, str]) -> ToRunner:
    """Variables of later jobs: `plan-digest` is ASSTCTL_PLAN_DIGEST. A value that the file cannot hold is left out, and
    said to be."""
    lines: list[str] = []
    left: list[str] = []
    for name, value in sorted(values.items(), key=lambda item: len(item[1])):
        line = f"ASSTCTL_{name.replace('-', '_').upper()}={value}\n"
        fits = len("".join((*lines, line)).encode()) <= DOTENV_LIMIT
        if fits and len(line.splitlines()) == 1 and value == value.strip():
            lines.append(line)
        else:
            left.append(name)
    note = f"{', '.join(left)}: a dotenv report holds short values of one line; it is in the files of this job alone"
    return ToRunner(files=(Written(DOTENV, "".join(sorted(lines))),), notes=(note,) if left else ())


def summary(environ: Mapping[str, str], markdown: str) -> ToRunner:
    """Nothing: the files that a command leaves are the job's artifacts."""
    return ToRunner()


def annotations(environ: Mapping[str, str], diagnostics: Sequence[Diagnostic]) -> ToRunner:
    """A code quality report; what has no place in a file is not in one."""
    report = [_finding(one) for one in diagnostics if one.where]
    return ToRunner(files=(Written(CODE_QUALITY, "\n".join(json_lines(report)) + "\n"),))


def _finding(one: Diagnostic) -> dict[str, object]:
    assert one.where
    known = "\0".join((one.where.path, str(one.where.line), one.code, one.summary, one.detail))
    return {
        "description": ": ".join(filter(None, (one.summary, one.detail))),
        "check_name": one.code,
        "fingerprint": hashlib.sha256(known.encode()).hexdigest(),
        "severity": _SEVERITIES[one.severity],
        "location": {"path": one.where.path, "lines": {"begin": one.where.line}},
    }
