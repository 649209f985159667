"""The files of tapes: where they lie, how they are read and written, and which of them nobody needs."""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

from asstctl.core.errors import Refused
from asstctl.documents.paths import PathRefused, inside, shown
from asstctl.documents.source import read_plain
from asstctl.documents.whole_files import write_whole
from asstctl.workspace.workspace import Workspace

if TYPE_CHECKING:
    from asstctl.conversation.case import Case

_ENDING: Final = ".convo.yaml"


def tape_path(case: "Case", repeat: int) -> str:
    """The tape of one playing, as a path in the project."""
    from asstctl.conversation.tapes.naming import FOLDER, tape_name

    file = PurePosixPath(case.where.path)
    return str(file.parent / FOLDER / tape_name(_stem(file), case.id, repeat))


def unused_tapes(workspace: Workspace, cases: "Sequence[Case]") -> tuple[str, ...]:
    """Tapes of conversations that are gone, by their paths. `cases` are all of the files that were read."""
    return tuple(shown(workspace.project.root, tape) for tape in _unused(workspace, cases))


def _unused(workspace: Workspace, cases: "Sequence[Case]") -> Iterator[Path]:
    from asstctl.conversation.tapes.naming import FOLDER, SUFFIX, prefix

    root = workspace.project.root
    used: dict[str, set[str]] = {}
    for case in cases:
        used.setdefault(case.where.path, set()).add(prefix(_stem(PurePosixPath(case.where.path)), case.id))
    folders: dict[Path, list[Path]] = {}
    for file in workspace.loaded.conversations:
        folders.setdefault(file.parent, []).append(file)
    for folder, files in sorted(folders.items()):
        # of files that were not read, every tape may be in use
        starts = tuple(name for file in files for name in used.get(shown(root, file), {prefix(_stem(file))}))
        yield from (tape for tape in sorted((folder / FOLDER).glob(f"*{SUFFIX}")) if not tape.name.startswith(starts))


def unused_warning(paths: Sequence[str]) -> str:
    """What is said of them."""
    which = "a tape is" if len(paths) == 1 else f"{len(paths)} tapes are"
    return f"{which} of no conversation any more: {', '.join(paths)}"


def read_text(root: Path, path: str, longest: int) -> str:
    """What the file of a tape says. Raises OSError, also for what is no text, and Refused where a link leads there."""
    try:
        return read_plain(_file(root, path), longest, links=False).decode()
    except UnicodeDecodeError as problem:
        raise OSError(0, "it is not UTF-8") from problem


def write_text(root: Path, path: str, text: str) -> None:
    """Write the file of a tape, whole or not at all. Raises Refused."""
    file = _file(root, path)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, text.encode())
    except OSError as problem:
        why = (problem.strerror or "unknown reason").lower()
        raise Refused("a tape cannot be written", detail=f"{path}: {why}", hint="check the folder") from problem


def digest_of(path: Path) -> str:
    """The SHA-256 of a file's content; nothing for one that cannot be read, which the conversation will say."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def _file(root: Path, path: str) -> Path:
    try:
        file = inside(root, root, f"/{path}")
    except PathRefused as refused:
        raise Refused(refused.summary, hint=refused.hint) from None
    if file != root.resolve() / path:
        raise Refused(f"a link leads to {path}", hint="tapes are not kept behind links: copy the folder")
    return file


def _stem(file: PurePosixPath | Path) -> str:
    return file.name.removesuffix(_ENDING)
