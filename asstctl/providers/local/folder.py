"""The folder `.asstctl/` that holds local databases: made private, kept out of git, and never a way elsewhere."""

from pathlib import Path

from asstctl.core.errors import StoreError
from asstctl.documents.paths import OUR_FOLDER
from asstctl.documents.private import make_private


def prepare_folder(database: Path) -> None:
    """See that the folder of a database exists and is safe to write in.

    A folder in a checkout could be a symlink that somebody committed; following it would write wherever
    they please.
    """
    folder = database.parent
    companions = [database.with_name(database.name + ending) for ending in ("-wal", "-shm", "-journal")]
    for path in (folder, database, *companions, folder / ".gitignore"):
        if path.is_symlink():
            raise StoreError(
                f"{path.name} is a symlink", detail=f"{path}: it is not followed", hint=f"Remove it: rm {path}"
            )
    if folder.exists() and not folder.is_dir():
        raise StoreError(
            f"{folder.name} is not a folder", detail=str(folder), hint=f"Move it away: mv {folder} ELSEWHERE"
        )
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        ours, ignore = folder.name == OUR_FOLDER, folder / ".gitignore"
        if ours:  # any other is its user's, who chose its mode
            make_private(folder)
        if ours and not ignore.exists():
            with ignore.open("x", encoding="utf-8") as file:  # made, or nothing: never written through a link
                file.write("*\n")
    except FileExistsError:
        return
    except OSError as error:
        raise StoreError(
            f"{folder.name} cannot be written",
            detail=f"{folder}: {(error.strerror or 'unknown reason').lower()}",
            hint="Make room or mend its permissions, then type the same command again.",
        ) from error
