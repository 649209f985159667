"""What a request that is not on a tape is most like, and how it differs. Pure, and only for messages."""

from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher

from asstctl.conversation.tapes.settling import Exchange
from asstctl.core.json_text import canonical, json_text
from asstctl.core.json_types import Json
from asstctl.core.tape import Asking

MOST_DIFFERENCES = 4
_LONGEST = 80
_LIKE_ENOUGH = 0.5


def nearest(asking: Asking, exchanges: Sequence[Exchange]) -> str:
    """A sentence or two on what the tape has instead."""
    same = [(line, one) for line, one in enumerate(exchanges, start=2) if str(one.asking) == str(asking)]
    if not same:
        like = max(exchanges, key=lambda one: _likeness(str(one.asking), str(asking)), default=None)
        if like is None or _likeness(str(like.asking), str(asking)) < _LIKE_ENOUGH:
            return f"the tape holds {len(exchanges)} requests, and none like it"
        return f"nearest on the tape is {like.asking} (line {exchanges.index(like) + 2})"
    wanted = _in_full(asking)
    line, closest = max(same, key=lambda pair: (_alike(pair[1].asking, wanted), pair[0]))
    differing = list(differences(_in_full(closest.asking), wanted))
    if not differing:
        return f"it was asked more often than when the tape was made (line {line} is the last)"
    more = [f"{len(differing) - MOST_DIFFERENCES} more"] if len(differing) > MOST_DIFFERENCES else []
    return f"nearest on the tape is line {line}: " + "; ".join([*differing[:MOST_DIFFERENCES], *more])


def differences(taped: Json, now: Json, path: str = "") -> Iterator[str]:
    """How two values differ, place by place."""
    if isinstance(taped, Mapping) and isinstance(now, Mapping):
        for name in dict.fromkeys((*taped, *now)):
            place = f"{path}.{name}" if path else str(name)
            if name not in now:
                yield f"{place} was {_short(taped[name])}, now nothing"
            elif name not in taped:
                yield f"{place} was nothing, now {_short(now[name])}"
            else:
                yield from differences(taped[name], now[name], place)
    elif isinstance(taped, list | tuple) and isinstance(now, list | tuple) and len(taped) == len(now):
        for number, (left, right) in enumerate(zip(taped, now, strict=True)):
            yield from differences(left, right, f"{path}[{number}]")
    elif taped != now:
        yield f"{path or 'the body'} was {_short(taped, now)}, now {_short(now, taped)}"


def _in_full(asking: Asking) -> Json:
    query: dict[str, Json] = {"query": dict(asking.query)} if asking.query else {}
    if isinstance(asking.body, Mapping):
        return {**query, **asking.body}
    return query if asking.body is None else {**query, "body": asking.body}


def _alike(taped: Asking, wanted: Json) -> float:
    return _likeness(canonical(_in_full(taped)), canonical(wanted))


def _likeness(left: str, right: str) -> float:
    return SequenceMatcher(None, left[:2000], right[:2000], autojunk=False).ratio()


def _short(value: Json, other: Json = None) -> str:
    """A value on one line, cut; of a long text, the part where it begins to differ from the other."""
    text = json_text(value)
    against = json_text(other)
    start = next((i for i, (a, b) in enumerate(zip(text, against, strict=False)) if a != b), 0)
    start = max(start - _LONGEST // 4, 0) if len(text) > _LONGEST else 0
    cut = text[start : start + _LONGEST]
    return f"{'…' if start else ''}{cut}{'…' if start + _LONGEST < len(text) else ''}"
