"""What a plan must not show: secrets of ours that somebody put into live objects. Pure.

A key of the target in hand makes its whole answer unusable (`net`); this is about all others that the project file
speaks of. Nothing is written from what is shown: `Change.send` stays as it is.
"""

from collections.abc import Sequence
from dataclasses import replace

from asstctl.core.change import Absent, Block, Change, FieldChange
from asstctl.core.hidden import Hidden
from asstctl.core.json_types import Json
from asstctl.core.plan import Plan
from asstctl.manifest.secrets import SHORTEST, Secret, unless_secret


def veiled(plan: Plan, secrets: Sequence[Secret]) -> Plan:
    """The plan as people, files and pull requests may see it; the same one where there are no secrets."""
    if not secrets:
        return plan
    hidden = hidden_of(secrets)
    changes = tuple(_change(change, secrets, hidden) for change in plan.changes)
    return replace(plan, changes=changes, notes=tuple(map(hidden.out_of, plan.notes)))


def hidden_of(secrets: Sequence[Secret]) -> Hidden:
    """What no name and no sentence may hold; what is too short stands everywhere, and is no secret."""
    return Hidden(*(value for one in secrets if len(value := one.reveal()) >= SHORTEST))


def unless_absent_or_secret(value: Json | Absent, secrets: Sequence[Secret]) -> Json | Absent:
    """A live value as it may be shown, if there is one."""
    return value if isinstance(value, Absent) else unless_secret(value, secrets)


def _change(change: Change, secrets: Sequence[Secret], hidden: Hidden) -> Change:
    name, reason = hidden.out_of(change.name), hidden.out_of(change.reason)
    if not change.fields and not change.block and (name, reason) == (change.name, change.reason):
        return change
    fields = tuple(_field(field, secrets) for field in change.fields)
    return replace(change, fields=fields, name=name, reason=reason, block=change.block and _block(change.block, hidden))


def _block(block: Block, hidden: Hidden) -> Block:
    ways = tuple(replace(way, command=hidden.out_of(way.command)) for way in block.ways)
    return replace(block, reason=hidden.out_of(block.reason), ways=ways)


def _field(field: FieldChange, secrets: Sequence[Secret]) -> FieldChange:
    sides = (field.before, field.after, field.left)
    before, after, left = shown = tuple(unless_absent_or_secret(side, secrets) for side in sides)
    # details are parts of the sides
    return field if shown == sides else replace(field, before=before, after=after, left=left, details=())
