"""Files that say everything that there is to say, what is wrong with them in small ways, and who refuses it."""

import json
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

from asstctl.core.diagnostic import Severity
from asstctl.core.errors import InvalidInput
from asstctl.manifest import load, open_project
from asstctl.providers.local.replies import check_replies
from tests.conversation.reading import read

PROJECT: dict[str, Any] = {
    "version": 1,
    "project": "shop",
    "manifests": ["assistants/**/*.yaml"],
    "conversations": [],
    "vars": {"model": "gpt-4o", "url": {"env": "CRM_URL", "secret": False}},
    "defaults": {"assistant": {"metadata": {"team": "x"}, "temperature": 0.5, "tools": [{"type": "file_search"}]}},
    "default_target": "local",
    "targets": {
        "local": {"provider": "local", "replies": "echo", "timeout": 3, "own": "all", "limits": {"max_deletes": 2}},
        "chat": {
            "provider": "local",
            "replies": {"chat": {"base_url": "http://127.0.0.1:1/v1", "api_key": {"env": "K"}, "models": {"*": "m"}}},
        },
        "far": {
            "provider": "assistants",
            "base_url": "https://example.com/v1",
            "api_key": {"env": "FAR_KEY"},
            "headers": {"x-shop": {"env": "SHOP_KEY"}},
            "list_lag": 0.5,
            "vars": {"model": "x"},
            "on_unsupported": {"assistant.temperature": "drop"},
        },
        "agents": {"provider": "openai", "api_key": {"env": "OPENAI_API_KEY"}, "credentials": {"crm": "cred_1"}},
    },
    "test": {
        "env": ["PAGER"],
        "judges": {"default": {"base_url": "http://127.0.0.1:1/v1", "model": "m", "timeout": 3}},
        "prices": {"gpt-4o": {"input": 1, "output": 2.5}},
    },
}

ASSISTANT: dict[str, Any] = {
    "kind": "assistant",
    "key": "shop",
    "name": "Shop",
    "description": "It sells.",
    "model": "gpt-4o",
    "instructions": {"file": "/prompt.md"},
    "tools": [
        {"type": "code_interpreter", "only": ["local"]},
        {
            "type": "file_search",
            "file_search": {"max_num_results": 3, "ranking_options": {"score_threshold": 0.5, "ranker": "auto"}},
        },
        {
            "type": "function",
            "function": {"name": "f", "description": "d", "parameters": {"type": "object"}, "strict": False},
        },
    ],
    "tool_resources": {"code_interpreter": {"files": ["/prompt.md"]}, "file_search": {"vector_store_ids": ["vs_1"]}},
    "temperature": "{{ 0.5 }}",
    "top_p": 0.5,
    "reasoning_effort": "low",
    "response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object"}}},
    "metadata": {"lang": "de"},
    "protect": False,
    "ignore_changes": ["name"],
    "targets": {"local": {"metadata": {"lang": None}, "temperature": 1, "tools": [{"type": "code_interpreter"}]}},
}
STORE: dict[str, Any] = {
    "kind": "vector_store",
    "key": "handbook",
    "name": "Handbook",
    "files": [
        "/prompt.md",
        {"path": "/prompt.md", "attributes": {"year": 2026}, "chunking_strategy": {"type": "auto"}},
    ],
    "attributes": {"public": True},
    "chunking_strategy": {"type": "static", "static": {"max_chunk_size_tokens": 400, "chunk_overlap_tokens": 100}},
    "expires_after": {"anchor": "last_active_at", "days": 3},
    "metadata": {"a": "b"},
    "ignore_changes": ["files"],
    "targets": {"local": {"expires_after": {"days": 4}}},
}
FUNCTION: dict[str, Any] = {
    "kind": "function",
    "key": "ask",
    "name": "ask",
    "description": "Ask.",
    "parameters": {"type": "object", "properties": {}, "additionalProperties": False},
    "strict": True,
    "returns": {"type": "string"},
}
CHANGES: dict[str, Any] = {
    "kind": "changes",
    "adopt": [{"to": "assistant.base", "id": "asst_1", "target": "local"}],
    "moved": [{"from": "assistant.old", "to": "assistant.base"}],
    "removed": [{"address": "assistant.gone", "delete": True}],
    "accept_overwrite": [{"field": "assistant.base.name"}],
}

