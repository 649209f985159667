"""The project that a migration writes to: one that is there, or one that begins with it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from asstctl.core.address import Address
from asstctl.core.errors import WrongUsage
from asstctl.core.json_types import Json
from asstctl.core.resource import Live
from asstctl.documents.project_folder import PROJECT_FILE
from asstctl.manifest import Project, Secret
from asstctl.manifest.from_live import key_for
from asstctl.manifest.project_model import PROVIDERS as SETTINGS
from asstctl.manifest.sources import read_sources
from asstctl.providers import PROVIDERS
from asstctl.workspace.migration.saved_objects import ASSISTANT
from asstctl.workspace.workspace import Workspace

WIRE = "assistants-v2"
"""The wire of the targets that can be read."""


def known_settings(provider: str) -> Mapping[str, Json]:
    """What a target of a provider needs; nothing where that cannot be known."""
    env = SETTINGS[provider].key_env
    return {"provider": provider, "api_key": {"env": env}} if env else {}


@dataclass(frozen=True)
class Place:
    """A project. `is_new`: it has no project file yet. `source` is the target that is read, empty for none."""

    workspace: Workspace
    is_new: bool
    source: str = ""

    @classmethod
    def of(cls, workspace: Workspace, source: str, into: Path | None) -> "Place":
        """The one in the folder `into`, or that of the workspace. Raises WrongUsage for a target that is not read."""
        if not source:
            if into is None:
                return cls(workspace, workspace.project.file is None)
            root = into.absolute()
            there = replace(workspace, directory=root, target_name=None)
            return cls(there, not (root / PROJECT_FILE).is_file())
        if into is not None:
            raise WrongUsage(
                "--from goes without --into",
                detail="what is read is a target of the project that is written to",
                hint=f"asstctl -C DIR migrate --from {source}",
            )
        found = replace(workspace, target_name=source)
        if found.capabilities.wire != WIRE:
            raise WrongUsage(
                f"{source} does not speak the wire of the Assistants API",
                hint=f"to begin with what it holds: {found.info.command('pull --all')}",
            )
        return cls(found, is_new=False, source=source)

    @cached_property
    def project(self) -> Project:
        """The project as it is."""
        return Project(self.workspace.directory.resolve()) if self.is_new else self.workspace.project

    @property
    def root(self) -> Path:
        """Its folder."""
        return self.project.root

    @cached_property
    def secrets(self) -> tuple[Secret, ...]:
        """Those of the project, as it is to be."""
        environ = self.workspace.environ
        keys = (Secret(env, environ[env]) for one in SETTINGS.values() if environ.get(env := one.key_env))
        return (*self.project.secrets, *keys)

    @cached_property
    def addresses(self) -> frozenset[Address]:
        """What is declared already."""
        return frozenset(read_sources(self.project).by_address)

    @cached_property
    def names(self) -> dict[str, Address]:
        """The assistants of them by name."""
        if self.is_new or self.has_nothing:
            return {}
        declared = (one for one in self.workspace.desired() if one.address.kind == ASSISTANT)
        return {one.name: one.address for one in declared if one.name}

    def declared(self, live: Live) -> Address | None:
        """What is declared of an assistant already: by its name, or by the key that one without a name gets."""
        if live.name:
            return self.names.get(live.name)
        address = Address(ASSISTANT, key_for("", live.id, (), ASSISTANT))
        return address if address in self.addresses else None

    @cached_property
    def has_nothing(self) -> bool:
        """Whether nothing is declared yet."""
        sources = read_sources(self.project)
        return not sources.manifests.every and not sources.manifests.changes

    @property
    def without_ids(self) -> tuple[str, ...]:
        """The targets that live in this process, and so know no id of an account."""
        targets = self.project.targets.values()
        return tuple(one.name for one in targets if PROVIDERS[one.provider].embedded and one.name != self.source)
