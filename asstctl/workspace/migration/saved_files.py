"""Files that somebody saved: which of them are read, and the JSON values in each.

Values are JSON, an array of them, or JSON Lines; what they are is for `saved_objects`.
"""

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from asstctl.core.diagnostic import Diagnostic, Where, error
from asstctl.core.json_text import read_json
from asstctl.documents.source import read_text

ENDINGS = (".json", ".jsonl", ".ndjson")
"""The files of a folder that are read; one that is named itself is, whatever its name."""


@dataclass(frozen=True, slots=True)
class SavedValue:
    """One JSON value, and where it begins."""

    value: Any
    where: Where


def read_saved(sources: Sequence[Path]) -> tuple[list[SavedValue], list[Diagnostic]]:
    """The values of these files and folders in the order of their names, and why others cannot be had."""
    values: list[SavedValue] = []
    problems: list[Diagnostic] = []
    read: set[Path] = set()
    for source in sources:
        files = list(_files_in(source, problems)) if source.is_dir() else [source]
        for file in files:
            if (real := file.resolve()) not in read:
                read.add(real)
                _read(file, pipes=file == source, values=values, problems=problems)
    return values, problems


def _files_in(folder: Path, problems: list[Diagnostic]) -> Iterator[Path]:
    """The files of a folder and of all below it; nothing hidden, and nothing behind a link to a folder."""
    found = False

    def unreadable(problem: OSError) -> None:
        shown = str(problem.filename or folder)
        summary = f"`{shown}` cannot be looked into"
        problems.append(
            error("unreadable-folder", summary, Where(shown), detail=problem.strerror or "", hint="mend it")
        )

    for place, folders, names in os.walk(folder, onerror=unreadable):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if not name.startswith(".") and name.lower().endswith(ENDINGS):
                found = True
                yield Path(place) / name
    if not found:
        what = ", ".join(ENDINGS)
        problems.append(
            error("empty-folder", f"`{folder}` holds no file to read", Where(str(folder)), hint=f"it is {what}")
        )


def _read(file: Path, *, pipes: bool, values: list[SavedValue], problems: list[Diagnostic]) -> None:
    shown = str(file)
    text = read_text(file, shown, pipes=pipes)
    if isinstance(text, Diagnostic):
        problems.append(text)
        return
    try:
        values.append(SavedValue(read_json(text), Where(shown)))
    except ValueError as problem:
        lines = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
        if len(lines) < 2 or not all(line.lstrip().startswith("{") for _, line in lines):
            problems.append(_not_json(shown, 1, problem))
            return
        for number, line in lines:
            try:
                values.append(SavedValue(read_json(line), Where(shown, number)))
            except ValueError as wrong:
                problems.append(_not_json(shown, number, wrong))


def _not_json(shown: str, line: int, problem: ValueError) -> Diagnostic:
    summary = f"`{shown}` is not JSON that can be read"
    if isinstance(problem, json.JSONDecodeError):
        where = Where(shown, line + problem.lineno - 1, problem.colno)
        return error("json-syntax", summary, where, detail=problem.msg, hint="save it again, or leave it out")
    return error("json-syntax", summary, Where(shown, line), detail=str(problem), hint="save it again, or leave it out")
