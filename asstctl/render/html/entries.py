"""The conversations in the order in which they are listed, each with the name by which the page is linked to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from asstctl.core.conversation import CaseResult
from asstctl.render.escape import visible
from asstctl.render.failure import BAD

_ENCODED = frozenset(' "<>`')


@dataclass(frozen=True, slots=True)
class Entry:
    """A conversation and its anchor."""

    case: CaseResult
    anchor: str

    @property
    def is_bad(self) -> bool:
        """Whether it did not pass."""
        return self.case.status in BAD


def entries_of(cases: Sequence[CaseResult]) -> tuple[Entry, ...]:
    """Each with an anchor of its own."""
    used: dict[str, int] = {}
    entries = []
    for case in cases:
        anchor = _anchor(case.node)
        used[anchor] = used.get(anchor, 0) + 1
        entries.append(Entry(case, anchor if used[anchor] == 1 else f"{anchor}~{used[anchor]}"))
    return tuple(entries)


def by_assistant(entries: Sequence[Entry]) -> Mapping[str, tuple[Entry, ...]]:
    """What did not pass comes first, among the assistants and within each; else the order of the run."""
    groups: dict[str, list[Entry]] = {}
    for entry in entries:
        groups.setdefault(entry.case.assistant, []).append(entry)
    ordered = sorted(groups.items(), key=lambda item: not any(entry.is_bad for entry in item[1]))
    return {name: tuple(sorted(group, key=lambda entry: not entry.is_bad)) for name, group in ordered}


def _anchor(node: str) -> str:
    """`FILE::ID`, encoded exactly as a browser encodes it when somebody types it behind a `#`."""
    return "".join(_encoded(c) if c in _ENCODED or not c.isascii() else c for c in visible(node))


def _encoded(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "replace"))
