"""Files -> cases: every conversation of a project, ready to be played, and everything wrong with the files.

Which files there are, and what the assistants and their functions are called, is told by the caller. A file
that cannot be read hides no problem of the others. What one conversation becomes is for `conversations`.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from asstctl.conversation.case import Case
from asstctl.conversation.reading.calling import unknown_function
from asstctl.conversation.reading.conversations import ConversationReader, Surroundings, budget_of
from asstctl.conversation.reading.filling import Filler, Withheld, over
from asstctl.conversation.reading.models import (
    INHERITED,
    DefaultsModel,
    NestedModel,
    SeveralModel,
    SingleModel,
)
from asstctl.conversation.reading.shared_stubs import NO_STUBS, Functions, StubLoader, Stubs, parse_file
from asstctl.conversation.stubs.rules import EVERY
from asstctl.core.collector import collector_paused
from asstctl.core.diagnostic import Diagnostic, Where, error, has_errors, in_reading_order
from asstctl.core.json_types import EMPTY, Json
from asstctl.core.suggest import did_you_mean
from asstctl.documents.models import check
from asstctl.documents.templates import VARS, Patience
from asstctl.documents.yaml import Document
from asstctl.documents.yaml import Path as Place

SUFFIX = ".convo.yaml"

NOTHING_WITHHELD = Withheld()


def load_cases(
    files: Sequence[Path],
    *,
    root: Path,
    use: Sequence[Path] = (),
    assistants: Collection[str],
    functions: Mapping[str, Functions],
    vars: Mapping[str, Json] = EMPTY,  # noqa: A002  # the file's own word
    given: Mapping[str, Json] = EMPTY,
    withheld: Withheld = NOTHING_WITHHELD,
) -> tuple[tuple[Case, ...], tuple[Diagnostic, ...]]:
    """The cases of these files in their order, and all diagnostics in reading order.

    `use` are the project-wide stub files, `functions` what each assistant declares; an assistant that is not in it (its
    manifest has errors) has its function names taken on trust. `vars` are the project's, and `given` those that were
    typed for this run, which go before those of any file. A conversation with an error is not among the cases.
    """
    with collector_paused():
        loader = _Loader(root, assistants, functions, vars, given, withheld)
        project_wide = loader.stubs.shared(use)
        for file in files:
            loader.file(file, project_wide)
        return tuple(loader.cases), in_reading_order(loader.diagnostics)


@dataclass
class _Loader:
    root: Path
    assistants: Collection[str]
    functions: Mapping[str, Functions]
    vars: Mapping[str, Json]
    given: Mapping[str, Json]
    withheld: Withheld
    cases: list[Case] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    patience: Patience = field(default_factory=Patience)
    stubs: StubLoader = field(init=False)
    _ids: dict[tuple[str, str], Where] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.stubs = StubLoader(self.root, self.assistants, self.functions, self.withheld, self.diagnostics)

    def file(self, file: Path, project_wide: Sequence[Stubs]) -> None:
        """Read one `*.convo.yaml`. One that YAML itself finds fault with is read on, for what else is wrong with it."""
        cases, problems_before = len(self.cases), len(self.diagnostics)
        document = parse_file(file, self.root, self.diagnostics)
        if document is not None:
            damaged = has_errors(self.diagnostics[problems_before:])
            self._document(document, file, project_wide)
            if damaged:
                del self.cases[cases:]

    def _document(self, document: Document, file: Path, project_wide: Sequence[Stubs]) -> None:
        top = document.value if isinstance(document.value, Mapping) else {}
        assistant = self._assistant(document, top.get("assistant"))
        if "conversations" in top:
            self._several(document, top, file, assistant, project_wide)
            return
        functions = self.functions.get(assistant)
        surroundings = Surroundings(file, self.root, assistant, functions, self.vars, self.given, stubs=project_wide)
        self._conversation(surroundings, document, SingleModel, file.name.removesuffix(SUFFIX), document.where())

    def _several(
        self,
        document: Document,
        top: Mapping[str, Json],
        file: Path,
        assistant: str,
        project_wide: Sequence[Stubs],
    ) -> None:
        model, problems = check(SeveralModel, document, what="a file of conversations")
        self.diagnostics.extend(problems)
        own = self.stubs.written(document, ("stubs",), top.get("stubs"), file)
        self._check_names(own, assistant)
        surroundings = Surroundings(
            file,
            self.root,
            assistant,
            self.functions.get(assistant),
            self._vars(document, top.get("vars")),
            self.given,
            tags=model.tags if model else (),
            defaults=self._defaults(document, top.get("defaults")),
            budget=budget_of(document, model.budget if model else None),
            stubs=(*own, *self.stubs.used(document, ("use",), file), *project_wide),
        )
        nested = top["conversations"]
        for i, value in enumerate(nested if isinstance(nested, list) else ()):
            at: Place = ("conversations", i)
            id = value.get("id") if isinstance(value, Mapping) else None
            named = id if isinstance(id, str) else ""  # that there is none is for the model to say
            part = document.part(at, value, under=("defaults",) if surroundings.defaults else None)
            self._conversation(surroundings, part, NestedModel, named, document.where((*at, "id")))

    def _conversation(
        self,
        surroundings: Surroundings,
        part: Document,
        model: type[SingleModel] | type[NestedModel],
        id: str,
        where: Where,
    ) -> None:
        before = len(self.diagnostics)
        self._unique(surroundings.assistant, id, where)
        if not isinstance(part.value, Mapping):
            self.diagnostics.extend(check(model, part, what="a conversation")[1])
            return
        own = self.stubs.written(part, ("stubs",), part.value.get("stubs"), surroundings.file)
        self._check_names(own, surroundings.assistant)
        used = self.stubs.used(part, ("use",), surroundings.file)
        reader = ConversationReader(
            surroundings, part, model, id, where, self.stubs, (*own, *used), self.withheld, self.patience
        )
        cases = reader.cases()
        self.diagnostics.extend(reader.diagnostics)
        if not has_errors(self.diagnostics[before:]):
            self.cases.extend(cases)

    def _vars(self, document: Document, value: Json) -> Mapping[str, Json]:
        """The project's variables and the file's own, which go before them and may name them; before both, what was
        typed."""
        if not isinstance(value, Mapping):
            return self.vars
        filler = Filler(document, {VARS: self.vars}, self.withheld, self.patience, self.diagnostics)
        own = filler.fill(("vars",), value)
        assert isinstance(own, Mapping)
        return {**self.vars, **over(own, self.given)}

    def _defaults(self, document: Document, value: Json) -> Mapping[str, Json]:
        if value is None:
            return EMPTY
        _, problems = check(DefaultsModel, document, at=("defaults",), what="`defaults`")
        self.diagnostics.extend(problems)
        return {key: value[key] for key in value if key in INHERITED} if isinstance(value, Mapping) else EMPTY

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

    def _check_names(self, stubs: Sequence[Stubs], assistant: str) -> None:
        functions = self.functions.get(assistant)
        for place in stubs if functions is not None else NO_STUBS:
            self.diagnostics.extend(
                unknown_function(name, assistant, functions or (), where)
                for name, where in place.names.items()
                if name not in (functions or ()) and name != EVERY
            )
