"""Expected calls against calls made: pure, from one turn's calls to its failures.

Every expected call needs calls of its own: an entry stands for `times` slots (one without it) and a call
fills at most one. So `- get: {}` beside `- get: {id: 1}` asks for two calls. Calls that fill no slot are
over; that is a failure for an entry with `times` that they fit, and for every call in a closed mode.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from asstctl.conversation.case import CallMode, ExpectedCall
from asstctl.conversation.json_paths import path_mismatches
from asstctl.conversation.matchers import Difference, differences, expected_text
from asstctl.conversation.text import times
from asstctl.core.conversation import CallMade, Failure, FailureKind, Mismatch
from asstctl.core.diagnostic import Where
from asstctl.core.json_text import json_text, read_sound_json
from asstctl.core.json_types import EMPTY, JsonObject
from asstctl.documents.schemas import Misfit, check_schema, misfits


def parse_arguments(text: str) -> JsonObject | None:
    """The arguments of a call, None when they are not a JSON object. Models send nothing for no arguments."""
    if not text.strip():
        return {}
    try:
        arguments = read_sound_json(text)
    except ValueError:
        return None
    return arguments if isinstance(arguments, dict) else None


def check_calls(
    expected: Sequence[ExpectedCall],
    mode: CallMode,
    made: Sequence[CallMade],
    where: Where | None = None,
    *,
    schemas: Mapping[str, JsonObject] = EMPTY,
) -> tuple[Failure, ...]:
    """Every expectation that the calls do not meet, in the order of the file, then what was called in excess.

    `where` is the line to blame for a call that nothing expects. `schemas` are the parameters of functions as JSON
    Schema: a difference says so where a call is not what its function takes.
    """
    table = _Table.of(expected, made, schemas)
    filled = table.fill()
    closest = table.closest_of_unfilled(filled)
    over = [i for i in range(len(made)) if i not in filled and i not in closest.values()]
    failures = [_unfilled(table, slot, closest.get(slot)) for slot in table.unfilled(filled)]
    for i in over:
        limit = next((e for e in range(len(expected)) if expected[e].times is not None and table.fits(e, i)), None)
        if limit is not None:
            failures.append(_too_often(table, limit, i))
        elif mode.closed:
            message = f"`{made[i].name}` was called and is not expected here (call_mode: {mode})"
            failures.append(Failure(FailureKind.CALL_UNEXPECTED, message, where=where, call=i))
    if not failures and mode.ordered:
        failures.extend(_order(table, mode))
    return tuple(failures)


def matched(expected: Sequence[ExpectedCall], made: Sequence[CallMade]) -> tuple[CallMade, ...]:
    """The same calls, with those that fill an expectation marked."""
    filled = _Table.of(expected, made, EMPTY).fill()
    return tuple(replace(call, matched=i in filled) for i, call in enumerate(made))


@dataclass(frozen=True, slots=True)
class _Table:
    """Entries, their slots (entry numbers), calls, and how each call differs from each entry of its name."""

    expected: Sequence[ExpectedCall]
    made: Sequence[CallMade]
    slots: Sequence[int]
    differences: Mapping[tuple[int, int], tuple[Mismatch, ...]]

    @classmethod
    def of(
        cls, expected: Sequence[ExpectedCall], made: Sequence[CallMade], schemas: Mapping[str, JsonObject]
    ) -> "_Table":
        arguments = [parse_arguments(call.arguments) for call in made]
        return cls(
            expected,
            made,
            [e for e, entry in enumerate(expected) for _ in range(1 if entry.times is None else entry.times)],
            {
                (e, i): _differences(entry, made[i].arguments, arguments[i], schemas.get(entry.name))
                for e, entry in enumerate(expected)
                for i in range(len(made))
                if made[i].name == entry.name
            },
        )

    def fits(self, entry: int, call: int) -> bool:
        return self.differences.get((entry, call)) == ()

    def fill(self) -> dict[int, int]:
        """A largest set of calls that can fill slots, as call -> slot.

        Grown one call at a time along augmenting paths. Calls that fit an entry with `times` go first: were
        such a call left over, it would be a failure that another choice avoids.
        """
        owner: dict[int, int] = {}  # slot -> call

        def place(call: int, tried: set[int]) -> bool:
            for slot, entry in enumerate(self.slots):
                if slot not in tried and self.fits(entry, call):
                    tried.add(slot)
                    if slot not in owner or place(owner[slot], tried):
                        owner[slot] = call
                        return True
            return False

        counted = [e for e, entry in enumerate(self.expected) if entry.times is not None]
        for call in sorted(range(len(self.made)), key=lambda i: not any(self.fits(e, i) for e in counted)):
            place(call, set())
        return {call: slot for slot, call in owner.items()}

    def unfilled(self, filled: Mapping[int, int]) -> list[int]:
        taken = set(filled.values())
        return [slot for slot in range(len(self.slots)) if slot not in taken]

    def closest_of_unfilled(self, filled: Mapping[int, int]) -> dict[int, int]:
        """For each unfilled slot, the free call of its name with the fewest differences, each call once."""
        free = {i for i in range(len(self.made)) if i not in filled}
        closest: dict[int, int] = {}
        for slot in self.unfilled(filled):
            entry = self.slots[slot]
            candidates = [i for i in free if (entry, i) in self.differences]
            if candidates:
                closest[slot] = min(candidates, key=lambda i: (len(self.differences[entry, i]), i))
                free.discard(closest[slot])
        return closest


def _differences(
    entry: ExpectedCall, text: str, arguments: JsonObject | None, schema: JsonObject | None
) -> tuple[Mismatch, ...]:
    if arguments is None:
        return (Mismatch("(arguments)", "a JSON object", text),)
    wanted = {**entry.defaults, **entry.args} if entry.exact else entry.args
    actual = {**entry.defaults, **arguments}
    compared = tuple(differences(_without(wanted, entry.ignore), _without(actual, entry.ignore), exact=entry.exact))
    found = _noted(compared, schema, arguments) if compared and schema else [one.mismatch() for one in compared]
    return (*found, *(m for path, pattern in entry.paths for m in path_mismatches(path, pattern, actual)))


def _noted(compared: Iterable[Difference], schema: JsonObject, arguments: JsonObject) -> list[Mismatch]:
    """Differences as they are shown, each with what the function's schema says of the very place."""
    says = {one.path: one for one in misfits(schema, arguments)} if not check_schema(schema) else {}
    return [one.mismatch(note=_note(says[one.at]) if one.at in says else "") for one in compared]


