"""The schemas for editors that a project keeps: whether they are those of this version."""

from collections.abc import Iterable

from asstctl.core.doctor import Finding, Standing
from asstctl.core.suggest import some_of
from asstctl.workspace.doctor.home import Home
from asstctl.workspace.schema import FOLDER, chosen, stale_schemas

NAME = "schemas"


def check(home: Home) -> Iterable[Finding]:
    """One finding; none for a project that keeps no schemas."""
    folder = home.root / FOLDER
    if not folder.is_dir():
        return []
    kept = {name: text for name, text in chosen(None).items() if (folder / f"{name}.json").exists()}
    if stale := stale_schemas(folder, kept):
        summary = (
            f"{FOLDER}/{some_of(stale, 1)} {'is' if len(stale) == 1 else 'are'} not what this version checks files by"
        )
        return [Finding(NAME, Standing.WARNING, summary, f"Write them anew: asstctl schema --out {FOLDER}")]
    return [Finding(NAME, Standing.FINE, f"{FOLDER} is up to date")] if kept else []
