"""Use case: apply what was approved with the pull request that was merged, and nothing beyond it.

What is carried out is always a plan of now (`workspace.apply`): the approved one only says what that may hold.
"""

from contextlib import suppress
from dataclasses import dataclass, replace

from asstctl.core.errors import ProviderError, Refused
from asstctl.core.forge import Pipeline
from asstctl.core.outcome import Applied
from asstctl.core.pipeline import MovedOn, NotApproved
from asstctl.core.plan import Plan, TargetInfo
from asstctl.core.plans import PlanChanged
from asstctl.engine.planning.policy import MAX_DELETES
from asstctl.workspace.apply import Conduct, apply
from asstctl.workspace.choices import DEFAULT, Choices
from asstctl.workspace.ci.approval import Approval, applied_later, approval_of, keep_earlier_journal
from asstctl.workspace.ci.out_folder import OutFolder
from asstctl.workspace.ci.surroundings import Surroundings, kept_as
from asstctl.workspace.ci.trust import Doubt, short
from asstctl.workspace.saved_plans import agreement_of
from asstctl.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Applying:
    """What is to be applied: on what, and with which choices. `expected` is a digest that somebody named; without one
    the approved plan is looked for, among the runs of `workflow` where one is named."""

    workspace: Workspace
    here: Surroundings
    label: str
    out: OutFolder
    choices: Choices = DEFAULT
    expected: str | None = None
    workflow: str = ""

    @property
    def kept_as(self) -> str:
        """The name of the artifact in which this run leaves its files."""
        return kept_as("apply", self.label)

    async def approval(self) -> Approval:
        """What was approved, or why nothing was."""
        pipeline = self.here.pipeline
        if self.expected:
            return await self._named(pipeline, self.expected)
        if pipeline is None:
            way = "look at the plan, and name its digest with --expect"
            return Approval(doubts=(Doubt("nobody here can say what was approved", way),))
        async with self.here.open() as forge:
            await keep_earlier_journal(forge, pipeline, self.kept_as, self.out)
            if later := await applied_later(forge, pipeline, self.kept_as):
                return Approval(later=later)
            info = self.workspace.info
            return await approval_of(forge, pipeline, self.label, info, self.out, workflow=self.workflow)

    async def carry_out(self, conduct: Conduct, approval: Approval) -> Applied:
        """Plan and apply what is covered. Raises PlanChanged for a plan that goes beyond what was approved, and
        NotApproved for one that does anything where nothing was, MovedOn where it is too late."""
        agreement, info = approval.agreement, self.workspace.info
        if agreement is None:
            # a gate makes copies on the target, which nobody agreed to either
            refusing = replace(conduct, approve=lambda plan: _refuse(plan, approval, self.choices), gate=None)
            return await apply(self.workspace, refusing, self.choices)
        choices = agreement.choices if self.choices == DEFAULT else self.choices
        try:
            return await apply(self.workspace, conduct, choices, agreement=agreement)
        except PlanChanged as error:
            hint = by_digest(info, error.present, choices)
            raise PlanChanged(error.contrasts, detail=error.detail, hint=hint, present=error.present) from error

    async def _named(self, pipeline: Pipeline | None, expected: str) -> Approval:
        """A digest is of the last commit of its branch, as far as somebody can say which that is; the pull request is
        for its comment alone."""
        agreed = Approval(agreement_of(None, expected))
        if pipeline is None:
            return agreed
        try:
            async with self.here.open() as forge:
                tip = await forge.tip(pipeline.branch) if pipeline.branch else pipeline.commit
                with suppress(ProviderError):
                    await keep_earlier_journal(forge, pipeline, self.kept_as, self.out)
                if tip != pipeline.commit:
                    return Approval(later=tip)
                return replace(agreed, pull_request=await forge.merged_by(pipeline.commit))
        except (ProviderError, Refused):
            return agreed


def by_digest(info: TargetInfo, digest: str, choices: Choices) -> str:
    """How to go on where nothing that was approved covers the plan of now."""
    usual = choices.max_deletes == MAX_DELETES  # a kept plan spells it out
    options = (replace(choices, max_deletes=None) if usual else choices).options
    return (
        f"look at the plan of now: {info.command(f'plan{options} -v')}\n"
        f"and approve it by its digest: {info.command(f'ci apply{options} --expect {digest}', named=2)}"
    )


def _refuse(plan: Plan, approval: Approval, choices: Choices) -> bool:
    if approval.later:
        raise MovedOn(
            f"this is not the commit to apply any more: {short(approval.later)} came later",
            detail="to apply what is checked out would take back what came since",
            hint="leave this job as it is, and apply in a run of the last commit of the branch",
        )
    raise NotApproved(
        detail="\n".join(f"{doubt.why}: {doubt.way_on}" for doubt in approval.doubts),
        hint=by_digest(plan.target, plan.digest, choices),
        present=plan.digest,
    )
