"""What there is to say of each field of a change, before anybody decides how it looks: Markdown and HTML are made of
it, where nothing has to fit into columns. A terminal, where it has to, is written by `fields`.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from asstctl.core.change import ABSENT, Absent, Action, Change, FieldChange, FieldState
from asstctl.core.json_types import Json
from asstctl.render.fields import DEFAULT, NONE, UNKNOWN, overwriting_words, path_of
from asstctl.render.values import value_text


@dataclass(frozen=True, slots=True)
class Becomes:
    """A value that comes, goes or changes; ABSENT on the side that has none. `resets`: it goes back to its default."""

    sign: str
    name: str
    before: Json | Absent
    after: Json | Absent
    resets: bool = False


@dataclass(frozen=True, slots=True)
class Remark:
    """What is said of a field itself: its differences follow, or it stays as it is."""

    sign: str
    name: str
    said: str


@dataclass(frozen=True, slots=True)
class Apart:
    """What somebody else made of a value, beside what others would have it be: a text for each head. `live` and `other`
    are the values of the first and of the last of them, as far as they are known."""

    name: str
    heads: tuple[str, ...]
    sides: tuple[str, ...]
    live: Json | Absent = ABSENT
    other: Json | Absent = ABSENT


Telling = Becomes | Remark | Apart


def tellings(change: Change) -> tuple[Telling, ...]:
    """All fields of a change, in their order."""
    return tuple(one for field in change.fields for one in _told(field, change.action))


def _told(field: FieldChange, action: Action) -> Iterator[Telling]:
    match field.state:
        case FieldState.UNMANAGED:
            yield Remark(" ", field.name, f"{said_of(field.before)} (not declared here)")
        case FieldState.SINCE:
            yield _since(field, action)
        case FieldState.DRIFT | FieldState.CONFLICT if field.overwritten:
            yield Remark("!", field.name, f"({overwriting_words(field)})")
            yield from _differences(field, action)
        case FieldState.DRIFT | FieldState.CONFLICT:
            yield from _outside(field, action)
        case _:
            yield from _differences(field, action)


def _differences(field: FieldChange, action: Action) -> Iterator[Becomes]:
    both = not isinstance(field.before, Absent) and not isinstance(field.after, Absent)
    if both and field.details:
        for detail in field.details:
            yield Becomes(_sign(detail.before, detail.after), path_of(field, detail), detail.before, detail.after)
        return
    resets = isinstance(field.after, Absent) and action is not Action.DELETE
    yield Becomes(_sign(field.before, field.after), field.name, field.before, field.after, resets)


def _sign(before: Json | Absent, after: Json | Absent) -> str:
    return "+" if isinstance(before, Absent) else "-" if isinstance(after, Absent) else "~"


def _outside(field: FieldChange, action: Action) -> Iterator[Apart]:
    """Drift and conflict: the live value first, since nobody has seen it yet."""
    if action is Action.KEEP:
        # nothing declares it, and of what was applied the mark holds a digest
        yield Apart(field.name, ("live", "last applied"), (said_of(field.before), UNKNOWN), field.before)
        return
    pairs = [(path_of(field, one), one.before, one.after, NONE) for one in field.details]
    for name, live, declared, none in pairs or [(field.name, field.before, field.after, DEFAULT)]:
        # drift means that the files still say what was last applied; of a conflict only digests are known
        applied = said_of(declared, none, there=True) if field.state is FieldState.DRIFT else UNKNOWN
        sides = (said_of(live, none), applied, said_of(declared, none))
        yield Apart(name, ("live", "last applied", "manifest"), sides, live, declared)


def _since(field: FieldChange, action: Action) -> Apart:
    """What is there now, what the run left, and what an undo would bring back."""
    sides = (said_of(field.before), said_of(field.left), said_of(field.after))
    shown = 2 if action is Action.DELETE else 3
    heads = ("live", "the run left", "before it")[:shown]
    return Apart(field.name, heads, sides[:shown], field.before, field.left if shown == 2 else field.after)


def said_of(value: Json | Absent, none: str = DEFAULT, *, there: bool = False) -> str:
    """A value on one line. `there`: a file in it has been uploaded."""
    return none if isinstance(value, Absent) else value_text(value, there=there)
