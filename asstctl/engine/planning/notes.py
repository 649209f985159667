"""Notes: sentences beside a plan that change nothing and are worth knowing."""

from collections.abc import Container, Iterable, Mapping, Sequence
from datetime import UTC, datetime

from asstctl.core.address import Address
from asstctl.core.capabilities import Capabilities
from asstctl.core.change import Action, Change, FieldState
from asstctl.core.json_text import json_text
from asstctl.core.json_types import EMPTY, Json
from asstctl.core.knowledge import StoreFile
from asstctl.core.mark import Damaged
from asstctl.core.plan import TargetInfo
from asstctl.core.resource import EXTENSION, Desired, Live
from asstctl.engine.planning.classify import FieldVerdict
from asstctl.engine.planning.identities import Identities
from asstctl.engine.planning.ownership import Ownership
from asstctl.engine.planning.policy import Policy

_MAX_SHOWN = 60


def notes(
    desired: Sequence[Desired],
    ownership: Ownership,
    identities: Identities,
    verdicts: Mapping[Address, Sequence[FieldVerdict]],
    target: TargetInfo,
    policy: Policy,
    *,
    said: Container[str | None] = (),
    files: Mapping[str, Sequence[StoreFile]] = EMPTY,
    capabilities: Capabilities,
) -> tuple[str, ...]:
    """All of them, in a stable order: undeclared values, extensions and files, copies, other projects' twins, damaged
    marks, orphans, and those that may have been renamed.

    `said` holds the ids of objects whose damaged mark a change is blocked by, `files` those of stores by their id.
    """
    return (
        *_undeclared(verdicts, target, capabilities.computed),
        *_undeclared_extensions(desired, identities, verdicts, target, capabilities.extensions),
        *_undeclared_files(desired, identities, files),
        *_copies(ownership, policy),
        *_other_projects(desired, ownership, identities, target),
        *damaged_marks(ownership, policy, said),
        *_orphans(identities, policy),
        *_renamed(desired, identities),
    )


def outside_of_git(ownership: Ownership, policy: Policy, *, said: Container[str | None] = ()) -> tuple[str, ...]:
    """Those that speak of what somebody else did: copies and damaged marks."""
    return (*_copies(ownership, policy), *damaged_marks(ownership, policy, said))


def _undeclared(
    verdicts: Mapping[Address, Sequence[FieldVerdict]], target: TargetInfo, computed: Container[tuple[str, str]]
) -> Iterable[str]:
    for address, fields in sorted(verdicts.items()):
        for field in fields:
            if field.state is FieldState.UNMANAGED and (address.kind, field.name) not in computed:
                yield f"{address}: {field.name} is {_short(field.live)} on {target.name} and not declared here."


def _undeclared_extensions(
    desired: Sequence[Desired],
    identities: Identities,
    verdicts: Mapping[Address, Sequence[FieldVerdict]],
    target: TargetInfo,
    known: Mapping[str, Container[str]],
) -> Iterable[str]:
    """What somebody turned on elsewhere (another price, tools). A key that nobody knows is the server's own affair."""
    for one in sorted(desired, key=lambda one: one.address):
        owned = identities.owned.get(one.address)
        spoken_of = {*one.ignored, *(field.name for field in verdicts.get(one.address, ()))}
        for name, value in sorted(owned.live.fields.items()) if owned else ():
            key, is_field = name.removeprefix(EXTENSION), not name.startswith(EXTENSION)
            if not is_field and key in known.get(one.address.kind, ()) and name not in spoken_of:
                yield f"{one.address}: {name} is {_short(value)} on {target.name} and not declared here."


def of_instructions(changes: Iterable[Change], capabilities: Capabilities) -> tuple[str, ...]:
    """What is worth knowing where there are new instructions, and not in every plan of a pipeline."""
    are_new = any(field.name == "instructions" for change in changes for field in change.fields)
    return capabilities.instructions_notes if are_new else ()


