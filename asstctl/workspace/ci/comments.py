"""What becomes of our comment on a pull request: written, edited in place, or left alone. Pure.

There is one for each label and each word, told by a hidden first line. A comment of somebody else is none of ours,
whatever its first line says: a forge gives only those whose author we are (`core.ports.Forge.comments`).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from asstctl.core.forge import Comment

_STATUS = "<!-- asstctl:status -->"
_STATUS_LINES = re.compile(rf"^{re.escape(_STATUS)}\n\n.*\n\n", re.MULTILINE)


class Policy(StrEnum):
    """When a comment is written."""

    ALWAYS = "always"
    CHANGES = "changes"  # where there is something to see, or to take back
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Posting:
    """A text that a pull request is to bear. `over` is the id of the comment that it takes the place of, if any."""

    body: str
    over: str = ""


def posting(policy: Policy, existing: Sequence[Comment], body: str, *, worth_it: bool) -> Posting | None:
    """What is to be sent; None where the comment stays as it is, or where there is to be none.

    `existing` are ours, the oldest first: where there should be several, the first is the one that people answered to.
    """
    if policy is Policy.NEVER:
        return None
    if existing:
        first = existing[0]
        return None if _steady(first.body) == _steady(body) else Posting(body, first.id)
    return Posting(body) if worth_it or policy is Policy.ALWAYS else None


def with_status(body: str, status: str) -> str:
    """A comment with a line below its marker that says what became of its plan, in the place of an earlier one.

    It may come to more than a comment holds.
    """
    mark, _, rest = _steady(body).partition("\n")
    return f"{mark}\n{_STATUS}\n\n{status}\n\n{_STATUS_LINES.sub('', rest, count=1)}"


def _steady(text: str) -> str:
    """Forges change line ends, and what stands at the end."""
    return text.replace("\r\n", "\n").rstrip()
