"""What git knows of the project: plans name a revision, and conflicts show what a field was, where it knows enough."""

from collections.abc import Iterable

from asstctl.core.doctor import Finding, Standing
from asstctl.documents.project_folder import PROJECT_FILE
from asstctl.workspace.doctor.home import Home
from asstctl.workspace.git import NoAnswer, NoGit, NoRepository, ask_git
from asstctl.workspace.revision import git_revision

NAME = "git"

_WITHOUT = "plans name no revision, and a conflict does not show what the field was"


def check(home: Home) -> Iterable[Finding]:
    """One finding; git is of use here and never needed."""
    try:
        ask_git(home.root, "rev-parse", "--git-dir")
    except NoGit:
        return [Finding(NAME, Standing.NOTE, "there is no git on this machine", detail=_WITHOUT)]
    except NoRepository:
        return [Finding(NAME, Standing.NOTE, "the project lies in no git repository", detail=_WITHOUT)]
    except NoAnswer as error:
        return [Finding(NAME, Standing.NOTE, f"git says: {error}", detail=_WITHOUT)]
    revision = git_revision(home.root)
    if revision is None:
        return [Finding(NAME, Standing.NOTE, "nothing is committed yet", detail=_WITHOUT)]
    if home.project is not None and home.project.file is not None and not _knows(home, PROJECT_FILE):
        return [Finding(NAME, Standing.NOTE, f"{PROJECT_FILE} is not committed", f"git add {PROJECT_FILE}")]
    return [Finding(NAME, Standing.FINE, f"a repository, at {revision}")]


def _knows(home: Home, file: str) -> bool:
    try:
        return bool(ask_git(home.root, "ls-files", "-z", "--", file))
    except NoAnswer:
        return False
