"""`asstctl test`"""

from collections.abc import Callable, Mapping
from contextlib import closing
from typing import TYPE_CHECKING, Any

import click

from asstctl.cli import offers
from asstctl.cli.options import format_option, shared_command
from asstctl.cli.sections import Sectioned
from asstctl.cli.session import Session
from asstctl.cli.test_options import BARE, SECTIONS, check_options, choice_of, reports_of, test_options, testing_of
from asstctl.core.exit_codes import ExitCode
from asstctl.render import TEXT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from asstctl.cli.reports import Lines, Reports
    from asstctl.conversation.case import Case
    from asstctl.core.conversation import CaseResult
    from asstctl.core.suite import Moment, SuiteResult
    from asstctl.workspace.conversations.case_selection import Choice, Selection
    from asstctl.workspace.conversations.options import Testing


_PAUSE = 0.1
"""Seconds between two times that lines are printed above those that move."""


@shared_command("test", cls=Sectioned, sections=SECTIONS, bare=BARE)
@click.argument("places", nargs=-1, metavar="[FILE|FOLDER|FILE::ID]...", shell_complete=offers.place)
@test_options
@format_option("SuiteResult")
def command(session: Session, form: str, **values: Any) -> ExitCode:
    """Talk to the assistants in scripted conversations and check how they behave.

    On a local target the files are what is tested. Elsewhere an assistant that differs from its files is refused,
    unless copies of what the files say (--candidate) or what is deployed (--live) is meant.

    --compare holds each turn against what it was, or against the same on another target: which functions are called,
    with which arguments, and how far the replies lie apart. Differences are shown and leave the exit code as it is,
    unless --fail-on-difference is given; then it is 1 too where nothing could be compared.

    \b
    Examples:
      asstctl test
      asstctl test assistants/refunds.convo.yaml::refund-ok
      asstctl test -k 'refund and not german' --tag smoke
      asstctl test --failed
      asstctl test --target staging --candidate --affected
      asstctl test --compare was --repeat 5
      asstctl test --target staging --compare prod --fail-on-difference
      asstctl test --replay --junit junit.xml
      asstctl test --shard 1/4 --jsonl shard-1.jsonl
    """
    from asstctl.workspace.conversations.case_selection import Selection

    check_options(values)
    choice = choice_of(values)
    workspace = session.workspace
    selection = Selection(choice, workspace.target.name)
    plain = testing_of(values, choice, select=selection, on_warning=session.warn)
    if values["listed"] or values["checked"]:
        return _unplayed(session, plain, form, check=values["checked"])
    _say_share(session, values, choice)
    return played(session, plain, form, selection, values).exit_code


def played(
    session: Session, plain: "Testing", form: str, selection: "Selection", values: Mapping[str, Any]
) -> "SuiteResult":
    """The run itself, watched and reported."""
    import asyncio

    from asstctl.cli.reports import Reports
    from asstctl.cli.signals import ended_by_term
    from asstctl.core.errors import StoreError
    from asstctl.workspace.conversations.history import remember
    from asstctl.workspace.conversations.test import test

    workspace = session.workspace
    reports = Reports(reports_of(values))
    watch = _Watch(session, form, reports, selection, plain, values["shard"] or "")
    suite: SuiteResult | None = None
    try:
        with closing(watch):
            suite = asyncio.run(ended_by_term(test(workspace, watch.testing)))
        watch.show(suite)
        try:
            remember(workspace.project.root, workspace.target.name, suite.cases)
        except StoreError as problem:
            session.warn(f"{problem.summary}: {problem.detail}")
    finally:
        reports.close(suite)
    return suite


def _unplayed(session: Session, testing: "Testing", form: str, *, check: bool) -> ExitCode:
    """What `--check` and `--list` show."""
    from asstctl.core.errors import WrongUsage
    from asstctl.render import formats
    from asstctl.workspace.conversations.chosen import checked, chosen

    name, option = ("Validation", "--check") if check else ("Chosen", "--list")
    if form not in formats(name):
        shown = " or ".join(formats(name))
        raise WrongUsage(f"--format {form} is for results", hint=f"{option} has no result; it shows {shown}")
    if check:
        validation = checked(session.workspace, testing)
        session.show(validation, form)
        return ExitCode.FAILED if validation.failed else ExitCode.DONE
    listed = chosen(session.workspace, testing)
    session.show(listed, form)
    return listed.exit_code


