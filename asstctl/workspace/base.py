"""What a field was when it was last applied: the mark holds a digest alone, and git may hold the value.

The value that the file had at the revision of the mark is taken only if it has the digest that the mark noted.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from asstctl.core.address import Address
from asstctl.core.change import ABSENT, Absent
from asstctl.core.json_types import Json
from asstctl.core.resource import EXTENSION
from asstctl.documents.front_matter import split
from asstctl.documents.project_folder import PROJECT_FILE
from asstctl.documents.yaml import parse_yaml
from asstctl.kinds import KINDS
from asstctl.kinds.canonical import DIGEST_LENGTH, digest
from asstctl.providers import normal
from asstctl.workspace.git import NoAnswer, ask_git

_LONGEST = 1024 * 1024


@dataclass(frozen=True, slots=True)
class History:
    """Where to look: a file of a project at a revision, read for one target of a provider."""

    root: Path
    revision: str
    file: str
    target: str
    provider: str

    def text(self, file: str = "") -> str | None:
        """The text of the file, or of another one, at the revision."""
        return _at_revision(self.root, self.revision, file or self.file) if self.revision and self.file else None


def base_of(history: History, address: Address, name: str, noted: str) -> Json | Absent:
    """The value of a field at a revision, if it is the one that `noted` is the digest of."""
    text = history.text()
    if text is None:
        return ABSENT
    rule, brought = KINDS[address.kind].field(name).canonical, normal(history.provider)
    for written in _candidates(history, text, address, name):
        value = rule(brought(address.kind, {name: written}).get(name) if brought else written)
        if digest(value) == noted[:DIGEST_LENGTH]:
            return value
    return ABSENT


def _candidates(history: History, text: str, address: Address, name: str) -> Iterator[Json]:
    """What the file may have meant: its overlay first, then its body, then the Markdown below it; of the project file
    its defaults."""
    file = history.file
    parts = split(text, file) if file.endswith(".md") else None
    documents = parse_yaml(text, file)[0] if parts is None else filter(None, (parts.document,))
    for document in documents:
        value = document.value
        if file == PROJECT_FILE:
            yield _part(value, "defaults", address.kind, *_place_of(name, history.provider))
        if not isinstance(value, Mapping) or value.get("kind") != address.kind:
            continue
        if value.get("key", PurePosixPath(file).stem) != address.key:
            continue
        for layer in (_part(value, "targets", history.target), value):
            written = _part(layer, *_place_of(name, history.provider))
            if isinstance(written, Mapping) and isinstance(written.get("file"), str) and name == "instructions":
                path = PurePosixPath(file).parent / written["file"]
                written = history.text(str(path).lstrip("/"))
            if written is not None:
                yield written
        yield None
    if parts is not None and name == "instructions":
        yield parts.body


def _part(value: Json, *steps: str) -> Json:
    for step in steps:
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def _place_of(name: str, provider: str) -> Sequence[str]:
    """Where a manifest says a field."""
    if name.startswith(EXTENSION):
        return EXTENSION.rstrip("."), provider, name.removeprefix(EXTENSION)
    return name.split(".")


def _at_revision(root: Path, revision: str, file: str) -> str | None:
    """The text of a file as git has it at the revision of a mark."""
    try:
        text = ask_git(root, "show", "--no-textconv", "--no-ext-diff", f"{revision}:./{file}")
        return text.decode("utf-8-sig") if len(text) <= _LONGEST else None
    except (NoAnswer, UnicodeDecodeError):
        return None
