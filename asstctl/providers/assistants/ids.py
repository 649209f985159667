"""Ids of the Assistants v2 wire: what a server may call an object, and how its id becomes part of a path. Pure."""

from urllib.parse import quote

LONGEST = 256


def is_id(id: object) -> bool:
    """Whether this can be the id of an object: a text that one part of a path can carry."""
    return isinstance(id, str) and 0 < len(id) <= LONGEST and id.isprintable() and id not in {".", ".."}


def in_path(id: str) -> str:
    """An id as one part of a path. It may come from a person or a server, and must not lead elsewhere."""
    if not is_id(id):
        raise ValueError(f"not an id: {id!r:.80}")
    return quote(id, safe="")
