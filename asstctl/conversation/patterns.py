"""What is wrong with a pattern in a file, as diagnostics at their places."""

from collections.abc import Iterable, Iterator, Mapping

from asstctl.conversation.json_paths import path_problems
from asstctl.conversation.matchers import MATCHERS, Problem, problems
from asstctl.core.diagnostic import Diagnostic, error
from asstctl.core.json_types import Json
from asstctl.core.suggest import did_you_mean
from asstctl.documents.yaml import Document, Path


def pattern_problems(document: Document, at: Path, pattern: Json) -> Iterator[Diagnostic]:
    """Every misused matcher of the pattern that is written at `at`."""
    yield from _placed(document, at, problems(pattern))


def where_problems(document: Document, at: Path, paths: Mapping[str, Json]) -> Iterator[Diagnostic]:
    """Every wrong path, and every misused matcher, of the `where` of an expected call."""
    yield from _placed(document, at, path_problems(paths))


def _placed(document: Document, at: Path, found: Iterable[Problem]) -> Iterator[Diagnostic]:
    for problem in found:
        where = document.where((*at, *problem.at), key=problem.of_key)
        hint = did_you_mean(problem.unknown, MATCHERS) if problem.unknown else problem.hint
        yield error("matcher", problem.summary, where, hint=hint)
