"""The shape of JSON values, for annotations, and the empty object."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

# Any inside the containers keeps the alias usable without a cast at every index.
Json = str | int | float | bool | Mapping[str, Any] | Sequence[Any] | None
JsonObject = Mapping[str, Any]

EMPTY: Mapping[str, Any] = MappingProxyType({})
"""The object without members, where a default must not change."""
