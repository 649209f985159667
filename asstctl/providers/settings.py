"""Settings: what a provider has to know to be opened, as frozen values. They load without httpx2 or an SDK.

Each says its `place`: what a person calls the other side, known before anything is opened.

The project file, the environment and the command line are for `workspace`, which fills these in.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol, Self
from urllib.parse import urlsplit

from asstctl.core.json_types import EMPTY
from asstctl.core.ports import Replies
from asstctl.documents.paths import shown
from asstctl.providers.agents.wire import BASE_URL, DIALECT, LIST_LAG
from asstctl.providers.assistants.dialects import Dialect, dialect_of

ENTRA = "entra"
"""The `auth` of a target whose token comes from the machine's own identity."""


@dataclass(frozen=True, slots=True)
class Configured:
    """All that a target may say, and where a provider in this process keeps its data; each takes what is its own.

    `copied`: what such a provider keeps is looked at in a copy, so that nothing there changes.
    """

    database: Path | Literal[":memory:"]
    base_url: str = ""
    api_key: str | None = field(default=None, repr=False)
    replies: Replies = field(default="echo", repr=False)
    timeout: float = 30.0
    list_lag: float | None = None
    passthrough_url: str = ""
    dialect: str = ""
    auth: str = ""
    headers: Mapping[str, str] = field(default_factory=lambda: EMPTY, repr=False)
    copied: bool = False


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

    @property
    def dialect_name(self) -> str:
        """What people call the dialect that is spoken there, or nothing where that is no question."""
        ...

    @property
    def terms(self) -> str:
        """What holds of all differences there, or nothing where it is what one would expect."""
        ...

    @property
    def guarded_url(self) -> str:
        """The address that a secret of this target goes to, or nothing where none does."""
        ...

    @property
    def own_url(self) -> str:
        """The provider's built-in address, where its key may always go, or nothing where it has none."""
        ...


@dataclass(frozen=True, slots=True)
class AssistantsSettings:
    """A server that speaks the Assistants v2 wire.

    `timeout`: seconds without a byte before giving up; `list_lag`: seconds for which its listings may still miss
    what was just created. `passthrough_url`: where LiteLLM does all but creates; `dialect` (a name of
    `assistants.dialects`), where the target says it; `auth`: `entra` for a token of this machine's identity;
    `headers` are secret and go with every request.
    """

    base_url: str
    api_key: str | None = field(default=None, repr=False)
    timeout: float = 30.0
    list_lag: float = 0.0
    passthrough_url: str = ""
    dialect: str = ""
    auth: str = ""
    headers: Mapping[str, str] = field(default_factory=lambda: EMPTY, repr=False)

    @classmethod
    def of(cls, configured: Configured) -> Self:
        return cls(
            configured.base_url,
            configured.api_key,
            configured.timeout,
            configured.list_lag or 0.0,
            configured.passthrough_url,
            configured.dialect,
            configured.auth,
            configured.headers,
        )

    @property
    def place(self) -> str:
        """Host and port, without credentials."""
        return urlsplit(self.base_url).netloc.rpartition("@")[2]

    @property
    def spoken(self) -> Dialect:
        """How the server is spoken to."""
        return dialect_of(self.base_url, dialect=self.dialect, passthrough_url=self.passthrough_url)

    @property
    def dialect_name(self) -> str:
        """The name of its dialect."""
        return self.spoken.name

    @property
    def terms(self) -> str:
        """What holds of all differences on its dialect."""
        return self.spoken.capabilities.terms

    @property
    def guarded_url(self) -> str:
        """Its address, where a key, a token or a secret header goes there."""
        return self.base_url if self.api_key or self.auth == ENTRA or self.headers else ""

    @property
    def own_url(self) -> str:
        """Nothing: anybody may run such a server."""
        return ""


@dataclass(frozen=True, slots=True)
class OpenAISettings:
    """OpenAI's Agents API, or a server that speaks its wire.

    `timeout`: seconds without a byte before giving up; `list_lag`: seconds for which its listings may still miss
    what was just created.
    """

    base_url: str = BASE_URL
    api_key: str | None = field(default=None, repr=False)
    timeout: float = 30.0
    list_lag: float = LIST_LAG

    @classmethod
    def of(cls, configured: Configured) -> Self:
        lag = configured.list_lag
        return cls(
            configured.base_url or BASE_URL, configured.api_key, configured.timeout, LIST_LAG if lag is None else lag
        )

    @property
    def place(self) -> str:
        """Host and port, without credentials."""
        return urlsplit(self.base_url).netloc.rpartition("@")[2]

    @property
    def dialect_name(self) -> str:
        """What people call the wire."""
        return DIALECT

    @property
    def terms(self) -> str:
        """Nothing beyond what always holds."""
        return ""

    @property
    def guarded_url(self) -> str:
        """Its address, where a key goes there."""
        return self.base_url if self.api_key else ""

    @property
    def own_url(self) -> str:
        """OpenAI's own."""
        return BASE_URL


@dataclass(frozen=True, slots=True)
class LocalSettings:
    """The embedded server over one file, or over memory. `replies` may hold a key, so it is not printed.

    `copied`: it works on a copy of the file. `reply_delay` (seconds before each reply) and `faults` (in the grammar of
    the emulator's `faults`) are for tests and benchmarks.
    """

    database: Path | Literal[":memory:"]
    replies: Replies = field(default="echo", repr=False)
    reply_delay: float = 0.0
    faults: tuple[str, ...] = ()
    timeout: float = 30.0
    copied: bool = False

    @classmethod
    def of(cls, configured: Configured) -> Self:
        return cls(configured.database, configured.replies, timeout=configured.timeout, copied=configured.copied)

    @property
    def place(self) -> str:
        """The path of the database from here, or that it is in memory."""
        return shown(Path.cwd(), self.database) if isinstance(self.database, Path) else "memory"

    @property
    def dialect_name(self) -> str:
        """Nothing: it is always the same."""
        return ""

    @property
    def terms(self) -> str:
        """Nothing beyond what always holds."""
        return ""

    @property
    def guarded_url(self) -> str:
        """The address of a model that answers, where a key goes there."""
        chat = self.replies.get("chat") if isinstance(self.replies, Mapping) else None
        return str(chat["base_url"]) if chat and chat.get("api_key") else ""

    @property
    def own_url(self) -> str:
        """Nothing: a model that answers is another's."""
        return ""


@dataclass(frozen=True, slots=True)
class JudgeSettings:
    """A server whose models judge: `model` answers questions, `embedding_model` makes vectors.

    `name` is what the project file calls it. `timeout`: seconds without a byte before giving up.
    """

    name: str
    base_url: str
    api_key: str | None = field(default=None, repr=False)
    model: str = ""
    embedding_model: str = ""
    timeout: float = 30.0

    @property
    def place(self) -> str:
        """Host and port, without credentials."""
        return urlsplit(self.base_url).netloc.rpartition("@")[2]

    @property
    def guarded_url(self) -> str:
        """Its address, where a key goes there."""
        return self.base_url if self.api_key else ""
