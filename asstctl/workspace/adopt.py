"""Use case: take over an object that bears no mark, now or by an entry in a `kind: changes` file."""

from dataclasses import replace
from pathlib import PurePosixPath

from asstctl.core.address import Address
from asstctl.core.decisions import Adoption, Decisions
from asstctl.core.errors import Refused, WrongUsage
from asstctl.core.inventory import Inventory, Resource
from asstctl.core.json_types import Json
from asstctl.core.outcome import Applied
from asstctl.core.pull import FileEdit, Pulled, Taken
from asstctl.documents.editor import CannotPlace, edited, number_of
from asstctl.documents.paths import PathRefused, inside
from asstctl.documents.yaml_writing import whole
from asstctl.engine.read import read
from asstctl.manifest.sources import read_sources
from asstctl.workspace.apply import Conduct, apply
from asstctl.workspace.choices import Choices
from asstctl.workspace.plan import ownership_of
from asstctl.workspace.selection import select
from asstctl.workspace.veil import hidden_of
from asstctl.workspace.workspace import Workspace
from asstctl.workspace.written_files import Watching, write_watched

NEW_FILE = "assistants/changes.yaml"


def address_of(workspace: Workspace, text: str) -> Address:
    """The declared address that a text means. Raises WrongUsage."""
    (address,) = select([text], {one.address for one in workspace.desired()}, "adopt")
    return address


async def adopt(workspace: Workspace, address: Address, id: str, conduct: Conduct) -> Applied:
    """Plan this address with that adoption, ask, and carry it out. What it depends on comes with it."""
    decided = Decisions(adopt=(Adoption(address, id),))
    return await apply(replace(workspace, decided=decided), conduct, Choices(only=(str(address),)))


async def candidates(workspace: Workspace, address: Address) -> Inventory:
    """The objects without a mark that could become an address: those of its name, else all of its kind."""
    name = next(one.name for one in workspace.desired() if one.address == address)
    async with workspace.open() as provider:
        reading = await read(provider.store, [address.kind])
        ownership = ownership_of(workspace, provider, reading)
    hidden = hidden_of(workspace.project.secrets)
    foreign = [live for live in ownership.foreign if live.kind == address.kind]
    named = [live for live in foreign if name and live.name == name] or foreign
    if not named:
        raise Refused(
            f"there is nothing on {workspace.target.name} that {address} could take over",
            detail=f"every {address.kind} there bears a mark, or there is none",
            hint=workspace.info.command("plan"),
        )
    return Inventory(
        workspace.info,
        tuple(
            Resource(
                address,
                "same name" if name and live.name == name else "no mark",
                hidden.out_of(live.name),
                live.id,
                str(live.fields.get("model") or ""),
                live.created_at,
            )
            for live in named
        ),
    )


async def record(workspace: Workspace, address: Address, id: str, file: str, watching: Watching) -> Pulled:
    """Write the adoption into a `kind: changes` file, instead of making it."""
    entry: dict[str, Json] = {"to": str(address), "target": workspace.target.name, "id": id}
    sources = read_sources(workspace.project)
    known = {layer.document.path: layer for layer in sources.manifests.changes}
    path = _path(workspace, file) if file else next(iter(known), NEW_FILE)
    if path in known:
        document = known[path].document
        value = known[path].value
        entries = [*(value.get("adopt") or ()), entry]
        try:
            after = edited(document.text, number_of(document), ("adopt",), entries)
        except CannotPlace as refused:
            way = workspace.info.command(f"adopt {address} {id} --record FILE")
            raise Refused(
                f"the entry cannot be written into {path}",
                detail=f"{path}:{refused.line}: {refused.reason}",
                hint=f"write it there yourself, or name another file: {way}",
            ) from refused
        edit = FileEdit(path, document.text, after)
    elif (workspace.project.root / path).exists():
        raise WrongUsage(f"{path} is no `kind: changes` file", hint=f"name another one, such as {NEW_FILE}")
    else:
        edit = FileEdit(path, None, whole({"kind": "changes", "adopt": [entry]}))
    found = Pulled(workspace.info, (edit,), (Taken(address, ""),), adopting=True)

    async def remaining(fresh: Workspace) -> tuple[Taken, ...]:
        if (address, id) not in {(one.to, one.id) for one in fresh.loaded.decisions.adopt}:
            raise Refused(f"{path} would not be read", hint="name a file that `manifests` of asstctl.yaml matches")
        return ()

    return await write_watched(workspace, found, watching, remaining)


def _path(workspace: Workspace, file: str) -> str:
    root = workspace.project.root
    try:
        real = inside(root, root, file)
    except PathRefused as refused:
        raise WrongUsage(refused.summary, hint=refused.hint) from None
    return PurePosixPath(real.relative_to(root.resolve())).as_posix()
