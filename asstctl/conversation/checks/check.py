"""Check: what one operator of `expect` asks of what happened, and its `not-` twin.

A check is pure: what was observed and the expected value in, nothing or an explanation out. It never reads a file
or asks a model: what a value names in a file is read with the conversation (`resolve`), and operators that a model
decides are `judged.JudgedCheck`s. The list of all operators is in `checks/__init__`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from asstctl.conversation.observed import Observed
from asstctl.conversation.shapes import SOME_TEXT, Shape
from asstctl.core.conversation import FailureKind, Mismatch
from asstctl.core.diagnostic import Diagnostic, Where
from asstctl.core.json_text import json_text
from asstctl.core.json_types import Json
from asstctl.core.thread import Need

REPLY = "the reply"
"""The subject of what is said of a reply, or of all of them in `finally`."""

NOT = "not-"
"""What the name of every twin begins with."""


class Undecided(Exception):
    """The check could not be carried out; its text completes "could not be checked: …"."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why something is not as expected: one sentence, and both sides beside each other, place by place."""

    message: str
    mismatches: tuple[Mismatch, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """Where a value is written: the conversation file, its place in it, and the project's folder."""

    file: Path
    root: Path
    where: Where


Resolve = Callable[[Json, Source], Json | Diagnostic]
AnyOperator = TypeVar("AnyOperator", bound="Operator")


def _no_needs(value: Json) -> frozenset[Need]:
    return frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """What reading a file has to know of an operator, whoever decides it.

    `says` completes "the reply must …" for a value; `refuses` tells what is wrong with one, completing "`name` …"
    (None: nothing), and `takes` is what one looks like. `each`: a list in its place means the same operator for every
    item of it, so that a failure names the item and `not-` means none of them. `closing`: it may stand in `finally`,
    where it is about the whole conversation. `slow`: deciding it may take seconds. `needs` says what the wire has to be
    able to do for a value.
    `resolve` is given each value when its file is read, before `refuses`, and returns what to put in its place.
    """

    name: str
    kind: FailureKind
    says: Callable[[Json], str]
    refuses: Callable[[Json], str | None]
    takes: Shape
    each: bool = False
    has_twin: bool = True
    closing: bool = True
    slow: bool = False
    needs: Callable[[Json], frozenset[Need]] = _no_needs
    resolve: Resolve | None = None
    negated: bool = False

    def with_twin(self: AnyOperator) -> tuple[AnyOperator, ...]:
        """The operator, and the same turned round where it has such a twin."""
        return (self, replace(self, name=NOT + self.name, negated=True)) if self.has_twin else (self,)

    def sentence(self, subject: str, value: Json) -> str:
        """What was expected, in words."""
        return f"{subject} must {'not ' if self.negated else ''}{self.says(value)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check(Operator):
    """An operator that needs nobody's opinion.

    `differences` are the places where what was observed is not as the value says, none when it is; it raises
    Undecided. `shown` is the path and the text of what a twin looked at. `subject` is what the sentence speaks of;
    empty: the turn or the conversation.
    """

    differences: Callable[[Observed, Json], tuple[Mismatch, ...]]
    shown: Callable[[Observed], tuple[str, str]]
    subject: str = ""

    def subject_of(self, *, whole: bool) -> str:
        """What the sentence speaks of: a turn, or a conversation with all its replies."""
        if self.subject == REPLY:
            return replies_or_reply(whole=whole)
        return self.subject or ("the conversation" if whole else "the turn")

    def explain(self, observed: Observed, value: Json, *, whole: bool = False) -> Explanation | None:
        """None when everything is as expected. `whole`: it is about the conversation, not about a turn."""
        try:
            if wrong := self.refuses(value):  # a value that was filled in late, and is not what it has to be
                raise Undecided(f"it {wrong}")
            found = self.differences(observed, value)
        except Undecided as problem:
            path, actual = self.shown(observed)
            sides = Mismatch(path, f"{self.name} {json_text(value)}", actual)
            return Explanation(f"`{self.name}` could not be checked: {problem}", (sides,))
        if bool(found) is self.negated:
            return None
        message = self.sentence(self.subject_of(whole=whole), value)
        if self.negated:
            path, actual = self.shown(observed)
            found = (Mismatch(path, f"{self.name} {json_text(value)}", actual),)
        return Explanation(message, found)


def replies_or_reply(*, whole: bool) -> str:
    """The subject of what is said of the reply of a turn, or of those of the whole conversation."""
    return "the replies" if whole else REPLY


def text_check(
    name: str,
    holds: Callable[[str, Json], bool],
    says: Callable[[Json], str],
    refuses: Callable[[Json], str | None],
    *,
    takes: Shape = SOME_TEXT,
    each: bool = False,
    closing: bool = True,
    slow: bool = False,
) -> Check:
    """A check of the reply's text: `holds` answers for (reply, value)."""

    def differences(observed: Observed, value: Json) -> tuple[Mismatch, ...]:
        if holds(observed.reply, value):
            return ()
        path, actual = reply_shown(observed)
        return (Mismatch(path, f"{name} {json_text(value)}", actual),)

    return Check(
        name=name,
        kind=FailureKind.TEXT,
        says=says,
        refuses=refuses,
        takes=takes,
        each=each,
        closing=closing,
        slow=slow,
        differences=differences,
        shown=reply_shown,
        subject=REPLY,
    )


def reply_shown(observed: Observed) -> tuple[str, str]:
    """The reply, as the side of a mismatch."""
    return "reply", json_text(observed.reply)


def no_text(value: Json) -> str | None:
    """Refuses what is not a text with something in it: an empty one would be found in every reply."""
    return None if isinstance(value, str) and value else "takes a text with something in it"


def no_map_of(**keys: Callable[[Json], str | None]) -> Callable[[Json], str | None]:
    """Refuses what is not a map of some of these keys, each with a value that its own refusal lets pass."""

    def refuses(value: Json) -> str | None:
        names = ", ".join(f"`{key}`" for key in keys)
        if not isinstance(value, Mapping) or not value:
            return f"takes a map of {names}"
        for key, item in value.items():
            if key not in keys:
                return f"has no `{key}`; it takes {names}"
            if wrong := keys[key](item):
                return f"has a wrong `{key}`: it {wrong}"
        return None

    return refuses