def _say_share(session: Session, values: Mapping[str, Any], choice: "Choice") -> None:
    if choice.shard and values["max_cost"]:
        share = values["max_cost"] / choice.shard.count
        session.remark(f"--max-cost: ${share:g} for this shard, one of {choice.shard.count} equal shares")


class _Watch:
    """What is shown and written of a run while it goes on."""

    def __init__(
        self, session: Session, form: str, reports: "Reports", selection: "Selection", plain: "Testing", shard: str
    ) -> None:
        from dataclasses import replace

        from asstctl.cli.reports import Lines
        from asstctl.render.live import Unwatched
        from asstctl.render.test import Columns

        self.testing = replace(plain, on_start=self._started, hear=self._heard)
        self._session = session
        self._form = form
        self._reports = reports
        self._selection = selection
        self._shard = shard
        # requests that are shown as they go leave no room for lines that move
        self._moves = session.is_watched and not session.shared.verbose
        self._columns = Columns()
        self._ended: list[str] = []
        self._moving = Unwatched()
        self._lines: Lines | None = Lines(session.result) if form == "jsonl" else None

    def close(self) -> None:
        """Nothing moves any more."""
        self._flush()
        self._moving.close()

    def show(self, suite: "SuiteResult") -> None:
        """The result, as far as it was not shown while it came about."""
        if self._lines:
            self._lines.close(suite)
        else:
            self._session.show(suite, self._form)

    def _started(self, cases: "Sequence[Case]") -> None:
        from asstctl.core.suite import Planned, SuiteBegan
        from asstctl.render.live import watched
        from asstctl.render.test import columns_for
        from asstctl.workspace.conversations.other_target import comparing_of
        from asstctl.workspace.conversations.tapes import mode_of

        self._columns = columns_for((case.assistant, case.id) for case in cases)
        how = self.testing
        # what a change concerns was left out after the shard was taken: then only these are known to be planned
        every = cases if how.affected or not self._shard else self._selection.before_shard
        planned = (Planned(case.assistant, case.id, case.where, case.name, case.tags) for case in every)
        mode = mode_of(how.mode, offline=how.offline, live=how.live)
        workspace = self._session.workspace
        began = SuiteBegan(
            workspace.info,
            tuple(planned),
            mode,
            how.candidate,
            self._shard,
            deployed=how.live,
            comparing=comparing_of(workspace, how),
        )
        places = {case.node: index for index, case in enumerate(cases)}
        self._each(lambda lines: lines.began(began, places))
        look, most = self._session.look, how.max_cost
        self._moving = watched(cases, self._session.talk.stream, look, moving=self._moves, most=most)

    def _heard(self, moment: "Moment") -> None:
        from asstctl.core.suite import CaseEnded, Slowed
        from asstctl.render.test import case_text

        self._moving.hear(moment)
        if isinstance(moment, CaseEnded):
            result = moment.result
            self._session.talk.event("conversation", f"{result.assistant}/{result.id}", **self._told(result))
            self._each(lambda lines: lines.ended(result))
            if self._form == TEXT:
                self._tell(case_text(result, self._columns, self._session.look))
        elif isinstance(moment, Slowed) and not self._moves:
            self._session.wait(f"rate limit: {moment.width} at once from here on, {moment.wait:.0f} s to wait")

    def _told(self, result: "CaseResult") -> dict[str, object]:
        from asstctl.render.json.log import conversation_object

        return conversation_object(self._session.workspace.target.name, result)

    def _tell(self, text: str) -> None:
        """Print a line of the result. Where something moves, several at a time: each time all of it is drawn anew."""
        import asyncio

        self._ended.append(text)
        if not self._moves:
            self._flush()
        elif len(self._ended) == 1:
            asyncio.get_running_loop().call_later(_PAUSE, self._flush)

    def _flush(self) -> None:
        text = "".join(self._ended)
        self._ended.clear()
        if text:
            with self._moving.aside():
                self._session.result(text)

    def _each(self, tell: "Callable[[Lines | Reports], None]") -> None:
        tell(self._reports)
        if self._lines:
            tell(self._lines)
