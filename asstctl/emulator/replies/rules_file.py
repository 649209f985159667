"""Reading a `.replies.yaml` file: its rules, or every fault in it with file and line.

The format, by example (a rule needs `say` or `call`, everything else is a condition; the first that matches answers):

    rules:
      - assistant: 瓜瓜                 # the assistant's name
        turn: 1                         # the number of user messages so far
        user: "(周.)有什么课"            # a regular expression, searched in the last user message
        say: One moment.
        call:
          ask_database: {query: "SELECT course_name FROM Courses WHERE day = '{{ match.1 }}'"}
      - tool: ask_database              # the output of this function has just come in
        output: '"rows"'                # a regular expression, searched in that output
        say: "{{ output.rows.*.course_name }}"
      - words: [who, are, you]          # all of these occur, whatever their case
        say: I am {{ assistant }}.
      - say: I do not know.             # no condition: the fallback

Placeholders: `user` (the last user message), `assistant` (its name), `match.1` or `match.NAME` (groups of `output`'s
expression where there is one, else of `user`'s; `match.0` is the whole), `output` (of the function in `tool`) and
`outputs.FUNCTION`, both with a path into JSON. An argument that is one placeholder keeps the type of what it finds.
"""

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from asstctl.emulator.errors import RepliesFileError
from asstctl.emulator.replies.template import NAMES, is_path, placeholders

Json = Any

MAX_PATTERN = 1_000
"""Characters of a regular expression. How long it may search is for `search.py`."""

MAX_FILE = 4 * 1024 * 1024
MAX_DEPTH = 50
MAX_VALUES = 100_000
"""How large a file, how deep and how many its values may be, those that aliases repeat counted each time."""

_KEYS = ("assistant", "turn", "user", "words", "tool", "output", "say", "call")


@dataclass(frozen=True, slots=True)
class PlannedCall:
    function: str
    arguments: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Rule:
    where: str
    """`file:line`, for messages."""
    assistant: str | None = None
    turn: int | None = None
    user: re.Pattern[str] | None = None
    words: tuple[str, ...] = ()
    tool: str | None = None
    output: re.Pattern[str] | None = None
    say: str | None = None
    calls: tuple[PlannedCall, ...] = ()


def load_rules(file: Path) -> tuple[Rule, ...]:
    """The rules of a file in order, or one `RepliesFileError` with all that is wrong."""
    try:
        text = _text_of(file)
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text in UTF-8"
        raise RepliesFileError([f"{file}: {reason}"]) from error
    reader = _Reader(file)
    rules = reader.read(text)
    if reader.problems:
        raise RepliesFileError(reader.problems)
    return rules


def _text_of(file: Path) -> str:
    with file.open("rb") as opened:
        data = opened.read(MAX_FILE + 1)
    if len(data) > MAX_FILE:
        raise RepliesFileError([f"{file}: it is larger than {MAX_FILE // 1024**2} MiB"])
    return data.decode("utf-8-sig")


