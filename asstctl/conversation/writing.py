"""Writing: a conversation that was had -> what a `*.convo.yaml` says that plays it again. Pure.

User messages become turns, calls what is expected, outputs stubs, and replies `was`: nothing is expected of replies,
because nobody has said which of their words matter. What is written means what was said when it is read: braces are no
template and keys with `$` no matchers. Where the file goes, and whether it may, is for the workspace.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from asstctl.conversation.case import UserFile
from asstctl.conversation.judging.calls import parse_arguments
from asstctl.conversation.matchers import fits, is_matcher, same
from asstctl.conversation.reading.signatures import Signature, unfit_arguments
from asstctl.core.json_text import json_text, read_json
from asstctl.core.json_types import Json, JsonObject
from asstctl.core.thread import PastCall, Spoken
from asstctl.documents.templates import has_template
from asstctl.documents.yaml import MAX_INT
from asstctl.documents.yaml_writing import has_form, whole

_DEEPEST = 64
"""Levels of an argument or an output that are written as such: a file may hold only so many in all."""

_BRACES = re.compile(r"\{[{%]|[\r\0]")
"""What a template would read in its own way, its line ends included."""
_AS_TEXT = {"\r": r"\r", "\0": r"\x00"}
_HALVES = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Had:
    """One exchange as it is to be written. `files` are those of the project that went along; what `spoken` counts of
    images and files are others, which cannot be brought."""

    spoken: Spoken
    files: tuple[UserFile, ...] = ()


@dataclass(frozen=True, slots=True)
class Written:
    """A conversation as its file says it, with so many turns; `notes` are sentences on what could not be brought."""

    conversation: Mapping[str, Json]
    turns: int
    notes: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """As YAML."""
        return whole(self.conversation)


def conversation_of(
    assistant: str, exchanges: Sequence[Had], functions: Mapping[str, Signature] | None = None
) -> Written:
    """The conversation with this assistant. `functions` is what it declares: others are not written, and of arguments
    only what its schemas allow, since no file may say more. None: everything is."""
    writer = _Writer(functions)
    before, exchanges = _opening(exchanges)
    turns = [turn for number, had in enumerate(exchanges, 1) if (turn := writer.turn(number, had))]
    opening = [{"assistant": _literal(writer.sound(text))} for text in before]
    written: dict[str, Json] = {"assistant": assistant}
    if opening:
        written["thread"] = {"messages": opening}
    written["turns"] = turns
    if stubs := writer.stubs():
        written["stubs"] = stubs
    return Written(written, len(turns), tuple(dict.fromkeys(writer.notes)))


def _opening(exchanges: Sequence[Had]) -> tuple[list[str], Sequence[Had]]:
    """What the thread held before anybody asked for anything, and the rest."""
    first = exchanges[0].spoken if exchanges else None
    if first is None or first.user is not None or first.calls or not first.reply:
        return [], exchanges
    return [first.reply], exchanges[1:]


@dataclass(frozen=True, slots=True)
class _Call:
    """A call that was answered: what is written of its arguments, as a pattern and as they were."""

    arguments: JsonObject
    pattern: JsonObject
    output: str


@dataclass
class _Writer:
    functions: Mapping[str, Signature] | None
    notes: list[str] = field(default_factory=list)
    _answered: dict[str, list[_Call]] = field(default_factory=dict)

    def turn(self, number: int, had: Had) -> Mapping[str, Json] | None:
        """One turn; None where nothing of it can be written."""
        spoken = had.spoken
        self._note_files(number, spoken)
        user = self._words(spoken.user, had.files)
        if spoken.user is not None and user is None:
            self.notes.append(f"turn {number} is left out: without its files it says nothing")
            return None
        calls = [one for call in spoken.calls if (one := self._call(number, call)) is not None]
        reply = self.sound(spoken.reply)
        said = (("user", user), ("calls", calls), ("was", reply))
        return {key: value for key, value in said if value} or None

    def stubs(self) -> Mapping[str, Json]:
        """The stubs that answer what was called as it was answered."""
        return {name: self._rules(calls) for name, calls in self._answered.items()}

    def sound(self, text: str) -> str:
        """The text with a form in a file."""
        found = _HALVES.sub("\ufffd", text)
        if found != text:
            self.notes.append("a text held half a character, which no file can hold: it is written as \ufffd")
        return found

    def _note_files(self, number: int, spoken: Spoken) -> None:
        for count, noun in ((spoken.images, "image"), (spoken.files, "file")):
            if count:
                what = f"{count} {noun}" if count == 1 else f"{count} {noun}s"
                self.notes.append(f"turn {number}: {what} of its message not brought")

    def _words(self, text: str | None, files: Sequence[UserFile]) -> Json:
        words = _literal(self.sound(text)) if text else None
        if not files:
            return words
        return [*([words] if words else []), *map(_part, files)]

    def _call(self, number: int, call: PastCall) -> Mapping[str, Json] | None:
        if self.functions is not None and call.name not in self.functions:
            self.notes.append(f"turn {number}: `{call.name}` was called, which the assistant no longer declares")
            return None
        arguments = parse_arguments(call.arguments)
        if arguments is None:
            self.notes.append(f"turn {number}: `{call.name}` was called with arguments that are no JSON object")
            return {"call": call.name}
        arguments = self._writable(number, call.name, arguments)
        pattern = _pattern(arguments)
        if call.output is not None:
            self._answered.setdefault(call.name, []).append(_Call(arguments, pattern, self.sound(call.output)))
        else:
            self.notes.append(f"turn {number}: nothing tells what `{call.name}` answered: a test needs a stub for it")
        return {call.name: _literal(pattern)}

    def _writable(self, number: int, name: str, arguments: JsonObject) -> JsonObject:
        """The arguments without those that no file can say, or none may: an expectation need not name them all."""
        fine = {key: value for key, value in arguments.items() if has_form(key) and _is_sayable(value)}
        signature = self.functions.get(name) if self.functions else None
        if signature is not None and signature.parameters is not None:
            unfit = {
                unfit.path[0] if unfit.path else "" for unfit in unfit_arguments(_pattern(fine), signature.parameters)
            }
            fine = {} if "" in unfit else {key: value for key, value in fine.items() if key not in unfit}
        if len(fine) < len(arguments):
            left = ", ".join(f"`{key}`" for key in arguments if key not in fine)
            why = "no file can say them, or the function's schema does not allow them"
            self.notes.append(f"turn {number}: {left} of `{name}` left out: {why}")
        return fine

    def _rules(self, calls: Sequence[_Call]) -> Json:
        if len({call.output for call in calls}) == 1:
            return {"return": _answer(calls[0].output)}
        groups: list[list[_Call]] = []
        for call in calls:
            known = next((group for group in groups if same(group[0].arguments, call.arguments)), None)
            if known is not None:
                known.append(call)
                continue
            # a rule asks for no more than what it names: one that would answer this call too comes after it
            place = next((i for i, group in enumerate(groups) if fits(group[0].pattern, call.arguments)), len(groups))
            groups.insert(place, [call])
        return [_rule(group) for group in groups]


def _rule(calls: Sequence[_Call]) -> Json:
    when: dict[str, Json] = {"when": _literal(calls[0].pattern)} if calls[0].pattern else {}
    if len({call.output for call in calls}) == 1:
        return {**when, "return": _answer(calls[0].output)}
    return {**when, "sequence": [{"return": _answer(call.output)} for call in calls]}


def _answer(output: str) -> Json:
    """What a stub returns for this very output: a value where that is the same, which reads better than its text."""
    try:
        value: Json = read_json(output)
    except ValueError:
        value = output
    fine = not isinstance(value, str) and json_text(value) == output and _is_sayable(value)
    answer: Json = _literal(value if fine else output)
    return answer


def _part(file: UserFile) -> Mapping[str, Json]:
    place = _literal(file.url or f"/{file.shown}")
    if file.tools is None:
        return {"image": place, **({"detail": file.detail} if file.detail else {})}
    tools = [str(tool) for tool in file.tools]
    return {"attachment": place, "for": tools[0] if len(tools) == 1 else tools}


def _pattern(value: Any) -> Any:
    """The pattern that a value alone fits, but for keys of objects that it does not name."""
    if isinstance(value, Mapping):
        return {"$eq": value} if is_matcher(value) else {key: _pattern(item) for key, item in value.items()}
    return [_pattern(item) for item in value] if isinstance(value, list) else value


def _literal(value: Any) -> Any:
    """What a file has to say for this value, where its texts are templates."""
    if isinstance(value, str):
        if not has_template(value):
            return value
        return _BRACES.sub(lambda found: f"{{{{ '{_AS_TEXT.get(found.group(), found.group())}' }}}}", value)
    if isinstance(value, Mapping):
        return {key: _literal(item) for key, item in value.items()}
    return [_literal(item) for item in value] if isinstance(value, list) else value


def _is_sayable(value: Any, depth: int = 0) -> bool:
    """Whether a file can hold it."""
    if depth > _DEEPEST:
        return False
    if isinstance(value, Mapping):
        return all(has_form(key) and _is_sayable(item, depth + 1) for key, item in value.items())
    if isinstance(value, list):
        return all(_is_sayable(item, depth + 1) for item in value)
    return abs(value) <= MAX_INT if isinstance(value, int) else has_form(value)
