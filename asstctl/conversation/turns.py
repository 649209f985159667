"""One turn as typed -> one turn as played: its expected calls in both forms, and its expectations."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from asstctl.conversation.case import CallMode, Expectation, ExpectedCall, Turn
from asstctl.conversation.checks import CHECKS
from asstctl.conversation.models import LongCallModel, TurnModel
from asstctl.conversation.patterns import pattern_problems
from asstctl.core.diagnostic import Diagnostic, Where, error
from asstctl.core.json_types import EMPTY, Json, JsonObject
from asstctl.core.suggest import did_you_mean
from asstctl.documents.models import check
from asstctl.documents.yaml import Document
from asstctl.documents.yaml import Path as Place

_CALL_HINT = "write `- function: {argument: value}`, or `- {call: function, times: 1}`"


def unknown_function(name: str, assistant: str, functions: Collection[str], where: Where) -> Diagnostic:
    """Said of a stub or an expected call whose function is renamed or gone."""
    otherwise = "" if functions else "it declares no function; add one to its `tools`"
    summary = f"`{name}` is not a function of assistant.{assistant}"
    return error("unknown-function", summary, where, hint=did_you_mean(name, functions, otherwise=otherwise))


@dataclass(frozen=True)
class TurnReader:
    """Reads the turns of one document. `functions` None: what the assistant declares is not known."""

    document: Document
    assistant: str
    functions: Collection[str] | None
    diagnostics: list[Diagnostic] = field(default_factory=list)

    def read(self, at: Place, value: Json) -> Turn | None:
        """The turn at `at`; None, with the reasons in `diagnostics`, when it is not one."""
        before = len(self.diagnostics)
        model, problems = check(TurnModel, self.document, at=at, what="a turn")
        self.diagnostics.extend(problems)
        if not isinstance(value, Mapping):
            return None
        written = value.get("calls")
        calls = [self._call((*at, "calls", i), c) for i, c in enumerate(written if isinstance(written, list) else ())]
        expect = self._expectations((*at, "expect"), value.get("expect"))
        if model is None or len(self.diagnostics) > before:
            return None
        return Turn(
            where=self.document.where((*at, "user")),
            user=model.user,
            calls=tuple(call for call in calls if call),
            call_mode=CallMode(model.call_mode),
            expect=tuple(expect),
        )

    def _call(self, at: Place, value: Json) -> ExpectedCall | None:
        if isinstance(value, Mapping) and isinstance(value.get("call"), str):
            return self._long(at)
        if not isinstance(value, Mapping) or len(value) != 1:
            self._refuse("call-shape", "an expected call is one function with its arguments", at, _CALL_HINT)
            return None
        ((name, args),) = value.items()
        if args is not None and not isinstance(args, Mapping):
            hint = f"write them as a map; `{{call: {name}, times: 0}}` forbids the call"
            self._refuse("call-shape", f"the arguments of `{name}` are not a map", (*at, name), hint)
            return None
        where = self.document.where((*at, name), key=True)
        self._known(name, where)
        return ExpectedCall(name, where, self._pattern((*at, name), args))

    def _long(self, at: Place) -> ExpectedCall | None:
        model, problems = check(LongCallModel, self.document, at=at, what="an expected call")
        self.diagnostics.extend(problems)
        if model is None:
            return None
        where = self.document.where((*at, "call"))
        self._known(model.call, where)
        if model.match == "exact" and model.args is None:
            self._refuse("call-shape", "`match: exact` has no `args`", (*at, "match"), "add `args: {}` for none")
        return ExpectedCall(
            model.call,
            where,
            self._pattern((*at, "args"), model.args),
            exact=model.match == "exact",
            ignore=frozenset(model.ignore),
            defaults=model.defaults,
            times=model.times,
        )

    def _pattern(self, at: Place, args: JsonObject | None) -> JsonObject:
        self.diagnostics.extend(pattern_problems(self.document, at, args))
        return args or EMPTY

    def _known(self, name: str, where: Where) -> None:
        if self.functions is not None and name not in self.functions:
            self.diagnostics.append(unknown_function(name, self.assistant, self.functions, where))

    def _expectations(self, at: Place, value: Json) -> list[Expectation]:
        if value is None:
            return []
        found: list[Expectation] = []
        groups = [((*at, i), group) for i, group in enumerate(value)] if isinstance(value, list) else [(at, value)]
        for place, group in groups:
            if isinstance(group, Mapping):
                for operator, expected in group.items():
                    found.extend(self._operator((*place, operator), operator, expected))
            else:
                hint = "write `operator: value`; a list holds such maps"
                self._refuse("wrong-type", "`expect` is a map of operators", place, hint)
        return found

    def _operator(self, at: Place, operator: str, expected: Json) -> list[Expectation]:
        check = CHECKS.get(operator)
        if check is None:
            summary = f"`{operator}` is not an operator of `expect`"
            where = self.document.where(at, key=True)
            self.diagnostics.append(error("unknown-key", summary, where, hint=did_you_mean(operator, CHECKS)))
            return []
        if check.each and isinstance(expected, list) and expected:
            values = [((*at, i), item) for i, item in enumerate(expected)]
        else:
            values = [(at, expected)]
        for place, item in values:
            if wrong := check.refuses(item):
                self._refuse("operator-value", f"`{operator}` {wrong}", place, "correct the value")
        return [Expectation(operator, item, self.document.where(place)) for place, item in values]

    def _refuse(self, code: str, summary: str, at: Place, hint: str) -> None:
        self.diagnostics.append(error(code, summary, self.document.where(at), hint=hint))
