"""Session: one run of one command: its options, its streams, and how results look on them.

Results go to stdout, talk to stderr; with `--format json` stdout holds JSON alone.
"""

import os
import shlex
import sys
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import click

from asstctl.cli.options import Shared
from asstctl.core.allowed import in_ci
from asstctl.core.errors import AsstctlError
from asstctl.core.exit_codes import ExitCode
from asstctl.render import TEXT, formats, view

if TYPE_CHECKING:
    from asstctl.render.style import Look
    from asstctl.workspace.workspace import Workspace


class Session:
    """Handed to every command. Entering `-C DIR` happens here, once."""

    def __init__(self, shared: Shared) -> None:
        self.shared = shared
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
            folder=str(self.shared.directory or ""),
        )

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
            # from here on stdout leads nowhere; Python must not complain about it at exit either
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            if not isinstance(problem, BrokenPipeError):
                self.unheard = True
                why = (problem.strerror or "unknown reason").lower()
                click.echo(f"error: the output cannot be written: {why}", err=True)

    def failed(self, error: AsstctlError, *, form: str = TEXT) -> ExitCode:
        """Say what ended the command, on stderr; with `--format json` on stdout too, as JSON."""
        from asstctl.render.style import ColorChoice, look_for

        if form != TEXT and form in formats("AsstctlError"):
            self.show(error, form)
        look = look_for(sys.stderr, ColorChoice(self.shared.color or "auto"))
        click.echo(view(error, TEXT)(error, look), err=True, nl=False, color=True)
        return error.exit_code

    def say(self, text: str) -> None:
        """Say something that is not the result, rendered already or our own words; --quiet leaves it out."""
        if not self.shared.quiet:
            click.echo(text, err=True, nl=not text.endswith("\n"), color=True)

    def warnings(self, *workspaces: "Workspace") -> None:
        """Say what is odd about the files and stops nothing, once they are loaded, on one target or on several."""
        from asstctl.core.diagnostic import has_errors, in_reading_order

        every = [one.loaded.diagnostics for one in workspaces or (self.workspace,)]
        # what has errors was answered with them
        if warned := in_reading_order(one for those in every if not has_errors(those) for one in those):
            from asstctl.render.diagnostics import diagnostics_text
            from asstctl.render.style import ColorChoice, look_for

            self.say(diagnostics_text(warned, look_for(sys.stderr, ColorChoice(self.shared.color or "auto"))))

    def remark(self, text: str) -> None:
        """Say one line that may hold the words of others."""
        from asstctl.render.escape import defused, visible

        self.say(defused(visible(text)))

    @property
    def is_watched(self) -> bool:
        """Whether somebody sees what moves on stderr."""
        return sys.stderr.isatty() and not self.shared.quiet and not in_ci(os.environ)

    @property
    def can_ask(self) -> bool:
        """Whether there is a person at the other end."""
        return sys.stdin.isatty() and sys.stderr.isatty() and not in_ci(os.environ)

    def ask(self, question: str) -> bool:
        """Ask on the terminal; only `yes` is accepted."""
        import signal

        # asyncio turns the first Ctrl-C into a cancellation that a blocking read would never see
        previous = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            click.echo(question, err=True, nl=False)
            return sys.stdin.readline().strip() == "yes"
        finally:
            signal.signal(signal.SIGINT, previous)

    def _observe(self, method: str, path: str, status: int | None, seconds: float) -> None:
        self.remark(f"{method} {path} {status or 'no answer'} {seconds * 1000:.0f} ms")
