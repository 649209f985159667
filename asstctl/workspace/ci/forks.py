"""What of a fork's pull request is tried: its files on a target in this process, and nothing that it could have sent
anywhere.

Conversations play there with code left out. A model behind the target would be asked at an address that the pull
request names, so that tapes stand in for it; a judge would be too, so that what needs one is left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from asstctl.core.errors import Refused
from asstctl.workspace.conversations.options import Select, Selected, Testing, counted
from asstctl.workspace.workspace import Workspace

if TYPE_CHECKING:
    from asstctl.conversation.case import Case


def local_target(workspace: Workspace) -> str:
    """The target on which a fork's conversations are had: the one that is meant, else the first in this process.

    Raises Refused where the project has none.
    """
    targets = workspace.project.targets
    names = dict.fromkeys((workspace.target.name, *targets))
    for name in names:
        if replace(workspace, target_name=name).is_embedded:
            return name
    raise Refused(
        "no target of this project is local",
        detail="the conversations of a fork are had on a local target alone",
        hint="add one to `targets` of asstctl.yaml: local: {provider: local}",
    )


def harmless(testing: Testing, workspace: Workspace) -> Testing:
    """The same run, as far as it may be had for a fork on this local target."""
    return replace(
        testing,
        select=WithoutJudges(testing.select),
        allow_code=False,
        mode="replay" if testing.mode == "replay" else "live",
        offline=testing.offline or "chat" in workspace.target.replies,
        live=False,
        candidate=False,
        affected=False,
        compare="",
        fail_on_difference=False,
    )


@dataclass(frozen=True, slots=True)
class WithoutJudges:
    """A Select that leaves out what a judge would have to be asked about."""

    select: Select

    def __call__(self, cases: "Sequence[Case]", root: Path) -> Selected:
        """What the other one chooses, without those."""
        from asstctl.conversation.judging.judge_names import judges_named

        chosen = self.select(cases, root)
        kept = tuple(case for case in chosen.cases if not judges_named([case]))
        if len(kept) == len(chosen.cases):
            return chosen
        left = f"{counted(chosen.cases)}: {len(chosen.cases) - len(kept)} ask a judge and are left out for a fork"
        return Selected(kept, "; ".join(filter(None, (chosen.words, left))), empty_is_fine=True)
