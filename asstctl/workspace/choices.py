"""Choices: what the command line permits and restricts, as it was typed, and the policy that it means."""

import shlex
from collections.abc import Iterable
from dataclasses import dataclass, replace

from asstctl.core.address import Address
from asstctl.engine.planning.policy import CAUTIOUS, Policy
from asstctl.workspace.selection import select, select_fields
from asstctl.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Choices:
    """What the command line chooses, as it was typed."""

    only: tuple[str, ...] = ()
    overwrite_drift: tuple[str, ...] = ()
    allow_same_name: tuple[str, ...] = ()
    max_deletes: int | None = None
    prune: bool = False

    @property
    def options(self) -> str:
        """The options to type again, each behind a blank."""
        repeated = {
            "--only": self.only,
            "--overwrite-drift": self.overwrite_drift,
            "--allow-same-name": self.allow_same_name,
            "--max-deletes": () if self.max_deletes is None else (str(self.max_deletes),),
        }
        typed = [f" {name} {shlex.quote(text)}" for name, texts in repeated.items() for text in texts]
        return "".join([*typed, *([" --prune"] if self.prune else [])])


DEFAULT = Choices()
"""Nothing chosen."""


def policy_of(workspace: Workspace, choices: Choices, borne: Iterable[Address] = ()) -> Policy:
    """The choices, checked against the files, and against the addresses that something live bears where that is known.

    Raises WrongUsage for an address that is neither declared nor decided on.
    """
    declared = {one.address for one in workspace.desired()}
    decisions = workspace.loaded.decisions
    decided = {*(move.source for move in decisions.moved), *(removal.address for removal in decisions.removed)}
    only = select(choices.only, declared | decided | {*borne}, "--only")
    return Policy(
        overwrite_drift=select_fields(choices.overwrite_drift, declared, "--overwrite-drift"),
        allow_same_name=select(choices.allow_same_name, declared, "--allow-same-name"),
        only=workspace.with_dependencies(only) if only else None,
        max_deletes=max_deletes(workspace, choices),
        prune=choices.prune,
    )


def check(workspace: Workspace, choices: Choices) -> None:
    """Raises WrongUsage for what cannot be meant, before anything is sent.

    With --prune an address may be of something that is only live: that is known once it was read.
    """
    policy_of(workspace, replace(choices, only=()) if choices.prune else choices)


def max_deletes(workspace: Workspace, choices: Choices) -> int:
    """How many deletes are allowed at once: as typed, else as the target says, else few."""
    limits = (choices.max_deletes, workspace.target.max_deletes, CAUTIOUS.max_deletes)
    return next(limit for limit in limits if limit is not None)
