"""Use case: begin a project with what an account holds: manifests, and a file that says what is to be adopted.

Objects of this project and of others are left alone, and so is every file that is there already. Nothing on the
target is changed: the next plan shows the adoptions.
"""

from collections.abc import Iterator

from asstctl.core.address import Address
from asstctl.core.change import Action
from asstctl.core.errors import Refused
from asstctl.core.ports import Provider
from asstctl.core.pull import Pulled, Taken
from asstctl.core.resource import Live
from asstctl.engine.planning.ownership import Ownership
from asstctl.engine.read import read
from asstctl.kinds import KINDS
from asstctl.manifest.from_live import Written, write_manifests
from asstctl.manifest.sources import read_sources
from asstctl.manifest.tool_words import Words
from asstctl.workspace.new_files import FOLDER, NewFiles, folder_for
from asstctl.workspace.plan import ownership_of, plan_on
from asstctl.workspace.workspace import Workspace
from asstctl.workspace.written_files import Watching, write_watched


async def pull_all(workspace: Workspace, into: str, watching: Watching) -> Pulled:
    """Write manifests for every object that bears no mark."""
    folder = folder_for(workspace.project, into or FOLDER)
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
        words = Words.of(provider.store.capabilities, workspace.target)
        addresses = {*taken, *ownership.owned}
        made = write_manifests(wanted, workspace.target.provider, addresses, secrets, words=words)
        files = NewFiles(workspace.project.root)
        files.add_all(folder, made.files)
        files.adopt(folder, workspace.target.name, made.adopted)
        found = Pulled(
            workspace.info,
            tuple(files.edits),
            tuple(Taken(address, "") for address in made.adopted),
            tuple(made.left),
            notes=tuple(account_notes(workspace, ownership, foreign, names)),
            adopting=True,
        )
        return await write_watched(workspace, found, watching, lambda fresh: what_remains(fresh, provider, made))


async def what_remains(workspace: Workspace, provider: Provider, made: Written) -> tuple[Taken, ...]:
    """The fields of new manifests that differ from their objects: there should be none."""
    plan, _ = await plan_on(workspace, provider)
    changes = {change.address: change for change in plan.changes}
    if missing := [address for address in made.adopted if address not in changes]:
        raise Refused(f"{missing[0]} is not among what the project declares", detail="nothing was written")
    new = [changes[address] for address in made.adopted]
    differing = [Taken(change.address, field.name) for change in new for field in change.fields]
    return (*differing, *(Taken(change.address, "") for change in new if change.action is not Action.ADOPT))


def account_notes(
    workspace: Workspace, ownership: Ownership, foreign: list[Live], names: dict[str, Address]
) -> Iterator[str]:
    """Sentences on the objects of an account that no manifest is written for."""
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
