"""What is wrong with the files as SARIF 2.1.0, which code scanning reads: a result per message, at its place.

Paths are relative to what the reader takes for the root of the sources (`%SRCROOT%`): whoever runs it in a folder of a
repository makes them so. Columns are in UTF-16 code units, as most readers count without looking at what is declared.
What has no place is a notification: code scanning takes no result without one.
"""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from asstctl._version import __version__
from asstctl.core.diagnostic import Diagnostic, Severity, Validation, Where
from asstctl.render.escape import json_safe, visible

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
MOST_RESULTS = 25_000
"""Results of a run that GitHub's code scanning takes; it refuses a file with more."""

_FINGERPRINT = "asstctl/v1"
"""Not `primaryLocationLineHash`: who uploads computes that, and warns of any other value under its name."""

_LINK = re.compile(r"\](?=\()")

Object = dict[str, Any]


def validation_sarif(validation: Validation) -> str:
    """One run with all results, errors first where they are more than a reader takes."""
    placed = [one for one in validation.diagnostics if one.where]
    kept = placed
    if len(placed) > MOST_RESULTS:
        worst = sorted(range(len(placed)), key=lambda number: list(Severity).index(placed[number].severity))
        kept = [placed[number] for number in sorted(worst[:MOST_RESULTS])]
    rules = list(dict.fromkeys(one.code for one in kept))
    run = {
        "tool": {"driver": {"name": "asstctl", "version": __version__, "rules": [_rule(code) for code in rules]}},
        "columnKind": "utf16CodeUnits",
        "invocations": [_invocation(validation, len(placed) - len(kept))],
        "results": _results(kept, rules),
    }
    document = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return json_safe(json.dumps(document, ensure_ascii=False, indent=2)) + "\n"


def _rule(code: str) -> Object:
    return {"id": code, "shortDescription": {"text": code.replace("-", " ").capitalize()}}


def _invocation(validation: Validation, left_out: int) -> Object:
    placeless = [one for one in validation.diagnostics if not one.where]
    invocation: Object = {"executionSuccessful": True}
    if placeless:
        invocation["toolConfigurationNotifications"] = [
            {"descriptor": {"id": one.code}, "level": str(one.severity), "message": _message(one)} for one in placeless
        ]
    if left_out:
        said = f"{left_out:,} more results are left out: code scanning takes {MOST_RESULTS:,}"
        invocation["toolExecutionNotifications"] = [{"level": "warning", "message": {"text": said}}]
    return invocation


def _results(diagnostics: Sequence[Diagnostic], rules: Sequence[str]) -> list[Object]:
    index = {code: number for number, code in enumerate(rules)}
    seen: Counter[tuple[str, ...]] = Counter()
    results = []
    for one in diagnostics:
        assert one.where is not None
        # what the line says and not its number, which changes with every line above it
        told = (one.code, one.where.path, one.where.text.strip() or one.summary)
        seen[told] += 1
        results.append(
            {
                "ruleId": one.code,
                "ruleIndex": index[one.code],
                "level": str(one.severity),
                "message": _message(one),
                "locations": [{"physicalLocation": _location(one.where)}],
                "partialFingerprints": {_FINGERPRINT: _fingerprint(*told, str(seen[told]))},
            }
        )
    return results


def _message(diagnostic: Diagnostic) -> Object:
    hint = f"help: {diagnostic.hint}" if diagnostic.hint else ""
    said = [f"{diagnostic.summary}.", *diagnostic.detail.splitlines(), *hint.splitlines()]
    # a bracket before a parenthesis would be a link
    return {"text": "\n".join(_LINK.sub("]\u2060", visible(row)) for row in said)}


def _location(where: Where) -> Object:
    path = quote(where.path, safe="/", errors="replace")
    return {"artifactLocation": {"uri": path, "uriBaseId": "%SRCROOT%"}, "region": _region(where)}


def _region(where: Where) -> Object:
    region: Object = {"startLine": max(1, where.line)}
    if where.text:
        start = min(max(1, where.column), len(where.text) + 1) - 1
        end = max(start, min(start + max(1, where.length), len(where.text)))
        region |= {"startColumn": _units(where.text[:start]) + 1, "endColumn": _units(where.text[:end]) + 1}
    return region


def _units(text: str) -> int:
    """How many UTF-16 code units it has."""
    return len(text) + sum(character > "\uffff" for character in text)


def _fingerprint(*parts: str) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]
