"""One conversation as typed -> its cases, one for each cell of its matrix.

The order for each cell: what is inherited, variables, templates, then the types and meanings of what came out. A
problem that is the same in every cell is said once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from asstctl.conversation.case import Budget, Case, Cleanup, Closing, Repeat, Retry, Trouble, Turn
from asstctl.conversation.reading.filling import MATRIX, Filler, Withheld, leak_problems, over
from asstctl.conversation.reading.inheritance import inheriting
from asstctl.conversation.reading.matrix import Cell, read_matrix
from asstctl.conversation.reading.models import (
    BudgetModel,
    NestedModel,
    RepeatModel,
    RetryModel,
    SingleModel,
    ThreadModel,
)
from asstctl.conversation.reading.said import SaidReader
from asstctl.conversation.reading.shared_stubs import Functions, StubLoader, Stubs
from asstctl.conversation.reading.turns import TurnReader, saved_names
from asstctl.conversation.reading.typed import needs, typed
from asstctl.core.diagnostic import Diagnostic, Where, has_errors, warning
from asstctl.core.json_types import EMPTY, Json, JsonObject
from asstctl.documents.models import check
from asstctl.documents.templates import VARS, Patience
from asstctl.documents.yaml import Document

AS_TYPED = frozenset(("id", "tags", "use", "vars", "matrix", "exclude", "stubs", "turns", "finally", "assistant"))
"""Keys that are no templates, or are filled on their own."""

_WORDS = frozenset(("name", "thread"))
"""Keys whose values are texts, whatever is put into them."""


@dataclass(frozen=True)
class Surroundings:
    """What the conversations of one file have in common; `stubs` in the order in which they are asked.

    `functions` None: what the assistant declares is not known. `vars` are the project's and the file's, `given` what
    was typed for this run.
    """

    file: Path
    root: Path
    assistant: str
    functions: Functions | None
    vars: Mapping[str, Json]
    given: Mapping[str, Json]
    tags: Sequence[str] = ()
    defaults: Mapping[str, Json] = field(default_factory=lambda: EMPTY)
    budget: Budget | None = None
    stubs: Sequence[Stubs] = ()

    @cached_property
    def schemas(self) -> Mapping[str, JsonObject]:
        """The parameters of each function that declares any."""
        known = self.functions or {}
        return {name: one.parameters for name, one in known.items() if one.parameters is not None}

    @cached_property
    def returns(self) -> Mapping[str, JsonObject]:
        """What the outputs of a function must be, for those that say so."""
        known = self.functions or {}
        return {name: one.returns for name, one in known.items() if one.returns is not None}


@dataclass
class ConversationReader:
    """Reads one conversation, which is what the document means. `stubs` are its own and those that it uses."""

    around: Surroundings
    document: Document
    model: type[SingleModel] | type[NestedModel]
    id: str
    where: Where
    loader: StubLoader
    stubs: Sequence[Stubs]
    withheld: Withheld
    patience: Patience
    diagnostics: list[Diagnostic] = field(default_factory=list)

    def cases(self) -> list[Case]:
        """The cases, none where something is wrong; everything that is wrong is in `diagnostics` then."""
        own = self.document.value
        assert isinstance(own, Mapping)
        value = inheriting(own, self.around.defaults)
        whole = self.document.part((), value)
        cells, problems = read_matrix(whole)
        self.diagnostics.extend(problems)
        before = len(self.diagnostics)
        read = [self._cell(whole, value, cell, known=bool(cells)) for cell in cells or (_unknown(value),)]
        if problems or not self.around.assistant or has_errors(self.diagnostics[before:]):
            return []
        found = [case for case in read if case]
        if found and not any(map(_expects_something, found)):
            summary = f"conversation `{self.id}` expects nothing: it passes whatever the assistant does"
            hint = "add `expect` or `calls` to one of its turns"
            self.diagnostics.append(warning("no-expectation", summary, self.where, hint=hint))
        return found

    def _cell(self, whole: Document, value: Mapping[str, Json], cell: Cell, *, known: bool) -> Case | None:
        found: list[Diagnostic] = []
        filler = Filler(whole, {}, self.withheld, self.patience, found, known)
        filler.names = {VARS: self.around.vars, MATRIX: cell.values}
        filler.names = {VARS: self._vars(filler, value.get("vars")), MATRIX: cell.values}
        filled = self._filled(filler, value)
        without_stubs = {key: item for key, item in filled.items() if key != "stubs"}
        found.extend(leak_problems(whole, without_stubs, self.withheld))
        before = len(self.loader.diagnostics)
        case = self._read(whole.part((), filled), value, filled, cell, filler, found)
        found += self.loader.diagnostics[before:]
        del self.loader.diagnostics[before:]
        # Of a text that could not be filled nothing else is true; its faults are placed inside of it.
        self.diagnostics.extend(one for one in found if one.where not in filler.unsound)
        return case

    def _vars(self, filler: Filler, value: Json) -> Mapping[str, Json]:
        own = filler.fill(("vars",), value)
        return {**self.around.vars, **over(own, self.around.given)} if isinstance(own, Mapping) else self.around.vars

    def _filled(self, filler: Filler, value: Mapping[str, Json]) -> dict[str, Json]:
        filled = {
            key: item if key in AS_TYPED else filler.fill((key,), item, as_text=key in _WORDS)
            for key, item in value.items()
        }
        turns = value.get("turns")
        if isinstance(turns, list):
            saved: list[str] = []
            filled_turns: list[Json] = []
            for number, turn in enumerate(turns):
                filled_turns.append(self._filled_turn(filler, number, turn, saved))
                saved = [*saved, *names] if (names := saved_names([turn])) else saved
            filled["turns"] = filled_turns
            if "finally" in value:
                filled["finally"] = filler.fill(("finally",), value["finally"], saved=saved_names(turns))
        return filled

    def _filled_turn(self, filler: Filler, number: int, turn: Json, saved: Sequence[str]) -> Json:
        if not isinstance(turn, Mapping):
            return turn
        return {
            key: item if key == "was" else filler.fill(("turns", number, key), item, as_text=key == "user", saved=saved)
            for key, item in turn.items()
        }

    def _read(
        self,
        document: Document,
        written: Mapping[str, Json],
        filled: Mapping[str, Json],
        cell: Cell,
        filler: Filler,
        found: list[Diagnostic],
    ) -> Case | None:
        around = self.around
        read, problems = check(self.model, document, what="a conversation")
        found += problems
        thread: ThreadModel | None = ThreadModel()
        if filled.get("thread") is not None:
            thread, problems = check(ThreadModel, document, at=("thread",), what="a thread")
            found += problems
        reader = TurnReader(document, written, around.file, around.root, around.assistant, around.functions, found)
        turns, closing = _turns(reader, filled)
        typed_turns = filled.get("turns")
        saved = saved_names(typed_turns) if isinstance(typed_turns, list) else []
        places = (*self.stubs, *around.stubs)
        answering = self.loader.answering(places, around.assistant, filler, saved)
        said = SaidReader(document, around.file, around.root, found)
        messages = said.messages(("thread", "messages"), _listed(filled.get("thread"), "messages"))
        files = said.thread_files(("thread", "files"), _listed(filled.get("thread"), "files"))
        if read is None or thread is None or has_errors(found):
            return None
        overrides = {name: value for name, value in read.run or () if value is not None}
        timeout = read.timeout
        return Case(
            assistant=around.assistant,
            id=f"{self.id}[{cell.id}]" if cell.id else self.id,
            where=self.where,
            turns=turns,
            name=read.name,
            tags=tuple(dict.fromkeys((*around.tags, *read.tags))),
            metadata=thread.metadata,
            messages=messages,
            files=files,
            stubs=answering.rules,
            closing=closing,
            values=filler.names,
            repeat=_repeat(read.repeat),
            retry=_retry(read.retry),
            budget=budget_of(document, read.budget) if isinstance(read, SingleModel) else around.budget,
            turn_timeout=timeout.turn if timeout else None,
            timeout=timeout.conversation if timeout else None,
            overrides=overrides,
            cleanup=Cleanup(read.cleanup or "always"),
            needs=needs(messages, files, turns, closing, overrides),
            typed=typed(filled, answering, around.root),
            schemas=around.schemas,
            returns=around.returns,
        )


def _unknown(value: Mapping[str, Json]) -> Cell:
    """What stands for the cells of a matrix with wrong values: its names."""
    axes = value.get("matrix")
    return Cell("", dict.fromkeys(axes, "") if isinstance(axes, Mapping) else EMPTY)


def _turns(reader: TurnReader, filled: Mapping[str, Json]) -> tuple[tuple[Turn, ...], Closing | None]:
    written = filled.get("turns")
    turns = [reader.turn(("turns", i), turn) for i, turn in enumerate(written if isinstance(written, list) else ())]
    closing = reader.closing(("finally",), filled["finally"]) if filled.get("finally") is not None else None
    return tuple(turn for turn in turns if turn), closing


def _listed(value: Json, key: str) -> Sequence[Any]:
    found = value.get(key) if isinstance(value, Mapping) else None
    return found if isinstance(found, list) else ()


def budget_of(document: Document, model: BudgetModel | None) -> Budget | None:
    """What the conversations of a file may use together."""
    if model is None:
        return None
    return Budget(document.path, model.cost_usd, model.tokens, document.where(("budget", "cost_usd")))


def _repeat(model: RepeatModel | None) -> Repeat:
    return Repeat(model.runs, model.pass_ or model.runs) if model else Repeat()


def _retry(model: RetryModel | None) -> Retry:
    if model is None:
        return Retry()
    return Retry(model.most, frozenset(map(Trouble, model.on)) if model.on else frozenset(Trouble))


def _expects_something(case: Case) -> bool:
    closing = case.closing
    said = closing is not None and bool(closing.calls or closing.expect or closing.call_mode.closed)
    return said or any(turn.expects_something for turn in case.turns)
