"""Targets and judges, and what belongs to them: provider settings, keys, replies, names in the environment.

Which names in the environment are secret is settled here; where a key may go, in `core.base_url`.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from asstctl.core.allowed import NAMES, how_to_read
from asstctl.core.base_url import broken_rule, is_loopback
from asstctl.core.capabilities import Way
from asstctl.core.diagnostic import Diagnostic, error, warning
from asstctl.core.hidden import looks_secret
from asstctl.core.loss import Accepted
from asstctl.core.ports import Replies
from asstctl.core.price import Price
from asstctl.core.suggest import did_you_mean
from asstctl.documents.paths import PathRefused, inside, is_file
from asstctl.documents.project_folder import PROJECT_FILE
from asstctl.documents.yaml import Document
from asstctl.documents.yaml import Path as Place
from asstctl.manifest.project import (
    DEFAULT_TIMEOUT,
    LOCAL,
    JudgeTarget,
    Project,
    Target,
    TestSettings,
)
from asstctl.manifest.project_model import (
    EVERY_TARGET,
    PROVIDERS,
    Chat,
    ChatSettings,
    FromEnvironment,
    JudgeModel,
    ProjectModel,
    Script,
    StandIn,
    TargetModel,
)
from asstctl.manifest.secrets import Secret


def read_targets(
    model: ProjectModel,
    document: Document,
    root: Path,
    environ: Mapping[str, str],
    dropped: Collection[Place] = (),
    withheld: Collection[str] = (),
) -> tuple[Project, tuple[Diagnostic, ...]]:
    """The project that a checked model means, and what is wrong with it beyond its shape.

    `dropped` are paths of the file that are in neither model nor document, because of what is wrong with them;
    `withheld` are names that are set, although they are not in `environ`.
    """
    reader = _Reader(model, document, root, environ, dropped)
    targets = {name: reader.target(name, target) for name, target in model.targets.items()}
    targets.setdefault(LOCAL, Target(LOCAL, LOCAL))
    reader.default_target(targets)
    reader.project_name()
    reader.variables()
    reader.test_environment()
    judges = {name: reader.judge(name, judge) for name, judge in model.test.judges.items()}
    prices = {name: Price(price.input, price.output) for name, price in model.test.prices.items()}
    kept = reader.withheld(withheld)
    project = Project(
        root=root,
        name=model.project or LOCAL,
        default_target=model.default_target if model.default_target in targets else LOCAL,
        targets=targets,
        manifests=model.manifests,
        conversations=model.conversations,
        vars=_raw(document, ("vars",)),
        defaults={str(kind): fields for kind, fields in model.defaults.items()},
        test=TestSettings(model.test.use, model.test.env, judges, prices),
        file=root / PROJECT_FILE,
        document=document,
        environment={name: environ[name] for name in reader.named() if name in environ},
        secret_names=reader.secret_names(),
        withheld=kept,
    )
    return project, tuple(reader.diagnostics)


def _sends_secrets(model: TargetModel) -> bool:
    return model.api_key is not None or model.auth == "entra" or bool(model.headers)


def _accepted(said: str | StandIn) -> Accepted | None:
    if isinstance(said, StandIn):
        return Accepted(Way.FUNCTION, said.function)
    return None if said == "error" else Accepted(Way(said))


def _is_away(model: TargetModel) -> bool:
    """Whether a target's server is not on this machine, as far as its address says."""
    host = urlsplit(model.base_url or "").hostname
    return host is None or not is_loopback(host)


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.lower()


def _raw(document: Document, path: Place) -> Mapping[str, Any]:
    value: Any = document.value
    for step in path:
        value = value.get(step) or {}
    return dict(value)


