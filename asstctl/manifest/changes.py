"""Decisions: what all `kind: changes` of a project say together, checked against what is declared.

Everything is checked on every target, so that a pull request is told what is wrong with it; the value holds what is
said of one. Moves are followed to their ends, and nothing is decided twice.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from asstctl.core.address import Address
from asstctl.core.decisions import Acceptance, Adoption, Decisions, Move, Removal
from asstctl.core.diagnostic import Diagnostic, Where, error
from asstctl.core.suggest import did_you_mean, nearest
from asstctl.documents.models import check_parts, without
from asstctl.documents.yaml import Path as Place
from asstctl.kinds.changes import ChangesManifest
from asstctl.manifest.kind import Kind
from asstctl.manifest.layers import Layer, Layered
from asstctl.manifest.manifests import Manifests

CHANGES = Kind(
    "changes",
    "a `kind: changes`",
    ChangesManifest,
    parted=("adopt", "moved", "removed", "accept_overwrite"),
    has_key=False,
)


@dataclass(frozen=True)
class Entry:
    """One entry of a list: its values, and where they were written. `targets` are those that it speaks of."""

    value: Mapping[str, Any]
    layers: Layered
    at: Place
    targets: frozenset[str]

    def where(self, key: str = "") -> Where:
        """Where the value of a key was written, or the entry itself."""
        return self.layers.where((*self.at, key) if key else self.at)

    def address(self, key: str) -> Address:
        return Address.parse(self.value[key])


@dataclass
class _Entries:
    """The entries of all documents, by list, in the order of the files."""

    adopt: list[Entry] = field(default_factory=list)
    moved: list[Entry] = field(default_factory=list)
    removed: list[Entry] = field(default_factory=list)
    accept_overwrite: list[Entry] = field(default_factory=list)


def read_changes(
    bodies: Sequence[Layer], manifests: Manifests, targets: Sequence[str], target: str
) -> tuple[Decisions, tuple[Diagnostic, ...]]:
    """What is decided on a target, and what is wrong with what is decided on any."""
    entries, diagnostics = _Entries(), list[Diagnostic]()
    for body in bodies:
        layers = Layered(body.value, [body], body, frozenset())
        _, found, wrong = check_parts(CHANGES.model, layers, what=CHANGES.what)
        diagnostics += found
        sound = without(body.value, wrong, lambda path: 2 if path[0] in CHANGES.parted else 1)
        for name in CHANGES.parted:
            for number, value in enumerate(sound.get(name) or ()):
                if value is not None:
                    entry = Entry(value, layers, (name, number), _targets(value, targets))
                    getattr(entries, name).append(entry)
                    diagnostics += _unknown_target(entry, targets)
    checker = _Checker(entries, manifests)
    diagnostics += checker.check()
    return checker.decisions(target), tuple(diagnostics)


def _targets(value: Mapping[str, Any], known: Sequence[str]) -> frozenset[str]:
    return frozenset(known if value.get("target") is None else (value["target"],))


def _unknown_target(entry: Entry, known: Sequence[str]) -> Iterator[Diagnostic]:
    name = entry.value.get("target")
    if name is not None and name not in known:
        hint = did_you_mean(name, known)
        yield error("unknown-target", f"there is no target `{name}`", entry.where("target"), hint=hint)


@dataclass
class _Checker:
    entries: _Entries
    manifests: Manifests

    def __post_init__(self) -> None:
        self.declared = {manifest.address: manifest for manifest in self.manifests.every}
        self.moves = self._moves()

    def check(self) -> Iterator[Diagnostic]:
        """All that is wrong with the entries together."""
        every = self.entries
        yield from self._twice(every.moved, "from", lambda one: one.value["from"], "is moved twice")
        yield from self._twice(every.removed, "address", lambda one: one.value["address"], "is removed twice")
        yield from self._twice(every.adopt, "to", lambda one: one.value["to"], "adopts two objects")
        yield from self._twice(every.adopt, "id", lambda one: one.value["id"], "is adopted twice")
        yield from self._twice(every.accept_overwrite, "field", lambda one: one.value["field"], "is accepted twice")
        yield from self._moved_and_removed()
        for entry in every.adopt:
            yield from self._declared(entry, "to", entry.address("to"))
        for entry in every.removed:
            yield from self._gone(entry, "address")
        for entry in every.accept_overwrite:
            yield from self._declared(entry, "field", _address_of(entry.value["field"]))
        for entry in every.moved:
            yield from self._move(entry)

    def decisions(self, target: str) -> Decisions:
        """What is said of one target."""

        def on(entries: Sequence[Entry]) -> Iterator[Entry]:
            return (one for one in entries if target in one.targets)

        moves = []
        for one in on(self.entries.moved):
            to, circle = self._end(one.address("to"), target)
            if not circle:
                moves.append(Move(one.address("from"), to, one.where()))
        return Decisions(
            adopt=tuple(Adoption(one.address("to"), one.value["id"], one.where()) for one in on(self.entries.adopt)),
            moved=tuple(moves),
            removed=tuple(
                Removal(one.address("address"), one.value["delete"], one.where()) for one in on(self.entries.removed)
            ),
            accepted=tuple(Acceptance(one.value["field"], one.where()) for one in on(self.entries.accept_overwrite)),
        )

    def _moves(self) -> dict[tuple[str, Address], Address]:
        """By target and source; of two that move one address the first counts."""
        moves: dict[tuple[str, Address], Address] = {}
        for entry in self.entries.moved:
            for target in entry.targets:
                moves.setdefault((target, entry.address("from")), entry.address("to"))
        return moves

    def _end(self, address: Address, target: str) -> tuple[Address, bool]:
        """Where moves on a target lead from an address, and whether they come back to where they were."""
        seen = {address}
        while (further := self.moves.get((target, address))) is not None:
            if further in seen:
                return further, True
            seen.add(further)
            address = further
        return address, False

    def _move(self, entry: Entry) -> Iterator[Diagnostic]:
        source, to = entry.address("from"), entry.address("to")
        if source.kind != to.kind:
            hint = "keep the kind, and change the key alone"
            yield error("bad-move", f"`{source}` cannot become another kind, `{to}`", entry.where("to"), hint=hint)
            return
        ends = {self._end(to, target) for target in entry.targets}
        if source == to or any(circle for _, circle in ends):
            summary = f"`{source}` is moved in a circle" if source != to else f"`{source}` is moved to itself"
            yield error("bad-move", summary, entry.where(), hint="remove what is no longer true")
            return
        yield from self._gone(entry, "from")
        # on a link of a chain nothing is declared any more; its end is another entry's affair
        for end in sorted({end for end, _ in ends}):
            if end == to:
                yield from self._declared(entry, "to", end)

    def _declared(self, entry: Entry, key: str, address: Address) -> Iterator[Diagnostic]:
        if address not in self.declared and not self.manifests.may_hold(address.key):
            meant = nearest(address.key, [one.key for one in self.declared if one.kind == address.kind])
            hint = f"did you mean `{address.kind}.{meant}`?" if meant else "declare it, or remove this entry"
            yield error("not-declared", f"`{address}` is not declared", entry.where(key), hint=hint)

    def _gone(self, entry: Entry, key: str) -> Iterator[Diagnostic]:
        address = entry.address(key)
        other = self.declared.get(address)
        if other is not None:
            verb = "moved away" if key == "from" else "removed"
            hint = f"it is declared at {other.where}; remove one of them"
            summary = f"`{address}` is {verb} and still declared"
            yield error("still-declared", summary, entry.where(key), hint=hint)

    def _twice(self, entries: Sequence[Entry], key: str, of: Callable[[Entry], str], verb: str) -> Iterator[Diagnostic]:
        """Two entries that say something of one thing on one target."""
        first: dict[tuple[str, str], Entry] = {}
        for entry in entries:
            others = [first.setdefault((target, of(entry)), entry) for target in sorted(entry.targets)]
            other = next((one for one in others if one is not entry), None)
            if other is not None:
                hint = f"the other entry is at {other.where()}; keep one of them"
                yield error("decided-twice", f"`{of(entry)}` {verb}", entry.where(key), hint=hint)

    def _moved_and_removed(self) -> Iterator[Diagnostic]:
        moved = {(target, one.value["from"]): one for one in self.entries.moved for target in one.targets}
        for entry in self.entries.removed:
            address = entry.value["address"]
            other = next(
                (moved[target, address] for target in sorted(entry.targets) if (target, address) in moved), None
            )
            if other is not None:
                hint = f"it is moved at {other.where()}; keep one of them"
                yield error("decided-twice", f"`{address}` is moved and removed", entry.where("address"), hint=hint)


def _address_of(field: str) -> Address:
    kind, key, *_ = field.split(".")
    return Address(kind, key)
