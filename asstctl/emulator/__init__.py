"""The embedded provider: a faithful server of Assistants v2, or of the Agents API, over one SQLite file.

A program of its own that imports nothing else of asstctl and never learns what a plan is. This module is its public
face and stays cheap to import: each name below is loaded when it is first asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asstctl.emulator.agents.quirks import Quirks
    from asstctl.emulator.emulator import Emulator, open_emulator
    from asstctl.emulator.errors import (
        CannotListen,
        DatabaseTooNew,
        DatabaseUnusable,
        DiskFull,
        EmulatorError,
        FaultSpecError,
        QuirkSpecError,
        RepliesFileError,
        RepliesProblem,
        UnknownReplies,
    )
    from asstctl.emulator.inspection import Inspected, SqliteFeatures, inspect_database, sqlite_features
    from asstctl.emulator.request_log import RequestEntry, RequestLog

__all__ = [
    "CannotListen",
    "DatabaseTooNew",
    "DatabaseUnusable",
    "DiskFull",
    "Emulator",
    "EmulatorError",
    "FaultSpecError",
    "Inspected",
    "QuirkSpecError",
    "Quirks",
    "RepliesFileError",
    "RepliesProblem",
    "RequestEntry",
    "RequestLog",
    "SqliteFeatures",
    "UnknownReplies",
    "inspect_database",
    "open_emulator",
    "sqlite_features",
]

_HOME = {
    "Quirks": "agents.quirks",
    "Emulator": "emulator",
    "open_emulator": "emulator",
    "Inspected": "inspection",
    "SqliteFeatures": "inspection",
    "inspect_database": "inspection",
    "sqlite_features": "inspection",
    "RequestEntry": "request_log",
    "RequestLog": "request_log",
}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME.get(name, 'errors')}"), name)
