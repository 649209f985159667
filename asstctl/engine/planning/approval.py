"""Approving plans: what is agreed to, its digest, and whether what is left is covered by it. Pure.

An approved plan is never carried out from its own content: a new one is made of the files, and goes ahead if it
is covered, which means that it writes nothing that was not approved, over nothing that was not seen then. What
stands for a reference is the address or the file that is referred to and never its id, so that a plan of which
a part was carried out is covered still.
"""

import hashlib
from collections.abc import Iterable, Mapping

from asstctl.core.approval import Altered, Approved, ApprovedChange, ApprovedField, ApprovedFile, Difference
from asstctl.core.change import Absent, Action, Change, FileChange
from asstctl.core.json_text import canonical
from asstctl.core.json_types import Json
from asstctl.core.plan import Plan
from asstctl.engine.planning.resolve import HOLDS_IDS, items_of
from asstctl.kinds.canonical import plain

DIGEST_CHARS = 32
"""128 bits in hex: what a person approves must not be forged by trying."""


def approved_of(plan: Plan) -> Approved:
    """What somebody agrees to who approves this plan: its pending changes, and under which permissions."""
    target = plan.target
    changes = {str(change.address): _approved(change) for change in plan.pending}
    return Approved(target.name, target.project, target.provider, target.url, tuple(sorted(plan.flags)), changes)


def digest(approved: Approved) -> str:
    """`sha256:…`, the same for every order in which the parts were put together."""
    return f"sha256:{hashlib.sha256(_bytes(approved.as_json())).hexdigest()}"


Sides = tuple[Json | Absent, Json | Absent]
"""A field before and after."""


def is_shown_by(
    approved: Approved, actions: Mapping[str, tuple[str, str | None]], fields: Mapping[str, Mapping[str, Sides]]
) -> bool:
    """Whether what somebody was shown is what the digest stands for: per address the action and remote id, and each
    field. Ids in lists are left out, because the digest is of what they refer to."""
    changes = approved.changes
    if actions != {address: (change.action.value, change.remote_id) for address, change in changes.items()}:
        return False
    return all(
        shown.keys() == changes[address].fields.keys()
        and all(
            name in HOLDS_IDS or changes[address].fields[name] == ApprovedField(_digest(before), _digest(after))
            for name, (before, after) in shown.items()
        )
        for address, shown in ((address, fields.get(address, {})) for address in changes)
    )


def difference(approved: Approved, present: Approved) -> Difference:
    """What a plan made now would do beside or instead of what was approved, and what of it is done already."""
    before, now = approved.changes, present.changes
    altered = (_altered(address, before[address], now[address]) for address in sorted(before.keys() & now.keys()))
    return Difference(
        settings={
            name: pair
            for name in ("target", "project", "provider", "url")
            if (pair := (getattr(approved, name), getattr(present, name)))[0] != pair[1]
        }
        | ({} if approved.flags == present.flags else {"flags": (" ".join(approved.flags), " ".join(present.flags))}),
        only_approved=tuple(sorted(before.keys() - now.keys())),
        only_present=tuple(sorted(now.keys() - before.keys())),
        altered=tuple(one for one in altered if one is not None),
    )


def _approved(change: Change) -> ApprovedChange:
    return ApprovedChange(
        change.action,
        change.remote_id,
        str(change.previous or ""),
        change.protect,
        {
            one.name: ApprovedField(_digest(one.before), _digest(_referring(one.name, one.after, change.references)))
            for one in change.fields
        },
        _files(change.files),
    )


def _files(changes: Iterable[FileChange]) -> Mapping[str, ApprovedFile]:
    files: dict[str, ApprovedFile] = {}
    for change in changes:
        after = ""
        if change.file is not None:
            after = _digest([change.file.sha256, plain(change.attributes), plain(change.chunking)])
        known = files.get(change.path, ApprovedFile(after))
        files[change.path] = ApprovedFile(known.after or after, tuple(sorted({*known.goes, *change.goes})))
    return files


def _referring(name: str, value: Json | Absent, references: Mapping[str, Json]) -> Json | Absent:
    """The value with the placeholders back in their places, in an order that does not depend on ids."""
    key = HOLDS_IDS.get(name)
    if key is None or not isinstance(value, Mapping):
        return value
    put_back = [references.get(item, item) if isinstance(item, str) else item for item in items_of(value, key)]
    return {key: sorted(put_back, key=canonical)}


def _altered(address: str, approved: ApprovedChange, present: ApprovedChange) -> Altered | None:
    """How what is left of an address differs from what was approved; None where it is a part of it."""
    made = approved.remote_id is None or approved.remote_id == present.remote_id
    # the object was written and a part of its files is left
    rest = present.action is Action.UPDATE and not present.fields and made and _stays(approved.action)
    action = None if rest or approved.action is present.action else (approved.action, present.action)
    remote_id = None if rest or approved.remote_id == present.remote_id else (approved.remote_id, present.remote_id)
    fields = tuple(name for name, one in sorted(present.fields.items()) if approved.fields.get(name) != one)
    files = tuple(path for path, one in sorted(present.files.items()) if not _covers(approved.files.get(path), one))
    attributes = []
    if approved.protect is not present.protect:
        attributes.append("protect")
    if not rest and approved.previous != present.previous:
        attributes.append("previous")
    if action or remote_id or fields or files or attributes:
        return Altered(address, action, remote_id, fields, files, tuple(attributes))
    return None


def _stays(action: Action) -> bool:
    return action in (Action.CREATE, Action.ADOPT, Action.MOVE, Action.UPDATE)


def _covers(approved: ApprovedFile | None, present: ApprovedFile) -> bool:
    return approved is not None and approved.after == present.after and set(present.goes) <= set(approved.goes)


def _digest(value: Json | Absent) -> str:
    if isinstance(value, Absent):
        return ""
    return hashlib.sha256(_bytes(value)).hexdigest()[:DIGEST_CHARS]


def _bytes(value: Json) -> bytes:
    return canonical(value).encode("utf-8", "surrogatepass")
