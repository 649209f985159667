"""Expected calls as typed -> as compared: the short form, which is the arguments, and the long one.

Both are held against the function's schema: what no call can have need not be waited for.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from asstctl.conversation.case import ExpectedCall
from asstctl.conversation.patterns import pattern_problems, where_problems
from asstctl.conversation.reading.models import LongCallModel
from asstctl.conversation.reading.signatures import Signature, Unfit, missing_arguments, unfit_arguments, unknown_names
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


def unfit_problems(document: Document, at: Place, found: Iterable[Unfit]) -> Iterable[Diagnostic]:
    """What a schema does not allow, at its places below `at`."""
    for unfit in found:
        where = document.where((*at, *unfit.path), key=unfit.of_key)
        yield error("unfit-argument", unfit.summary, where, hint=unfit.hint)


def contradictions(calls: Sequence[ExpectedCall]) -> Iterator[Diagnostic]:
    """The calls of a list that are expected although another entry forbids every call of their function."""
    forbidden = {one.name: one for one in calls if one.times == 0 and not one.args and not one.paths and not one.exact}
    for call in calls:
        ban = forbidden.get(call.name)
        if ban is not None and call.times != 0:
            summary = f"`{call.name}` is expected here and forbidden at line {ban.where.line}: no turn can do both"
            yield error("call-contradiction", summary, call.where, hint="remove one of them, or give one other `args`")


@dataclass(frozen=True)
class CallReader:
    """Reads the expected calls of one conversation. `functions` None: what the assistant declares is not known."""

    document: Document
    assistant: str
    functions: Mapping[str, Signature] | None
    diagnostics: list[Diagnostic] = field(default_factory=list)

    def read(self, at: Place, value: Json) -> ExpectedCall | None:
        """The call at `at`; None, with the reasons in `diagnostics`, when it is not one."""
        if isinstance(value, Mapping) and isinstance(value.get("call"), str):
            return self._long(at, value["call"], value.get("args"))
        if not isinstance(value, Mapping) or len(value) != 1:
            self._refuse("call-shape", "an expected call is one function with its arguments", at, _CALL_HINT)
            return None
        ((name, args),) = value.items()
        if args is not None and not isinstance(args, Mapping):
            hint = f"write them as a map; `{{call: {name}, times: 0}}` forbids the call"
            self._refuse("call-shape", f"the arguments of `{name}` are not a map", (*at, name), hint)
            return None
        where = self.document.where((*at, name), key=True)
        self.check_name(name, where)
        return ExpectedCall(name, where, self._pattern(name, (*at, name), args))

    def check_name(self, name: str, where: Where) -> None:
        """Refuse a function that the assistant does not declare."""
        if self.functions is not None and name not in self.functions:
            self.diagnostics.append(unknown_function(name, self.assistant, self.functions, where))

    def _long(self, at: Place, name: str, args: Json) -> ExpectedCall | None:
        model, problems = check(LongCallModel, self.document, at=at, what="an expected call")
        self.diagnostics.extend(problems)
        where = self.document.where((*at, "call"))
        self.check_name(name, where)
        if model is None:
            self._pattern(name, (*at, "args"), args if isinstance(args, Mapping) else None)
            return None
        exact = model.match == "exact"
        if exact and model.args is None:
            self._refuse("call-shape", "`match: exact` has no `args`", (*at, "match"), "add `args: {}` for none")
        self.diagnostics.extend(where_problems(self.document, (*at, "where"), model.where))
        self._check_long(at, model, exact=exact)
        return ExpectedCall(
            model.call,
            where,
            self._pattern(model.call, (*at, "args"), model.args),
            exact=exact,
            ignore=frozenset(model.ignore),
            defaults=model.defaults,
            times=model.times,
            paths=tuple(model.where.items()),
        )

    def _check_long(self, at: Place, model: LongCallModel, *, exact: bool) -> None:
        parameters = self._parameters(model.call)
        if parameters is None:
            return
        found = unfit_arguments(model.defaults, parameters)
        self.diagnostics.extend(unfit_problems(self.document, (*at, "defaults"), found))
        for i, unfit in unknown_names(model.ignore, parameters):
            self._refuse("unfit-argument", unfit.summary, (*at, "ignore", i), unfit.hint)
        given = {**model.defaults, **(model.args or {}), **dict.fromkeys(model.ignore)}
        if exact and model.args is not None and model.times != 0:
            for name in missing_arguments(given, parameters):
                summary = f"`match: exact` leaves no room for `{name}`, which every call of `{model.call}` has"
                self._refuse("unfit-argument", summary, (*at, "args"), f"add `{name}` to `args`, or to `ignore`")

    def _pattern(self, name: str, at: Place, args: JsonObject | None) -> JsonObject:
        wrong = list(pattern_problems(self.document, at, args))
        self.diagnostics.extend(wrong)
        parameters = self._parameters(name)
        if args and parameters is not None and not wrong:
            self.diagnostics.extend(unfit_problems(self.document, at, unfit_arguments(args, parameters)))
        return args or EMPTY

    def _parameters(self, name: str) -> JsonObject | None:
        signature = self.functions.get(name) if self.functions is not None else None
        return signature.parameters if signature else None

    def _refuse(self, code: str, summary: str, at: Place, hint: str) -> None:
        self.diagnostics.append(error(code, summary, self.document.where(at), hint=hint))
