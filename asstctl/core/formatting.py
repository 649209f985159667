"""Formatting: what the one layout of a project's files would change, and whether it was written."""

from dataclasses import dataclass

from asstctl.core.diagnostic import Diagnostic, has_errors
from asstctl.core.exit_codes import ExitCode
from asstctl.core.pull import FileEdit


@dataclass(frozen=True, slots=True)
class Formatted:
    """What `fmt` found: the files that differ from their layout, and those that cannot be laid out.

    `edits` have paths as a person would type them here. `files` counts all that were looked at. `written`: they have
    their layout now. `in_full`: what changes is shown line by line. `only_check`: that a file differs is a failure.
    """

    edits: tuple[FileEdit, ...]
    files: int
    diagnostics: tuple[Diagnostic, ...] = ()
    written: bool = False
    in_full: bool = False
    only_check: bool = False

    @property
    def exit_code(self) -> ExitCode:
        """1 where a file cannot be laid out, and where one is not laid out and that was asked."""
        failed = has_errors(self.diagnostics) or (self.only_check and bool(self.edits))
        return ExitCode.FAILED if failed else ExitCode.DONE
