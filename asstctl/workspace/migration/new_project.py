"""The project file of a project that begins with a migration."""

from pathlib import Path

from asstctl.core.migration import Prospect
from asstctl.documents.yaml_writing import inline
from asstctl.workspace.new_files import project_name

_ACCEPT = """\
    # What this provider cannot hold is an error at its line, until its loss is accepted here: take the `#` off.
"""


def project_text(root: Path, prospect: Prospect | None) -> str:
    """`asstctl.yaml`: a name of the project, a local target, and the one that the assistants are to move to. What is
    lost there is left to its owner to accept."""
    name = inline(project_name(root))
    text = (
        "version: 1\n"
        f"project: {name}   # the mark on every object holds it: choose it before the first apply\n"
        "targets:\n"
        "  local:\n"
        "    provider: local\n"
    )
    if prospect is None or not prospect.target_lines:
        return text
    text += "".join(f"  {line}\n" for line in prospect.target_lines)
    if prospect.accepting:
        text += _ACCEPT + "".join(f"    # {line}\n" for line in prospect.accepting)
    return text
