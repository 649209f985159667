"""Conduct: how a run of conversations is had, whatever they are and whoever they are with. Plain data."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from asstctl.conversation.case import Repeat
from asstctl.conversation.playing.veil import Veil
from asstctl.core.comparison import Comparing
from asstctl.core.json_types import EMPTY
from asstctl.core.ledger import Ledger, NoLedger
from asstctl.core.price import Price
from asstctl.core.suite import Hear, nobody
from asstctl.core.tracing import UNTRACED, Tracer

Feed = Callable[[], Awaitable[int | None]]
"""Waits for the next conversation that is wanted and gives its place among those of the run; None: no other comes."""


@dataclass(frozen=True, slots=True)
class Conduct:
    """What a run keeps to. `bears` is the metadata by which every thread and store made in it says so.

    Times are in seconds: `turn_timeout` and `timeout` (of one conversation; None: no limit) hold where a conversation
    says nothing itself; after `time_limit` nothing more is begun. `stub_env` is what stubs may see of the environment
    beside PATH, HOME and LANG. `max_cost` is in US dollars, judges included, by `prices`, which go by model.
    `fail_fast`: after so many conversations that did not pass nothing more is begun. `repeat` goes before what
    conversations say; `every_repeat`: all are played, also once the verdict is certain. `compare`: each is had with
    what is deployed too, for the difference alone. `comparing`: each playing is held against what it was, or against
    the same on another target, which is had as `there` says. `keep_failed`: threads of those that did not pass are left
    where they are. `cannot` gives, for what the wire cannot do (words of `core.thread.Need`), the sentence with which a
    conversation that needs it is skipped. `feed` None: all are played, in their order. `veil`: what is told of a
    conversation goes through it, text by text; None: it is told as it is. `tracer` sees each conversation, turn
    and call, with a provider of the name `provider`.
    """

    bears: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    jobs: int = 8
    turn_timeout: float = 120.0
    timeout: float | None = None
    time_limit: float | None = None
    stub_env: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    allow_code: bool = True
    hear: Hear = nobody
    ledger: Ledger = field(default_factory=NoLedger)
    prices: Mapping[str, Price] = field(default_factory=dict)
    max_cost: float | None = None
    fail_fast: int | None = None
    repeat: Repeat | None = None
    every_repeat: bool = False
    compare: bool = False
    comparing: Comparing | None = None
    there: "Conduct | None" = None
    keep_failed: bool = False
    cleanup_timeout: float = 10.0
    cannot: Mapping[str, str] = field(default_factory=dict)
    feed: Feed | None = None
    veil: Veil | None = None
    tracer: Tracer = UNTRACED
    provider: str = ""
