"""Checks that hold numbers against limits: `length`, `latency`, `tokens`, `cost`, `calls-count`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from asstctl.conversation.checks.check import Check, Undecided, no_map_of
from asstctl.conversation.observed import Observed
from asstctl.conversation.shapes import AMOUNT, map_of, means
from asstctl.core.conversation import FailureKind, Mismatch
from asstctl.core.json_types import Json
from asstctl.core.thread import Need


@dataclass(frozen=True, slots=True)
class Limit:
    """One key of such a check: what it limits, what is measured, and in which unit it is shown.

    `says` completes "the turn must …" for the limit as it is shown. `unknown` says what to do about a measure that
    is None.
    """

    means: str
    of: str
    measure: Callable[[Observed], float | None]
    shown: Callable[[float], str]
    says: Callable[[str], str]
    unknown: str = ""
    lowest: bool = False  # the least it may be; else the most
    need: Need | None = None


def limits_check(name: str, kind: FailureKind, limits: Mapping[str, Limit], *, subject: str = "") -> Check:
    """A check of these keys. It has no twin: the other limit says the same better."""

    def differences(observed: Observed, value: Json) -> tuple[Mismatch, ...]:
        found: list[Mismatch] = []
        for limit, bound in _bounds(limits, value):
            measured = limit.measure(observed)
            if measured is None:
                raise Undecided(limit.unknown)
            if measured < bound if limit.lowest else measured > bound:
                least = "at least" if limit.lowest else "at most"
                found.append(Mismatch(limit.of, f"{least} {limit.shown(bound)}", limit.shown(measured)))
        return tuple(found)

    def shown(observed: Observed) -> tuple[str, str]:
        return name, "unknown"  # only ever shown of what could not be measured

    return Check(
        name=name,
        kind=kind,
        says=lambda value: " and ".join(limit.says(limit.shown(bound)) for limit, bound in _bounds(limits, value)),
        refuses=no_map_of(**dict.fromkeys(limits, _no_bound)),
        takes=map_of({key: means(limit.means, AMOUNT) for key, limit in limits.items()}),
        has_twin=False,
        needs=lambda value: frozenset(limit.need for limit, _ in _bounds(limits, value) if limit.need),
        differences=differences,
        shown=shown,
        subject=subject,
    )


def _bounds(limits: Mapping[str, Limit], value: Json) -> list[tuple[Limit, float]]:
    written = value if isinstance(value, Mapping) else {}
    return [(limits[key], bound) for key, bound in written.items() if key in limits and isinstance(bound, int | float)]


def _no_bound(value: Json) -> str | None:
    fine = isinstance(value, int | float) and not isinstance(value, bool) and value >= 0
    return None if fine else "is not a number from 0 up"
