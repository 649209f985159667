"""Bodies of requests: a JSON object, read whole and within a limit.

What the members of the object mean is said in `objects/`.
"""

import json

from starlette.requests import Request

from asstctl.emulator import refusals
from asstctl.emulator.json_text import sendable
from asstctl.emulator.store import Body

JSON = "application/json"

MAX_BODY = 16 * 1024 * 1024
"""Bytes of a JSON body."""

MAX_NESTING = 128
"""Levels of objects and arrays. An answer shows what a request gave some levels deeper, and must still have room."""


async def read_json(request: Request, *, strict: bool = False) -> Body:
    """The JSON object that a request carries; no body at all is an empty one.

    strict: refuse what does not say that it is JSON, and an object that has a key twice, of which the last counts.
    """
    chunks = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > MAX_BODY:
            raise refusals.body_too_large(MAX_BODY)
        chunks.append(chunk)
    raw = b"".join(chunks)
    if not raw.strip() and not strict:
        return {}
    kind = request.headers.get("content-type", "" if strict else JSON)
    if kind.partition(";")[0].strip().lower() != JSON:
        raise refusals.wrong_content_type(kind, JSON)
    if not raw.strip():
        return {}
    try:
        # Decoded here: the parser would guess at other encodings, and let halves of surrogate pairs through.
        pairs = _distinct if strict else None
        text = raw.decode("utf-8-sig")
        body = json.loads(text, parse_constant=_refuse_constant, parse_float=_finite, object_pairs_hook=pairs)
        # Such a half parses from an escape too, but no answer could ever carry it.
        if b"\\u" in raw:
            json.dumps(body, ensure_ascii=False).encode()
    except UnicodeError as error:
        raise refusals.malformed_json("it is not text in UTF-8") from error
    except json.JSONDecodeError as error:
        raise refusals.malformed_json(f"{error.msg}, line {error.lineno} column {error.colno}") from error
    except (ValueError, RecursionError) as error:
        raise refusals.malformed_json("a number or the nesting is out of bounds") from error
    if not isinstance(body, dict):
        raise refusals.malformed_json(f"expected an object, but got {refusals.json_type(body)}")
    # Brackets are counted first, as nearly every body has fewer of them in all.
    if raw.count(b"{") + raw.count(b"[") > MAX_NESTING and _nests_deeper(body, MAX_NESTING):
        raise refusals.malformed_json(f"it nests deeper than {MAX_NESTING} levels")
    return body


def _nests_deeper(body: Body, levels: int) -> bool:
    """Level by level, because a recursion could itself go too deep."""
    level: list[object] = [body]
    for _ in range(levels):
        level = [
            below
            for value in level
            for below in (value.values() if isinstance(value, dict) else value if isinstance(value, list) else ())
            if isinstance(below, (dict, list))
        ]
        if not level:
            return False
    return True


def _distinct(pairs: list[tuple[str, object]]) -> Body:
    members: Body = {}
    for key, value in pairs:
        if key in members:
            # Not yet looked at: it may hold what no answer can carry.
            raise refusals.malformed_json(f"it has the key '{sendable(key)}' twice")
        members[key] = value
    return members


def _refuse_constant(name: str) -> float:
    raise ValueError(name)


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError(text)
    return number
