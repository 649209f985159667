"""show: one resource in full.

show  address id target status created_at fields{…}
"""

from asstctl.core.inventory import Shown
from asstctl.render.json.shared import document, target_object


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
    )
