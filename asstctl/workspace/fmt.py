"""Use case: give the files of a project their one layout. Reads and writes files, and nothing else.

How a file is laid out is for `documents.formatter`; here is which files there are, and in which order the keys of each
come: that of the models that check them, and of no second list.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from asstctl.conversation.reading.models import SeveralModel, SingleModel, StubsFileModel
from asstctl.core.diagnostic import Diagnostic, Where, error, has_errors, in_reading_order
from asstctl.core.errors import InvalidInput, Refused
from asstctl.core.formatting import Formatted
from asstctl.core.json_types import Json
from asstctl.core.pull import FileEdit
from asstctl.documents.formatter import CannotFormat, formatted, formatted_markdown
from asstctl.documents.front_matter import split
from asstctl.documents.models import keys_of
from asstctl.documents.source import read_text
from asstctl.documents.yaml import parse_yaml
from asstctl.manifest.kinds import KINDS
from asstctl.manifest.project_model import ProjectModel
from asstctl.workspace.file_writing import write_all
from asstctl.workspace.project_files import Member, Members

ENDINGS = (".yaml", ".yml", ".md")
_STDIN = "<stdin>"
_OF_A_PROJECT = frozenset(("project", "targets", "manifests", "default_target"))


def fmt(directory: Path, named: Sequence[Path] = (), *, only_look: bool = False) -> Formatted:
    """Lay out these files and folders, or all of the project that a folder lies in; `only_look`: write nothing.

    Each file is written whole or not at all, and one that cannot be laid out keeps no other from it.
    """
    members = Members(directory)
    for path in named:
        members.add_named(path)
    if not named:
        members.add_here()
    edits: list[FileEdit] = []
    diagnostics = list(members.diagnostics)
    files = 0
    for member in members.found:
        name = members.called(member.file)
        text = read_text(member.file, name)
        if isinstance(text, Diagnostic):
            files += 1
            diagnostics.append(text)
            continue
        made, problems = laid_out(text, name)
        if made is None and not problems:
            continue  # a Markdown file that is no manifest
        files += 1
        diagnostics += problems
        if made is not None and made != text:
            problem = None if only_look else _written(member, FileEdit(member.path, text, made), name)
            if problem is None:
                edits.append(FileEdit(name, text, made))
            else:
                diagnostics.append(problem)
    return Formatted(tuple(edits), files, in_reading_order(diagnostics), written=not only_look)


def fmt_text(text: str, name: str = "") -> str:
    """A text in its layout, as that of a file of this name. Raises InvalidInput where it has none."""
    made, problems = laid_out(text, name or _STDIN)
    if has_errors(problems):
        raise InvalidInput(problems, sends=False)
    return text if made is None else made


def laid_out(text: str, name: str) -> tuple[str | None, tuple[Diagnostic, ...]]:
    """A text in its layout; None for one that has problems, or, without any, for Markdown that is no manifest."""
    is_markdown = name.endswith(".md")
    if is_markdown:
        parts = split(text, name)
        if parts is None or "kind:" not in parts.head:
            return None, ()
        problems = parts.diagnostics
    elif name != _STDIN and not name.endswith(ENDINGS):
        return None, (error("not-yaml", f"`{name}` is no YAML file", Where(name), hint="name a .yaml or .md file"),)
    else:
        _, problems = parse_yaml(text, name)
    if has_errors(problems):
        return None, problems
    try:
        return (formatted_markdown if is_markdown else formatted)(text, key_order), ()
    except CannotFormat as refused:
        summary = f"the layout of `{name}` cannot be changed: {refused}"
        hint = "lay it out by hand; this is a bug in asstctl"
        return None, (error("no-layout", summary, Where(name), hint=hint),)


def key_order(value: Json) -> Sequence[str]:
    """The order of the keys of a document, told by what it is; none for one that is nothing of ours."""
    if not isinstance(value, Mapping):
        return ()
    kind = value.get("kind")
    if isinstance(kind, str) and kind in KINDS:
        return keys_of(KINDS[kind].model)
    if "assistant" in value:
        return keys_of(SeveralModel if "conversations" in value else SingleModel)
    if "stubs" in value:
        return keys_of(StubsFileModel)
    return keys_of(ProjectModel) if not _OF_A_PROJECT.isdisjoint(value) else ()


def _written(member: Member, edit: FileEdit, name: str) -> Diagnostic | None:
    """Write one file; why it was not."""
    try:
        write_all(member.root, [edit])
    except Refused as refused:
        return error("not-written", refused.summary, Where(name), hint=refused.hint, detail=refused.detail)
    return None
