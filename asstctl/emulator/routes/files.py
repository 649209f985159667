"""Files: list, create from a form, get, delete, and their content."""

import re
from dataclasses import replace
from typing import Any

from starlette.responses import Response

from asstctl.emulator import refusals
from asstctl.emulator.calls import Call, answer, listing, read_page
from asstctl.emulator.files import forms
from asstctl.emulator.files.download import Download
from asstctl.emulator.files.keeping import expire_files, keep_file, remove_files
from asstctl.emulator.files.lookup import get_file
from asstctl.emulator.objects.file import FILE, MAX_FILE, WITHHELD, new_file

Json = Any

_MAX_PAGE = 10_000
_WHOLE = re.compile("-?[0-9]{1,18}")


async def list_files(call: Call) -> Response:
    expire_files(call.services)
    query = call.request.query_params
    where = {"purpose": query["purpose"]} if query.get("purpose") else {}
    # Alone among the listings this one has no `before`.
    page = replace(read_page(query, call.services.rules, default=_MAX_PAGE, maximum=_MAX_PAGE), before=None)
    return listing(call, FILE, page, **where)


async def create_file(call: Call) -> Response:
    services = call.services
    async with forms.received(call.request, services.blobs, "file", MAX_FILE) as form:
        given = FILE.read("create", _with_numbers(form.parameters), services.rules)
        incoming = form.received()
        file = new_file(given["file"], given["purpose"], incoming.size, call.now(), given.get("expires_after"))
        keep_file(services, file, incoming)
    return answer(FILE.show(file))


def _with_numbers(parameters: dict[str, Json]) -> dict[str, Json]:
    """A form has only text, and one parameter of this request is a number."""
    after = parameters.get("expires_after")
    if not isinstance(after, dict) or not _WHOLE.fullmatch(after.get("seconds", "")):
        return parameters
    return {**parameters, "expires_after": {**after, "seconds": int(after["seconds"])}}


async def read_file(call: Call) -> Response:
    return answer(FILE.show(get_file(call.services, call.path[FILE.id_param])))


async def read_content(call: Call) -> Response:
    file = get_file(call.services, call.path[FILE.id_param])
    if call.services.rules.withhold_files and file["purpose"] in WITHHELD:
        raise refusals.file_withheld(file["purpose"])
    try:
        download = Download(call.services.blobs.path(file["id"]), file["filename"])
    except FileNotFoundError as error:
        raise refusals.no_content(file["id"]) from error
    if call.request.method == "HEAD":
        download.close()
    return download


async def delete_file(call: Call) -> Response:
    file_id = get_file(call.services, call.path[FILE.id_param])["id"]
    if not remove_files(call.services, [file_id]):
        raise refusals.no_such_file(file_id)
    return answer({"id": file_id, "object": FILE.object, "deleted": True})


ROUTES = {
    ("GET", "/v1/files"): list_files,
    ("POST", "/v1/files"): create_file,
    ("GET", "/v1/files/{file_id}"): read_file,
    ("DELETE", "/v1/files/{file_id}"): delete_file,
    ("GET", "/v1/files/{file_id}/content"): read_content,
}
