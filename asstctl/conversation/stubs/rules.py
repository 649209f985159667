"""Stubs by function: reading the rules of one place, and which of them answers a call.

The name `"*"` stands for every function: its rules answer what no rule of the function itself does. Two words may
stand in place of its rules: `fail`, which is what happens without any, and `empty`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from asstctl.conversation.matchers import mismatches
from asstctl.conversation.patterns import pattern_problems
from asstctl.conversation.stubs import STUBS
from asstctl.conversation.stubs.fault import Failing
from asstctl.conversation.stubs.kind import Answer, Faulty, Read, StubCall, StubFailed, StubRule, StubSource
from asstctl.core.conversation import Mismatch
from asstctl.core.diagnostic import Diagnostic, error, warning
from asstctl.core.json_types import EMPTY, JsonObject
from asstctl.core.suggest import did_you_mean
from asstctl.documents.yaml import Document
from asstctl.documents.yaml import Path as Place

Rules = Mapping[str, tuple[StubRule, ...]]

EVERY = "*"
"""The name that stands for every function."""

_WHEN = "when"
_BESIDE = {key: kind.key for kind in STUBS.values() for key in kind.beside}


@dataclass(frozen=True, slots=True)
class Unanswered:
    """No answer: the call is one that no stub answers, whatever other rules come after."""

    runs_code: ClassVar[bool] = False

    async def answer(self, call: StubCall) -> str:
        raise StubFailed("it is not to be answered")


WORDS: Mapping[str, Answer] = {"fail": Unanswered(), "empty": Failing(Faulty())}
"""What may stand in place of the rules of every function."""


def pick(rules: Sequence[StubRule], arguments: JsonObject) -> StubRule | None:
    """The first rule that the arguments fit."""
    return next((rule for rule in rules if not mismatches(rule.when, arguments)), None)


def closest(rules: Sequence[StubRule], arguments: JsonObject) -> tuple[Mismatch, ...]:
    """Why none of them answers: how the arguments differ from the rule they miss by least."""
    return min((mismatches(rule.when, arguments) for rule in rules), key=len, default=())


def read_rules(document: Document, at: Place, *, file: Path, root: Path) -> tuple[Rules, tuple[Diagnostic, ...]]:
    """The rules of every function below `at`, and everything that is wrong with them."""
    stubs = StubSource(document, at, file, root, read_answer)
    value = stubs.value
    if not isinstance(value, Mapping):
        hint = "write `function: {return: …}` below it"
        return {}, (error("wrong-type", "`stubs` must be a map of functions", stubs.where, hint=hint),)
    diagnostics: list[Diagnostic] = []
    rules: dict[str, tuple[StubRule, ...]] = {}
    for name, written in value.items():
        source = stubs.below(name)
        if name == EVERY and isinstance(written, str) and written in WORDS:
            rules[name] = (StubRule(EMPTY, WORDS[written], source.where),)
            continue
        if written == []:
            diagnostics.append(error("wrong-type", f"`{name}` has no rule", source.where, hint=_HINT))
        sources = [source.below(i) for i in range(len(written))] if isinstance(written, list) else [source]
        found = [_read_rule(one, diagnostics) for one in sources]
        rules[name] = tuple(rule for rule in found if rule)
        diagnostics.extend(_unreachable(name, rules[name]))
    return rules, tuple(diagnostics)


_HINT = f"a rule has one of {', '.join(f'`{key}`' for key in STUBS)}, and may have `when`"


def _unreachable(name: str, rules: Sequence[StubRule]) -> Iterator[Diagnostic]:
    """The rules that are never asked, because one before them answers every call."""
    first = next((i for i, rule in enumerate(rules) if not rule.when), len(rules))
    for rule in rules[first + 1 :]:
        summary = f"no call of `{name}` comes to this rule: the one at line {rules[first].where.line} answers all"
        yield warning("unreachable-stub", summary, rule.where, hint="give that one a `when`, or let it come last")


def _read_rule(source: StubSource, diagnostics: list[Diagnostic]) -> StubRule | None:
    value = source.value
    when: JsonObject = EMPTY
    if isinstance(value, Mapping) and _WHEN in value:
        pattern = source.below(_WHEN)
        if isinstance(pattern.value, Mapping):
            when = pattern.value
            diagnostics.extend(pattern_problems(source.document, pattern.at, when))
        else:
            hint = "write `name: value`"
            diagnostics.append(error("wrong-type", "`when` must be a map of arguments", pattern.where, hint=hint))
    answer = read_answer(source, (_WHEN,))
    if isinstance(answer, tuple):
        diagnostics.extend(answer)
        return None
    return StubRule(when, answer, source.where)


def read_answer(source: StubSource, besides: tuple[str, ...] = ()) -> Read:
    """The one answer that a map holds, next to the keys `besides`."""
    value = source.value
    if not isinstance(value, Mapping):
        return (error("wrong-type", "a stub's rule must be a map", source.where, hint=_HINT),)
    kinds = [STUBS[key] for key in value if key in STUBS]
    problems: list[Diagnostic] = []
    for key in value:
        if key in STUBS or key in besides or any(key in kind.beside for kind in kinds):
            continue
        if key in _BESIDE and kinds:
            summary = f"`{key}` does not go with `{kinds[0].key}`"
            hint = f"it goes with {' and '.join(f'`{kind.key}`' for kind in STUBS.values() if key in kind.beside)}"
        else:
            summary = f"`{key}` is not a field of a stub's rule"
            hint = did_you_mean(key, (*besides, *STUBS, *_BESIDE))
        problems.append(error("unknown-key", summary, source.document.where((*source.at, key), key=True), hint=hint))
    if len(kinds) == 1:
        found = kinds[0].read(source.below(kinds[0].key))
        if not problems or isinstance(found, tuple):
            return (*problems, *found) if isinstance(found, tuple) else found
    elif kinds:
        summary = f"a stub's rule has both `{kinds[0].key}` and `{kinds[1].key}`"
        where = source.document.where((*source.at, kinds[1].key), key=True)
        problems.append(error("stub-shape", summary, where, hint=_HINT))
    elif not problems:  # an unknown key is more likely a misspelt answer than none at all
        problems.append(error("stub-shape", "a stub's rule says no answer", source.where, hint=_HINT))
    return tuple(problems)
