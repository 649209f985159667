"""How files come to be, expire and go: the order between a row and its blob, and what of both has outlived its time."""

from collections.abc import Iterable

from asstctl.emulator.files.blobs import Incoming
from asstctl.emulator.objects.base import Collection
from asstctl.emulator.objects.file import FILE
from asstctl.emulator.objects.upload import PART, UPLOAD
from asstctl.emulator.services import Services
from asstctl.emulator.store import Body, Json

_AT_ONCE = 100
"""Expired objects that go in one transaction."""


def keep_file(services: Services, file: Body, incoming: Incoming) -> None:
    _keep(services, FILE, file, incoming)


def keep_part(services: Services, part: Body, incoming: Incoming) -> None:
    _keep(services, PART, part, incoming, bytes=incoming.size)


def _keep(services: Services, collection: Collection, body: Body, incoming: Incoming, **beside: Json) -> None:
    services.blobs.keep(incoming, body["id"])
    try:
        with services.store.write():
            services.store.insert(collection, body, **beside)
    except BaseException:
        services.blobs.remove(body["id"])
        raise


def remove_files(services: Services, file_ids: Iterable[str]) -> bool:
    """Whether any of them was there to remove."""
    gone = []
    with services.store.write():
        for file_id in file_ids:
            services.knowledge.drop_file(services, file_id)
            if services.store.remove(FILE, file_id):
                gone.append(file_id)
    services.blobs.remove(*gone)
    return bool(gone)


def remove_parts(services: Services, upload_id: str) -> list[str]:
    """Inside a transaction: the rows of an upload's parts; their blobs, by these ids, go after the commit."""
    sql = "DELETE FROM upload_parts WHERE upload_id = ? RETURNING id"
    return [row[0] for row in services.store.connection.execute(sql, (upload_id,)).fetchall()]


def expire_files(services: Services) -> None:
    """Remove the files whose time has come. Before a listing, so that it does not show them."""
    sql = "SELECT id FROM files WHERE expires_at <= ? ORDER BY expires_at LIMIT ?"
    while True:
        rows = services.store.connection.execute(sql, (services.clock(), _AT_ONCE)).fetchall()
        if not rows:
            return
        remove_files(services, [row[0] for row in rows])


def expire_uploads(services: Services) -> None:
    sql = "SELECT id FROM uploads WHERE status = 'pending' AND expires_at <= ? ORDER BY expires_at LIMIT ?"
    while services.store.connection.execute(sql, (services.clock(), 1)).fetchone():
        parts: list[str] = []
        with services.store.write():
            for (upload_id,) in services.store.connection.execute(sql, (services.clock(), _AT_ONCE)).fetchall():
                upload = services.store.find(UPLOAD, upload_id)
                if upload is not None:
                    services.store.replace(UPLOAD, {**upload, "status": "expired"})
                parts += remove_parts(services, upload_id)
        services.blobs.remove(*parts)


def sweep(services: Services) -> None:
    """At opening: remove the blobs that a killed server left behind without a row."""
    old = services.blobs.strays()
    if old:
        rows = services.store.connection.execute("SELECT id FROM files UNION ALL SELECT id FROM upload_parts")
        services.blobs.remove(*set(old).difference(blob_id for (blob_id,) in rows))
