"""Use case: begin a project with what an account holds: manifests, and a file that says what is to be adopted.

Objects of this project and of others are left alone, and so is every file that is there already. Nothing on the
target is changed: the next plan shows the adoptions.
"""

from collections.abc import Iterator

from asstctl.core.address import Address
from asstctl.core.change import Action
from asstctl.core.errors import Refused
from asstctl.core.ports import Provider
from asstctl.core.pull import FileEdit, Pulled, Taken
from asstctl.core.resource import Live
from asstctl.documents.paths import PathRefused, inside
from asstctl.documents.yaml_writing import whole
from asstctl.engine.planning.ownership import Ownership
from asstctl.engine.read import read
from asstctl.kinds import KINDS
from asstctl.manifest.discovery import matches
from asstctl.manifest.from_live import Written, write_manifests
from asstctl.manifest.project import DEFAULT_MANIFESTS
from asstctl.manifest.sources import read_sources
from asstctl.workspace.plan import ownership_of, plan_on
from asstctl.workspace.workspace import Workspace
from asstctl.workspace.written_files import Watching, write_watched

FOLDER = "assistants"
CHANGES = "adopt.yaml"


async def pull_all(workspace: Workspace, into: str, watching: Watching) -> Pulled:
    """Write manifests for every object that bears no mark."""
    folder = _folder(workspace, into or FOLDER)
    sources = read_sources(workspace.project)
    is_new = not sources.manifests.every and not sources.manifests.changes
    declared = () if is_new else workspace.desired()
    taken = {*sources.by_address}
    async with workspace.open() as provider:
        reading = await read(provider.store, KINDS)
        ownership = ownership_of(workspace, provider, reading)
        waiting = set() if is_new else {adoption.id for adoption in workspace.loaded.decisions.adopt}
        names = {one.name: one.address for one in declared if one.name and one.address not in ownership.owned}
        foreign = [live for live in ownership.foreign if live.id not in waiting]
        wanted = [live for live in foreign if live.name not in names]
        secrets = workspace.project.secrets
        made = write_manifests(wanted, workspace.target.provider, {*taken, *ownership.owned}, secrets)
        found = Pulled(
            workspace.info,
            tuple(_edits(workspace, folder, made)),
            tuple(Taken(address, "") for address in made.adopted),
            tuple(made.left),
            notes=tuple(_notes(workspace, ownership, foreign, names)),
            adopting=True,
        )
        return await write_watched(workspace, found, watching, lambda fresh: _what_remains(fresh, provider, made))


async def _what_remains(workspace: Workspace, provider: Provider, made: Written) -> tuple[Taken, ...]:
    """The fields of new manifests that differ from their objects: there should be none."""
    plan, _ = await plan_on(workspace, provider)
    changes = {change.address: change for change in plan.changes}
    if missing := [address for address in made.adopted if address not in changes]:
        raise Refused(f"{missing[0]} is not among what the project declares", detail="nothing was written")
    new = [changes[address] for address in made.adopted]
    differing = [Taken(change.address, field.name) for change in new for field in change.fields]
    return (*differing, *(Taken(change.address, "") for change in new if change.action is not Action.ADOPT))


def _folder(workspace: Workspace, into: str) -> str:
    """The folder in the project, if its files would be read as manifests."""
    root = workspace.project.root
    try:
        real = inside(root, root, into, dot_files=False)
    except PathRefused as refused:
        raise Refused(refused.summary, hint=refused.hint) from None
    folder = real.relative_to(root.resolve()).as_posix()
    globs = workspace.project.manifests or DEFAULT_MANIFESTS
    for name in ("x.yaml", "x.md", "functions/x.yaml"):
        path = name if folder == "." else f"{folder}/{name}"
        if not any(matches(glob.lstrip("/"), path) for glob in globs):
            hint = f"add `{into}/**/*.yaml` and `{into}/**/*.md` to `manifests` in asstctl.yaml"
            raise Refused(f"files in {into} would not be read as manifests", hint=hint)
    return folder


def _edits(workspace: Workspace, folder: str, made: Written) -> Iterator[FileEdit]:
    used: set[str] = set()
    for file in made.files:
        yield FileEdit(_free(workspace, folder, file.name, used), None, file.text)
    if made.adopted:
        target = workspace.target.name
        entries = [{"to": str(address), "target": target, "id": id} for address, id in sorted(made.adopted.items())]
        text = whole({"kind": "changes", "adopt": entries})
        yield FileEdit(_free(workspace, folder, CHANGES, used), None, text)


def _free(workspace: Workspace, folder: str, name: str, used: set[str]) -> str:
    """A path where nothing is yet."""
    stem, dot, ending = name.rpartition(".")
    number = 1
    while True:
        tried = name if number == 1 else f"{stem}-{number}{dot}{ending}"
        path = tried if folder == "." else f"{folder}/{tried}"
        if path.lower() not in used and not (workspace.project.root / path).exists():
            used.add(path.lower())
            return path
        number += 1


def _notes(workspace: Workspace, ownership: Ownership, foreign: list[Live], names: dict[str, Address]) -> Iterator[str]:
    for live in foreign:
        if live.name in names:
            command = workspace.info.command(f"adopt {names[live.name]} {live.id}")
            yield f"{live.id} is named as {names[live.name]} is, which is not there yet; to take it over: {command}"
    if ownership.others:
        projects = sorted({project for _, project in ownership.others})
        count = len(ownership.others)
        belong, stay = ("1 object belongs", "stays") if count == 1 else (f"{count} objects belong", "stay")
        yield f"{belong} to other projects ({', '.join(projects)}) and {stay} there."
    for live, damaged in ownership.damaged:
        yield f"{live.id} bears a mark that cannot be used ({damaged.reason}) and is left alone."
