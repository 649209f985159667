"""Which actions of its own repository a workflow uses: `uses: ./PATH`, as it stands in its text. Pure.

Workflows are read as text: what is looked at here counts only once it is byte for byte what the base branch has, so
that nobody writes it to deceive.
"""

import re
from collections.abc import Iterator

_USES = re.compile(r"""^[\s-]*["']?uses["']?\s*:\s*["']?(?:\./|\$/)([^\s"'#]*)""", re.MULTILINE)

ACTION_FILES = ("action.yml", "action.yaml")


def used_in(text: str) -> Iterator[str]:
    """The paths of the actions, and of the workflows, that a workflow or an action takes from its own repository."""
    for found in _USES.finditer(text):
        yield found[1].strip("/") or "."
