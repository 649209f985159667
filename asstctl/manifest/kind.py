"""Kind: one row of the table of what a manifest can be.

The rows stand beside the code that reads them; `kinds.py` is the list.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from asstctl.documents.models import Model
from asstctl.documents.yaml import Path

if TYPE_CHECKING:
    from asstctl.manifest.layers import Layered
    from asstctl.manifest.resources import Context, Parts


@dataclass(frozen=True)
class Rendered:
    """Which fields are templates: texts, numbers (a lone `{{ expression }}` keeps its type), and metadata values.

    What comes out of `closed` fields is checked against a set of words.
    """

    texts: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    closed: tuple[str, ...] = ()

    def takes(self, path: Path) -> bool:
        """Whether a text at a path of a manifest is rendered."""
        if path[:1] == ("metadata",):
            return len(path) == 2
        return len(path) == 1 and path[0] in (*self.texts, *self.numbers)


@dataclass(frozen=True)
class Kind:
    """One kind of manifest.

    `what` is it in a message. `whole` are fields that are replaced and never merged, `parted` those of which one bad
    entry does not spoil the others, `required` those for which no provider has a default. `read` gives the parts of
    one on a target, from its checked layers; None for a kind without a live object. `named_by_key`: its key is its
    name where none is written. `has_key`: it declares something, and so has an address and may have defaults.
    """

    name: str
    what: str
    model: type[Model]
    whole: frozenset[str] = frozenset()
    parted: tuple[str, ...] = ()
    required: frozenset[str] = frozenset()
    rendered: Rendered = Rendered()
    named_by_key: bool = False
    has_key: bool = True
    read: "Callable[[Layered, Context], Parts] | None" = None