def _note(misfit: Misfit) -> str:
    if misfit.keyword == "required":
        return "schema requires it"
    return (
        "schema has no such parameter" if misfit.keyword == "additionalProperties" else f"schema says {misfit.expected}"
    )


def _without(arguments: JsonObject, names: frozenset[str]) -> JsonObject:
    return {name: value for name, value in arguments.items() if name not in names} if names else arguments


def _unfilled(table: _Table, slot: int, closest: int | None) -> Failure:
    entry = table.expected[table.slots[slot]]
    calls = sum(call.name == entry.name for call in table.made)
    if closest is not None:
        which = "" if calls == 1 else f"; this is the closest of {calls} calls"
        return Failure(
            FailureKind.CALL_ARGS,
            f"`{entry.name}` was not called with the expected arguments{which}",
            table.differences[table.slots[slot], closest],
            entry.where,
            closest,
        )
    if not calls:
        message = f"`{entry.name}` was not called"
    elif entry.times is not None:
        message = f"`{entry.name}` was called {times(calls)}, expected {times(entry.times)}"
    else:
        told = "each call counts for one expectation, and others took them all"
        message = f"`{entry.name}` was called {times(calls)}; {told}"
    wanted = [Mismatch(entry.name, json_text(entry.args), "missing")] if entry.args else []
    wanted += [Mismatch(path, expected_text(pattern), "missing") for path, pattern in entry.paths]
    return Failure(FailureKind.CALL_MISSING, message, tuple(wanted), entry.where)


def _too_often(table: _Table, number: int, call: int) -> Failure:
    entry = table.expected[number]
    if entry.times == 0:
        message = f"`{entry.name}` must not be called" + (" with these arguments" if entry.args or entry.paths else "")
    else:
        fitting = sum(table.fits(number, i) for i in range(len(table.made)))
        message = f"`{entry.name}` was called {times(fitting)}, expected {times(entry.times or 0)}"
    return Failure(FailureKind.CALL_UNEXPECTED, message, where=entry.where, call=call)


def _order(table: _Table, mode: CallMode) -> list[Failure]:
    """The first slot that is out of its place, when all are filled and only the order can be wrong."""
    calls: Iterable[int] = iter(range(len(table.made)))
    for slot, entry in enumerate(table.slots):
        # An exact call has one place; otherwise the search goes on behind the call of the slot before.
        places = [slot] if mode is CallMode.EXACT else calls
        if not any(table.fits(entry, i) for i in places):
            early = next(i for i in range(len(table.made)) if table.fits(entry, i))
            sides = Mismatch(
                "order",
                ", ".join(table.expected[e].name for e in table.slots),
                ", ".join(call.name for call in table.made),
            )
            message = f"`{table.expected[entry].name}` was called out of order (call_mode: {mode})"
            return [Failure(FailureKind.CALL_ORDER, message, (sides,), table.expected[entry].where, early)]
    return []
