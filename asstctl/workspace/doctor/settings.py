"""The configuration as it is in force: each setting with its value and where that came from, and never a secret.

What a secret is read from is said, and whether that is set. The same holds of what may be one: what looks like a key,
what stands under a name that says so, and an address with a password in it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from asstctl.core import trace_wish
from asstctl.core.allowed import HOSTS, NAMES, in_ci
from asstctl.core.base_url import broken_rule
from asstctl.core.hidden import Hidden, looks_secret
from asstctl.core.json_text import json_text
from asstctl.core.json_types import Json
from asstctl.core.origin import Origin, Setting, Source
from asstctl.core.suggest import shortened
from asstctl.documents.project_folder import DEFAULT_CONVERSATIONS, DEFAULT_MANIFESTS
from asstctl.documents.yaml import Path as Place
from asstctl.engine.planning.policy import MAX_DELETES
from asstctl.manifest import Loaded, Project
from asstctl.manifest.project import DEFAULT_TIMEOUT
from asstctl.manifest.project_model import EVERY_TARGET, PROVIDERS
from asstctl.manifest.secrets import SHORTEST
from asstctl.manifest.variables import Saying
from asstctl.workspace.workspace import Workspace

PREFIX = "ASSTCTL_"

KEYS_GO, FILES_READ = "keys may go to", "files may read"

NO_OPTIONS: Mapping[str, str] = {
    HOSTS: KEYS_GO,
    NAMES: FILES_READ,
    trace_wish.SWITCH: "traces are sent",
    trace_wish.HOSTS: "hosts told of traces",
}
"""What those variables set that are no option's."""

_SHOWN = 60
"""Characters of a value."""

_SET, _NOT_SET = "set", "not set"
_HOLDS_OTHERS = f"{PREFIX}VAR"
"""The one whose text holds values of something else."""

_DEFAULT = Origin(Source.DEFAULT)


def of_project(workspace: Workspace, options: Mapping[str, str]) -> tuple[Setting, ...]:
    """Those of the project file that no target has, and those of the environment. `options` says what each variable of
    the environment sets that is read."""
    return (*_Configuration(workspace).project_wide(), *of_environment(workspace.environ, options, Masks(workspace)))


def of_target(workspace: Workspace, loaded: Loaded | None) -> tuple[Setting, ...]:
    """Those of the workspace's target, and the variables that its templates see."""
    configuration = _Configuration(workspace)
    return (*configuration.target(), *(configuration.variables(loaded) if loaded else ()))


def of_environment(environ: Mapping[str, str], options: Mapping[str, str], masks: "Masks") -> Iterator[Setting]:
    """Every variable of ours that is set and that something reads; and what may be sent and read where none says so."""
    for name in sorted(environ.keys() & options.keys()):
        secret = name == _HOLDS_OTHERS
        value, masked = (_SET, True) if secret else masks.shown(name, environ[name])
        yield Setting(options[name], value, Origin(Source.ENVIRONMENT, name), is_secret=masked)
    if HOSTS not in environ:
        ci = in_ci(environ)
        where = "this machine and built-in addresses" if ci else "the address of any target"
        yield Setting(KEYS_GO, where, Origin(Source.DEFAULT, "CI" if ci else ""))
    if NAMES not in environ:
        yield Setting(FILES_READ, "every variable that they name", _DEFAULT)


def odd_names(environ: Iterable[str], known: Iterable[str], ids: Iterable[str]) -> tuple[str, ...]:
    """Variables with our prefix that nothing reads. `ids` are those in which applications are given the ids."""
    expected = {*known, *ids}
    return tuple(sorted(name for name in environ if name.startswith(PREFIX) and name not in expected))


class Masks:
    """What of a value may be shown."""

    def __init__(self, workspace: Workspace) -> None:
        from asstctl.conversation.tapes.secrets import Sieve
        from asstctl.workspace.conversations.tapes import secret_values

        named = (value for name, value in workspace.environ.items() if looks_secret(name))
        secrets = {*secret_values(workspace), *named}
        self._sieve = Sieve(secrets)
        self._hidden = Hidden(*(one for one in secrets if len(one) >= SHORTEST))

    def shown(self, name: str, value: Json) -> tuple[str, bool]:
        """A value as a text of one line, and whether it is a secret, of which it is said only that it is set."""
        text = _text(value)
        rule = broken_rule(text, has_key=False) if "://" in text else None
        if looks_secret(name) or (rule is not None and rule.secret) or self._sieve.leaks([text]):
            return (_SET if text else _NOT_SET), True
        return shortened(" ".join(self._hidden.out_of(text).split()), _SHOWN), False


