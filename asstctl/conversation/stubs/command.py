"""`command: [./bin/prices, --json]`: a program of the project, run directly: no shell, nothing looked up in a PATH.

It gets the arguments of the call as JSON on standard input, and what it prints is the output, less the last line
break. The first word is a file of the project, relative to the file that says it or, by a leading `/`, to the project;
the rest is handed over as it stands. Reading one executes nothing; the call itself is for `child`.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from asstctl.conversation.project_files import project_file
from asstctl.conversation.shapes import SOME_TEXT, list_of
from asstctl.conversation.stubs.kind import Read, StubCall, StubKind, StubSource
from asstctl.conversation.stubs.seconds import BESIDE, SECONDS, read_seconds
from asstctl.core.diagnostic import Diagnostic, error

_FORM = "write `command: [./program, --option]`; a leading / is the project's folder"


@dataclass(frozen=True, slots=True)
class Program:
    """One program of the project, resolved, and what it is started with."""

    runs_code: ClassVar[bool] = True
    file: Path
    words: tuple[str, ...]
    root: Path
    seconds: float = SECONDS

    async def answer(self, call: StubCall) -> str:
        from asstctl.conversation.stubs.child import call_command

        return await call_command(
            (str(self.file), *self.words),
            call.arguments,
            root=self.root,
            environment=call.environment,
            seconds=self.seconds,
        )


def _read(source: StubSource) -> Read:
    value = source.value
    words = [word for word in value if isinstance(word, str) and "\0" not in word] if isinstance(value, list) else []
    if not isinstance(value, list) or not words or len(words) != len(value) or not words[0]:
        return (error("stub-shape", "`command` is not a list of words", source.where, hint=_FORM),)
    first = source.below(0)
    found = project_file(words[0], beside=source.file, root=source.root, where=first.where)
    seconds = read_seconds(source)
    problems = [one for one in (found, seconds) if isinstance(one, Diagnostic)]
    if isinstance(found, Path) and not os.access(found, os.X_OK):
        hint = f"make it one: chmod +x {words[0]}"
        problems.append(error("stub-code", f"`{words[0]}` is not a program that can be run", first.where, hint=hint))
    if problems or isinstance(found, Diagnostic) or isinstance(seconds, Diagnostic):
        return tuple(problems)
    return Program(found, tuple(words[1:]), source.root.resolve(), seconds)


COMMAND = StubKind("command", _read, list_of(SOME_TEXT), beside=BESIDE)
