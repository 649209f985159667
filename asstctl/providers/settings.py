"""Settings: what a provider has to know to be opened, as frozen values. They load without httpx2 or an SDK.

Each says its `place`: what a person calls the other side, known before anything is opened.

The project file, the environment and the command line are for `workspace`, which fills these in.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol, Self
from urllib.parse import urlsplit

from asstctl.core.ports import Replies
from asstctl.documents.paths import shown


@dataclass(frozen=True, slots=True)
class Configured:
    """All that a target may say, and where a provider in this process keeps its data; each takes what is its own."""

    database: Path
    base_url: str = ""
    api_key: str | None = field(default=None, repr=False)
    replies: Replies = field(default="echo", repr=False)
    timeout: float = 30.0
    list_lag: float = 0.0


class Settings(Protocol):
    """What every settings class offers."""

    @classmethod
    def of(cls, configured: Configured) -> Self:
        """Take what is this provider's own."""
        ...

    @property
    def place(self) -> str:
        """What a person calls the other side."""
        ...


@dataclass(frozen=True, slots=True)
class AssistantsSettings:
    """A server that speaks the Assistants v2 wire.

    `timeout`: seconds without a byte before giving up; `list_lag`: seconds for which its listings may still miss
    what was just created.
    """

    base_url: str
    api_key: str | None = field(default=None, repr=False)
    timeout: float = 30.0
    list_lag: float = 0.0

    @classmethod
    def of(cls, configured: Configured) -> Self:
        return cls(configured.base_url, configured.api_key, configured.timeout, configured.list_lag)

    @property
    def place(self) -> str:
        """Host and port, without credentials."""
        return urlsplit(self.base_url).netloc.rpartition("@")[2]


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

    @classmethod
    def of(cls, configured: Configured) -> Self:
        return cls(configured.database, configured.replies, timeout=configured.timeout)

    @property
    def place(self) -> str:
        """The path of the database from here, or that it is in memory."""
        return shown(Path.cwd(), self.database) if isinstance(self.database, Path) else "memory"
