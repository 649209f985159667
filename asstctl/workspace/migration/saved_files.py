"""Files that somebody saved: which of them are read, and the JSON values in each.

Values are JSON, an array of them, or JSON Lines; what they are is for `saved_objects`.
"""

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from asstctl.core.diagnostic import Diagnostic, Where, error
from asstctl.core.json_text import read_json
from asstctl.core.suggest import some_of
from asstctl.documents.source import read_text

ENDINGS = (".json", ".jsonl", ".ndjson")
"""The files of a folder that are read; one that is named itself is, whatever its name."""

_OR = f"{', '.join(ENDINGS[:-1])} or {ENDINGS[-1]}"
_MOST = 3
"""Files by name in the sentence on those that were passed over."""


@dataclass(frozen=True, slots=True)
class SavedValue:
    """One JSON value, and where it begins."""

    value: Any
    where: Where


@dataclass
class SavedFiles:
    """The values in them, sentences on files of folders that were passed over, and why others cannot be had."""

    values: list[SavedValue] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    problems: list[Diagnostic] = field(default_factory=list)


def read_saved(sources: Sequence[Path]) -> SavedFiles:
    """What is in these files and folders, in the order of their names."""
    saved = SavedFiles()
    read: set[Path] = set()
    for source in sources:
        files = list(_files_in(source, saved)) if source.is_dir() else [source]
        for file in files:
            if (real := file.resolve()) not in read:
                read.add(real)
                _read(file, pipes=file == source, values=saved.values, problems=saved.problems)
    return saved


def _files_in(folder: Path, saved: SavedFiles) -> Iterator[Path]:
    """The files of a folder and of all below it; nothing hidden, and nothing behind a link to a folder."""
    found = False
    passed: list[Path] = []

    def unreadable(problem: OSError) -> None:
        shown = str(problem.filename or folder)
        summary = f"`{shown}` cannot be looked into"
        saved.problems.append(
            error("unreadable-folder", summary, Where(shown), detail=problem.strerror or "", hint="mend it")
        )

    for place, folders, names in os.walk(folder, onerror=unreadable):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        passed += [linked for name in folders if (linked := Path(place) / name).is_symlink()]
        for name in sorted(names):
            if name.startswith("."):
                continue
            if name.lower().endswith(ENDINGS):
                found = True
                yield Path(place) / name
            else:
                passed.append(Path(place) / name)
    if not found:
        hint = f"what is read ends in {_OR}; name a file of another ending itself"
        saved.problems.append(error("empty-folder", f"`{folder}` holds no file to read", Where(str(folder)), hint=hint))
    elif passed:
        verb = "is" if len(passed) == 1 else "are"
        what = f"of a folder only files that end in {_OR} are, and no link to a folder is followed"
        saved.notes.append(f"{some_of(passed, _MOST)} {verb} not read: {what}; to have more read, name it")


def _read(file: Path, *, pipes: bool, values: list[SavedValue], problems: list[Diagnostic]) -> None:
    shown = str(file)
    text = read_text(file, shown, pipes=pipes)
    if isinstance(text, Diagnostic):
        too_large = text.code == "file-too-large"
        problems.append(replace(text, hint="split it, say into JSON Lines of fewer objects") if too_large else text)
        return
    try:
        values.append(SavedValue(read_json(text), Where(shown)))
    except ValueError as problem:
        # not splitlines: a text in JSON may hold what Unicode takes for the end of a line
        lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
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
    said = str(problem).partition(";")[0]
    return error("json-syntax", summary, Where(shown, line), detail=said, hint="save it again, or leave it out")
