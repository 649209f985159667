"""show: one resource in full.

show  address id target status created_at fields{…} files[{path id status bytes error}] | null
      losses[{field way what function | null}]
"""

from asstctl.core.inventory import HeldFile, Shown
from asstctl.render.json.shared import Object, document, loss_object, target_object


def show_json(shown: Shown) -> str:
    """Every field that the resource has."""
    one = shown.resource
    return document(
        "show",
        address=str(one.address),
        id=one.id,
        target=target_object(shown.target),
        status=one.status,
        created_at=one.created_at,
        fields=dict(one.fields),
        files=None if one.files is None else [_file(file) for file in one.files],
        losses=[loss_object(loss) for loss in one.losses],
    )


def _file(file: HeldFile) -> Object:
    return {
        "path": file.path,
        "id": file.id,
        "status": file.status,
        "bytes": file.bytes,
        "error": file.error,
    }
