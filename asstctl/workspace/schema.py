"""Use case: the schemas of what people write, for editors; where a project keeps them, and how a file names its own.

DOCUMENTS is the only list of what has one.
"""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from asstctl.core.errors import Refused, WrongUsage
from asstctl.core.suggest import did_you_mean
from asstctl.documents.json_schema import Maker, Schema, schema_text
from asstctl.documents.source import MAX_BYTES, read_plain
from asstctl.documents.whole_files import write_whole

FOLDER = ".schemas"
"""Where a project keeps them: committed, so that editors need no program and no network."""

_MODE = 0o644


def _project() -> Schema:
    from asstctl.manifest.schemas import project_schema

    return project_schema()


def _manifest() -> Schema:
    from asstctl.manifest.schemas import manifest_schema

    return manifest_schema()


def _conversation() -> Schema:
    from asstctl.conversation.reading.schemas import conversation_schema

    return conversation_schema()


def _replies() -> Schema:
    from asstctl.providers.local.replies import rules_schema

    schema = dict(rules_schema())
    maker = Maker(definitions=dict(schema.pop("definitions")))
    return maker.document("replies", "Replies for offline work", schema)


def _stubs() -> Schema:
    from asstctl.conversation.reading.schemas import stubs_schema

    return stubs_schema()


@dataclass(frozen=True, slots=True)
class Document:
    """Something that people write: which files hold it, and how its schema is made."""

    names: re.Pattern[str]
    make: Callable[[], Schema]

    @property
    def text(self) -> str:
        """Its schema, the same bytes each time."""
        return schema_text(self.make())


def _ending(word: str) -> re.Pattern[str]:
    return re.compile(rf"(?:.*\.)?{word}\.ya?ml")


DOCUMENTS: Mapping[str, Document] = {
    "project": Document(re.compile(r"asstctl\.yaml"), _project),
    "conversation": Document(_ending("convo"), _conversation),
    "replies": Document(_ending("replies"), _replies),
    "stubs": Document(_ending("stubs"), _stubs),
    "manifest": Document(re.compile(r".*\.ya?ml"), _manifest),
}
"""By the name of the schema; the first whose files have such a name is that of a file."""


def schema_of(name: str) -> str:
    """The schema of one document, as text. Raises WrongUsage for a name that is not in the list."""
    if name not in DOCUMENTS:
        raise WrongUsage(f"there is no schema `{name}`", hint=did_you_mean(name, DOCUMENTS))
    return DOCUMENTS[name].text


def chosen(name: str | None) -> Mapping[str, str]:
    """The schemas of all documents, or of the one that is named, by their names. Raises WrongUsage."""
    return {one: schema_of(one) for one in ([name] if name else DOCUMENTS)}


def write_schemas(folder: Path, schemas: Mapping[str, str]) -> tuple[str, ...]:
    """Write a file for each schema that is not there yet as it is; their names. Raises Refused."""
    stale = stale_schemas(folder, schemas)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file in stale:
            write_whole(folder / file, schemas[Path(file).stem].encode(), mode=_MODE)
    except OSError as problem:
        why = f"{problem.filename or folder}: {problem.strerror or problem}"
        raise Refused("the schemas cannot be written", detail=why, hint="name another folder: --out DIR") from problem
    return stale


def stale_schemas(folder: Path, schemas: Mapping[str, str]) -> tuple[str, ...]:
    """The files of a folder that do not hold these schemas, missing ones included."""
    return tuple(f"{name}.json" for name, text in schemas.items() if _content(folder / f"{name}.json") != text.encode())


def _content(path: Path) -> bytes | None:
    try:
        return read_plain(path, MAX_BYTES)
    except OSError:  # whatever is there, it is not the schema
        return None


def modeline(path: Path, root: Path) -> str:
    """The first line of a file of the project `root` that tells editors its schema, with its line break; nothing for a
    file that has none, such as Markdown."""
    name = next((name for name, one in DOCUMENTS.items() if one.names.fullmatch(path.name)), None)
    if name is None:
        return ""
    schema = Path(os.path.relpath(root / FOLDER / f"{name}.json", (root / path).parent)).as_posix()
    return f"# yaml-language-server: $schema={schema}\n"
