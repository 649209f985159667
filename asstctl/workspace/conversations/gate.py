"""A gate before an apply: conversations that have to pass on copies of what would be applied.

Of the conversations that bear one of its tags those are had whose assistant the plan changes. It is open only if all of
them passed and none was skipped, and if no assistant that would change was left untested.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from asstctl.core.address import Address
from asstctl.core.change import Action
from asstctl.core.errors import Refused
from asstctl.core.plan import Plan
from asstctl.core.ports import Provider
from asstctl.core.suite import SuiteResult
from asstctl.engine.read import Reading
from asstctl.workspace.conversations.affected import concerned
from asstctl.workspace.conversations.loading import assistants_of, cases_of
from asstctl.workspace.conversations.options import Selected, Testing, counted
from asstctl.workspace.conversations.partners import Seen
from asstctl.workspace.conversations.test import play, refuse_scripted
from asstctl.workspace.workspace import Workspace

if TYPE_CHECKING:
    from asstctl.conversation.case import Case

_MADE = (Action.CREATE, Action.UPDATE, Action.REPLACE, Action.ADOPT, Action.MOVE)


def _told(suite: SuiteResult) -> None:
    """Tell no one."""


@dataclass(frozen=True, slots=True)
class Gate:
    """What has to pass: conversations with any of these tags. `on_suite` hears how they went."""

    tags: tuple[str, ...]
    testing: Testing = field(default_factory=Testing)
    on_suite: Callable[[SuiteResult], None] = _told


def tagged(workspace: Workspace, gate: Gate) -> "tuple[Case, ...]":
    """The conversations of a gate, each tag borne by one at least. Raises Refused where one is not, before anything is
    sent, and InvalidInput for files with errors."""
    cases = cases_of(workspace, gate.testing)
    for tag in gate.tags:
        if not any(tag in case.tags for case in cases):
            known = ", ".join(sorted({one for case in cases for one in case.tags}))
            raise Refused(
                f"no conversation has the tag {tag!r}",
                detail=f"their tags: {known}" if known else "no conversation has any tag",
                hint=f"give the conversations that have to pass `tags: [{tag}]`",
            )
    return tuple(case for case in cases if not set(gate.tags).isdisjoint(case.tags))


async def pass_gate(
    workspace: Workspace, gate: Gate, cases: "tuple[Case, ...]", provider: Provider, plan: Plan, reading: Reading
) -> SuiteResult | None:
    """How the conversations went that the plan concerns; None where it changes no assistant.

    Raises Refused for an assistant that would change and that none of the cases talks to.
    """
    doing = replace(plan, changes=tuple(change for change in plan.changes if change.pending or not change.block))
    if untested := sorted(_changed(workspace, doing) - assistants_of(cases)):
        tags = " or ".join(gate.tags)
        raise Refused(
            f"{', '.join(map(str, untested))} would change, and no conversation with the tag {tags} talks to it",
            detail="a gate that was not asked about an assistant cannot let it through",
            hint="give one of its conversations the tag, or leave it out of the plan with --only",
        )
    found = concerned(workspace, doing, cases, None)
    if not found.cases:
        return None
    testing = replace(gate.testing, candidate=True, no_skips=True)
    refuse_scripted(workspace, testing, plan, found)
    tags = " or ".join(gate.tags)
    words = f"{len(found.cases):,} of {counted(cases)} tagged {tags}: those of assistants that change"
    chosen = Selected(found.cases, words)
    suite = await play(workspace, provider, testing, chosen, Seen(plan, reading))
    gate.on_suite(suite)
    return suite


def _changed(workspace: Workspace, plan: Plan) -> frozenset[Address]:
    """The assistants that would be other than they are: by themselves, or by what they use."""
    doing = {change.address for change in plan.pending if change.action in _MADE}
    declared = (one.address for one in workspace.desired() if one.address.kind == "assistant")
    return frozenset(one for one in declared if not doing.isdisjoint(workspace.with_dependencies(frozenset({one}))))
