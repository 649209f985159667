"""list: what a project has on a target.

list  target rows[{address name id model status created_at files | null}]

`files` is how many a vector store holds.
"""

from asstctl.core.inventory import Inventory, Resource
from asstctl.render.json.shared import Object, document, target_object


def list_json(inventory: Inventory) -> str:
    """A row per resource."""
    rows = [_row(resource) for resource in inventory.resources]
    return document("list", target=target_object(inventory.target), rows=rows)


def _row(resource: Resource) -> Object:
    return {
        "address": str(resource.address),
        "name": resource.name,
        "id": resource.id,
        "model": resource.model,
        "status": resource.status,
        "created_at": resource.created_at,
        "files": None if resource.files is None else len(resource.files),
    }
