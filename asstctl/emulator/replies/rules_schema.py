"""What a `.replies.yaml` file may say, as JSON Schema draft-07, for editors. `rules_file` is what checks one.

That an expression is one, and that a placeholder finds something, only the reader can tell.
"""

from collections.abc import Mapping
from typing import Any

from asstctl.emulator.replies.rules_file import ANSWERS, MAX_PATTERN

_TEXT = {"type": ["string", "number", "boolean"]}
"""What is not quoted is meant as the text that it is."""

_WORD = {"type": [*_TEXT["type"], "null"], "pattern": r"\S"}
_PATTERN = {**_TEXT, "maxLength": MAX_PATTERN}
_DONE = {**_TEXT, "pattern": r"\S"}
_ARGUMENTS = {"type": ["object", "null"]}
_CALLS = {"type": "object", "minProperties": 1, "additionalProperties": _ARGUMENTS}

_FIELDS: Mapping[str, Mapping[str, Any]] = {
    "assistant": {"description": "The name of the assistant that is asked.", "examples": ["Math Tutor"], **_TEXT},
    "turn": {
        "description": "The number of messages of the user so far.",
        "examples": [2],
        "type": "integer",
        "minimum": 1,
    },
    "user": {
        "description": "A regular expression, searched in the last message of the user.",
        "examples": ["solve (.+)"],
        **_PATTERN,
    },
    "words": {
        "description": "All of these occur in the last message of the user, whatever their case.",
        "examples": [["refund", "order"]],
        "type": "array",
        "minItems": 1,
        "items": _WORD,
    },
    "tool": {
        "description": "The function whose output has just come in; or `code_interpreter`, `file_search`.",
        "examples": ["get_order"],
        **_TEXT,
    },
    "output": {
        "description": "A regular expression, searched in the output of `tool`.",
        "examples": ["not found"],
        **_PATTERN,
    },
    "say": {
        "description": "What is said. It may name `user`, `assistant`, `match.1`, `output` and their like in braces.",
        "examples": ["{{ output.rows.*.course_name }}"],
        **_TEXT,
    },
    "call": {
        "description": "The functions that are called, each with its arguments; or a list of such maps.",
        "examples": [{"get_order": {"id": "{{ match.1 }}"}}],
        "if": {"type": "array"},
        "then": {"items": _CALLS},
        "else": _CALLS,
    },
    "code": {"description": "Python for the code interpreter of the run.", "examples": ["print(6 * 7)"], **_DONE},
    "search": {
        "description": "What is looked for in the files of the run.",
        "examples": ["how to return a product"],
        **_DONE,
    },
}

RULES_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "required": ["rules"],
    "properties": {
        "rules": {
            "description": "The first rule that matches answers; a message that none matches fails the run.",
            "examples": [[{"user": "hello", "say": "Hello!"}]],
            "type": "array",
            "items": {"$ref": "#/definitions/Rule"},
        }
    },
    "additionalProperties": False,
    "definitions": {
        "Rule": {
            "description": "Conditions, and at least one answer: `say`, `call`, `code` or `search`.",
            "type": "object",
            "properties": _FIELDS,
            "anyOf": [{"required": [answer]} for answer in ANSWERS],
            "dependencies": {"output": ["tool"]},
            "additionalProperties": False,
        }
    },
}