def _undeclared_files(
    desired: Sequence[Desired], identities: Identities, files: Mapping[str, Sequence[StoreFile]]
) -> Iterable[str]:
    """Stores of which the manifest no longer says what they hold: what was brought in stays."""
    for one in desired:
        owned = identities.owned.get(one.address)
        if one.files is not None or owned is None:
            continue
        if ours := sum(file.path is not None for file in files.get(owned.live.id, ())):
            held = "1 file" if ours == 1 else f"{ours} files"
            yield f"{one.address}: it holds {held} of this project, and no `files` are declared here."


def _copies(ownership: Ownership, policy: Policy) -> Iterable[str]:
    for address, owned in sorted(ownership.owned.items()):
        if owned.copies and policy.covers(address):
            copies = ", ".join(_dated(copy) for copy in owned.copies)
            yield f"{address}: {_dated(owned.live)} keeps this address; {copies} bears it too and is left alone."


def _other_projects(
    desired: Sequence[Desired], ownership: Ownership, identities: Identities, target: TargetInfo
) -> Iterable[str]:
    names = {one.name: one.address for one in desired if one.name}
    for live, project in ownership.others:
        if live.name in names and names[live.name] not in identities.owned:
            yield f"{names[live.name]}: {live.id} on {target.name} has the same name and belongs to project {project}."


def damaged_marks(ownership: Ownership, policy: Policy, said: Container[str | None]) -> Iterable[str]:
    """A sentence about each object whose mark is damaged or newer, unless its id is `said` already."""
    for live, damaged in ownership.damaged:
        if live.id not in said and _could_be_meant(live, damaged, ownership, policy):
            yield f"{live.id}: its mark cannot be used ({damaged.reason}); it is left alone."


def _could_be_meant(live: Live, damaged: Damaged, ownership: Ownership, policy: Policy) -> bool:
    """Whether the policy speaks of the object; one whose mark names no address may be any that is missing."""
    if damaged.address is not None:
        return policy.covers(damaged.address)
    missing = None if policy.only is None else policy.only - ownership.owned.keys()
    return missing is None or any(address.kind == live.kind for address in missing)


def staying_uploads(changes: Iterable[Change], files: Mapping[str, Sequence[StoreFile]]) -> Iterable[str]:
    """A sentence about each store that is to be deleted with files in it that are not ours."""
    for change in changes:
        foreign = sum(file.path is None for file in files.get(change.remote_id or "", ()))
        if change.action is Action.DELETE and change.pending and foreign:
            held, are, stay = ("1 file", "is", "stays") if foreign == 1 else (f"{foreign} files", "are", "stay")
            yield f"{change.address}: {held} that {are} not ours {are} in it and {stay} uploaded."


def _orphans(identities: Identities, policy: Policy) -> Iterable[str]:
    if policy.only is not None or policy.prune:
        return
    orphans = sorted(set(identities.leaving) - set(identities.removed))
    if orphans:
        count = "1 object is" if len(orphans) == 1 else f"{len(orphans)} objects are"
        names = ", ".join(str(address) for address in orphans)
        yield f"{count} no longer declared: {names} (use --prune, or `removed` in a kind: changes file)."


def _renamed(desired: Sequence[Desired], identities: Identities) -> Iterable[str]:
    """A file or a key that was renamed reads as one object less and another one more: nobody wants a new id for it."""
    new = {(one.address.kind, one.name): one for one in desired if one.name and one.address not in identities.owned}
    for address, owned in sorted(identities.leaving.items()):
        twin = new.get((address.kind, owned.live.name))
        if twin is not None and address not in identities.removed:
            entry = f"moved: [{{from: {address}, to: {twin.address}}}]"
            yield f"{twin.address}: {address} has the same name; if it is the same one, keep its id with `{entry}`."


def _short(value: Json) -> str:
    text = json_text(value)
    return text if len(text) <= _MAX_SHOWN else text[: _MAX_SHOWN - 1] + "…"


def _dated(live: Live) -> str:
    return f"{live.id} ({datetime.fromtimestamp(live.created_at, UTC):%Y-%m-%d %H:%M:%S}Z)"
