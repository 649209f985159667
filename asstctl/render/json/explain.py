"""explain: where the values of one resource come from.

explain   target address asked where | null id | null revision | null fields[value] users[] remarks[]
          looked next{action reason block{code reason ways[]} | null} | null
          unseen{code summary detail hint} | null
value     name declared value? from | null overrides[said] via[origin] includes[origin]
          variables[{name from | null overrides[said]}] parts[value] remark
          since{revision date subject reason at_least} | null
          stands{live? state | null applied{digest revision value?} | null next ways[{text command}]} | null
said      source name | null where | null last_line | null value? secret
origin    source name | null where | null last_line | null

`from` is the place that counts, `overrides` the weaker ones that say something too, the strongest first. A value that
is at its default, or not to be shown, has no key. `unseen` says why the target did not answer; then `looked` is false.
"""

from asstctl.core.change import Absent, Block, WayOn
from asstctl.core.errors import AsstctlError
from asstctl.core.explanation import Explained, Explanation, Said, Since, Stands, Variable
from asstctl.core.json_types import Json
from asstctl.core.origin import Origin
from asstctl.render.json.shared import Object, document, origin_object, target_object, where_object


def explanation_json(explanation: Explanation) -> str:
    """All that is known of what was asked for."""
    one = explanation
    return document(
        "explain",
        target=target_object(one.target),
        address=str(one.address),
        asked=one.asked,
        where=where_object(one.where),
        id=one.id or None,
        revision=one.revision or None,
        fields=[_value(field) for field in one.fields],
        users=[str(user) for user in one.users],
        remarks=list(one.remarks),
        looked=one.looked,
        next=(
            {"action": str(one.next.action), "reason": one.next.reason, "block": _block(one.next.block)}
            if one.next
            else None
        ),
        unseen=_error(one.unseen) if one.unseen else None,
    )


def _origin(origin: Origin) -> Object:
    last = origin.last_line or (origin.where.line if origin.where else None)
    return {**origin_object(origin), "last_line": last}


def _value(one: Explained) -> Object:
    return {
        "name": one.name,
        "declared": one.declared,
        **_side("value", one.value),
        **_said_all(one.said),
        "via": [_origin(origin) for origin in one.via],
        "includes": [_origin(origin) for origin in one.includes],
        "variables": [_variable(variable) for variable in one.variables],
        "parts": [_value(part) for part in one.parts],
        "remark": one.remark,
        "since": _since(one.since) if one.since else None,
        "stands": _stands(one.stands) if one.stands else None,
    }


def _said_all(said: tuple[Said, ...]) -> Object:
    every = [{**_origin(one.origin), **_side("value", one.value), "secret": one.is_secret} for one in said]
    return {"from": every[0] if every else None, "overrides": every[1:]}


def _variable(variable: Variable) -> Object:
    return {"name": variable.name, **_said_all(variable.said)}


def _since(since: Since) -> Object:
    return {
        "revision": since.revision or None,
        "date": since.date or None,
        "subject": since.subject,
        "reason": since.reason,
        "at_least": since.at_least,
    }


def _stands(stands: Stands) -> Object:
    applied = stands.applied
    return {
        **_side("live", stands.live),
        "state": str(stands.state) if stands.state else None,
        "applied": (
            {"digest": applied.digest, "revision": applied.revision or None, **_side("value", applied.value)}
            if applied
            else None
        ),
        "next": stands.next,
        "ways": _ways(stands.ways),
    }


def _side(name: str, value: Json | Absent) -> Object:
    return {} if isinstance(value, Absent) else {name: value}


def _block(block: Block | None) -> Object | None:
    return {"code": str(block.code), "reason": block.reason, "ways": _ways(block.ways)} if block else None


def _ways(ways: tuple[WayOn, ...]) -> list[Object]:
    return [{"text": way.text, "command": way.command} for way in ways]


def _error(error: AsstctlError) -> Object:
    return {"code": error.code, "summary": error.summary, "detail": error.detail, "hint": error.hint}
