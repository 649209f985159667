"""What is wrong with a pattern in a file, as diagnostics at their places."""

from collections.abc import Iterator

from asstctl.conversation.matchers import MATCHERS, problems
from asstctl.core.diagnostic import Diagnostic, error
from asstctl.core.json_types import Json
from asstctl.core.suggest import did_you_mean
from asstctl.documents.yaml import Document, Path


def pattern_problems(document: Document, at: Path, pattern: Json) -> Iterator[Diagnostic]:
    """Every misused matcher of the pattern that is written at `at`."""
    for problem in problems(pattern):
        where = document.where((*at, *problem.at), key=problem.of_key)
        hint = did_you_mean(problem.unknown, MATCHERS) if problem.unknown else problem.hint
        yield error("matcher", problem.summary, where, hint=hint)
