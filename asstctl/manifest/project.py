"""The project and its targets, as frozen values: what `asstctl.yaml` says once it is checked.

Without a project file there is one target, `local`, and discovery looks where it always does. A key that
lies in the environment chooses nothing: the target is `default_target` unless a command names another.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from asstctl.core.diagnostic import Diagnostic
from asstctl.core.json_types import Json
from asstctl.core.loss import Accepted
from asstctl.core.ports import Replies
from asstctl.core.price import Price
from asstctl.documents.yaml import Document
from asstctl.manifest.secrets import Secret

LOCAL = "local"
DEFAULT_TIMEOUT = 30.0


@dataclass(frozen=True)
class Target:
    """A configured provider. `api_key` is None when there is none, or `api_key_env` is not set.

    `dialect`, `auth` and `passthrough_url` are empty where the file says nothing; `headers` holds those whose
    variable is set, `unset_headers` the others with their variables.

    `replies` is `echo`, `{"script": PATH}` or `{"chat": {...}}` with the key in it, and so is not printed.
    `max_deletes` and `list_lag` (seconds) are None where the file says nothing. `vars` are still as written.
    `own_all`: what a manifest does not declare is kept at the provider's default. `accepts` are the losses that the
    target takes knowingly, by their words in `on_unsupported`; None where the file says `error`. `credentials` are ids
    by the names that manifests have for them.
    """

    name: str
    provider: str
    base_url: str | None = None
    api_key: Secret | None = None
    api_key_env: str | None = None
    replies: Replies = field(default="echo", repr=False)
    vars: Mapping[str, Json] = field(default_factory=dict)
    max_deletes: int | None = None
    timeout: float = DEFAULT_TIMEOUT
    own_all: bool = False
    list_lag: float | None = None
    passthrough_url: str = ""
    dialect: str = ""
    auth: str = ""
    headers: Mapping[str, Secret] = field(default_factory=dict)
    unset_headers: Mapping[str, str] = field(default_factory=dict)
    accepts: Mapping[str, Accepted | None] = field(default_factory=dict)
    credentials: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class JudgeTarget:
    """A server whose models judge replies: `model` answers questions, `embedding_model` measures likeness.

    Each is empty where the file says nothing. `api_key` is None when there is none, or `api_key_env` is not set.
    """

    name: str
    base_url: str
    api_key: Secret | None = None
    api_key_env: str | None = None
    model: str = ""
    embedding_model: str = ""
    timeout: float = DEFAULT_TIMEOUT


@dataclass(frozen=True)
class TestSettings:
    """`test:`: project-wide stub files, the environment names that code under test may see, judges, and prices of
    models."""

    use: tuple[str, ...] = ()
    env: tuple[str, ...] = ()
    judges: Mapping[str, JudgeTarget] = field(default_factory=dict)
    prices: Mapping[str, Price] = field(default_factory=dict)


@dataclass(frozen=True)
class Project:
    """One project. `file` is None when there is no project file; `document` is what it was read from.

    `vars` are as written, `environment` holds the values of the names that the file names, `secret_names` those
    of them that are secret wherever they are named, `withheld` those that are set and that ASSTCTL_ALLOW_ENV keeps
    from it; `unread` are the secrets among these, which are known so that nothing shows them. `diagnostics` say what is
    wrong with the file: warnings, and errors in a project that was opened in spite of them.
    """

    root: Path
    name: str = LOCAL
    default_target: str = LOCAL
    targets: Mapping[str, Target] = field(default_factory=lambda: {LOCAL: Target(LOCAL, LOCAL)})
    manifests: tuple[str, ...] | None = None
    conversations: tuple[str, ...] | None = None
    vars: Mapping[str, Json] = field(default_factory=dict)
    defaults: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    test: TestSettings = TestSettings()
    file: Path | None = None
    document: Document | None = field(default=None, repr=False)
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    secret_names: frozenset[str] = frozenset()
    withheld: frozenset[str] = frozenset()
    unread: tuple[Secret, ...] = field(default=(), repr=False)
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """Every secret that the file names and that is set, whatever it is for."""
        names = sorted(self.secret_names & set(self.environment))
        return (*(Secret(name, self.environment[name]) for name in names), *self.unread)
