"""Defaults, a manifest's body and an overlay, made one: merge patches (RFC 7396) with two meanings of null.

Maps merge, lists and scalars replace. `null` in defaults or an overlay means not declared; at the top of the
body it means managed, at the provider's default, and stays; below that it removes what was inherited.
Fields named as whole (schemas) are replaced, never merged, and their nulls are their own.
"""

from collections.abc import Collection

from asstctl.core.json_types import Json, JsonObject
from asstctl.core.merge_patch import merge_patch


def with_body(defaults: JsonObject, body: JsonObject, whole: Collection[str]) -> dict[str, Json]:
    """What a manifest says once its defaults are filled in."""
    result = with_overlay({}, defaults, whole)
    for key, value in body.items():
        whole_value = value is None or key in whole
        result[key] = value if whole_value else merge_patch(result.get(key), value)
    return result


def with_overlay(value: JsonObject, overlay: JsonObject, whole: Collection[str]) -> dict[str, Json]:
    """What is left after an overlay."""
    patch = {key: item for key, item in overlay.items() if key not in whole or item is None}
    result: dict[str, Json] = merge_patch(value, patch)
    return result | {key: item for key, item in overlay.items() if key in whole and item is not None}