SINGLE: dict[str, Any] = {
    "version": 1,
    "assistant": "bot",
    "name": "Refund",
    "tags": ["smoke"],
    "vars": {"order": "A-17"},
    "matrix": {"lang": ["en", "de"]},
    "exclude": [{"lang": "de"}],
    "repeat": {"runs": 3, "pass": 2},
    "retry": {"on": ["timeout"], "max": 2},
    "timeout": {"turn": 30, "conversation": 120.5},
    "run": {"temperature": 0, "model": "x", "tool_choice": "auto"},
    "cleanup": "on-pass",
    "budget": {"tokens": 100},
    "thread": {
        "metadata": {"lang": "{{ matrix.lang }}"},
        "messages": [{"user": ["Look", {"image": "photo.png", "detail": "low"}]}, {"assistant": "I see"}],
        "files": [{"path": "note.txt", "for": ["file_search"]}],
    },
    "stubs": {
        "refund": [
            {"when": {"order_id": {"$regex": "A-"}}, "return": {"id": "x"}},
            {"sequence": [{"return": {"id": "y"}}]},
        ],
        "get_order": {"fault": {"slow": 1, "return": 2}},
        "*": "fail",
    },
    "turns": [
        {
            "user": ["hi", {"attachment": "note.txt", "for": "file_search"}],
            "calls": [
                {"refund": {"order_id": "{{ vars.order }}"}},
                {
                    "call": "refund",
                    "args": {"amount": {"$gt": 1}},
                    "where": {"$.amount": 2},
                    "times": 1,
                    "match": "partial",
                },
            ],
            "call_mode": "in-order",
            "expect": [
                {"contains": ["a", "b"], "length": {"max_chars": 9}},
                {"not-regex": "x", "run": {"status": "failed"}},
            ],
            "save": {"a": "reply", "b": {"regex": "R-"}, "c": "calls.refund[0].args"},
            "was": "before",
        },
        {"user": "bye", "expect": {"code": {"images": 1}, "rubric": {"says": "kind", "min": 0.5, "confirm_fail": 3}}},
    ],
    "finally": {
        "calls": [{"call": "refund", "times": 0}],
        "call_mode": "any-order",
        "expect": {"not-contains": "sorry"},
    },
}
SEVERAL: dict[str, Any] = {
    "assistant": "bot",
    "tags": ["smoke"],
    "vars": {"a": 1},
    "budget": {"cost_usd": 1.5},
    "defaults": {"timeout": {"turn": 30}, "repeat": {"runs": 3}, "cleanup": "never", "tags": ["x"]},
    "stubs": {"refund": {"return": {"id": "x"}}},
    "conversations": [
        {"id": "one", "repeat": {"pass": 2}, "turns": [{"user": "a", "expect": {"icontains": "x"}}]},
        {"id": "two", "timeout": None, "turns": [{"user": "a", "expect": {"tokens": {"max": 3}}}]},
    ],
}
STUBS: dict[str, Any] = {
    "version": 1,
    "stubs": {"refund": {"when": {"amount": {"$gte": 1, "$lte": 2}}, "template": "{{ args.amount }}"}},
}
REPLIES: dict[str, Any] = {
    "rules": [
        {"assistant": "Bot", "turn": 1, "user": "(.+)", "say": "ok {{ match.1 }}", "call": {"f": {"a": "{{ user }}"}}},
        {"tool": "f", "output": "x", "say": "{{ output }}"},
        {"words": ["a", "b"], "code": "print(1)"},
        {"search": "x"},
    ]
}

Errors = Callable[[Path, Any], set[str]]
"""The codes of the errors that the program finds in a file that says this."""

BASE = "kind: assistant\nkey: base\nmodel: m\n"


def project_errors(root: Path, value: Any) -> set[str]:
    """Of a project file."""
    (root / "asstctl.yaml").write_text(json.dumps(value), "utf-8")
    try:
        project = open_project(root, {"CRM_URL": "https://example.com"})
    except InvalidInput as found:
        return {one.code for one in found.diagnostics if one.severity is Severity.ERROR}
    (root / "assistants").mkdir(exist_ok=True)
    (root / "assistants" / "base.yaml").write_text(BASE, "utf-8")
    found_errors = load(project, project.default_target).diagnostics
    return {one.code for one in found_errors if one.severity is Severity.ERROR}


