"""`json-schema: schema`, or the path of a file that holds it: the reply, as JSON, fits it."""

from collections.abc import Mapping

from asstctl.conversation.checks.check import REPLY, Check, Source, reply_shown
from asstctl.conversation.checks.reply_json import NotJson, reply_json
from asstctl.conversation.observed import Observed
from asstctl.conversation.project_files import project_file
from asstctl.conversation.shapes import SOME_TEXT
from asstctl.conversation.text import shown as actual_text
from asstctl.core.conversation import FailureKind, Mismatch
from asstctl.core.diagnostic import Diagnostic, has_errors
from asstctl.core.json_text import json_text
from asstctl.core.json_types import Json
from asstctl.documents.paths import shown
from asstctl.documents.schemas import check_schema, misfits
from asstctl.documents.source import read_text
from asstctl.documents.yaml import parse_one


def _resolve(value: Json, source: Source) -> Json | Diagnostic:
    """The schema in a file of the project, in JSON or YAML; one that is written in place stays as it is."""
    if not isinstance(value, str):
        return value
    found = project_file(value, beside=source.file, root=source.root, where=source.where)
    if isinstance(found, Diagnostic):
        return found
    name = shown(source.root, found)
    text = read_text(found, name)
    if isinstance(text, Diagnostic):
        return text
    document, problems = parse_one(text, name)
    if document is None or has_errors(problems):
        return problems[0]
    return document.value


def _refuses(value: Json) -> str | None:
    if not isinstance(value, Mapping):
        return "takes a JSON Schema, or the path of a file that holds one"
    found = check_schema(value)
    return f"cannot be used: {found[0].summary}" if found else None


def _says(value: Json) -> str:
    title = value.get("title") if isinstance(value, Mapping) else None
    return f"be JSON that fits the schema{f' {json_text(title)}' if title else ''}"


def _differences(observed: Observed, value: Json) -> tuple[Mismatch, ...]:
    try:
        document = reply_json(observed)
    except NotJson:
        path, actual = reply_shown(observed)
        return (Mismatch(path, "JSON", actual),)
    return tuple(
        Mismatch(".".join(["$", *map(str, one.path)]), one.expected, actual_text(one.actual))
        for one in misfits(value, document)
    )


JSON_SCHEMA = Check(
    name="json-schema",
    kind=FailureKind.JSON,
    says=_says,
    refuses=_refuses,
    takes={"if": {"type": "object"}, "else": SOME_TEXT},
    closing=False,
    resolve=_resolve,
    differences=_differences,
    shown=reply_shown,
    subject=REPLY,
)
