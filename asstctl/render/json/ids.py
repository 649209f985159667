"""list --ids: ids for applications.

ids  target ids{address: id}
"""

from asstctl.core.inventory import Ids
from asstctl.render.json.shared import document, target_object


def ids_json(ids: Ids) -> str:
    """The id of each address that has one."""
    by_address = {str(address): id for address, id in ids.ids.items()}
    return document("ids", target=target_object(ids.target), ids=by_address)
