"""plan: every change, those that keep an object included.

plan    target digest revision promoted_from | null empty counts{…} marks_to_refresh uploads{files bytes} flags[]
        changes[change] notes[] losses[loss]
loss    address field way what function | null
change  address kind key name action pending reason remote_id where decided refresh protect depends_on[]
        previous | null
        unchanged fields[{name state overwritten late before? after? left? details[{path before? after?}] where
        decided}]
        files[{action path bytes sha256? chunking? ids[] reason}] files_unchanged
        block{code reason ways[{text command}]} | null

`late` says that a value is known after apply only; where its id will be stands `{"$ref": ADDRESS}`, or
`{"$file": PATH, "sha256", "bytes"}` for a file that is still to be uploaded. `flags` are the options that permitted
or restricted anything. The `bytes` of a file are those to upload. `decided` is where a `kind: changes` file
says so. A field of an undo with the state `since` has in `left` what the run left, in `after` what was there
before it. `digest` is what `apply --expect` takes.

A plan that is saved (`plan --out`) has `approved` beside these: what `apply PLAN_FILE` holds the next plan against.
"""

from asstctl.core.address import Address
from asstctl.core.approval import Approved
from asstctl.core.change import Absent, Block, Change, FieldChange, FileChange
from asstctl.core.json_types import Json
from asstctl.core.loss import Loss
from asstctl.core.plan import Plan
from asstctl.render.files import uploads
from asstctl.render.json.shared import Object, document, loss_object, target_object, where_object


def plan_json(plan: Plan) -> str:
    """The whole plan."""
    return document("plan", target=target_object(plan.target), **plan_content(plan))


def saved_plan_json(plan: Plan, approved: Approved) -> str:
    """The whole plan as it is saved."""
    return document("plan", target=target_object(plan.target), **plan_content(plan), approved=approved.as_json())


def plan_content(plan: Plan) -> Object:
    """What a plan says, for a document that names its target itself."""
    sent = uploads(plan.pending)
    return {
        "digest": plan.digest,
        "revision": plan.revision,
        "promoted_from": plan.promoted_from or None,
        "empty": plan.is_empty,
        "counts": dict(plan.counts),
        "marks_to_refresh": len(plan.stale_marks),
        "uploads": {"files": sent.files, "bytes": sent.bytes},
        "flags": list(plan.flags),
        "changes": [change_object(change) for change in plan.changes],
        "notes": list(plan.notes),
        "losses": [_loss(address, loss) for address, loss in plan.losses],
    }


def _loss(address: Address, loss: Loss) -> Object:
    return {"address": str(address), **loss_object(loss)}


def change_object(change: Change) -> Object:
    """One change, with all of its fields and files."""
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
        "decided": where_object(change.decided),
        "refresh": change.refresh,
        "protect": change.protect,
        "depends_on": [str(address) for address in change.depends_on],
        "previous": str(change.previous) if change.previous else None,
        "unchanged": change.unchanged,
        "fields": [_field(field, late=field.name in change.late) for field in change.fields],
        "files": [_file(file) for file in change.files],
        "files_unchanged": change.files_unchanged,
        "block": _block(change.block) if change.block else None,
    }


def _file(file: FileChange) -> Object:
    declared: Object = {"sha256": file.file.sha256, "chunking": file.chunking} if file.file else {}
    return {
        "action": str(file.action),
        "path": file.path,
        "bytes": file.upload_bytes,
        **declared,
        "ids": list(file.ids),
        "reason": file.reason,
    }


def _field(field: FieldChange, *, late: bool) -> Object:
    details = [{"path": detail.path, **side_objects(detail.before, detail.after)} for detail in field.details]
    return {
        "name": field.name,
        "state": str(field.state),
        "overwritten": field.overwritten,
        "late": late,
        **side_objects(field.before, field.after),
        **({} if isinstance(field.left, Absent) else {"left": field.left}),
        "details": details,
        "where": where_object(field.where),
        "decided": where_object(field.decided),
    }


def side_objects(before: Json | Absent, after: Json | Absent) -> Object:
    """Both values of a difference; one that is absent has no key."""
    return {name: value for name, value in (("before", before), ("after", after)) if not isinstance(value, Absent)}


def _block(block: Block) -> Object:
    ways = [{"text": way.text, "command": way.command} for way in block.ways]
    return {"code": str(block.code), "reason": block.reason, "ways": ways}