@dataclass
class _Reader:
    model: ProjectModel
    document: Document
    root: Path
    environ: Mapping[str, str]
    dropped: Collection[Place]

    def __post_init__(self) -> None:
        self.diagnostics: list[Diagnostic] = []

    def refuse(self, code: str, summary: str, place: Place, hint: str, *, key: bool = False) -> None:
        self.diagnostics.append(error(code, summary, self.document.where(place, key=key), hint=hint))

    def target(self, name: str, model: TargetModel) -> Target:
        place: Place = ("targets", name)
        settings = PROVIDERS.get(model.provider)
        if settings is None:
            hint = did_you_mean(model.provider, PROVIDERS)
            summary = f"there is no provider `{model.provider}`"
            self.refuse("unknown-provider", summary, (*place, "provider"), hint)
            return Target(name, LOCAL, vars=_raw(self.document, (*place, "vars")))
        written = _raw(self.document, place)
        known = (*EVERY_TARGET, *settings.takes)
        for key in written:
            if key not in known:
                summary = f"`{key}` is not a setting of provider `{model.provider}`"
                self.refuse("unknown-key", summary, (*place, key), did_you_mean(key, known), key=True)
        for key in settings.needs:
            if written.get(key) is None and (*place, key) not in self.dropped:
                summary = f"target `{name}` has no `{key}`"
                self.refuse("missing-key", summary, place, f"add `{key}:`", key=True)
        if settings.key_env and model.api_key is None and (*place, "api_key") not in self.dropped and _is_away(model):
            summary = f"target `{name}` has no `api_key`, and nothing is for callers without one there"
            self.refuse("missing-key", summary, place, f"add `api_key: {{env: {settings.key_env}}}`", key=True)
        if model.base_url is not None and "base_url" in known:
            self.url(model.base_url, (*place, "base_url"), has_key=_sends_secrets(model))
            self.dialect(model, place)
        return Target(
            name=name,
            provider=model.provider,
            base_url=model.base_url.rstrip("/") if model.base_url else None,
            api_key=self.secret(model.api_key.env) if model.api_key else None,
            api_key_env=model.api_key.env if model.api_key else None,
            replies=self.replies(model, place),
            vars=_raw(self.document, (*place, "vars")),
            max_deletes=model.limits.max_deletes,
            timeout=model.timeout or DEFAULT_TIMEOUT,
            own_all=model.own == "all",
            list_lag=model.list_lag,
            passthrough_url=(model.passthrough_url or "").rstrip("/"),
            dialect=model.dialect or "",
            auth=model.auth or "",
            headers={name: secret for name, key in model.headers.items() if (secret := self.secret(key.env))},
            unset_headers={name: key.env for name, key in model.headers.items() if not self.secret(key.env)},
            accepts={path: _accepted(said) for path, said in model.on_unsupported.items()},
            credentials=dict(model.credentials),
        )

    def dialect(self, model: TargetModel, place: Place) -> None:
        """Settings of a server that go together, or do not."""
        through, spoken = (*place, "passthrough_url"), (*place, "dialect")
        if model.passthrough_url is not None:
            self.url(model.passthrough_url, through, has_key=_sends_secrets(model))
            if _origin(model.passthrough_url) != _origin(model.base_url or ""):
                summary = "`passthrough_url` is not on the server of `base_url`"
                self.refuse("bad-url", summary, through, "they are two paths of one proxy; both get its key")
            if model.dialect not in (None, "litellm"):
                self.refuse("clash", "only LiteLLM has a `passthrough_url`", through, "remove it, or `dialect`")
        elif model.dialect == "litellm" and through not in self.dropped:
            summary = "LiteLLM needs a `passthrough_url`: its own routes can neither read nor update one assistant"
            self.refuse("missing-key", summary, spoken, "add `passthrough_url: http://HOST:PORT/openai`")
        if model.auth == "entra" and model.api_key is not None:
            self.refuse("clash", "`auth: entra` draws a token of its own", (*place, "auth"), "remove it, or `api_key`")
        if model.auth == "key" and model.api_key is None and (*place, "api_key") not in self.dropped:
            self.refuse("missing-key", "`auth: key` needs an `api_key`", (*place, "auth"), "add `api_key: {env: NAME}`")

    def judge(self, name: str, model: JudgeModel) -> JudgeTarget:
        place: Place = ("test", "judges", name)
        self.url(model.base_url, (*place, "base_url"), has_key=model.api_key is not None)
        if not model.model and not model.embedding_model:
            summary = f"judge `{name}` has no model"
            hint = "add `model:` for `rubric`, `embedding_model:` for `similar`, or both"
            self.refuse("missing-key", summary, place, hint, key=True)
        return JudgeTarget(
            name=name,
            base_url=model.base_url.rstrip("/"),
            api_key=self.secret(model.api_key.env) if model.api_key else None,
            api_key_env=model.api_key.env if model.api_key else None,
            model=model.model or "",
            embedding_model=model.embedding_model or "",
            timeout=model.timeout or DEFAULT_TIMEOUT,
        )

    def secret(self, env: str) -> Secret | None:
        return Secret(env, self.environ[env]) if self.environ.get(env) else None

    def url(self, url: str, place: Place, *, has_key: bool) -> None:
        if broken := broken_rule(url, has_key=has_key):
            where = self.document.where(place)
            # A message that shows the line would put the secret into a log.
            shown = replace(where, text="") if broken.secret else where
            self.diagnostics.append(error(broken.code, broken.summary, shown, hint=broken.hint))

    def replies(self, model: TargetModel, place: Place) -> Replies:
        if isinstance(model.replies, Script):
            path = self.file(model.replies.script, (*place, "replies", "script"))
            return {"script": path} if path else "echo"
        if isinstance(model.replies, Chat):
            return self.chat(model.replies.chat, (*place, "replies", "chat"))
        return "echo"

    def chat(self, chat: ChatSettings, place: Place) -> Replies:
        self.url(chat.base_url, (*place, "base_url"), has_key=chat.api_key is not None)
        key = self.secret(chat.api_key.env) if chat.api_key else None
        settings: dict[str, Any] = {"base_url": chat.base_url.rstrip("/"), "models": chat.models}
        return {"chat": settings | ({"api_key": key.reveal()} if key else {})}

    def file(self, written: str, place: Place) -> str:
        """The path of a file of the project, or nothing where none can be read."""
        try:
            path = inside(self.root, self.root, written)
        except PathRefused as refused:
            self.diagnostics.append(refused.at(self.document.where(place)))
            return ""
        if not is_file(path):
            self.refuse("missing-file", f"`{written}` does not exist", place, "paths start at the project's folder")
            return ""
        return str(path)

    def default_target(self, targets: Mapping[str, Target]) -> None:
        name = self.model.default_target
        if name not in targets and ("targets", name) not in self.dropped and ("targets",) not in self.dropped:
            self.refuse(
                "unknown-target", f"there is no target `{name}`", ("default_target",), did_you_mean(name, targets)
            )

    def project_name(self) -> None:
        hosted = next(
            (name for name, one in self.model.targets.items() if one.provider in PROVIDERS.keys() - {LOCAL}), None
        )
        if self.model.project is None and hosted is not None and ("project",) not in self.dropped:
            summary = f"target `{hosted}` is not local, and the file has no `project`"
            hint = "add `project: NAME`: it says which objects on the provider are yours"
            self.refuse("missing-key", summary, ("targets", hosted), hint, key=True)

    def variables(self) -> None:
        for place, variable in self._from_environment():
            if looks_secret(variable.env) and not variable.secret:
                summary = f"`{variable.env}` looks like a secret"
                self.refuse("secret-not-declared", summary, (*place, "env"), "add `secret: true`")

    def test_environment(self) -> None:
        """Code under test may not be given what is secret: its output is printed."""
        for number, name in enumerate(self.model.test.env):
            if name in self.secret_names():
                summary = f"`{name}` is a secret, and code under test must not see secrets"
                self.refuse("secret-in-test", summary, ("test", "env", number), "give it a variable of its own")

    def withheld(self, names: Collection[str]) -> frozenset[str]:
        """Of these names, those that the file uses; each is said, or its user would look for it in vain."""
        used: dict[str, Place] = {}
        places = [*((place, one.env) for place, one in self._from_environment()), *self._keys()]
        places += [(("test", "env", number), name) for number, name in enumerate(self.model.test.env)]
        for place, name in places:
            if name in names:
                used.setdefault(name, place)
        for name, place in used.items():
            summary = f"`{name}` counts as not set: {NAMES} does not name it"
            where = self.document.where(place)
            self.diagnostics.append(warning("withheld-variable", summary, where, hint=how_to_read(name)))
        return frozenset(used)

    def secret_names(self) -> frozenset[str]:
        """Names that any key or secret variable uses: secret wherever they are named."""
        variables = [variable for _, variable in self._from_environment()]
        secret = {one.env for one in variables if one.secret or looks_secret(one.env)}
        return frozenset(secret | {env for _, env in self._keys()})

    def named(self) -> frozenset[str]:
        """Every name in the environment that the file names; no other is read."""
        return frozenset({variable.env for _, variable in self._from_environment()} | {env for _, env in self._keys()})

    def _from_environment(self) -> Iterator[tuple[Place, FromEnvironment]]:
        scopes: list[tuple[Place, Mapping[str, Any]]] = [(("vars",), self.model.vars)]
        scopes += [(("targets", name, "vars"), target.vars) for name, target in self.model.targets.items()]
        for place, variables in scopes:
            for name, value in variables.items():
                if isinstance(value, FromEnvironment):
                    yield (*place, name), value

    def _keys(self) -> Iterator[tuple[Place, str]]:
        for name, target in self.model.targets.items():
            place: Place = ("targets", name)
            if target.api_key:
                yield (*place, "api_key"), target.api_key.env
            yield from (((*place, "headers", header), key.env) for header, key in target.headers.items())
            if isinstance(target.replies, Chat) and target.replies.chat.api_key:
                yield (*place, "replies", "chat", "api_key"), target.replies.chat.api_key.env
        for name, judge in self.model.test.judges.items():
            if judge.api_key:
                yield ("test", "judges", name, "api_key"), judge.api_key.env
