"""Stubs as they are shared: those of one place in a file, setup files that use others, and what answers in one case.

A place whose stubs hold no template is read once however many conversations use it; any other is filled for each.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from asstctl.conversation.late import SAVED
from asstctl.conversation.project_files import project_file
from asstctl.conversation.reading.calling import unfit_problems
from asstctl.conversation.reading.filling import Filler, Withheld, leak_problems
from asstctl.conversation.reading.models import StubsFileModel
from asstctl.conversation.reading.signatures import Signature, unfit_answer, unfit_arguments
from asstctl.conversation.reading.stub_templates import template_faults
from asstctl.conversation.stubs.kind import StubRule
from asstctl.conversation.stubs.returns import RETURN
from asstctl.conversation.stubs.rules import EVERY, Rules, read_rules
from asstctl.conversation.stubs.template import TEMPLATE
from asstctl.core.diagnostic import Diagnostic, Where, error
from asstctl.core.json_types import Json
from asstctl.core.suggest import did_you_mean
from asstctl.documents.models import check
from asstctl.documents.paths import shown
from asstctl.documents.source import read_text
from asstctl.documents.templates import has_template
from asstctl.documents.yaml import Document, parse_one
from asstctl.documents.yaml import Path as Place

Functions = Mapping[str, Signature]

_FILLED = ("when", "return", "fault", "then")
"""Keys of a rule that are filled when the file is read; what renders or runs itself is handed over as it stands."""


@dataclass(frozen=True, eq=False)
class Stubs:
    """The stubs of one place, which are all that the document means. `rules` None: they are filled for each case.

    `templates` are the texts that are rendered with the arguments of a call: their function, place and text.
    """

    document: Document
    file: Path
    names: Mapping[str, Where]
    rules: Rules | None
    templates: Sequence[tuple[str, Place, str]] = ()


NO_STUBS: Sequence[Stubs] = ()


@dataclass(frozen=True)
class Answering:
    """What answers in one case: the rules of each function in the order in which they are asked, and as typed."""

    rules: Rules
    typed: Mapping[str, Json]


@dataclass
class StubLoader:
    """Reads stubs from anywhere in a project; setup files once. `functions` holds what each assistant declares."""

    root: Path
    assistants: Iterable[str]
    functions: Mapping[str, Functions]
    withheld: Withheld
    diagnostics: list[Diagnostic]
    _setup_files: dict[Path, Sequence[Stubs]] = field(default_factory=dict)
    _open: dict[Path, None] = field(default_factory=dict)
    _checked: set[tuple[int, str]] = field(default_factory=set)
    _seen: list[Stubs] = field(default_factory=list)

    def shared(self, files: Iterable[Path]) -> Sequence[Stubs]:
        """Setup files in the order in which they are asked: of two that stub one function, the later wins."""
        return [stubs for file in [*files][::-1] for stubs in self._setup_file(file)]

    def used(self, document: Document, at: Place, file: Path) -> Sequence[Stubs]:
        """The files that a `use` names."""
        value: Any = document.value
        for step in at:
            value = value.get(step) if isinstance(value, Mapping) else None
        files: list[Path] = []
        for i, written in enumerate(value if isinstance(value, list) else ()):
            if isinstance(written, str) and written:
                where = document.where((*at, i))
                found = project_file(written, beside=file, root=self.root, where=where)
                if isinstance(found, Path) and found.resolve() in self._open:
                    found = self._cycle(found, where)
                if isinstance(found, Diagnostic):
                    self.diagnostics.append(found)
                else:
                    files.append(found)
        return self.shared(files)

    def _cycle(self, file: Path, where: Where) -> Diagnostic:
        way = [*self._open]
        named = [shown(self.root.resolve(), one) for one in (*way[way.index(file.resolve()) :], file.resolve())]
        hint = "remove one of the `use`s"
        return error("use-cycle", "setup files use each other in a circle", where, hint=hint, detail=" -> ".join(named))

    def written(self, document: Document, at: Place, value: Json, file: Path) -> Sequence[Stubs]:
        """The stubs below `at`; nothing for none."""
        if value is None:
            return NO_STUBS
        part = document.part(at, value)
        names = {name: part.where((name,), key=True) for name in value} if isinstance(value, Mapping) else {}
        rules = None
        if not _has_templates(value):
            rules, problems = read_rules(part, (), file=file, root=self.root)
            self.diagnostics.extend((*problems, *leak_problems(part, value, self.withheld)))
        stubs = Stubs(part, file, names, rules, tuple(_templates(value if isinstance(value, Mapping) else {})))
        self._seen.append(stubs)
        return (stubs,)

    def answering(self, places: Iterable[Stubs], assistant: str, filler: Filler, saved: Sequence[str]) -> Answering:
        """What answers in a case with this assistant; stubs of functions that it does not declare are left out."""
        functions = self.functions.get(assistant)
        rules: dict[str, tuple[StubRule, ...]] = {}
        typed: dict[str, list[Json]] = {}
        # A setup file that a conversation uses and the project too is asked once.
        for place in dict.fromkeys(places):
            self._check_templates(place, functions, filler, saved)
            read, value = self._in_case(place, assistant, filler, saved)
            for name, found in read.items():
                if functions is None or name in functions or name == EVERY:
                    rules[name] = (*rules.get(name, ()), *found)
                    written = value[name]
                    typed.setdefault(name, []).extend(written if isinstance(written, list) else [written])
        return Answering(rules, typed)

    def _in_case(
        self, place: Stubs, assistant: str, filler: Filler, saved: Sequence[str]
    ) -> tuple[Rules, Mapping[str, Any]]:
        functions = self.functions.get(assistant)
        if place.rules is not None:
            value: Any = place.document.value
            if functions is not None and (id(place), assistant) not in self._checked:
                self._checked.add((id(place), assistant))
                self.diagnostics.extend(_unfit(place.document, value, functions))
            return place.rules, value if isinstance(value, Mapping) else {}
        value = place.document.value
        if isinstance(value, Mapping):
            own = self._filler_of(place, filler)
            kept = {name: item for name, item in value.items() if functions is None or name in {*functions, EVERY}}
            value = {name: _filled((name,), item, own, saved) for name, item in kept.items()}
            self.diagnostics.extend(leak_problems(place.document, value, filler.withheld))
        part = place.document.part((), value)
        rules, problems = read_rules(part, (), file=place.file, root=self.root)
        self.diagnostics.extend(problems)
        if functions is not None:
            self.diagnostics.extend(_unfit(part, value, functions))
        return rules, value if isinstance(value, Mapping) else {}

    def _filler_of(self, place: Stubs, filler: Filler) -> Filler:
        """The filler of a case, for the document of a place."""
        return replace(filler, document=place.document, diagnostics=self.diagnostics)

    def _check_templates(self, place: Stubs, functions: Functions | None, filler: Filler, saved: Sequence[str]) -> None:
        """Names that a template would not find when its function is called."""
        own = self._filler_of(place, filler)
        known = {**filler.names, SAVED: dict.fromkeys(saved, "")}
        for name, at, text in place.templates:
            if functions is None or name in functions or name == EVERY:
                signature = functions.get(name) if functions else None
                for fault in template_faults(text, known, signature.parameters if signature else None):
                    own.say(fault, at)

    def _setup_file(self, file: Path) -> Sequence[Stubs]:
        """One `*.stubs.yaml`, read once however many conversations use it."""
        real = file.resolve()
        if real not in self._setup_files:
            self._open[real] = None
            self._setup_files[real] = self._read_setup_file(file)
            del self._open[real]
        return self._setup_files[real]

    def _read_setup_file(self, file: Path) -> Sequence[Stubs]:
        document = parse_file(file, self.root, self.diagnostics)
        if document is None:
            return NO_STUBS
        model, problems = check(StubsFileModel, document, what="a file of stubs")
        self.diagnostics.extend(problems)
        value = document.value if isinstance(document.value, Mapping) else {}
        if model is not None and not model.use and model.stubs is None:
            where, hint = document.where(), "write `stubs:`, and functions below it"
            self.diagnostics.append(error("missing-key", "a file of stubs has no `stubs`", where, hint=hint))
        own = self.written(document, ("stubs",), value.get("stubs"), file)
        if own and all(assistant in self.functions for assistant in self.assistants):
            # Shared by all assistants, so that a function of any of them will do.
            every = {name for names in self.functions.values() for name in names}
            for name, where in own[0].names.items():
                if name not in every and name != EVERY:
                    summary = f"`{name}` is not a function of any assistant"
                    hint = did_you_mean(name, sorted(every), otherwise="remove the stub")
                    self.diagnostics.append(error("unknown-function", summary, where, hint=hint))
        return (*own, *self.used(document, ("use",), file))


def parse_file(file: Path, root: Path, diagnostics: list[Diagnostic]) -> Document | None:
    """The document of a file; None, with the reasons, where there is none."""
    name = shown(root, file)
    text = read_text(file, name)
    if isinstance(text, Diagnostic):
        diagnostics.append(text)
        return None
    document, problems = parse_one(text, name)
    diagnostics.extend(problems)
    return document


def _rules_in(value: Mapping[str, Any]) -> Iterator[tuple[str, Place, Mapping[str, Any]]]:
    """Every rule that is a map: its function and its place."""
    for name, written in value.items():
        rules = enumerate(written) if isinstance(written, list) else ((None, written),)
        for i, rule in rules:
            if isinstance(rule, Mapping):
                yield name, (name,) if i is None else (name, i), rule


def _templates(value: Mapping[str, Any]) -> Iterator[tuple[str, Place, str]]:
    """Every text that is rendered with the arguments of a call."""
    for name, at, rule in _rules_in(value):
        for place, text in _answers(at, rule, TEMPLATE.key):
            if isinstance(text, str):
                yield name, place, text


def _filled(at: Place, value: Json, filler: Filler, saved: Sequence[str]) -> Json:
    """Rules with the keys filled that are; `sequence` holds answers that are written as rules write theirs."""
    if isinstance(value, list):
        return [_filled((*at, i), item, filler, saved) for i, item in enumerate(value)]
    if not isinstance(value, Mapping):
        return value
    return {
        key: filler.fill((*at, key), item, saved=saved)
        if key in _FILLED
        else _filled((*at, key), item, filler, saved)
        if key == "sequence"
        else item
        for key, item in value.items()
    }


def _has_templates(value: Json) -> bool:
    """Whether something in stubs is filled when they are read."""
    if isinstance(value, list):
        return any(map(_has_templates, value))
    if not isinstance(value, Mapping):
        return False
    return any(_holds_template(item) if key in _FILLED else _has_templates(item) for key, item in value.items())


def _holds_template(value: Json) -> bool:
    if isinstance(value, str):
        return has_template(value)
    if isinstance(value, Mapping):
        return any(map(_holds_template, value.values()))
    return isinstance(value, list) and any(map(_holds_template, value))


def _unfit(document: Document, value: Json, functions: Functions) -> Iterator[Diagnostic]:
    """Patterns that no call can fit, and answers that the function cannot give."""
    for name, at, rule in _rules_in(value if isinstance(value, Mapping) else {}):
        signature = functions.get(name)
        if signature is None:
            continue
        when = rule.get("when")
        if signature.parameters is not None and isinstance(when, Mapping):
            found = unfit_arguments(when, signature.parameters)
            yield from unfit_problems(document, (*at, "when"), found)
        if signature.returns is not None:
            for place, answer in _answers(at, rule, RETURN.key):
                for unfit in unfit_answer(answer, signature.returns):
                    where = document.where((*place, *unfit.path))
                    yield error("unfit-answer", unfit.summary, where, hint=unfit.hint)


def _answers(at: Place, rule: Mapping[str, Any], kind: str) -> Iterator[tuple[Place, Json]]:
    """What a rule answers in this way, by itself or inside of another answer."""
    if kind in rule:
        yield (*at, kind), rule[kind]
    answers = rule.get("sequence")
    for i, answer in enumerate(answers if isinstance(answers, list) else ()):
        if isinstance(answer, Mapping):
            yield from _answers((*at, "sequence", i), answer, kind)
    slow = rule.get("fault")
    if isinstance(slow, Mapping):
        yield from _answers((*at, "fault"), slow, kind)
