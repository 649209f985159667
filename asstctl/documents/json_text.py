"""JSON text to a document. JSON is YAML but for a few escapes and tabs, so YAML gives it positions."""

import json
import math
from collections.abc import Sequence
from typing import Any

from asstctl.core.diagnostic import Diagnostic, error, has_errors
from asstctl.core.json_types import Json
from asstctl.core.suggest import shortened
from asstctl.documents.source import Source
from asstctl.documents.yaml import MAX_DEPTH, MAX_INT, Document, parse_one


class _Refused(ValueError):
    """Something that JSON's grammar lets through and a YAML file could not say either."""


def parse_json(text: str, path: str) -> tuple[Document | None, tuple[Diagnostic, ...]]:
    """The document of a JSON file. Where YAML cannot read what is good JSON, everything is placed at its start."""
    source = Source(path, text)
    try:
        value: Json = json.loads(
            text, parse_constant=_constant, parse_float=_float, parse_int=_int, object_pairs_hook=_object
        )
        _check(value)
    except json.JSONDecodeError as problem:
        said = f"the file is not valid JSON: {problem.msg[:1].lower()}{problem.msg[1:]}"
        return None, (error("json-syntax", said, source.at(problem.pos, 1), hint="check commas, quotes and brackets"),)
    except (ValueError, RecursionError) as problem:
        _, diagnostics = parse_one(text, path)
        if has_errors(diagnostics) and not _only_yaml(diagnostics):  # the same, and at its place
            return None, diagnostics
        why = f": {problem}" if isinstance(problem, _Refused) else ""
        return None, (error("json-syntax", f"the file is not valid JSON{why}", source.at(0), hint="correct it"),)
    document, diagnostics = parse_one(text, path)
    if document is None or (has_errors(diagnostics) and document.value != value):
        return (Document(value, path, text, source, None), ()) if _only_yaml(diagnostics) else (None, diagnostics)
    return document, diagnostics


def _only_yaml(diagnostics: Sequence[Diagnostic]) -> bool:
    """Whether nothing but YAML's own grammar stands in the way."""
    return all(found.code in {"yaml-syntax", "bad-character"} for found in diagnostics)


def _constant(name: str) -> Any:
    raise _Refused(f"`{name}` is not a value that JSON can hold")


def _float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise _Refused(f"`{shortened(text)}` is too large")
    return value


def _int(text: str) -> int:
    if len(text) > len(str(MAX_INT)) + 1 or not -MAX_INT <= int(text) <= MAX_INT:
        raise _Refused(f"`{shortened(text, 40)}` is too large")
    return int(text)


def _object(pairs: Sequence[tuple[str, Json]]) -> dict[str, Json]:
    value = dict(pairs)
    if len(value) < len(pairs):
        names = [name for name, _ in pairs]
        raise _Refused(f"`{shortened(next(name for name in names if names.count(name) > 1))}` is given twice")
    return value


def _check(value: Json) -> None:
    """Refuse what is nested too deep for those who walk it, and text that no UTF-8 can carry."""
    pending: list[tuple[Any, int]] = [(value, 0)]
    while pending:
        item, depth = pending.pop()
        if depth > MAX_DEPTH:
            raise _Refused(f"values are nested more than {MAX_DEPTH} levels deep")
        if isinstance(item, dict):
            pending += [(part, depth + 1) for part in (*item, *item.values())]
        elif isinstance(item, list):
            pending += [(part, depth + 1) for part in item]
        elif isinstance(item, str) and not item.isascii():
            try:
                item.encode()
            except UnicodeEncodeError:
                raise _Refused("a text holds one half of a surrogate pair") from None
