"""One turn as typed -> one turn as played: its expected calls in both forms, its expectations, and what it saves.

What a template of it may name is filled in already (`filling`); the document is that of one conversation, and means
what came out.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from asstctl.conversation.case import CallMode, Closing, Expectation, ExpectedCall, Save, Turn
from asstctl.conversation.checks import CHECKS
from asstctl.conversation.checks.check import NOT, Source
from asstctl.conversation.late import is_late
from asstctl.conversation.matchers import no_regex
from asstctl.conversation.reading.calling import CallReader, contradictions
from asstctl.conversation.reading.models import ClosingModel, TurnModel
from asstctl.conversation.reading.said import SaidReader
from asstctl.conversation.reading.signatures import Signature
from asstctl.conversation.saves import path_problem, read_path
from asstctl.core.diagnostic import Diagnostic, error, has_errors
from asstctl.core.json_text import json_text
from asstctl.core.json_types import Json
from asstctl.core.suggest import did_you_mean
from asstctl.documents.json_path import check_path
from asstctl.documents.models import check
from asstctl.documents.yaml import Document
from asstctl.documents.yaml import Path as Place

_SAVE_HINT = "write `{id: calls.refund[-1].output.id}`, `{ref: {regex: …}}`, `{at: {json-path: …}}` or `{text: reply}`"

_NO_OPERATORS = {
    "refusal": "whether it refuses is for a judge, `rubric: it declines`, or for a `regex` of the words it would use",
    "language": "a `regex` of letters or words can tell, `regex: '[äöüß]'`, or a judge, `rubric: it is German`",
}
"""What people look for and do not find, and what to use instead."""


@dataclass(frozen=True)
class TurnReader:
    """Reads the turns of one conversation. `functions` None: what the assistant declares is not known.

    `written` is the conversation with its templates, which tells a number that a template gave from one that was typed.
    """

    document: Document
    written: Json
    file: Path
    root: Path
    assistant: str
    functions: Mapping[str, Signature] | None
    diagnostics: list[Diagnostic] = field(default_factory=list)

    def turn(self, at: Place, value: Json) -> Turn | None:
        """The turn at `at`; None, with the reasons in `diagnostics`, when it is not one."""
        before = len(self.diagnostics)
        model, problems = check(TurnModel, self.document, at=at, what="a turn")
        self.diagnostics.extend(problems)
        if not isinstance(value, Mapping):
            return None
        calls = self._calls((*at, "calls"), value.get("calls"))
        expect = self._expectations((*at, "expect"), value.get("expect"))
        save = self._saves((*at, "save"), value.get("save"))
        said = SaidReader(self.document, self.file, self.root, self.diagnostics)
        user, files = said.words((*at, "user"), value["user"]) if value.get("user") is not None else (None, ())
        if model is None or has_errors(self.diagnostics[before:]):
            return None
        return Turn(
            where=self.document.where((*at, "user")),
            user=user,
            calls=calls,
            call_mode=CallMode(model.call_mode),
            expect=tuple(expect),
            files=files,
            save=tuple(save),
            was=model.was,
        )

    def closing(self, at: Place, value: Json) -> Closing | None:
        """What `finally` says; None, with the reasons in `diagnostics`, when it is wrong."""
        before = len(self.diagnostics)
        model, problems = check(ClosingModel, self.document, at=at, what="`finally`")
        self.diagnostics.extend(problems)
        if not isinstance(value, Mapping):
            return None
        calls = self._calls((*at, "calls"), value.get("calls"))
        expect = self._expectations((*at, "expect"), value.get("expect"), closing=True)
        if model is None or has_errors(self.diagnostics[before:]):
            return None
        return Closing(self.document.where(at, key=True), calls, CallMode(model.call_mode), tuple(expect))

    def _calls(self, at: Place, written: Json) -> tuple[ExpectedCall, ...]:
        reader = CallReader(self.document, self.assistant, self.functions, self.diagnostics)
        found = [reader.read((*at, i), call) for i, call in enumerate(written if isinstance(written, list) else ())]
        calls = tuple(call for call in found if call)
        self.diagnostics.extend(contradictions(calls))
        return calls

    def _expectations(self, at: Place, value: Json, *, closing: bool = False) -> list[Expectation]:
        if value is None:
            return []
        found: list[Expectation] = []
        groups = [((*at, i), group) for i, group in enumerate(value)] if isinstance(value, list) else [(at, value)]
        for place, group in groups:
            if isinstance(group, Mapping):
                for operator, expected in group.items():
                    found.extend(self._operator((*place, operator), operator, expected, closing))
            else:
                hint = "write `operator: value`; a list holds such maps"
                self._refuse("wrong-type", "`expect` is a map of operators", place, hint)
        return found

    def _operator(self, at: Place, operator: str, expected: Json, closing: bool) -> list[Expectation]:
        check = CHECKS.get(operator)
        if check is None:
            summary = f"`{operator}` is not an operator of `expect`"
            where = self.document.where(at, key=True)
            hint = _NO_OPERATORS.get(operator.removeprefix(NOT)) or did_you_mean(operator, CHECKS)
            self.diagnostics.append(error("unknown-key", summary, where, hint=hint))
            return []
        if closing and not check.closing:
            summary, hint = f"`{operator}` is about one reply, and `finally` about all of them", "move it to a turn"
            self.diagnostics.append(error("operator-place", summary, self.document.where(at, key=True), hint=hint))
            return []
        if check.each and isinstance(expected, list) and expected:
            values = [((*at, i), item) for i, item in enumerate(expected)]
        else:
            values = [(at, expected)]
        return [Expectation(operator, self._value(operator, *one), self.document.where(one[0])) for one in values]

    def _value(self, operator: str, at: Place, value: Json) -> Json:
        """The value of an operator as it is to be compared with, and what is wrong with it."""
        check = CHECKS[operator]
        if is_late(value):
            if check.resolve is not None and isinstance(value, str):
                hint = "name `vars` or `matrix`"
                self._refuse("late-text", f"`{operator}` is read with its file, and cannot name `saved`", at, hint)
            return value
        if check.resolve is not None:
            found = check.resolve(value, Source(self.file, self.root, self.document.where(at)))
            if isinstance(found, Diagnostic):
                self.diagnostics.append(found)
                return value
            value = found
        wrong = check.refuses(value)
        if wrong and isinstance(_at(self.written, at), str) and isinstance(value, int | float):
            text = ("true" if value else "false") if isinstance(value, bool) else str(value)
            if not check.refuses(text):  # a template gave a number, and a text is wanted
                return text
        if wrong:
            quoted = isinstance(value, int | float) and not check.refuses(json_text(value))
            hint = f"quote it: '{json_text(value)}'" if quoted else "correct the value"
            self._refuse("operator-value", f"`{operator}` {wrong}", at, hint)
        return value

    def _saves(self, at: Place, value: Json) -> list[Save]:
        if value is None:
            return []
        if not isinstance(value, Mapping):
            self._refuse("wrong-type", "`save` must be a map of names", at, _SAVE_HINT)
            return []
        found = [self._save((*at, name), str(name), written) for name, written in value.items()]
        return [save for save in found if save]

    def _save(self, at: Place, name: str, written: Json) -> Save | None:
        where = self.document.where(at)
        if not name.isidentifier():
            key = self.document.where(at, key=True)
            summary = f"`{name}` cannot be named in a template"
            self.diagnostics.append(error("bad-name", summary, key, hint="use letters, digits and `_`"))
            return None
        if written == "reply":
            return Save(name, "reply", where)
        if isinstance(written, str):
            return self._save_of_calls(name, written, at)
        if isinstance(written, Mapping) and len(written) == 1:
            ((source, path),) = written.items()
            if source in _OF_REPLY:
                if not is_late(path) and (wrong := _OF_REPLY[source](path)):
                    self._refuse("bad-save", f"`{source}` {wrong}", (*at, source), "correct it")
                return Save(name, source, where, str(path) if not isinstance(path, str) else path)
            key = self.document.where((*at, source), key=True)
            hint = did_you_mean(str(source), _OF_REPLY, otherwise=_SAVE_HINT)
            self.diagnostics.append(error("unknown-key", f"`{source}` is not a way to save", key, hint=hint))
            return None
        self._refuse("bad-save", f"`{name}` does not say what to save", at, _SAVE_HINT)
        return None

    def _save_of_calls(self, name: str, written: str, at: Place) -> Save | None:
        where = self.document.where(at)
        if is_late(written):
            self._refuse("late-text", "what is saved cannot name `saved`", at, "write the path itself")
        elif not written.startswith("calls."):
            self._refuse("bad-save", f"`{written}` is not something to save", at, _SAVE_HINT)
        elif wrong := path_problem(written):
            self._refuse("bad-save", wrong, at, "it goes `calls.FUNCTION[INDEX].args` or `.output`, and on inside")
        else:
            path = read_path(written)
            assert path is not None
            CallReader(self.document, self.assistant, self.functions, self.diagnostics).check_name(path.name, where)
            return Save(name, "calls", where, written)
        return None

    def _refuse(self, code: str, summary: str, at: Place, hint: str) -> None:
        self.diagnostics.append(error(code, summary, self.document.where(at), hint=hint))


def _no_path(value: Json) -> str | None:
    wrong = check_path(value) if isinstance(value, str) and value else "it is no text"
    return f"is not a JSONPath: {wrong}" if wrong else None


_OF_REPLY = {"regex": no_regex, "json-path": _no_path}
"""What is looked for in the reply, and what is wrong with a value of it."""


def saved_names(turns: Collection[Json]) -> list[str]:
    """The names that these turns, as typed, save."""
    saves = [turn.get("save") for turn in turns if isinstance(turn, Mapping)]
    return [str(name) for save in saves if isinstance(save, Mapping) for name in save]


def _at(value: Json, path: Place) -> Json:
    for step in path:
        if isinstance(value, Mapping):
            value = value.get(str(step))
        else:
            value = value[step] if isinstance(value, list) and isinstance(step, int) and step < len(value) else None
    return value
