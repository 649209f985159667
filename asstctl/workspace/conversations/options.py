"""Testing: how a run of conversations is made and watched, as a command line or a program asks for it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from asstctl.core.comparison import DISTANCE
from asstctl.core.suite import Hear, nobody

if TYPE_CHECKING:
    from asstctl.conversation.case import Case
    from asstctl.conversation.playing.conduct import Feed

Mode = Literal["live", "record", "replay", "auto"]
"""Where replies come from: the target, the target and onto tapes, tapes, or tapes as far as there are any."""


@dataclass(frozen=True, slots=True)
class Selected:
    """The conversations that were chosen. `words` say how, for the summary; `empty_is_fine`: none is a result."""

    cases: "tuple[Case, ...]"
    words: str = ""
    empty_is_fine: bool = False


def counted(cases: "Sequence[Case]") -> str:
    """`1 conversation`, `2 conversations`."""
    return f"{len(cases):,} conversation" + ("" if len(cases) == 1 else "s")


Select = Callable[["Sequence[Case]", Path], Selected]
"""Chooses among the conversations of a project, whose folder is given for what earlier runs left there."""


def every_one(cases: "Sequence[Case]", root: Path) -> Selected:
    """A Select that leaves none out."""
    return Selected(tuple(cases))


@dataclass(frozen=True, slots=True)
class Testing:
    """How a run is made and watched.

    `files` are files and folders as typed; `select` chooses among what they hold. `live`: what is deployed is talked
    to, whatever the files say; `candidate`: copies of what the files say. `affected`: only what pending changes, or
    changes of files since the git revision `since`, concern. Times are in seconds, `timeout` None: no limit of the run
    for a whole conversation; after `max_time` nothing more is begun. `repeat` None: as often as each conversation says;
    `needed` of them must pass, None: all. `fail_fast`: after so many that did not pass nothing more is begun.
    `max_cost` is in US dollars. `offline`: nothing may be sent anywhere but to this machine. `keep_failed`: threads of
    conversations that did not pass are left where they are. `coverage`: it is measured; `min_coverage` is a percentage
    that it must reach. `compare` is `was` or the name of a target: each conversation is held against what its file
    remembers, or against the same on that target; replies no further apart than `distance` count as no difference, and
    with `fail_on_difference` any difference is a failure. `feed` hands out the conversations by their places among
    those that `on_start` was told of; None: all of them, in their order.
    """

    files: tuple[str, ...] = ()
    select: Select = every_one
    jobs: int = 8
    turn_timeout: float = 120.0
    timeout: float | None = None
    allow_code: bool = True
    strict: bool = False
    mode: Mode = "live"
    offline: bool = False
    live: bool = False
    candidate: bool = False
    affected: bool = False
    since: str = "HEAD"
    allow_scripted: bool = False
    no_skips: bool = False
    repeat: int | None = None
    needed: int | None = None
    fail_fast: int | None = None
    max_cost: float | None = None
    max_time: float | None = None
    keep_failed: bool = False
    coverage: bool = False
    min_coverage: float | None = None
    compare: str = ""
    distance: float = DISTANCE
    fail_on_difference: bool = False
    feed: "Feed | None" = None
    on_start: "Callable[[Sequence[Case]], None]" = lambda cases: None
    hear: Hear = nobody
    on_warning: Callable[[str], None] = lambda warning: None
