"""Addresses on the command line: `ADDRESS`, or its key alone, and `ADDRESS.FIELD`, held against what is known."""

from collections.abc import Collection, Iterable

from asstctl.core.address import Address
from asstctl.core.errors import WrongUsage
from asstctl.core.resource import EXTENSION
from asstctl.core.suggest import did_you_mean
from asstctl.engine.planning.policy import EVERYTHING
from asstctl.kinds import KINDS


def select(texts: Iterable[str], known: Collection[Address], option: str) -> frozenset[Address]:
    """The known addresses that these texts mean. Raises WrongUsage for one that means none."""
    return frozenset(_address(text, known, option) for text in texts)


def select_assistant(text: str, known: Collection[Address], option: str) -> Address:
    """The assistant that a text means; where there is only one, it need not be named. Raises WrongUsage."""
    assistants = sorted(address for address in known if address.kind == "assistant")
    if text:
        return _address(text, assistants, option)
    if len(assistants) != 1:
        if not assistants:
            raise WrongUsage(f"{option}: the project declares no assistant", hint="declare one under assistants/")
        raise WrongUsage(
            f"{option}: which assistant?", hint=f"name one of: {', '.join(address.key for address in assistants)}"
        )
    return assistants[0]


def select_fields(texts: Iterable[str], known: Collection[Address], option: str) -> frozenset[str]:
    """`all`, addresses and `ADDRESS.FIELD`, spelled out. Raises WrongUsage for what is not known."""
    return frozenset(text if text == EVERYTHING else _with_field(text, known, option) for text in texts)


def _with_field(text: str, known: Collection[Address], option: str) -> str:
    for address in sorted(known):
        for name in (str(address), address.key):
            if text.startswith(f"{name}."):
                return f"{address}.{_field(address, text[len(name) + 1 :], option)}"
    return str(_address(text, known, option))


def _field(address: Address, name: str, option: str) -> str:
    names = KINDS[address.kind].fields
    if name not in names and not name.startswith(EXTENSION):
        raise WrongUsage(f"{option}: {address.kind} has no field {name!r}", hint=did_you_mean(name, names))
    return name


def _address(text: str, known: Collection[Address], option: str) -> Address:
    found = [address for address in known if text in (str(address), address.key)]
    if len(found) != 1:
        what = f"{text!r} means {' and '.join(map(str, sorted(found)))}" if found else f"there is no {text!r}"
        names = [name for address in known for name in (str(address), address.key)]
        hint = did_you_mean(text, names, otherwise="`asstctl list` shows the addresses")
        raise WrongUsage(f"{option}: {what}", hint=hint)
    return found[0]
