"""Filling: the templates of a conversation file, rendered when it is read, each fault at its place.

A text may name `vars` and `matrix`, and `saved` where it is used while the conversation is played: it is then left as
a `late.Late`, after a look at whether it can be filled at all. Which texts are templates is for the readers: keys,
ids, and what stubs run or render themselves are not.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from asstctl.conversation.late import SAVED, Late
from asstctl.core.diagnostic import Diagnostic, Where, error
from asstctl.core.json_types import EMPTY, Json
from asstctl.documents.models import dotted
from asstctl.documents.templates import VARS, Patience, TemplateFault, fill, has_template, names_used, roots_used
from asstctl.documents.yaml import Document, as_declared
from asstctl.documents.yaml import Path as Place

MATRIX = "matrix"

_LATE = "values are saved while the conversation is played; name them in turns, in `finally` and in stubs"


def _no_leaks(value: Json) -> Iterable[tuple[Place, str]]:
    return ()


@dataclass(frozen=True, slots=True)
class Withheld:
    """What no conversation may hold.

    `secret` are variables that are secrets; `unset` gives, for variables without a value, how to give them one. `leaks`
    finds loaded secrets inside a value: the path, and what the secret is called.
    """

    secret: frozenset[str] = frozenset()
    unset: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    leaks: Callable[[Json], Iterable[tuple[Place, str]]] = _no_leaks


def leak_problems(document: Document, value: Json, withheld: Withheld) -> Iterator[Diagnostic]:
    """The secrets that stand in a value, written there or put there by a template."""
    for path, name in withheld.leaks(value):
        summary = f"`{dotted(path)}` contains the value of the secret `{name}`"
        hint = "take it out, and change the secret"
        yield error("secret-in-conversation", summary, document.where(path), hint=hint)


def over(declared: Mapping[str, Json], given: Mapping[str, Json]) -> dict[str, Json]:
    """The variables that a file declares, with the values that were typed for them in their place."""
    return {name: as_declared(given[name], value) if name in given else value for name, value in declared.items()}


@dataclass
class Filler:
    """Fills one document with the names of one cell.

    `matrix_known` False: the matrix has errors, and only its names are known, with no values worth a word; without any
    that something is not in it proves nothing. `unsound` are the places of what could not be filled: nothing else can
    be said of them.
    """

    document: Document
    names: Mapping[str, Json]
    withheld: Withheld
    patience: Patience
    diagnostics: list[Diagnostic]
    matrix_known: bool = True
    unsound: set[Where] = field(default_factory=set)

    def fill(self, at: Place, value: Json, *, as_text: bool = False, saved: Collection[str] | None = None) -> Json:
        """The value at `at`, its texts filled in; the very same where it has no template.

        `saved` are the names that are saved before it is used; None: it is used before anything is played.
        """
        if isinstance(value, str):
            return self._text(at, value, as_text, saved) if has_template(value) else value
        if isinstance(value, Mapping):
            made = {key: self.fill((*at, key), item, as_text=as_text, saved=saved) for key, item in value.items()}
            return made if any(made[key] is not item for key, item in value.items()) else value
        if isinstance(value, list):
            items = [self.fill((*at, i), item, as_text=as_text, saved=saved) for i, item in enumerate(value)]
            return items if any(new is not old for new, old in zip(items, value, strict=True)) else value
        return value

    def _text(self, at: Place, text: str, as_text: bool, saved: Collection[str] | None) -> Json:
        try:
            for name in sorted(names_used(text) & self.withheld.secret) if self.withheld.secret else ():
                raise TemplateFault("undefined-variable", "", needle=rf"\b{name}\b", name=name, owner=VARS)
            roots = roots_used(text) if SAVED in text or not self.matrix_known else frozenset[str]()
            if not self.matrix_known and MATRIX in roots and (SAVED not in roots or saved is not None):
                self._try(text, saved or ())
                self.unsound.add(self.document.where(at))
                return text
            if SAVED not in roots:
                names = self.names if saved is None else {**self.names, SAVED: {}}
                return self.patience.render(lambda: fill(text, names, as_text=as_text))
            if saved is None:
                raise TemplateFault("undefined-variable", f"`{SAVED}` is not known here", _LATE, rf"\b{SAVED}\b", SAVED)
            self._try(text, saved)
        except TemplateFault as fault:
            self.say(fault, at)
            return text
        return Late.of(text, self.names, as_text=as_text)

    def _try(self, text: str, saved: Collection[str]) -> None:
        """Whether a text can be filled, as far as that is known without all values: an empty text stands for each that
        is saved, and that something cannot be done with it proves nothing."""
        assumed = {**self.names, SAVED: dict.fromkeys(saved, "")}
        try:
            self.patience.render(lambda: fill(text, assumed))
        except TemplateFault as fault:
            if fault.code == "template-failed" or (fault.code == "undefined-variable" and fault.owner == "?"):
                return
            raise

    def say(self, fault: TemplateFault, at: Place) -> None:
        """Note the fault of a template at its place in the text at `at`."""
        self.unsound.add(self.document.where(at))
        where = self.document.find(at, fault.needle or r"\{[{%]")
        if fault.owner == MATRIX and not self.matrix_known and not self.names.get(MATRIX):
            return
        if fault.owner == VARS and fault.name in self.withheld.secret:
            summary = f"`{VARS}.{fault.name}` is a secret, and conversations must not hold secrets"
            hint = "use it in target settings alone"
            self.diagnostics.append(error("secret-in-conversation", summary, where, hint=hint))
        elif fault.owner == VARS and fault.name in self.withheld.unset:
            summary, hint = f"`{VARS}.{fault.name}` has no value", self.withheld.unset[fault.name]
            self.diagnostics.append(error(fault.code, summary, where, hint=hint))
        else:
            hint = fault.hint or _WAYS.get(fault.owner, "check the template")
            self.diagnostics.append(error(fault.code, fault.summary, where, hint=hint))


_WAYS = {
    MATRIX: "add it to the `matrix` of the conversation",
    SAVED: "an earlier turn can save it: `save: {name: reply}`",
}
