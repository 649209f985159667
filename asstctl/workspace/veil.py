"""What a plan must not show: secrets of ours that somebody put into live objects. Pure.

A key of the target in hand makes its whole answer unusable (`net`); this is about all others that the project file
speaks of. Nothing is written from what is shown: `Change.send` stays as it is.
"""

from collections.abc import Sequence
from dataclasses import replace

from asstctl.core.change import Absent, Block, Change, FieldChange
from asstctl.core.json_types import Json
from asstctl.core.plan import Plan
from asstctl.manifest.secrets import NOT_SHOWN, SHORTEST, Secret, unless_secret


def veiled(plan: Plan, secrets: Sequence[Secret]) -> Plan:
    """The plan as people, files and pull requests may see it; the same one where it holds nothing of the kind."""
    known = tuple(one for one in secrets if len(one.reveal()) >= SHORTEST)
    if not known:
        return plan
    changes = tuple(_change(change, known) for change in plan.changes)
    return replace(plan, changes=changes, notes=tuple(veiled_text(note, known) for note in plan.notes))


def veiled_text(text: str, secrets: Sequence[Secret]) -> str:
    """A sentence or a name with a mask in the place of each secret."""
    for secret in secrets:
        if len(value := secret.reveal()) >= SHORTEST:
            text = text.replace(value, NOT_SHOWN)
    return text


def _change(change: Change, secrets: Sequence[Secret]) -> Change:
    name, reason = veiled_text(change.name, secrets), veiled_text(change.reason, secrets)
    if not change.fields and not change.block and (name, reason) == (change.name, change.reason):
        return change
    fields = tuple(_field(field, secrets) for field in change.fields)
    block = change.block and _block(change.block, secrets)
    return replace(change, fields=fields, name=name, reason=reason, block=block)


def _block(block: Block, secrets: Sequence[Secret]) -> Block:
    ways = tuple(replace(way, command=veiled_text(way.command, secrets)) for way in block.ways)
    return replace(block, reason=veiled_text(block.reason, secrets), ways=ways)


def _field(field: FieldChange, secrets: Sequence[Secret]) -> FieldChange:
    sides = (field.before, field.after, field.left)
    before, after, left = shown = tuple(_side(side, secrets) for side in sides)
    # details are parts of the sides
    return field if shown == sides else replace(field, before=before, after=after, left=left, details=())


def _side(side: Json | Absent, secrets: Sequence[Secret]) -> Json | Absent:
    return side if isinstance(side, Absent) else unless_secret(side, secrets)
