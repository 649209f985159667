"""What was asked for: an address, perhaps with a field and a path below it. What is unknown is refused with the
nearest."""

from collections.abc import Collection, Iterator, Sequence

from asstctl.core.address import Address
from asstctl.core.errors import Refused
from asstctl.core.explanation import Explained
from asstctl.core.plan import TargetInfo
from asstctl.core.resource import EXTENSION
from asstctl.core.suggest import did_you_mean
from asstctl.manifest.field_paths import children
from asstctl.manifest.project_model import PROVIDERS
from asstctl.manifest.provenance import Provenance, Subject, names_of


def split(text: str, known: Collection[Address]) -> tuple[Address, str] | None:
    """The address that a text begins with, its key alone where that is enough, and the field; None where it is none
    of these."""
    for address in sorted(known):
        for name in (str(address), address.key):
            if text == name or text.startswith(f"{name}."):
                return address, text[len(name) + 1 :]
    return None


def unknown(text: str, known: Collection[Address], target: TargetInfo, *, looked: bool) -> Refused:
    """What to say of an address that nothing has."""
    first, *rest = text.split(".")
    asked = f"{first}.{rest[0]}" if rest and first in {address.kind for address in known} else first
    names = [name for address in sorted(known) for name in (str(address), address.key)]
    beyond = f", nor with this project's mark on {target.name}" if looked else ""
    return Refused(
        f"there is no {asked}",
        detail=f"not in the files{beyond}",
        hint=did_you_mean(asked, names, otherwise=f"see {target.command('list')}"),
    )


def fields_of(provenance: Provenance, subject: Subject, asked: str) -> tuple[Explained, ...]:
    """What was asked for of a subject, all that is declared where nothing is named. Raises Refused."""
    if not asked:
        return tuple(_declared(provenance, subject))
    asked = _without_provider(asked, provenance.provider)
    names = names_of(subject)
    inside = [name for name in names if name.startswith(f"{asked}.")]
    if inside:
        return tuple(one for name in inside if (one := provenance.field(subject, name)) is not None)
    name = next((name for name in sorted(names, key=len, reverse=True) if _begins(asked, name)), "")
    if not name and asked.startswith(EXTENSION) and "." in asked:
        name = ".".join(asked.split(".")[:2])
    found = provenance.field(subject, name, asked[len(name) + 1 :]) if name else None
    if found is None:
        raise _no_field(subject, asked, name, provenance.target)
    return (found,)


def _declared(provenance: Provenance, subject: Subject) -> Iterator[Explained]:
    for name in names_of(subject):
        one = provenance.field(subject, name)
        # what nothing speaks of is explained where it is asked for, and where it is live
        if one is not None and (one.declared or one.said):
            yield one


def _begins(asked: str, name: str) -> bool:
    return asked == name or asked.startswith(f"{name}.")


def _without_provider(asked: str, provider: str) -> str:
    """`extensions.openai.text` is what a manifest writes, `extensions.text` the name of the field."""
    rest = asked.removeprefix(EXTENSION)
    first, _, below = rest.partition(".")
    if rest != asked and below and first in PROVIDERS and first == provider:
        return EXTENSION + below
    return asked


def _no_field(subject: Subject, asked: str, name: str, target: str) -> Refused:
    known: Sequence[str] = [*names_of(subject)]
    if name:
        known = [f"{name}.{key}" for key, _ in children(name, subject.value.get(name))] or [name]
    return Refused(
        f"{subject.address} has no {asked}",
        detail=f"it is no field, and nothing is written there for {target}",
        hint=did_you_mean(asked, known),
    )
