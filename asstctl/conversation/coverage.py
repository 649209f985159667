"""Coverage: what assistants declare, and which of it conversations exercised. Pure.

A conversation counts for what happened in it, however it ended: a function that was called was called, whether or not
its arguments were the right ones. One that never began counts for nothing. Whose files declare what is for the
workspace.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from asstctl.core.change import ABSENT, Absent
from asstctl.core.conversation import CallMade, CaseResult, TurnResult
from asstctl.core.coverage import Coverage, Covered, Subject
from asstctl.core.diagnostic import Where
from asstctl.core.json_text import canonical, read_json
from asstctl.core.json_types import EMPTY, Json, JsonObject

MOST = 5_000
"""Places of one function's schema that are looked at: references can unfold without end."""

ITEM = "[]"
"""The step of a path into the items of a list."""

Path = tuple[str, ...]
Thing = tuple[Subject, Path]
"""What can be exercised: a value of an enum is the last step of its path, in `canonical` JSON."""


@dataclass(frozen=True, slots=True)
class Declared:
    """One assistant: the schema of each function's parameters, and the paths of its files in the project.

    `wheres` says where each kind of thing is declared, and the assistant's own place stands for the others.
    """

    assistant: str
    functions: Mapping[str, JsonObject] = field(default_factory=lambda: EMPTY)
    files: tuple[str, ...] = ()
    wheres: Mapping[Subject, Where] = field(default_factory=dict)


def coverage(declared: Iterable[Declared], results: Iterable[CaseResult], minimum: float | None = None) -> Coverage:
    """Everything that is declared, and how many conversations exercised it."""
    by_assistant: dict[str, list[CaseResult]] = {}
    for result in results:
        by_assistant.setdefault(result.assistant, []).append(result)
    items = (item for one in declared for item in _items(one, by_assistant.get(one.assistant, ())))
    return Coverage(tuple(items), minimum)


def _items(declared: Declared, results: Iterable[CaseResult]) -> Iterator[Covered]:
    files = frozenset(map(_last, declared.files))
    exercised = Counter(thing for result in results for thing in _exercised(result, files))
    for thing, name in _things(declared):
        subject = thing[0]
        where = declared.wheres.get(subject) or declared.wheres.get(Subject.ASSISTANT)
        yield Covered(declared.assistant, subject, name, exercised.get(thing, 0), where)


def _things(declared: Declared) -> Iterator[tuple[Thing, str]]:
    """What an assistant declares, in the order of its files, each with its name."""
    yield (Subject.ASSISTANT, ()), declared.assistant
    for function, schema in declared.functions.items():
        yield (Subject.FUNCTION, (function,)), function
        named: dict[Thing, str] = {}
        for path, value in islice(_parameters(schema, schema, (function,), ()), MOST):
            if isinstance(value, Absent):
                named.setdefault((Subject.PARAMETER, path), _dotted(path))
            else:
                shown = value if isinstance(value, str) else canonical(value)
                named.setdefault((Subject.ENUM, (*path, _plain(value))), _dotted((*path, shown)))
        yield from named.items()
    for file in dict.fromkeys(declared.files):
        yield (Subject.FILE, (_last(file),)), file


def _parameters(
    schema: Json, root: JsonObject, path: Path, refs: tuple[str, ...]
) -> Iterator[tuple[Path, Json | Absent]]:
    """Each parameter below a schema's place (ABSENT), and each value of the place itself that the schema lists."""
    if not isinstance(schema, Mapping):
        return
    for value in schema.get("enum") or ():
        yield path, value
    if "const" in schema:
        yield path, schema["const"]
    ref = schema.get("$ref")
    if isinstance(ref, str) and ref not in refs:  # one that leads back to itself declares nothing new
        yield from _parameters(_referred(ref, root), root, path, (*refs, ref))
    for word in ("allOf", "anyOf", "oneOf"):
        for part in schema.get(word) or ():
            yield from _parameters(part, root, path, refs)
    for name, below in (schema.get("properties") or {}).items():
        yield (*path, name), ABSENT
        yield from _parameters(below, root, (*path, name), refs)
    items = schema.get("items")
    for below in (*(schema.get("prefixItems") or ()), *(items if isinstance(items, list) else (items,))):
        yield from _parameters(below, root, (*path, ITEM), refs)


def _referred(ref: str, root: JsonObject) -> Json:
    """What a reference within the schema leads to; None for any other."""
    if not ref.startswith("#"):
        return None
    value: Json = root
    for step in ref[1:].split("/")[1:]:
        value = value.get(step.replace("~1", "/").replace("~0", "~")) if isinstance(value, Mapping) else None
    return value


def _exercised(result: CaseResult, files: frozenset[str]) -> set[Thing]:
    """What happened in one conversation, in all of its playings; code is searched for the names of these files."""
    turns = (turn for playing in (result, *result.repeats) for turn in playing.turns)
    return {thing for turn in turns for thing in _in_turn(turn, files)}


def _in_turn(turn: TurnResult, files: frozenset[str]) -> Iterator[Thing]:
    if turn.reply:
        yield Subject.ASSISTANT, ()
    for call in turn.calls:
        yield Subject.FUNCTION, (call.name,)
        yield from _given((call.name,), _arguments(call))
    seen = [*(one.file for one in turn.citations), *(one.file for one in turn.passages)]
    seen += [file for run in turn.code for file in files if file in run.input]
    yield from ((Subject.FILE, (_last(file),)) for file in seen)


def _arguments(call: CallMade) -> Json:
    try:
        arguments: Json = read_json(call.arguments)
    except ValueError:
        return None
    return arguments if isinstance(arguments, Mapping) else None


def _given(path: Path, value: Json) -> Iterator[Thing]:
    """Every parameter that a value fills in, and every value, as if each were one of an enum."""
    yield Subject.ENUM, (*path, _plain(value))
    if isinstance(value, Mapping):
        for name, below in value.items():
            yield Subject.PARAMETER, (*path, name)
            yield from _given((*path, name), below)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for below in value:
            yield from _given((*path, ITEM), below)


def _plain(value: Json) -> str:
    """One text for values that JSON Schema holds to be equal."""
    return canonical(int(value) if isinstance(value, float) and value.is_integer() else value)


def _dotted(path: Path) -> str:
    return ".".join(path).replace(f".{ITEM}", ITEM)


def _last(path: str) -> str:
    """The name under which a provider knows a file."""
    return path.rpartition("/")[2]
