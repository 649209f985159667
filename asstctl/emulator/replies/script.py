"""The backend that answers by rules from a file: a stand-in for offline work, never called a model.

The first rule that matches answers. Rules with `tool` match only when a tool has just answered, the others only when
none has. What no rule answers fails the run with a rule to paste. The file's format is in `rules_file.py`.
"""

import json
import re
import unicodedata
from collections.abc import AsyncGenerator, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from asstctl.emulator.errors import UnknownReplies
from asstctl.emulator.replies.deltas import deltas
from asstctl.emulator.replies.rules_file import Rule, load_rules
from asstctl.emulator.replies.search import TIME_LIMIT, Searcher, SearchTimeout
from asstctl.emulator.replies.template import NothingThere, fill, fill_code, fill_text
from asstctl.emulator.replies.values import (
    CallMade,
    CodeRan,
    FilesSearched,
    Part,
    ReplyFailed,
    ReplyRequest,
    RunCode,
    SearchFiles,
    TextDelta,
    ToolCall,
)

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
            parts = _parts(rule, request, values)
        except NothingThere as error:
            raise ReplyFailed(f"{rule.where}: {error}", "invalid_prompt") from error
        for part in parts:
            yield part

    async def aclose(self) -> None:
        if self._searcher is not None:
            await self._searcher.aclose()
            self._searcher = None

    def _unanswered(self, request: ReplyRequest) -> str:
        lines = []
        if request.assistant_name:
            lines.append(f"assistant: {_json(request.assistant_name)}")
        came = _came(request)
        if came:
            tool = came[0].tool
            about = "the result of a search" if tool == "file_search" else f"the output of {tool}"
            cited = "{{ passages.0.marker }}" if came[0].passages else ""
            lines += [f"tool: {tool}", f"say: '{{{{ output }}}}{cited}'"]
        else:
            about = f"turn {request.turn}, {_json(request.user)}"
            lines += [f"user: {_pattern(request.user)}", "say: ..."]
        if _wants_json(request):
            lines[-1] = """say: '{"answer": "..."}'"""
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
    all_came = _came(request)
    if rule.tool is None:
        if all_came:
            return None
    else:
        came, groups = await _output_of(rule, all_came, searcher)
        if came is None:
            return None
        found = groups if rule.output is not None else found
        values["output"] = came.output
        values["outputs"] = {each.tool: each.output for each in all_came}
        values["passages"] = came.passages
    if found is not None:
        values["match"] = found
    return values


@dataclass(frozen=True, slots=True)
class _Came:
    """What has just come in of one tool, whichever it is."""

    tool: str
    output: str
    """What `{{ output }}` says."""
    text: str
    """What `output` is searched in."""
    passages: list[Json] = field(default_factory=list)


def _came(request: ReplyRequest) -> list[_Came]:
    return [_came_of(result) for result in request.results]


def _came_of(result: CallMade | CodeRan | FilesSearched) -> _Came:
    match result:
        case CallMade():
            return _Came(result.function, result.output, result.output)
        case CodeRan():
            return _Came("code_interpreter", result.logs.removesuffix("\n"), result.logs)
        case FilesSearched(passages=found):
            texts = [passage.text.removesuffix("\n") for passage in found]
            passages = [
                {"text": text, **{name: getattr(passage, name) for name in ("marker", "filename", "file_id", "score")}}
                for text, passage in zip(texts, found, strict=True)
            ]
            return _Came("file_search", texts[0] if texts else "", "\n".join(texts), passages)


async def _output_of(
    rule: Rule, came: Iterable[_Came], searcher: Searcher
) -> tuple[_Came | None, dict[str, str] | None]:
    """What the rule is about of that which came in, and what its expression found there."""
    for each in came:
        if each.tool != rule.tool:
            continue
        if rule.output is None:
            return each, None
        groups = await searcher.search(rule.output, each.text[:MAX_SUBJECT])
        if groups is not None:
            return each, groups
    return None, None


def _parts(rule: Rule, request: ReplyRequest, values: dict[str, Json]) -> list[Part]:
    """What a rule answers, text first."""
    parts: list[Part] = []
    text = fill_text(rule.say, values) if rule.say is not None else ""
    if text:
        _check_format(text, rule, request)
        parts += map(TextDelta, deltas(text))
    parts += [ToolCall(call.function, _json(fill(call.arguments, values))) for call in rule.calls]
    if rule.code is not None:
        _check_tool("code_interpreter", "code", rule, request)
        parts.append(RunCode(fill_code(rule.code, values)))
    if rule.search is not None:
        _check_tool("file_search", "search", rule, request)
        parts.append(SearchFiles(fill_text(rule.search, values)))
    return parts


def _check_tool(tool: str, key: str, rule: Rule, request: ReplyRequest) -> None:
    if not request.has_tool(tool):
        raise ReplyFailed(
            f"{rule.where}: `{key}` needs the tool {tool}, which this run does not have.", "invalid_prompt"
        )


def _check_format(text: str, rule: Rule, request: ReplyRequest) -> None:
    """A client that asked for JSON reads it without looking."""
    if not _wants_json(request):
        return
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        wrong = f"{rule.where}: the run asks for JSON ({request.response_format['type']}), but `say` is not JSON: "
        raise ReplyFailed(wrong + text[:80], "invalid_prompt") from error
    if request.response_format["type"] == "json_object" and not isinstance(value, dict):
        wrong = f"{rule.where}: the run asks for a JSON object, but `say` is another value: "
        raise ReplyFailed(wrong + text[:80], "invalid_prompt")


def _wants_json(request: ReplyRequest) -> bool:
    wanted = request.response_format
    return isinstance(wanted, dict) and wanted["type"] in ("json_object", "json_schema")


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
