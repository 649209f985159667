"""Losses: what a plan leaves out because its target cannot hold it, in sentences that a reviewer reads first."""

from collections.abc import Iterator, Mapping, Sequence

from asstctl.core.address import Address
from asstctl.core.capabilities import Way
from asstctl.core.loss import Loss

Lost = tuple[Address, Loss]


def losses_said(losses: Sequence[Lost], target: str, api: str) -> Iterator[str]:
    """One sentence for what is dropped, one for what threads get, and one for each function that stands for a tool."""
    dropped = _grouped((lost[1].field, lost) for lost in losses if lost[1].way is Way.DROP)
    if dropped:
        yield f"On {target} ({api}) without: {'; '.join(_listed(dropped))}."
    for group in _grouped((lost[1].field, lost) for lost in losses if lost[1].way is Way.SESSION).values():
        yield f"Conversations open a hosted environment for {_whose(group)} ({group[0][1].tool})."
    for name, group in _grouped((lost[1].function, lost) for lost in losses if lost[1].way is Way.FUNCTION).items():
        yield f"Function {name} stands for {group[0][1].tool} of {_whose(group)}."


def _listed(dropped: Mapping[str, Sequence[Lost]]) -> Iterator[str]:
    """The fields that the same objects lose, together."""
    together: dict[tuple[Address, ...], list[Sequence[Lost]]] = {}
    for group in dropped.values():
        together.setdefault(tuple(address for address, _ in group), []).append(group)
    for groups in together.values():
        yield f"{', '.join(group[0][1].path for group in groups)} of {_whose(groups[0])}"


def _grouped(losses: Iterator[tuple[str, Lost]]) -> dict[str, list[Lost]]:
    groups: dict[str, list[Lost]] = {}
    for key, lost in losses:
        groups.setdefault(key, []).append(lost)
    return dict(sorted(groups.items()))


def _whose(group: Sequence[Lost]) -> str:
    address = group[0][0]
    return str(address) if len(group) == 1 else f"{len(group)} {address.kind.replace('_', ' ')}s"
