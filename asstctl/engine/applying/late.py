"""Late fields: those that could not be sent as they were planned, because they name what did not exist yet.

Ids of objects made in this run take the place of their references, code files are uploaded for theirs, and the
digests of both go into the mark, so that fields and mark are one write.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from asstctl.core.address import Address
from asstctl.core.change import Action, Change
from asstctl.core.errors import Refused
from asstctl.core.json_text import canonical
from asstctl.core.json_types import Json
from asstctl.core.reference import FILE, REF, address_of, placeholders
from asstctl.core.resource import Live
from asstctl.engine.planning.resolve import CODE_FILES, CODE_KEY, files_in_mark, identity, is_upload_of_ours, items_of
from asstctl.kinds import KINDS
from asstctl.kinds.canonical import digest


def code_files_to_send(change: Change) -> tuple[Json, ...]:
    """The placeholders of files that must be uploaded before the change can be sent, each once."""
    values = (change.send.get(name) for name in sorted(change.late))
    found = (one for value in values for one in placeholders(value) if FILE in one)
    return tuple({canonical(one): one for one in found}.values())


def filled_in(change: Change, uploaded: Mapping[str, str], id_of: Callable[[Address], str | None], hint: str) -> Change:
    """The change with an id in every place. `uploaded` gives ids by the canonical text of a file's placeholder.

    Raises Refused, with this hint, where an id is not known after all.
    """
    if not change.late:
        return change
    assert change.mark is not None
    kind, code_files = KINDS[change.address.kind], dict(change.code_files)

    def known(item: Json) -> Json:
        address = address_of(item)
        id = id_of(address) if address else uploaded.get(canonical(item))
        if id is None:
            raise Refused(f"the id of {address or 'a file'} is not known", hint=hint)
        if address is None:
            code_files[id] = identity(item)
        return id

    values = {name: _filled(change.send[name], known) for name in sorted(change.late)}
    digests = {kind.field(name).code: digest(kind.field(name).canonical(value)) for name, value in values.items()}
    for raw in items_of(values.get(CODE_FILES), CODE_KEY):
        code_files.setdefault(str(raw), identity(raw))
    files = files_in_mark(values[CODE_FILES], code_files) if CODE_FILES in values else change.mark.files
    mark = replace(change.mark, fields={**change.mark.fields, **digests}, files=files)
    return replace(change, send={**change.send, **values}, mark=mark, late=frozenset(), code_files=code_files)


def left_over(change: Change, objects: Iterable[Live]) -> tuple[str, ...]:
    """The uploads of ours that nothing holds any more once the change has been made, by id.

    Never one that a manifest names by its id, and never one that another object holds too.
    """
    if change.action is not Action.DELETE and CODE_FILES not in change.send:
        return ()
    stay = set() if change.action is Action.DELETE else set(_ids(change.send[CODE_FILES]))
    for live in objects:
        if live.id != change.remote_id:
            stay.update(_ids(live.fields.get(CODE_FILES)))
    return tuple(id for id, held in sorted(change.code_files.items()) if is_upload_of_ours(id, held) and id not in stay)


def _ids(value: Json) -> list[str]:
    return [item for item in items_of(value, CODE_KEY) if isinstance(item, str)]


def _filled(value: Json, known: Callable[[Json], Json]) -> Json:
    if isinstance(value, Mapping):
        if REF in value or FILE in value:
            return known(value)
        return {key: _filled(item, known) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_filled(item, known) for item in value]
    return value
