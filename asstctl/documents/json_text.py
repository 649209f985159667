"""JSON text to a document. JSON is YAML but for a few escapes and tabs, so YAML gives it positions."""

import json
from typing import Any

from asstctl.core.diagnostic import Diagnostic, error, has_errors
from asstctl.core.json_types import Json
from asstctl.documents.source import Source
from asstctl.documents.yaml import Document, parse_one


def parse_json(text: str, path: str) -> tuple[Document | None, tuple[Diagnostic, ...]]:
    """The document of a JSON file. Where YAML cannot read what is good JSON, everything is placed at its start."""
    source = Source(path, text)
    try:
        value: Json = json.loads(text, parse_constant=_refuse)
    except json.JSONDecodeError as problem:
        said = f"the file is not valid JSON: {problem.msg[:1].lower()}{problem.msg[1:]}"
        return None, (error("json-syntax", said, source.at(problem.pos, 1), hint="check commas, quotes and brackets"),)
    except (ValueError, RecursionError):
        return None, (error("json-syntax", "the file is not valid JSON", source.at(0), hint="check its numbers"),)
    document, diagnostics = parse_one(text, path)
    if document is None or (has_errors(diagnostics) and document.value != value):
        only_yaml = all(found.code in {"yaml-syntax", "bad-character"} for found in diagnostics)
        return (Document(value, path, text, source, None), ()) if only_yaml else (None, diagnostics)
    return document, diagnostics


def _refuse(constant: str) -> Any:
    raise ValueError(constant)
