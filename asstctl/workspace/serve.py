"""Use case: what `serve` serves: the database and the replies of a local target, or what was named instead.

The server itself is the emulator's, which the command opens; here stands only what a project says of it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from asstctl.core.errors import WrongUsage
from asstctl.core.ports import Replies
from asstctl.documents.paths import shown
from asstctl.manifest import Target
from asstctl.providers import PROVIDERS
from asstctl.workspace.our_folder import check_our_folder
from asstctl.workspace.workspace import Workspace

MEMORY: Literal[":memory:"] = ":memory:"


@dataclass(frozen=True, slots=True)
class Served:
    """A database with its replies, which may hold a key and so are not printed."""

    database: Path | Literal[":memory:"]
    replies: Replies = field(repr=False)
    is_ours: bool
    """Whether the database lies in the project's own folder, which is made when it is missing."""

    @property
    def is_new(self) -> bool:
        """Whether there is no such database yet, so that a program would find nothing."""
        return not isinstance(self.database, Path) or not self.database.exists()

    @property
    def place(self) -> str:
        """What a person calls the database."""
        return shown(Path.cwd(), self.database) if isinstance(self.database, Path) else "memory"

    @property
    def source(self) -> str:
        """Where replies come from, in a few words and without a key."""
        if isinstance(self.replies, str):
            return self.replies
        if "script" in self.replies:
            return f"script, {shown(Path.cwd(), Path(self.replies['script']))}"
        return f"chat, {urlsplit(self.replies['chat']['base_url']).netloc.rpartition('@')[2]}"

    @contextmanager
    def opening(self) -> Iterator[None]:
        """Open the server in this block: its folder is there and safe, and what goes wrong is said as anywhere."""
        from asstctl.providers.local.failures import explained
        from asstctl.providers.local.folder import prepare_folder

        if self.is_ours and isinstance(self.database, Path):
            prepare_folder(self.database)
        with explained(self.place, otherwise="" if self.is_ours else "name another file with --database"):
            yield


def to_serve(workspace: Workspace, database: str | None = None, replies: str | None = None) -> Served:
    """What to serve. What is given (`:memory:` or a file; `echo` or a rules file) replaces what the target says.

    Raises WrongUsage where the chosen target is not local.
    """
    given = _replies(replies) if replies is not None else None
    if database is not None:
        file = _file(database)
        if given is None:
            workspace = _on_local_target(workspace, needed=False)
            given = _configured(workspace) if _is_local(workspace.target) else "echo"
        return Served(file, given, is_ours=False)
    workspace = _on_local_target(workspace, needed=True)
    check_our_folder(workspace.project.root)
    return Served(workspace.database, given if given is not None else _configured(workspace), is_ours=True)


def _configured(workspace: Workspace) -> Replies:
    """What the target says, where its key may go there."""
    workspace.check_key_host()
    return workspace.target.replies


def _file(text: str) -> Path | Literal[":memory:"]:
    if text == MEMORY:
        return MEMORY
    file = Path(text).absolute()
    if not file.parent.is_dir():
        raise WrongUsage(f"there is no folder {shown(Path.cwd(), file.parent)}", hint=f"mkdir -p {file.parent}")
    return file


def _replies(text: str) -> Replies:
    return {"script": str(Path(text).absolute())} if text != "echo" else "echo"


def _on_local_target(workspace: Workspace, *, needed: bool) -> Workspace:
    """On the target that was named, else on the default one, else on `local`."""
    local = sorted(name for name, target in workspace.project.targets.items() if _is_local(target))
    if workspace.target_name is None and not _is_local(workspace.target) and "local" in local:
        return replace(workspace, target_name="local")
    if needed and not _is_local(workspace.target):
        raise WrongUsage(
            f"target {workspace.target.name} is not local",
            detail=f"local: {', '.join(local)}" if local else "no target of this project is",
            hint=f"asstctl serve --target {local[0]}" if local else "asstctl serve --database FILE",
        )
    return workspace


def _is_local(target: Target) -> bool:
    return PROVIDERS[target.provider].embedded
