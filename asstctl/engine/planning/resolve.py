"""Resolving references: ids in the place of placeholders, as far as they are known when a plan is made. Pure.

A store's id is known once it is live and ours. That of an uploaded code file is not written anywhere but in the
object that uses it; which file each of its ids is, the mark says (`cf`: a digest per id, in the order of the
sorted ids), as long as the ids are those that were last applied.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from math import comb

from asstctl.core.address import Address
from asstctl.core.json_types import EMPTY, Json
from asstctl.core.mark import Mark
from asstctl.core.reference import FILE, address_of, is_known
from asstctl.core.resource import Desired
from asstctl.engine.planning.ownership import Owned
from asstctl.kinds import KINDS
from asstctl.kinds.canonical import DIGEST_LENGTH, digest

CODE_FILES, CODE_KEY = "tool_resources.code_interpreter", "file_ids"
STORES, STORES_KEY = "tool_resources.file_search", "vector_store_ids"
MOST_TRIED = 5_000
"""Ways to leave out ids that somebody added: three among twenty have 1,140."""

HOLDS_IDS: Mapping[str, str] = {STORES: STORES_KEY, CODE_FILES: CODE_KEY}
"""The fields in which references stand, and the key below which."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """A Desired with the ids that are known. `late` names the fields that hold placeholders still.

    `code_files` gives the mark's digest of each file id that is live or declared; `references` the placeholder
    that each id was put in for. `as_based`: fields whose declared files are those of the mark, although no id
    shows it because somebody changed the live ones.
    """

    desired: Desired
    late: frozenset[str] = frozenset()
    code_files: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    references: Mapping[str, Json] = field(default_factory=lambda: EMPTY)
    as_based: frozenset[str] = frozenset()


def resolve(desired: Desired, owned: Owned | None, stores: Mapping[Address, str]) -> Resolved:
    """Put in what is known: `stores` gives the ids of live stores, `owned` the live object and its mark."""
    held = held_files(owned) if owned is not None else {}
    fields, references = desired.fields, {}
    # of two ids for one file the first stays; one that the manifest names itself stands for nothing else
    named = {item for item in items_of(fields.get(CODE_FILES), CODE_KEY) if isinstance(item, str)}
    files = {held_as: id for id, held_as in sorted((held or {}).items(), reverse=True) if id not in named}
    code_files = dict(held or {})
    for name, key in HOLDS_IDS.items():
        declared = items_of(fields.get(name), key)
        found = [_known(item, stores, files) for item in declared]
        for id, item in zip(found, declared, strict=True):
            if isinstance(id, str) and id != item:
                references[id] = item
            if isinstance(id, str) and name == CODE_FILES:
                code_files[id] = identity(item)
        if declared:
            fields = {**fields, name: {key: found}}
    # to a create nothing is ignored
    ignored = desired.ignored if owned is not None else frozenset()
    same_files = owned is not None and held is None and _are_those_of(owned.mark, desired.fields.get(CODE_FILES))
    return Resolved(
        desired if fields is desired.fields else replace(desired, fields=fields),
        late=frozenset(name for name, value in fields.items() if name not in ignored and not is_known(value)),
        code_files=code_files,
        references=references,
        as_based=frozenset({CODE_FILES} if same_files else ()),
    )


def identity(item: Json) -> str:
    """What the mark says of a code file: the digest of its name and content, or of an id that a manifest names."""
    if isinstance(item, Mapping):
        return digest([str(item[FILE]).rpartition("/")[2], item["sha256"]])
    return digest(["id", item])


def is_upload_of_ours(id: str, held: str) -> bool:
    """Whether the digest that the mark holds for a file id is that of a file, and not of the id itself."""
    return held != identity(id)


def held_files(owned: Owned) -> dict[str, str] | None:
    """The mark's digest of each live code file; None where the live ids are not those that were applied.

    Ids that somebody added are told from the others by leaving them out, as long as there are few ways to do so.
    """
    live, mark, kind = owned.live, owned.mark, KINDS[owned.live.kind]
    if CODE_FILES not in kind.fields:
        return {}
    ids = sorted({id for id in items_of(live.fields.get(CODE_FILES), CODE_KEY) if isinstance(id, str)})
    digests = _digests(mark)
    if not ids and not digests:
        return {}
    base = mark.fields.get(kind.field(CODE_FILES).code, digest(None))[-DIGEST_LENGTH:]
    if comb(len(ids), len(digests)) > MOST_TRIED:
        return None
    for some in combinations(ids, len(digests)):
        if digest({CODE_KEY: [*some]} if some else None) == base:
            return dict(zip(some, digests, strict=True))
    return None


def files_in_mark(value: Json, code_files: Mapping[str, str]) -> str:
    """The `cf` of a mark whose object holds exactly these files."""
    ids = sorted({id for id in items_of(value, CODE_KEY) if isinstance(id, str)})
    return "".join(code_files[id] for id in ids)


def items_of(value: Json, key: str) -> list[Json]:
    """The ids and placeholders of a field such as `{"file_ids": [...]}`; none where it holds something else."""
    items = value.get(key) if isinstance(value, Mapping) else None
    return [*items] if isinstance(items, Sequence) and not isinstance(items, str) else []


def _known(item: Json, stores: Mapping[Address, str], files: Mapping[str, str]) -> Json:
    """The id that an item stands for; the item itself where there is none yet, or where it is one."""
    if address := address_of(item):
        return stores.get(address, item)
    return files.get(identity(item), item) if isinstance(item, Mapping) else item


def _are_those_of(mark: Mark, declared: Json) -> bool:
    return sorted(map(identity, items_of(declared, CODE_KEY))) == sorted(_digests(mark))


def _digests(mark: Mark) -> list[str]:
    return [mark.files[i : i + DIGEST_LENGTH] for i in range(0, len(mark.files), DIGEST_LENGTH)]
