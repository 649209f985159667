"""`asstctl ci apply`"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from asstctl.cli.options import (
    choice_options,
    conduct_options,
    expect_option,
    format_option,
    gate_options,
    shared_command,
)
from asstctl.cli.pipelines import InPipeline, comment_option, place_options
from asstctl.cli.session import Session
from asstctl.core.errors import AsstctlError
from asstctl.core.exit_codes import ExitCode
from asstctl.core.pipeline import AppliedReport, NotApproved
from asstctl.core.plans import PlanChanged
from asstctl.render import view

if TYPE_CHECKING:
    from asstctl.cli.applying import Conducting
    from asstctl.core.outcome import Applied
    from asstctl.workspace.apply import Conduct
    from asstctl.workspace.ci.apply import Applying
    from asstctl.workspace.ci.approval import Approval


@shared_command("ci apply")
@choice_options
@expect_option
@click.option(
    "--workflow",
    metavar="PATH",
    default="",
    envvar="ASSTCTL_WORKFLOW",
    help="Only plans of runs of this workflow file count. Give it where other workflows run code of pull requests.",
)
@conduct_options
@gate_options
@place_options
@comment_option
@format_option("Applied")
def command(
    session: Session,
    label: str | None,
    out: Path | None,
    policy: str,
    expect: str | None,
    workflow: str,
    form: str,
    **options: Any,
) -> ExitCode:
    """Apply what was approved with the pull request whose merge is checked out. Asks nobody.

    The approved plan is the one that a run of `ci plan` left for the last commit of the pull request, if the forge
    vouches for that run, and if what it did was said by files that the base branch has too. The plan is made anew, and
    carried out if nothing is in it that the approved one does not have. Otherwise nothing is changed, and the
    difference is told. --expect names the approved plan by its digest instead.

    \b
    Examples:
      asstctl ci apply --target prod
      asstctl ci apply --target prod --workflow .github/workflows/plan.yml --gate smoke
      asstctl ci apply --target prod --expect sha256:...
    """
    from asstctl.cli.applying import Conducting
    from asstctl.workspace.choices import Choices
    from asstctl.workspace.ci.apply import Applying
    from asstctl.workspace.ci.modes import check_may_apply
    from asstctl.workspace.saved_plans import agreement_of

    with InPipeline(session, "apply", label=label, out=out, form=form, policy=policy) as run:
        conducting = Conducting.taken_from(options, yes=True, form=form)
        agreement_of(None, expect)
        check_may_apply(run.here.mode)
        applying = Applying(session.workspace, run.here, run.label, run.out, Choices(**options), expect, workflow)
        return _Story(session, run, applying).told(conducting)


class _Story:
    """One apply, and whom it is told."""

    def __init__(self, session: Session, run: InPipeline, applying: "Applying") -> None:
        self._session, self._run, self._applying = session, run, applying
        self._approval: Approval | None = None
        self._applied: Applied | None = None

    def told(self, conducting: "Conducting") -> ExitCode:
        """Carry it out and tell of it, whatever came of it."""
        from asstctl.cli.applying import run_apply
        from asstctl.workspace.ci.outputs import failure_reason

        session, run = self._session, self._run
        before = self._journals()
        typed = session.workspace.info.command("ci apply", named=2)
        try:
            options = self._applying.choices.options
            code = run_apply(
                session, self._carried_out, name="ci apply", conducting=conducting, typed=typed, options=options
            )
        except AsstctlError as error:
            self._tell_refused(error)
            raise
        finally:
            self._keep_journal(before)
        assert self._applied is not None
        self._tell_applied(self._applied)
        if reason := failure_reason(self._applied):
            run.outputs({"failure-reason": reason})
        return code

    async def _carried_out(self, conduct: "Conduct") -> "Applied":
        self._approval = await self._applying.approval()
        if pull := self._approval.pull_request:
            self._session.remark(f"Merged as pull request {pull.number}. {pull.url}".rstrip())
        self._applied = await self._applying.carry_out(conduct, self._approval)
        return self._applied

    def _tell_applied(self, applied: "Applied") -> None:
        from asstctl.workspace.ci.status import applied_line

        run = self._run
        report = AppliedReport(applied, run.place)
        run.out.write("apply.json", view(applied, "json")(applied))
        run.outputs({"changes": "true" if applied.plan.pending else "false", "plan-digest": applied.plan.digest})
        self._ids()
        self._tell(report, applied_line(applied, run.run, run.place))

    def _tell_refused(self, error: AsstctlError) -> None:
        from asstctl.workspace.ci.status import refused_line

        contrasts = error.contrasts if isinstance(error, PlanChanged) else ()
        refusal = f"{error.summary}. {error.detail}".strip()
        report = AppliedReport(None, self._run.place, refusal, error.hint, contrasts)
        if isinstance(error, PlanChanged | NotApproved):
            self._run.outputs({"changes": "true", "plan-digest": error.present})
        self._run.out.write("apply.json", view(error, "json")(error))
        self._tell(report, refused_line(error, self._run.run, self._run.place))

    def _tell(self, report: AppliedReport, status: str) -> None:
        """The page of the run, the file, and a line in the comment that bore the plan."""
        from asstctl.render.markdown.frame import marker
        from asstctl.workspace.ci.posting import note

        run, text = self._run, view(report, "markdown")(report)
        run.out.write("apply.md", text)
        if report.applied is not None:
            run.summary(text)
        pull = self._approval.pull_request if self._approval else None
        if pull is not None:
            mark, limit = marker("plan", run.label), run.here.comment_limit
            run.ask_forge(
                lambda forge: note(forge, pull, mark, status, text, limit=limit),
                "the pull request does not say what became of its plan",
            )

    def _ids(self) -> None:
        import asyncio

        from asstctl.workspace.listing import ids

        try:
            found = asyncio.run(ids(self._session.workspace))
            self._run.outputs({"ids": view(found, "json")(found)})
        except AsstctlError as error:
            self._run.warn([f"there is no output `ids`: {error}"])

    def _journals(self) -> frozenset[str]:
        from asstctl.engine.runs.journals import runs
        from asstctl.workspace.journal import journal_folder

        return frozenset(runs(journal_folder(self._session.workspace.project.root)))

    def _keep_journal(self, before: frozenset[str]) -> None:
        """What was written is in the journal of this machine, which is soon gone."""
        from asstctl.engine.runs.journals import path_of
        from asstctl.workspace.ci.out_folder import JOURNAL
        from asstctl.workspace.journal import journal_folder

        folder = journal_folder(self._session.workspace.project.root)
        for new in self._journals() - before:
            self._run.out.write(JOURNAL, path_of(folder, new).read_bytes())
