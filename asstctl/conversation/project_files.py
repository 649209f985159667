"""Files that a conversation names: found inside the project, or a diagnostic."""

from pathlib import Path

from asstctl.core.diagnostic import Diagnostic, Where, error
from asstctl.documents.paths import PathRefused, inside, is_file


def project_file(written: str, *, beside: Path, root: Path, where: Where, dot_files: bool = True) -> Path | Diagnostic:
    """The file that `written` means: relative to the file `beside`, or to the project by a leading `/`.

    With `dot_files=False` neither it nor a folder above it may be hidden: what is sent to others is none of these.
    """
    try:
        path = inside(root, beside.parent, written, dot_files=dot_files)
    except PathRefused as refused:
        return refused.at(where)
    if not is_file(path):
        hint = "paths start at this file's folder; a leading / is the project's folder"
        return error("missing-file", f"`{written}` does not exist", where, hint=hint)
    return path
