"""The SQLite of this machine, and whether local databases can be kept where the project lies."""

from collections.abc import Iterable

from asstctl.core.doctor import Finding, Standing
from asstctl.providers import PROVIDERS
from asstctl.providers.local.inspection import SqliteFeatures, sqlite_features
from asstctl.workspace.doctor.file_systems import SHARED, file_system_of
from asstctl.workspace.doctor.home import Home

NAME = "sqlite"


def check(home: Home) -> Iterable[Finding]:
    """One finding for what SQLite is, and one for where it would be used, if that is odd."""
    found = [*judged(sqlite_features())]
    local = home.project is None or any(PROVIDERS[one.provider].embedded for one in home.project.targets.values())
    if local:
        found += place(file_system_of(home.folder), home.folder.name)
    return found


def judged(features: SqliteFeatures) -> Iterable[Finding]:
    """What of it is missing."""
    said = f"SQLite {features.version}"
    newer = "Use a Python that comes with a newer SQLite."
    if features.is_old:
        yield Finding(NAME, Standing.WRONG, f"{said} is too old: {features.oldest} or newer is needed", newer)
    elif not features.json:
        yield Finding(NAME, Standing.WRONG, f"{said} has no JSON functions", "Use another build of Python.")
    elif not features.full_text:
        summary = f"{said} has no full-text search (FTS5): searches in local vector stores read every chunk"
        yield Finding(NAME, Standing.WARNING, summary, newer)
    else:
        yield Finding(NAME, Standing.FINE, f"{said}, with JSON and full-text search")


def place(file_system: str, folder: str) -> Iterable[Finding]:
    """What is to be known of the file system that databases lie on."""
    if file_system in SHARED:
        yield Finding(
            NAME,
            Standing.WARNING,
            f"{folder} lies on a file system that several machines write to ({file_system})",
            "Keep the checkout on a disk of this machine, or use one process at a time.",
            "SQLite needs locks and shared memory that such a file system may not have: a database can be damaged",
        )
