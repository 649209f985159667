"""What `apply` and `destroy` share: show the plan, ask, say what happens, sum up, stop on Ctrl-C."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING

from asstctl.cli.session import Session
from asstctl.core.errors import Interrupted, WrongUsage
from asstctl.core.exit_codes import ExitCode
from asstctl.render import TEXT

if TYPE_CHECKING:
    from asstctl.core.outcome import Applied, Outcome
    from asstctl.core.plan import Plan
    from asstctl.workspace.apply import Conduct

STOPPING = "Stopping: what was sent is waited for, nothing more is started. Press Ctrl-C again to leave at once."


def run_apply(
    session: Session,
    use_case: "Callable[[Conduct], Awaitable[Applied]]",
    *,
    name: str,
    yes: bool,
    form: str,
    parallelism: int = 8,
) -> ExitCode:
    """Run one of the two use cases under the eyes of a person, or of CI with --yes."""
    from asstctl.render.apply import address_column, outcome_text
    from asstctl.render.plan import apply_question, plan_text

    column, look_again = 0, ""
    stop = asyncio.Event()

    def shown(plan: "Plan") -> None:
        nonlocal column, look_again
        column, look_again = address_column(plan), plan.target.command("plan")
        session.warnings()
        if form == TEXT:
            session.result(plan_text(plan, session.look))

    def approve(plan: "Plan") -> bool:
        if yes:
            return True
        if not session.can_ask:
            raise WrongUsage(
                f"{name} needs --yes where nobody can be asked",
                detail="nothing was sent but reads",
                hint=plan.target.command(f"{name} --yes"),
            )
        if form != TEXT:
            session.say(plan_text(plan, session.look))
        return session.ask(apply_question(plan))

    def said(outcome: "Outcome") -> None:
        if form == TEXT:
            session.result(outcome_text(outcome, column, session.look))

    async def watched() -> "Applied":
        from asstctl.workspace.apply import Conduct

        # not earlier: at the question Ctrl-C simply leaves
        start = partial(stop_on_interrupt, stop, session)
        return await use_case(Conduct(approve, shown, start, said, stop, parallelism))

    try:
        applied = asyncio.run(watched())
    except asyncio.CancelledError:
        raise Interrupted("interrupted", detail="what was in flight may have happened", hint=look_again) from None
    session.show(applied, form)
    if applied.report is None:
        session.say("Nothing was changed.")
    return applied.exit_code


def stop_on_interrupt(stop: asyncio.Event, session: Session) -> None:
    """The first Ctrl-C asks the apply to stop, the second ends the command."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None

    def interrupted() -> None:
        if stop.is_set():
            task.cancel()
        else:
            session.say(STOPPING)
            stop.set()

    loop.add_signal_handler(signal.SIGINT, interrupted)