class _Reader:
    def __init__(self, file: Path) -> None:
        self._file = file
        self._loader = yaml.SafeLoader("")
        self.problems: list[str] = []

    def read(self, text: str) -> tuple[Rule, ...]:
        try:
            self._loader = yaml.SafeLoader(text)
            root = self._loader.get_single_node()
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            self.problems.append(f"{self._file}:{mark.line + 1 if mark else 1}: {error.problem or error.context}")
            return ()
        except yaml.YAMLError as error:
            self.problems.append(f"{self._file}: {error}")
            return ()
        except RecursionError:
            self.problems.append(f"{self._file}: values are nested too deep")
            return ()
        if root is not None and (why := _too_much(root)):
            self.problems.append(f"{self._file}: {why}")
            return ()
        if root is None:
            self.problems.append(f"{self._file}:1: the file is empty, expected 'rules:'")
            return ()
        top = self._members(root, ("rules",))
        if "rules" not in top:
            self._blame(root, "expected 'rules:', a list of rules")
            return ()
        listing = top["rules"]
        if not isinstance(listing, yaml.SequenceNode):
            self._blame(listing, "'rules' is a list")
            return ()
        return tuple(self._rule(node) for node in listing.value)

    def _rule(self, node: yaml.Node) -> Rule:
        members = self._members(node, _KEYS)
        rule = Rule(
            where=f"{self._file.name}:{_line(node)}",
            assistant=self._text(members, "assistant"),
            turn=self._turn(members),
            user=self._pattern(members, "user"),
            words=self._words(members),
            tool=self._text(members, "tool"),
            output=self._pattern(members, "output"),
            say=self._text(members, "say"),
            calls=tuple(self._calls(members)),
        )
        if isinstance(node, yaml.MappingNode) and not members.keys() & {"say", "call"}:
            self._blame(node, "a rule has 'say', 'call' or both")
        if rule.output and not rule.tool:
            self._blame(members["output"], "'output' needs 'tool', the function whose output it is about")
        for key in ("say", "call"):
            if key in members:
                self._check_placeholders(members[key], rule)
        return rule

    def _members(self, node: yaml.Node, known: Iterable[str]) -> dict[str, yaml.Node]:
        if not isinstance(node, yaml.MappingNode):
            self._blame(node, "expected a mapping")
            return {}
        members: dict[str, yaml.Node] = {}
        for key_node, value in node.value:
            key = str(key_node.value)
            if key in members:
                self._blame(key_node, f"'{key}' is here twice")
            elif key in known:
                members[key] = value
            else:
                self._blame(key_node, f"unknown key '{key}'{_suggestion(key, known)}")
        return members

    def _text(self, members: Mapping[str, yaml.Node], key: str) -> str | None:
        if key not in members:
            return None
        node = members[key]
        # An unquoted number or date is meant as the text that it is.
        if not isinstance(node, yaml.ScalarNode) or node.tag == "tag:yaml.org,2002:null":
            self._blame(node, f"'{key}' is a text")
            return None
        return str(node.value)

    def _turn(self, members: Mapping[str, yaml.Node]) -> int | None:
        if "turn" not in members:
            return None
        turn = self._value(members["turn"])
        if isinstance(turn, bool) or not isinstance(turn, int) or turn < 1:
            self._blame(members["turn"], "'turn' is a number from 1")
            return None
        return turn

    def _pattern(self, members: Mapping[str, yaml.Node], key: str) -> re.Pattern[str] | None:
        text = self._text(members, key)
        if text is None:
            return None
        if len(text) > MAX_PATTERN:
            self._blame(members[key], f"'{key}' is longer than {MAX_PATTERN} characters")
            return None
        try:
            return re.compile(text)
        except (re.error, RecursionError, OverflowError) as error:
            self._blame(members[key], f"'{key}' is not a regular expression: {error}")
            return None

    def _words(self, members: Mapping[str, yaml.Node]) -> tuple[str, ...]:
        if "words" not in members:
            return ()
        node = members["words"]
        if not isinstance(node, yaml.SequenceNode) or not node.value:
            self._blame(node, "'words' is a list of words")
            return ()
        words = []
        for item in node.value:
            if isinstance(item, yaml.ScalarNode) and item.value.strip():
                words.append(str(item.value))
            else:
                self._blame(item, "'words' is a list of words")
        return tuple(words)

    def _calls(self, members: Mapping[str, yaml.Node]) -> list[PlannedCall]:
        if "call" not in members:
            return []
        node = members["call"]
        calls = []
        for item in node.value if isinstance(node, yaml.SequenceNode) else [node]:
            if not isinstance(item, yaml.MappingNode) or not item.value:
                self._blame(item, "'call' is a mapping of a function to its arguments, or a list of such mappings")
                continue
            for name, arguments in item.value:
                value = self._value(arguments)
                if value is not None and not isinstance(value, dict):
                    self._blame(arguments, f"the arguments of '{name.value}' are a mapping")
                    continue
                calls.append(PlannedCall(str(name.value), value or {}))
        return calls

    def _check_placeholders(self, node: yaml.Node, rule: Rule) -> None:
        for placeholder in placeholders(self._value(node)):
            head = placeholder.partition(".")[0]
            shown = f"{{{{ {placeholder} }}}}"
            if not is_path(placeholder):
                self._blame(node, f"{shown} is not a name and a path such as output.rows.0")
            elif head not in NAMES:
                self._blame(node, f"{shown}: there is no '{head}'{_suggestion(head, NAMES)}")
            elif head in ("output", "outputs") and rule.tool is None:
                self._blame(node, f"{shown} needs 'tool': without it no output has come in")
            elif head == "match" and rule.user is None and rule.output is None:
                self._blame(node, f"{shown} needs 'user' or 'output', whose groups it means")

    def _value(self, node: yaml.Node) -> Json:
        try:
            return _plain(self._loader.construct_object(node, deep=True))
        except (yaml.YAMLError, ValueError) as error:
            self._blame(node, str(getattr(error, "problem", error)))
            return None

    def _blame(self, node: yaml.Node, problem: str) -> None:
        line = f"{self._file}:{_line(node)}: {problem}"
        if line not in self.problems:
            self.problems.append(line)


def _too_much(root: yaml.Node) -> str:
    """Why the values of a file cannot be read out, or nothing. A value that contains itself is too deep."""
    pending, count = [(root, 0)], 0
    while pending:
        node, depth = pending.pop()
        count += 1
        if depth > MAX_DEPTH:
            return f"values are nested more than {MAX_DEPTH} levels deep"
        if count > MAX_VALUES:
            return f"it holds more than {MAX_VALUES:,} values"
        if isinstance(node, yaml.MappingNode):
            pending += [(part, depth + 1) for pair in node.value for part in pair]
        elif isinstance(node, yaml.SequenceNode):
            pending += [(part, depth + 1) for part in node.value]
    return ""


def _plain(value: Json) -> Json:
    """YAML knows dates and keys of any type; arguments are JSON."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [_plain(item) for item in value]
    return value if value is None or isinstance(value, (str, int, float, bool)) else str(value)


def _line(node: yaml.Node) -> int:
    line: int = node.start_mark.line + 1
    return line


def _suggestion(word: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(word, list(known), n=1)
    return f" (did you mean '{close[0]}'?)" if close else f" (known: {', '.join(known)})"
