"""Results of an earlier run: its JSON Lines, read back. All that is wrong with a file is said, with its lines.

They are what `render` wrote, whoever carried them here: read with suspicion, and believed for nothing but what a
report shows.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, is_dataclass, replace
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter, ValidationError

from asstctl.core.conversation import CaseResult
from asstctl.core.diagnostic import Diagnostic, Where, error
from asstctl.core.errors import InvalidInput
from asstctl.core.json_text import read_json
from asstctl.core.suite import SuiteBegan, SuiteResult

SCHEMA = "asstctl/test-lines/v1"
_HINT = "write one with: asstctl test --jsonl FILE"
_NONE = "this is not the JSON Lines of a run of conversations"

_MOST = 10**15

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Results:
    """A run as a file tells it. `name` is the file's; `complete`: the run came to its end."""

    name: str
    began: SuiteBegan
    suite: SuiteResult
    complete: bool


def read_results(text: str, name: str) -> Results:
    """The results in a file's text. Raises InvalidInput with everything that is wrong with it."""
    reader = _Lines(name)
    began: SuiteBegan | None = None
    ended: SuiteResult | None = None
    cases: dict[int, CaseResult] = {}
    for number, line in reader.objects(text):
        kind = line.get("line")
        if began is None:
            if kind != "header" or line.get("schema") != SCHEMA:
                reader.wrong(number, f"{_NONE}: the first line is not the header of {SCHEMA}")
                break
            began = reader.value(_BEGAN, line, number, "a header")
            if began is None:
                break
        elif ended is not None:
            reader.wrong(number, "nothing may follow the summary")
            break
        elif kind == "case":
            index = line.get("index")
            case = reader.value(_CASE, line, number, "a conversation's result")
            if not isinstance(index, int) or index in cases:
                reader.wrong(number, "its `index` is not that of one more conversation")
            elif case is not None:
                cases[index] = case
        elif kind == "summary":
            ended = reader.value(_SUITE, {**line, "cases": ()}, number, "a summary")
        else:
            reader.wrong(number, "`line` is not one of: case, summary")
    if began is None and not reader.problems:
        reader.wrong(1, f"{_NONE}: it is empty")
    if reader.problems or began is None:
        raise InvalidInput(reader.problems)
    results = tuple(cases[index] for index in sorted(cases))
    unended = SuiteResult(
        (),
        began.target,
        "",
        True,
        mode=began.mode,
        candidate=began.candidate,
        deployed=began.deployed,
        comparing=began.comparing,
    )
    suite = ended or unended
    return Results(name, began, replace(suite, cases=results), complete=ended is not None)


class _Adapter(Generic[T]):
    """A validator, made when it is first needed: it takes a while."""

    def __init__(self, kind: type[T]) -> None:
        self._kind = kind
        self._made: TypeAdapter[T] | None = None

    def read(self, value: object) -> T:
        if self._made is None:
            self._made = TypeAdapter(self._kind)
        return self._made.validate_python(value)


_BEGAN, _CASE, _SUITE = _Adapter(SuiteBegan), _Adapter(CaseResult), _Adapter(SuiteResult)


def _is_beyond(value: object) -> bool:
    """Whether it holds a number of which no sum or rate can be reckoned."""
    if isinstance(value, int | float):
        return not abs(value) <= _MOST
    if isinstance(value, Mapping):
        return any(map(_is_beyond, value.values()))
    if is_dataclass(value):
        return any(_is_beyond(getattr(value, name)) for name in value.__dataclass_fields__)
    return isinstance(value, tuple | list) and any(map(_is_beyond, value))


class _Lines:
    """The lines of one file, and what is wrong with them."""

    def __init__(self, name: str) -> None:
        self.problems: list[Diagnostic] = []
        self._name = name

    def objects(self, text: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
        """Each line as an object, with its number. A last line that was cut off is of a run that broke off."""
        lines, begun = text.split("\n"), False
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                value = read_json(line)
            except ValueError:
                value = None
            if isinstance(value, Mapping):
                begun = True
                yield number, value
            elif not begun:
                self.wrong(number, f"{_NONE}: the line is not a JSON object")
                return
            elif number < len(lines):
                self.wrong(number, "the line is not a JSON object")

    def value(self, adapter: _Adapter[T], line: Mapping[str, Any], number: int, what: str) -> T | None:
        """The line as a value; None where it is none, which is noted."""
        try:
            read = adapter.read(line)
            if not _is_beyond(read):
                return read
            self.wrong(number, f"the line is not {what}: a number in it is none that a run could have")
        except ValidationError as problem:
            for one in problem.errors(include_url=False, include_input=False, include_context=False)[:5]:
                path = ".".join(str(step) for step in one["loc"])
                self.wrong(number, f"the line is not {what}: `{path}`: {one['msg']}")
        return None

    def wrong(self, number: int, what: str) -> None:
        """Note one thing."""
        self.problems.append(error("results", what, Where(self._name, number), hint=_HINT))
