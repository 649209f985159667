"""Use case: start a project that validates, plans, applies and tests on `local` at once.

Nothing is asked: the project is named as its folder is, the pipeline is that of the forge which git pushes to, and
where manifests are there already no other assistant is put beside them. With a source, which is what `migrate` reads or
a target, the project begins with what is there.
"""

import os
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path

from asstctl._version import __version__
from asstctl.core.errors import Refused, WrongUsage
from asstctl.core.migration import Migrated
from asstctl.core.pull import FileEdit, Pulled
from asstctl.core.suggest import did_you_mean
from asstctl.documents.project_folder import PROJECT_FILE
from asstctl.documents.yaml_writing import inline
from asstctl.manifest import Project
from asstctl.manifest.discovery import discover
from asstctl.manifest.sources import read_sources
from asstctl.workspace.file_writing import check_all, write_all
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
class PipelineFile:
    """What a forge runs: the file in which it looks for that, and the template in `starter` that it is made of."""

    path: str
    template: str


PIPELINES: Mapping[str, PipelineFile] = {
    "gitlab": PipelineFile(".gitlab-ci.yml", "pipelines/gitlab.yml"),
    "github": PipelineFile(".github/workflows/assistants.yml", "pipelines/github.yml"),
}
"""By a word in the name of the host that git pushes to; the last is meant where none of them stands there."""

_ADDRESS = re.compile(r"(?:\w+://)?(?:[^@/]*@)?([^/:]*)")
"""An address of git's, up to the end of its host: `https://`, `ssh://` or `git@HOST:PATH`."""


@dataclass(frozen=True, slots=True)
class Started:
    """What `init` wrote, as paths from the project's folder; `unchecked`, a sentence on a pipeline that was there
    already and does not check this project; what it brought from elsewhere, which shows its own files itself; and
    whether there are conversations to have (`talks`)."""

    written: tuple[str, ...]
    unchecked: str = ""
    brought: Migrated | Pulled | None = None
    talks: bool = True


@dataclass(frozen=True, slots=True)
class Repository:
    """What git says of a folder: the top of its checkout, which is the folder itself where there is none; the host that
    is pushed to, and the branch that pull requests are merged into."""

    top: Path
    host: str = ""
    branch: str = "main"

    @classmethod
    def of(cls, folder: Path) -> "Repository":
        """That of a folder."""
        top = _said(folder, "rev-parse", "--show-toplevel")
        if not top:
            return cls(folder)
        remotes = _said(folder, "remote").splitlines()
        remote = "origin" if "origin" in remotes or not remotes else remotes[0]
        address = _ADDRESS.match(_said(folder, "config", "--get", f"remote.{remote}.url"))
        return cls(Path(top), address[1].lower() if address else "", _main_branch(folder, remote))


def _main_branch(folder: Path, remote: str) -> str:
    """What the remote says; else one of the usual two, for whoever starts a project may stand on a branch for it; else
    where they stand."""
    known = _said(folder, "symbolic-ref", "--short", f"refs/remotes/{remote}/HEAD").removeprefix(f"{remote}/")
    if known:
        return known
    here = _said(folder, "symbolic-ref", "--short", "HEAD")
    there = _said(folder, "for-each-ref", "--format=%(refname:short)", "refs/heads").splitlines()
    return next((usual for usual in ("main", "master") if usual in there), here) or next(iter(there), "main")


def init(folder: Path) -> Started:
    """Write a project into a folder. Raises Refused, with nothing written, where one is there already."""
    has_manifests = bool(read_sources(Project(folder)).manifests.every)
    names = (PROJECT_FILE,) if has_manifests else (PROJECT_FILE, *ASSISTANT)
    if existing := [name for name in names if (folder / name).exists()]:
        is_project = PROJECT_FILE in existing
        way = "go on with asstctl plan" if is_project else "move it"
        raise Refused(
            "this folder has a project already" if is_project else "a file would be overwritten",
            detail=f"there: {', '.join(existing)}",
            hint=f"{way}, or name another folder: asstctl -C DIR init",
        )
    texts = {name: _starter(name) for name in names}
    texts[PROJECT_FILE] = _named(texts[PROJECT_FILE], folder, replies=not has_manifests)
    edits = [FileEdit(name, None, f"{modeline(Path(name), folder)}{text}") for name, text in texts.items()]
    talks = _talks(folder) or not has_manifests
    around = _Around.of(folder, talks=talks)
    written = [*edits, *around.edits]
    write_all(around.top, _from_top(folder, around.top, written))
    return Started(tuple(one.path for one in written), around.unchecked, talks=talks)


async def init_from(workspace: Workspace, source: str) -> Started:
    """Begin a project with what was saved of the Assistants API, or with what a target holds.

    `source` is a path, or the name of a target. Raises WrongUsage where it is neither, and what `migrate` and
    `pull_all` raise.
    """
    folder = workspace.project.root
    around = _Around.of(folder)
    check_all(around.top, _from_top(folder, around.top, around.edits))
    brought = await _brought(workspace, source)
    if not brought.written:
        return Started((), brought=brought)
    around = _Around.of(folder, talks=_talks(folder))
    write_all(around.top, _from_top(folder, around.top, (*around.edits, *_for_editors(folder, brought.edits))))
    return Started(tuple(one.path for one in around.edits), around.unchecked, brought)


