"""Talk: all that is said on stderr, as text for people or as a JSON object a line for programs. Nothing else in this
package writes there.

With JSON nothing moves, nothing has a colour, and nobody is asked; what Python itself would say goes the same way.
"""

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TextIO

import click

from asstctl.core.errors import AsstctlError
from asstctl.core.exit_codes import ExitCode

if TYPE_CHECKING:
    from asstctl.core.diagnostic import Diagnostic
    from asstctl.core.requests import Exchange, Pause
    from asstctl.render.style import Look

OPTION = "--log-format"
VARIABLE = "ASSTCTL_LOG_FORMAT"
JSON = "json"
FORMATS = ("text", JSON)


class Talk:
    """Says things in one format, which is guessed before the options are parsed, for what goes wrong there."""

    def __init__(self, *, as_json: bool = False) -> None:
        self.as_json = as_json

    @classmethod
    def meant(cls, arguments: Sequence[str], environ: Mapping[str, str]) -> "Talk":
        """As the command line, or else the environment, most likely means it."""
        typed = [*arguments[: arguments.index("--")]] if "--" in arguments else [*arguments]
        form = environ.get(VARIABLE, "")
        for word, following in pairwise([*typed, ""]):
            if word == OPTION:
                form = following
            elif word.startswith(f"{OPTION}="):
                form = word.partition("=")[2]
        return cls(as_json=form == JSON)

    @property
    def stream(self) -> TextIO:
        """Where it goes, for what moves and for what a server says of itself."""
        return sys.stderr

    @property
    def is_seen(self) -> bool:
        """Whether it goes to a terminal, as text."""
        return sys.stderr.isatty() and not self.as_json

    def look(self, color: str | None) -> "Look":
        """How what is rendered for it looks; `color` is what was typed."""
        from asstctl.render.style import PLAIN, ColorChoice, look_for

        return PLAIN if self.as_json else look_for(sys.stderr, ColorChoice(color or "auto"))

    def say(self, text: str) -> None:
        """Something that was rendered already, or our own words."""
        self._tell("said", text)

    def remark(self, text: str) -> None:
        """One line that may hold the words of others."""
        self._tell("said", _harmless(text))

    def warn(self, text: str) -> None:
        """What is odd and stops nothing, in one line that may hold the words of others."""
        self._tell("warning", _harmless(text if self.as_json else f"warning: {text}"))

    def wait(self, text: str) -> None:
        """That nothing is sent for a while."""
        self._tell("wait", _harmless(text))

    def progress(self, text: str) -> None:
        """How far something is."""
        self._tell("progress", _harmless(text))

    def diagnostics(self, diagnostics: "Sequence[Diagnostic]", color: str | None) -> None:
        """What is odd about files: a block, or a line each."""
        from asstctl.render.diagnostics import diagnostics_text
        from asstctl.render.json.shared import diagnostic_object

        if not self.as_json:
            self._tell("warning", diagnostics_text(diagnostics, self.look(color)))
            return
        for one in diagnostics:
            self._tell("warning", one.summary, **diagnostic_object(one))

    def event(self, event: str, text: str, **members: Any) -> None:
        """What people see on stdout as it happens, for programs alone."""
        if self.as_json:
            self._tell(event, text, **members)

    def heard(self, what: "Exchange | Pause") -> None:
        """A request, or a wait before one."""
        from asstctl.core.requests import Exchange
        from asstctl.render.requests import exchange_object, exchange_text, pause_object, pause_text

        if isinstance(what, Exchange):
            text = exchange_text(what)
            self._tell("request", " ".join(text.split()) if self.as_json else text, **exchange_object(what))
        else:
            self._tell("wait", pause_text(what), **pause_object(what))

    def summary(self, text: str, **members: Any) -> None:
        """All requests in one line."""
        self._tell("summary", text, **members)

    def failed(self, error: AsstctlError, color: str | None) -> None:
        """What ended a command."""
        from asstctl.render import TEXT, view

        if self.as_json:
            from asstctl.render.json.error import error_content

            self._tell("error", error.summary, **error_content(error))
        else:
            self._tell("error", view(error, TEXT)(error, self.look(color)))

    def broken(
        self, code: str, exit_code: int, summary: str, *, detail: str = "", hint: str = "", heading: str = "error: "
    ) -> None:
        """What ended a command and is no error of ours: usage, an interruption, a bug. Each line may hold anything."""
        if self.as_json:
            said = {"code": code, "summary": summary, "detail": detail, "hint": hint, "exit_code": int(exit_code)}
            self._tell("error", _harmless(summary), **said)
            return
        for line in (f"{heading}{summary}", *(f"  {line}" for part in (detail, hint) for line in part.splitlines())):
            self._tell("error", _harmless(line))

    def unheard(self, problem: OSError) -> None:
        """That stdout takes no more, unless its reader has only gone. From here on it leads nowhere; Python must not
        complain about it at exit either."""
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(problem, BrokenPipeError):
            why = (problem.strerror or "unknown reason").lower()
            self.broken("unheard", ExitCode.FAILED, f"the output cannot be written: {why}")

    def ended(self, exit_code: int) -> None:
        """The last line of all, for programs: people see it in their shell."""
        self.event("end", f"exit code {exit_code}", exit_code=int(exit_code))

    def ask(self, question: str) -> None:
        """A question, whose answer is typed behind it. Only where `is_seen`."""
        click.echo(question, err=True, nl=False)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """While this lasts, what others would write to stderr is said here, where it must be JSON."""
        if not self.as_json:
            yield
            return
        from asstctl.cli.complaints import heard_by

        with heard_by(self.warn):
            yield

    def _tell(self, event: str, text: str, **members: Any) -> None:
        if not self.as_json:
            self._write(text if text.endswith("\n") else f"{text}\n")
            return
        from datetime import UTC, datetime

        from asstctl.render.json.log import Event, log_line

        self._write(log_line(Event(event), click.unstyle(text).strip("\n"), datetime.now(UTC), **members))

    def _write(self, text: str) -> None:
        """Where stderr takes no more, it leads nowhere from here on: what is done goes on, and its exit code stands."""
        try:
            click.echo(text, err=True, nl=False, color=True)
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())


def _harmless(text: str) -> str:
    from asstctl.render.escape import defused, visible

    return defused(visible(text))
