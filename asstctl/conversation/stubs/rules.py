"""Stubs by function: reading the rules of one place, and which of them answers a call."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from asstctl.conversation.matchers import mismatches
from asstctl.conversation.patterns import pattern_problems
from asstctl.conversation.stubs import STUBS
from asstctl.conversation.stubs.kind import StubRule, StubSource
from asstctl.core.conversation import Mismatch
from asstctl.core.diagnostic import Diagnostic, error
from asstctl.core.json_types import EMPTY, Json, JsonObject
from asstctl.core.suggest import did_you_mean
from asstctl.documents.yaml import Document
from asstctl.documents.yaml import Path as Place

Rules = Mapping[str, tuple[StubRule, ...]]

_KEYS = ("when", *STUBS)


def pick(rules: Sequence[StubRule], arguments: JsonObject) -> StubRule | None:
    """The first rule that the arguments fit."""
    return next((rule for rule in rules if not mismatches(rule.when, arguments)), None)


def closest(rules: Sequence[StubRule], arguments: JsonObject) -> tuple[Mismatch, ...]:
    """Why none of them answers: how the arguments differ from the rule they miss by least."""
    return min((mismatches(rule.when, arguments) for rule in rules), key=len, default=())


def read_rules(document: Document, at: Place, *, file: Path, root: Path) -> tuple[Rules, tuple[Diagnostic, ...]]:
    """The rules of every function below `at`, and everything that is wrong with them."""
    value: Json = StubSource(document, at, file, root).value
    diagnostics: list[Diagnostic] = []
    if not isinstance(value, Mapping):
        return {}, (
            _wrong(document, at, "`stubs` must be a map of functions", "write `function: {return: …}` below it"),
        )
    rules: dict[str, tuple[StubRule, ...]] = {}
    for name, written in value.items():
        places = [(*at, name, i) for i in range(len(written))] if isinstance(written, list) else [(*at, name)]
        if not places:
            diagnostics.append(_wrong(document, (*at, name), f"`{name}` has no rule", _HINT))
        found = [_read_rule(StubSource(document, place, file, root), diagnostics) for place in places]
        rules[name] = tuple(rule for rule in found if rule)
    return rules, tuple(diagnostics)


_HINT = f"a rule has one of {', '.join(f'`{key}`' for key in STUBS)}, and may have `when`"


def _read_rule(source: StubSource, diagnostics: list[Diagnostic]) -> StubRule | None:
    document, at, value = source.document, source.at, source.value
    before = len(diagnostics)
    if not isinstance(value, Mapping):
        diagnostics.append(_wrong(document, at, "a stub's rule must be a map", _HINT))
        return None
    for key in value:
        if key not in _KEYS:
            summary = f"`{key}` is not a field of a stub's rule"
            place = document.where((*at, key), key=True)
            diagnostics.append(error("unknown-key", summary, place, hint=did_you_mean(key, _KEYS)))
    when = value.get("when", EMPTY)
    if not isinstance(when, Mapping):
        diagnostics.append(_wrong(document, (*at, "when"), "`when` must be a map of arguments", "write `name: value`"))
        when = EMPTY
    diagnostics.extend(pattern_problems(document, (*at, "when"), when))
    kinds = [key for key in value if key in STUBS]
    if len(kinds) == 1:
        answer = STUBS[kinds[0]].read(StubSource(document, (*at, kinds[0]), source.file, source.root))
        if not isinstance(answer, Diagnostic):
            return StubRule(when, answer, source.where)
        diagnostics.append(answer)
    elif kinds:
        summary = f"a stub's rule has both `{kinds[0]}` and `{kinds[1]}`"
        diagnostics.append(error("stub-shape", summary, document.where((*at, kinds[1]), key=True), hint=_HINT))
    elif len(diagnostics) == before:  # an unknown key is more likely a misspelt answer than none at all
        diagnostics.append(error("stub-shape", "a stub's rule says no answer", source.where, hint=_HINT))
    return None


def _wrong(document: Document, at: Place, summary: str, hint: str) -> Diagnostic:
    return error("wrong-type", summary, document.where(at), hint=hint)
