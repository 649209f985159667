"""test --list: the conversations that a run would play.

chosen   target selection conversations[{assistant id node where name tags[]}]
"""

from asstctl.core.suite import Chosen, Planned
from asstctl.render.json.shared import Object, document, target_object, where_object


def chosen_json(chosen: Chosen) -> str:
    """All of them."""
    return document(
        "chosen",
        target=target_object(chosen.target),
        selection=chosen.selection,
        conversations=[planned_object(one) for one in chosen.planned],
    )


def planned_object(one: Planned) -> Object:
    """One of them."""
    return {
        "assistant": one.assistant,
        "id": one.id,
        "node": one.node,
        "where": where_object(one.where),
        "name": one.name,
        "tags": list(one.tags),
    }
