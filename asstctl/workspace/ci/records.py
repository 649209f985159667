"""The record of a plan as a file: how an approved plan travels from a pull request to its merge."""

from collections.abc import Mapping
from json import JSONDecodeError

from asstctl.core.approval import read_approved
from asstctl.core.json_text import json_lines, read_json
from asstctl.core.json_types import Json
from asstctl.core.pipeline import Record

FILE = "record.json"
SCHEMA = "asstctl/record/v1"
LARGEST = 16 * 1024 * 1024
"""How many bytes a record may have: it holds digests alone."""

_TEXTS = ("label", "target", "head", "base", "run", "digest")


def record_json(record: Record) -> str:
    """The file's text."""
    document: Mapping[str, Json] = {
        "schema": SCHEMA,
        "format": record.format,
        **{name: getattr(record, name) for name in _TEXTS},
        "approved": record.approved.as_json(),
    }
    return "\n".join(json_lines(document)) + "\n"


def read_record(content: bytes) -> Record:
    """The reverse, for what comes from anywhere. Raises ValueError for anything else."""
    try:
        document = read_json(content)
    except (JSONDecodeError, UnicodeDecodeError):
        raise ValueError("it is not JSON") from None
    if not isinstance(document, Mapping) or document.get("schema") != SCHEMA:
        raise ValueError(f"its schema is not {SCHEMA}")
    texts = {name: text for name in _TEXTS if isinstance(text := document.get(name), str)}
    form = document.get("format")
    if len(texts) != len(_TEXTS) or type(form) is not int:
        raise ValueError(f"{', '.join(_TEXTS)} are texts, and its format a number")
    return Record(**texts, approved=read_approved(document.get("approved")), format=form)
