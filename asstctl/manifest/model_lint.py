"""Model lint: the models that files name, held against the days on which models end and against what an account has.

Pure: the day of today is given, and so is what the account says, where somebody asked it. Only what a vendor hosts is
looked at, for on a server of one's own a name means whatever its owner likes.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlsplit

from asstctl.core.address import Address
from asstctl.core.diagnostic import Diagnostic, Where, warning
from asstctl.core.models import ModelUse, Offered
from asstctl.manifest.project import Target
from asstctl.manifest.retirements import Retirement, retirement_of

HORIZON = 120
"""So many days before its end a model is spoken of: time to choose another, and to test it."""

OPENAI, AZURE = "OpenAI", "Azure"

_HOSTS = {
    OPENAI: ("api.openai.com",),
    AZURE: ("openai.azure.com", "services.ai.azure.com", "cognitiveservices.azure.com"),
}
_NAMED = 3


@dataclass(frozen=True, slots=True)
class Ending:
    """A model that ends soon, or has ended."""

    model: str
    retirement: Retirement
    days: int

    @property
    def code(self) -> str:
        """The code of its diagnostic."""
        return "model-retires" if self.days > 0 else "model-retired"

    def __str__(self) -> str:
        retirement = self.retirement
        verb = "is" if self.days >= 0 else "was"
        known = f"known as of {retirement.as_of}" if retirement.as_of else "its own list of models says so"
        return f"{self.model} {verb} retired by {retirement.by} on {retirement.on}, {_away(self.days)}; {known}"


def vendor_of(target: Target, own_url: str) -> str:
    """Who hosts a target, of those whose models end on a day; nothing for a server of anybody else's.

    `own_url` is the provider's built-in address.
    """
    if target.passthrough_url or target.dialect == "litellm":
        return ""
    try:
        host = (urlsplit(target.base_url or own_url).hostname or "").lower().rstrip(".")
    except ValueError:
        return ""
    for vendor, names in _HOSTS.items():
        if any(host == name or host.endswith(f".{name}") for name in names):
            return vendor
    return ""


def ending_of(model: str, today: date, offered: Offered | None = None) -> Ending | None:
    """The end of a model, where it is near. What the account announces of it is newer than the file."""
    retirement = retirement_of(model)
    if offered and model in offered:
        announced = offered[model]
        if announced:
            retirement = Retirement(announced, OPENAI)
        elif retirement and retirement.on <= today:
            return None  # the account has it still: the file is out of date
    if retirement is None or (days := (retirement.on - today).days) > HORIZON:
        return None
    return Ending(model, retirement, days)


def is_absent(model: str, offered: Offered | None) -> bool:
    """Whether an account is known to lack a model; a list without any says nothing."""
    return bool(offered) and model not in (offered or ())


def lint(uses: Mapping[str, Sequence[ModelUse]], vendors: Mapping[str, str], today: date) -> tuple[Diagnostic, ...]:
    """A warning at each line that names a model which ends, once for all targets of one vendor."""
    targets: dict[tuple[Where, str, Ending], list[str]] = {}
    for name, used in uses.items():
        vendor = vendors.get(name, "")
        for one in used if vendor else ():
            if ending := ending_of(one.model, today):
                targets.setdefault((one.where, vendor, ending), []).append(name)
    return tuple(
        warning(
            ending.code,
            str(ending),
            where,
            detail=_detail(vendor, list(dict.fromkeys(names))),
            hint="name another model here" if ending.days <= 0 else "name another model here before that day",
        )
        for (where, vendor, ending), names in targets.items()
    )


def notes(uses: Iterable[ModelUse], vendor: str, place: str, today: date, offered: Offered | None) -> Iterator[str]:
    """Sentences for a plan: models that end, where a vendor hosts the target, and models that the account lacks."""
    users: dict[str, list[Address]] = {}
    for one in uses:
        users.setdefault(one.model, []).append(one.address)
    for model, addresses in users.items():
        if vendor and (ending := ending_of(model, today, offered)):
            yield f"{named(addresses)}: {ending}{caveat(vendor)}."
        if offered and is_absent(model, offered):
            yield f"{named(addresses)}: {model} is not among the models that {place} lists."


def named(addresses: Sequence[Address]) -> str:
    """Addresses on one line, however many there are."""
    rest = len(addresses) - _NAMED
    shown = ", ".join(str(address) for address in addresses[:_NAMED])
    return f"{shown} and {rest} more" if rest > 0 else shown


def caveat(vendor: str) -> str:
    """What stands behind the day of OpenAI where somebody else hosts the model."""
    return " (on Azure this names a deployment, and Microsoft has days of its own)" if vendor == AZURE else ""


def _detail(vendor: str, targets: Sequence[str]) -> str:
    listed = ", ".join(f"`{name}`" for name in targets)
    on = f"target {listed} is" if len(targets) == 1 else f"targets {listed} are"
    return f"{on} hosted by {vendor}{caveat(vendor)}"


def _away(days: int) -> str:
    if days == 0:
        return "today"
    counted = "1 day" if abs(days) == 1 else f"{abs(days)} days"
    return f"in {counted}" if days > 0 else f"{counted} ago"