class _Configuration:
    """The settings of a project file."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._project: Project = workspace.project
        self._masks = Masks(workspace)

    def project_wide(self) -> Iterator[Setting]:
        """Those that no target has."""
        project = self._project
        yield self._setting("project", project.name, ("project",))
        yield self._setting("default_target", project.default_target, ("default_target",))
        yield self._setting("manifests", list(project.manifests or DEFAULT_MANIFESTS), ("manifests",))
        held = DEFAULT_CONVERSATIONS if project.conversations is None else project.conversations
        yield self._setting("conversations", list(held), ("conversations",))
        for part in ("defaults", "test"):
            if (written := self._written((part,))) is not None:
                yield from self._flat(part, written, (part,))

    def target(self) -> Iterator[Setting]:
        """All that the target's provider takes, written or by default."""
        target = self._workspace.target
        at: Place = ("targets", target.name)
        yield self._setting("provider", target.provider, (*at, "provider"))
        defaults = self._defaults()
        for name in dict.fromkeys((*PROVIDERS[target.provider].takes, *EVERY_TARGET)):
            if name in {"provider", "vars"}:
                continue
            written = self._written((*at, name))
            if written is not None:
                yield from self._flat(name, written, (*at, name))
            elif name in defaults:
                yield defaults[name]

    def variables(self, loaded: Loaded) -> Iterator[Setting]:
        """What templates of the target see, and the names of secrets that they do not."""
        variables, environment = loaded.variables, self._project.environment
        for name in dict.fromkeys(name for saying in variables.sayings for name in saying.values):
            said = [one for one in variables.sayings if name in one.values]
            envs = [_environment_name(one.values[name]) for one in said]
            origins = [_origin_of(one, name, env) for one, env in zip(said, envs, strict=True)]
            if name in variables.secret:
                value, masked = (_SET if any(env in environment for env in envs) else _NOT_SET), True
            elif name in variables.unset:
                value, masked = _NOT_SET, False
            else:
                value, masked = self._masks.shown(name, variables.values.get(name))
            yield Setting(f"vars.{name}", value, origins[0], tuple(origins[1:]), is_secret=masked)

    def _defaults(self) -> Mapping[str, Setting]:
        """What holds of a target where its file says nothing."""
        workspace = self._workspace
        provider, settings = workspace.target.provider, workspace.settings
        own = Origin(Source.DEFAULT, provider)
        found = {
            "limits": Setting("limits.max_deletes", str(MAX_DELETES), _DEFAULT),
            "timeout": Setting("timeout", f"{DEFAULT_TIMEOUT:g}", _DEFAULT),
            "own": Setting("own", "declared", _DEFAULT),
            "list_lag": Setting("list_lag", f"{workspace.capabilities.list_lag:g}", own),
        }
        if workspace.is_embedded:
            found["replies"] = Setting("replies", "echo", _DEFAULT)
        if settings.own_url:
            found["base_url"] = Setting("base_url", settings.own_url, own)
        if settings.dialect_name:
            found["dialect"] = Setting("dialect", settings.dialect_name, own)
        return found

    def _flat(self, name: str, value: Json, place: Place) -> Iterator[Setting]:
        if env := _environment_name(value):
            held = _SET if env in self._project.environment else _NOT_SET
            yield Setting(name, held, Origin(Source.ENVIRONMENT, env, self._origin(place).where), is_secret=True)
        elif isinstance(value, Mapping):
            for key, item in value.items():
                yield from self._flat(f"{name}.{key}", item, (*place, key))
        else:
            yield self._setting(name, value, place)

    def _setting(self, name: str, value: Json, place: Place) -> Setting:
        """One that is written at this place, or has its default."""
        shown, masked = self._masks.shown(name, value)
        return Setting(name, shown, self._origin(place), is_secret=masked)

    def _written(self, place: Place) -> Json:
        value: Any = self._project.document.value if self._project.document else None
        for step in place:
            value = value.get(step) if isinstance(value, Mapping) else None
        found: Json = value
        return found

    def _origin(self, place: Place) -> Origin:
        if self._written(place) is None or self._project.document is None:
            return _DEFAULT
        where = self._project.document.where(place, key=True)
        if place[0] == "targets":
            return Origin(Source.TARGET, str(place[1]), where)
        return Origin(Source.PROJECT, "", where)


def _origin_of(saying: Saying, name: str, env: str) -> Origin:
    where = saying.place(name)
    return Origin(Source.ENVIRONMENT, env, where) if env else Origin(saying.source, saying.name, where)


def _environment_name(value: Json) -> str:
    """The variable of the environment that a file takes a value from, or nothing."""
    env = value.get("env") if isinstance(value, Mapping) else None
    return env if isinstance(env, str) else ""


def _text(value: Json) -> str:
    if isinstance(value, str):
        return value
    return ", ".join(map(_text, value)) if isinstance(value, Sequence) else json_text(value)
