"""Settings: what a provider has to know to be opened, as frozen values. They load without httpx2 or an SDK.

The project file, the environment and the command line are for `workspace`, which fills these in.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

Replies = Literal["echo"] | Mapping[str, Any]
"""Where a local assistant's answers come from: `"echo"`, `{"script": PATH}` or `{"chat": {...}}`."""


@dataclass(frozen=True, slots=True)
class AssistantsSettings:
    """A server that speaks the Assistants v2 wire. `timeout`: seconds without a byte before giving up."""

    base_url: str
    api_key: str | None = field(default=None, repr=False)
    timeout: float = 30.0


@dataclass(frozen=True, slots=True)
class LocalSettings:
    """The embedded server over one file, or over memory. `replies` may hold a key, so it is not printed.

    `reply_delay` (seconds before each reply) and `faults` (in the grammar of the emulator's `faults`) are for tests
    and benchmarks.
    """

    database: Path | Literal[":memory:"]
    replies: Replies = field(default="echo", repr=False)
    reply_delay: float = 0.0
    faults: tuple[str, ...] = ()
    timeout: float = 30.0
