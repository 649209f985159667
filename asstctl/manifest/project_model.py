"""What a user writes in `asstctl.yaml`, and which settings each provider takes."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, Tag, WithJsonSchema

from asstctl.core.suggest import did_you_mean, shortened
from asstctl.documents.json_schema import DASHED, DOTTED, NAME
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
    """The environment variable that holds the value; only those that the project file names are read.
    Example: `CRM_URL`"""
    secret: bool = False
    """Keeps the value out of manifests: a secret is legal in target settings alone. Names ending in KEY, TOKEN,
    SECRET or PASSWORD need it."""


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
    """The environment variable that holds the key, which is secret wherever it is named. Example: `OPENAI_API_KEY`"""


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
Variables = dict[Annotated[str, AfterValidator(_variable_name), WithJsonSchema(NAME)], Variable]


Dialect = Literal["full", "litellm", "foundry", "astra"]
"""The servers that speak the wire of provider `assistants` in a way of their own."""


def _header_name(name: str) -> str:
    lower = name.lower()
    if not _HEADER.fullmatch(lower) or lower in _TAKEN_HEADERS or lower.startswith(_TAKEN_PREFIXES):
        raise problem("bad-name", f"`{shortened(name)}` cannot be a header of yours", "use `api_key` for the key")
    return name


HeaderName = Annotated[
    str, AfterValidator(_header_name), WithJsonSchema({"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9-]{0,99}$"})
]
TargetName = Annotated[str, AfterValidator(_target_name), WithJsonSchema(DOTTED)]


def _with_defaults(kind: str) -> str:
    if kind not in DECLARING:
        hint = did_you_mean(kind, DECLARING)
        raise problem("unknown-value", f"`{shortened(kind)}` is not a key of `defaults`", hint)
    return kind


class StandIn(Model):
    """`{function: NAME}`: the function that stands for what is lost."""

    function: str = Field(pattern=FUNCTION_NAME, max_length=64)
    """The name of a function that the assistant has, which stands for what the target cannot hold.
    Example: `web_search`"""


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


CredentialName = Annotated[
    str, AfterValidator(_credential_name), WithJsonSchema({"type": "string", "pattern": f"^{CREDENTIAL_NAME.pattern}$"})
]
CredentialId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,256}$")]
"""The id of a credential that a vault keeps. The secret itself has no place in a file."""


class Limits(Model):
    max_deletes: int | None = Field(default=None, ge=0)
    """How many objects one apply may delete without --max-deletes; 3 where nothing is said. Example: `0`"""


class Script(Model):
    script: str
    """The file of rules that answer, `*.replies.yaml`; its path starts at the project's folder. A stand-in for
    offline work, never called a model. Example: `assistants/tutor.replies.yaml`"""


class ChatSettings(Model):
    base_url: str
    """The address of a server with chat completions, up to and including its version:
    `http://127.0.0.1:11434/v1`. Example: `http://127.0.0.1:11434/v1`"""
    api_key: Key | None = None
    """The key for that server, by the name of the environment variable that holds it. Example: `{env: CHAT_API_KEY}`"""
    models: dict[str, str] = Field(default_factory=dict)
    """The names that the server has for the models that manifests name; `"*"` stands for every other.
    Example: `{"*": llama3.2}`"""


class Chat(Model):
    chat: ChatSettings
    """Any endpoint that speaks chat completions answers.
    Example: `{base_url: "http://127.0.0.1:11434/v1", models: {"*": llama3.2}}`"""


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
    """Which API the target speaks: `local` (embedded), `assistants` (any server with the Assistants v2 wire) or
    `openai`. Example: `local`"""
    base_url: str | None = None
    """The address of the server, up to and including its version. A key goes only over https or to this machine.
    Example: `https://llm.example.com/v1`"""
    api_key: Key | None = None
    """The key of the target, by the name of the environment variable that holds it: `{env: OPENAI_API_KEY}`.
    Example: `{env: OPENAI_API_KEY}`"""
    passthrough_url: str | None = None
    """LiteLLM alone: the address below which it hands requests through to the server behind it.
    Example: `https://llm.example.com/openai`"""
    dialect: Dialect | None = None
    """The server that speaks the wire of provider `assistants` in a way of its own."""
    auth: Literal["entra", "key"] | None = None
    """How requests are signed: with `api_key`, or with a token that is drawn from Microsoft Entra."""
    headers: dict[HeaderName, Key] = Field(default_factory=dict)
    """Headers of your own, each by the name of the environment variable that holds its value.
    Example: `{x-team: {env: TEAM_HEADER}}`"""
    replies: Replies | None = None
    """Where the answers of a local target come from: `echo`, `{script: FILE}` or `{chat: {...}}`. Example: `echo`"""
    vars: Variables = Field(default_factory=dict)
    """Variables for this target; they go before those of the project. Example: `{model: gpt-4o-mini}`"""
    limits: Limits = Limits()
    """What one apply may do to this target. Example: `{max_deletes: 0}`"""
    timeout: float | None = Field(default=None, gt=0)
    """Seconds without a byte after which a request is given up; 30 where nothing is said. Example: `60`"""
    own: Literal["declared", "all"] = "declared"
    """What a manifest does not declare: left alone (`declared`), or kept at the provider's default (`all`)."""
    list_lag: float | None = Field(default=None, ge=0)
    """Seconds by which the lists of this server may be behind what was written to it. Example: `2`"""
    on_unsupported: dict[str, OnUnsupported] = Field(default_factory=dict)
    """What to do with what the target cannot hold, by field: `assistant.temperature: drop`. `error` where nothing
    is said. Example: `{assistant.temperature: drop}`"""
    credentials: dict[CredentialName, CredentialId] = Field(default_factory=dict)
    """The ids of credentials in the vault of this target, by the names that manifests have for them.
    Example: `{crm: cred_abc123}`"""


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


