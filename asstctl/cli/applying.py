"""What commands that change things share: show the plan, ask, say what happens, sum up, stop on a signal."""

import asyncio
import shlex
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Self

from asstctl.cli.session import Session
from asstctl.cli.signals import ended_by_term, term_ends_at_once
from asstctl.core.errors import Interrupted, WrongUsage
from asstctl.core.exit_codes import ExitCode
from asstctl.render import TEXT

if TYPE_CHECKING:
    from asstctl.core.outcome import Applied, Outcome, Progress
    from asstctl.core.plan import Plan
    from asstctl.core.suite import SuiteResult
    from asstctl.render.progress import Quiet
    from asstctl.workspace.apply import Conduct
    from asstctl.workspace.conversations.gate import Gate

STOPPING = "Stopping: what was sent is waited for, nothing more is started."
_AT_ONCE = {
    signal.SIGINT: "Press Ctrl-C again to leave at once.",
    signal.SIGTERM: "Another signal ends this at once.",
}


@dataclass(frozen=True, slots=True)
class Conducting:
    """How a command carries a plan out, as it was typed: those of `options.conduct_options`, and what all have."""

    yes: bool
    form: str
    parallelism: int = 8
    on_error: str = "continue"
    object_timeout: float = 300.0
    gate: tuple[str, ...] = ()
    allow_scripted: bool = False

    @classmethod
    def taken_from(cls, options: dict[str, Any], *, yes: bool, form: str) -> Self:
        """Its own options taken out of all that a command was given."""
        names = ("parallelism", "on_error", "object_timeout", "gate", "allow_scripted")
        return cls(yes, form, **{name: options.pop(name) for name in names if name in options})

    @property
    def options(self) -> str:
        """The options of its gate, each behind a blank: whoever goes on with it has to pass it too."""
        gates = "".join(f" --gate {shlex.quote(tag)}" for tag in self.gate)
        return gates + (" --allow-scripted" if self.allow_scripted else "")


def run_apply(
    session: Session,
    use_case: "Callable[[Conduct], Awaitable[Applied]]",
    *,
    name: str,
    conducting: Conducting,
    typed: str = "",
    options: str = "",
) -> ExitCode:
    """Run a use case that changes things under the eyes of a person, or of CI with --yes.

    `typed` is the command to type again, where its name and the target are not enough; `options` go behind it.
    """
    watcher = _Watcher(session, name, conducting, typed, options)

    async def watched() -> "Applied":
        from asstctl.engine.applying.progress import OnError
        from asstctl.workspace.apply import Conduct

        conduct = Conduct(
            approve=watcher.approve,
            on_plan=watcher.shown,
            # not earlier: at the question Ctrl-C simply leaves
            on_start=partial(stop_on_interrupt, watcher.stop, session),
            on_outcome=watcher.said,
            on_progress=watcher.progressed,
            stop=watcher.stop,
            parallelism=conducting.parallelism,
            on_error=OnError(conducting.on_error),
            object_timeout=conducting.object_timeout,
            gate=watcher.gate(),
        )
        # what conversations made is theirs to remove, also where a CI job is cancelled
        return await (ended_by_term(use_case(conduct)) if conduct.gate else use_case(conduct))

    try:
        applied = asyncio.run(watched())
    except asyncio.CancelledError:
        detail, hint = "what was in flight may have happened", watcher.look_again
        raise Interrupted("interrupted", detail=detail, hint=hint) from None
    finally:
        watcher.close()
    session.show(applied, conducting.form)
    if applied.is_held:
        session.say("The gate is closed: nothing was changed.")
    elif applied.report is None:
        session.say("Nothing was changed.")
    elif applied.report.interrupted:
        session.say(f"Go on with: {watcher.again(applied.plan)}")
    return applied.exit_code


class _Watcher:
    """Tells one apply as it goes on."""

    def __init__(self, session: Session, name: str, conducting: Conducting, typed: str, options: str) -> None:
        self.stop = asyncio.Event()
        self.look_again = ""
        self._session = session
        self._name = name
        self._typed = typed
        self._options = options
        self._conducting = conducting
        self._column = 0
        self._files: dict[object, int] = {}
        self._progress: Quiet | None = None

    def shown(self, plan: "Plan") -> None:
        from asstctl.render.apply import address_column
        from asstctl.render.plan import plan_text
        from asstctl.render.progress import progress_of

        session = self._session
        self._column, self.look_again = address_column(plan), plan.target.command("plan")
        self._files = {change.address: len(change.files) for change in plan.changes}
        bar = self._conducting.form == TEXT and session.is_watched
        self._progress = progress_of(plan, session.talk.stream, session.progress, bar=bar)
        session.warnings()
        if self._conducting.form == TEXT:
            session.result(plan_text(plan, session.look))

    def gate(self) -> "Gate | None":
        """What has to pass before anything is asked."""
        if not self._conducting.gate:
            return None
        from asstctl.workspace.conversations.gate import Gate
        from asstctl.workspace.conversations.options import Testing

        testing = Testing(
            allow_scripted=self._conducting.allow_scripted,
            on_warning=self._session.warn,
        )
        return Gate(self._conducting.gate, testing, self.tested)

    def tested(self, suite: "SuiteResult") -> None:
        """Show how the conversations of the gate went."""
        from asstctl.render.test import suite_text

        if self._conducting.form == TEXT:
            self._session.result(suite_text(suite, self._session.look))

    def approve(self, plan: "Plan") -> bool:
        from asstctl.render.plan import apply_question, plan_text

        if self._conducting.gate:
            term_ends_at_once()
        if self._conducting.yes:
            return True
        if not self._session.can_ask:
            raise WrongUsage(
                f"{self._name} needs --yes where nobody can be asked",
                detail="nothing was sent but reads",
                hint=f"{self.again(plan)} --yes",
            )
        if self._conducting.form != TEXT:
            self._session.say(plan_text(plan, self._session.look))
        return self._session.ask(apply_question(plan))

    def again(self, plan: "Plan") -> str:
        """What to type for the same once more."""
        return f"{self._typed or plan.target.command(self._name)}{self._options}{self._conducting.options}"

    def said(self, outcome: "Outcome") -> None:
        from asstctl.render.apply import outcome_text

        self._session.talk.event("change", str(outcome.address), **self._told(outcome))
        if self._conducting.form == TEXT and self._progress is not None:
            with self._progress.aside():
                files = self._files.get(outcome.address, 0)
                self._session.result(outcome_text(outcome, self._column, self._session.look, files=files))

    def _told(self, outcome: "Outcome") -> dict[str, object]:
        from asstctl.render.json.log import change_object

        return change_object(self._session.workspace.target.name, outcome)

    def progressed(self, progress: "Progress") -> None:
        if self._progress is not None:
            self._progress.hear(progress)

    def close(self) -> None:
        if self._progress is not None:
            self._progress.close()


def stop_on_interrupt(stop: asyncio.Event, session: Session) -> None:
    """The first Ctrl-C asks the apply to stop, the second ends the command; so does what ends a cancelled CI job."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None

    def interrupted(at_once: str) -> None:
        if stop.is_set():
            task.cancel()
        else:
            session.say(f"{STOPPING}\n{at_once}")
            stop.set()

    for number, at_once in _AT_ONCE.items():
        loop.add_signal_handler(number, interrupted, at_once)
