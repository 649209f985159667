"""Writing a conversation that was had as a new `*.convo.yaml`, for whoever had it or brings it in.

It is written only where it reads back as what was meant and holds nothing secret, and held against the project's other
files afterwards. Nothing is overwritten.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from asstctl.core.address import Address
from asstctl.core.diagnostic import Diagnostic, has_errors, in_reading_order
from asstctl.core.errors import Refused, WrongUsage
from asstctl.core.pull import FileEdit
from asstctl.documents.project_folder import DEFAULT_CONVERSATIONS, literal_folder, matches
from asstctl.documents.yaml import parse_one
from asstctl.workspace.conversations.loading import load_conversations, signatures
from asstctl.workspace.conversations.tapes import secret_values
from asstctl.workspace.file_writing import write_all
from asstctl.workspace.workspace import Workspace

if TYPE_CHECKING:
    from asstctl.conversation.reading.signatures import Signature
    from asstctl.conversation.writing import Had, Written

SUFFIX = ".convo.yaml"


@dataclass(frozen=True, slots=True)
class NewConversation:
    """A file that was written: its path in the project, the turns in it, sentences on what is not in it, and what is
    to be said of it as of any conversation file. `is_played`: the project's `conversations` find it."""

    path: str
    turns: int
    notes: tuple[str, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    is_played: bool = True


def new_file(workspace: Workspace, typed: str) -> str:
    """The path in the project that a person means by a name, where nothing is yet and where the project's
    `conversations` look, if they look anywhere. Raises WrongUsage."""
    root = workspace.project.root.resolve()
    path = Path(os.path.normpath(Path(typed).expanduser().absolute()))
    if not path.name.endswith(SUFFIX) or path.name == SUFFIX:
        stem = path.name.removesuffix(".yaml").removesuffix(".yml")
        raise WrongUsage(
            f"{typed} is no name of a conversation file", hint=f"it ends in {SUFFIX}: {stem or 'name'}{SUFFIX}"
        )
    inside = next((path.relative_to(one) for one in (root, workspace.project.root) if path.is_relative_to(one)), None)
    if inside is None:
        raise WrongUsage(f"{typed} lies outside of the project", hint=f"name a file below {root}")
    if os.path.lexists(path):
        raise WrongUsage(f"{typed} is there already", detail="nothing was written", hint="name another file")
    if better := where_it_is_found(workspace, inside):
        raise WrongUsage(
            f"the project's `conversations` do not find {typed}: no test would play it",
            detail="nothing was written",
            hint=f"name {os.path.relpath(workspace.project.root / better)}",
        )
    return inside.as_posix()


def where_it_is_found(workspace: Workspace, path: PurePath) -> str:
    """Where a file of this name would be found; "" where this one is, or none would be."""
    conversations = workspace.project.conversations
    globs = [glob.lstrip("/") for glob in (DEFAULT_CONVERSATIONS if conversations is None else conversations)]

    def is_found(file: str) -> bool:
        hidden = any(part.startswith(".") for part in file.split("/"))
        return not hidden and any(matches(glob, file) for glob in globs)

    if is_found(path.as_posix()):
        return ""
    others = (f"{folder}/{path.name}" if (folder := literal_folder(glob)) else path.name for glob in globs)
    return next((file for file in others if is_found(file)), "")


def write_conversation(workspace: Workspace, path: str, assistant: Address, had: "Sequence[Had]") -> NewConversation:
    """Write it to this path in the project. Raises Refused, and then nothing was written."""
    from asstctl.conversation.writing import conversation_of

    written = conversation_of(assistant.key, had, declared(workspace, assistant))
    if not written.turns:
        raise Refused("there is no turn to write", detail="; ".join(written.notes), hint="say something first")
    _check(workspace, path, written)
    write_all(workspace.project.root, [FileEdit(path, None, written.text)])
    return _as_found(replace(workspace), NewConversation(path, written.turns, written.notes))


def declared(workspace: Workspace, assistant: Address) -> "dict[str, Signature]":
    """The functions that an assistant of the project declares."""
    found = next(one for one in workspace.desired() if one.address == assistant)
    return signatures(found, workspace.loaded.returns.get(assistant.key, {}))


def _check(workspace: Workspace, path: str, written: "Written") -> None:
    from asstctl.conversation.tapes.secrets import Sieve

    if leaks := Sieve(secret_values(workspace)).leaks([written.conversation]):
        raise Refused(
            f"{path} would hold a secret, and was not written",
            detail="; ".join(f"{leak.path}: {leak.what}" for leak in leaks[:3]),
            hint="keep the secret out of what is said: out of messages, of outputs and of replies",
        )
    document, _ = parse_one(written.text, path)
    if document is None or document.value != written.conversation:
        raise Refused(f"{path} would not say what was said, and was not written", hint="report this as a bug")


def _as_found(fresh: Workspace, new: NewConversation) -> NewConversation:
    """The same with what the project, read anew, says of the file."""
    file = (fresh.project.root / new.path).resolve()
    if file not in {one.resolve() for one in fresh.loaded.conversations}:
        unfound = f"the project's `conversations` do not find {new.path}: no test plays it"
        return replace(new, notes=(*new.notes, unfound), is_played=False)
    if has_errors(fresh.loaded.diagnostics):
        return new
    return replace(new, diagnostics=in_reading_order(load_conversations(fresh, fresh.loaded, (str(file),))[1]))
