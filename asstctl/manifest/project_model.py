"""What a user writes in `asstctl.yaml`, and which settings each provider takes."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, Tag

from asstctl.core.suggest import did_you_mean, shortened
from asstctl.documents.models import Many, Model, by_shape, problem
from asstctl.kinds.assistant import CREDENTIAL_NAME
from asstctl.kinds.function import FUNCTION_NAME
from asstctl.manifest.kinds import DECLARING

_HEADER = re.compile(r"[a-z0-9][a-z0-9-]{0,99}")
_TAKEN_HEADERS = frozenset(("authorization", "connection", "cookie", "expect", "host", "te", "trailer", "upgrade"))
_TAKEN_PREFIXES = ("accept", "content-", "keep-", "openai-", "proxy-", "sec-", "transfer-", "user-", "x-forwarded-")
_ENVIRONMENT_NAME = re.compile(r"^[A-Za-z_][A-Za-z0-9_]*$")
_NAME_IT = "write `{env: NAME}`, with the name of a variable that holds it"
_TARGET_NAME = re.compile(r"\w[\w.-]{0,59}")
_JUDGE_NAME = re.compile(r"\w[\w-]{0,59}")


@dataclass(frozen=True)
class Settings:
    """The settings of a target that one provider takes and needs, beside those that every target has. `key_env`: away
    from this machine it also needs an `api_key`, which people keep in this variable."""

    takes: tuple[str, ...]
    needs: tuple[str, ...] = ()
    key_env: str = ""


PROVIDERS: Mapping[str, Settings] = {
    "local": Settings(takes=("replies",)),
    "assistants": Settings(
        takes=("base_url", "api_key", "passthrough_url", "dialect", "auth", "headers"), needs=("base_url",)
    ),
    "openai": Settings(takes=("base_url", "api_key", "credentials"), key_env="OPENAI_API_KEY"),
}

EVERY_TARGET = ("provider", "vars", "limits", "timeout", "own", "list_lag", "on_unsupported")


class FromEnvironment(Model):
    """`{env: NAME}`: read from the environment; `secret` keeps it out of manifests."""

    env: str = Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")
    secret: bool = False


def _no_key(value: Any) -> Any:
    if isinstance(value, str):
        raise problem("secret-in-file", "a key is not written into a file", _NAME_IT, secret=True)
    return value


def _environment_name(name: Any) -> Any:
    if isinstance(name, str) and not _ENVIRONMENT_NAME.match(name):
        raise problem("secret-in-file", "a key is not written into a file", _NAME_IT, secret=True)
    return name


class KeyFromEnvironment(Model):
    """`api_key: {env: NAME}`: a key is never written into a file."""

    env: Annotated[str, BeforeValidator(_environment_name)] = Field(pattern=_ENVIRONMENT_NAME.pattern)


Key = Annotated[KeyFromEnvironment, BeforeValidator(_no_key)]


def _variable_name(name: str) -> str:
    if not name.isidentifier():
        raise problem("bad-name", f"`{name}` cannot be named in a template", "use letters, digits and `_`")
    return name


def _target_name(name: str) -> str:
    # It names the target's file in .asstctl/, so it must be no path.
    if not _TARGET_NAME.fullmatch(name):
        raise problem("bad-name", f"`{shortened(name)}` cannot be a target's name", "use letters, digits, `-` and `_`")
    return name


Variable = Annotated[
    Annotated[FromEnvironment, Tag("<env>")] | Annotated[Any, Tag("<value>")],
    by_shape(lambda value: "env" if isinstance(value, Mapping) else "value"),
]
Variables = dict[Annotated[str, AfterValidator(_variable_name)], Variable]


Dialect = Literal["full", "litellm", "foundry", "astra"]
"""The servers that speak the wire of provider `assistants` in a way of their own."""


def _header_name(name: str) -> str:
    lower = name.lower()
    if not _HEADER.fullmatch(lower) or lower in _TAKEN_HEADERS or lower.startswith(_TAKEN_PREFIXES):
        raise problem("bad-name", f"`{shortened(name)}` cannot be a header of yours", "use `api_key` for the key")
    return name


def _with_defaults(kind: str) -> str:
    if kind not in DECLARING:
        hint = did_you_mean(kind, DECLARING)
        raise problem("unknown-value", f"`{shortened(kind)}` is not a key of `defaults`", hint)
    return kind


class StandIn(Model):
    """`{function: NAME}`: the function that stands for what is lost."""

    function: str = Field(pattern=FUNCTION_NAME, max_length=64)


OnUnsupported = Annotated[
    Annotated[Literal["error", "drop", "session"], Tag("<word>")] | Annotated[StandIn, Tag("<function>")],
    by_shape(lambda value: "function" if isinstance(value, Mapping) else "word"),
]
"""One entry of `on_unsupported`; its key, and which of these it takes, is checked where capabilities are known."""


def _credential_name(name: str) -> str:
    if not CREDENTIAL_NAME.fullmatch(name):
        hint = "use letters, digits, `-` and `_`"
        raise problem("bad-name", f"`{shortened(name)}` cannot be the name of a credential", hint)
    return name


CredentialId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,256}$")]
"""The id of a credential that a vault keeps. The secret itself has no place in a file."""


class Limits(Model):
    max_deletes: int | None = Field(default=None, ge=0)


class Script(Model):
    script: str


class ChatSettings(Model):
    base_url: str
    api_key: Key | None = None
    models: dict[str, str] = Field(default_factory=dict)


class Chat(Model):
    chat: ChatSettings


def _replies_shape(value: Any) -> str:
    if not isinstance(value, Mapping):
        return "echo"
    return "chat" if "chat" in value else "script"


Replies = Annotated[
    Annotated[Literal["echo"], Tag("<echo>")] | Annotated[Script, Tag("<script>")] | Annotated[Chat, Tag("<chat>")],
    by_shape(_replies_shape),
]


class TargetModel(Model):
    """One entry of `targets`; what its provider takes is checked by PROVIDERS."""

    provider: str
    base_url: str | None = None
    api_key: Key | None = None
    passthrough_url: str | None = None
    dialect: Dialect | None = None
    auth: Literal["entra", "key"] | None = None
    headers: dict[Annotated[str, AfterValidator(_header_name)], Key] = Field(default_factory=dict)
    replies: Replies | None = None
    vars: Variables = Field(default_factory=dict)
    limits: Limits = Limits()
    timeout: float | None = Field(default=None, gt=0)
    own: Literal["declared", "all"] = "declared"
    list_lag: float | None = Field(default=None, ge=0)
    on_unsupported: dict[str, OnUnsupported] = Field(default_factory=dict)
    credentials: dict[Annotated[str, AfterValidator(_credential_name)], CredentialId] = Field(default_factory=dict)


def _judge_name(name: str) -> str:
    if not _JUDGE_NAME.fullmatch(name):
        raise problem("bad-name", f"`{shortened(name)}` cannot be a judge's name", "use letters, digits, `-` and `_`")
    return name


def _model_name(name: str) -> str:
    if "*" in name or not name.strip():
        raise problem(
            "bad-name", f"`{shortened(name)}` is no model's name", "a price is that of one model, by its name"
        )
    return name


class JudgeModel(Model):
    """One entry of `test.judges`: a server with chat completions, embeddings or both."""

    base_url: str
    api_key: Key | None = None
    model: str | None = Field(default=None, min_length=1)
    embedding_model: str | None = Field(default=None, min_length=1)
    timeout: float | None = Field(default=None, gt=0)


class PriceModel(Model):
    """One entry of `test.prices`: US dollars for a million tokens."""

    input: float = Field(ge=0, allow_inf_nan=False)
    output: float = Field(ge=0, allow_inf_nan=False)


class TestModel(Model):
    use: Many[str] = ()
    env: Many[str] = ()
    judges: dict[Annotated[str, AfterValidator(_judge_name)], JudgeModel] = Field(default_factory=dict)
    prices: dict[Annotated[str, AfterValidator(_model_name)], PriceModel] = Field(default_factory=dict)


class ProjectModel(Model):
    """The whole file."""

    version: Literal[1] = 1
    project: str | None = Field(default=None, pattern=r"^[a-z0-9][a-z0-9_.-]{0,63}$")
    manifests: Many[str] | None = Field(default=None, min_length=1)
    conversations: Many[str] | None = None
    vars: Variables = Field(default_factory=dict)
    defaults: dict[Annotated[str, AfterValidator(_with_defaults)], dict[str, Any]] = Field(default_factory=dict)
    default_target: str = "local"
    targets: dict[Annotated[str, AfterValidator(_target_name)], TargetModel] = Field(default_factory=dict)
    test: TestModel = TestModel()
