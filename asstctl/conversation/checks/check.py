"""TextCheck: what one operator of `expect` asks of a reply, and its `not-` twin.

A check is pure: the reply and the expected value in, nothing or an explanation out. It never reads a file
or asks a model; the list of all operators is in `checks/__init__`.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from asstctl.core.conversation import Mismatch
from asstctl.core.json_text import json_text
from asstctl.core.json_types import Json

NOT = "not-"
"""What the name of every twin begins with."""


class Undecided(Exception):
    """The check could not be carried out; its text completes "could not be checked: …"."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a reply is not as expected: one sentence, and both sides beside each other."""

    message: str
    mismatch: Mismatch


@dataclass(frozen=True, slots=True)
class TextCheck:
    """One operator.

    `holds` answers for (reply, expected); `says` completes "the reply must …" for a value; `refuses` tells
    what is wrong with a value, completing "`name` …" (None: nothing). `each`: a list in its place means the
    same check for every item of it, so that a failure names the item and `not-` means none of them.
    `slow`: deciding it may take seconds.
    """

    name: str
    holds: Callable[[str, Json], bool]
    says: Callable[[Json], str]
    refuses: Callable[[Json], str | None]
    each: bool = False
    slow: bool = False
    negated: bool = False

    def twin(self) -> "TextCheck":
        """The same check, turned round."""
        return replace(self, name=NOT + self.name, negated=True)

    def explain(self, reply: str, expected: Json) -> Explanation | None:
        """None when the reply is as expected."""
        mismatch = Mismatch("reply", f"{self.name} {json_text(expected)}", json_text(reply))
        try:
            if self.holds(reply, expected) is not self.negated:
                return None
        except Undecided as problem:
            return Explanation(f"`{self.name}` could not be checked: {problem}", mismatch)
        return Explanation(f"the reply must {'not ' if self.negated else ''}{self.says(expected)}", mismatch)


def no_text(value: Json) -> str | None:
    """Refuses what is not a text with something in it: an empty one would be found in every reply."""
    return None if isinstance(value, str) and value else "takes a text"
