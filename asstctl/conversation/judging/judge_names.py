"""Which judges conversations name, and whether the project has them. Pure."""

from collections.abc import Iterable, Iterator, Mapping

from asstctl.conversation.case import Case, Expectation
from asstctl.conversation.checks.check import NOT
from asstctl.conversation.checks.judge_values import DEFAULT_JUDGE
from asstctl.conversation.checks.rubric import RUBRIC
from asstctl.conversation.checks.similar import SIMILAR
from asstctl.conversation.judging.verdict import for_judges
from asstctl.core.diagnostic import Diagnostic, error
from asstctl.core.suggest import did_you_mean

SETTINGS: Mapping[str, str] = {RUBRIC.name: "model", SIMILAR.name: "embedding_model"}
"""The setting of a judge without which it cannot decide an operator."""


def operator_of(expectation: Expectation) -> str:
    """Its operator; for a twin, the one that is turned round."""
    return expectation.operator.removeprefix(NOT)


def judge_named(expectation: Expectation) -> str:
    """The judge that a judged expectation wants."""
    value = expectation.value
    return str(value.get("judge", DEFAULT_JUDGE)) if isinstance(value, Mapping) else DEFAULT_JUDGE


def judges_named(cases: Iterable[Case]) -> frozenset[str]:
    """Every judge that these conversations want."""
    return frozenset(judge_named(expectation) for case in cases for expectation in _judged_in(case))


def check_judges(cases: Iterable[Case], judges: Mapping[str, frozenset[str]]) -> tuple[Diagnostic, ...]:
    """What is wrong with the judges that conversations name, each place once.

    `judges` holds, for each judge of the project, those of SETTINGS that it has.
    """
    wrong = (_wrong(expectation, judges) for case in cases for expectation in _judged_in(case))
    return tuple(dict.fromkeys(one for one in wrong if one is not None))


def _wrong(expectation: Expectation, judges: Mapping[str, frozenset[str]]) -> Diagnostic | None:
    name, operator = judge_named(expectation), expectation.operator
    if name not in judges:
        summary = f"`{operator}` wants a judge `{name}`, and asstctl.yaml has none of that name"
        hint = did_you_mean(name, judges) or f"add `{name}:` to `judges` of `test` in asstctl.yaml"
        return error("unknown-judge", summary, expectation.where, hint=hint)
    setting = SETTINGS[operator_of(expectation)]
    if setting in judges[name]:
        return None
    summary = f"judge `{name}` has no `{setting}`, which `{operator}` needs"
    hint = f"add `{setting}:` to judge `{name}` in asstctl.yaml"
    return error("missing-key", summary, expectation.where, hint=hint)


def _judged_in(case: Case) -> Iterator[Expectation]:
    for part in (*case.turns, *([case.closing] if case.closing else ())):
        yield from for_judges(part)