def manifest_errors(root: Path, value: Any) -> set[str]:
    """Of a manifest, on a target with an overlay and one without."""
    (root / "prompt.md").write_text("Be kind.", "utf-8")
    (root / "assistants").mkdir(exist_ok=True)
    targets = "{local: {provider: local}, other: {provider: local}}"
    (root / "asstctl.yaml").write_text(f"version: 1\nproject: shop\ntargets: {targets}\n", "utf-8")
    (root / "assistants" / "base.yaml").write_text(BASE, "utf-8")
    (root / "assistants" / "it.yaml").write_text(json.dumps(value), "utf-8")
    project = open_project(root, {})
    found = [one for target in project.targets for one in load(project, target).diagnostics]
    return {one.code for one in found if one.severity is Severity.ERROR}


def conversation_errors(root: Path, value: Any) -> set[str]:
    """Of a conversation file."""
    files = {"photo.png": "", "note.txt": ""}
    _, found = read(root, json.dumps(value), files)
    return {one.code for one in found if one.severity is Severity.ERROR}


def stubs_errors(root: Path, value: Any) -> set[str]:
    """Of a setup file."""
    (root / "it.stubs.yaml").write_text(json.dumps(value), "utf-8")
    turns = json.dumps({"assistant": "bot", "turns": [{"user": "hi", "expect": {"contains": "x"}}]})
    _, found = read(root, turns, use=("it.stubs.yaml",))
    return {one.code for one in found if one.severity is Severity.ERROR}


def replies_errors(root: Path, value: Any) -> set[str]:
    """Of a file of replies."""
    (root / "it.replies.yaml").write_text(json.dumps(value), "utf-8")
    return {one.code for one in check_replies({"script": str(root / "it.replies.yaml")})}


SAMPLES: list[tuple[str, dict[str, Any], Errors]] = [
    ("project", PROJECT, project_errors),
    ("manifest", ASSISTANT, manifest_errors),
    ("manifest", STORE, manifest_errors),
    ("manifest", FUNCTION, manifest_errors),
    ("manifest", CHANGES, manifest_errors),
    ("conversation", SINGLE, conversation_errors),
    ("conversation", SEVERAL, conversation_errors),
    ("stubs", STUBS, stubs_errors),
    ("replies", REPLIES, replies_errors),
]

Place = tuple[str | int, ...]


def places(value: Any, at: Place = ()) -> Iterator[Place]:
    """The place of every value inside of a value, itself included."""
    yield at
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, item in inner:
        yield from places(item, (*at, step))


def mutations(value: Any) -> Iterator[tuple[str, Any]]:
    """What a value becomes when one thing in it is changed: a type, a key that is missing or that nobody knows."""
    for at in places(value):
        for other in (None, 7, 0.5, True, "words", [], {}):
            if at:
                yield (
                    f"{_shown(at)} = {other!r}",
                    _changed(value, at, lambda owner, step, other=other: _set(owner, step, other)),
                )
        if at and isinstance(at[-1], str):
            yield f"no {_shown(at)}", _changed(value, at, lambda owner, step: owner.pop(step))
        if isinstance(_at(value, at), dict):
            yield (
                f"{_shown((*at, 'nobody_knows'))}",
                _changed(value, (*at, "nobody_knows"), lambda owner, step: _set(owner, step, 1)),
            )


def _shown(at: Sequence[str | int]) -> str:
    return ".".join(map(str, at)) or "the file"


def _at(value: Any, at: Place) -> Any:
    for step in at:
        value = value[step]
    return value


def _set(owner: Any, step: Any, value: Any) -> None:
    owner[step] = value


def _changed(value: Any, at: Place, change: Callable[[Any, Any], object]) -> Any:
    holder = {"it": deepcopy(value)}
    way: Place = ("it", *at)
    change(_at(holder, way[:-1]), way[-1])
    return holder["it"]
