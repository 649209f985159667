"""Comparing: two playings of one conversation, or one and what its file remembers -> how they differ. Pure.

Calls are compared by name, however they were ordered; arguments are those of calls that have a counterpart, as JSON
values; replies by how many words they share. None of it is a verdict: what must hold is said in `expect` and `calls`.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from difflib import SequenceMatcher

from asstctl.conversation import late
from asstctl.conversation.case import CallMode, Case, Turn
from asstctl.conversation.judging.calls import check_calls, parse_arguments
from asstctl.conversation.matchers import same
from asstctl.conversation.text import fold, shown
from asstctl.core.change import ABSENT
from asstctl.core.comparison import ArgumentDiffers, Comparison, TurnComparison
from asstctl.core.conversation import CallMade, CaseResult, FailureKind, Status, TurnResult
from asstctl.core.json_types import Json

NO_RECORD = "it has no `was:`"
"""Why a conversation is not compared with what it was."""

DIGITS = 4

_ALONE = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
"""Scripts without blanks between words: each character is a word."""
_IN_WORDS = rf"(?:(?![{_ALONE}])[\w\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0900-\u0dff])"
_WORD = re.compile(rf"[{_ALONE}]|(?:(?<!\w)[-+](?=\d))?{_IN_WORDS}+(?:[-.,:/'’@]{_IN_WORDS}+)*%?|\S")
_SYMBOLS = ("Sc", "Sm", "So")
_MARKUP = frozenset("|~")

_PAIRS = 4_000_000
"""Pairs of words up to which their order counts: comparing longer texts takes too long."""

_NO_VERDICT = frozenset({Status.ERROR, Status.STALE, Status.MISSING})


def words(text: str) -> list[str]:
    """The words of a text as they are compared: without case, width and punctuation; numbers, currencies and signs of
    mathematics are words."""
    found = (word.strip("_") for word in _WORD.findall(fold(text)))
    return [word for word in found if len(word) > 1 or word.isalnum() or _is_symbol(word)]


def _is_symbol(character: str) -> bool:
    return bool(character) and unicodedata.category(character) in _SYMBOLS and character not in _MARKUP


def distance(before: str, now: str) -> float:
    """How far two texts lie apart, from 0 to 1: the share of all their words that have no counterpart on the other side
    in the same order."""
    left, right = words(before), words(now)
    if left == right:
        return 0.0
    matcher = SequenceMatcher(None, left, right, autojunk=False)
    # of texts too long for that the order of the words is left out of account
    shared = matcher.ratio() if len(left) * len(right) <= _PAIRS else matcher.quick_ratio()
    return round(1 - shared, DIGITS)


def with_was(case: Case, result: CaseResult, furthest: float) -> Comparison:
    """A playing, held against what its file remembers: the replies under `was:`, and the calls of those turns.

    Replies further apart than `furthest` are a difference.
    """
    if all(turn.was is None for turn in case.turns):
        return Comparison(why_not=NO_RECORD)
    if why := _uncomparable(result):
        return why
    saved: dict[str, Json] = {}
    turns = []
    for written, had in zip(case.turns, result.turns, strict=True):
        if written.was is not None:
            turns.append(_turn_with_was(written, had, saved, furthest))
        saved |= had.saved
    return Comparison(tuple(turns))


def with_other(other: CaseResult, result: CaseResult, furthest: float, *, sides: tuple[str, str]) -> Comparison:
    """A playing, held against the same on the other side; `sides` are what the two are called, the other one first."""
    if why := _uncomparable(result):
        return why
    if why := _uncomparable(other):
        return replace(why, why_not=f"{sides[0]}: {why.why_not}", other=str(other.status))
    turns = []
    for before, now in zip(other.turns, result.turns, strict=True):
        unreached = [side for side, turn in zip(sides, (before, now), strict=True) if turn.status is Status.NOT_RUN]
        if len(unreached) == 1:
            turns.append(TurnComparison(now.number, unreached=unreached[0], before=before.reply))
        elif not unreached:
            turns.append(_turn_with_other(before, now, furthest))
    return Comparison(tuple(turns), other=str(other.status), verdicts_agree=other.status is result.status)


def measurable(comparison: Comparison, result: CaseResult) -> list[tuple[int, str, str]]:
    """The pairs of replies of which a likeness in meaning says something: the number of their turn, before and now."""
    replies = {turn.number: turn.reply for turn in result.turns}
    return [
        (turn.number, turn.before, replies[turn.number])
        for turn in comparison.turns
        if turn.distance and turn.before.strip() and replies[turn.number].strip()
    ]


def measured(comparison: Comparison, likenesses: Mapping[int, float]) -> Comparison:
    """The comparison with the likeness of replies by the number of their turn."""
    turns = (replace(turn, likeness=likenesses.get(turn.number)) for turn in comparison.turns)
    return replace(comparison, turns=tuple(turns))


def _uncomparable(result: CaseResult) -> Comparison | None:
    status = result.status
    if status is Status.SKIPPED:
        return Comparison(why_not=result.skipped)
    if status is Status.NOT_RUN:
        return Comparison(why_not=result.not_run or "it was not begun", undecided=True)
    if status in _NO_VERDICT:
        failure = result.failure
        return Comparison(why_not=failure.message if failure else f"it has no verdict ({result.kind})", undecided=True)
    return None


def _turn_with_was(written: Turn, had: TurnResult, saved: Mapping[str, Json], furthest: float) -> TurnComparison:
    before = written.was or ""
    if had.status is Status.NOT_RUN:
        return TurnComparison(had.number, before=before, unreached="now")
    try:
        recorded = late.filled_turn(written, saved).calls
    except late.NotFilled:  # the turn has failed for it
        recorded = ()
    made = Counter(call.name for call in had.calls)
    called = Counter[str]()
    for call in recorded:
        called[call.name] += 1 if call.times is None else call.times
    failures = check_calls(recorded, CallMode.ANY_ORDER, had.calls)
    arguments = [
        ArgumentDiffers(had.calls[failure.call].name, side.path, side.expected, side.actual)
        for failure in failures
        if failure.kind is FailureKind.CALL_ARGS and failure.call is not None
        for side in failure.mismatches
    ]
    return _compared(had, called, made, arguments, before, furthest)


def _turn_with_other(before: TurnResult, now: TurnResult, furthest: float) -> TurnComparison:
    called, made = (Counter(call.name for call in turn.calls) for turn in (before, now))
    return _compared(now, called, made, list(_arguments(before.calls, now.calls)), before.reply, furthest)


def _compared(
    had: TurnResult,
    called: Counter[str],
    made: Counter[str],
    arguments: Sequence[ArgumentDiffers],
    before: str,
    furthest: float,
) -> TurnComparison:
    apart = distance(before, had.reply)
    return TurnComparison(
        had.number,
        missing=tuple((called - made).elements()),
        added=tuple((made - called).elements()),
        arguments=tuple(arguments),
        before=before,
        distance=apart,
        far=apart > furthest,
    )


def _arguments(before: Sequence[CallMade], now: Sequence[CallMade]) -> Iterator[ArgumentDiffers]:
    """What differs between calls of one name: those that are equal go together, the others in their order."""
    for name in dict.fromkeys(call.name for call in now):
        left, right = ([_value(call) for call in calls if call.name == name] for calls in (before, now))
        unlike = []
        for value in left:
            at = next((i for i, other in enumerate(right) if same(value, other)), None)
            if at is None:
                unlike.append(value)
            else:
                del right[at]
        for one, other in zip(unlike, right, strict=False):
            yield from _differing(name, one, other)


def _value(call: CallMade) -> Json:
    """The arguments of a call; their text where that is no JSON object."""
    arguments = parse_arguments(call.arguments)
    return call.arguments if arguments is None else arguments


def _differing(name: str, before: Json, now: Json) -> Iterator[ArgumentDiffers]:
    if not isinstance(before, Mapping) or not isinstance(now, Mapping):
        yield ArgumentDiffers(name, "", shown(before), shown(now))
        return
    for key in dict.fromkeys((*before, *now)):
        one, other = before.get(key, ABSENT), now.get(key, ABSENT)
        if not same(one, other):
            yield ArgumentDiffers(name, key, shown(one), shown(other))
