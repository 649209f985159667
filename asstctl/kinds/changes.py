"""What a user writes about identities: `kind: changes`. It declares nothing and has no key.

Whether the addresses are declared, and what several entries mean together, is for `manifest`.
"""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, WithJsonSchema

from asstctl.core.address import KEY, Address
from asstctl.core.resource import EXTENSION
from asstctl.core.suggest import did_you_mean, shortened
from asstctl.documents.models import Many, Model, problem
from asstctl.kinds import KINDS

_LONGEST_ID = 256


def _address(text: str) -> str:
    try:
        address = Address.parse(text)
    except ValueError:
        hint = "write its kind and its key, such as `assistant.guagua`"
        raise problem("bad-address", f"`{shortened(text)}` is not an address", hint) from None
    if address.kind not in KINDS:
        summary = f"nothing of kind `{shortened(address.kind)}` lives on a provider"
        raise problem("bad-address", summary, did_you_mean(address.kind, KINDS))
    return text


def _field(text: str) -> str:
    kind, _, rest = text.partition(".")
    key, dot, name = rest.partition(".")
    address = Address.parse(_address(f"{kind}.{key}"))
    names = KINDS[address.kind].fields
    if not dot:
        raise problem("bad-address", f"`{text}` names no field", f"write one, such as `{text}.name`")
    if name not in names and not (name.startswith(EXTENSION) and name != EXTENSION):
        summary = f"`{shortened(name)}` is not a field of kind `{address.kind}`"
        raise problem("unknown-field", summary, did_you_mean(name, names))
    return text


def _id(text: str) -> str:
    if not text or len(text) > _LONGEST_ID or not text.isprintable() or " " in text or text in {".", ".."}:
        raise problem("bad-value", "that cannot be the id of an object", "copy it from the provider: `asst_...`")
    return text


_ADDRESS = f"(?:{'|'.join(KINDS)})[.]{KEY.pattern}"
AddressText = Annotated[str, AfterValidator(_address), WithJsonSchema({"type": "string", "pattern": f"^{_ADDRESS}$"})]
IdText = Annotated[str, AfterValidator(_id), WithJsonSchema({"type": "string", "pattern": rf"^\S{{1,{_LONGEST_ID}}}$"})]
FieldText = Annotated[str, AfterValidator(_field), WithJsonSchema({"type": "string", "pattern": f"^{_ADDRESS}[.].+$"})]


class Adopt(Model):
    """The object `id` is ours from now on, as `to`."""

    to: AddressText
    """The address that it gets: `assistant.guagua`. Example: `assistant.guagua`"""
    id: IdText
    """The id of the object on the provider: `asst_abc123`. Example: `asst_abc123`"""
    target: str | None = None
    """The target that this is said of; every target where nothing is said. Example: `prod`"""


class Moved(Model):
    """What was declared as `from` is declared as `to` now."""

    from_: AddressText = Field(alias="from")
    """The address that it had. Example: `assistant.tutor`"""
    to: AddressText
    """The address that it has now, of the same kind. Example: `assistant.guagua`"""
    target: str | None = None
    """The target that this is said of; every target where nothing is said. Example: `prod`"""


class Removed(Model):
    """What was declared as `address` is to be deleted, or else left without our mark."""

    address: AddressText
    """The address that is declared no more. Example: `assistant.tutor`"""
    delete: bool
    """`true` deletes the object; it needs no --prune and is not counted. `false` drops our mark and leaves the
    object."""
    target: str | None = None
    """The target that this is said of; every target where nothing is said. Example: `prod`"""


class AcceptOverwrite(Model):
    """Somebody's edit of this field may be overwritten."""

    field: FieldText
    """The field whose drift may be overwritten: `assistant.guagua.temperature`.
    Example: `assistant.guagua.temperature`"""
    target: str | None = None
    """The target that this is said of; every target where nothing is said. Example: `prod`"""


class ChangesManifest(Model):
    """`kind: changes`; several of them add up."""

    kind: Literal["changes"]
    """Decisions, shown in the plan and part of its digest."""
    adopt: Many[Adopt] | None = None
    """Objects that nobody owns and that are taken over.
    Example: `[{to: assistant.guagua, id: asst_abc123, target: prod}]`"""
    moved: Many[Moved] | None = None
    """Addresses that were renamed, so that the object is kept.
    Example: `[{from: assistant.tutor, to: assistant.guagua}]`"""
    removed: Many[Removed] | None = None
    """Addresses that are gone, and what becomes of their objects.
    Example: `[{address: assistant.tutor, delete: true}]`"""
    accept_overwrite: Many[AcceptOverwrite] | None = None
    """Fields that were changed outside of git and may be overwritten.
    Example: `[{field: assistant.guagua.temperature, target: prod}]`"""
