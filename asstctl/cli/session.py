"""Session: one run of one command: its options, its streams, and how results look on them.

Results go to stdout, talk to stderr; with `--format json` stdout holds JSON alone.
"""

import os
import shlex
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import click

from asstctl.cli.options import Shared
from asstctl.cli.talk import Talk
from asstctl.core.allowed import in_ci
from asstctl.core.errors import AsstctlError
from asstctl.core.exit_codes import ExitCode
from asstctl.render import TEXT, formats, view

if TYPE_CHECKING:
    from asstctl.core.diagnostic import Diagnostic
    from asstctl.core.requests import Exchange, Pause
    from asstctl.core.tracing import Tracer
    from asstctl.render.requests import Tally
    from asstctl.render.style import Look
    from asstctl.workspace.workspace import Workspace


class Session:
    """Handed to every command. Entering `-C DIR` happens here, once."""

    def __init__(self, shared: Shared, talk: Talk, environment_of: Mapping[str, str]) -> None:
        self.shared = shared
        self.talk = talk
        self._environment_of = environment_of
        self.unheard = False
        if shared.directory is not None:
            os.chdir(shared.directory)

    @cached_property
    def workspace(self) -> "Workspace":
        """The project and target of this run."""
        from asstctl.workspace.workspace import Workspace

        return Workspace(
            Path.cwd(),
            self.shared.target,
            self.shared.variables,
            self.shared.var_files,
            observer=self._observe if self.shared.verbose else None,
            environment_of=self._environment_of,
            folder=str(self.shared.directory or ""),
            tracer=self.tracer,
        )

    @cached_property
    def tracer(self) -> "Tracer":
        """Who sees what this run does, span by span; by default nobody. Raises Refused where that cannot be."""
        from asstctl.core.trace_wish import Wish, told_hosts, wish
        from asstctl.core.tracing import UNTRACED

        wanted = wish(os.environ)
        if wanted is Wish.NO:
            return UNTRACED
        from asstctl.workspace.open_telemetry import opened

        return opened(os.environ, hosts=told_hosts(os.environ), told=self.warn, wish=wanted)

    @cached_property
    def _tally(self) -> "Tally":
        from asstctl.render.requests import Tally

        return Tally()

    def workspace_of(self, target: str) -> "Workspace":
        """The same project on another target."""
        return replace(self.workspace, target_name=target)

    def work_on(self, target: str) -> None:
        """From here on this is the target of the run."""
        self.workspace = self.workspace_of(target)

    def typed(self, words: str) -> str:
        """A command for people to type in the same place, which names its targets itself."""
        folder = f" -C {shlex.quote(str(self.shared.directory))}" if self.shared.directory else ""
        return f"asstctl{folder} {words}"

    @cached_property
    def look(self) -> "Look":
        """How results look on stdout."""
        from asstctl.render.style import ColorChoice, look_for

        look = look_for(sys.stdout, ColorChoice(self.shared.color or "auto"))
        return replace(look, full=self.shared.verbose, brief=self.shared.quiet)

    def show(self, result: object, form: str) -> None:
        """Print a result in one of the formats that `render.VIEWS` has for it."""
        made = view(result, form)
        self.result(made(result, self.look) if form == TEXT else made(result))

    def result(self, text: str, *, whole: bool = True) -> None:
        """Print a result or a part of one, which ends its line where it is `whole`.

        When its reader has gone the command goes on, and its exit code stands. Where there is no room for it the
        command goes on too, so that nothing is lost that it does, and has failed in the end (`unheard`).
        """
        if not text:
            return
        try:
            click.echo(text, nl=whole and not text.endswith("\n"), color=True)
        except OSError as problem:
            self.talk.unheard(problem)
            self.unheard = self.unheard or not isinstance(problem, BrokenPipeError)

    def failed(self, error: AsstctlError, *, form: str = TEXT) -> ExitCode:
        """Say what ended the command, on stderr; with `--format json` on stdout too, as JSON."""
        if form != TEXT and form in formats("AsstctlError"):
            self.show(error, form)
        self.talk.failed(error, self.shared.color)
        return error.exit_code

    def say(self, text: str) -> None:
        """Say something that is not the result, rendered already or our own words; --quiet leaves it out."""
        if not self.shared.quiet:
            self.talk.say(text)

    def warnings(self, *workspaces: "Workspace") -> None:
        """Say what is odd about the files and stops nothing, once they are loaded, on one target or on several."""
        from asstctl.core.diagnostic import has_errors, in_reading_order

        every = [one.loaded.diagnostics for one in workspaces or (self.workspace,)]
        # what has errors was answered with them
        if warned := in_reading_order(one for those in every if not has_errors(those) for one in those):
            self.diagnostics(warned)

    def diagnostics(self, diagnostics: "Sequence[Diagnostic]") -> None:
        """Say these, which stop nothing."""
        if not self.shared.quiet:
            self.talk.diagnostics(diagnostics, self.shared.color)

    def remark(self, text: str) -> None:
        """Say one line that may hold the words of others."""
        if not self.shared.quiet:
            self.talk.remark(text)

    def warn(self, text: str) -> None:
        """Say what is odd and stops nothing, in one line that may hold the words of others."""
        if not self.shared.quiet:
            self.talk.warn(text)

    def wait(self, text: str) -> None:
        """Say that nothing is sent for a while."""
        if not self.shared.quiet:
            self.talk.wait(text)

    def progress(self, text: str) -> None:
        """Say how far something is."""
        if not self.shared.quiet:
            self.talk.progress(text)

    @property
    def is_watched(self) -> bool:
        """Whether somebody sees what moves on stderr."""
        return self.talk.is_seen and not self.shared.quiet and not in_ci(os.environ)

    @property
    def can_ask(self) -> bool:
        """Whether there is a person at the other end."""
        return sys.stdin.isatty() and self.talk.is_seen and not in_ci(os.environ)

    def ask(self, question: str) -> bool:
        """Ask on the terminal; only `yes` is accepted."""
        import signal

        # asyncio turns the first Ctrl-C into a cancellation that a blocking read would never see
        previous = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            self.talk.ask(question)
            return sys.stdin.readline().strip() == "yes"
        finally:
            signal.signal(signal.SIGINT, previous)

    def _observe(self, what: "Exchange | Pause") -> None:
        self._tally.hear(what)
        if not self.shared.quiet:
            self.talk.heard(what)

    @contextmanager
    def traced(self, name: str) -> "Iterator[Callable[[ExitCode], ExitCode]]":
        """The command as one span; what this gives is told how it ended, and passes that on."""
        from asstctl.core import spans

        with self.tracer.span(spans.command(name)) as span:

            def ending(code: ExitCode) -> ExitCode:
                span.note(spans.ended(code or ExitCode.DONE))
                return code

            try:
                yield ending
            except AsstctlError as error:
                ending(error.exit_code)
                raise

    def close(self) -> None:
        """Say what all requests came to, and have the last spans sent."""
        if self.shared.verbose and not self.shared.quiet and "_tally" in vars(self):
            self.talk.summary(self._tally.text(), **self._tally.object())
        if "tracer" in vars(self):
            self.tracer.close()
