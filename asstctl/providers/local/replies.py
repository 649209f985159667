"""Replies of a local target, checked without opening a server, so that `validate` can do it.

The emulator reads its rules files itself; this turns what it refuses into diagnostics.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from asstctl.core.diagnostic import Diagnostic, Where, error
from asstctl.core.ports import Replies
from asstctl.documents.paths import shown
from asstctl.emulator import RepliesFileError, RepliesProblem, UnknownReplies
from asstctl.emulator.replies import make_backend


def rules_schema() -> Mapping[str, Any]:
    """The JSON Schema of a file of rules, as the emulator states it."""
    from asstctl.emulator.replies.rules_schema import RULES_SCHEMA

    return RULES_SCHEMA


def check_replies(replies: Replies) -> tuple[Diagnostic, ...]:
    """What is wrong with a target's replies."""
    try:
        make_backend(replies)
    except RepliesFileError as problem:
        return diagnostics_of(problem)
    except UnknownReplies as problem:
        return (unknown(problem),)
    return ()


def unknown(problem: UnknownReplies) -> Diagnostic:
    """The diagnostic for a setting that names no backend."""
    return error("replies", str(problem), hint="correct `replies` of the target in asstctl.yaml")


def diagnostics_of(problem: RepliesFileError) -> tuple[Diagnostic, ...]:
    """The problems of a rules file, with their places."""
    return tuple(_diagnostic(one) for one in problem.problems)


def _diagnostic(one: RepliesProblem) -> Diagnostic:
    where = Where(shown(Path.cwd(), one.file), max(one.line, 1), one.column, one.length, one.source)
    return error(one.code, one.summary, where, hint=one.hint)
