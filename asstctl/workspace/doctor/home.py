"""Home: what the checks of a project look at: its folder, and its files as far as they can be read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from asstctl.core.diagnostic import Validation, has_errors
from asstctl.core.errors import AsstctlError
from asstctl.core.json_types import EMPTY
from asstctl.documents.paths import OUR_FOLDER
from asstctl.manifest import Loaded, Project
from asstctl.workspace.workspace import Workspace


@dataclass(frozen=True)
class Home:
    """`project` is None where its file says too little, `loaded` where there is nothing to load: `nothing` says why
    then. `options` says of each variable of the environment that the command line reads which option it sets.
    """

    workspace: Workspace
    root: Path
    project: Project | None
    loaded: Loaded | None
    validation: Validation
    nothing: AsstctlError | None = None
    options: Mapping[str, str] = field(default_factory=lambda: EMPTY)

    @property
    def folder(self) -> Path:
        """Where we keep what is ours."""
        return self.root / OUR_FOLDER

    @cached_property
    def is_sound(self) -> bool:
        """Whether the project file can be relied on: what is wrong with it may concern what targets mean."""
        return self.project is not None and not has_errors(self.project.diagnostics)
