"""What a kind of stub is: how its value is read from a file, and how it answers a call.

A kind is one file of this folder (`return`, `template`, `python`, ...) and one line in `stubs/__init__`. It
never decides whether it is asked: `rules` picks the first rule that fits the arguments. It keeps nothing from one call
to the next: how often it has answered, a call brings along.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from asstctl.conversation.shapes import Shape
from asstctl.core.diagnostic import Diagnostic, Where
from asstctl.core.json_types import EMPTY, Json, JsonObject
from asstctl.documents.yaml import Document
from asstctl.documents.yaml import Path as Place


@dataclass(frozen=True, slots=True)
class StubCall:
    """One call to answer, and what an answer may know of its surroundings.

    `environment` is the whole environment of a child process. `before` is how often the rule has answered in this
    playing already. `values` are what templates of the conversation may name (`vars`, `matrix`), and `saved` is what
    its turns have kept so far.
    """

    name: str
    arguments: JsonObject
    environment: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    before: int = 0
    values: Mapping[str, Json] = field(default_factory=lambda: EMPTY)
    saved: Mapping[str, Json] = field(default_factory=lambda: EMPTY)


class StubFailed(Exception):
    """A stub could not answer; its text is one sentence for the person who wrote it."""


class Faulty(str):
    """An output that is what a failing tool would say: on purpose not what the function returns."""

    __slots__ = ()


class Answer(Protocol):
    """What stands in a rule beside `when`, read and ready."""

    @property
    def runs_code(self) -> bool:
        """Whether it executes code of the project."""
        ...

    async def answer(self, call: StubCall) -> str:
        """The output of the function as the assistant gets it. Raises StubFailed and nothing else."""
        ...


Read = Answer | tuple[Diagnostic, ...]
"""An answer, or everything that is wrong with what was written."""


@dataclass(frozen=True, slots=True)
class StubSource:
    """Where an answer is written: the document, the path of its value, the file on disk and the project.

    `nested` reads the answer that is written as a map of its own inside this one; other keys of that map which are
    not the answer's are told to it.
    """

    document: Document
    at: Place
    file: Path
    root: Path
    nested: "Callable[[StubSource, tuple[str, ...]], Read]"

    @property
    def value(self) -> Json:
        """What is written there; None for nothing."""
        value: Any = self.document.value
        for step in self.at:
            value = value.get(step) if isinstance(value, Mapping) else value[step]
        found: Json = value
        return found

    @property
    def where(self) -> Where:
        return self.document.where(self.at)

    def below(self, *steps: str | int) -> "StubSource":
        """What is written inside."""
        return replace(self, at=(*self.at, *steps))

    def beside(self, key: str) -> "StubSource":
        """What is written under another key of the same map."""
        return replace(self, at=(*self.at[:-1], key))


@dataclass(frozen=True, slots=True)
class StubKind:
    """One kind: its key in a rule, its reader, what a value looks like, and the keys that may stand beside it."""

    key: str
    read: Callable[[StubSource], Read]
    takes: Shape
    beside: Mapping[str, Shape] = field(default_factory=lambda: EMPTY)


@dataclass(frozen=True, slots=True)
class StubRule:
    """One rule: the pattern that the arguments must fit, and the answer."""

    when: JsonObject
    answer: Answer
    where: Where
