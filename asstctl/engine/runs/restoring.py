"""Restoring one object: whether it is still what a run left, and the mark that it bears once it is back. Pure."""

from collections.abc import Iterable
from dataclasses import replace

from asstctl.core.change import ABSENT, Absent, Action, FieldChange, Seen
from asstctl.core.json_types import Json
from asstctl.core.mark import Mark, only_mark
from asstctl.core.resource import Live
from asstctl.engine.planning.changes import what_is_seen
from asstctl.engine.planning.classify import canonical_live
from asstctl.engine.planning.ownership import Owned
from asstctl.engine.planning.resolve import CODE_FILES
from asstctl.kinds.canonical import DIGEST_LENGTH, digest, same
from asstctl.kinds.field import Kind


def way_back(was: object, now: object) -> Action:
    """What brings an object from the mark that it bears now to the one that it bore."""
    if not isinstance(was, Mark):
        return Action.FORGET if isinstance(now, Mark) else Action.UPDATE
    if not isinstance(now, Mark):
        return Action.ADOPT
    return Action.UPDATE if was.address == now.address else Action.MOVE


def same_owner(now: object, left: object) -> bool:
    """Whether the object is still the one that the run left: ours under that address, or nobody's."""
    if isinstance(left, Mark):
        return isinstance(now, Mark) and (now.project, now.address) == (left.project, left.address)
    return left is None and now is None


def mark_back(kind: Kind, now: Mark, was: Mark, fields: Iterable[FieldChange]) -> Mark:
    """The mark whose base says what the fields are afterwards, as the mark before the run would have said it."""
    base = dict(now.fields)
    files = now.files
    for change in fields:
        code = kind.field(change.name).code
        restored = digest(None if isinstance(change.after, Absent) else change.after)
        held = was.fields.get(code)
        if held is None:
            base.pop(code, None)
        else:
            base[code] = held if held[-DIGEST_LENGTH:] == restored else restored
        if change.name == CODE_FILES:
            files = was.files
    return replace(was, nonce=now.nonce or was.nonce, fields=base, files=files)


def is_left(kind: Kind, name: str, sent: Json, live: Live, mark: Mark) -> bool:
    """Whether a field is still what the run left: what it sent, or what the provider made of that."""
    row = kind.field(name)
    value, now = row.canonical(sent), canonical_live(kind, name, live)
    if same(value, now):
        return True
    held = mark.fields.get(row.code, "")
    return (held[:DIGEST_LENGTH], held[DIGEST_LENGTH:]) == (digest(value), digest(now))


def seen_of(kind: Kind, owned: Owned, names: Iterable[str]) -> Seen:
    """What a later read must still show: all that is managed, and the fields that go back."""
    seen = what_is_seen(kind, None, owned)
    digests = {name: digest(canonical_live(kind, name, owned.live)) for name in names}
    return replace(seen, digests={**seen.digests, **digests}, marks=only_mark(owned.live.metadata))


def value_of(canonical: Json) -> Json | Absent:
    """A canonical value as a plan shows it."""
    return ABSENT if canonical is None else canonical
