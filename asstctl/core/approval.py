"""Approved: what was agreed to when a plan was approved, small enough to be saved, compared and digested.

Of each change it holds digests of what would be written and of what would be overwritten; times, versions, git
revisions, nonces, unchanged objects, blocked ones and mark refreshes are left out. How it is made of a plan, and
when what is left is covered by what was approved, is decided in `engine.planning.approval`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from asstctl.core.change import Action
from asstctl.core.json_types import EMPTY, JsonObject

FORMAT = 1
"""The version of this form; it is part of the digest."""


@dataclass(frozen=True, slots=True)
class ApprovedField:
    """Digests of one field's live value and of the one to be written; "" stands for none, or its default."""

    before: str
    after: str


@dataclass(frozen=True, slots=True)
class ApprovedFile:
    """One path of a store: the digest of what is there afterwards ("": nothing) and the live ids that go."""

    after: str
    goes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ApprovedChange:
    """One address. `previous` is the one that a moved object bears now; `files` are by path."""

    action: Action
    remote_id: str | None = None
    previous: str = ""
    protect: bool = False
    fields: Mapping[str, ApprovedField] = field(default_factory=lambda: EMPTY)
    files: Mapping[str, ApprovedFile] = field(default_factory=lambda: EMPTY)


@dataclass(frozen=True, slots=True)
class Approved:
    """A whole plan, as far as it is approved; `changes` are by address."""

    target: str
    project: str
    provider: str
    url: str
    flags: tuple[str, ...] = ()
    changes: Mapping[str, ApprovedChange] = field(default_factory=lambda: EMPTY)
    format: int = FORMAT

    def as_json(self) -> JsonObject:
        """The form in which it is saved and digested."""
        return {
            "format": self.format,
            "target": self.target,
            "project": self.project,
            "provider": self.provider,
            "url": self.url,
            "flags": [*self.flags],
            "changes": {address: _change_as_json(change) for address, change in sorted(self.changes.items())},
        }


def _change_as_json(change: ApprovedChange) -> JsonObject:
    return {
        "action": change.action.value,
        "remote_id": change.remote_id,
        "previous": change.previous,
        "protect": change.protect,
        "fields": {name: [one.before, one.after] for name, one in sorted(change.fields.items())},
        "files": {path: {"after": one.after, "goes": [*one.goes]} for path, one in sorted(change.files.items())},
    }


def read_approved(value: object) -> Approved:
    """The reverse of `as_json`, for what comes from a file. Raises ValueError for anything else."""
    top = _object(value, "format", "target", "project", "provider", "url", "flags", "changes")
    if top["format"] != FORMAT or isinstance(top["format"], bool):
        raise ValueError(f"it has format {top['format']!r}, this program reads {FORMAT}")
    return Approved(
        _text(top["target"]),
        _text(top["project"]),
        _text(top["provider"]),
        _text(top["url"]),
        _texts(top["flags"]),
        {address: _change(change) for address, change in _mapping(top["changes"]).items()},
    )


def _change(value: object) -> ApprovedChange:
    one = _object(value, "action", "remote_id", "previous", "protect", "fields", "files")
    return ApprovedChange(
        Action(_text(one["action"])),
        None if one["remote_id"] is None else _text(one["remote_id"]),
        _text(one["previous"]),
        _truth(one["protect"]),
        {name: _field(item) for name, item in _mapping(one["fields"]).items()},
        {path: _file(item) for path, item in _mapping(one["files"]).items()},
    )


def _field(value: object) -> ApprovedField:
    digests = _texts(value)
    if len(digests) != 2:
        raise ValueError("a field has two digests")
    return ApprovedField(*digests)


def _file(value: object) -> ApprovedFile:
    one = _object(value, "after", "goes")
    return ApprovedFile(_text(one["after"]), _texts(one["goes"]))


def _object(value: object, *names: str) -> Mapping[str, object]:
    found = _mapping(value)
    if set(found) != set(names):
        raise ValueError(f"expected {', '.join(names)}; found {', '.join(map(str, found)) or 'nothing'}")
    return found


def _mapping(value: object) -> Mapping[str, object]:
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise ValueError("not an object")
    return value


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    raise ValueError("not a text")


def _truth(value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise ValueError("neither true nor false")


def _texts(value: object) -> tuple[str, ...]:
    if isinstance(value, list | tuple):
        return tuple(_text(item) for item in value)
    raise ValueError("not a list")


@dataclass(frozen=True, slots=True)
class Altered:
    """One address that is in both plans and is to be changed differently: what differs between them.

    `action` and `remote_id` are pairs (approved, present) where they differ; `fields` and `files` are the names
    of those that are not covered by what was approved, `attributes` other words of an ApprovedChange.
    """

    address: str
    action: tuple[Action, Action] | None = None
    remote_id: tuple[str | None, str | None] | None = None
    fields: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """What two plans do not share. `settings` are the names of differing words of an Approved, with both values.

    What was approved and is not left (`only_approved`) is no reason to stop; anything else is.
    """

    settings: Mapping[str, tuple[str, str]] = field(default_factory=lambda: EMPTY)
    only_approved: tuple[str, ...] = ()
    only_present: tuple[str, ...] = ()
    altered: tuple[Altered, ...] = ()

    @property
    def covered(self) -> bool:
        """Whether what is left is equal to, or a part of, what was approved."""
        return not self.settings and not self.only_present and not self.altered
