"""The project: what `asstctl.yaml` says, checked, and where it is found.

Without a project file there is one target, `local`, and discovery looks where it always does. A key that
lies in the environment chooses nothing: the target is `default_target` unless a command names another.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from asstctl.core.diagnostic import Diagnostic, Where, has_errors, in_reading_order
from asstctl.core.errors import InvalidInput
from asstctl.core.json_types import Json
from asstctl.documents.models import check
from asstctl.documents.source import read_text
from asstctl.documents.yaml import Document, parse_one
from asstctl.manifest.project_model import ProjectModel
from asstctl.manifest.secrets import Secret

PROJECT_FILE = "asstctl.yaml"
LOCAL = "local"
DEFAULT_MANIFESTS = ("assistants/**/*.yaml", "assistants/**/*.md")
DEFAULT_CONVERSATIONS = ("assistants/**/*.convo.yaml",)
DEFAULT_TIMEOUT = 30.0

Replies = Literal["echo"] | Mapping[str, Any]


@dataclass(frozen=True)
class Target:
    """A configured provider. `api_key` is None when there is none, or `api_key_env` is not set.

    `replies` is `echo`, `{"script": PATH}` or `{"chat": {...}}` with the key in it, and so is not printed.
    `max_deletes` is None where the file says nothing. `vars` are still as written.
    """

    name: str
    provider: str
    base_url: str | None = None
    api_key: Secret | None = None
    api_key_env: str | None = None
    replies: Replies = field(default="echo", repr=False)
    vars: Mapping[str, Json] = field(default_factory=dict)
    max_deletes: int | None = None
    on_unsupported: Mapping[str, str] = field(default_factory=dict)
    timeout: float = DEFAULT_TIMEOUT
    where: Where | None = None


@dataclass(frozen=True)
class TestSettings:
    """`test:`: project-wide stub files, and the environment names that code under test may see."""

    use: tuple[str, ...] = ()
    env: tuple[str, ...] = ()


@dataclass(frozen=True)
class Project:
    """One project. `file` is None when there is no project file; `document` is what it was read from.

    `vars` are as written, `environment` holds the values of the names that the file names, `secret_names` those
    of them that are secret wherever they are named.
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
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """Every secret that is loaded, whatever it is for."""
        return tuple(Secret(name, self.environment[name]) for name in sorted(self.secret_names & set(self.environment)))


def find_project(start: Path) -> Path | None:
    """The folder of the project file, looked for upwards to the repository's root or the home folder."""
    home = Path.home()
    for folder in (start, *start.parents):
        if (folder / PROJECT_FILE).is_file():
            return folder
        if (folder / ".git").exists() or folder == home:
            return None
    return None


def open_project(directory: Path, environ: Mapping[str, str]) -> Project:
    """The project that a folder lies in. Raises InvalidInput with everything wrong with its file."""
    start = directory.resolve()
    root = find_project(start)
    if root is None:
        return Project(start)
    text = read_text(root / PROJECT_FILE, PROJECT_FILE)
    if isinstance(text, Diagnostic):
        raise InvalidInput([text])
    document, diagnostics = parse_one(text, PROJECT_FILE)
    if document is None:
        raise InvalidInput(in_reading_order(diagnostics))
    model, found = check(ProjectModel, document, what="a project")
    diagnostics += found
    if model is None:
        raise InvalidInput(in_reading_order(diagnostics))
    from asstctl.manifest.targets import read_targets  # here, because it makes Targets

    project, found = read_targets(model, document, root, environ)
    diagnostics += found
    if has_errors(diagnostics):
        raise InvalidInput(in_reading_order(diagnostics))
    return project
