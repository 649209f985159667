"""Reading a `.replies.yaml` file: its rules, or every fault in it with its place.

The format, by example (a rule needs one of `say`, `call`, `code` and `search`, everything else is a condition; the
first that matches answers):

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
      - user: solve (.+)
        code: |                         # Python for the code interpreter of the run
          equation = {{ match.1 }}
          print(equation.split("="))
      - tool: code_interpreter          # code has just run; `output` is what it printed
        say: "It is {{ output }}."
      - user: how do I (.+)
        search: "{{ match.1 }}"         # looked for in the files of the run
      - tool: file_search               # a search is over; `output` is the best passage, and empty without one
        output: .
        say: "{{ output }}{{ passages.0.marker }}"
      - words: [who, are, you]          # all of these occur, whatever their case
        say: I am {{ assistant }}.
      - say: I do not know.             # no condition: the fallback

Placeholders: `user` (the last user message), `assistant` (its name), `match.1` or `match.NAME` (groups of `output`'s
expression where there is one, else of `user`'s; `match.0` is the whole), `output` (of the function in `tool`) and
`outputs.FUNCTION`, both with a path into JSON; after a search `passages`, best first, each with `text`, `marker`,
`filename`, `file_id` and `score`. An argument that is one placeholder keeps the type of what it finds. In `code`, what
a placeholder finds is filled in as a Python literal, a text with its quotes: put none around it. Where a run asks for
JSON, `say` has to be JSON.
"""

import difflib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from asstctl.emulator.errors import RepliesFileError, RepliesProblem
from asstctl.emulator.replies.template import NAMES, is_fillable, is_path, placeholders
from asstctl.emulator.replies.yaml_nodes import NULL, BadScalar, Text, compose, plain, shortened

Json = Any

MAX_PATTERN = 1_000
"""Characters of a regular expression. How long it may search is for `search.py`."""

MAX_FILE = 4 * 1024 * 1024

_LONGEST_WORD = 80
_KEYS = ("assistant", "turn", "user", "words", "tool", "output", "say", "call", "code", "search")
ANSWERS = ("say", "call", "code", "search")


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
    code: str | None = None
    search: str | None = None


def load_rules(file: Path) -> tuple[Rule, ...]:
    """The rules of a file in order, or one `RepliesFileError` with all that is wrong."""
    reader = _Reader(Text(file, _text_of(file)))
    rules = reader.read()
    if reader.problems:
        raise RepliesFileError(list(reader.problems))
    return rules


