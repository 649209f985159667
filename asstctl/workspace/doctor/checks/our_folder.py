"""The project's folder `.asstctl/`: whether it is ours alone, and what runs that were killed left in it."""

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from asstctl.core.doctor import Finding, Standing
from asstctl.core.errors import AsstctlError, StoreError
from asstctl.core.suggest import some_of
from asstctl.documents.paths import OUR_FOLDER
from asstctl.engine.runs.journals import read_run, runs
from asstctl.render.values import counted, size
from asstctl.workspace.conversations.ledger import is_going_on, ledger_runs, read_ledger
from asstctl.workspace.doctor.home import Home
from asstctl.workspace.git import NoAnswer, ask_git
from asstctl.workspace.journal import journal_folder
from asstctl.workspace.our_folder import IGNORED, check_our_folder

NAME = "folder"


def check(home: Home) -> Iterable[Finding]:
    """A finding for each thing that is not as it should be; nothing where there is no folder yet."""
    if not os.path.lexists(home.folder):
        return []
    try:
        check_our_folder(home.root)
    except AsstctlError as error:
        return [Finding(NAME, Standing.WRONG, error.summary, error.hint, error.detail)]
    if not home.folder.is_dir():
        return [Finding(NAME, Standing.WRONG, f"{OUR_FOLDER} is not a folder", f"mv {OUR_FOLDER} ELSEWHERE")]
    found = [*_openness(home.folder), *_visibility(home), *_journals(home), *_ledgers(home)]
    if found:
        return found
    return [Finding(NAME, Standing.FINE, f"{OUR_FOLDER} is private, and holds {size(_bytes(home.folder))}")]


def _openness(folder: Path) -> Iterator[Finding]:
    mode = stat.S_IMODE(folder.stat().st_mode)
    if mode & (stat.S_IWGRP | stat.S_IWOTH):
        why = "they could put a database or a journal of their own there"
        yield Finding(NAME, Standing.WARNING, f"others may write in {OUR_FOLDER}", f"chmod 700 {OUR_FOLDER}", why)
    elif mode & (stat.S_IRGRP | stat.S_IROTH):
        why = "journals and local databases hold what assistants are told"
        yield Finding(NAME, Standing.WARNING, f"others may read {OUR_FOLDER}", f"chmod 700 {OUR_FOLDER}", why)


def _visibility(home: Home) -> Iterator[Finding]:
    try:
        ask_git(home.root, "rev-parse", "--git-dir")
    except NoAnswer:
        return
    try:
        ask_git(home.root, "check-ignore", "--quiet", f"{OUR_FOLDER}/journal")
    except NoAnswer:
        hint = f"Add a line to .gitignore: {IGNORED}"
        yield Finding(NAME, Standing.WARNING, f"git does not ignore {OUR_FOLDER}", hint, "the next commit may take it")


def _journals(home: Home) -> Iterator[Finding]:
    """Runs whose last writes nobody knows the end of."""
    folder, left, unreadable = journal_folder(home.root), [], []
    with suppress(StoreError):
        for run in runs(folder):
            try:
                if read_run(folder, run).open:
                    left.append(run)
            except StoreError:
                unreadable.append(run)
    if left:
        summary = f"{counted(len(left), 'run')} ended before the answer to a write came"
        hint = "Plans find what came of it; see what was written: asstctl undo"
        yield Finding(NAME, Standing.NOTE, summary, hint, some_of(left))
    if unreadable:
        summary = f"{counted(len(unreadable), 'journal')} cannot be read"
        hint = f"Look at it, or remove it: rm {OUR_FOLDER}/journal/{unreadable[0]}.jsonl"
        yield Finding(NAME, Standing.WARNING, summary, hint, some_of(unreadable))


def _ledgers(home: Home) -> Iterator[Finding]:
    """Runs of tests that were killed before they had removed what they made."""
    by_target: dict[str, list[str]] = {}
    unreadable = []
    with suppress(StoreError):
        for run in ledger_runs(home.root):
            try:
                ledger = read_ledger(home.root, run)
            except StoreError:
                unreadable.append(run)
                continue
            if any(not entry.kept for entry in ledger.left) and not is_going_on(home.root, run):
                by_target.setdefault(ledger.header.target, []).append(run)
    for target, left in by_target.items():
        summary = f"{counted(len(left), 'run')} of tests on {target} left things behind"
        named = "" if home.project is not None and target == home.project.default_target else f" --target {target}"
        yield Finding(NAME, Standing.WARNING, summary, f"Remove them: asstctl test gc{named}", some_of(left))
    if unreadable:
        summary = f"{counted(len(unreadable), 'ledger')} of tests cannot be read"
        hint = f"Look at it, or remove it: rm {OUR_FOLDER}/ledger/{unreadable[0]}.jsonl"
        yield Finding(NAME, Standing.WARNING, summary, hint, some_of(unreadable))


def _bytes(folder: Path) -> int:
    found = 0
    for path in folder.rglob("*"):
        with suppress(OSError):
            found += path.lstat().st_size
    return found
