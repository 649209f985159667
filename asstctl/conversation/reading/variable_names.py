"""The variables that conversation files declare or name, setup files included: which names a run may be given.

Nothing is checked here, and what a file says wrong is for `cases`.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from asstctl.conversation.project_files import project_file
from asstctl.core.diagnostic import Diagnostic, has_errors
from asstctl.core.json_types import Json
from asstctl.documents.source import read_text
from asstctl.documents.templates import VARS, names_used
from asstctl.documents.yaml import Document, parse_one


def variable_names(files: Iterable[Path], root: Path) -> frozenset[str] | None:
    """The names in these files and in all that they use; None where one of them cannot be read."""
    names: set[str] = set()
    seen: set[Path] = set()
    pending = list(files)
    while pending:
        file = pending.pop()
        if file.resolve() in seen:
            continue
        seen.add(file.resolve())
        text = read_text(file, file.name)
        document, problems = (None, ()) if isinstance(text, Diagnostic) else parse_one(text, file.name)
        if document is None or has_errors(problems):
            return None
        names.update(_names(document.value))
        pending += _used(document, file, root)
    return frozenset(names)


def _names(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        yield from names_used(value)
    elif isinstance(value, Mapping):
        own = value.get(VARS)
        yield from own if isinstance(own, Mapping) else ()
        for item in value.values():
            yield from _names(item)
    elif isinstance(value, list):
        for item in value:
            yield from _names(item)


def _used(document: Document, file: Path, root: Path) -> Iterator[Path]:
    top = document.value if isinstance(document.value, Mapping) else {}
    nested = top.get("conversations")
    for owner in (top, top.get("defaults"), *(nested if isinstance(nested, list) else ())):
        written = owner.get("use") if isinstance(owner, Mapping) else None
        for one in written if isinstance(written, list) else ():
            found = project_file(one, beside=file, root=root, where=document.where()) if isinstance(one, str) else None
            if isinstance(found, Path):
                yield found