def _text_of(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            data = opened.read(MAX_FILE + 1)
        text = data.decode("utf-8-sig")
    except FileNotFoundError as error:
        problem = RepliesProblem("missing-file", f"`{file}` does not exist", file, hint="check the name")
        raise RepliesFileError([problem]) from error
    except OSError as error:
        summary = f"`{file}` cannot be read: {error.strerror or type(error).__name__}"
        raise RepliesFileError([RepliesProblem("unreadable-file", summary, file, hint="check the file")]) from error
    except UnicodeError as error:
        summary, hint = f"`{file}` is not UTF-8 text", "save the file as UTF-8"
        raise RepliesFileError([RepliesProblem("not-utf8", summary, file, hint=hint)]) from error
    if len(data) > MAX_FILE:
        summary = f"`{file}` is larger than {MAX_FILE // 1024**2} MiB"
        raise RepliesFileError([RepliesProblem("file-too-large", summary, file, hint="split it")])
    return text


class _Reader:
    def __init__(self, source: Text) -> None:
        self._source = source
        self.problems: dict[RepliesProblem, None] = {}
        """In the order in which they were found, each once."""

    def read(self) -> tuple[Rule, ...]:
        root, problems = compose(self._source)
        if problems:
            self.problems.update(dict.fromkeys(problems))
            return ()
        if root is None:
            hint = "write `rules:` and a list of rules below it"
            self.problems[self._source.problem("missing-key", "the file is empty", 0, 0, hint=hint)] = None
            return ()
        top = self._members(root, ("rules",))
        if "rules" not in top:
            if isinstance(root, yaml.MappingNode):
                self._blame(root, "missing-key", "`rules` is missing", "write `rules:` and a list of rules below it")
            return ()
        listing = top["rules"]
        if not isinstance(listing, yaml.SequenceNode):
            self._blame(listing, "wrong-type", "`rules` must be a list", "write each rule as `- user: …`")
            return ()
        return tuple(self._rule(node) for node in listing.value)

    def _rule(self, node: yaml.Node) -> Rule:
        before = len(self.problems)
        members = self._members(node, _KEYS)
        rule = Rule(
            where=f"{self._source.file.name}:{node.start_mark.line + 1}",
            assistant=self._text(members, "assistant"),
            turn=self._turn(members),
            user=self._pattern(members, "user"),
            words=self._words(members),
            tool=self._text(members, "tool"),
            output=self._pattern(members, "output"),
            say=self._text(members, "say"),
            calls=tuple(self._calls(members)),
            code=self._text(members, "code"),
            search=self._text(members, "search"),
        )
        # An unknown key is more likely a misspelt answer than none at all.
        if members.keys().isdisjoint(ANSWERS) and len(self.problems) == before:
            self._blame(node, "missing-key", "the rule has no answer", "write `say`, `call`, `code` or `search`")
        if "output" in members and "tool" not in members:
            hint = "write `tool`, the function whose output it is about"
            self._blame(members["output"], "missing-key", "`output` needs `tool`", hint)
        for key in ANSWERS:
            if key in members:
                self._check_placeholders(members[key], rule)
        if rule.code is not None and not is_fillable(rule.code):
            summary = "`code` has a placeholder in quotes, or is not Python"
            hint = "a placeholder becomes a literal with its own quotes: put none around it"
            self._blame(members["code"], "bad-template", summary, hint)
        for key in ("code", "search"):
            if key in members and not str(members[key].value).strip():
                self._blame(members[key], "wrong-type", f"`{key}` is empty", "write what is to be done")
        return rule

    def _members(self, node: yaml.Node, known: Collection[str]) -> dict[str, yaml.Node]:
        what = "a rule" if "say" in known else "a replies file"
        if not isinstance(node, yaml.MappingNode):
            self._blame(node, "wrong-type", f"{what} must be a map", f"choose from: {', '.join(known)}")
            return {}
        members: dict[str, yaml.Node] = {}
        for key, value in node.value:
            if key.value in known:
                members[key.value] = value
            else:
                hint = _did_you_mean(key.value, known)
                self._blame(key, "unknown-key", f"`{shortened(key.value)}` is not a field of {what}", hint)
        return members

    def _text(self, members: Mapping[str, yaml.Node], key: str) -> str | None:
        if key not in members:
            return None
        node = members[key]
        # An unquoted number or date is meant as the text that it is.
        if not isinstance(node, yaml.ScalarNode) or node.tag == NULL:
            self._blame(node, "wrong-type", f"`{key}` must be a text", "write a text, in quotes where YAML needs them")
            return None
        return str(node.value)

    def _turn(self, members: Mapping[str, yaml.Node]) -> int | None:
        if "turn" not in members:
            return None
        turn = self._value(members["turn"])
        if isinstance(turn, bool) or not isinstance(turn, int) or turn < 1:
            hint = "the first message of the user is turn 1"
            self._blame(members["turn"], "wrong-type", "`turn` must be a whole number from 1", hint)
            return None
        return turn

    def _pattern(self, members: Mapping[str, yaml.Node], key: str) -> re.Pattern[str] | None:
        text = self._text(members, key)
        if text is None:
            return None
        if len(text) > MAX_PATTERN:
            summary = f"`{key}` is longer than {MAX_PATTERN:,} characters"
            self._blame(members[key], "bad-regex", summary, "use a shorter regular expression")
            return None
        try:
            return re.compile(text)
        except (re.error, RecursionError, OverflowError) as error:
            summary = f"`{key}` is not a regular expression: {error}"
            self._blame(members[key], "bad-regex", summary, "put a backslash before a sign that stands for itself")
            return None

    def _words(self, members: Mapping[str, yaml.Node]) -> tuple[str, ...]:
        if "words" not in members:
            return ()
        node = members["words"]
        if not isinstance(node, yaml.SequenceNode) or not node.value:
            self._blame(node, "wrong-type", "`words` must be a list of words", "write `[one, two]`")
            return ()
        words = []
        for item in node.value:
            if isinstance(item, yaml.ScalarNode) and item.value.strip():
                words.append(str(item.value))
            else:
                self._blame(item, "wrong-type", "`words` must be a list of words", "write `[one, two]`")
        return tuple(words)

    def _calls(self, members: Mapping[str, yaml.Node]) -> list[PlannedCall]:
        if "call" not in members:
            return []
        node = members["call"]
        calls = []
        for item in node.value if isinstance(node, yaml.SequenceNode) else [node]:
            if not isinstance(item, yaml.MappingNode) or not item.value:
                hint = "write `call: {function: {argument: value}}`, or a list of such maps"
                self._blame(item, "wrong-type", "`call` must be a map of a function to its arguments", hint)
                continue
            for name, arguments in item.value:
                value = self._value(arguments)
                if value is not None and not isinstance(value, dict):
                    summary = f"the arguments of `{shortened(name.value)}` must be a map"
                    self._blame(arguments, "wrong-type", summary, "write `{argument: value}`")
                    continue
                calls.append(PlannedCall(str(name.value), value or {}))
        return calls

    def _check_placeholders(self, node: yaml.Node, rule: Rule) -> None:
        for placeholder in placeholders(self._value(node)):
            head = placeholder.partition(".")[0]
            shown = f"`{{{{ {shortened(placeholder)} }}}}`"
            code, place = "bad-template", _holder(node, placeholder)
            if not is_path(placeholder):
                self._blame(place, code, f"{shown} is not a name and a path", "write one such as `output.rows.0`")
            elif head not in NAMES:
                self._blame(place, code, f"{shown}: there is no `{head}`", _did_you_mean(head, NAMES))
            elif head in ("output", "outputs") and rule.tool is None:
                self._blame(place, code, f"{shown} needs `tool`", "without it no output has come in")
            elif head == "passages" and rule.tool != "file_search":
                self._blame(place, code, f"{shown} needs `tool: file_search`", "without it nothing has been found")
            elif head == "match" and rule.user is None and rule.output is None:
                self._blame(
                    place, code, f"{shown} needs `user` or `output`", "it means the groups of their expressions"
                )
            elif head == "match" and (group := placeholder.split(".")[1:2]) and group[0] not in _groups(rule):
                hint = f"groups: {', '.join(_groups(rule))}"
                self._blame(place, code, f"{shown}: the expression has no group `{shortened(group[0])}`", hint)

    def _value(self, node: yaml.Node) -> Json:
        try:
            return plain(node)
        except BadScalar as bad:
            summary = f"`{shortened(bad.node.value)}` is not a value that JSON can hold"
            self._blame(bad.node, "bad-scalar", summary, "quote it if text is meant")
            return None

    def _blame(self, node: yaml.Node, code: str, summary: str, hint: str) -> None:
        self.problems[self._source.at(node, code, summary, hint)] = None


def _groups(rule: Rule) -> list[str]:
    """The names of the groups that `match` can lead to."""
    pattern = rule.output if rule.output is not None else rule.user
    return [] if pattern is None else [*map(str, range(pattern.groups + 1)), *pattern.groupindex]


def _holder(node: yaml.Node, placeholder: str) -> yaml.Node:
    """The scalar below a node that a placeholder stands in."""
    if isinstance(node, yaml.MappingNode):
        below = [value for _, value in node.value]
    elif isinstance(node, yaml.SequenceNode):
        below = node.value
    else:
        return node
    return next((found for item in below if placeholder in (found := _holder(item, placeholder)).value), node)


def _did_you_mean(word: str, known: Collection[str]) -> str:
    close = difflib.get_close_matches(word.lower(), list(known), n=1) if len(word) <= _LONGEST_WORD else []
    return f"did you mean `{close[0]}`?" if close else f"choose from: {', '.join(known)}"
