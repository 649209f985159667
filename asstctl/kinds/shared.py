"""What a user may write in manifests of several kinds: metadata, and the fields to ignore."""

from collections.abc import Callable, Collection
from typing import Annotated

from pydantic import AfterValidator, WithJsonSchema

from asstctl.core.mark import PREFIX, is_ours
from asstctl.core.suggest import did_you_mean
from asstctl.documents.models import problem


def _not_ours(key: str) -> str:
    if is_ours(key):
        raise problem("reserved-metadata", f"`{key}` is reserved: `{PREFIX}` pairs are the program's", "rename it")
    return key


UserKey = Annotated[
    str, AfterValidator(_not_ours), WithJsonSchema({"type": "string", "not": {"pattern": f"^{PREFIX}"}})
]
"""A name that is not one of ours."""

Metadata = dict[UserKey, str]


def field_of(what: str, known: Collection[str], *, beginning: tuple[str, ...] = ()) -> Callable[[str], str]:
    """A validator of `ignore_changes`: a known name, or one that begins in one of these ways."""

    def check(name: str) -> str:
        if name not in known and not (beginning and name.startswith(beginning)):
            raise problem("unknown-field", f"`{name}` is not a field of {what}", did_you_mean(name, known))
        return name

    return check


def field_schema(known: Collection[str], *, beginning: tuple[str, ...] = ()) -> WithJsonSchema:
    """The same, for editors."""
    patterns = [{"pattern": f"^{one.replace('.', '[.]')}"} for one in beginning]
    return WithJsonSchema({"type": "string", "anyOf": [{"enum": list(known)}, *patterns]})
