"""References: what stands in a field's value where an id is not known yet.

A manifest speaks of a vector store by its key and of a file by its path; the wire wants ids. Until an id is
known a placeholder stands in the list: plain JSON, so that it can be compared, printed and saved like any other
value. No file can forge one, because ids in manifests must be texts.

    {"$ref": "vector_store.handbook"}
    {"$file": "data/sales.csv", "sha256": "…", "bytes": 1024}
"""

from collections.abc import Iterator, Mapping, Sequence

from asstctl.core.address import Address
from asstctl.core.json_types import Json, JsonObject
from asstctl.core.knowledge import LocalFile

REF, FILE = "$ref", "$file"


def reference(address: Address) -> JsonObject:
    """Stands for the id of what bears an address."""
    return {REF: str(address)}


def file_reference(file: LocalFile) -> JsonObject:
    """Stands for the id of an uploaded file; two that are equal have one name, one content and one place."""
    return {FILE: file.path, "sha256": file.sha256, "bytes": file.bytes}


def address_of(value: Json) -> Address | None:
    """The address that a placeholder stands for."""
    return Address.parse(value[REF]) if isinstance(value, Mapping) and REF in value else None


def path_of(value: Json) -> str | None:
    """The path of the file that a placeholder stands for."""
    return str(value[FILE]) if isinstance(value, Mapping) and FILE in value else None


def placeholders(value: Json) -> Iterator[JsonObject]:
    """Every placeholder in a value, however deep."""
    if isinstance(value, Mapping):
        if REF in value or FILE in value:
            yield value
            return
        for item in value.values():
            yield from placeholders(item)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for item in value:
            yield from placeholders(item)


def is_known(value: Json) -> bool:
    """Whether a value can be sent as it is; False means: known after apply."""
    return next(placeholders(value), None) is None
