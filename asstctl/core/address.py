"""Address: the stable identity of a resource, `kind.key`, the same in files, plans and marks."""

import re
from dataclasses import dataclass

KEY = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
"""What a key looks like (FORMAT section 2). `.` and `~` stay ours: the separator and a candidate's suffix."""

CANDIDATE = "~"
"""What stands between the key of a short-lived copy under test and the run that made it."""


@dataclass(frozen=True, order=True, slots=True)
class Address:
    """`assistant.guagua`: one resource of one project, whatever it is named today."""

    kind: str
    key: str

    def __str__(self) -> str:
        return f"{self.kind}.{self.key}"

    @property
    def id_variable(self) -> str:
        """The environment variable that holds its id: `ASSTCTL_GUAGUA_ID`; other kinds than assistants are named in it.

        Two addresses can give one name (`a-b` and `a_b`); whoever writes several of them looks.
        """
        kind = "" if self.kind == "assistant" else f"{self.kind}_"
        return f"ASSTCTL_{kind}{self.key}_ID".replace("-", "_").upper()

    def candidate(self, run: str) -> "Address":
        """The address of the copy that a run of tests makes of it. No file can name one, and `parse` takes none."""
        return Address(self.kind, f"{self.key}{CANDIDATE}{run}")

    @property
    def is_candidate(self) -> bool:
        """Whether it is that of such a copy."""
        return CANDIDATE in self.key

    @classmethod
    def parse(cls, text: str) -> "Address":
        """Read `kind.key`. Raises ValueError when it is not one."""
        kind, dot, key = text.partition(".")
        if not dot or not KEY.fullmatch(kind) or not KEY.fullmatch(key):
            raise ValueError(f"{text!r} is not an address such as assistant.guagua")
        return cls(kind, key)
