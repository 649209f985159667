"""Placeholders in the texts and arguments of a rule: `{{ output.rows.0.course_name }}`.

A placeholder is a name and a path through plain values: no expressions, no calls, no attributes. `*` stands for every
item of a list; in a text its results are joined with a comma, and in code all that is found becomes a Python literal.
"""

import io
import json
import re
import tokenize
from collections.abc import Iterator, Mapping
from typing import Any

Json = Any

NAMES = ("user", "assistant", "match", "output", "outputs", "passages")

_PLACEHOLDER = re.compile(r"\{\{\s*(.*?)\s*\}\}", re.DOTALL)
_PATH = re.compile(r"\w+(\.([\w-]+|\*))*")

_STAND_IN = "_placeholder_"
_IN_F_STRING = {f"{kind}STRING_{end}": step for kind in "FT" for end, step in (("START", 1), ("END", -1))}
"""From Python 3.12 on, what stands in the braces of an f-string has tokens of its own."""


class NothingThere(Exception):
    """A placeholder's path leads nowhere in the values of this message."""


def placeholders(template: Json) -> Iterator[str]:
    """Every placeholder in a template, however deep."""
    if isinstance(template, str):
        yield from _PLACEHOLDER.findall(template)
    elif isinstance(template, list):
        for item in template:
            yield from placeholders(item)
    elif isinstance(template, Mapping):
        for item in template.values():
            yield from placeholders(item)


def is_path(placeholder: str) -> bool:
    return _PATH.fullmatch(placeholder) is not None


def fill_text(template: str, values: Mapping[str, Json]) -> str:
    return _PLACEHOLDER.sub(lambda found: _as_text(_look_up(found[1], values)), template)


def fill(template: Json, values: Mapping[str, Json]) -> Json:
    """A template of any JSON shape; a string that is one placeholder takes the type of what it finds."""
    if isinstance(template, str):
        alone = _PLACEHOLDER.fullmatch(template)
        return _look_up(alone[1], values) if alone else fill_text(template, values)
    if isinstance(template, list):
        return [fill(item, values) for item in template]
    if isinstance(template, Mapping):
        return {key: fill(item, values) for key, item in template.items()}
    return template


def fill_code(template: str, values: Mapping[str, Json]) -> str:
    """Python code with what is found as literals in it, so that no text from outside becomes code."""
    return _PLACEHOLDER.sub(lambda found: repr(_look_up(found[1], values)), template)


def is_fillable(code: str) -> bool:
    """Whether each placeholder in Python code stands where a literal can: outside of quotes."""
    marked = _PLACEHOLDER.sub(_STAND_IN, code)
    found = depth = 0
    try:
        for token in tokenize.generate_tokens(io.StringIO(marked).readline):
            depth += _IN_F_STRING.get(tokenize.tok_name[token.type], 0)
            if token.type == tokenize.COMMENT:
                found += token.string.count(_STAND_IN)
            elif token.type == tokenize.NAME and depth == 0:
                found += token.string == _STAND_IN  # with letters around it, it would be the prefix of a literal
    except (tokenize.TokenError, SyntaxError):
        pass
    return found == marked.count(_STAND_IN)


def _look_up(path: str, values: Mapping[str, Json]) -> Json:
    return _follow(values, path.split("."), path)


def _follow(value: Json, parts: list[str], path: str) -> Json:
    for index, part in enumerate(parts):
        if isinstance(value, str) and index > 0:
            value = _parsed(value, path)
        if part == "*":
            if not isinstance(value, list):
                raise NothingThere(f"{{{{ {path} }}}} expects a list at '*', but there is {_as_text(value)[:80]}")
            return [_follow(item, ["", *parts[index + 1 :]], path) if parts[index + 1 :] else item for item in value]
        if part == "" and index == 0:
            continue
        try:
            value = value[int(part)] if isinstance(value, list) else value[part]
        except (KeyError, IndexError, ValueError, TypeError) as error:
            there = "an empty list" if value == [] else _as_text(value)[:80]
            raise NothingThere(f"{{{{ {path} }}}} finds no '{part}' in {there}") from error
    return value


def _parsed(text: str, path: str) -> Json:
    """Outputs are texts; a path into one means that it holds JSON."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise NothingThere(f"{{{{ {path} }}}} goes into a text that is not JSON: {text[:80]}") from error


def _as_text(value: Json) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list) and not any(isinstance(item, (list, dict)) for item in value):
        return ", ".join(map(_as_text, value))
    return json.dumps(value, ensure_ascii=False)
