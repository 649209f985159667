"""What a kind of stub is: how its value is read from a file, and how it answers a call.

A kind is one file of this folder (`return`, `template`, `python`) and one line in `stubs/__init__`. It
never decides whether it is asked: `rules` picks the first rule that fits the arguments.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from asstctl.core.diagnostic import Diagnostic, Where
from asstctl.core.json_types import EMPTY, Json, JsonObject
from asstctl.documents.yaml import Document
from asstctl.documents.yaml import Path as Place


@dataclass(frozen=True, slots=True)
class StubCall:
    """One call to answer, and what an answer may know of its surroundings.

    `environment` is the whole environment of a child process.
    """

    name: str
    arguments: JsonObject
    environment: Mapping[str, str] = field(default_factory=lambda: EMPTY)


class StubFailed(Exception):
    """A stub could not answer; its text is one sentence for the person who wrote it."""


class Answer(Protocol):
    """What stands in a rule beside `when`, read and ready."""

    @property
    def runs_code(self) -> bool:
        """Whether it executes code of the project."""
        ...

    async def answer(self, call: StubCall) -> str:
        """The output of the function as the assistant gets it. Raises StubFailed and nothing else."""
        ...


@dataclass(frozen=True, slots=True)
class StubSource:
    """Where an answer is written: the document, the path of its value, the file on disk and the project."""

    document: Document
    at: Place
    file: Path
    root: Path

    @property
    def value(self) -> Json:
        """What is written there."""
        value = self.document.value
        for step in self.at:
            value = value[step]  # type: ignore[index]  # the path was walked to get here
        return value

    @property
    def where(self) -> Where:
        return self.document.where(self.at)


@dataclass(frozen=True, slots=True)
class StubKind:
    """One kind: its key in a rule, and its reader."""

    key: str
    read: Callable[[StubSource], Answer | Diagnostic]


@dataclass(frozen=True, slots=True)
class StubRule:
    """One rule: the pattern that the arguments must fit, and the answer."""

    when: JsonObject
    answer: Answer
    where: Where
