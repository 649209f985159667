"""Use case: start a project that validates, plans, applies and tests on `local` at once.

Nothing is asked: the project is named as its folder is, the pipeline is that of the forge which git pushes to, and
where manifests are there already no other assistant is put beside them. With a source, which is what `migrate` reads or
a target, the project begins with what is there.
"""

import os
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from asstctl._version import __version__
from asstctl.core.errors import Refused, WrongUsage
from asstctl.core.migration import Migrated
from asstctl.core.pull import FileEdit, Pulled
from asstctl.core.suggest import did_you_mean
from asstctl.documents.project_folder import PROJECT_FILE
from asstctl.manifest import Project
from asstctl.manifest.sources import read_sources
from asstctl.workspace.file_writing import write_all
from asstctl.workspace.git import NoAnswer, ask_git
from asstctl.workspace.new_files import project_name
from asstctl.workspace.our_folder import ignoring
from asstctl.workspace.schema import DOCUMENTS, FOLDER, modeline
from asstctl.workspace.workspace import Workspace
from asstctl.workspace.written_files import Watching

ASSISTANT = ("assistants/tutor.md", "assistants/tutor.replies.yaml", "assistants/solves.convo.yaml")
"""The files of the first assistant, as they lie in the package's `starter` folder."""

_REPLIES = "    replies: {script: assistants/tutor.replies.yaml}\n"


@dataclass(frozen=True, slots=True)
class Pipeline:
    """What a forge runs: the file in which it looks for that, and the template in `starter` that it is made of."""

    path: str
    template: str


PIPELINES: Mapping[str, Pipeline] = {
    "gitlab": Pipeline(".gitlab-ci.yml", "pipelines/gitlab.yml"),
    "github": Pipeline(".github/workflows/assistants.yml", "pipelines/github.yml"),
}
"""By a word in the address that git pushes to; the last is meant where none of them stands there."""


@dataclass(frozen=True, slots=True)
class Started:
    """What `init` wrote, as paths from the project's folder; and what it brought from elsewhere, which shows its own
    files itself."""

    written: tuple[str, ...]
    brought: Migrated | Pulled | None = None


@dataclass(frozen=True, slots=True)
class Repository:
    """What git says of a folder: the top of its checkout, which is the folder itself where there is none; the address
    that is pushed to, and the branch that is checked out."""

    top: Path
    address: str = ""
    branch: str = "main"

    @classmethod
    def of(cls, folder: Path) -> "Repository":
        """That of a folder."""
        top = _said(folder, "rev-parse", "--show-toplevel")
        if not top:
            return cls(folder)
        address = _said(folder, "config", "--get", "remote.origin.url")
        return cls(Path(top), address, _said(folder, "symbolic-ref", "--short", "HEAD") or "main")


def init(folder: Path) -> Started:
    """Write a project into a folder. Raises Refused, with nothing written, where one is there already."""
    there = Project(folder)
    has_manifests = bool(read_sources(there).manifests.every)
    names = (PROJECT_FILE,) if has_manifests else (PROJECT_FILE, *ASSISTANT)
    if existing := [name for name in names if (folder / name).exists()]:
        raise Refused(
            "this folder has a project already" if PROJECT_FILE in existing else "a file would be overwritten",
            detail=f"there: {', '.join(existing)}",
            hint="go on with asstctl plan, or name another folder: asstctl -C DIR init",
        )
    texts = {name: _starter(name) for name in names}
    texts[PROJECT_FILE] = _named(texts[PROJECT_FILE], folder, replies=not has_manifests)
    edits = [FileEdit(name, None, f"{modeline(Path(name), folder)}{text}") for name, text in texts.items()]
    return Started(_written(folder, [*edits, *_around(folder)]))


async def init_from(workspace: Workspace, source: str) -> Started:
    """Begin a project with what was saved of the Assistants API, or with what a target holds.

    `source` is a path, or the name of a target. Raises WrongUsage where it is neither, and what `migrate` and
    `pull_all` raise.
    """
    folder = workspace.directory
    brought = await _brought(workspace, source)
    around = [] if isinstance(brought, Pulled) and not brought.written else [*_around(folder)]
    return Started(_written(folder, around), brought)


async def _brought(workspace: Workspace, source: str) -> Migrated | Pulled:
    path = workspace.directory / source
    if path.exists():
        from asstctl.workspace.migrate import Wanted, migrate

        return await migrate(workspace, Wanted((path.relative_to(workspace.directory),)))
    targets = workspace.project.targets
    if source not in targets:
        raise WrongUsage(
            f"{source} is neither a file or folder nor a target",
            detail=f"targets of the project: {', '.join(targets)}",
            hint=did_you_mean(source, targets) or f"write the target into {PROJECT_FILE} first",
        )
    from dataclasses import replace

    from asstctl.workspace.pull_all import pull_all

    # new files overwrite nothing, so that there is nothing to ask
    return await pull_all(replace(workspace, target_name=source), "", Watching(lambda found: True))


def _around(folder: Path) -> Iterator[FileEdit]:
    """What a project has around its manifests, as far as it is not there: what git leaves alone, schemas for editors,
    and what the forge runs. Paths start at the folder."""
    if ignored := ignoring(folder):
        yield ignored
    for name, document in DOCUMENTS.items():
        path = f"{FOLDER}/{name}.json"
        if not (folder / path).exists():
            yield FileEdit(path, None, document.text)
    repository = Repository.of(folder)
    known = (one for word, one in PIPELINES.items() if word in repository.address)
    pipeline = next(known, [*PIPELINES.values()][-1])
    if not (repository.top / pipeline.path).exists():
        inside = Path(os.path.relpath(folder.resolve(), repository.top.resolve())).as_posix()
        command = "asstctl" if inside == "." else f"asstctl -C {shlex.quote(inside)}"
        text = _starter(pipeline.template).replace("@VERSION@", __version__).replace("@BRANCH@", repository.branch)
        path = os.path.relpath(repository.top.resolve() / pipeline.path, folder.resolve())
        yield FileEdit(Path(path).as_posix(), None, text.replace("@ASSTCTL@", command))


def shown_once(written: tuple[str, ...]) -> tuple[str, ...]:
    """The paths, with those of the schemas as the one folder that they are."""
    return tuple(dict.fromkeys(f"{FOLDER}/" if name.startswith(f"{FOLDER}/") else name for name in written))


def _written(folder: Path, edits: list[FileEdit]) -> tuple[str, ...]:
    """Write all of them or none; the pipeline may lie above the folder, at the top of the checkout."""
    top = Repository.of(folder).top.resolve()
    within = folder.resolve().relative_to(top)
    moved = [FileEdit(Path(os.path.normpath(within / one.path)).as_posix(), one.before, one.after) for one in edits]
    write_all(top, moved)
    return tuple(one.path for one in edits)


def _named(text: str, folder: Path, *, replies: bool) -> str:
    """The project file with a name of its own, and without the script of an assistant that is not there."""
    placeholder = "project: my-assistants"
    named = text.replace(placeholder, f"project: {project_name(folder)}".ljust(len(placeholder)))
    return named if replies else named.replace(_REPLIES, "")


def _starter(name: str) -> str:
    return (files("asstctl.workspace") / "starter" / name).read_text("utf-8")


def _said(folder: Path, *arguments: str) -> str:
    try:
        return ask_git(folder, *arguments).decode("utf-8", "replace").strip()
    except NoAnswer:
        return ""
