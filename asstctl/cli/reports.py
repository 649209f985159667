"""Reports of a run of conversations in files: JSON Lines while it goes on, JUnit and HTML when it is over.

What a report says is made by `render`; a path that cannot be written is found before anything is played.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from asstctl.core.conversation import CaseResult
from asstctl.core.errors import Refused, WrongUsage
from asstctl.core.suite import SuiteBegan, SuiteResult
from asstctl.render import view


class Lines:
    """A run as JSON Lines, line by line. Nothing is lost where the run has no beginning: it is told at the end."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._began = False
        self._told: set[str] = set()
        self._places: dict[str, int] = {}

    def began(self, began: SuiteBegan, places: Mapping[str, int]) -> None:
        """The run has begun; `places` gives the index of each node that it plays."""
        from asstctl.render.json.test_lines import header_line

        self._began = True
        self._places = dict(places)
        self._say(header_line(began))

    def ended(self, case: CaseResult) -> None:
        """A conversation has ended."""
        from asstctl.render.json.test_lines import case_line

        self._told.add(case.node)
        self._say(case_line(self._places[case.node], case))

    def close(self, suite: SuiteResult) -> None:
        """The run is over; what was not told of it is told now."""
        from asstctl.render.json.test_lines import suite_lines, summary_line

        if not self._began:
            self._say(suite_lines(suite))
            return
        for case in suite.cases:
            if case.node not in self._told:
                self.ended(case)
        self._say(summary_line(suite))


class Reports:
    """The files that were asked for, by format."""

    def __init__(self, files: Mapping[str, Path | None]) -> None:
        """`files` by the formats of `render.VIEWS`. Raises WrongUsage for a path where no file can be."""
        self._files = {form: path for form, path in files.items() if path is not None}
        for form, path in self._files.items():
            if path.is_dir() or not path.parent.is_dir():
                what = "is a folder" if path.is_dir() else "lies in a folder that is not there"
                raise WrongUsage(f"--{form}: {path} {what}", hint="name a file in a folder that is there")
        self._open: TextIO | None = None
        self._lines: Lines | None = None
        self._unwritten: list[str] = []
        if "jsonl" in self._files:
            self._open = _opened(self._files["jsonl"])
            self._lines = Lines(self._write_line)

    def began(self, began: SuiteBegan, places: Mapping[str, int]) -> None:
        """The run has begun."""
        if self._lines:
            self._lines.began(began, places)

    def ended(self, case: CaseResult) -> None:
        """A conversation has ended."""
        if self._lines:
            self._lines.ended(case)

    def close(self, suite: SuiteResult | None) -> None:
        """The run is over, or came to nothing. Raises Refused for a file that cannot be written."""
        if self._lines and suite:
            self._lines.close(suite)
        self._end_lines()
        for form, path in self._files.items():
            if form != "jsonl" and suite is not None:
                try:
                    with _opened(path) as file:
                        file.write(view(suite, form)(suite))
                except OSError as problem:
                    self._unwritten.append(_why(path, problem))
                except Refused as refused:
                    self._unwritten.append(refused.detail)
        if self._unwritten and suite is not None:
            raise Refused(
                "not every report was written", detail="\n".join(self._unwritten), hint="the results above stand"
            )

    def _write_line(self, text: str) -> None:
        try:
            if self._open:
                self._open.write(text)
                self._open.flush()
        except OSError as problem:
            # the run goes on: what it comes to is told in other places too
            self._unwritten.append(_why(self._files["jsonl"], problem))
            self._end_lines()

    def _end_lines(self) -> None:
        if self._open:
            with suppress(OSError):  # of what was not written it has been said
                self._open.close()
            self._open = None


def _opened(path: Path) -> TextIO:
    try:
        return path.open("w", encoding="utf-8", newline="\n")
    except OSError as problem:
        raise Refused("a report cannot be written", detail=_why(path, problem), hint="name another file") from problem


def _why(path: Path, problem: OSError) -> str:
    return f"{path}: {(problem.strerror or 'unknown reason').lower()}"
