"""Files -> cases: every conversation of a project, ready to be played, and everything wrong with the files.

Which files there are, and what the assistants and their functions are called, is told by the caller. A file
that cannot be read hides no problem of the others.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from asstctl.conversation.case import Case, Message, Turn
from asstctl.conversation.models import (
    ConversationModel,
    NestedModel,
    SeveralModel,
    SingleModel,
    StubsFileModel,
    ThreadModel,
)
from asstctl.conversation.project_files import project_file
from asstctl.conversation.stubs.kind import StubRule
from asstctl.conversation.stubs.rules import Rules, read_rules
from asstctl.conversation.turns import TurnReader, unknown_function
from asstctl.core.diagnostic import Diagnostic, Where, error, has_errors, in_reading_order, warning
from asstctl.core.json_types import Json
from asstctl.core.suggest import did_you_mean
from asstctl.documents.models import check
from asstctl.documents.paths import shown
from asstctl.documents.source import read_text
from asstctl.documents.yaml import Document, parse_one
from asstctl.documents.yaml import Path as Place

SUFFIX = ".convo.yaml"


def load_cases(
    files: Sequence[Path],
    *,
    root: Path,
    use: Sequence[Path] = (),
    assistants: Collection[str],
    functions: Mapping[str, Collection[str]],
) -> tuple[tuple[Case, ...], tuple[Diagnostic, ...]]:
    """The cases of these files in their order, and all diagnostics in reading order.

    `use` are the project-wide stub files, `functions` the names each assistant declares; an assistant that
    is not in it (its manifest has errors) has its function names taken on trust. A conversation with an
    error is not among the cases.
    """
    loader = _Loader(root, assistants, functions)
    project_wide = loader.shared(use)
    for file in files:
        loader.file(file, project_wide)
    return tuple(loader.cases), in_reading_order(loader.diagnostics)


@dataclass(frozen=True)
class _Stubs:
    """The rules of one place, and where each function is named."""

    rules: Rules
    names: Mapping[str, Where]


@dataclass(frozen=True)
class _Shared:
    """What the conversations of one file have in common; `stubs` in the order in which they are asked."""

    document: Document
    file: Path
    assistant: str
    functions: Collection[str] | None
    tags: tuple[str, ...]
    stubs: tuple[_Stubs, ...]


@dataclass
class _Loader:
    root: Path
    assistants: Collection[str]
    functions: Mapping[str, Collection[str]]
    cases: list[Case] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    _setup_files: dict[Path, _Stubs] = field(default_factory=dict)
    _ids: dict[tuple[str, str], Where] = field(default_factory=dict)

    def file(self, file: Path, project_wide: Sequence[_Stubs]) -> None:
        """Read one `*.convo.yaml`. One that YAML itself finds fault with is read on, for what else is wrong with it."""
        cases, problems_before = len(self.cases), len(self.diagnostics)
        document = self._parse(file)
        if document is not None:
            damaged = has_errors(self.diagnostics[problems_before:])
            self._document(document, file, project_wide)
            if damaged:
                del self.cases[cases:]

    def _document(self, document: Document, file: Path, project_wide: Sequence[_Stubs]) -> None:
        top = document.value if isinstance(document.value, Mapping) else {}
        several = "conversations" in top
        if several:
            model, problems = check(SeveralModel, document, what="a file of conversations")
            self.diagnostics.extend(problems)
            own = [self._stubs(document, ("stubs",), top.get("stubs"), file), *self._used(document, ("use",), file)]
        else:
            model, own = None, []
        assistant = self._assistant(document, top.get("assistant"))
        stubs = (*own, *project_wide)
        tags = model.tags if model else ()
        known = self.functions.get(assistant) if assistant else None
        common = _Shared(document, file, assistant, known, tags, stubs)
        if several:
            self._check_names(own[0], common)
            nested = top["conversations"]
            for i, value in enumerate(nested if isinstance(nested, list) else ()):
                id = value.get("id") if isinstance(value, Mapping) else None
                named = id if isinstance(id, str) else ""  # that there is none is for the model to say
                self._conversation(common, ("conversations", i), value, NestedModel, named)
        else:
            self._conversation(common, (), document.value, SingleModel, file.name.removesuffix(SUFFIX))

    def shared(self, files: Iterable[Path]) -> list[_Stubs]:
        """Setup files in the order in which they are asked: of two that stub one function, the later wins."""
        return [self._setup_file(file) for file in files][::-1]

    def _conversation(self, common: _Shared, at: Place, value: Json, model: type[ConversationModel], id: str) -> None:
        before = len(self.diagnostics)
        document, what = common.document, "a conversation"
        read, problems = check(model, document, at=at, what=what)
        self.diagnostics.extend(problems)
        if not isinstance(value, Mapping):
            return
        thread = ThreadModel()
        if value.get("thread") is not None:
            found, problems = check(ThreadModel, document, at=(*at, "thread"), what="a thread")
            self.diagnostics.extend(problems)
            thread = found or thread
        own = [
            self._stubs(document, (*at, "stubs"), value.get("stubs"), common.file),
            *self._used(document, (*at, "use"), common.file),
        ]
        self._check_names(own[0], common)
        turns = self._turns(common, (*at, "turns"), value.get("turns"))
        where = document.where((*at, "id") if at else ())
        self._unique(common.assistant, id, where)
        if read is None or not common.assistant or has_errors(self.diagnostics[before:]):
            return
        if not any(turn.expects_something for turn in turns):
            summary = f"conversation `{id}` expects nothing: it passes whatever the assistant does"
            self.diagnostics.append(
                warning("no-expectation", summary, where, hint="add `expect` or `calls` to one of its turns")
            )
        self.cases.append(
            Case(
                assistant=common.assistant,
                id=id,
                where=where,
                turns=turns,
                name=read.name,
                tags=tuple(dict.fromkeys((*common.tags, *read.tags))),
                metadata=thread.metadata,
                messages=tuple(
                    Message(role, text, document.where((*at, "thread", "messages", i)))
                    for i, message in enumerate(thread.messages)
                    for role, text in message.items()
                ),
                stubs=_merged((*own, *common.stubs), common.functions),
            )
        )

    def _turns(self, common: _Shared, at: Place, value: Json) -> tuple[Turn, ...]:
        reader = TurnReader(common.document, common.assistant, common.functions, self.diagnostics)
        read = [reader.read((*at, i), turn) for i, turn in enumerate(value if isinstance(value, list) else ())]
        return tuple(turn for turn in read if turn)

    def _assistant(self, document: Document, name: Json) -> str:
        """The name, empty when it is of no declared assistant; that it is missing is for the model to say."""
        if isinstance(name, str) and name in self.assistants:
            return name
        if isinstance(name, str) and name:
            otherwise = "" if self.assistants else "the project declares no assistant yet"
            hint = did_you_mean(name, self.assistants, otherwise=otherwise)
            where = document.where(("assistant",))
            self.diagnostics.append(error("unknown-assistant", f"there is no assistant `{name}`", where, hint=hint))
        return ""

    def _unique(self, assistant: str, id: str, where: Where) -> None:
        if not assistant or not id:
            return
        first = self._ids.setdefault((assistant, id), where)
        if first is not where:
            summary = f"assistant.{assistant} has two conversations `{id}`"
            hint = f"the other is at {first.path}:{first.line}; rename one"
            self.diagnostics.append(error("duplicate-id", summary, where, hint=hint))

    def _check_names(self, stubs: _Stubs, common: _Shared) -> None:
        if common.functions is not None:
            self.diagnostics.extend(
                unknown_function(name, common.assistant, common.functions, where)
                for name, where in stubs.names.items()
                if name not in common.functions
            )

    def _used(self, document: Document, at: Place, file: Path) -> list[_Stubs]:
        value = _value_at(document, at)
        files: list[Path] = []
        for i, written in enumerate(value if isinstance(value, list) else ()):
            if isinstance(written, str) and written:
                found = project_file(written, beside=file, root=self.root, where=document.where((*at, i)))
                if isinstance(found, Diagnostic):
                    self.diagnostics.append(found)
                else:
                    files.append(found)
        return self.shared(files)

    def _setup_file(self, file: Path) -> _Stubs:
        """One `*.stubs.yaml`, read once however many conversations use it."""
        real = file.resolve()
        if real not in self._setup_files:
            self._setup_files[real] = self._read_setup_file(file)
        return self._setup_files[real]

    def _read_setup_file(self, file: Path) -> _Stubs:
        document = self._parse(file)
        if document is None:
            return _NO_STUBS
        _, problems = check(StubsFileModel, document, what="a file of stubs")
        self.diagnostics.extend(problems)
        found = self._stubs(document, ("stubs",), _value_at(document, ("stubs",)), file)
        if all(assistant in self.functions for assistant in self.assistants):
            # Shared by all assistants, so that a function of any of them will do.
            every = {name for names in self.functions.values() for name in names}
            for name, where in found.names.items():
                if name not in every:
                    summary = f"`{name}` is not a function of any assistant"
                    hint = did_you_mean(name, sorted(every), otherwise="remove the stub")
                    self.diagnostics.append(error("unknown-function", summary, where, hint=hint))
        return found

    def _stubs(self, document: Document, at: Place, value: Json, file: Path) -> _Stubs:
        if value is None:
            return _NO_STUBS
        rules, problems = read_rules(document, at, file=file, root=self.root)
        self.diagnostics.extend(problems)
        return _Stubs(rules, {name: document.where((*at, name), key=True) for name in rules})

    def _parse(self, file: Path) -> Document | None:
        name = shown(self.root, file)
        text = read_text(file, name)
        if isinstance(text, Diagnostic):
            self.diagnostics.append(text)
            return None
        document, problems = parse_one(text, name)
        self.diagnostics.extend(problems)
        return document


_NO_STUBS = _Stubs({}, {})


def _value_at(document: Document, at: Place) -> Json:
    """What is written there; None for nothing."""
    value: Any = document.value
    for step in at:
        if isinstance(value, Mapping):
            value = value.get(step)
        else:
            value = value[step] if isinstance(value, list) and isinstance(step, int) else None
    found: Json = value
    return found


def _merged(places: Iterable[_Stubs], functions: Collection[str] | None) -> Rules:
    """All rules by function in the order in which they are asked; shared ones of other assistants left out."""
    merged: dict[str, tuple[StubRule, ...]] = {}
    # A setup file that a conversation uses and the project too is asked once.
    for place in {id(place): place for place in places}.values():
        for name, rules in place.rules.items():
            if functions is None or name in functions:
                merged[name] = (*merged.get(name, ()), *rules)
    return merged
