"""What pytest shows of a conversation that did not pass: our own text, in the terminal and in JUnit alike."""

from typing import Any

from asstctl.core.errors import AsstctlError


class NotPassed(Exception):
    """A conversation did not pass. `headline` is the reason in one line, `text` the whole block."""

    def __init__(self, headline: str, text: str) -> None:
        super().__init__(headline)
        self.headline = headline
        self.text = text

    def __str__(self) -> str:
        return f"{self.headline}\n\n{self.text}"


def text_of(problem: BaseException) -> tuple[str, str] | None:
    """One line, and all that is to be said; None for what is not ours to tell."""
    if isinstance(problem, NotPassed):
        return problem.headline, problem.text
    if isinstance(problem, AsstctlError):
        from asstctl.render.errors import error_text

        return problem.summary, error_text(problem)
    return None


def longrepr(path: str, line: int, headline: str, text: str) -> Any:
    """The text in the one shape that keeps its headline on the way from a worker of pytest-xdist."""
    from _pytest._code.code import ReprEntryNative, ReprExceptionInfo, ReprFileLocation, ReprTraceback

    traceback = ReprTraceback([ReprEntryNative([text])], extraline=None, style="native")
    return ReprExceptionInfo(traceback, ReprFileLocation(path, line, headline))
