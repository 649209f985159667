"""What a user writes in `asstctl.yaml`, and which settings each provider takes."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, Tag

from asstctl.core.suggest import shortened
from asstctl.documents.models import Many, Model, by_shape, problem

_TARGET_NAME = re.compile(r"\w[\w.-]{0,59}")


@dataclass(frozen=True)
class Settings:
    """The settings of a target that one provider takes and needs, beside those that every target has."""

    takes: tuple[str, ...]
    needs: tuple[str, ...] = ()


PROVIDERS: Mapping[str, Settings] = {
    "local": Settings(takes=("replies",)),
    "assistants": Settings(takes=("base_url", "api_key"), needs=("base_url",)),
}

EVERY_TARGET = ("provider", "vars", "limits", "timeout", "own", "list_lag")


class FromEnvironment(Model):
    """`{env: NAME}`: read from the environment; `secret` keeps it out of manifests."""

    env: str = Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")
    secret: bool = False


class KeyFromEnvironment(Model):
    """`api_key: {env: NAME}`: a key is never written into a file."""

    env: str = Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")


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


class Limits(Model):
    max_deletes: int | None = Field(default=None, ge=0)


class Script(Model):
    script: str


class ChatSettings(Model):
    base_url: str
    api_key: KeyFromEnvironment | None = None
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
    api_key: KeyFromEnvironment | None = None
    replies: Replies | None = None
    vars: Variables = Field(default_factory=dict)
    limits: Limits = Limits()
    timeout: float | None = Field(default=None, gt=0)
    own: Literal["declared", "all"] = "declared"
    list_lag: float | None = Field(default=None, ge=0)


class TestModel(Model):
    use: Many[str] = ()
    env: Many[str] = ()


class ProjectModel(Model):
    """The whole file."""

    version: Literal[1] = 1
    project: str | None = Field(default=None, pattern=r"^[a-z0-9][a-z0-9_.-]{0,63}$")
    manifests: Many[str] | None = Field(default=None, min_length=1)
    conversations: Many[str] | None = None
    vars: Variables = Field(default_factory=dict)
    defaults: dict[Literal["assistant", "function"], dict[str, Any]] = Field(default_factory=dict)
    default_target: str = "local"
    targets: dict[Annotated[str, AfterValidator(_target_name)], TargetModel] = Field(default_factory=dict)
    test: TestModel = TestModel()
