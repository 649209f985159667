"""plan: every change, those that keep an object included.

plan    target revision empty counts{…} marks_to_refresh changes[change] notes[]
change  address kind key name action pending reason remote_id where refresh protect depends_on[]
        unchanged fields[{name state overwritten before? after? details[{path before? after?}] where}]
        block{code reason ways[{text command}]} | null
"""

from asstctl.core.change import Absent, Block, Change, FieldChange
from asstctl.core.json_types import Json
from asstctl.core.plan import Plan
from asstctl.render.json.shared import Object, document, target_object, where_object


def plan_json(plan: Plan) -> str:
    """The whole plan."""
    return document("plan", target=target_object(plan.target), **plan_content(plan))


def plan_content(plan: Plan) -> Object:
    """What a plan says, for a document that names its target itself."""
    return {
        "revision": plan.revision,
        "empty": plan.is_empty,
        "counts": dict(plan.counts),
        "marks_to_refresh": len(plan.stale_marks),
        "changes": [_change(change) for change in plan.changes],
        "notes": list(plan.notes),
    }


def _change(change: Change) -> Object:
    return {
        "address": str(change.address),
        "kind": change.address.kind,
        "key": change.address.key,
        "name": change.name,
        "action": str(change.action),
        "pending": change.pending,
        "reason": change.reason,
        "remote_id": change.remote_id,
        "where": where_object(change.where),
        "refresh": change.refresh,
        "protect": change.protect,
        "depends_on": [str(address) for address in change.depends_on],
        "unchanged": change.unchanged,
        "fields": [_field(field) for field in change.fields],
        "block": _block(change.block) if change.block else None,
    }


def _field(field: FieldChange) -> Object:
    details = [{"path": detail.path, **_sides(detail.before, detail.after)} for detail in field.details]
    return {
        "name": field.name,
        "state": str(field.state),
        "overwritten": field.overwritten,
        **_sides(field.before, field.after),
        "details": details,
        "where": where_object(field.where),
    }


def _sides(before: Json | Absent, after: Json | Absent) -> Object:
    return {name: value for name, value in (("before", before), ("after", after)) if not isinstance(value, Absent)}


def _block(block: Block) -> Object:
    ways = [{"text": way.text, "command": way.command} for way in block.ways]
    return {"code": str(block.code), "reason": block.reason, "ways": ways}
