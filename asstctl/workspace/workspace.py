"""Workspace: one project, one target, and what a command needs of both.

It joins the files (`manifest`), the provider (`providers`) and the settings of one run. The use cases
beside it do the work.
"""

import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from asstctl.core.address import Address
from asstctl.core.allowed import NAMES, check_key_host, how_to_read
from asstctl.core.capabilities import Capabilities
from asstctl.core.decisions import NONE, Decisions
from asstctl.core.diagnostic import has_errors, in_reading_order
from asstctl.core.errors import InvalidInput, Refused, WrongUsage
from asstctl.core.json_types import EMPTY, Json
from asstctl.core.plan import TargetInfo
from asstctl.core.ports import Observer, Provider
from asstctl.core.resource import Desired
from asstctl.core.suggest import did_you_mean
from asstctl.core.tracing import UNTRACED, Tracer
from asstctl.documents.paths import OUR_FOLDER
from asstctl.manifest import Loaded, Project, Target, load, open_project
from asstctl.manifest.model_lint import vendor_of
from asstctl.providers import PROVIDERS, capabilities, normal, opener, settings_of
from asstctl.providers.settings import Configured, Settings
from asstctl.workspace.our_folder import check_our_folder


def utc_now() -> datetime:
    """The time of day."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Workspace:
    """What one command works on. `directory` is where the project file is looked for, upwards.

    `tolerant`: errors in the project file are among those of `loaded`, as far as manifests can be read in spite
    of them; for use cases that only look at files. `folder`: what was typed after -C, for commands to type.
    `values` are variables that a program gives by value, before those that are typed. `decided` are decisions of this
    command, before those of the files. `environment_of`: which variable of the environment gave `--var` or
    `--var-file`, where one did. `in_memory`: a target in this process begins empty and leaves nothing, whatever its own
    file holds; `copied`: what its file holds is there, in a copy that leaves nothing either. `now` is the clock
    of what depends on the day.
    """

    directory: Path
    target_name: str | None = None
    variables: tuple[str, ...] = ()
    var_files: tuple[Path, ...] = ()
    values: Mapping[str, Json] = field(default_factory=lambda: EMPTY)
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    observer: Observer | None = None
    environment_of: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    folder: str = ""
    tolerant: bool = False
    decided: Decisions = NONE
    in_memory: bool = False
    copied: bool = False
    now: Callable[[], datetime] = utc_now
    tracer: Tracer = UNTRACED

    @cached_property
    def project(self) -> Project:
        """The project file, checked. Raises InvalidInput."""
        return open_project(self.directory, self.environ, tolerant=self.tolerant)

    @cached_property
    def target(self) -> Target:
        """The target that the command means. Raises WrongUsage for a name that is not in the project file."""
        name = self.target_name or self.project.default_target
        if name not in self.project.targets:
            hint = did_you_mean(name, sorted(self.project.targets))
            raise WrongUsage(f"there is no target {name!r}", hint=hint)
        return self.project.targets[name]

    @cached_property
    def loaded(self) -> Loaded:
        """The files, as they stand: desired resources, conversations and all diagnostics."""
        loaded = self.load([self.target.name])
        return replace(loaded, decisions=loaded.decisions.under(self.decided)) if self.decided != NONE else loaded

    def load(self, limits_of: Iterable[str]) -> Loaded:
        """What the files mean on the target, held against the limits of these targets.

        Raises Refused where there is neither a project file nor anything declared: a wrong folder.
        """
        loaded = load(
            self.project,
            self.target.name,
            variables=self.variables,
            var_files=self.var_files,
            values=self.values,
            environment_of=self.environment_of,
            names_in=self._variable_names,
            capabilities={name: capabilities(self.project.targets[name].provider) for name in limits_of},
        )
        if self.project.file is None and not loaded.files and not loaded.conversations:
            raise Refused(
                "there is no project here",
                detail=f"no asstctl.yaml in {self.directory} or above it, and nothing under assistants/",
                hint="start one with asstctl init, or name its folder: asstctl -C DIR ...",
            )
        return self._as_on_wire(loaded)

    def _as_on_wire(self, loaded: Loaded) -> Loaded:
        """The same, with what is desired in the form in which the target's wire gives it back."""
        brought = normal(self.target.provider)
        if brought is None:
            return loaded
        desired = tuple(replace(one, fields=brought(one.address.kind, one.fields)) for one in loaded.desired)
        return replace(loaded, desired=desired)

    def _variable_names(self, conversations: Sequence[Path], stub_files: Sequence[Path]) -> Collection[str] | None:
        from asstctl.conversation.reading.variable_names import variable_names

        return variable_names((*conversations, *stub_files), self.project.root)

    @property
    def capabilities(self) -> Capabilities:
        """What the target's provider can hold."""
        return capabilities(self.target.provider)

    def desired(self) -> tuple[Desired, ...]:
        """The desired resources. Raises InvalidInput if anything is wrong with the files."""
        if has_errors(self.loaded.diagnostics):
            raise InvalidInput(in_reading_order(self.loaded.diagnostics))
        return self.loaded.desired

    def with_dependencies(self, addresses: frozenset[Address]) -> frozenset[Address]:
        """The addresses and all that they depend on."""
        depends = {one.address: one.depends_on for one in self.desired()}
        found: set[Address] = set()
        pending = list(addresses)
        while pending:
            address = pending.pop()
            if address not in found:
                found.add(address)
                pending.extend(depends.get(address, ()))
        return frozenset(found)

    def open(self) -> Provider:
        """The target's provider: an async context manager. Raises Refused for what no request may be sent for."""
        target = self.target
        check_our_folder(self.project.root)
        self.check_credentials()
        return opener(target.provider)(self.settings, observer=self.observer, tracer=self.tracer)

    def check_credentials(self) -> None:
        """Raises Refused where a secret of the target is not set, or must not go to its address from here."""
        target = self.target
        if target.api_key_env and target.api_key is None:
            raise self._not_set(target.api_key_env, "its key")
        for header, env in target.unset_headers.items():
            raise self._not_set(env, f"the header {header}")
        self.check_key_host()

    def check_key_host(self) -> None:
        """Raises Refused where this is CI and the target's key must not go to where the target's file says."""
        if url := self.settings.guarded_url:
            check_key_host(url, self.environ, own=self.settings.own_url)

    def _not_set(self, env: str, what: str) -> Refused:
        if env in self.project.withheld:
            return Refused(
                f"{env} counts as not set",
                detail=f"target {self.target.name} takes {what} from it, and {NAMES} does not name it",
                hint=how_to_read(env),
            )
        return Refused(
            f"{env} is not set",
            detail=f"target {self.target.name} takes {what} from this environment variable",
            hint=f"export {env}=...",
        )

    @property
    def settings(self) -> Settings:
        """What the target's provider is opened with."""
        target = self.target
        configured = Configured(
            ":memory:" if self.in_memory else self.database,
            target.base_url or "",
            target.api_key.reveal() if target.api_key else None,
            target.replies,
            target.timeout,
            target.list_lag,
            target.passthrough_url,
            target.dialect,
            target.auth,
            {name: secret.reveal() for name, secret in target.headers.items()},
            self.copied,
        )
        return settings_of(target.provider, configured)

    @property
    def url(self) -> str:
        """The address of the target's server, or nothing where it lives in this process."""
        return self.target.base_url or self.settings.own_url

    @property
    def vendors(self) -> Mapping[str, str]:
        """By target, who hosts it, where the models there end on a day."""
        nowhere = Configured(":memory:")
        return {
            name: vendor_of(target, settings_of(target.provider, nowhere).own_url)
            for name, target in self.project.targets.items()
        }

    @property
    def is_embedded(self) -> bool:
        """Whether the target lives in this process, so that its files are what is tested."""
        return PROVIDERS[self.target.provider].embedded

    @property
    def database(self) -> Path:
        """The file of a local target."""
        return self.project.root / OUR_FOLDER / f"{self.target.name}.db"

    @property
    def info(self) -> TargetInfo:
        """What is said of the target. It needs no open provider."""
        target = self.target
        return TargetInfo(
            target.name,
            target.provider,
            self.capabilities.wire,
            self.settings.place,
            self.project.name,
            local=self.is_embedded,
            default=target.name == self.project.default_target,
            folder=self.folder,
            url=target.base_url or self.settings.own_url,
            dialect=self.settings.dialect_name,
            terms=self.settings.terms,
        )
