"""Uploads: create, add parts from forms, complete to a file, cancel. There is no read of an upload on this wire."""

from starlette.responses import Response

from asstctl.emulator import refusals
from asstctl.emulator.calls import Call, answer
from asstctl.emulator.files import forms
from asstctl.emulator.files.keeping import expire_uploads, keep_part, remove_parts
from asstctl.emulator.objects.file import FILE, new_file
from asstctl.emulator.objects.upload import LIFETIME, MAX_PART, MAX_UPLOAD, PART, UPLOAD
from asstctl.emulator.store import Body


async def create_upload(call: Call) -> Response:
    given = call.given(UPLOAD, "create")
    expire_uploads(call.services)
    now = call.now()
    upload = UPLOAD.new(given, now, expires_at=now + LIFETIME)
    with call.services.store.write():
        call.services.store.insert(UPLOAD, upload, notes={"expires_after": given.get("expires_after")})
    return answer(UPLOAD.show(upload))


async def add_part(call: Call) -> Response:
    services = call.services
    upload_id = _pending(call, "add parts to")["id"]
    async with forms.received(call.request, services.blobs, "data", MAX_PART) as form:
        PART.read("create", form.parameters, services.rules)
        incoming = form.received()
        # The upload may have ended while the part came in.
        _pending(call, "add parts to")
        held = sum(size for _, size in _parts(call, upload_id))
        if held + incoming.size > MAX_UPLOAD:
            raise refusals.upload_too_large(upload_id, MAX_UPLOAD)
        part = PART.new({}, call.now(), upload_id=upload_id)
        keep_part(services, part, incoming)
    return answer(PART.show(part))


async def complete_upload(call: Call) -> Response:
    given = call.given(UPLOAD, "complete")
    services = call.services
    upload = _pending(call, "complete")
    part_ids: list[str] = given["part_ids"]
    _check_parts(call, upload, part_ids)
    with services.blobs.incoming() as incoming:
        try:
            paths = [services.blobs.path(part_id) for part_id in part_ids]
            digest = await incoming.join(paths, digest="md5" in given)
        except FileNotFoundError as error:
            # Cancelled or expired meanwhile, or else somebody has been in the folder.
            _pending(call, "complete")
            raise refusals.no_content(upload["id"]) from error
        if "md5" in given and digest != given["md5"].lower():
            raise refusals.wrong_checksum(given["md5"], digest)
        expires_after = services.store.notes(UPLOAD, upload["id"])["expires_after"]
        file = new_file(upload["filename"], upload["purpose"], incoming.size, call.now(), expires_after)
        services.blobs.keep(incoming, file["id"])
        try:
            with services.store.write():
                upload = {**_pending(call, "complete", expire=False), "status": "completed", "file": FILE.show(file)}
                services.store.insert(FILE, file)
                services.store.replace(UPLOAD, upload)
                gone = remove_parts(services, upload["id"])
        except BaseException:
            services.blobs.remove(file["id"])
            raise
    services.blobs.remove(*gone)
    return answer(UPLOAD.show(upload))


async def cancel_upload(call: Call) -> Response:
    services = call.services
    call.given(UPLOAD, "cancel")
    expire_uploads(services)
    with services.store.write():
        upload = {**_pending(call, "cancel", expire=False), "status": "cancelled"}
        services.store.replace(UPLOAD, upload)
        gone = remove_parts(services, upload["id"])
    services.blobs.remove(*gone)
    return answer(UPLOAD.show(upload))


def _pending(call: Call, doing: str, *, expire: bool = True) -> Body:
    """The upload in the path, which must still be open. Inside a transaction nothing else is expired."""
    upload_id = call.id_of(UPLOAD)
    if expire:
        expire_uploads(call.services)
    upload = call.services.store.find(UPLOAD, upload_id)
    if upload is None:
        raise refusals.not_found(UPLOAD.noun, upload_id)
    if upload["status"] != "pending":
        raise refusals.upload_closed(doing, upload_id, upload["status"])
    return upload


def _parts(call: Call, upload_id: str) -> list[tuple[str, int]]:
    sql = "SELECT id, bytes FROM upload_parts WHERE upload_id = ?"
    return call.services.store.connection.execute(sql, (upload_id,)).fetchall()


def _check_parts(call: Call, upload: Body, part_ids: list[str]) -> None:
    """The parts of this upload, each at most once, and together as many bytes as were announced."""
    sizes = dict(_parts(call, upload["id"]))
    seen = set()
    for index, part_id in enumerate(part_ids):
        if part_id not in sizes:
            raise refusals.unknown_part(f"part_ids[{index}]", part_id)
        if part_id in seen:
            raise refusals.repeated(f"part_ids[{index}]")
        seen.add(part_id)
    total = sum(sizes[part_id] for part_id in part_ids)
    if total != upload["bytes"]:
        raise refusals.upload_incomplete(upload["id"], upload["bytes"], total)


ROUTES = {
    ("POST", "/v1/uploads"): create_upload,
    ("POST", "/v1/uploads/{upload_id}/parts"): add_part,
    ("POST", "/v1/uploads/{upload_id}/complete"): complete_upload,
    ("POST", "/v1/uploads/{upload_id}/cancel"): cancel_upload,
}
