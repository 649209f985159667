"""Limits of a wire, checked on fields before anything is sent.

The bounds are the wire's own data (`Capabilities.limits`); this module only knows how to walk to a value
and what each kind of bound means.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from asstctl.core.capabilities import Capabilities, Limit
from asstctl.core.json_types import Json
from asstctl.core.knowledge import Attribute
from asstctl.core.suggest import shortened
from asstctl.documents.models import dotted
from asstctl.manifest.resources import Upload

Path = tuple[str | int, ...]

BYTES = "[].bytes"
"""What the name of a limit ends with that bounds the sizes of files."""

FILES, PATHS, ATTRIBUTES = "files", "files[].path", "files[].attributes"


@dataclass(frozen=True)
class Excess:
    """One value past a bound: what it is, what is taken, and what to do. `of_key`: its key is meant."""

    path: Path
    summary: str
    taken: str
    hint: str
    of_key: bool = False


def excesses(fields: Mapping[str, Json], limits: Mapping[str, Limit]) -> Iterator[Excess]:
    """Every value of an object's fields that a wire would not take."""
    for name, limit in limits.items():
        if not name.endswith(BYTES):
            for path, value in _values(fields, name.split("."), ()):
                yield from _check(path, value, limit)


def upload_excesses(
    uploads: Sequence[Upload], attributes: Mapping[Path, Mapping[str, Attribute]], limits: Mapping[str, Limit]
) -> Iterator[Excess]:
    """Every file, and every entry's attributes, that a wire would not take; each at the entry that names it."""
    if not uploads and not attributes:
        return
    none = Limit()
    if _over(len(uploads), most := limits.get(FILES, none).max_items):
        yield Excess((FILES,), f"there are {len(uploads):,} files", f"at most {most:,}", "name fewer", of_key=True)
    sizes = next((limit for name, limit in limits.items() if name.endswith(BYTES)), none)
    length = limits.get(PATHS, none).max_chars
    for one in uploads:
        name, size = f"`{shortened(one.file.path)}`", one.file.bytes
        if _over(size, sizes.maximum):
            taken = f"at most {sizes.maximum:,} bytes"
            yield Excess(one.entry, f"{name} has {size:,} bytes", taken, "split it, or leave it out")
        if sizes.minimum is not None and size < sizes.minimum:
            hint = "put something in it, or leave it out"
            yield Excess(one.entry, f"{name} is empty", "no empty file", hint)
        if _over(len(one.file.path), length):
            summary = f"the path {name} has {len(one.file.path)} characters"
            yield Excess(one.entry, summary, f"at most {length}", "shorten it: it is the identity of the file")
    for path, pairs in attributes.items():
        yield from _check(path, pairs, limits.get(ATTRIBUTES, none))


def largest_file(known: Iterable[Capabilities]) -> int | None:
    """How many bytes a file may have that some target takes; None where one has no bound, or nothing is known."""
    bounds = [
        limit.maximum
        for one in known
        for limits in one.limits.values()
        for name, limit in limits.items()
        if name.endswith(BYTES)
    ]
    return None if not bounds or None in bounds else int(max(bound for bound in bounds if bound is not None))


def _values(value: Json, steps: Sequence[str], path: Path) -> Iterator[tuple[Path, Json]]:
    """The values that a path in a table means; `tools[]` is each item of a list."""
    if not steps:
        yield path, value
        return
    if not isinstance(value, Mapping):
        return
    name, each = steps[0].removesuffix("[]"), steps[0].endswith("[]")
    # Fields such as `tool_resources.file_search` have dots in their names.
    joined = ".".join(steps[:2])
    if name not in value and joined in value:
        yield from _values(value[joined], steps[2:], (*path, *steps[:2]))
    elif name in value:
        items = enumerate(value[name]) if each and isinstance(value[name], Sequence) else ()
        if each:
            for number, item in items:
                yield from _values(item, steps[1:], (*path, name, number))
        else:
            yield from _values(value[name], steps[1:], (*path, name))


def _check(path: Path, value: Json, limit: Limit) -> Iterator[Excess]:
    if isinstance(value, str):
        if _over(len(value), limit.max_chars):
            summary, taken = f"`{dotted(path)}` has {len(value)} characters", f"at most {limit.max_chars}"
            yield Excess(path, summary, taken, "shorten it")
    elif isinstance(value, bool):
        return
    elif isinstance(value, int | float):
        if limit.minimum is not None and value < limit.minimum:
            yield Excess(path, f"`{dotted(path)}` is {value:g}", f"at least {limit.minimum:g}", "raise it")
        if _over(value, limit.maximum):
            yield Excess(path, f"`{dotted(path)}` is {value:g}", f"at most {limit.maximum:g}", "lower it")
    elif isinstance(value, Mapping):
        yield from _map(path, value, limit)
    elif isinstance(value, Sequence) and _over(len(value), limit.max_items):
        taken = f"at most {limit.max_items}"
        yield Excess(path, f"`{dotted(path)}` has {len(value)} items", taken, "remove some", of_key=True)


def _map(path: Path, value: Mapping[str, Json], limit: Limit) -> Iterator[Excess]:
    if _over(len(value), limit.max_items):
        taken = f"at most {limit.max_items}"
        yield Excess(path, f"`{dotted(path)}` has {len(value)} pairs", taken, "remove some", of_key=True)
    for key, item in value.items():
        inner = (*path, key)
        if _over(len(key), limit.max_key_chars):
            summary, taken = f"a key of `{dotted(path)}` has {len(key)} characters", f"at most {limit.max_key_chars}"
            yield Excess(inner, summary, taken, "shorten it", of_key=True)
        if isinstance(item, str) and _over(len(item), limit.max_value_chars):
            taken = f"at most {limit.max_value_chars}"
            yield Excess(inner, f"`{dotted(inner)}` has {len(item)} characters", taken, "shorten it")


def _over(amount: float, most: float | None) -> bool:
    return most is not None and amount > most
