"""Cited: files that a conversation expects to be cited or found, held against those that its assistant can know."""

from collections.abc import Iterable, Iterator, Mapping

from asstctl.conversation.case import Case, Expectation
from asstctl.conversation.checks.check import NOT
from asstctl.conversation.checks.cites import CITES
from asstctl.conversation.checks.files import is_file
from asstctl.conversation.checks.retrieves import RETRIEVES
from asstctl.conversation.late import is_late
from asstctl.core.diagnostic import Diagnostic, Where, warning
from asstctl.core.suggest import did_you_mean

_WILD = frozenset("*?[")


def unknown_files(cases: Iterable[Case], known: Mapping[str, frozenset[str]]) -> Iterator[Diagnostic]:
    """The names that no file has, of its conversation or of its assistant's knowledge. `known` holds the files of each
    assistant all of whose files are known. Names with wildcards are let pass."""
    for case in cases:
        wanted = [pair for one in _expectations(case) if (pair := _file(one)) is not None]
        if not wanted or case.assistant not in known:
            continue
        sent = [*(turn.files for turn in case.turns), *(message.files for message in case.messages), case.files]
        names = {*known[case.assistant], *(file.shown for files in sent for file in files)}
        for name, where in wanted:
            if not any(is_file(name, file) for file in names):
                summary = f"no file that assistant.{case.assistant} knows is called `{name}`"
                hint = did_you_mean(name, sorted({file.rpartition("/")[2] for file in names}), otherwise=_NONE)
                yield warning("unknown-file", summary, where, hint=hint)


_NONE = "check the name, or the files of its vector stores"


def _expectations(case: Case) -> Iterator[Expectation]:
    for part in (*case.turns, *([case.closing] if case.closing else ())):
        yield from part.expect


def _file(expected: Expectation) -> tuple[str, Where] | None:
    operator, name = expected.operator.removeprefix(NOT), expected.value
    if operator == RETRIEVES.name and isinstance(name, Mapping):
        name = name.get("file")
    elif operator != CITES.name:
        return None
    if not isinstance(name, str) or is_late(name) or not _WILD.isdisjoint(name):
        return None
    return name, expected.where
