"""The backend that answers by rules from a file: a stand-in for offline work, never called a model.

The first rule that matches answers. Rules with `tool` match only when outputs have just come in, the others only when
none have. What no rule answers fails the run with a rule to paste. The file's format is in `rules_file.py`.
"""

import json
import re
import unicodedata
from collections.abc import AsyncGenerator, Iterable
from pathlib import Path
from typing import Any

from asstctl.emulator.errors import UnknownReplies
from asstctl.emulator.replies.rules_file import Rule, load_rules
from asstctl.emulator.replies.search import TIME_LIMIT, Searcher, SearchTimeout
from asstctl.emulator.replies.template import NothingThere, fill, fill_text
from asstctl.emulator.replies.values import CallMade, Part, ReplyFailed, ReplyRequest, TextDelta, ToolCall

Json = Any

MAX_SUBJECT = 10_000
"""Characters of a message or an output that a regular expression is searched in; the rest is not looked at."""


class Script:
    counts_tokens = False

    def __init__(self, file: Path, rules: Iterable[Rule]) -> None:
        self._file = file
        self._rules = tuple(rules)
        self._searcher: Searcher | None = None

    @classmethod
    def load(cls, setting: Json) -> "Script":
        if not isinstance(setting, (str, Path)):
            raise UnknownReplies("replies by script name a file: {'script': '/path/to/demo.replies.yaml'}")
        file = Path(setting)
        return cls(file, load_rules(file))

    async def reply(self, request: ReplyRequest) -> AsyncGenerator[Part, None]:
        if self._searcher is None:
            self._searcher = Searcher()  # made on first use, so that it belongs to the event loop that uses it
        for rule in self._rules:
            try:
                values = await _match(rule, request, self._searcher)
            except SearchTimeout as error:
                text = f"{rule.where}: its regular expression took longer than {TIME_LIMIT:g} s on this message"
                raise ReplyFailed(text) from error
            if values is not None:
                break
        else:
            raise ReplyFailed(self._unanswered(request), "invalid_prompt")
        try:
            text = fill_text(rule.say, values) if rule.say is not None else ""
            calls = [ToolCall(call.function, _json(fill(call.arguments, values))) for call in rule.calls]
        except NothingThere as error:
            raise ReplyFailed(f"{rule.where}: {error}", "invalid_prompt") from error
        if text:
            yield TextDelta(text)
        for call in calls:
            yield call

    async def aclose(self) -> None:
        if self._searcher is not None:
            await self._searcher.aclose()
            self._searcher = None

    def _unanswered(self, request: ReplyRequest) -> str:
        lines = []
        if request.assistant_name:
            lines.append(f"assistant: {_json(request.assistant_name)}")
        if request.outputs:
            about = f"the output of {request.outputs[0].function}"
            lines += [f"tool: {request.outputs[0].function}", "say: '{{ output }}'"]
        else:
            about = f"turn {request.turn}, {_json(request.user)}"
            lines += [f"user: {_pattern(request.user)}", "say: ..."]
        rule = "\n    ".join(lines)
        return f"No rule in {self._file.name} answers {about}. A rule that would:\n  - {rule}"


async def _match(rule: Rule, request: ReplyRequest, searcher: Searcher) -> dict[str, Json] | None:
    """The values that a rule's placeholders can name, or None when the rule does not match."""
    if rule.assistant is not None and rule.assistant != request.assistant_name:
        return None
    if rule.turn is not None and rule.turn != request.turn:
        return None
    user = request.user
    found = await searcher.search(rule.user, user[:MAX_SUBJECT]) if rule.user is not None else None
    if rule.user is not None and found is None:
        return None
    if not all(_occurs(word, user) for word in rule.words):
        return None
    values: dict[str, Json] = {"user": user, "assistant": request.assistant_name or ""}
    if rule.tool is None:
        if request.outputs:
            return None
    else:
        came, groups = await _output_of(rule, request.outputs, searcher)
        if came is None:
            return None
        found = groups if rule.output is not None else found
        values["output"] = came.output
        values["outputs"] = {call.function: call.output for call in request.outputs}
    if found is not None:
        values["match"] = found
    return values


async def _output_of(
    rule: Rule, outputs: Iterable[CallMade], searcher: Searcher
) -> tuple[CallMade | None, dict[str, str] | None]:
    """The call whose output the rule is about, and what its expression found there."""
    for call in outputs:
        if call.function != rule.tool:
            continue
        if rule.output is None:
            return call, None
        groups = await searcher.search(rule.output, call.output[:MAX_SUBJECT])
        if groups is not None:
            return call, groups
    return None, None


def _occurs(word: str, text: str) -> bool:
    """Whole words where words have spaces between them; Chinese, which has none, anywhere."""
    word, text = _folded(word), _folded(text)
    start = text.find(word)
    while start >= 0:
        end = start + len(word)
        joined_before = start > 0 and _is_letter(text[start - 1]) and _is_letter(word[0])
        joined_after = end < len(text) and _is_letter(text[end]) and _is_letter(word[-1])
        if not joined_before and not joined_after:
            return True
        start = text.find(word, start + 1)
    return False


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold().strip()


def _is_letter(character: str) -> bool:
    return character.isalnum() and character < "\u2e80"


def _pattern(text: str) -> str:
    """A regular expression that finds a text, in YAML's single quotes."""
    escaped = re.sub(r"([\\.^$*+?{}\[\]|()])", r"\\\1", text[:200])
    escaped = re.sub(r"\s+", r"\\s+", escaped) if "\n" in escaped else escaped
    return "'" + escaped.replace("'", "''") + "'"


def _json(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False)
