"""Late: texts that name `saved`, and are filled in only while their conversation is played.

A Late is a text like any other for whoever walks the values of a case; where it was written, and what its names mean
besides `saved`, it carries with it. `templates` knows how a text is rendered; which texts are late is for `cases`.
"""

from collections.abc import Mapping

from asstctl.core.json_types import Json


class Late(str):
    """A template that names `saved`. `values` are its other names."""

    __slots__ = ("values",)

    values: Mapping[str, Json]

    @classmethod
    def of(cls, text: str, values: Mapping[str, Json]) -> "Late":
        """A late text and what its other names mean."""
        late = cls(text)
        late.values = values
        return late
