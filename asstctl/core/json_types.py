"""The shape of JSON values, for annotations."""

from collections.abc import Mapping, Sequence
from typing import Any

# Any inside the containers keeps the alias usable without a cast at every index.
Json = str | int | float | bool | Mapping[str, Any] | Sequence[Any] | None
JsonObject = Mapping[str, Any]
