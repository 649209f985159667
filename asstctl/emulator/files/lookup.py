"""Files by id, for all who are given one. A file past its expiry is gone, even while its row is still there."""

from collections.abc import Iterable

from asstctl.emulator import refusals
from asstctl.emulator.objects.file import FILE
from asstctl.emulator.services import Services
from asstctl.emulator.store import Body


def existing_file(services: Services, file_id: str) -> Body | None:
    file = services.store.find(FILE, file_id)
    if file is None or (file["expires_at"] is not None and file["expires_at"] <= services.clock()):
        return None
    return file


def get_file(services: Services, file_id: str) -> Body:
    """The file, or the refusal that the wire has for an unknown one, wherever its id was given."""
    file = existing_file(services, file_id)
    if file is None:
        raise refusals.no_such_file(file_id)
    return file


def check_files(services: Services, file_ids: Iterable[str]) -> None:
    """The files that a request names exist. The lenient mode keeps the ids of those that do not."""
    if services.rules.lenient:
        return
    for file_id in file_ids:
        get_file(services, file_id)
