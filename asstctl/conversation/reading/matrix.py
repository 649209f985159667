"""The matrix of a conversation: the cells it is played in, each once for every choice of values that is not excluded.

A cell is named by its values in the order of the file, joined by `-`: `refund-ok[de-small]`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from math import prod

from asstctl.core.diagnostic import Diagnostic, error
from asstctl.core.json_types import EMPTY, Json
from asstctl.core.suggest import did_you_mean, shortened
from asstctl.documents.models import dotted
from asstctl.documents.yaml import Document
from asstctl.documents.yaml import Path as Place

MAX_CELLS = 1000

_HINT = "write `matrix: {lang: [en, de]}`"
_UNFIT = re.compile(r"[\s/\\:\[\]]+")
"""What a name on the command line, and of a file, cannot hold."""

Scalar = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Cell:
    """One choice of values; `id` is empty for a conversation without a matrix."""

    id: str = ""
    values: Mapping[str, Json] = field(default_factory=lambda: EMPTY)


WHOLE = (Cell(),)


def read_matrix(document: Document) -> tuple[tuple[Cell, ...], tuple[Diagnostic, ...]]:
    """The cells of a conversation, which is what the document means, and what is wrong with its matrix.

    None for a matrix whose values are wrong; where only `exclude` is, those that it would have left out are there too.
    """
    value = document.value
    assert isinstance(value, Mapping)
    reader = _Reader(document)
    axes = reader.axes(value.get("matrix"))
    sound = not reader.diagnostics
    excluded = reader.excluded(value.get("exclude"), axes)
    if not sound:
        return (), tuple(reader.diagnostics)
    if not axes:
        return WHOLE, tuple(reader.diagnostics)
    every = tuple(_cells(axes))
    if reader.diagnostics:
        return every, tuple(reader.diagnostics)
    cells = tuple(cell for cell in every if not any(_is_in(cell.values, pairs) for pairs in excluded))
    if not cells:
        reader.refuse("empty-matrix", "`exclude` leaves no cell of the matrix", ("exclude",), "exclude fewer")
    named: dict[str, Cell] = {}
    for cell in cells:
        if named.setdefault(cell.id, cell) is not cell:
            summary = f"two cells of the matrix are called `{cell.id}`"
            reader.refuse("duplicate-id", summary, ("matrix",), "choose values that differ in letters or digits")
            break
    return cells, tuple(reader.diagnostics)


def _cells(axes: Mapping[str, list[Scalar]]) -> Iterator[Cell]:
    for values in product(*axes.values()):
        yield Cell("-".join(map(_named, values)), dict(zip(axes, values, strict=True)))


def _named(value: Scalar) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else _UNFIT.sub("_", str(value))


def _is_in(cell: Mapping[str, Json], pairs: Mapping[str, Json]) -> bool:
    return all(_same(cell[name], value) for name, value in pairs.items())


def _same(left: Json, right: Json) -> bool:
    return left == right and isinstance(left, bool) is isinstance(right, bool)


@dataclass
class _Reader:
    document: Document
    diagnostics: list[Diagnostic] = field(default_factory=list)

    def refuse(self, code: str, summary: str, at: Place, hint: str, *, key: bool = False) -> None:
        self.diagnostics.append(error(code, summary, self.document.where(at, key=key), hint=hint))

    def axes(self, value: Json) -> dict[str, list[Scalar]]:
        if value is None:
            return {}
        if not isinstance(value, Mapping) or not value:
            self.refuse("wrong-type", "`matrix` must be a map of lists", ("matrix",), _HINT)
            return {}
        axes = {name: self._axis(("matrix", name), values) for name, values in value.items()}
        size = prod(map(len, axes.values()))
        if size > MAX_CELLS:
            summary = f"the matrix has {size} cells, and {MAX_CELLS} is the most"
            self.refuse("limit", summary, ("matrix",), "split the conversation", key=True)
        return axes

    def _axis(self, at: Place, values: Json) -> list[Scalar]:
        name = str(at[-1])
        if not name.isidentifier():
            summary = f"`{shortened(name)}` cannot be named in a template"
            self.refuse("bad-name", summary, at, "use letters, digits and `_`", key=True)
        if not isinstance(values, list) or not values:
            self.refuse("wrong-type", f"`{dotted(at)}` must be a list of values", at, _HINT)
            return []
        axis: list[Scalar] = []
        for i, item in enumerate(values):
            if not isinstance(item, str | int | float) or item == "":
                summary = f"`{dotted((*at, i))}` must be a text, a number, true or false"
                hint = "name the case here, and keep what belongs to it under `vars`"
                self.refuse("wrong-type", summary, (*at, i), hint)
            elif any(_same(item, other) for other in axis):
                summary = f"`{dotted(at)}` has `{_named(item)}` twice"
                self.refuse("duplicate-value", summary, (*at, i), "remove one of them")
            else:
                axis.append(item)
        return axis

    def excluded(self, value: Json, axes: Mapping[str, list[Scalar]]) -> list[Mapping[str, Json]]:
        if value is None:
            return []
        if not isinstance(value, list):
            hint = "write `exclude: [{lang: de, model: large}]`"
            self.refuse("wrong-type", "`exclude` must be a list of maps", ("exclude",), hint)
            return []
        found = []
        for i, pairs in enumerate(value):
            if not isinstance(pairs, Mapping) or not pairs:
                hint = "name a value for one or more keys of `matrix`"
                self.refuse("wrong-type", f"`exclude[{i}]` must be a map", ("exclude", i), hint)
                continue
            for name, wanted in pairs.items():
                self._check_pair(("exclude", i, name), wanted, axes)
            found.append(pairs)
        return found

    def _check_pair(self, at: Place, wanted: Json, axes: Mapping[str, list[Scalar]]) -> None:
        name = str(at[-1])
        if name not in axes:
            hint = did_you_mean(name, axes, otherwise="" if axes else "there is no `matrix`; remove it")
            self.refuse("unknown-key", f"`{shortened(name)}` is not a key of `matrix`", at, hint, key=True)
        elif axes[name] and not any(_same(wanted, value) for value in axes[name]):
            shown = _named(wanted) if isinstance(wanted, str | int | float) else "that"
            hint = did_you_mean(shown, map(_named, axes[name]))
            self.refuse("unknown-value", f"`matrix.{name}` has no value `{shown}`", at, hint)