def _for_editors(folder: Path, edits: Iterable[FileEdit]) -> Iterator[FileEdit]:
    """The files that were brought, with the line that tells editors their schema."""
    for one in edits:
        if one.before is None and (line := modeline(Path(one.path), folder)):
            yield FileEdit(one.path, one.after, f"{line}{one.after}")


async def _brought(workspace: Workspace, source: str) -> Migrated | Pulled:
    path = workspace.directory / source
    if path.exists():
        from asstctl.workspace.migrate import Wanted, migrate

        return await migrate(workspace, Wanted((Path(source),)))
    targets = workspace.project.targets
    if source not in targets:
        is_path = "/" in source or "." in source
        raise WrongUsage(
            f"{source} is neither a file or folder nor a target",
            detail=f"targets of the project: {', '.join(targets)}",
            hint="check the path" if is_path else did_you_mean(source, targets),
        )
    from asstctl.workspace.pull_all import pull_all

    # new files overwrite nothing, so that there is nothing to ask
    return await pull_all(replace(workspace, target_name=source), "", Watching(lambda found: True))


@dataclass(frozen=True, slots=True)
class _Around:
    """What a project has around its manifests, as far as it is not there: what git leaves alone, schemas for editors,
    and what the forge runs. Paths start at the folder; `top` is that of its checkout."""

    top: Path
    edits: tuple[FileEdit, ...]
    unchecked: str = ""

    @classmethod
    def of(cls, folder: Path, *, talks: bool = True) -> "_Around":
        """That of a folder; `talks`: there are conversations."""
        ignored = ignoring(folder)
        edits = [] if ignored is None else [ignored]
        paths = ((f"{FOLDER}/{name}.json", document) for name, document in DOCUMENTS.items())
        edits += (FileEdit(path, None, document.text) for path, document in paths if not (folder / path).exists())
        repository = Repository.of(folder)
        known = (one for word, one in PIPELINES.items() if word in repository.host)
        pipeline = next(known, [*PIPELINES.values()][-1])
        there = repository.top / pipeline.path
        inside = Path(os.path.relpath(folder.resolve(), repository.top.resolve())).as_posix()
        command = "asstctl" if inside == "." else f"asstctl -C {shlex.quote(inside)}"
        if os.path.lexists(there):
            return cls(repository.top, tuple(edits), _unchecked(there, pipeline.path, f"{command} ci validate"))
        path = Path(os.path.relpath(repository.top.resolve() / pipeline.path, folder.resolve())).as_posix()
        text = _starter(pipeline.template).replace("@VERSION@", __version__)
        text = text.replace("@BRANCH@", inline(repository.branch, flow=True))
        return cls(repository.top, (*edits, FileEdit(path, None, _with_commands(text, command, talks=talks))))


def _with_commands(text: str, command: str, *, talks: bool) -> str:
    """A pipeline with its commands, as YAML has them; that to test is a comment while there is no conversation."""

    def line(found: re.Match[str]) -> str:
        said = found["start"] + inline(f"{command}{found['words']}")
        return (
            said
            if talks or " ci test" not in found["words"]
            else f"{found['indent']}# with a conversation: {said.strip()}"
        )

    return re.sub(r"^(?P<start>(?P<indent> *)-.* )@ASSTCTL@(?P<words>.*)$", line, text, flags=re.MULTILINE)


def _unchecked(pipeline: Path, shown: str, command: str) -> str:
    """What to say of a pipeline that stays: nothing where it runs the command."""
    try:
        runs = command in pipeline.read_text("utf-8", errors="replace")
    except OSError:
        runs = False
    return "" if runs else f"{shown} is there already and stays as it is. To check this project, have it run: {command}"


def _talks(folder: Path) -> bool:
    return bool(discover(Project(folder)).conversations)


def shown_once(written: tuple[str, ...]) -> tuple[str, ...]:
    """The paths, with those of the schemas as the one folder that they are."""
    return tuple(dict.fromkeys(f"{FOLDER}/" if name.startswith(f"{FOLDER}/") else name for name in written))


def _from_top(folder: Path, top: Path, edits: Iterable[FileEdit]) -> list[FileEdit]:
    """The same edits from the top of the checkout, where the pipeline may lie, above the folder."""
    within = folder.resolve().relative_to(top.resolve())
    return [FileEdit(Path(os.path.normpath(within / one.path)).as_posix(), one.before, one.after) for one in edits]


def _named(text: str, folder: Path, *, replies: bool) -> str:
    """The project file with a name of its own, and without the script of an assistant that is not there."""
    placeholder = "project: my-assistants"
    named = text.replace(placeholder, f"project: {inline(project_name(folder))}".ljust(len(placeholder)))
    return named if replies else named.replace(_REPLIES, "")


def _starter(name: str) -> str:
    return (files("asstctl.workspace") / "starter" / name).read_text("utf-8")


def _said(folder: Path, *arguments: str) -> str:
    try:
        return ask_git(folder, *arguments).decode("utf-8", "replace").strip()
    except NoAnswer:
        return ""
