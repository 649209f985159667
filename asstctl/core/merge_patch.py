"""Merge patches (RFC 7396): how defaults and overlays come together with what they are for."""

from collections.abc import Mapping
from typing import Any

from asstctl.core.json_types import Json


def merge_patch(target: Json, patch: Json) -> Any:
    """RFC 7396, section 2. Neither side is changed."""
    if not isinstance(patch, Mapping):
        return patch
    result = dict(target) if isinstance(target, Mapping) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merge_patch(result.get(key), value)
    return result
