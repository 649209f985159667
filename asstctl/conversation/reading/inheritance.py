"""What a conversation has from the `defaults` of its file: merged key by key, and taken back by a null of its own."""

from collections.abc import Mapping

from asstctl.core.json_types import Json
from asstctl.core.merge_patch import merge_patch


def inheriting(own: Mapping[str, Json], defaults: Mapping[str, Json]) -> Mapping[str, Json]:
    """A conversation as typed, with what it inherits."""
    if not defaults:
        return own
    merged = {**own, **merge_patch(defaults, {key: own[key] for key in defaults if key in own})}
    return {key: item for key, item in merged.items() if item is not None or key not in defaults}