JudgeName = Annotated[str, AfterValidator(_judge_name), WithJsonSchema(DASHED)]
ModelName = Annotated[
    str, AfterValidator(_model_name), WithJsonSchema({"type": "string", "pattern": r"^[^*]*[^*\s][^*]*$"})
]


class JudgeModel(Model):
    """One entry of `test.judges`: a server with chat completions, embeddings or both."""

    model_config = ConfigDict(json_schema_extra={"anyOf": [{"required": ["model"]}, {"required": ["embedding_model"]}]})

    base_url: str
    """The address of the server whose models judge, up to and including its version.
    Example: `http://127.0.0.1:11434/v1`"""
    api_key: Key | None = None
    """The key for that server, by the name of the environment variable that holds it.
    Example: `{env: JUDGE_API_KEY}`"""
    model: str | None = Field(default=None, min_length=1)
    """The model that answers whether a reply is as a `rubric` says. Example: `gpt-4o`"""
    embedding_model: str | None = Field(default=None, min_length=1)
    """The model whose embeddings measure how `similar` two texts are. Example: `text-embedding-3-small`"""
    timeout: float | None = Field(default=None, gt=0)
    """Seconds without a byte after which a question is given up; 30 where nothing is said. Example: `60`"""


class PriceModel(Model):
    """One entry of `test.prices`: US dollars for a million tokens."""

    input: float = Field(ge=0, allow_inf_nan=False)
    """US dollars for a million tokens that go in. Example: `2.5`"""
    output: float = Field(ge=0, allow_inf_nan=False)
    """US dollars for a million tokens that come out. Example: `10`"""


class TestModel(Model):
    use: Many[str] = ()
    """Files of stubs, `*.stubs.yaml`, for every conversation of the project. Example: `[assistants/shop.stubs.yaml]`"""
    env: Many[str] = ()
    """The environment variables that code of the project may see under `test`, beside PATH, HOME and LANG.
    Example: `[SHOP_URL]`"""
    judges: dict[JudgeName, JudgeModel] = Field(default_factory=dict)
    """The servers that judge replies, by name; `default` is asked where a conversation names none.
    Example: `{default: {base_url: "http://127.0.0.1:11434/v1", model: llama3.2}}`"""
    prices: dict[ModelName, PriceModel] = Field(default_factory=dict)
    """What models cost, by their names; without it the cost of a conversation is unknown.
    Example: `{gpt-4o: {input: 2.5, output: 10}}`"""


class ProjectModel(Model):
    """The whole file."""

    version: Literal[1] = 1
    """The version of the format."""
    project: str | None = Field(default=None, pattern=r"^[a-z0-9][a-z0-9_.-]{0,63}$")
    """The name of the project, which marks what it owns. Required for every provider but `local`. Example: `school`"""
    manifests: Many[str] | None = Field(default=None, min_length=1)
    """Globs of the files that declare objects; `**/` is any number of folders. Conversations, replies and stubs
    never match, and `.md` only with front matter that has `kind`.
    Example: `["assistants/**/*.yaml", "assistants/**/*.md"]`"""
    conversations: Many[str] | None = None
    """Globs of the files that hold conversations. Example: `["assistants/**/*.convo.yaml"]`"""
    vars: Variables = Field(default_factory=dict)
    """Variables that templates name as `vars.NAME`: a value, or `{env: NAME}`. Example: `{model: gpt-4o}`"""
    defaults: dict[Annotated[str, AfterValidator(_with_defaults)], dict[str, Any]] = Field(default_factory=dict)
    """What every manifest of a kind says unless it says something else, by kind.
    Example: `{assistant: {model: gpt-4o}}`"""
    default_target: str = "local"
    """The target of a command that names none. Example: `local`"""
    targets: dict[TargetName, TargetModel] = Field(default_factory=dict)
    """Configured providers, by the names that --target takes.
    Example: `{prod: {provider: openai, api_key: {env: OPENAI_API_KEY}}}`"""
    test: TestModel = TestModel()
    """Settings of `asstctl test`. Example: `{use: [assistants/shop.stubs.yaml]}`"""
