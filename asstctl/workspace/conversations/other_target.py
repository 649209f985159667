"""Comparing a run: with what its files remember (`was`), or with the same conversations on another target.

The other target has its assistants by the same rules as that of the run (`partners`), and a ledger of its own. How the
two lie apart is found by `conversation.comparing`.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from asstctl.core.comparison import WAS, Comparing
from asstctl.core.errors import WrongUsage
from asstctl.core.ports import Provider
from asstctl.engine.runs.journal import new_run
from asstctl.workspace.conversations.cast import Cast
from asstctl.workspace.conversations.judges import able_judges
from asstctl.workspace.conversations.ledger import FileLedger
from asstctl.workspace.conversations.options import Mode, Testing
from asstctl.workspace.conversations.partners import looked_at, replies_of, talked_to
from asstctl.workspace.workspace import Workspace

if TYPE_CHECKING:
    from asstctl.conversation.case import Case


@dataclass(frozen=True, slots=True)
class OtherTarget:
    """The target that a run is compared with, while it is open."""

    workspace: Workspace
    provider: Provider
    cast: Cast
    ledger: FileLedger

    @property
    def warnings(self) -> tuple[str, ...]:
        """Those of the cast, with the name of their target, which is not that of the run."""
        return tuple(f"{self.workspace.target.name}: {warning}" for warning in self.cast.warnings)


def check_comparing(workspace: Workspace, testing: Testing, mode: Mode) -> None:
    """Raises WrongUsage for a comparison with a target that is none, or that nothing can be compared with so."""
    if testing.compare in ("", WAS):
        return
    there = _elsewhere(workspace, testing.compare)
    try:
        name = there.target.name
    except WrongUsage as problem:
        hint = problem.hint or f"{WAS} compares with the replies that the files remember"
        raise WrongUsage(f"--compare: {problem}", hint=hint) from None
    what = f"--compare {name}"
    if testing.offline or mode != "live":
        raise WrongUsage(
            f"{what} and --{'offline' if testing.offline else mode} exclude each other",
            detail="a tape holds what one target said, and two are asked here",
            hint=f"leave out one of them; tapes can be compared with what was said before: --compare {WAS}",
        )
    if testing.candidate:
        raise WrongUsage(
            f"{what} and --candidate exclude each other",
            detail="copies are compared with what is deployed on their own target",
            hint=f"leave out one of them, or compare what is deployed on both: {what} --live",
        )


def comparing_of(workspace: Workspace, testing: Testing) -> Comparing | None:
    """With what this run is compared; None where nobody asked."""
    if not testing.compare:
        return None
    there = None if testing.compare == WAS else _elsewhere(workspace, testing.compare)
    return Comparing(
        testing.compare,
        workspace.target.name,
        replies_of(there)[0] if there else "",
        testing.distance,
        _measured(workspace),
        testing.fail_on_difference,
    )


@asynccontextmanager
async def other_target(workspace: Workspace, testing: Testing, cases: "Sequence[Case]") -> AsyncIterator[OtherTarget]:
    """The target that is compared with, its assistants as a test there would have them. Raises Refused where they are
    not what the files say, and AsstctlError for a target that gives no answer."""
    there = _elsewhere(workspace, testing.compare)
    # what a change concerns was decided on the target of the run
    testing = replace(testing, affected=False)
    with closing(FileLedger(there.project.root, new_run(), there.info)) as ledger:
        async with there.open() as provider:
            seen = await looked_at(there, provider, testing, cases)
            async with talked_to(there, provider, testing, cases, seen, ledger) as (cast, _):
                yield OtherTarget(there, provider, cast, ledger)


def _elsewhere(workspace: Workspace, target: str) -> Workspace:
    return replace(workspace, target_name=target)


def _measured(workspace: Workspace) -> str:
    """The judge that says how alike replies are: the default one if it has embeddings, else the first that has."""
    from asstctl.conversation.checks.judge_values import DEFAULT_JUDGE

    able = sorted(name for name, has in able_judges(workspace.project).items() if "embedding_model" in has)
    return DEFAULT_JUDGE if DEFAULT_JUDGE in able else next(iter(able), "")
