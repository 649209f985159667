"""pull: what came into the files, and what did not.

pull   target written edits[edit] taken[field] left[left] conflicts[conflict] kept[conflict] again[field] notes[]
       edit: path new; the texts themselves are in the files, or in the text format
       field: address field
       left: address what reason hint where
       conflict: address field base ours theirs revision where; a side that is at its default is left out
"""

from asstctl.core.change import Absent
from asstctl.core.pull import Conflict, Left, Pulled, Taken
from asstctl.render.json.shared import Object, document, target_object, where_object


def pull_json(pulled: Pulled) -> str:
    """What was written, or would be."""
    return document(
        "pull",
        target=target_object(pulled.target),
        written=pulled.written,
        edits=[{"path": edit.path, "new": edit.before is None} for edit in pulled.edits],
        taken=[_field(one) for one in pulled.taken],
        left=[_left(one) for one in pulled.left],
        conflicts=[_conflict(one) for one in pulled.conflicts],
        kept=[_conflict(one) for one in pulled.kept],
        again=[_field(one) for one in pulled.again],
        notes=list(pulled.notes),
    )


def _field(taken: Taken) -> Object:
    return {"address": str(taken.address), "field": taken.field}


def _left(left: Left) -> Object:
    return {
        "address": str(left.address),
        "what": left.what,
        "reason": left.reason,
        "hint": left.hint,
        "where": where_object(left.where),
    }


def _conflict(conflict: Conflict) -> Object:
    sides = {"base": conflict.base, "ours": conflict.ours, "theirs": conflict.theirs}
    return {
        "address": str(conflict.address),
        "field": conflict.field,
        **{name: value for name, value in sides.items() if not isinstance(value, Absent)},
        "revision": conflict.revision,
        "where": where_object(conflict.where),
    }
