"""The journal of a project's runs: where it lies, how one is begun, and what earlier runs on a target say."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from asstctl._version import __version__
from asstctl.core.journal import Header, Record
from asstctl.core.plan import TargetInfo
from asstctl.documents.paths import OUR_FOLDER
from asstctl.engine.runs.journal import Journal, new_run
from asstctl.engine.runs.journals import records_with_files


def journal_folder(root: Path) -> Path:
    """Where the journals of a project lie."""
    return root / OUR_FOLDER / "journal"


def begin_journal(root: Path, command: str, target: TargetInfo, revision: str | None) -> Journal:
    """A journal for a run that begins now; its file is made with its first line."""
    now = datetime.now(UTC)
    header = Header(
        run=new_run(now),
        command=command,
        target=target.name,
        project=target.project,
        provider=target.provider,
        place=target.place,
        revision=revision,
        started=now.isoformat(timespec="seconds"),
        version=__version__,
    )
    return Journal(journal_folder(root), header)


def earlier_runs(root: Path, target: TargetInfo, but: str = "") -> Iterator[Record]:
    """What earlier runs did to files of the same project on the same target or at the same place, newest first; of all
    `but` the one in hand."""
    for record in records_with_files(journal_folder(root)):
        header = record.header
        there = header.target == target.name or header.place == target.place
        if header.project == target.project and there and header.run != but:
            yield record
