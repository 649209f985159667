"""The tools of an agent: the shape of each type, with what is filled in, and what holds of all of them together.

A saved agent holds no secrets; what an agent of a session may hold beside them is said by `of_session`.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from asstctl.emulator.agents import refusals
from asstctl.emulator.json_text import compact
from asstctl.emulator.shapes import (
    AnyObject,
    Array,
    Choice,
    Flag,
    Member,
    Null,
    Record,
    Rules,
    Shape,
    Text,
    Variants,
)

Json = Any

MAX_BYTES = 3 * 1024 * 1024
"""Of the whole list as compact JSON."""

_SINGLE = ("web_search", "tool_search")
"""An agent has at most one of each."""


def filled(name: str, shape: Shape, default: Json) -> Member:
    """A member that is there in every answer, whether it was left out or null."""
    return Member(name, shape, default=default, null=Null.DEFAULT, null_default=default)


def nullable(name: str, shape: Shape) -> Member:
    """A member that is there in every answer, and null where nothing was said."""
    return Member(name, shape, default=None, null=Null.KEPT)


_TEXTS = Array(Text())
_FUNCTION = Record(
    (
        Member("name", Text(), required=True),
        Member("description", Text(), required=True),
        Member("parameters", AnyObject(), required=True),
        Member("defer_loading", Flag(), default=False),
        Member("async", Flag(), default=False),
    )
)
_LOCATION = Record(tuple(nullable(name, Text()) for name in ("city", "country", "region", "timezone")))
_WEB_SEARCH = Record(
    (
        filled("mode", Choice(("disabled", "cached", "live")), "live"),
        filled("context_size", Choice(("low", "medium", "high")), "medium"),
        nullable("allowed_domains", _TEXTS),
        nullable("location", _LOCATION),
    )
)


def _mcp(*, of_session: bool) -> Record:
    http: tuple[Member, ...] = (Member("server_url", Text(), required=True), filled("headers", _Texts(), {}))
    stdio: tuple[Member, ...] = (
        Member("command", Text(), required=True),
        Member("cwd", Text(), required=True),
        filled("args", _TEXTS, []),
        filled("env_vars", _TEXTS, []),
    )
    if of_session:
        http += (Member("authorization", Text(), null=Null.IGNORED),)
        stdio += (Member("env", _Texts(), null=Null.IGNORED),)
    return Record(
        (
            Member("server_label", Text(), required=True),
            Member("transport", Variants({"http": Record(http), "stdio": Record(stdio)}), required=True),
            nullable("allowed_tools", _TEXTS),
            filled("connection_origin", Choice(("service", "environment")), "service"),
            nullable("credential_id", Text()),
            filled("request_metadata", AnyObject(), {}),
            Member("required", Flag(), default=False),
        )
    )


@dataclass(frozen=True, slots=True)
class _Texts(Shape):
    """Texts under any names."""

    expected = "an object"

    def read(self, value: Json, path: str, rules: Rules) -> dict[str, str]:
        given = AnyObject().read(value, path, rules)
        return {key: Text().read(text, f"{path}.{key}", rules) for key, text in given.items()}


@dataclass(frozen=True, slots=True)
class Tools(Shape):
    """The list. Functions are told apart by their names, and a schema of their parameters is that of an object."""

    of_session: bool = False
    expected = "an array"

    def read(self, value: Json, path: str, rules: Rules) -> list[Json]:
        tools = (_OF_SESSIONS if self.of_session else _OF_AGENTS).read(value, path, rules)
        if not rules.lenient:
            _check(tools, path, len(compact(value).encode()))
        return tools


def _variants(*, of_session: bool) -> Array:
    return Array(
        Variants(
            {
                "function": _FUNCTION,
                "tool_search": Record(()),
                "programmatic_tool_calling": Record((Member("enabled", Flag(), default=True),)),
                "mcp": _mcp(of_session=of_session),
                "web_search": _WEB_SEARCH,
                "computer_use": Record((Member("include_screenshots", Flag(), default=False),)),
                "automations": Record(()),
            }
        )
    )


_OF_AGENTS = _variants(of_session=False)
_OF_SESSIONS = _variants(of_session=True)


def _check(tools: list[Json], path: str, size: int) -> None:
    if size > MAX_BYTES:
        raise refusals.tools_too_large(path, MAX_BYTES, size)
    functions = [tool for tool in tools if tool["type"] == "function"]
    names = Counter(function["name"] for function in functions)
    for name, count in names.items():
        if count > 1:
            raise refusals.duplicate_function(name)
    for kind in _SINGLE:
        if sum(tool["type"] == kind for tool in tools) > 1:
            raise refusals.duplicate_tool(kind)
    for function in functions:
        root = wrong_root(function["parameters"])
        if root is not None:
            raise refusals.schema_of_function(function["name"], root)


def wrong_root(schema: Json) -> str | None:
    """The type at the root of a schema, if it is another than object. A schema need not say one."""
    root = schema.get("type")
    return root if isinstance(root, str) and root != "object" else None
