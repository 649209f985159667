"""What an Observer is told: each request with how it was answered, and each wait before one is sent again.

It holds no query, no header but the request's id, and no body; a path may hold ids.
"""

from dataclasses import dataclass

READS = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request to `place`, once its answer began or it was clear that none comes: then `status` is None.

    `seconds` is how long that took, `request_id` what the server calls it, `sent` the bytes of its body.
    """

    method: str
    path: str
    status: int | None
    seconds: float
    place: str = ""
    request_id: str | None = None
    sent: int = 0

    @property
    def writes(self) -> bool:
        """Whether it may have changed something."""
        return self.method not in READS


@dataclass(frozen=True, slots=True)
class Pause:
    """So many seconds are let pass before the `attempt`-th try. `why` is the error of the one before, by its summary
    and its code; `asked`: the server named the time."""

    seconds: float
    attempt: int
    why: str
    code: str
    asked: bool = False
